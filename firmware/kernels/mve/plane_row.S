#include "tnf_planes_mve.h"

/* Sixteen channels of all columns at a time, then eight, then fewer.
 *
 *   r0 place    r1 plane bytes   r2 from      r3 step
 *   r4 columns  r5 channels      r6 height    r12 from block to block
 *   q1 q2  where eight channels go, and the next eight */

    .syntax unified
    .thumb
    .text
    .align 2

#define tnf_plane_row TNF_LINK_NAME(tnf_plane_row, TNF_BACKEND)

    .weak tnf_plane_row
    .type tnf_plane_row, %function
tnf_plane_row:
    push {r4-r8, lr}
    movs r4, #0
    vidup.u16 q1, r4, #1
    vmul.i16 q1, q1, r1
    lsls r4, r1, #3
    vadd.i16 q2, q1, r4
    ldrd r4, r5, [sp, #24]
    ldr r6, [sp, #32]
    movs r12, #8
    cmp r3, #0
    it eq
    moveq r12, #0
1:  cmp r5, #16
    blt 3f
    mov r7, r2
    mov r8, r0
    dls lr, r4
2:  vldrb.u16 q0, [r7]
    vldrb.u16 q3, [r7, #8]
    vstrb.16 q0, [r8, q1]
    vstrb.16 q3, [r8, q2]
    add r7, r7, r3
    add r8, r8, r6
    le lr, 2b
    add r2, r2, r12, lsl #1
    add r0, r0, r1, lsl #4
    subs r5, r5, #16
    b 1b
3:  cmp r5, #0
    ble 5f
    vctp.16 r5
    mov r7, r2
    mov r8, r0
    dls lr, r4
4:  vpstt
    vldrbt.u16 q0, [r7]
    vstrbt.16 q0, [r8, q1]
    add r7, r7, r3
    add r8, r8, r6
    le lr, 4b
    add r2, r2, r12
    add r0, r0, r1, lsl #3
    subs r5, r5, #8
    b 3b
5:  pop {r4-r8, pc}
    .size tnf_plane_row, . - tnf_plane_row
