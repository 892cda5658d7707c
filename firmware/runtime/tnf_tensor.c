#include "tnf_tensor.h"

#include <string.h>

uint32_t tnf_tensor_run(const TNF_FLASH tnf_tensor_t *tensors, uint32_t offset,
                        uint32_t *arena_offset)
{
    while (offset >= tensors->bytes) {
        offset -= tensors->bytes;
        tensors++;
    }
    *arena_offset = tensors->arena_offset + offset;
    return tensors->bytes - offset;
}

void tnf_tensor_write(const TNF_FLASH tnf_tensor_t *tensors, int8_t *arena, uint32_t offset,
                      const uint8_t *data, size_t size)
{
    while (size > 0) {
        uint32_t place;
        uint32_t room = tnf_tensor_run(tensors, offset, &place);
        size_t run = room < size ? (size_t)room : size;
        memcpy(arena + place, data, run);
        offset += (uint32_t)run;
        data += run;
        size -= run;
    }
}

uint32_t tnf_tensor_values(const TNF_FLASH tnf_tensor_t *tensor)
{
    switch (tensor->type) {
    case TNF_INT16:
        return tensor->bytes / 2;
    case TNF_INT32:
    case TNF_FLOAT32:
        return tensor->bytes / 4;
    default:
        return tensor->bytes;
    }
}

/* A float's bits are ordered as it is, but that negative ones count backwards. So no float is
 * compared, which costs a routine on a core without such a unit. */
int32_t tnf_tensor_order(const TNF_FLASH tnf_tensor_t *tensor, const int8_t *data, uint32_t index)
{
    int16_t half;
    int32_t word;
    switch (tensor->type) {
    case TNF_INT16:
        memcpy(&half, data + 2 * index, sizeof half);
        return half;
    case TNF_INT32:
        memcpy(&word, data + 4 * index, sizeof word);
        return word;
    case TNF_FLOAT32:
        memcpy(&word, data + 4 * index, sizeof word);
        return word < 0 ? word ^ INT32_MAX : word;
    default:
        return data[index];
    }
}

uint32_t tnf_tensor_largest(const TNF_FLASH tnf_tensor_t *tensor, const int8_t *data)
{
    uint32_t best = 0;
    uint32_t count = tnf_tensor_values(tensor);
    for (uint32_t i = 1; i < count; ++i) {
        if (tnf_tensor_order(tensor, data, i) > tnf_tensor_order(tensor, data, best)) {
            best = i;
        }
    }
    return best;
}
