/* An ESP32 with one task beside the main loop and a sensor on its bus, in simulated time. */
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds since the start. */
extern uint32_t sim_now_ms;

/* The sensor's next millisecond; each simulated sensor has one of these. */
void sim_sensor_step(void);

/* In the task: lets a millisecond go by. */
void sim_wait(void);

#endif
