/* In the place of the application, where only the port is tested. */
#include "tnf_application.h"

void tnf_application_start(void)
{
}

void tnf_application_poll(void)
{
}
