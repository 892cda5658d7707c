#include "../../armv6m/twin/taps_sums.c"
