/** @file
 * Sensing: from a sensor's samples to inferences, window by window, each with its deadline.
 *
 * @code
 * tnf_session_init(&session, &config);
 * tnf_sensing_init(&sensing);
 * for (;;) {
 *     tnf_session_poll(&session);
 *     if (tnf_sensing_poll(&sensing)) {
 *         // one window was classified: its scores are at tnf_session_output(&session)
 *     }
 * }
 * @endcode
 *
 * A window is in time when its inference has ended before the next hop is full. One that is not
 * counts as a deadline miss of the telemetry, as does one whose count exceeds the deadline; its age
 * is how many samples had come meanwhile.
 *
 * While the host uses the model (INPUT, INFER, LAYERS, DUMP, OUTPUT) windows wait, until it has
 * been quiet for a second; those that are overwritten meanwhile are dropped and counted. When the
 * host replays samples (SENSOR, SAMPLES) they go the same way, and the sensor rests.
 */
#ifndef TNF_SENSING_H
#define TNF_SENSING_H

#include <stdbool.h>
#include <stdint.h>

#include "tnf_sensor.h"
#include "tnf_session.h"

/** Who may look at a window's input before it is classified (tnf_capture.h). */
typedef struct tnf_tap {
    /** Whether the arena is to stay as it is. @param prepared  a window's input was just prepared
     *  there; else the question is whether it, or its output, is still wanted */
    bool (*holds)(void *context, bool prepared);
    /** CAPTURE, as a tnf_session_part_t. */
    tnf_status_t (*take)(void *context, const tnf_request_t *request);
    void (*answer)(void *context);
    void *context;
} tnf_tap_t;

/** What is sensed; may stay in flash. Quantised is round(value * multiplier / 2^shift) + the
 *  input's zero point, halves up; int8 samples are the model's input as they are. */
typedef struct tnf_sensing_config {
    const tnf_sensor_t *sensor;
    tnf_session_t *session;
    const char *driver;   /**< its name, told to the host */
    int16_t *memory;      /**< TNF_RING_WORDS(window, hop, channels * value_bytes) */
    uint32_t value_bytes; /**< 1: int8, 2: int16 */
    uint32_t channels;
    uint32_t window; /**< samples */
    uint32_t hop;    /**< samples, 1 to window */
    uint32_t rate_hz;
    float scale;        /**< what one unit of a value stands for, told to the host */
    int32_t multiplier; /**< 2^30 to 2^31 - 1 */
    uint32_t shift;     /**< 16 to 62 */
    uint32_t
        deadline; /**< most count an inference may take, until the host sets another; 0 is none */
    const tnf_tap_t *tap; /**< NULL where nobody looks */
} tnf_sensing_config_t;

/** One sensing. The members are its own. */
typedef struct tnf_sensing {
    const tnf_sensing_config_t *config;
    tnf_ring_t ring;
    tnf_status_t status;     /**< of the sensor; TNF_BAD_FIELD: the windows do not fit the model */
    bool running;            /**< the sensor has been started */
    bool replaying;          /**< samples come from the host */
    bool classified;         /**< a window was, since tnf_sensing_poll was last called */
    bool answers_window;     /**< the last SAMPLES made a window complete */
    bool held;               /**< a prepared input waits in the arena, for the tap */
    uint32_t tried_at_ms;    /**< uptime when the sensor was last started */
    uint32_t replayed_at_ms; /**< uptime when the host last sent samples */
    uint32_t taken;          /**< bytes of the replay */
    uint32_t count;          /**< of the last window's inference */
    uint32_t age;            /**< samples that had come when it ended */
    uint32_t age_max;
} tnf_sensing_t;

/** Begins sensing; after tnf_session_init. Where a window's values are not the model's input, and
 *  the driver does not `prepare` it, nothing is sensed or replayed: the status is TNF_BAD_FIELD.
 *  @param config  kept while sensing is in use */
void tnf_sensing_init(tnf_sensing_t *sensing, const tnf_sensing_config_t *config);

/** Takes samples and classifies a window where one is complete. Call it often.
 *  @return whether there is a new output: of this call, or of a replayed window */
bool tnf_sensing_poll(tnf_sensing_t *sensing);

/** The session's side of it, see TNF_SENSING_PART. */
tnf_status_t tnf_sensing_take(void *context, const tnf_request_t *request);
void tnf_sensing_answer(void *context);

/** Classifies the next window where it is complete. Internal to sensing. */
bool tnf_sensing_classify(tnf_sensing_t *sensing);

/** Classifies what was prepared in the arena. Internal to sensing.
 *  @return its count */
uint32_t tnf_sensing_infer(tnf_sensing_t *sensing);

/** Stops the sensor and forgets all samples. Internal to sensing. */
void tnf_sensing_rest(tnf_sensing_t *sensing);

/** A tnf_session_part_t for the member `sensor` of a session's configuration. */
#define TNF_SENSING_PART(sensing) {tnf_sensing_take, tnf_sensing_answer, (sensing)}

#endif
