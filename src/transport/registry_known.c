/*
 * Which layers the image has that stands under the destination's name now: a layer
 * with the same tar need not be sent again.  It is a guess that saves work, so a
 * failure to find out means that nothing is known.
 */
#include "transport/registry_dest.h"

#include "base/vec.h"
#include "image/document.h"
#include "image/image.h"
#include "image/json.h"
#include "image/schema.h"
#include "transport/manifests.h"

#define PLATFORMS_MAX 8		/* of an index that are looked at */

/* A small blob that is JSON; NULL if it cannot be had. */
static struct sp_json *read_config(struct sp_registry *r, const struct sp_desc *desc)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	struct sp_http_response res = { 0 };
	struct sp_err ignored = { 0 };
	struct sp_json *doc = NULL;
	struct sp_digest is;

	if (desc->size > SP_DOCUMENT_MAX ||
	    sp_registry_do(r, &(struct sp_registry_request){
			.method = "GET", .limit = (size_t)desc->size,
			.path = sp_arena_strf(&arena, "blobs/%s", desc->digest.str) },
			&res, &arena, NULL, &ignored))
		return NULL;
	sp_digest_of(sp_buf_str(&res.body), res.body.len, &is);
	if (res.status == 200 && sp_digest_equal(&is, &desc->digest) &&
	    sp_json_parse(sp_buf_str(&res.body), res.body.len, &doc, &ignored))
		doc = NULL;
	sp_http_response_release(&res);
	return doc;
}

static void learn_manifest(struct sp_registry_dest *d, const struct sp_json *manifest)
{
	struct sp_err ignored = { 0 };
	struct sp_desc config;

	if (sp_desc_parse(sp_json_get(manifest, "config"), &d->arena, &config, &ignored))
		return;
	sp_autojson struct sp_json *doc = read_config(d->r, &config);
	const struct sp_json *id = sp_json_first(sp_json_get(sp_json_get(doc, "rootfs"),
							     "diff_ids"));
	const struct sp_json *layer = sp_json_first(sp_json_get(manifest, "layers"));

	for (int n = 0; id && layer && n < SP_LAYERS_MAX; n++) {
		struct sp_known_layer known;

		if (sp_json_str(id, NULL) && sp_digest_parse(sp_json_str(id, NULL), &known.diff_id) &&
		    sp_desc_parse(layer, &d->arena, &known.desc, &ignored) == 0)
			*SP_VEC_PUSH(d->known) = known;
		id = sp_json_next(id);
		layer = sp_json_next(layer);
	}
}

static void learn(struct sp_registry_dest *d, const char *reference, bool may_be_index)
{
	sp_autobuf struct sp_buf text = { 0 };
	sp_autojson struct sp_json *doc = NULL;
	struct sp_err ignored = { 0 };
	struct sp_desc desc;
	bool found;
	int n = 0;

	if (sp_manifest_get(d->r, reference, &d->arena, &text, &desc, &found, &ignored) ||
	    !found || sp_json_parse(sp_buf_str(&text), text.len, &doc, &ignored))
		return;
	if (sp_mt_is_manifest(desc.media_type)) {
		learn_manifest(d, doc);
		return;
	}
	const struct sp_json *i = sp_json_first(sp_json_get(doc, "manifests"));

	for (; may_be_index && i && n < PLATFORMS_MAX; i = sp_json_next(i), n++)
		if (sp_desc_parse(i, &d->arena, &desc, &ignored) == 0 &&
		    sp_mt_is_manifest(desc.media_type) && !sp_desc_is_attestation(i))
			learn(d, desc.digest.str, false);
}

bool sp_registry_dest_knows(const struct sp_dest *dest, const struct sp_digest *diff_id,
			    struct sp_desc *ret)
{
	struct sp_registry_dest *d = (struct sp_registry_dest *)dest;

	if (!d->looked && d->reference)
		learn(d, d->reference, true);
	d->looked = true;
	if (!diff_id)
		return d->known_nr;
	for (size_t i = 0; i < d->known_nr; i++)
		if (sp_digest_equal(&d->known[i].diff_id, diff_id)) {
			*ret = d->known[i].desc;
			return true;
		}
	return false;
}
