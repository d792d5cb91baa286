/*
 * Destinations together; and what the registries that a job names have to do with
 * each other.
 */
#include "api/dests.h"

#include <string.h>

#include "base/vec.h"
#include "transport/credentials.h"

static bool has_creds_for_all(const struct sp_options *o)
{
	for (size_t i = 0; i < o->creds.items_nr; i++)
		if (sp_credentials_is_for_all(o->creds.items[i]))
			return true;
	return false;
}

int sp_job_name(struct scratchpack *job, const char *text, bool source, struct sp_err *err)
{
	struct sp_options *o = &job->options;
	const char *name;
	struct sp_ref ref;

	/* one that is empty is refused where it is opened */
	if (sp_address_of(text, &name) != SP_AT_REGISTRY || !*name)
		return 0;
	if (sp_ref_parse(name, &o->arena, &ref, err))
		return sp_err_wrap(err, "%s", text);
	if (!job->domain)
		job->domain = ref.domain;
	if (strcmp(job->domain, ref.domain) != 0 && has_creds_for_all(o))
		return sp_err_set(err, SP_EUSAGE,
				  "--creds: two registries are named, %s and %s; say whose they "
				  "are: --creds %s=USER:PASSWORD", job->domain, ref.domain,
				  job->domain);
	if (strcmp(job->domain, ref.domain) != 0 && o->cert_dir)
		return sp_err_set(err, SP_EUSAGE,
				  "--cert-dir: two registries are named, %s and %s, and each must "
				  "see its own client certificate; keep them in "
				  "~/.config/containers/certs.d/HOST", job->domain, ref.domain);
	if (source)
		sp_strings_add(&job->mount_from, &o->arena, sp_ref_name_full(&ref, &o->arena));
	return 0;
}

/* Repositories that the user allows to be mounted from. */
static int add_mounts(struct scratchpack *job, struct sp_err *err)
{
	struct sp_options *o = &job->options;
	struct sp_ref ref;

	for (size_t i = 0; i < o->mount_from.items_nr; i++) {
		if (sp_ref_parse(o->mount_from.items[i], &o->arena, &ref, err))
			return sp_err_wrap(err, "--mount-from %s", o->mount_from.items[i]);
		sp_strings_add(&job->mount_from, &o->arena, sp_ref_name_full(&ref, &o->arena));
	}
	return 0;
}

static int open_one(struct sp_dests *d, size_t at, const struct sp_ref *refs, size_t refs_nr,
		    struct sp_err *err)
{
	const struct sp_strings *outputs = &d->job->options.outputs;
	struct sp_dest *dest;

	for (size_t k = 0; k < at; k++)
		if (strcmp(outputs->items[at], outputs->items[k]) == 0)
			return sp_err_set(err, SP_EUSAGE, "--output %s is given twice",
					  outputs->items[at]);
	if (sp_dest_open(outputs->items[at], &d->job->transport, &dest, err))
		return -1;
	*SP_VEC_PUSH(d->dests) = dest;
	for (size_t k = 0; k < at && !sp_dest_follow(dest, d->dests[k]);)
		k++;
	/* a name that cannot be is said now, not after the work */
	return sp_dest_names(dest, d->arena, &refs, &refs_nr, err);
}

int sp_dests_open(struct sp_dests *d, struct scratchpack *job, struct sp_arena *arena,
		  const struct sp_ref *refs, size_t refs_nr, struct sp_err *err)
{
	const struct sp_strings *outputs = &job->options.outputs;
	struct sp_sink **sinks;

	*d = (struct sp_dests){ .job = job, .arena = arena };
	for (size_t i = 0; i < outputs->items_nr; i++)
		if (sp_job_name(job, outputs->items[i], false, err))
			return -1;
	if (add_mounts(job, err))
		return -1;
	sp_job_transport(job);
	for (size_t i = 0; i < outputs->items_nr; i++) {
		/* the later ones may mount what the earlier ones get */
		if (open_one(d, i, refs, refs_nr, err) ||
		    sp_job_name(job, outputs->items[i], true, err))
			return -1;
		sp_job_transport(job);
	}
	sinks = sp_arena_alloc(arena, (d->dests_nr + 1) * sizeof(struct sp_sink *));
	for (size_t i = 0; i < d->dests_nr; i++)
		sinks[i] = sp_dest_sink(d->dests[i]);
	d->tee = sp_sink_tee_new(sinks, d->dests_nr);
	return 0;
}

void sp_dests_release(struct sp_dests *d)
{
	sp_sink_tee_free(d->tee);
	while (d->dests_nr)
		sp_dest_free(d->dests[--d->dests_nr]);
	free(d->dests);
}

/* Those that cannot be taken back first, so that one of them that fails leaves
 * the files as they were. */
static int commit_all(struct sp_dests *d, struct sp_err *err)
{
	for (int final = 1; final >= 0; final--)
		for (size_t i = 0; i < d->dests_nr; i++)
			if (sp_dest_is_final(d->dests[i]) == (bool)final &&
			    sp_dest_commit(d->dests[i], err))
				return -1;
	return 0;
}

static void report(struct sp_dests *d, const struct sp_image *image, size_t at,
		   const struct sp_ref *refs, size_t refs_nr, struct sp_json *results)
{
	struct sp_json *result = sp_json_push_object(results);

	if (refs_nr) {
		sp_json_add_str(result, "name", sp_ref_name_familiar(&refs[0], d->arena));
		sp_json_add_str(result, "tag", refs[0].tag ? refs[0].tag : "");
	}
	sp_json_add_str(result, "digest", image->root.digest.str);
	sp_json_add_int(result, "size", (int64_t)image->root.size);
	sp_json_add_str(result, "media_type", image->root.media_type);
	if (image->manifests_nr)
		sp_json_add_str(result, "config", image->manifests[0].config.digest.str);
	const char *where = sp_dest_where(d->dests[at]);

	if (where)
		sp_json_add_str(result, "loaded_into", where);
	sp_json_add_str(result, "destination",
			where ? where : d->job->options.outputs.items[at]);
}

int sp_dests_commit(struct sp_dests *d, const struct sp_image *image, const struct sp_ref *refs,
		    size_t refs_nr, struct sp_json *results, struct sp_err *err)
{
	struct { const struct sp_ref *refs; size_t refs_nr; } *names;

	names = sp_arena_alloc(d->arena, (d->dests_nr + 1) * sizeof(*names));
	for (size_t i = 0; i < d->dests_nr; i++) {
		names[i].refs = refs;
		names[i].refs_nr = refs_nr;
		if (sp_dest_names(d->dests[i], d->arena, &names[i].refs, &names[i].refs_nr, err) ||
		    sp_dest_prepare(d->dests[i], image, names[i].refs, names[i].refs_nr, err))
			return -1;
	}
	if (d->job->cancelled)
		return sp_err_set(err, SP_ECANCELLED, "interrupted");
	if (commit_all(d, err))
		return -1;
	for (size_t i = 0; i < d->dests_nr; i++)
		report(d, image, i, names[i].refs, names[i].refs_nr, results);
	return 0;
}
