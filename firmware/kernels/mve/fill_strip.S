#include "tnf_strips_mve.h"

    .syntax unified
    .thumb
    .text
    .align 2

#define tnf_fill_strip TNF_LINK_NAME(tnf_fill_strip, TNF_BACKEND)

    .weak tnf_fill_strip
    .type tnf_fill_strip, %function
tnf_fill_strip:
    push {r7, lr}
    vdup.8 q0, r1
    wlstp.8 lr, r2, 2f
1:  vstrb.8 q0, [r0], #16
    letp lr, 1b
2:  pop {r7, pc}
    .size tnf_fill_strip, . - tnf_fill_strip
