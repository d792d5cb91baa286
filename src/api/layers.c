/*
 * One layer to several destinations, some of which may have it: a registry knows the
 * layers of the image that stands under the name now.
 *
 * A layer is known by the digest of its tar, which takes a tenth of the time that
 * compressing it does.  For those who know it it is compressed all the same, so that
 * the result is what it would be without them; but it is sent only if that is not what
 * they have.
 */
#include "api/dests.h"

#include <string.h>

#include "image/checked.h"
#include "image/repack.h"

/* What the layer is made of: entries of a plan, or the tar that a source has. */
struct layer_job {
	const struct sp_entry *const *entries;
	size_t entries_nr;
	struct sp_source *source;
	const struct sp_desc *tar;
	const struct sp_layer_options *options;
};

static int repack(const struct layer_job *job, struct sp_sink *sink, struct sp_layer *ret,
		  struct sp_err *err)
{
	sp_autoreader struct sp_blob_reader *reader = NULL;

	if (sp_checked_open(job->source, job->tar, &reader, err))
		return -1;
	return sp_layer_repack(reader, job->tar->size, job->options, sink, ret, err);
}

static int nothing_begin(struct sp_sink *sink, uint64_t hint, struct sp_err *err)
{
	(void)sink, (void)hint, (void)err;
	return 0;
}

static int nothing_write(struct sp_sink *sink, const void *data, size_t len, struct sp_err *err)
{
	(void)sink, (void)data, (void)len, (void)err;
	return 0;
}

static int nothing_end(struct sp_sink *sink, const struct sp_desc *desc, struct sp_err *err)
{
	(void)sink, (void)desc, (void)err;
	return 0;
}

/* Make the layer for some destinations, perhaps none. */
static int make(const struct layer_job *job, struct sp_dest *const *dests, size_t nr,
		struct sp_layer *ret, struct sp_err *err)
{
	struct sp_sink **sinks = sp_calloc(nr + 1, sizeof(struct sp_sink *));
	struct sp_sink nothing = { .begin = nothing_begin, .write = nothing_write,
				   .end = nothing_end };

	sinks[0] = &nothing;
	for (size_t i = 0; i < nr; i++)
		sinks[i] = sp_dest_sink(dests[i]);
	struct sp_sink *tee = sp_sink_tee_new(sinks, nr ? nr : 1);
	int rc = job->source ? repack(job, tee, ret, err) :
			       sp_layer_write(job->entries, job->entries_nr, job->options, tee,
					      ret, err);

	sp_sink_tee_free(tee);
	free(sinks);
	return rc;
}

static int hash_tar(const struct layer_job *job, struct sp_digest *ret, struct sp_err *err)
{
	struct sp_layer_options plain = *job->options;
	struct layer_job hash = { .entries = job->entries, .entries_nr = job->entries_nr,
				  .options = &plain };
	struct sp_layer layer;

	if (job->source) {
		*ret = job->tar->digest;
		return 0;
	}
	plain.compress = (struct sp_compress){ SP_COMPRESS_NONE, 0 };
	if (make(&hash, NULL, 0, &layer, err))
		return -1;
	*ret = layer.diff_id;
	return 0;
}

static bool any_knows(const struct sp_dests *d)
{
	for (size_t i = 0; i < d->dests_nr; i++)
		if (sp_dest_knows(d->dests[i], NULL, NULL))
			return true;
	return false;
}

/* Keep those in dests of which the layer was wanted and did not come. */
static int want_again(struct sp_dest **dests, size_t *nr, const struct sp_layer *layer,
		      bool ask, struct sp_err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < *nr; i++) {
		struct sp_sink *sink = sp_dest_sink(dests[i]);
		bool has = !ask && !sp_dest_again(dests[i]);

		if (ask && sink->has && sink->has(sink, &layer->desc, &has, err))
			return -1;
		if (!has)
			dests[n++] = dests[i];
	}
	*nr = n;
	return 0;
}

static int write_layer(struct sp_dests *d, const struct layer_job *job, struct sp_layer *ret,
		       struct sp_err *err)
{
	struct sp_dest **now = sp_arena_alloc(d->arena, (d->dests_nr + 1) * sizeof(*now));
	struct sp_dest **later = sp_arena_alloc(d->arena, (2 * d->dests_nr + 1) * sizeof(*later));
	size_t now_nr = 0, later_nr = 0;
	struct sp_digest diff_id;
	struct sp_desc known;
	bool ask = any_knows(d);

	if (ask && hash_tar(job, &diff_id, err))
		return -1;
	for (size_t i = 0; i < d->dests_nr; i++) {
		if (ask && sp_dest_knows(d->dests[i], &diff_id, &known))
			later[later_nr++] = d->dests[i];
		else
			now[now_nr++] = d->dests[i];
	}
	if (make(job, now, now_nr, ret, err) ||
	    want_again(later, &later_nr, ret, true, err) ||
	    want_again(now, &now_nr, ret, false, err))
		return -1;
	/* what got lost on its way is made again, for those alone that lost it */
	memcpy(later + later_nr, now, now_nr * sizeof(*now));
	later_nr += now_nr;
	for (int tries = 0; later_nr && tries < 2; tries++)
		if (make(job, later, later_nr, ret, err) ||
		    want_again(later, &later_nr, ret, false, err))
			return -1;
	return 0;
}

int sp_dests_write_layer(struct sp_dests *d, const struct sp_entry *const *entries,
			 size_t entries_nr, const struct sp_layer_options *options,
			 struct sp_layer *ret, struct sp_err *err)
{
	return write_layer(d, &(struct layer_job){ .entries = entries, .entries_nr = entries_nr,
						   .options = options }, ret, err);
}

int sp_dests_repack_layer(struct sp_dests *d, struct sp_source *source,
			  const struct sp_desc *tar, const struct sp_layer_options *options,
			  struct sp_layer *ret, struct sp_err *err)
{
	return write_layer(d, &(struct layer_job){ .source = source, .tar = tar,
						   .options = options }, ret, err);
}
