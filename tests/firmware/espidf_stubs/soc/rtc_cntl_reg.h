#pragma once
#include "soc/soc.h"

#define RTC_CNTL_OPTION1_REG (&stub_rtc_option1)
#define RTC_CNTL_FORCE_DOWNLOAD_BOOT (BIT(0))
