/* Two functions of the compiler's own library, called by the code it makes for products of 16 by 16
 * bits. The library's skip over a return, which QEMU (7.2) takes for a jump to itself; these jump.
 * The registers are those of the library: r27:r26, signed in the second step only, times r19:r18
 * is r25:r22; r1 is 0. */
__asm__(".section .text.tnf_product, \"ax\"\n"
        ".global __usmulhisi3\n"
        ".global __usmulhisi3_tail\n"
        "__usmulhisi3:\n"
        "    call __umulhisi3\n"
        "__usmulhisi3_tail:\n"
        "    tst r27\n"
        "    brpl 1f\n"
        "    sub r24, r18\n"
        "    sbc r25, r19\n"
        "1:  ret\n");
