/* Depthwise 3x3 at stride 2 with the short requantisation. */
#include "tnf_depthwise_step_2_asm.h"

        step_2  tnf_depthwise_step_2_dsp, short
