/** @file
 * What a tinyflow function that reads the world returns. 0 is OK.
 */
#ifndef TNF_STATUS_H
#define TNF_STATUS_H

typedef enum tnf_status {
#define TNF_STATUS(name, value, text) TNF_##name = (value),
#include "tnf_status.def"
#undef TNF_STATUS
} tnf_status_t;

/** The status as a sentence without a full stop; never NULL. Any context, ISR included. */
const char *tnf_status_text(tnf_status_t status);

#endif
