#pragma once
#include "soc/soc.h"

#define LP_AON_SYS_CFG_REG (&stub_lp_aon_sys_cfg)
#define LP_AON_FORCE_DOWNLOAD_BOOT (BIT(30))
