#include "tnf_mac16.h"
#include "tnf_mac16_parts.h"

/* The word of bytes x0 x1 x2 x3 in `word` becomes the words (x0, x2) and (x1, x3). */
.macro  expand_word word, at
        xor     \word, \word, a6
        and     a7, \word, a5
        s32i    a7, a3, \at
        srli    \word, \word, 8
        and     \word, \word, a5
        s32i    \word, a3, \at + 4
.endm

/* a2 input, a3 output, a4 quads. Masking a word leaves every second byte as an int16. */
tnf_function tnf_mac16_expand
        movi    a5, 255
        slli    a6, a5, 16
        or      a5, a5, a6              /* a5: 0x00FF00FF */
        movi    a6, 128
        slli    a7, a6, 8
        or      a6, a6, a7
        slli    a7, a6, 16
        or      a6, a6, a7              /* a6: 0x80808080 */
        extui   a15, a4, 2, 16          /* four words a turn, then one a turn */
        extui   a4, a4, 0, 2
        nop
        nop
        loopnez a15, 1f
        l32i    a8, a2, 0
        l32i    a9, a2, 4
        l32i    a10, a2, 8
        l32i    a11, a2, 12
        expand_word a8, 0
        expand_word a9, 8
        expand_word a10, 16
        expand_word a11, 24
        addi    a2, a2, 16
        addi    a3, a3, 32
1:
        nop
        loopnez a4, 2f
        l32i    a8, a2, 0
        expand_word a8, 0
        addi    a2, a2, 4
        addi    a3, a3, 8
2:
        tnf_return
tnf_end tnf_mac16_expand
