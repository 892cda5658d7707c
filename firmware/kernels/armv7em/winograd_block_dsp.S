/* Products of transformed tiles, see tnf_winograd_block.h.
 *
 * At each place four output channels a b c d of two tiles are sums over all pairs of input channels.
 * The output's transform wants, of the places i of a column,
 *
 *     place 1        place 1 + place 0        place 2        place 2 + place 3
 *
 * so sums of places 1 and 2 are stored and then go on. The stream of a group of channels:
 *
 *     of each of four columns: 4 words, what the sums of place 1 begin with: zero, or the bias;
 *     places 1, 0, 2, 3, of each all pairs: words a b c d
 */
#include "tnf_assembly.h"
#include "tnf_winograd_block.h"

#define FRAME_PLACE 0  /* the values' place after the present one, */
#define FRAME_END 4    /* the same behind the last chunk */
#define FRAME_SUMS 8
#define FRAME_STOP 12
#define FRAME_BYTES 20

values  .req    r0
stream  .req    r1
tile0   .req    r10
tile1   .req    r11

/* 11 instructions for 16 products */
        .macro  pair number
        ldrd    tile0, tile1, [values, #\number * 8 - TNF_WINOGRAD_PLACE_BYTES]
        ldrd    r12, lr, [stream], #8
        smlad   r2, tile0, r12, r2
        smlad   r3, tile0, lr, r3
        smlad   r6, tile1, r12, r6
        smlad   r7, tile1, lr, r7
        ldrd    r12, lr, [stream], #8
        smlad   r4, tile0, r12, r4
        smlad   r5, tile0, lr, r5
        smlad   r8, tile1, r12, r8
        smlad   r9, tile1, lr, r9
        .endm

/* Adds all pairs of the next place and stores the sums. */
        .macro  place
        ldrd    values, r10, [sp, #FRAME_PLACE]
        add     values, #TNF_WINOGRAD_PLACE_BYTES
        add     r10, #TNF_WINOGRAD_PLACE_BYTES
        strd    values, r10, [sp, #FRAME_PLACE]
1:
        .irp    number, 0, 1, 2, 3, 4, 5, 6, 7
        pair    \number
        .endr
        ldr     r12, [sp, #FRAME_END]
        add     values, #TNF_WINOGRAD_CHUNK_BYTES
        cmp     values, r12
        bne     1b
        ldr     r12, [sp, #FRAME_SUMS]
        stm     r12!, {r2-r9}
        str     r12, [sp, #FRAME_SUMS]
        .endm

        function tnf_winograd_block_dsp
        push    {r4-r11, lr}
        sub     sp, #FRAME_BYTES
        add     r3, r0, r3, lsl #10
        strd    r0, r3, [sp, #FRAME_PLACE]
        add     r3, r2, #TNF_WINOGRAD_PLACES * TNF_WINOGRAD_SUM_BYTES
        strd    r2, r3, [sp, #FRAME_SUMS]
.Lcolumn:
        ldm     stream!, {r2-r5}
        mov     r6, r2
        mov     r7, r3
        mov     r8, r4
        mov     r9, r5
        place
        place
        mov     r2, #0
        mov     r3, #0
        mov     r4, #0
        mov     r5, #0
        mov     r6, #0
        mov     r7, #0
        mov     r8, #0
        mov     r9, #0
        place
        place
        ldr     r10, [sp, #FRAME_STOP]
        cmp     r12, r10
        bne     .Lcolumn
        mov     r0, stream
        add     sp, #FRAME_BYTES
        pop     {r4-r11, pc}
        .size   tnf_winograd_block_dsp, . - tnf_winograd_block_dsp
