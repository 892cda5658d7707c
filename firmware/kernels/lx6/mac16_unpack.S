#include "tnf_mac16.h"
#include "tnf_mac16_parts.h"

/* The bytes w0 w1 w2 w3 in `word`, each + 127, become the words (w0, w2) and (w1, w3). A borrow of
 * the lower half is what the packer has added to the upper. */
.macro  unpack_word word, at
        and     a7, \word, a5
        sub     a7, a7, a6
        s32i    a7, a3, \at
        srli    \word, \word, 8
        and     \word, \word, a5
        sub     \word, \word, a6
        s32i    \word, a3, \at + 4
.endm

/* a2 packed, a3 output, a4 quads. */
tnf_function tnf_mac16_unpack
        movi    a5, 255
        slli    a6, a5, 16
        or      a5, a5, a6              /* a5: 0x00FF00FF */
        movi    a6, 127
        slli    a7, a6, 16
        or      a6, a6, a7              /* a6: 0x007F007F */
        extui   a15, a4, 1, 16          /* two words a turn, then the last */
        extui   a4, a4, 0, 1
        loopnez a15, 1f
        l32i    a8, a2, 0
        l32i    a9, a2, 4
        unpack_word a8, 0
        unpack_word a9, 8
        addi    a2, a2, 8
        addi    a3, a3, 16
1:
        beqz    a4, 2f
        l32i    a8, a2, 0
        unpack_word a8, 0
2:
        tnf_return
tnf_end tnf_mac16_unpack
