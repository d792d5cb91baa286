/*
 * The configuration document of one platform (image-spec config.md), and two
 * things that other documents share with it: maps of strings, and times.
 */
#ifndef SP_IMAGE_CONFIG_H
#define SP_IMAGE_CONFIG_H

#include "image/image.h"
#include "image/json.h"

/*
 * Make the document, layers from the bottom to the top; free it with
 * sp_json_free().  SP_EUSAGE names the field that holds a string that is no UTF-8,
 * a pair without a key, a key twice, or a time outside 1970 to 9999.
 */
SP_CHECKED int sp_config_json(const struct sp_config *config,
			      const struct sp_layer *layers, size_t layers_nr,
			      struct sp_json **ret, struct sp_err *err);

/*
 * Add KEY=VALUE pairs to object as a map under key, sorted by the bytes of their
 * keys; nothing when there are none.  A pair without '=' has the value "".  field
 * is what messages call one of them ("label").
 */
SP_CHECKED int sp_config_add_map(struct sp_json *object, const char *key,
				 const struct sp_strings *pairs, const char *field,
				 struct sp_err *err);

#define SP_TIME_STR 48

/* Seconds since 1970 as RFC 3339 in UTC, "1970-01-01T00:00:00Z".  SP_EUSAGE for a
 * time before 1970 or after 9999. */
SP_CHECKED int sp_time_format(int64_t seconds, char ret[SP_TIME_STR],
			      struct sp_err *err);

#endif
