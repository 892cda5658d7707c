#include "tnf_depthwise_row.h"

TNF_KERNEL void tnf_depthwise_3x3_row_1(const tnf_depthwise_row_t *row)
{
    twin_row(row, 1);
}
