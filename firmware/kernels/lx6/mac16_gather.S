#include "tnf_mac16.h"
#include "tnf_mac16_parts.h"

        .section .text.tnf_mac16_gather, "ax"
        .align  4
.Lend_of_chain:
        .word   .Lend

/* a2 input, a3 output, a4 values, a5 pixels, a6 input step, a7 output step. A jump enters the chain
 * as far from its end as a pixel has values, of 9 bytes each. */
tnf_function tnf_mac16_gather
        l32r    a8, .Lend_of_chain
        addx8   a4, a4, a4
        sub     a8, a8, a4
        movi    a9, 128
        loop    a5, 1f
        jx      a8
        .irp    value, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0
        l8ui    a10, a2, \value
        xor     a10, a10, a9
        s16i    a10, a3, 2 * \value
        .endr
.Lend:
        add     a2, a2, a6
        add     a3, a3, a7
1:
        tnf_return
tnf_end tnf_mac16_gather
