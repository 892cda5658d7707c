/** @file
 * Channels that lie side by side and are computed together. */
#ifndef TNF_LANES_H
#define TNF_LANES_H

#include "tnf_fast.h"

/** Few enough for the registers of a small core, enough for a vector unit's. */
#define TNF_LANES 8

#endif
