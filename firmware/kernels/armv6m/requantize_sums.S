/* The outputs of pixels, channel by channel, see tnf_requantize_sums in tnf_pairs.h.
 *
 * A sum and its multiplier are halves, s, t and m, n, the upper ones first. The upper word of the
 * product is s * m + (s * n + t * m + (t * n >> 16)) >> 16; t * m is unsigned, so its upper half is
 * added apart, and the sum in brackets stays in 32 bits as long as the sum has 31.
 *
 *   r0 s, the result     r2 m     r3 n     r4 t     r1, r5 products
 *   r6 sums              r7 the exponent   r8 start r12 constant
 *   r9 the output        r10 the pitch     r11 where this channel's sums end
 */
#include "tnf_pairs.h"
#include "tnf_thumb.h"

/* The stack: these, then what is restored at the end. */
#define FACTORS 0
#define OUTPUT 4
#define BYTES 8 /* of a channel's wanted sums */
#define SKIP 12 /* from where these end to the next channel's */
#define CHANNELS 16

TNF_FUNCTION tnf_requantize_sums
        push    {r4-r7, lr}
        ldr     r7, [r0]
        cmp     r7, #0
        bge     short_form
        sub     sp, #4          /* calls find the stack in eights */
        bl      tnf_requantize_sums_exact
        add     sp, #4
        pop     {r4-r7, pc}
short_form:
        mov     r4, r8
        mov     r5, r9
        push    {r4, r5}
        mov     r4, r10
        mov     r5, r11
        push    {r4, r5}
        ldr     r6, [r2]
        ldr     r4, [r2, #12]
        push    {r4}
        ldr     r4, [r2, #16]
        mov     r10, r4
        ldr     r4, [r2, #8]
        ldr     r5, [r2, #4]
        subs    r5, r5, r4
        lsls    r4, r4, #2
        lsls    r5, r5, #2
        push    {r4, r5}
        push    {r1, r3}
channel:
        ldr     r4, [sp, #FACTORS]
        ldm     r4!, {r0, r1, r2}
        str     r4, [sp, #FACTORS]
        mov     r8, r0
        mov     r12, r2
        uxth    r3, r1
        lsrs    r2, r1, #16
        ldr     r0, [sp, #OUTPUT]
        mov     r9, r0
        adds    r0, #1
        str     r0, [sp, #OUTPUT]
        ldr     r0, [sp, #BYTES]
        adds    r0, r0, r6
        mov     r11, r0
pixel:
        ldm     r6!, {r0}
        add     r0, r8
        uxth    r4, r0
        asrs    r0, r0, #16
        movs    r5, r4
        muls    r5, r3, r5
        lsrs    r5, r5, #16
        movs    r1, r0
        muls    r1, r3, r1
        adds    r5, r5, r1
        muls    r4, r2, r4
        muls    r0, r2, r0
        uxth    r1, r4
        adds    r5, r5, r1
        lsrs    r4, r4, #16
        adds    r0, r0, r4
        asrs    r5, r5, #16
        adds    r0, r0, r5
        add     r0, r12
        asrs    r0, r7
        mov     r4, r9
        sxtb    r1, r0
        cmp     r0, r1
        beq     store
        asrs    r0, r0, #31     /* -128 where it is negative, else 127 */
        movs    r1, #127
        eors    r0, r1
store:
        strb    r0, [r4]
        add     r9, r10
        cmp     r6, r11
        bne     pixel
        ldr     r0, [sp, #SKIP]
        adds    r6, r6, r0
        ldr     r0, [sp, #CHANNELS]
        subs    r0, r0, #1
        str     r0, [sp, #CHANNELS]
        bne     channel
        add     sp, #20
        pop     {r4, r5}
        mov     r10, r4
        mov     r11, r5
        pop     {r4, r5}
        mov     r8, r4
        mov     r9, r5
        pop     {r4-r7, pc}
