/* Four channels of two rows of pixels become int16 pairs, see tnf_depthwise_planes.h.
 *
 *     row 0   a0 a1 a2 a3 | b0 b1 b2 b3      a, b: pixels beside one another
 *     row 1   c0 c1 c2 c3 | d0 d1 d2 d3
 *
 *     halves of two pixels together     a0 a1 b0 b1   a2 a3 b2 b3   c0 c1 d0 d1   c2 c3 d2 d3
 *     every other byte as int16         (a0 b0)(c0 d0)   (a1 b1)(c1 d1)   ...
 *
 * and both rows of a channel are stored at once.
 */
#include "tnf_assembly.h"
#include "tnf_depthwise_planes.h"

#define FILL_STEPS 16
#define FILL_GROUP_STEPS 24
#define FILL_ZERO 32
#define FILL_LEFT 36
#define FILL_PAIRS 40
#define FILL_RIGHT 44
#define FILL_GROUP_BYTES 48

row0    .req    r0
row1    .req    r1
step0   .req    r2
step1   .req    r3
slot    .req    r4
count   .req    r5
near0   .req    r6
near1   .req    r7
far0    .req    r8
far1    .req    r9
halves0 .req    r10
halves1 .req    r11

/* Two pixels of row 0 and two of row 1 become a pair in the slot. */
        .macro  store_pair
        pkhbt   halves0, near0, far0, lsl #16
        pkhbt   halves1, near1, far1, lsl #16
        pkhtb   near0, far0, near0, asr #16
        pkhtb   near1, far1, near1, asr #16
        sxtb16  r12, halves0, ror #8
        sxtb16  lr, halves1, ror #8
        strd    r12, lr, [slot, #TNF_PLANES_CHANNEL]
        sxtb16  r12, near0
        sxtb16  lr, near1
        strd    r12, lr, [slot, #2 * TNF_PLANES_CHANNEL]
        sxtb16  r12, near0, ror #8
        sxtb16  lr, near1, ror #8
        strd    r12, lr, [slot, #3 * TNF_PLANES_CHANNEL]
        sxtb16  r12, halves0
        sxtb16  lr, halves1
        strd    r12, lr, [slot], #TNF_PLANES_PAIR
        .endm

        function tnf_depthwise_fill_dsp
        push    {r0, r4-r11, lr}
        ldrd    step0, step1, [r0, #FILL_STEPS]
        mov     r12, r0
.Lgroup:
        ldr     count, [r12, #FILL_LEFT]
        ldm     r12, {row0, row1, slot}
        cbz     count, .Lwhole
        ldr     near0, [r12, #FILL_ZERO]
        ldr     far0, [row0]
        ldr     far1, [row1]
        mov     near1, near0
        add     row0, step0
        add     row1, step1
        store_pair
        ldr     r12, [sp]
.Lwhole:
        ldr     count, [r12, #FILL_PAIRS]
        cbz     count, .Lright
.Lpair:
        ldr     far0, [row0, step0]
        ldr     far1, [row1, step1]
        ldr     near0, [row0]
        ldr     near1, [row1]
        add     row0, row0, step0, lsl #1
        add     row1, row1, step1, lsl #1
        store_pair
        subs    count, #1
        bne     .Lpair
        ldr     r12, [sp]
.Lright:
        ldr     count, [r12, #FILL_RIGHT]
        cbz     count, .Lnext
        ldr     near0, [row0]
        ldr     near1, [row1]
        ldr     far0, [r12, #FILL_ZERO]
        mov     far1, far0
        store_pair
        ldr     r12, [sp]
.Lnext:
        ldm     r12, {r0, r1, r4, r5}   /* rows, planes, groups */
        ldrd    r6, r7, [r12, #FILL_GROUP_STEPS]
        ldr     r8, [r12, #FILL_GROUP_BYTES]
        add     r0, r6
        add     r1, r7
        add     r4, r8
        subs    r5, #1
        stm     r12, {r0, r1, r4, r5}
        bne     .Lgroup
        pop     {r0, r4-r11, pc}
        .size   tnf_depthwise_fill_dsp, . - tnf_depthwise_fill_dsp
