/*
 * What a registry lists: the tags of a repository, and what refers to an image.
 */
#ifndef SP_TRANSPORT_LISTS_H
#define SP_TRANSPORT_LISTS_H

#include "image/image.h"
#include "image/json.h"
#include "transport/client.h"

#define SP_LIST_PAGES_MAX 1000
#define SP_TAGS_MAX 100000
#define SP_REFERRERS_MAX 4096

/*
 * All tags, as the registry sorts them, page after page.  Null entries and names that
 * no tag has, which some registries list, are left out.
 */
SP_CHECKED int sp_tags_list(struct sp_registry *registry, struct sp_arena *arena,
			    struct sp_strings *ret, struct sp_err *err);

/*
 * The descriptors of what refers to a digest, as a JSON array that the caller frees:
 * from the referrers API, else from the index under the fallback tag; *ret_tag says
 * which.  Only those of artifact_type, if it is not NULL.  What stands under that tag
 * and is no index (it can be anybody's tag) is passed over.  SP_EVERIFY for a list that
 * is none.
 */
SP_CHECKED int sp_referrers_list(struct sp_registry *registry, const struct sp_digest *digest,
				 const char *artifact_type, struct sp_json **ret, bool *ret_tag,
				 struct sp_err *err);

/*
 * After a manifest with a subject was written (desc, with its artifact type and its
 * annotations as JSON, both may be NULL): list it under the fallback tag of the subject.
 * For registries that did not answer with OCI-Subject.
 */
SP_CHECKED int sp_referrers_add(struct sp_registry *registry, const struct sp_digest *subject,
				const struct sp_desc *desc, const char *artifact_type,
				const struct sp_json *annotations, struct sp_err *err);

#endif
