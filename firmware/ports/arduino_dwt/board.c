/* Any Arduino core on a Cortex-M3, M4, M7 or M33: cycles by the debug unit's counter, which a
 * debugger may take away. Registers and not a chip's header, so that one file is for all. */
#include "tnf_arduino.h"

#define DEMCR (*(volatile uint32_t *)0xE000EDFCu)
#define DWT_CTRL (*(volatile uint32_t *)0xE0001000u)
#define DWT_CYCCNT (*(volatile uint32_t *)0xE0001004u)
#define DWT_LAR (*(volatile uint32_t *)0xE0001FB0u)
#define AIRCR (*(volatile uint32_t *)0xE000ED0Cu)

#define DEMCR_TRCENA (UINT32_C(1) << 24)
#define DWT_CTRL_CYCCNTENA UINT32_C(1)
#define DWT_LAR_UNLOCK UINT32_C(0xC5ACCE55)
#define AIRCR_RESET UINT32_C(0x05FA0004)

void tnf_arduino_begin(void)
{
    DEMCR |= DEMCR_TRCENA;
    DWT_LAR = DWT_LAR_UNLOCK; /* an M7 wants it; others have nothing there */
    DWT_CYCCNT = 0;
    DWT_CTRL |= DWT_CTRL_CYCCNTENA;
}

uint32_t tnf_arduino_counter(void)
{
    return DWT_CYCCNT;
}

void tnf_arduino_health(tnf_port_health_t *health)
{
    (void)health; /* cores do not tell */
}

tnf_status_t tnf_arduino_reset(bool bootloader)
{
    if (bootloader) {
        return TNF_UNSUPPORTED; /* by the boot pin, or the port's 1200 baud */
    }
    __asm__ volatile("dsb" ::: "memory");
    AIRCR = AIRCR_RESET;
    for (;;) {
    }
}
