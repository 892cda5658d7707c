#include "tnf_mac16.h"
#include "tnf_mac16_parts.h"

/* a2 input, a3 output, a4 pixels, a5 input step, a6 output step, a7 plane: of every pixel the word
 * x0 x1 x2 x3 becomes the word (x0, x2) of one plane and (x1, x3) of the next. */
tnf_function tnf_mac16_columns
        movi    a8, 255
        slli    a9, a8, 16
        or      a8, a8, a9              /* a8: 0x00FF00FF */
        movi    a9, 128
        slli    a10, a9, 8
        or      a9, a9, a10
        slli    a10, a9, 16
        or      a9, a9, a10             /* a9: 0x80808080 */
        add     a7, a3, a7
        nop
        nop
        nop
        loop    a4, 1f
        l32i    a10, a2, 0
        xor     a10, a10, a9
        and     a11, a10, a8
        s32i    a11, a3, 0
        srli    a10, a10, 8
        and     a10, a10, a8
        s32i    a10, a7, 0
        add     a2, a2, a5
        add     a3, a3, a6
        add     a7, a7, a6
1:
        tnf_return
tnf_end tnf_mac16_columns
