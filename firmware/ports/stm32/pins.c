/* Pins, which all STM32 since the F4 have alike. */
#include "register.h"
#include "stm32.h"

#define MODE_ALTERNATE 2u
#define PULL_UP 1u

void stm32_pin_alternate(uint32_t gpio, uint32_t pin, uint32_t alternate)
{
    uint32_t shift = 4u * (pin % 8u);
    reg_change(gpio + GPIO_ALTERNATE + 4u * (pin / 8u), 0xFu << shift, alternate << shift);
    reg_change(gpio + GPIO_PULL, 3u << (2u * pin), PULL_UP << (2u * pin));
    reg_change(gpio + GPIO_MODE, 3u << (2u * pin), MODE_ALTERNATE << (2u * pin));
}
