/*
 * Where COPY and ADD take things from: the context, a stage, an image, an archive.
 * Private to api/.
 */
#ifndef SP_API_STAGE_SOURCES_H
#define SP_API_STAGE_SOURCES_H

#include "api/stage_place.h"

/* Set root, root_name, is_context and keep_owner of place: from is the value of
 * --from, or NULL for the context. */
SP_CHECKED int sp_sources_open(struct sp_place *place, const char *from,
			       struct sp_err *err);

/*
 * ADD of the file at path of place's root: if it is an archive, what is in it goes
 * into the directory dest, with the owners that it has there.  *ret_done is false,
 * and nothing was done, if it is none.
 */
SP_CHECKED int sp_sources_unpack(const struct sp_place *place, const char *path,
				 const char *dest, bool *ret_done, struct sp_err *err);

#endif
