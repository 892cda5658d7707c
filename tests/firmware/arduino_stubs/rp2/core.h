#pragma once

class RP2040
{
  public:
    uint32_t getCycleCount();
    int getFreeHeap();
    void reboot();
    void rebootToBootloader();
};

extern RP2040 rp2040;
