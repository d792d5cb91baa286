/*
 * Images that a Dockerfile names: FROM IMAGE and COPY --from=IMAGE.  Private to api/.
 */
#ifndef SP_API_STAGE_BASE_H
#define SP_API_STAGE_BASE_H

#include "api/stages.h"

struct sp_base {
	const char *name;		/* as the Dockerfile has it */
	struct sp_opened image;
};

/*
 * The image of that name: what --build-context says it is, else one of a registry.
 * It is read once, whoever asks; the stages own it.  The platform is platform, or
 * that of the stages if NULL.
 */
SP_CHECKED int sp_base_open(struct sp_stages *s, const char *name, const char *platform,
			    struct sp_base **ret, struct sp_err *err);
void sp_base_free(struct sp_base *base);	/* NULL allowed */

/* A directory that --build-context gives that name, or NULL. */
struct sp_root *sp_base_context(struct sp_stages *s, const char *name);

/* Let a stage begin with the image's configuration. */
void sp_base_configure(const struct sp_base *base, struct sp_stage_state *state);

#endif
