#include "tnf_mac16.h"
#include "tnf_mac16_parts.h"

/* a2 input, a3 output, a4 quads. In a word of bytes x0 x1 x2 x3 the even ones are 256 * x where
 * they stand one byte higher, as halves with a sign; 255 - y goes into the byte that they leave. */
tnf_function tnf_mac16_prepare
        movi    a5, 255
        slli    a6, a5, 16
        or      a5, a5, a6              /* a5: 0x00FF00FF */
        movi    a6, 128
        slli    a7, a6, 8
        or      a6, a6, a7
        slli    a7, a6, 16
        or      a6, a6, a7              /* a6: 0x80808080 */
        slli    a7, a5, 8               /* a7: 0xFF00FF00 */
        movi    a14, 0
        nop
        nop
        loop    a4, 1f
        l32i    a8, a2, 0
        slli    a9, a8, 8
        and     a9, a9, a7              /* a9: 256 * x0, 256 * x2 */
        xor     a8, a8, a6              /* a8: y0 to y3 */
        srli    a10, a8, 8
        and     a10, a10, a5            /* a10: y1, y3 */
        s32i    a10, a3, 0
        xor     a10, a10, a5
        or      a9, a9, a10
        s32i    a9, a3, 4
        and     a8, a8, a5
        add     a14, a14, a8            /* a14: sums of y0 and of y2 */
        addi    a2, a2, 4
        addi    a3, a3, 8
1:
        extui   a2, a14, 0, 16
        extui   a14, a14, 16, 16
        add     a2, a2, a14
        tnf_return
tnf_end tnf_mac16_prepare
