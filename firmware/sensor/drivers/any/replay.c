/* No sensor: samples come from the host, as `tinyflow replay` sends them. */
#include "tnf_sensor.h"

const tnf_sensor_t tnf_sensor = {.start = NULL};
