/* Tasks as coroutines, and what a test calls: time goes by only where somebody waits. */
#define _XOPEN_SOURCE 700
#include "sim.h"

#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "tnf_sensor.h"
#include "tnf_sensor_config.h"

#define STACK_BYTES (256 * 1024)
#define MOST_WINDOWS 4096
#define WINDOW_VALUES (TNF_SENSOR_WINDOW * TNF_SENSOR_CHANNELS)

uint32_t sim_now_ms;
uint32_t sim_frozen_until_ms; /* the task gets no time before */
uint32_t sim_tasks;

int16_t sim_windows[MOST_WINDOWS][WINDOW_VALUES];
uint32_t sim_windows_taken;

static tnf_ring_t ring;
static int16_t memory[TNF_RING_WORDS(TNF_SENSOR_WINDOW, TNF_SENSOR_HOP,
                                     TNF_SENSOR_CHANNELS *TNF_SENSOR_VALUE_BYTES)];
static ucontext_t main_loop, task;
static TaskFunction_t task_code;
static bool in_task, task_alive;
static uint32_t wake_ms;
static uint8_t stack[STACK_BYTES];

uint32_t sim_start(void);
void sim_stop(void);
void sim_run(uint32_t ms);
uint32_t sim_gaps(void);
uint32_t sim_dropped(void);
uint32_t sim_ring_written(void);

static void enter(void)
{
    task_code(NULL);
    abort(); /* a task that returns is an error of FreeRTOS's */
}

static void resume(void)
{
    in_task = true;
    (void)swapcontext(&main_loop, &task);
    in_task = false;
}

static void millisecond(void)
{
    ++sim_now_ms;
    sim_sensor_step();
    if (task_alive && sim_now_ms >= wake_ms && sim_now_ms >= sim_frozen_until_ms) {
        resume();
    }
}

void sim_wait(void)
{
    wake_ms = sim_now_ms + 1;
    (void)swapcontext(&task, &main_loop);
}

void vTaskDelay(const TickType_t ticks)
{
    if (in_task) {
        wake_ms = sim_now_ms + ticks;
        (void)swapcontext(&task, &main_loop);
        return;
    }
    for (TickType_t i = 0; i < ticks; ++i) {
        millisecond();
    }
}

BaseType_t xTaskCreate(TaskFunction_t code, const char *const name, const uint32_t stack_depth,
                       void *const parameters, UBaseType_t priority, TaskHandle_t *const created)
{
    if (task_alive || name == NULL || stack_depth < 2048 || parameters != NULL || priority == 0 ||
        created != NULL) {
        return 0;
    }
    (void)getcontext(&task);
    task.uc_stack.ss_sp = stack;
    task.uc_stack.ss_size = sizeof stack;
    task.uc_link = NULL;
    makecontext(&task, enter, 0);
    task_code = code;
    task_alive = true;
    wake_ms = sim_now_ms;
    ++sim_tasks;
    return pdPASS;
}

void vTaskDelete(TaskHandle_t which)
{
    if (!in_task || which != NULL) {
        abort();
    }
    task_alive = false;
    (void)swapcontext(&task, &main_loop);
}

uint32_t sim_start(void)
{
    tnf_ring_init(&ring, memory, TNF_SENSOR_CHANNELS * TNF_SENSOR_VALUE_BYTES, TNF_SENSOR_WINDOW,
                  TNF_SENSOR_HOP);
    sim_windows_taken = 0;
    return (uint32_t)tnf_sensor.start(&ring);
}

void sim_stop(void)
{
    tnf_sensor.stop();
    if (task_alive) {
        abort();
    }
}

/* The main loop, which takes every window that is complete. */
void sim_run(uint32_t ms)
{
    for (uint32_t i = 0; i < ms; ++i) {
        millisecond();
        const void *window = tnf_ring_window(&ring);
        if (window != NULL && sim_windows_taken < MOST_WINDOWS) {
            memcpy(sim_windows[sim_windows_taken], window, sizeof sim_windows[0]);
            sim_windows_taken += tnf_ring_release(&ring) ? 1 : 0;
        }
    }
}

uint32_t sim_gaps(void)
{
    return ring.gaps;
}

uint32_t sim_dropped(void)
{
    return ring.dropped;
}

uint32_t sim_ring_written(void)
{
    return ring.written;
}
