/** @file
 * What all inference kernels have in common. Each family of operators has a header of its own, with
 * one parameter struct and one function per kernel.
 *
 * Contract of all kernels:
 * - Activations are int8 (names end with _s8), int16 (_s16), int32 (_s32) or float (_f32), layout
 *   [N, H, W, C], the last dimension contiguous; a quantised value q stands for
 *   (q - zero_point) * scale. `input_offset` is minus the input's zero point (int8: -127 to 128),
 *   `output_offset` the output's (-128 to 127); both are 0 for int16.
 * - `activation_min` and `activation_max` clamp the output, min <= max within the output's type.
 * - Extents and strides are at least 1. The compiler proved that no index leaves a buffer and that
 *   no accumulator leaves its type; kernels do not check again and cannot fail.
 * - A multiplier and its shift (-31 to 30) are a positive factor, see tnf_requantize.h.
 * - Parameters and what they point to are constant and may stay in flash. Buffers of int8 need no
 *   alignment, others that of their type.
 * - The output must not overlap an input unless the kernel says "in place": then it may start at
 * the input's address or before it.
 * - Scratch is the kernel's own during the call, its content means nothing before and after.
 * - No kernel keeps state, allocates or blocks: all are reentrant and may run in an ISR.
 */
#ifndef TNF_KERNELS_H
#define TNF_KERNELS_H

#include "tnf_backend.h"

#ifndef __ASSEMBLER__
#include <stdint.h>

#include "tnf_flash.h"
#include "tnf_types.h"
#endif

/** Begins a kernel's definition: where several libraries in one image have the same kernel, the
 *  linker takes one of them, whether they are archives or plain objects. */
#define TNF_KERNEL __attribute__((weak))

/* The names that the linker sees end with TNF_ABI and the backend: a library never gets the kernels
 * of another that was made for another contract, or that wants its weights in another order. */
#define TNF_LINK_NAME_(name, backend) name##_abi2_##backend
#define TNF_LINK_NAME(name, backend) TNF_LINK_NAME_(name, backend)

#endif
