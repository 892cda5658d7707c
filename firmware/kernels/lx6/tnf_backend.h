/** @file
 * The name of these kernels' backend, as the linker's names of kernels end with it. */
#ifndef TNF_BACKEND_H
#define TNF_BACKEND_H

#define TNF_BACKEND lx6

#endif
