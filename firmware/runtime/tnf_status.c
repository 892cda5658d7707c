#include "tnf_status.h"

const char *tnf_status_text(tnf_status_t status)
{
    switch (status) {
#define TNF_STATUS(name, value, text)                                                              \
    case TNF_##name:                                                                               \
        return text;
#include "tnf_status.def"
#undef TNF_STATUS
    }
    return "unknown status";
}
