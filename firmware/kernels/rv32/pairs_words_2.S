/* Two pairs of pixels at once: what is left of a row. See tnf_pairs_block.h. */
#define WORDS 2
#define NAME tnf_pairs_words_2
#include "tnf_pairs_words.h"
