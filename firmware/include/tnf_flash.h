/** @file
 * Constants that stay in flash.
 *
 * On most processors `const` is enough: flash is read like RAM. Where it is read by instructions of
 * its own, a constant that is only `const` is copied to RAM at start-up, and a pointer must say
 * which memory it points to. Everything generated, and all tables of kernels and runtime, are
 * qualified with TNF_FLASH. What an application hands over (texts, a session's configuration) is
 * not: it is in ordinary memory.
 */
#ifndef TNF_FLASH_H
#define TNF_FLASH_H

/** Qualifies a constant, and what a pointer points to, as being in flash. GCC for AVR has such an
 *  address space in C with GNU extensions (-std=gnu99). Its pointers reach the lower 64 KB;
 * tinyflow's linker script puts these constants there and refuses more of them. */
#if defined(__FLASH)
#define TNF_FLASH __flash
#else
#define TNF_FLASH
#endif

#endif
