/*
 * The frame of a verification: which forms the source has, what is common to
 * both, and the verdict.  The steps are in verify_index.c, verify_manifest.c,
 * verify_docker.c, verify_layer.c and verify_image.c.
 */
#include "image/verify.h"

#include <string.h>

#include "image/verify_state.h"

/* bytes of manifest.json; what containers/image reads of one */
#define DOCKER_MANIFEST_MAX (1024 * 1024)

static void state_release(struct sp_verify_state *v)
{
	for (size_t i = 0; i < v->strata_nr; i++)
		free(v->strata[i].entries);
	free(v->strata);
	free(v->blobs);
	free(v->visits);
	sp_map_release(&v->blobs_by_digest);
	sp_map_release(&v->strata_by_key);
	sp_map_release(&v->visits_by_digest);
	sp_arena_release(&v->arena);
}

/* Check the layout, if the source is one. */
static int check_layout(struct sp_verify_state *v, bool *ret_is_layout, struct sp_err *err)
{
	sp_autojson struct sp_json *layout = NULL;
	sp_autojson struct sp_json *index = NULL;
	size_t before = v->report->problems_total;

	if (sp_verify_load_file(v, "oci-layout", SP_DOCUMENT_MAX, &layout, err) ||
	    sp_verify_load_file(v, "index.json", SP_DOCUMENT_MAX, &index, err))
		return -1;
	bool broken = v->report->problems_total > before;
	*ret_is_layout = layout || index || broken;
	if (layout)
		sp_verify_check_layout(v, layout);
	else if (index && !broken)
		sp_verify_problem(v, "oci-layout-missing", "oci-layout",
				  "is missing, which makes index.json an OCI layout");
	if (layout && !index && !broken)
		sp_verify_problem(v, "index-missing", "index.json", "is missing");
	if (!index || !sp_verify_check_index(v, index))
		return 0;
	return sp_verify_walk(v, index, err);
}

static int check_source(struct sp_verify_state *v, struct sp_err *err)
{
	sp_autojson struct sp_json *docker = NULL;
	size_t before;
	bool is_layout;

	if (check_layout(v, &is_layout, err))
		return -1;
	before = v->report->problems_total;
	if (sp_verify_load_file(v, "manifest.json", DOCKER_MANIFEST_MAX, &docker, err) ||
	    (docker && sp_verify_docker(v, docker, is_layout, err)))
		return -1;
	if (!is_layout && !docker && v->report->problems_total == before)
		sp_verify_problem(v, "no-image", "the source",
				  "has neither an index.json nor a manifest.json");
	else if (v->ref && !v->found) {
		sp_autofree char *shown = sp_show(v->ref, strlen(v->ref));

		sp_verify_problem(v, "name-not-found", "the source",
				  "has no image called %s", shown);
	}
	return 0;
}

static int verdict(const struct sp_verify_report *report, struct sp_err *err)
{
	const struct sp_verify_finding *first = report->problems;

	if (!report->problems_nr)
		return 0;
	if (report->problems_total == 1)
		return sp_err_set(err, SP_EVERIFY, "the image has a problem: %s: %s",
				  first->where, first->what);
	return sp_err_set(err, SP_EVERIFY, "the image has %zu problems; the first: %s: %s",
			  report->problems_total, first->where, first->what);
}

int sp_verify(struct sp_source *source, const char *ref,
	      const struct sp_verify_options *options, struct sp_verify_report *ret,
	      struct sp_err *err)
{
	static const struct sp_verify_options none = { 0 };
	struct sp_verify_state v SP_CLEANUP(state_release) = {
		.source = source, .options = options ? options : &none, .report = ret,
		.ref = ref, .budget = SP_TREE_BUDGET,
	};

	if (check_source(&v, err))
		return -1;
	return verdict(ret, err);
}
