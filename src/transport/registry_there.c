/*
 * Which blobs a destination in a registry has: what it was asked for or was sent, and what
 * can be mounted from another repository.
 */
#include "transport/registry_dest.h"

#include <string.h>

#include "image/document.h"

bool sp_registry_dest_is_done(struct sp_registry_dest *d, const struct sp_digest *digest)
{
	pthread_mutex_lock(&d->lock);
	bool done = sp_map_get(&d->done, digest->str) != SP_MAP_NONE;

	pthread_mutex_unlock(&d->lock);
	return done;
}

void sp_registry_dest_done(struct sp_registry_dest *d, const struct sp_digest *digest)
{
	pthread_mutex_lock(&d->lock);
	sp_map_set(&d->done, sp_arena_strdup(&d->arena, digest->str), 0);
	pthread_mutex_unlock(&d->lock);
}

int sp_registry_dest_there(struct sp_registry_dest *d, const struct sp_desc *desc,
			   bool *ret, struct sp_err *err)
{
	*ret = sp_registry_dest_is_done(d, &desc->digest);
	/* a document is compared when it is written */
	if (*ret || sp_mt_is_index(desc->media_type) || sp_mt_is_manifest(desc->media_type))
		return 0;
	if (sp_blob_there(d->r, desc, ret, err))
		return -1;
	if (*ret)
		sp_registry_dest_done(d, &desc->digest);
	return 0;
}

bool sp_registry_dest_follow(struct sp_dest *dest, struct sp_dest *leader)
{
	struct sp_registry_dest *d = (struct sp_registry_dest *)dest;
	struct sp_registry_dest *other = (struct sp_registry_dest *)leader;

	if (strcmp(sp_registry_domain(d->r), sp_registry_domain(other->r)) != 0)
		return false;
	d->leader = other;
	return true;
}
