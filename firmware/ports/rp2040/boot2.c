/* The second stage of booting. The ROM copies the first 256 bytes of flash to RAM and runs them
 * there when the last word is their checksum: CRC-32/MPEG-2 of the 252 bytes before it.
 *
 * It makes flash appear as memory, with the plain read command 03h at a quarter of the processor's
 * clock (31.25 MHz at 125 MHz), which every flash chip takes, and starts from the vector table.
 * Code must not depend on where it runs. A test computes the checksum again, and says what it must
 * be.
 */
#define CHECKSUM "0xc2b9b0a0"

__asm__(".syntax unified\n"
        ".section .boot2, \"ax\"\n"
        ".balign 4\n"
        ".thumb\n"
        "boot2:\n"
        "    ldr  r3, =0x18000000\n" /* the SSI, which talks to the flash */
        "    movs r0, #0\n"
        "    str  r0, [r3, #0x08]\n" /* SSIENR: off, to be set up */
        "    movs r0, #4\n"
        "    str  r0, [r3, #0x14]\n" /* BAUDR: divider of the clock, even */
        "    ldr  r0, =0x001f0300\n"
        "    str  r0, [r3, #0x00]\n" /* CTRLR0: one line, 32-bit frames, EEPROM read */
        "    ldr  r0, =0x03000218\n"
        "    ldr  r1, =0x180000f4\n"
        "    str  r0, [r1]\n" /* SPI_CTRLR0: 03h, 8 bits of command, 24 bits of address */
        "    movs r0, #0\n"
        "    str  r0, [r3, #0x04]\n" /* CTRLR1: one frame a read */
        "    movs r0, #1\n"
        "    str  r0, [r3, #0x10]\n" /* SER: the one chip there is */
        "    str  r0, [r3, #0x08]\n" /* SSIENR: on */
        "    ldr  r0, =0x10000100\n"
        "    ldr  r1, =0xe000ed08\n"
        "    str  r0, [r1]\n" /* VTOR */
        "    ldr  r1, [r0, #4]\n"
        "    ldr  r0, [r0]\n"
        "    msr  msp, r0\n"
        "    bx   r1\n"
        "    .ltorg\n"
        "    .space 252 - (. - boot2)\n"
        "    .word " CHECKSUM "\n"
        ".text\n");
