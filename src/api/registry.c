/*
 * What one asks a registry besides images: tags, referrers, and to let one in.
 */
#include <string.h>

#include "api/dests.h"
#include "transport/credentials.h"
#include "transport/lists.h"
#include "transport/manifests.h"

/* What stands in a registry by its name, with "docker://" or without. */
static int parse_repository(const char *name, struct sp_arena *arena, struct sp_ref *ref,
			    struct sp_err *err)
{
	const char *rest;

	return sp_ref_parse(sp_address_of(name, &rest) == SP_AT_REGISTRY ? rest : name, arena,
			    ref, err);
}

int scratchpack_tags(struct scratchpack *job, const char *name, struct sp_err *err)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	sp_autojson struct sp_json *report = sp_json_object();
	struct sp_registry *registry;
	struct sp_strings tags = { 0 };
	struct sp_json *list;
	struct sp_ref ref;

	sp_job_report(job, NULL);
	if (parse_repository(name, &arena, &ref, err))
		return -1;
	/* of a repository, not of one image in it */
	if (ref.tag || ref.digest)
		return sp_err_set(err, SP_EUSAGE, "%s: expected a repository without a tag or "
				  "digest: %s", name, sp_ref_name_familiar(&ref, &arena));
	if (sp_registry_new(sp_job_transport(job), &ref, false, &registry, err))
		return -1;
	int rc = sp_tags_list(registry, &arena, &tags, err);

	sp_registry_free(registry);
	sp_json_add_str(report, "name", sp_ref_name_familiar(&ref, &arena));
	list = sp_json_add_array(report, "tags");
	for (size_t i = 0; i < tags.items_nr; i++)
		sp_json_push_str(list, tags.items[i]);
	free(tags.items);
	if (!rc)
		sp_job_report(job, sp_steal_ptr(&report));
	return rc;
}

/* The digest that a name stands for. */
static int resolve(struct sp_registry *registry, const struct sp_ref *ref,
		   struct sp_arena *arena, struct sp_digest *ret, struct sp_err *err)
{
	sp_autobuf struct sp_buf text = { 0 };
	const char *tag = ref->tag ? ref->tag : SP_REF_DEFAULT_TAG;
	struct sp_desc desc;
	bool found;

	if (ref->digest)
		return sp_digest_parse(ref->digest, ret) ?
			       0 : sp_err_set(err, SP_EUSAGE, "%s: is no digest", ref->digest);
	if (sp_manifest_get(registry, tag, arena, &text, &desc, &found, err))
		return -1;
	if (!found)
		return sp_err_set(err, SP_ENETWORK, "%s:%s: the registry has no such image",
				  sp_registry_name(registry), tag);
	*ret = desc.digest;
	return 0;
}

int scratchpack_referrers(struct scratchpack *job, const char *name, struct sp_err *err)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	sp_autojson struct sp_json *report = sp_json_object();
	struct sp_registry *registry;
	struct sp_digest digest;
	struct sp_json *list;
	struct sp_ref ref;
	bool by_tag;

	sp_job_report(job, NULL);
	if (parse_repository(name, &arena, &ref, err) ||
	    sp_registry_new(sp_job_transport(job), &ref, false, &registry, err))
		return -1;
	int rc = resolve(registry, &ref, &arena, &digest, err) ||
		 sp_referrers_list(registry, &digest, NULL, &list, &by_tag, err) ? -1 : 0;

	sp_registry_free(registry);
	if (rc)
		return -1;
	sp_json_add_str(report, "name", sp_ref_name_familiar(&ref, &arena));
	sp_json_add_str(report, "digest", digest.str);
	sp_json_add_str(report, "from", by_tag ? "tag" : "api");
	sp_json_add(report, "referrers", list);
	sp_job_report(job, sp_steal_ptr(&report));
	return 0;
}

/* The registry's name as it stands in references. */
static int parse_registry(const char *text, struct sp_arena *arena, const char **ret,
			  struct sp_err *err)
{
	struct sp_ref ref;

	if (strncmp(text, "https://", 8) == 0)
		text += 8;
	/* any repository will do to see whether it is a name */
	const char *name = sp_arena_strf(arena, "%.*s/x", (int)strcspn(text, "/"), text);

	if (sp_ref_parse(name, arena, &ref, err) ||
	    (strncmp(ref.domain, text, strlen(ref.domain)) != 0 &&
	     strncmp(text, "index.docker.io", 15) != 0))
		return sp_err_set(err, SP_EUSAGE, "%s: expected a registry, as in ghcr.io", text);
	*ret = ref.domain;
	return 0;
}

static void report_where(struct scratchpack *job, const char *domain, const char *where)
{
	sp_autojson struct sp_json *report = sp_json_object();

	sp_json_add_str(report, "registry", domain);
	sp_json_add_str(report, "where", where);
	sp_job_report(job, sp_steal_ptr(&report));
}

int scratchpack_login(struct scratchpack *job, const char *registry, struct sp_err *err)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	const struct sp_options *o = &job->options;
	struct sp_ref ref = { .path = "" };
	struct sp_registry *client;
	const char *creds[1], *where;

	sp_job_report(job, NULL);
	if (parse_registry(registry, &arena, &ref.domain, err))
		return -1;
	if (!o->username || !o->password || strchr(o->username, ':'))
		return sp_err_set(err, SP_EUSAGE,
				  "a user name (without a colon) and a password are needed");
	/* whatever files say: these are to be tried */
	creds[0] = sp_arena_strf(&arena, "%s=%s:%s", ref.domain, o->username, o->password);
	sp_job_transport(job);
	job->registry.creds = creds;
	job->registry.creds_nr = 1;
	if (sp_registry_new(&job->transport, &ref, false, &client, err))
		return -1;
	int rc = sp_registry_check(client, err);

	sp_registry_free(client);
	if (rc ||
	    sp_credentials_store(&job->registry, ref.domain, o->username, o->password,
				 &job->cancelled, &arena, &where, err))
		return -1;
	report_where(job, ref.domain, where);
	return 0;
}

int scratchpack_logout(struct scratchpack *job, const char *registry, struct sp_err *err)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	const char *domain, *where;
	bool found;

	sp_job_report(job, NULL);
	if (parse_registry(registry, &arena, &domain, err))
		return -1;
	sp_job_transport(job);
	if (sp_credentials_erase(&job->registry, domain, &job->cancelled, &arena, &where, &found,
				 err))
		return -1;
	if (!found)
		return sp_err_set(err, SP_EFAIL, "%s: nobody is logged in, says %s", domain, where);
	report_where(job, domain, where);
	return 0;
}
