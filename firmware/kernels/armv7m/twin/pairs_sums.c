#include "../../armv6m/twin/pairs_sums.c"
