/* Eight pixels by the weights that are not zero, see tnf_sparse_block.h.
 *
 * The stream of an output channel:
 *
 *     bias, bytes of the weights, where the loop is entered
 *     w0 | skip << 8 | w1 << 16      for each pair of input channels with a weight: how many bytes to
 *                                    go on among the values, then both weights
 *     factors                        short: multiplier, constant
 *                                    general: multiplier, half, shift
 *
 * r3 to r10 are the sums of the eight pixels.
 */
#include "tnf_assembly.h"
#include "tnf_sparse_block.h"

#define FRAME_VALUES 0
#define FRAME_END 4        /* of the channel's weights */
#define FRAME_PASS 8       /* the loop's body */
#define FRAME_REQUANTIZE 12
#define FRAME_STORE 16     /* the store of the last pixel */
#define FRAME_STOP 20      /* the stream's end */
#define FRAME_OUTPUT 24
#define FRAME_PIXEL 28
#define FRAME_BYTES 36

values  .req    r0
stream  .req    r1
weights .req    r2

/* 15 instructions of 4 bytes for 16 multiply-accumulates */
        .macro  step
        ldr     r11, [stream], #4
        uxtab   values, values, r11, ror #8
        sxtb16  weights, r11
        ldrd    r12, lr, [values]
        smlad   r3, r12, weights, r3
        smlad   r4, lr, weights, r4
        ldrd    r12, lr, [values, #8]
        smlad   r5, r12, weights, r5
        smlad   r6, lr, weights, r6
        ldrd    r12, lr, [values, #16]
        smlad   r7, r12, weights, r7
        smlad   r8, lr, weights, r8
        ldrd    r12, lr, [values, #24]
        smlad   r9, r12, weights, r9
        smlad   r10, lr, weights, r10
        .endm

        function tnf_sparse_block_dsp
        push    {r4-r11, lr}
        sub     sp, #FRAME_BYTES
        ldm     r0, {r0-r6}             /* values, stream, stop, output, pixel, pixels, general */
        adr.w   r7, .Lpass + 1
        adr.w   r8, .Lshort + 1
        cmp     r6, #0
        beq     .Lchosen
        adr.w   r8, .Lgeneral + 1
.Lchosen:
        adr.w   r9, .Lstored + 1
        sub     r9, r9, r5, lsl #3      /* 8 bytes for each pixel */
        str     r0, [sp, #FRAME_VALUES]
        str     r7, [sp, #FRAME_PASS]
        strd    r8, r9, [sp, #FRAME_REQUANTIZE]
        strd    r2, r3, [sp, #FRAME_STOP]
        str     r4, [sp, #FRAME_PIXEL]
.Lchannel:
        ldm     stream!, {r3, r11, r12} /* bias, bytes, entry */
        ldr     values, [sp, #FRAME_VALUES]
        add     r11, stream
        str     r11, [sp, #FRAME_END]
        ldr     r11, [sp, #FRAME_PASS]
        mov     r4, r3
        mov     r5, r3
        mov     r6, r3
        mov     r7, r3
        mov     r8, r3
        mov     r9, r3
        mov     r10, r3
        add     r11, r12
        bx      r11
        .balign 4
.Lpass:
        .rept TNF_SPARSE_STEPS
        step
        .endr
        ldr     r12, [sp, #FRAME_END]
        cmp     stream, r12
        bne     .Lpass
        ldr     pc, [sp, #FRAME_REQUANTIZE]

        .balign 4
.Lshort:
        ldm     stream!, {r11, r12}
        .irp    sum, r3, r4, r5, r6, r7, r8, r9, r10
        smmla   \sum, \sum, r11, r12
        ssat    \sum, #8, \sum, asr #TNF_SPARSE_EXPONENT
        .endr
.Lstore:
        ldrd    r11, r12, [sp, #FRAME_OUTPUT]
        add     r0, r11, #1
        str     r0, [sp, #FRAME_OUTPUT]
        ldr     pc, [sp, #FRAME_STORE]
        .balign 4
        .irp    sum, r10, r9, r8, r7, r6, r5, r4, r3    /* from the last pixel to the first */
        strb.w  \sum, [r11]
        sub.w   r11, r11, r12
        .endr
.Lstored:
        ldr     r11, [sp, #FRAME_STOP]
        cmp     stream, r11
        bne     .Lchannel
        add     sp, #FRAME_BYTES
        pop     {r4-r11, pc}

/* Twice a sum: rounded to nearest by the multiplier, then by the shift, halves away from zero. */
        .balign 4
.Lgeneral:
        ldm     stream!, {r0, r11, r12}
        .irp    sum, r3, r4, r5, r6, r7, r8, r9, r10
        lsl     \sum, \sum, #1
        add     lr, r11, \sum, asr #31
        smmlar  \sum, \sum, r0, lr
        asr     \sum, \sum, r12
        ssat    \sum, #8, \sum
        .endr
        b       .Lstore
        .size   tnf_sparse_block_dsp, . - tnf_sparse_block_dsp
