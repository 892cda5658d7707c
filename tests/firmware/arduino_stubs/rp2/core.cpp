#include "Arduino.h"

#include <stdlib.h>

RP2040 rp2040;

uint32_t RP2040::getCycleCount()
{
    return static_cast<uint32_t>(micros()) * 133u;
}

int RP2040::getFreeHeap()
{
    return 200000;
}

void RP2040::reboot()
{
    exit(7);
}

void RP2040::rebootToBootloader()
{
    exit(8);
}
