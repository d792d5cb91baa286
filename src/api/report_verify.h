/*
 * What verifying an image found, as JSON.
 */
#ifndef SP_API_REPORT_VERIFY_H
#define SP_API_REPORT_VERIFY_H

#include "image/json.h"
#include "image/verify.h"

void sp_report_verify(const struct sp_verify_report *found, const char *image,
		      struct sp_json *report);

#endif
