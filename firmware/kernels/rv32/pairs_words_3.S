/* Three pairs of pixels at once: most blocks. See tnf_pairs_block.h. */
#define WORDS 3
#define NAME tnf_pairs_words_3
#include "tnf_pairs_words.h"
