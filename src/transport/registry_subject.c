/*
 * A manifest that refers to another one (subject: a signature, an SBOM), written to a
 * registry that keeps no list of such: the client keeps it, under a tag.
 */
#include "transport/registry_dest.h"

#include "image/json.h"
#include "transport/lists.h"
#include "transport/manifests.h"

static int keep_list(struct sp_registry *r, const struct sp_kept_document *doc,
		     const struct sp_json *json, const char *subject, struct sp_err *err)
{
	const char *type = sp_json_str(json, "artifactType");
	struct sp_digest digest;

	if (!sp_digest_parse(subject, &digest))
		return sp_err_set(err, SP_EVERIFY, "manifest %s: its subject has no digest",
				  doc->desc.digest.str);
	if (!type)
		type = sp_json_str(sp_json_get(json, "config"), "mediaType");
	if (sp_referrers_add(r, &digest, &doc->desc, type, sp_json_get(json, "annotations"), err))
		return sp_err_wrap(err, "the list of what refers to %s", digest.str);
	return 0;
}

int sp_registry_dest_put(struct sp_registry *r, const struct sp_kept_document *doc,
			 struct sp_err *err)
{
	sp_autojson struct sp_json *json = NULL;
	bool noted;

	if (sp_json_parse(sp_buf_str(&doc->text), doc->text.len, &json, err))
		return -1;
	const char *subject = sp_json_str(sp_json_get(json, "subject"), "digest");
	if (sp_manifest_put(r, doc->desc.digest.str, &doc->desc, &doc->text, subject, &noted,
			    err))
		return -1;
	return subject && !noted ? keep_list(r, doc, json, subject, err) : 0;
}
