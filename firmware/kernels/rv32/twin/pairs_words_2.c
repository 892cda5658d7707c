#include "tnf_pairs_words.h"

TNF_KERNEL void tnf_pairs_words_2(const tnf_pairs_block_t *block)
{
    twin_words(block, 2);
}
