/** @file
 * Types of values in the arena that are not bytes.
 */
#ifndef TNF_TYPES_H
#define TNF_TYPES_H

#include <stdint.h>

/* The arena is one array of bytes: what lies in it as something else may alias those bytes. */
typedef int16_t __attribute__((may_alias)) tnf_int16_t;
typedef int32_t __attribute__((may_alias)) tnf_int32_t;
typedef float __attribute__((may_alias)) tnf_float_t;

#endif
