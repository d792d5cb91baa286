/*
 * What a configuration takes over from that of another image: the one below it, or
 * the one that it is made from.
 */
#ifndef SP_IMAGE_INHERIT_H
#define SP_IMAGE_INHERIT_H

#include "image/image.h"
#include "image/json.h"

/*
 * Fill config with what it does not say itself, as docker build does: variables and
 * labels are merged by name, and ours win; ports and volumes are joined; user, working
 * directory, stop signal, health check and author are taken over where unset.  Cmd is
 * only taken over together with the entry point, since an entry point of ours resets
 * it.  Strings are copied into the arena.  The document must have been checked.
 */
void sp_config_inherit(struct sp_config *config, const struct sp_json *doc,
		       struct sp_arena *arena);

#endif
