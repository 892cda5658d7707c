/* ESP32-C6: a bit that outlives a restart has the ROM stay in its loader, on UART and USB alike. It
 * goes with the next loss of power, or when a flasher clears it. */
#include "esp_system.h"
#include "soc/lp_aon_reg.h"
#include "soc/soc.h"

#include "espidf.h"

tnf_status_t tnf_espidf_bootloader(void)
{
    REG_SET_BIT(LP_AON_SYS_CFG_REG, LP_AON_FORCE_DOWNLOAD_BOOT);
    esp_restart();
}
