#include "tnf_mlperf.h"

#include <string.h>

#include "tnf_console.h"
#include "tnf_port.h"

#define WARMUPS 10 /* where a command does not say */
#define PRINTED_BYTES 16
#define LINE_BYTES 8 /* of what is printed */

/* So often the port is looked after while a command runs: some have a watchdog, of 20 s or more,
 * and some rest then for a few milliseconds. */
#define ALIVE_MS 2000

#define US_PER_S 1000000u
#define US_PER_MS 1000u

static void say(const tnf_mlperf_t *mlperf, const char *text)
{
    tnf_console_text(&mlperf->config->session->writer, text);
}

static void say_count(const tnf_mlperf_t *mlperf, const char *text, uint32_t count, const char *end)
{
    say(mlperf, text);
    tnf_console_number(&mlperf->config->session->writer, count);
    say(mlperf, end);
}

/* ---- words ---- */

/* What is left of `line` after `word` and the spaces that follow it; NULL where it begins with
 * another word. */
static const char *after(const char *line, const char *word)
{
    const size_t size = strlen(word);
    if (strncmp(line, word, size) != 0 || (line[size] != ' ' && line[size] != '\0')) {
        return NULL;
    }
    line += size;
    while (*line == ' ') {
        ++line;
    }
    return line;
}

/* Takes a decimal number from `line`, where there is one.
 * @return false where there is something else, or a number of 2^32 or more */
static bool take_number(const char **line, uint32_t *number)
{
    uint64_t value = 0;
    const char *at = *line;
    if (*at == '\0') {
        return true;
    }
    while (*at >= '0' && *at <= '9' && value <= UINT32_MAX) {
        value = value * 10u + (uint64_t)(*at++ - '0');
    }
    if (at == *line || value > UINT32_MAX || (*at != ' ' && *at != '\0')) {
        return false;
    }
    while (*at == ' ') {
        ++at;
    }
    *number = (uint32_t)value;
    *line = at;
    return true;
}

/* One or two numbers and nothing else. */
static bool take_numbers(const char *line, uint32_t *first, uint32_t *second)
{
    return take_number(&line, first) && take_number(&line, second) && *line == '\0';
}

static int32_t hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    digit = (char)(digit | ('a' - 'A'));
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static char hex_of(uint32_t digit)
{
    return (char)(digit < 10 ? '0' + digit : 'a' + digit - 10);
}

/* ---- time ---- */

/* Microseconds since start. Made of milliseconds, for a 32-bit counter goes round unseen while
 * nobody asks; what passes during a command is added from the counter. */
static void say_time(const tnf_mlperf_t *mlperf, uint32_t uptime_ms, uint64_t more_us)
{
    const uint64_t us = (uint64_t)uptime_ms * US_PER_MS + more_us;
    const uint32_t millions = (uint32_t)(us / US_PER_S);
    uint32_t rest = (uint32_t)(us % US_PER_S);
    say(mlperf, "m-lap-us-");
    if (millions > 0) {
        tnf_console_number(&mlperf->config->session->writer, millions);
        for (uint32_t next = US_PER_S / 10; next > rest && next > 1; next /= 10) {
            say(mlperf, "0");
        }
    }
    tnf_console_number(&mlperf->config->session->writer, rest);
    say(mlperf, "\r\n");
}

/* What the counter counts in a second; 0 where it does not count time. */
static uint32_t counts_per_second(const tnf_session_config_t *config)
{
    tnf_port_health_t health;
    if (config->counter_unit[0] == 'n') {
        return 1000000000u;
    }
    if (config->counter_unit[0] != 'c') {
        return 0;
    }
    tnf_port_health(&health);
    return health.clock_hz != 0 ? health.clock_hz : config->clock_hz;
}

static uint64_t us_of(const tnf_session_config_t *config, uint64_t ticks, uint32_t passed_ms)
{
    const uint32_t per_second = counts_per_second(config);
    if (per_second == 0) {
        return (uint64_t)passed_ms * US_PER_MS;
    }
    const uint64_t counts = ticks * config->counter_multiply / config->counter_divide;
    return counts / per_second * US_PER_S + counts % per_second * US_PER_S / per_second;
}

/* ---- commands ---- */

static void results(const tnf_mlperf_t *mlperf)
{
    if (!mlperf->config->session->output_ready) {
        say(mlperf, "e-[no results: nothing has been inferred]\r\n");
        return;
    }
    say(mlperf, "m-results-[");
    mlperf->config->task->results(mlperf);
    say(mlperf, "]\r\n");
}

/* Adds the ticks that `count` inferences take, with what comes between them. A '%' that comes in
 * ends them, for a number too large would take for ever; what else comes is dropped.
 * @return false where they were ended */
static bool run(const tnf_mlperf_t *mlperf, const int8_t *input, uint32_t count, uint64_t *ticks)
{
    tnf_session_t *session = mlperf->config->session;
    const uint32_t bytes = session->config->model->input_bytes;
    uint32_t looked_at_ms = tnf_port_uptime_ms();
    uint32_t mark = tnf_port_counter();
    while (count-- > 0) {
        memcpy(tnf_session_input(session), input, (size_t)bytes);
        tnf_session_invoke(session);
        if (tnf_port_uptime_ms() - looked_at_ms >= ALIVE_MS) {
            uint8_t come[TNF_CONSOLE_LINE];
            looked_at_ms = tnf_port_uptime_ms();
            if (memchr(come, '%', tnf_port_read(come, sizeof come)) != NULL) {
                return false;
            }
        }
        const uint32_t now = tnf_port_counter();
        *ticks += now - mark;
        mark = now;
    }
    return true;
}

static void infer(tnf_mlperf_t *mlperf, const char *line)
{
    const tnf_mlperf_task_t *task = mlperf->config->task;
    tnf_session_t *session = mlperf->config->session;
    uint32_t inferences = 1;
    uint32_t warmups = WARMUPS;
    if (!take_numbers(line, &inferences, &warmups) || inferences == 0) {
        say(mlperf, "e-[infer N W: N must be 1 or more, W 0 or more]\r\n");
        return;
    }
    if (mlperf->loaded != session->config->model->input_bytes * task->value_bytes) {
        say_count(mlperf, "e-[bytes of input loaded: ", mlperf->loaded, "]\r\n");
        return;
    }
    const int8_t *input =
        task->load != NULL ? task->load(mlperf) : (const int8_t *)mlperf->config->buffer;
    tnf_session_reset_state(session);
    say_count(mlperf, "m-warmup-start-", warmups, "\r\n");
    tnf_frame_flush(&session->writer);
    uint64_t ticks = 0;
    if (!run(mlperf, input, warmups, &ticks)) {
        say(mlperf, "e-[infer: ended]\r\n");
        return;
    }
    say(mlperf, "m-warmup-done\r\n");
    say_count(mlperf, "m-infer-start-", inferences, "\r\n");
    /* The time is told before it begins: what is said must not go out while it is measured. */
    const uint32_t told_ms = tnf_port_uptime_ms();
    say_time(mlperf, told_ms, 0);
    tnf_frame_flush(&session->writer);
    const uint32_t began_ms = tnf_port_uptime_ms();
    ticks = 0;
    if (!run(mlperf, input, inferences, &ticks)) {
        say(mlperf, "e-[infer: ended]\r\n");
        return;
    }
    const uint32_t passed_ms = tnf_port_uptime_ms() - began_ms;
    say_time(mlperf, told_ms, us_of(session->config, ticks, passed_ms));
    say(mlperf, "m-infer-done\r\n");
    results(mlperf);
}

static void expect(tnf_mlperf_t *mlperf, const char *line)
{
    const tnf_mlperf_config_t *config = mlperf->config;
    const uint32_t most = config->session->config->model->input_bytes * config->task->value_bytes;
    uint32_t bytes = 0;
    mlperf->loaded = 0;
    mlperf->expected = 0;
    if (!take_number(&line, &bytes) || *line != '\0' || bytes == 0 || bytes > most) {
        say_count(mlperf, "e-[db load N: N must be 1 to ", most, "]\r\n");
        return;
    }
    mlperf->expected = bytes;
    say_count(mlperf, "m-[Expecting ", bytes, " bytes]\r\n");
}

static void print(const tnf_mlperf_t *mlperf, const char *line)
{
    uint32_t bytes = PRINTED_BYTES;
    uint32_t offset = 0;
    if (!take_numbers(line, &bytes, &offset)) {
        say(mlperf, "e-[db print N OFFSET]\r\n");
        return;
    }
    for (uint32_t i = 0; i < bytes && offset < mlperf->loaded; ++i, ++offset) {
        if (i % LINE_BYTES == 0) {
            say(mlperf, i == 0 ? "m-buffer" : "\r\nm-buffer");
        }
        const uint32_t byte = mlperf->config->buffer[offset] ^ mlperf->config->task->flip;
        const char text[] = {'-', hex_of(byte >> 4), hex_of(byte & 15u), '\0'};
        say(mlperf, text);
    }
    say(mlperf, "\r\n");
}

/* Nothing of a command that is wrong is taken, so that the runner may send it again. */
static void load(tnf_mlperf_t *mlperf, const char *digits)
{
    uint32_t size = 0;
    while (hex_digit(digits[size]) >= 0) {
        ++size;
    }
    if (size == 0 && digits[0] == '\0') {
        say(mlperf, "e-[db: load N, print, or bytes in hex after load N]\r\n");
        return;
    }
    if (size % 2 != 0 || digits[size] != '\0') {
        say(mlperf, "e-[db: bytes must be pairs of hex digits]\r\n");
        return;
    }
    if (mlperf->loaded == mlperf->expected) {
        say(mlperf, "e-[db: load N, print, or bytes in hex after load N]\r\n");
        return;
    }
    for (uint32_t i = 0; i < size && mlperf->loaded < mlperf->expected; i += 2) {
        const int32_t byte = hex_digit(digits[i]) << 4 | hex_digit(digits[i + 1]);
        mlperf->config->buffer[mlperf->loaded++] =
            (uint8_t)((uint8_t)byte ^ mlperf->config->task->flip);
    }
    if (mlperf->loaded == mlperf->expected) {
        say(mlperf, "m-load-done\r\n"); /* digits that are too many are left out */
    }
}

static void buffer(tnf_mlperf_t *mlperf, const char *line)
{
    const char *rest;
    if ((rest = after(line, "load")) != NULL) {
        expect(mlperf, rest);
    } else if ((rest = after(line, "print")) != NULL) {
        print(mlperf, rest);
    } else {
        load(mlperf, line);
    }
}

static void profile(const tnf_mlperf_t *mlperf)
{
    say(mlperf, "m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[");
    say(mlperf, mlperf->config->task->model);
    say(mlperf, "]\r\n");
}

static void name(const tnf_mlperf_t *mlperf)
{
    say(mlperf, "m-name-dut-[");
    say(mlperf, mlperf->config->session->config->board);
    say(mlperf, "]\r\n");
}

static void help(const tnf_mlperf_t *mlperf)
{
    say(mlperf, "name, timestamp, profile: who this is\r\n"
                "db load N: expect N bytes of input\r\n"
                "db HEX: some of them\r\n"
                "db print N OFFSET: what has come\r\n"
                "infer N W: N inferences after W that do not count\r\n"
                "results: of the last one\r\n"
                "? for people\r\n");
}

/* What people ask for: the session's own console answers. */
static bool is_for_people(const char *line)
{
    return strcmp(line, "?") == 0 || strcmp(line, "stats") == 0 || strcmp(line, "reset") == 0 ||
           strcmp(line, "bootloader") == 0;
}

bool tnf_mlperf_take(void *context, const char *line)
{
    tnf_mlperf_t *mlperf = context;
    const char *rest;
    if (is_for_people(line)) {
        return false;
    }
    if ((rest = after(line, "db")) != NULL) {
        buffer(mlperf, rest);
    } else if ((rest = after(line, "infer")) != NULL) {
        infer(mlperf, rest);
    } else if (after(line, "name") != NULL) {
        name(mlperf);
    } else if (after(line, "timestamp") != NULL) {
        say_time(mlperf, tnf_port_uptime_ms(), 0);
    } else if (after(line, "profile") != NULL) {
        profile(mlperf);
    } else if (after(line, "results") != NULL) {
        results(mlperf);
    } else if (after(line, "help") != NULL) {
        help(mlperf);
    } else {
        say(mlperf, "e-[unknown command, or over 80 characters; see help]\r\n");
    }
    say(mlperf, "m-ready\r\n");
    return true;
}

void tnf_mlperf_init(tnf_mlperf_t *mlperf, const tnf_mlperf_config_t *config)
{
    *mlperf = (tnf_mlperf_t){.config = config};
    config->session->console.quiet = true;
    say(mlperf, "m-timestamp-mode-performance\r\n");
    say_time(mlperf, tnf_port_uptime_ms(), 0);
    say(mlperf, "m-init-done\r\n");
    say(mlperf, "m-ready\r\n");
}
