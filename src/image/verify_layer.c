/*
 * One layer: hashed, and only then unpacked and read to its end as a tar, whose
 * contents are hashed as they pass and dropped.
 */

#include "base/vec.h"
#include "image/tar_read.h"
#include "image/unpack.h"
#include "image/verify_state.h"

struct reading {
	struct sp_verify_state *v;
	const char *where;
	struct sp_unpack *unpack;
	struct sp_tar_reader *tar;
	struct sp_hash *hash;
	struct sp_blob_reader *reader;
	const char *limit;	/* id of the limit that was passed, or NULL */
};

static void reading_release(struct reading *r)
{
	sp_tar_reader_free(r->tar);
	sp_unpack_free(r->unpack);
	sp_hash_free(r->hash);
	if (r->reader)
		r->reader->close(r->reader);
}

/* The tar reader's input. */
static int read_unpacked(void *ctx, void *buf, size_t len, size_t *ret_len,
			 struct sp_err *err)
{
	struct reading *r = ctx;

	if (sp_unpack_read(r->unpack, buf, len, ret_len, err))
		return -1;
	sp_hash_add(r->hash, buf, *ret_len);
	return sp_verify_tick(r->v, r->where, 0, err);
}

static int read_contents(void *ctx, void *buf, size_t len, size_t *ret_len,
			 struct sp_err *err)
{
	return sp_tar_data(ctx, buf, len, ret_len, err);
}

static int show_witness(struct reading *r, struct sp_tree_entry *entry, struct sp_err *err)
{
	const struct sp_verify_witness *w = r->v->options->witness;

	if (!w)
		return 0;
	return w->file(w->ctx, entry->path, entry->mode, entry->size, read_contents, r->tar,
		       &entry->kept, err);
}

static int read_entries(struct reading *r, struct sp_verify_stratum *layer,
			struct sp_err *err)
{
	struct sp_tar_item item;
	struct sp_tree_entry entry;
	bool more;

	for (;;) {
		if (sp_tar_next(r->tar, &item, &more, err))
			return -1;
		if (!more)
			return 0;
		if (sp_rules_count(&r->v->count, &item, err)) {
			r->limit = "too-many-entries";
			return -1;
		}
		layer->entries_total += item.type != 'g';
		if (!sp_verify_entry(r->v, r->where, &item, &entry))
			continue;
		if (entry.type == SP_TREE_FILE && show_witness(r, &entry, err))
			return -1;
		*SP_VEC_PUSH(layer->entries) = entry;
	}
}

/* After a fault in the tar, the digest of the whole is still of interest. */
static int read_rest(struct reading *r, struct sp_err *err)
{
	char buf[16 * 1024];
	size_t got;

	do {
		if (read_unpacked(r, buf, sizeof(buf), &got, err))
			return -1;
	} while (got);
	return 0;
}

static void check_ending(struct reading *r)
{
	switch (sp_tar_ending(r->tar)) {
	case SP_TAR_WHOLE:
		break;
	case SP_TAR_NO_MARK:
		sp_verify_note(r->v, "tar-end", r->where,
			       "does not end with two blocks of zeros");
		break;
	case SP_TAR_TRAILING:
		sp_verify_problem(r->v, "layer-trailing-data", r->where,
				  "has bytes after the end of the archive");
		break;
	}
}

/* Read the layer as a tar.  *ret_ok false after a problem. */
static int read_tar(struct reading *r, struct sp_verify_stratum *layer, bool *ret_ok,
		    struct sp_err *err)
{
	*ret_ok = false;
	if (read_entries(r, layer, err)) {
		const char *id = r->limit ? r->limit : sp_unpack_problem(r->unpack);

		if (sp_verify_absorb(r->v, id ? id : "layer-tar", r->where, err))
			return -1;
		if (id)
			return 0;
		if (!read_rest(r, err))
			return 0;
		id = sp_unpack_problem(r->unpack);
		return sp_verify_absorb(r->v, id ? id : "layer-tar", r->where, err);
	}
	check_ending(r);
	sp_verify_duplicates(r->v, r->where, layer);
	*ret_ok = true;
	return 0;
}

static int unpack(struct sp_verify_state *v, const struct sp_verify_place *at,
		  struct sp_verify_stratum *layer, struct sp_err *err)
{
	struct reading r SP_CLEANUP(reading_release) = { .v = v, .where = at->where };

	if (sp_verify_open(v, at, &r.reader, err))
		return -1;
	if (!r.reader)
		return 0;
	r.unpack = sp_unpack_new(r.reader, NULL);
	r.hash = sp_hash_new();
	r.tar = sp_tar_reader_new(read_unpacked, &r);
	if (read_tar(&r, layer, &layer->ok, err))
		return -1;
	layer->kind = sp_unpack_kind(r.unpack);
	layer->tar_size = sp_unpack_size(r.unpack);
	if (!sp_unpack_problem(r.unpack) && !r.limit)
		sp_hash_done(r.hash, &layer->diff_id);
	return 0;
}

/* A layer that was read before: compare the size that is claimed this time. */
static void compare_size(struct sp_verify_state *v, const struct sp_verify_place *at,
			 const struct sp_verify_stratum *layer)
{
	if (layer->size && at->size != SP_VERIFY_UNKNOWN && at->size != layer->size)
		sp_verify_problem(v, "blob-size", at->where,
				  "has %llu bytes and not the %llu it should have",
				  (unsigned long long)layer->size,
				  (unsigned long long)at->size);
}

static size_t remember(struct sp_verify_state *v, const char *key,
		       const struct sp_verify_stratum *layer)
{
	sp_map_set(&v->strata_by_key, sp_arena_strdup(&v->arena, key), v->strata_nr);
	*SP_VEC_PUSH(v->strata) = *layer;
	return v->strata_nr - 1;
}

int sp_verify_layer(struct sp_verify_state *v, const struct sp_verify_place *at,
		    size_t *ret, struct sp_err *err)
{
	const char *key = at->digest ? at->digest->str : at->path;
	struct sp_verify_stratum layer = { .kind = SP_COMPRESS_NONE };
	size_t known = sp_map_get(&v->strata_by_key, key);
	bool ok;

	if (known == SP_MAP_NONE) {
		if (sp_verify_hash(v, at, &ok, &layer.digest, &layer.size, err))
			return -1;
		if (!ok) {
			*ret = remember(v, key, &(struct sp_verify_stratum){ 0 });
			return 0;
		}
		/* a layer found by its path may be one that we know by digest */
		known = sp_map_get(&v->strata_by_key, layer.digest.str);
	}
	if (known != SP_MAP_NONE) {
		compare_size(v, at, &v->strata[known]);
		*ret = known;
		return 0;
	}
	if (unpack(v, at, &layer, err)) {
		free(layer.entries);
		return -1;
	}
	*ret = remember(v, key, &layer);
	if (!at->digest)
		sp_map_set(&v->strata_by_key,
			   sp_arena_strdup(&v->arena, layer.digest.str), *ret);
	return 0;
}
