#pragma once
#include <stddef.h>
#include <stdint.h>

void setup();
void loop();
unsigned long millis();
unsigned long micros();
void delay(unsigned long ms);
extern "C" void yield(void);

class Print
{
  public:
    virtual ~Print()
    {
    }
    virtual size_t write(uint8_t byte) = 0;
    virtual size_t write(const uint8_t *data, size_t size) = 0;
    virtual void flush() = 0;
    size_t write(const char *data, size_t size)
    {
        return write(reinterpret_cast<const uint8_t *>(data), size);
    }
    virtual int availableForWrite()
    {
        return 0;
    }
};

class HardwareSerial : public Print
{
  public:
    void begin(unsigned long baud);
    size_t setRxBufferSize(size_t size);
    int available();
    int read();
    size_t write(uint8_t byte) override;
    size_t write(const uint8_t *data, size_t size) override;
    void flush() override;
    operator bool();
};

extern HardwareSerial Serial;

#include "core.h"
