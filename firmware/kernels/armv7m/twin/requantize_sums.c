#include "../../armv6m/requantize_sums.c"
