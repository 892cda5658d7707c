/* ESP32-S3 and ESP32-C3: a bit that outlives a restart has the ROM stay in its loader, on UART and
 * USB alike. It goes with the next loss of power, or when a flasher clears it. */
#include "esp_system.h"
#include "soc/rtc_cntl_reg.h"
#include "soc/soc.h"

#include "espidf.h"

tnf_status_t tnf_espidf_bootloader(void)
{
    REG_WRITE(RTC_CNTL_OPTION1_REG, RTC_CNTL_FORCE_DOWNLOAD_BOOT);
    esp_restart();
}
