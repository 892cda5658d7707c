/** @file
 * What a sensor must provide, and the ring its samples go through.
 *
 * A driver is one C file, src/sensor.c in a generated project, that defines `tnf_sensor`. It is
 * either asked for its samples in the main loop (`read`), or an interrupt, a DMA callback or a task
 * of its own puts them into the ring that `start` is given.
 *
 * A sample is one reading of all channels, its values one after another, int8 or int16. A window is
 * what one inference looks at: `window` samples, the next one beginning `hop` samples later.
 *
 * The ring lets every window be read in one piece, without copying it together. Windows begin at
 * multiples of the hop, and the ring holds a multiple of hops. A window that begins near the end of
 * the ring goes on behind it: the first window - hop places are there twice, and a sample that goes
 * to one of them is written twice. That is the whole cost: with the capacity
 * C = (window / hop rounded up + 1) * hop, memory for C + window - hop samples, and
 * (window - hop) / C more writes than samples, under one for each. There is nothing twice where
 * windows do not overlap. One hop can come in while a window is read, two while an inference runs.
 *
 * One producer and one consumer, without locks. The producer owns `written`, `oldest` and `gaps`,
 * the consumer all that it counts with, and neither writes what the other owns. The producer never
 * waits: it first moves `oldest` over the samples it is about to overwrite, then writes, then moves
 * `written`; the consumer reads a window and then looks at `oldest` again. A window that was
 * overwritten meanwhile is dropped and counted, never used. TNF_RING_BARRIER stands between these
 * steps. The producer may run in an ISR, in a task of higher priority or on another core; the
 * consumer is the main loop. The counters wrap at 2^32; a consumer may stay away for less than 2^31
 * samples.
 */
#ifndef TNF_SENSOR_H
#define TNF_SENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tnf_status.h"

/** Keeps the compiler and the processor from moving memory accesses over it. */
#ifndef TNF_RING_BARRIER
#define TNF_RING_BARRIER() __sync_synchronize()
#endif

/** Samples a ring goes round after: a multiple of the hop. */
#define TNF_RING_CAPACITY(window, hop) ((((window) + (hop) - 1u) / (hop) + 1u) * (hop))

/** int16 words of memory of a ring. @param sample_bytes  bytes of one sample, all its channels */
#define TNF_RING_WORDS(window, hop, sample_bytes)                                                  \
    (((TNF_RING_CAPACITY(window, hop) + (window) - (hop)) * (sample_bytes) + 1u) / 2u)

/** A ring of samples. The members are the ring's own. */
typedef struct tnf_ring {
    uint8_t *memory;
    uint32_t sample_bytes;
    uint32_t window;           /**< samples */
    uint32_t hop;              /**< samples, 1 to window */
    uint32_t capacity;         /**< samples, without those that are there twice */
    volatile uint32_t written; /**< samples so far */
    volatile uint32_t oldest;  /**< number of the first sample that is still whole */
    volatile uint32_t gaps;    /**< how often samples were missing in between */
    uint32_t write_at;         /**< where the next sample goes, 0 to capacity - 1 */
    uint32_t next;             /**< number of the next window's first sample */
    uint32_t next_at;          /**< where it is */
    uint32_t windows;          /**< taken whole */
    uint32_t dropped;          /**< overwritten before they were taken, or with a gap in them */
} tnf_ring_t;

/** Empties the ring and forgets its counts. No producer may be at work.
 *  @param memory        TNF_RING_WORDS(window, hop, sample_bytes), kept while the ring is in use
 *  @param sample_bytes  1 to 1024
 *  @param window        samples, over 0
 *  @param hop           samples, 1 to @p window */
void tnf_ring_init(tnf_ring_t *ring, int16_t *memory, uint32_t sample_bytes, uint32_t window,
                   uint32_t hop);

/** Producer: room for the next samples, to be filled by a driver or its DMA in place. What was
 *  there is lost from now on. The consumer sees nothing of it until tnf_ring_commit.
 *  @param samples  how many are wanted, over 0; afterwards how many there is room for in one piece,
 *                  at most a hop */
void *tnf_ring_reserve(tnf_ring_t *ring, uint32_t *samples);

/** Producer: the first @p samples of what tnf_ring_reserve gave are there; fewer or none is
 *  allowed. */
void tnf_ring_commit(tnf_ring_t *ring, uint32_t samples);

/** Producer: copies @p count samples into the ring. */
void tnf_ring_push(tnf_ring_t *ring, const void *samples, uint32_t count);

/** Producer: samples are missing here. No window will have samples from before and from after. */
void tnf_ring_gap(tnf_ring_t *ring);

/** Consumer: the next window, in one piece, or NULL while it is not complete. When the producer has
 *  overtaken, the oldest windows are dropped up to the newest complete one.
 *  @return aligned for int16_t; what is there may change until tnf_ring_release has told */
const void *tnf_ring_window(tnf_ring_t *ring);

/** Consumer: done with what tnf_ring_window gave.
 *  @return whether it stayed whole all the time; else it is to be thrown away */
bool tnf_ring_release(tnf_ring_t *ring);

/** Consumer: how many samples have come after the window that was released last. */
uint32_t tnf_ring_age(const tnf_ring_t *ring);

/** Consumer: how many samples the next window lacks, 0 when it is complete. */
uint32_t tnf_ring_missing(const tnf_ring_t *ring);

/** Consumer: how many of the next windows begin with samples that are there already. */
uint32_t tnf_ring_begun(const tnf_ring_t *ring);

/** A sensor's driver; may stay in flash. A member that is NULL is nothing to do. */
typedef struct tnf_sensor {
    /** Begins sensing. Called from the main loop, again after `stop`, and every second for as long
     *  as it says no.
     *  @param ring  for a driver that feeds it itself; of no interest to one with `read`
     *  @return TNF_NO_SENSOR when the sensor does not answer */
    tnf_status_t (*start)(tnf_ring_t *ring);
    /** Ends sensing; when it returns, nothing is put into the ring any more. */
    void (*stop)(void);
    /** Takes the samples that have come in, without waiting for any; NULL where the driver feeds
     *  the ring itself. Called from the main loop, often.
     *  @param samples   room for @p capacity samples, aligned for int16_t
     *  @param count     how many were taken; when it is @p capacity, there may be more
     *  @return TNF_NO_SENSOR when samples were lost or the sensor is gone: it is stopped and
     *          started again, and no window has samples from before and from after */
    tnf_status_t (*read)(void *samples, uint32_t capacity, uint32_t *count);
    /** Makes the model's input of a window, where that is more than quantising its values.
     *  @param window  the samples
     *  @param input   the model's input, all of it to be written */
    void (*prepare)(const void *window, int8_t *input);
} tnf_sensor_t;

/** The project's sensor, defined by its driver. */
extern const tnf_sensor_t tnf_sensor;

#endif
