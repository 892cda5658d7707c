/* How a function begins in assembly: weak as all kernels, in a section of its own.
 * clang-format knows no assembly. */
/* clang-format off */
#ifndef TNF_ASSEMBLY_H
#define TNF_ASSEMBLY_H

        .syntax unified
        .thumb

        .macro  function name
        .section .text.\name, "ax", %progbits
        .balign 4
        .weak   \name
        .type   \name, %function
        .thumb_func
\name:
        .endm

#endif
