/* Maps flash into the address space: the MMU of the first core's cache. */
#include "esp32.h"
#include "espressif_io.h"

void esp32_map_flash(uint32_t first, uint32_t pages)
{
    espressif_change(ESP32_CACHE_CONTROL, ESP32_CACHE_ENABLE, 0);
    while (espressif_get(ESP32_SPI0_STATE) != 0) {
    }
    espressif_change(ESP32_SPI0_CACHE, ESP32_SPI0_CACHE_REQUEST, 0);
    for (uint32_t page = 0; page < ESP32_MMU_DATA_PAGES; page++) {
        uint32_t target = page < pages ? first + page : ESP32_MMU_INVALID;
        espressif_set(ESP32_MMU_TABLE + 4u * page, target);
    }
    espressif_change(ESP32_CACHE_CONTROL1, ESP32_CACHE_MASKS, 0);
    espressif_change(ESP32_CACHE_CONTROL, ESP32_CACHE_FLUSH, 0);
    espressif_change(ESP32_CACHE_CONTROL, 0, ESP32_CACHE_FLUSH);
    while ((espressif_get(ESP32_CACHE_CONTROL) & ESP32_CACHE_FLUSHED) == 0) {
    }
    espressif_change(ESP32_CACHE_CONTROL, ESP32_CACHE_FLUSH, 0);
    espressif_change(ESP32_SPI0_CACHE, 0, ESP32_SPI0_CACHE_REQUEST);
    espressif_change(ESP32_CACHE_CONTROL, 0, ESP32_CACHE_ENABLE);
}
