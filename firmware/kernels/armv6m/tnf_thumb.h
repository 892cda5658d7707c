/* How a kernel's function begins in assembly: weak, in a section of its own, Thumb code. */
#ifndef TNF_THUMB_H
#define TNF_THUMB_H

#ifdef __ASSEMBLER__

/* clang-format off */
        .syntax unified
        .thumb

.macro TNF_FUNCTION name
        .section .text.\name, "ax", %progbits
        .balign 4
        .weak   \name
        .type   \name, %function
        .thumb_func
\name:
.endm
/* clang-format on */

#endif

#endif
