#pragma once
typedef int esp_err_t;
#define ESP_OK 0
#define ESP_FAIL -1
#define ESP_ERR_INVALID_STATE 0x103
#define ESP_ERR_TIMEOUT 0x107
void stub_check(esp_err_t code);
#define ESP_ERROR_CHECK(call) stub_check(call)
