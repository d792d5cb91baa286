/*
 * The end of a push: manifests and indexes, which waited for their blobs, and then the
 * tags.
 */
#include "transport/registry_dest.h"

#include "image/image.h"
#include "transport/manifests.h"

/* Children come before what lists them, as they were written. */
int sp_registry_dest_prepare(struct sp_dest *dest, const struct sp_image *image,
			     const struct sp_ref *refs, size_t refs_nr, struct sp_err *err)
{
	struct sp_registry_dest *d = (struct sp_registry_dest *)dest;

	if (d->again)
		return sp_err_set(err, SP_ENETWORK, "%s: a layer got lost on the way",
				  sp_registry_name(d->r));
	d->root = NULL;
	for (size_t i = 0; i < d->documents_nr; i++) {
		struct sp_kept_document *doc = &d->documents[i];
		bool there;

		if (sp_digest_equal(&doc->desc.digest, &image->root.digest))
			d->root = doc;
		if (sp_manifest_has(d->r, doc->desc.digest.str, &doc->desc, &there, err))
			return -1;
		if (!there && sp_registry_dest_put(d->r, doc, err))
			return -1;
	}
	if (!d->root)
		return sp_err_set(err, SP_EFAIL, "%s: the document of the image itself was not "
				  "written", sp_registry_name(d->r));
	d->refs = refs;
	d->refs_nr = refs_nr;
	return 0;
}

int sp_registry_dest_commit(struct sp_dest *dest, struct sp_err *err)
{
	struct sp_registry_dest *d = (struct sp_registry_dest *)dest;
	const struct sp_transport_options *o = sp_registry_transport(d->r);
	bool there;

	for (size_t i = 0; i < d->refs_nr; i++) {
		const char *tag = d->refs[i].tag;

		/* a name with a digest alone stands under no tag */
		if (!tag)
			continue;
		if (sp_dest_cancelled(o))
			return sp_err_set(err, SP_ECANCELLED, "cancelled");
		/* a registry whose tags never change refuses also the same one */
		if (sp_manifest_has(d->r, tag, &d->root->desc, &there, err) ||
		    (!there && sp_manifest_put(d->r, tag, &d->root->desc, &d->root->text, NULL, NULL,
					       err)))
			return -1;
	}
	return 0;
}
