#include "tnf_strips_mve.h"

/* Strips of so many vectors, of which the last has the lanes of the predicate. All are loaded
 * before they are stored.
 *
 *   r0 to   r1 pitch   r2 from   r3 step   r4 bytes   r5 strips */
.macro vectors count
    sub r4, r4, #16 * (\count - 1)
    vctp.8 r4
    dls lr, r5
1:  .set at, 0
    .rept \count - 1
    whole_vector %at
    .set at, at + 1
    .endr
    last_vector %at
    add r2, r2, r3
    add r0, r0, r1
    le lr, 1b
    pop {r4-r7, pc}
.endm

.macro whole_vector at
    vldrb.8 q\at, [r2, #16 * \at]
    vstrb.8 q\at, [r0, #16 * \at]
.endm

.macro last_vector at
    vpstt
    vldrbt.8 q\at, [r2, #16 * \at]
    vstrbt.8 q\at, [r0, #16 * \at]
.endm

    .syntax unified
    .thumb
    .text
    .align 2
    .altmacro

#define tnf_copy_strips TNF_LINK_NAME(tnf_copy_strips, TNF_BACKEND)

    .weak tnf_copy_strips
    .type tnf_copy_strips, %function
tnf_copy_strips:
    push {r4-r7, lr}
    ldrd r4, r5, [sp, #20]
    cmp r4, #16
    ble 5f
    cmp r4, #32
    ble 6f
    cmp r4, #48
    ble 7f
/* Longer ones by a loop for each. */
2:  mov r6, r0
    mov r7, r2
    wlstp.8 lr, r4, 4f
3:  vldrb.8 q0, [r7], #16
    vstrb.8 q0, [r6], #16
    letp lr, 3b
4:  add r0, r0, r1
    add r2, r2, r3
    subs r5, r5, #1
    bgt 2b
    pop {r4-r7, pc}
5:  vectors 1
6:  vectors 2
7:  vectors 3
    .size tnf_copy_strips, . - tnf_copy_strips
