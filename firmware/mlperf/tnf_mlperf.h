/** @file
 * The MLPerf Tiny interface on the text console: what the benchmark's runner speaks to a board.
 *
 * @code
 * static uint8_t buffer[TNF_MLPERF_KWS01_BYTES(KWS_INPUT_BYTES)];
 * static tnf_mlperf_t mlperf;
 * static const tnf_console_part_t console_part = TNF_MLPERF_PART(&mlperf);
 * tnf_mlperf_init(&mlperf, &mlperf_config);
 * @endcode
 *
 * A command ends with '%' or a line end and is answered with lines that end with `m-ready`. All
 * state is the caller's. For the main loop, not for an ISR.
 */
#ifndef TNF_MLPERF_H
#define TNF_MLPERF_H

#include <stdbool.h>
#include <stdint.h>

#include "tnf_session.h"

struct tnf_mlperf;

/** What a benchmark's input and result are. */
typedef struct tnf_mlperf_task {
    const char *model;    /**< as the runner calls it */
    uint32_t value_bytes; /**< that come for one value of the model's input */
    uint8_t flip;         /**< bits that differ between a byte that comes and the model's */
    /** Makes the model's input of the loaded bytes; NULL where they are the input.
     *  @return the input's bytes, of which each inference gets a copy */
    const int8_t *(*load)(const struct tnf_mlperf *mlperf);
    /** Writes the numbers of the last inference's results. */
    void (*results)(const struct tnf_mlperf *mlperf);
} tnf_mlperf_task_t;

/** Keyword spotting, image classification, visual wake words: scores of each class. The first has
 *  the model's own bytes as input, the other two have pixels from 0 to 255. */
extern const tnf_mlperf_task_t tnf_mlperf_kws01;
extern const tnf_mlperf_task_t tnf_mlperf_ic01;
extern const tnf_mlperf_task_t tnf_mlperf_vww01;

/** Anomaly detection: the input is float32, little endian; the result is the mean square of what
 *  the model's output differs from it by. */
extern const tnf_mlperf_task_t tnf_mlperf_ad01;

/** Bytes of tnf_mlperf_config_t's buffer for a model with so many bytes of input. */
#define TNF_MLPERF_KWS01_BYTES(input_bytes) (input_bytes)
#define TNF_MLPERF_IC01_BYTES(input_bytes) (input_bytes)
#define TNF_MLPERF_VWW01_BYTES(input_bytes) (input_bytes)
#define TNF_MLPERF_AD01_BYTES(input_bytes) (5 * (input_bytes)) /* as float32 and as int8 */

/** What is benchmarked: a model with one int8 input and int8 outputs, of which the first counts. */
typedef struct tnf_mlperf_config {
    tnf_session_t *session;
    const tnf_mlperf_task_t *task;
    uint8_t *buffer; /**< what has been loaded; the model's input is made of it time and again */
} tnf_mlperf_config_t;

/** One interface. The members are its own. */
typedef struct tnf_mlperf {
    const tnf_mlperf_config_t *config;
    uint32_t expected; /**< bytes that `db load` announced */
    uint32_t loaded;   /**< bytes of them that have come */
} tnf_mlperf_t;

/** Begins, and writes the lines that tell a runner that the board is there. The session must have
 *  begun, without heartbeats: a runner takes nothing but text.
 *  @param config  kept while the interface is in use */
void tnf_mlperf_init(tnf_mlperf_t *mlperf, const tnf_mlperf_config_t *config);

/** Takes a command of the console.
 *  @param context  the tnf_mlperf_t
 *  @return false for what the session's own console answers: ? stats reset bootloader */
bool tnf_mlperf_take(void *context, const char *line);

/** The session's console part of @p mlperf. */
#define TNF_MLPERF_PART(mlperf) {.take = tnf_mlperf_take, .context = (mlperf)}

/** Writes (value * scale) as "%0.3f" of their float32 product does, with integers alone. What is
 *  2^31 or more is written as 2147483648.000. */
void tnf_mlperf_decimal(tnf_frame_writer_t *out, int32_t value, float scale);

#endif
