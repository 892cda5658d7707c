/* Coverage-guided fuzzing of the device's side of the protocol, with libFuzzer's runtime as atheris
 * brings it and the compiler's own tracing: see fuzz_board.py. Bytes come in as they are, or as the
 * payloads of frames whose CRC-32 is right. Sanitizers watch, and a hello must be answered after
 * whatever came before. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fake_model.h"
#include "framed_line.h"
#include "memory_port.h"
#include "tnf_messages.h"

void virtual_board_start(uint32_t heartbeat_ms);
void virtual_board_poll(uint32_t polls);

int LLVMFuzzerRunDriver(int *count, char ***arguments, int (*target)(const uint8_t *, size_t));

/* What the traced library counts in; libFuzzer takes this section for its own. */
extern uint8_t trace_counters[1u << 16];
__attribute__((section("__libfuzzer_extra_counters"))) uint8_t trace_counters[1u << 16];

#define MOST_BYTES 4096u
static framed_line_t line;

static uint8_t written[1u << 17];

static size_t feed(void)
{
    memory_port_arrive(line.bytes, line.size);
    for (uint32_t turns = 0; memory_port_unread() > 0; ++turns) {
        if (turns > MOST_BYTES) {
            abort(); /* it stands still */
        }
        virtual_board_poll(8);
    }
    virtual_board_poll(32);
    line.size = 0;
    return memory_port_take(written, sizeof written);
}

static int target(const uint8_t *data, size_t bytes)
{
    static const uint8_t hello[] = {0xa2, 0x00, 0x01, 0x01, 0x07};
    if (bytes < 2 || bytes > MOST_BYTES) {
        return -1;
    }
    memory_port_set_step(1000);
    memory_port_set_uptime(0);
    virtual_board_start(100);
    uint8_t kind = *data++;
    bytes--;
    if ((kind & 1) == 0) {
        memcpy(line.bytes, data, bytes);
        line.size = bytes;
    }
    while ((kind & 1) != 0 && bytes > 0) {
        size_t payload = 4u * *data++;
        bytes--;
        payload = payload < bytes ? payload : bytes;
        put_frame(&line, data, payload);
        data += payload;
        bytes -= payload;
    }
    (void)feed();
    memory_port_set_uptime(200);
    put(&line, 0);
    put_frame(&line, hello, sizeof hello);
    size_t answered = feed();
    for (size_t i = 0; i + 6 < answered; ++i) {
        /* 0x00, COBS code, a map, TYPE (0: a COBS code in its place), HELLO_REPLY */
        if (written[i] == 0 && (written[i + 2] & 0xe0) == 0xa0 &&
            memcmp(written + i + 4, "\x18\x40", 2) == 0) {
            return 0;
        }
    }
    abort(); /* no hello */
}

int main(int count, char **arguments)
{
    return LLVMFuzzerRunDriver(&count, &arguments, target);
}
