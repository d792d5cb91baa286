/*
 * Images that exist, copied or put together: scratchpack_copy(), scratchpack_index().
 */
#include "transport/copy.h"

#include <string.h>

#include "api/dests.h"
#include "base/vec.h"
#include "elf/platform.h"
#include "image/document.h"

/* An image that was opened to be copied. */
struct input {
	struct sp_source *source;
	struct sp_graph graph;
	const char *text;
};

static void input_close(struct input *in)
{
	sp_graph_release(&in->graph);
	if (in->source)
		in->source->close(in->source);
}

static int input_open(struct scratchpack *job, const char *text, struct sp_arena *arena,
		      struct input *in, struct sp_err *err)
{
	struct sp_stored_want want = { 0 };
	sp_autofree char *ref = NULL;
	bool one = job->options.platform;

	if (one) {
		struct sp_platform platform;

		if (sp_platform_parse(job->options.platform, arena, &platform, err))
			return sp_err_wrap(err, "--platform");
		want = (struct sp_stored_want){ .os = platform.os, .arch = platform.arch,
						.variant = platform.variant };
	}
	in->text = text;
	if (sp_source_open(text, &job->transport, &in->source, &ref, err))
		return -1;
	if (sp_graph_read(in->source, ref, one ? &want : NULL, &in->graph, err))
		return sp_err_wrap(err, "%s", text);
	return 0;
}

/* The name that a copy has where the destination gives it none: its own. */
static void own_names(const struct sp_graph *g, struct sp_arena *arena, struct sp_ref *ref,
		      size_t *refs_nr)
{
	struct sp_err ignored = { 0 };

	*refs_nr = 0;
	if (!g->name || sp_ref_parse(g->name, arena, ref, &ignored) || ref->digest)
		return;
	*refs_nr = 1;
}

/* Everything that is named, before anything is asked or told who we are. */
static int take_names(struct scratchpack *job, const char *const *images, int nr,
		      struct sp_err *err)
{
	const struct sp_strings *outputs = &job->options.outputs;

	if (!outputs->items_nr)
		return sp_err_set(err, SP_EUSAGE, "no destination was given");
	for (int i = 0; i < nr; i++)
		if (sp_job_name(job, images[i], true, err))
			return -1;
	for (size_t i = 0; i < outputs->items_nr; i++)
		if (sp_job_name(job, outputs->items[i], false, err))
			return -1;
	sp_job_transport(job);
	return 0;
}

static bool has_registry(const struct sp_strings *outputs)
{
	const char *name;

	for (size_t i = 0; i < outputs->items_nr; i++)
		if (sp_address_of(outputs->items[i], &name) == SP_AT_REGISTRY)
			return true;
	return false;
}

static bool is_plain(const struct sp_layer *layer)
{
	return sp_digest_equal(&layer->desc.digest, &layer->diff_id);
}

/* The same tar may be there twice; ret is the layer that it became before. */
static bool met_before(const struct sp_layer *layers, size_t nr, const struct sp_layer *layer,
		       struct sp_layer *ret)
{
	for (size_t i = 0; i < nr; i++)
		if (sp_digest_equal(&layers[i].diff_id, &layer->diff_id)) {
			*ret = layers[i];
			return true;
		}
	return false;
}

/*
 * Docker saves layers as plain tars, and pushes them compressed; so do we.  What has a
 * manifest of its own stays as it is.
 */
static int compress_layers(struct scratchpack *job, struct sp_graph *g, struct sp_dests *d,
			   struct sp_err *err)
{
	const struct sp_options *o = &job->options;
	const struct sp_layer_options options = {
		.compress = o->compress, .threads = o->threads, .cancelled = &job->cancelled,
		.progress = job->progress, .progress_ctx = job->progress_ctx,
	};

	if (!sp_graph_is_made(g) || !has_registry(&o->outputs) ||
	    o->compress.kind == SP_COMPRESS_NONE)
		return 0;
	const struct sp_manifest *m = &g->image->manifests[0];
	struct sp_layer *layers = sp_arena_alloc(d->arena, (m->layers_nr + 1) * sizeof(*layers));

	for (size_t i = 0; i < m->layers_nr; i++) {
		const struct sp_layer *layer = &m->layers[i];

		if (met_before(layers, i, layer, &layers[i]))
			continue;
		layers[i] = *layer;
		if (is_plain(layer) && sp_dests_repack_layer(d, &g->source, &layer->desc, &options,
							     &layers[i], err))
			return -1;
	}
	return sp_graph_set_layers(g, layers, err);
}

int scratchpack_copy(struct scratchpack *job, const char *image, struct sp_err *err)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	SP_CLEANUP(input_close) struct input in = { 0 };
	SP_CLEANUP(sp_dests_release) struct sp_dests d = { 0 };
	sp_autojson struct sp_json *report = sp_json_object();
	struct sp_ref ref = { 0 };
	size_t refs_nr;

	sp_job_report(job, NULL);
	if (take_names(job, &image, 1, err) || input_open(job, image, &arena, &in, err))
		return -1;
	own_names(&in.graph, &arena, &ref, &refs_nr);
	if (sp_dests_open(&d, job, &arena, &ref, refs_nr, err) ||
	    compress_layers(job, &in.graph, &d, err) ||
	    sp_copy(&in.graph, d.dests, d.dests_nr, &job->transport, err) ||
	    sp_dests_commit(&d, in.graph.image, &ref, refs_nr,
			    sp_json_add_array(report, "results"), err))
		return -1;
	sp_job_report(job, sp_steal_ptr(&report));
	return 0;
}

/* --- one index of several images --- */

struct inputs {
	struct input *items;
	size_t items_nr, items_alloc;
};

static void inputs_release(struct inputs *in)
{
	while (in->items_nr)
		input_close(&in->items[--in->items_nr]);
	free(in->items);
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* One platform twice would leave the choice to whoever reads the index. */
static int check_platform(const struct sp_image *image, const struct sp_manifest *m,
			  const char *text, struct sp_err *err)
{
	if (!m->os || !m->arch)
		return sp_err_set(err, SP_EVERIFY, "%s: its configuration names no platform", text);
	for (size_t i = 0; i < image->manifests_nr; i++) {
		const struct sp_manifest *other = &image->manifests[i];

		if (same(other->os, m->os) && same(other->arch, m->arch) &&
		    same(other->variant, m->variant))
			return sp_err_set(err, SP_EUSAGE,
					  "%s: there is an image for %s/%s%s%s already", text, m->os,
					  m->arch, m->variant ? "/" : "",
					  m->variant ? m->variant : "");
	}
	if (image->manifests_nr >= SP_PLATFORMS_MAX)
		return sp_err_set(err, SP_EUSAGE, "an index takes %d platforms at most",
				  SP_PLATFORMS_MAX);
	return 0;
}

/* Attestations of an image stay with the index that lists them. */
static bool is_attestation(const struct sp_manifest *m)
{
	return same(m->os, "unknown") && same(m->arch, "unknown");
}

static int add_images(struct sp_image *image, const struct input *in, struct sp_err *err)
{
	const struct sp_image *from = in->graph.image;
	size_t before = image->manifests_nr;

	for (size_t i = 0; i < from->manifests_nr; i++) {
		if (is_attestation(&from->manifests[i]))
			continue;
		if (check_platform(image, &from->manifests[i], in->text, err))
			return -1;
		*SP_VEC_PUSH(image->manifests) = from->manifests[i];
	}
	if (image->manifests_nr == before)
		return sp_err_set(err, SP_EVERIFY, "%s: holds no image", in->text);
	return 0;
}

/* What of a graph is not part of the new index: the index that it came in, and what
 * only that lists. */
static void keep_images_alone(struct sp_graph *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->documents_nr; i++) {
		if (sp_mt_is_index(g->documents[i].desc.media_type)) {
			sp_buf_release(&g->documents[i].text);
			continue;
		}
		g->documents[n++] = g->documents[i];
	}
	g->documents_nr = n;
}

static int make_index(struct scratchpack *job, struct inputs *in, struct sp_dests *d,
		      struct sp_image *image, struct sp_err *err)
{
	for (size_t i = 0; i < in->items_nr; i++)
		if (compress_layers(job, &in->items[i].graph, d, err))
			return sp_err_wrap(err, "%s", in->items[i].text);
	for (size_t i = 0; i < in->items_nr; i++) {
		if (add_images(image, &in->items[i], err))
			return -1;
		keep_images_alone(&in->items[i].graph);
	}
	for (size_t i = 0; i < in->items_nr; i++)
		if (sp_copy(&in->items[i].graph, d->dests, d->dests_nr, &job->transport, err))
			return sp_err_wrap(err, "%s", in->items[i].text);
	return sp_image_finish(image, &job->options.index_annotations, true, d->tee, err);
}

int scratchpack_index(struct scratchpack *job, const char *const *images, int nr,
		      struct sp_err *err)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	SP_CLEANUP(inputs_release) struct inputs in = { 0 };
	SP_CLEANUP(sp_dests_release) struct sp_dests d = { 0 };
	sp_autojson struct sp_json *report = sp_json_object();
	struct sp_ref ref = { 0 };
	size_t refs_nr = 0;

	sp_job_report(job, NULL);
	if (nr < 1)
		return sp_err_set(err, SP_EUSAGE, "no image was given");
	if (take_names(job, images, nr, err))
		return -1;
	for (int i = 0; i < nr; i++)
		if (input_open(job, images[i], &arena, SP_VEC_PUSH(in.items), err))
			return -1;
	own_names(&in.items[0].graph, &arena, &ref, &refs_nr);
	struct sp_image *image = sp_image_new();
	int rc = sp_dests_open(&d, job, &arena, &ref, refs_nr, err) ||
		 make_index(job, &in, &d, image, err) ||
		 sp_dests_commit(&d, image, &ref, refs_nr, sp_json_add_array(report, "results"),
				 err) ? -1 : 0;

	sp_image_free(image);
	if (!rc)
		sp_job_report(job, sp_steal_ptr(&report));
	return rc;
}
