/* What the example sketch calls of an Arduino core, on this machine. */
#ifndef ARDUINO_H
#define ARDUINO_H

#include <cstddef>
#include <cstdint>
#include <cstdio>

struct Printer {
    void begin(unsigned long)
    {
    }
    void print(const char *text)
    {
        std::fputs(text, stdout);
    }
    void print(unsigned value)
    {
        std::printf("%u", value);
    }
    void print(unsigned long value)
    {
        std::printf("%lu", value);
    }
    void print(double value, int digits)
    {
        std::printf("%.*f", digits, value);
    }
    void println(const char *text)
    {
        std::puts(text);
    }
};
static Printer Serial;

inline unsigned long micros()
{
    return 0;
}
inline void delay(unsigned long)
{
}

#endif
