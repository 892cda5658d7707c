#pragma once

typedef struct stub_task *TaskHandle_t;
typedef unsigned int UBaseType_t;
typedef enum { ESP_RST_UNKNOWN, ESP_RST_POWERON, ESP_RST_SW = 3 } esp_reset_reason_t;

class EspClass
{
  public:
    uint32_t getCycleCount();
    uint32_t getFreeHeap();
    void restart();
};

extern EspClass ESP;
extern "C" esp_reset_reason_t esp_reset_reason(void);
extern "C" UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t task);
size_t getArduinoLoopTaskStackSize(void);
