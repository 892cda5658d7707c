/* A port whose wire is two buffers, and whose clock and counter a test sets. */
#ifndef MEMORY_PORT_H
#define MEMORY_PORT_H

#include <stddef.h>
#include <stdint.h>

/* What the device will read next; the bytes stay the caller's. */
void memory_port_arrive(const uint8_t *data, size_t size);

/* How much of it is still unread. */
size_t memory_port_unread(void);

/* Moves what the device has written into `data`; what does not fit is dropped. */
size_t memory_port_take(uint8_t *data, size_t capacity);

/* How many bytes the port takes from now on; SIZE_MAX, as at first, is all. While it takes less
 * than it is given, each time is a millisecond. */
void memory_port_set_room(size_t bytes);

/* How much room each such millisecond gives. */
void memory_port_set_drain(size_t bytes);

void memory_port_set_uptime(uint32_t ms);

/* What the port has measured; 0 is that it has not. */
void memory_port_set_clock(uint32_t hz);

/* Ticks by which the counter grows at each reading. */
void memory_port_set_step(uint32_t ticks);

#endif
