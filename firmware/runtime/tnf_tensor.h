/** @file
 * Model inputs and outputs in the arena: where they are, and what is in them.
 */
#ifndef TNF_TENSOR_H
#define TNF_TENSOR_H

#include <stddef.h>
#include <stdint.h>

#include "tnf_model.h"

/** Finds a byte of several tensors that a caller sees one after another.
 *  @param tensors       all inputs or all outputs
 *  @param offset        of the byte, less than all of them have
 *  @param arena_offset  set to where it is
 *  @return how many bytes from there on lie together */
uint32_t tnf_tensor_run(const TNF_FLASH tnf_tensor_t *tensors, uint32_t offset,
                        uint32_t *arena_offset);

/** Writes to several tensors that a caller sees one after another.
 *  @param offset  of the first byte; there is room for all from there on */
void tnf_tensor_write(const TNF_FLASH tnf_tensor_t *tensors, int8_t *arena, uint32_t offset,
                      const uint8_t *data, size_t size);

/** How many values a tensor has. */
uint32_t tnf_tensor_values(const TNF_FLASH tnf_tensor_t *tensor);

/** A number that is ordered as the values of the tensor's type are: an integer itself, of a float
 *  its bits.
 *  @param data  the tensor's bytes */
int32_t tnf_tensor_order(const TNF_FLASH tnf_tensor_t *tensor, const int8_t *data, uint32_t index);

/** Which value of a tensor is the largest, the first of equal ones; quantised, integer or float.
 *  @param data  the tensor's bytes */
uint32_t tnf_tensor_largest(const TNF_FLASH tnf_tensor_t *tensor, const int8_t *data);

#endif
