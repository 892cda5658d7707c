/* Depthwise 3x3 at stride 1 with the short requantisation. */
#include "tnf_depthwise_step_1_asm.h"

        step_1  tnf_depthwise_step_1_dsp, short
