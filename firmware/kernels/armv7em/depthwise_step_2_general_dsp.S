/* Depthwise 3x3 at stride 2 with the general requantisation. */
#include "tnf_depthwise_step_2_asm.h"

        step_2  tnf_depthwise_step_2_general_dsp, general
