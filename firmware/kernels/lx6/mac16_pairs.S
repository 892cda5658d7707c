#include "tnf_mac16.h"
#include "tnf_mac16_parts.h"

/* a2 input, a3 output, a4 pixels, a5 input step, a6 output step, a7 distance of the second value:
 * of every pixel the values x0 and x1 become the word (x0, x1). */
tnf_function tnf_mac16_pairs
        movi    a8, 128
        slli    a9, a8, 16
        or      a8, a8, a9              /* a8: 0x00800080 */
        add     a7, a2, a7
        nop
        loop    a4, 1f
        l8ui    a9, a2, 0
        l8ui    a10, a7, 0
        slli    a10, a10, 16
        or      a9, a9, a10
        xor     a9, a9, a8
        s32i    a9, a3, 0
        add     a2, a2, a5
        add     a7, a7, a5
        add     a3, a3, a6
1:
        tnf_return
tnf_end tnf_mac16_pairs
