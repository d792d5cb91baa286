/*
 * The docker archive form: manifest.json names a configuration and layers by
 * their paths.  In an archive that is an OCI layout too, both must tell of the
 * same images, since readers pick one or the other.
 */
#include <string.h>

#include "base/vec.h"
#include "image/verify_state.h"

struct docker {
	struct sp_verify_state *v;
	bool hybrid, compare;		/* compare: index.json was without fault */
	size_t oci_nr;			/* images that index.json led to */
	const struct sp_json *entry;	/* of manifest.json */
	char *where;			/* "manifest.json: [0]" */
	size_t *layers;
	size_t layers_nr, layers_alloc;
};

static void docker_release(struct docker *d)
{
	free(d->where);
	free(d->layers);
}

/* The digest that a path claims: "blobs/sha256/HEX", or "HEX.json" as docker save
 * calls configurations.  False if it claims none. */
static bool claimed(const char *path, struct sp_digest *ret)
{
	sp_autofree char *text = NULL;
	const char *dot = strrchr(path, '.');

	if (strncmp(path, "blobs/", 6) == 0) {
		text = sp_strdup(path + 6);
		char *slash = strchr(text, '/');
		if (slash)
			*slash = ':';
	} else if (dot && strcmp(dot, ".json") == 0) {
		text = sp_strf("sha256:%.*s", (int)(dot - path), path);
	}
	return text && sp_digest_parse(text, ret);
}

static int read_layers(struct docker *d, struct sp_err *err)
{
	const struct sp_json *i = sp_json_first(sp_json_get(d->entry, "Layers"));

	for (; i; i = sp_json_next(i)) {
		const char *path = sp_json_str(i, NULL);
		struct sp_digest digest;

		if (d->layers_nr == SP_LAYERS_MAX) {
			sp_verify_problem(d->v, "too-many-layers", d->where,
					  "has more than %d layers, the most that engines stack",
					  SP_LAYERS_MAX);
			return 0;
		}
		bool has = claimed(path, &digest);
		sp_autofree char *shown = sp_show(path, strlen(path));
		sp_autofree char *where = has ? sp_strf("layer %s", digest.str) :
						sp_strf("layer %s", shown);
		const struct sp_verify_place at = { has ? &digest : NULL, path,
						    SP_VERIFY_UNKNOWN, where };
		if (sp_verify_layer(d->v, &at, SP_VEC_PUSH(d->layers), err))
			return -1;
	}
	return 0;
}

/* Load the configuration; *ret NULL after a problem. */
static int read_config(struct docker *d, struct sp_json **ret, struct sp_digest *ret_digest,
		       struct sp_err *err)
{
	const char *path = sp_json_str(d->entry, "Config");
	struct sp_digest digest;
	bool has = claimed(path, &digest);
	sp_autofree char *shown = sp_show(path, strlen(path));
	sp_autofree char *where = has ? sp_strf("config %s", digest.str) :
					sp_strf("config %s", shown);
	const struct sp_verify_place at = { has ? &digest : NULL, path, SP_VERIFY_UNKNOWN,
					    where };

	return sp_verify_load(d->v, &at, SP_DOC_CONFIG, NULL, ret, ret_digest, err);
}

static bool list_of_strings(const struct sp_json *list)
{
	for (const struct sp_json *i = sp_json_first(list); i; i = sp_json_next(i))
		if (!sp_json_is_str(i))
			return false;
	return sp_json_is_array(list);
}

static bool well_formed(struct docker *d)
{
	const struct sp_json *tags = sp_json_get(d->entry, "RepoTags");
	const char *what = NULL;

	if (!sp_json_str(d->entry, "Config"))
		what = "has no string Config";
	else if (!list_of_strings(sp_json_get(d->entry, "Layers")))
		what = "has no list Layers of strings";
	else if (tags && !sp_json_is_null(tags) && !list_of_strings(tags))
		what = "its RepoTags are no list of strings";
	if (what)
		sp_verify_problem(d->v, "docker-manifest", d->where, "%s", what);
	return !what;
}

/* Is name among the RepoTags? */
static bool has_tag(const struct sp_json *entry, const char *name)
{
	const struct sp_json *i = sp_json_first(sp_json_get(entry, "RepoTags"));

	for (; i; i = sp_json_next(i))
		if (sp_ref_same(sp_json_str(i, NULL), name))
			return true;
	return false;
}

static bool in_index(const struct docker *d, const char *config, const char *name)
{
	for (size_t i = 0; i < d->oci_nr; i++) {
		const struct sp_verify_image *image = &d->v->report->images[i];

		if (image->config && strcmp(image->config, config) == 0 &&
		    (!name || (image->name && sp_ref_same(image->name, name))))
			return true;
	}
	return false;
}

/* Compare one entry with what index.json led to. */
static void check_agreement(struct docker *d, const char *config)
{
	const struct sp_json *i = sp_json_first(sp_json_get(d->entry, "RepoTags"));

	if (!in_index(d, config, NULL)) {
		sp_verify_problem(d->v, "config-disagrees", d->where,
				  "no image in index.json has its configuration %s", config);
		return;
	}
	for (; i; i = sp_json_next(i)) {
		const char *tag = sp_json_str(i, NULL);
		sp_autofree char *shown = sp_show(tag, strlen(tag));

		if (!d->v->ref && !in_index(d, config, tag))
			sp_verify_problem(d->v, "names-disagree", d->where,
					  "its name %s is not that image's in index.json",
					  shown);
	}
}

/* The RepoTags as the names of images in the report. */
static void add_images(struct docker *d, const struct sp_verify_image *image)
{
	const struct sp_json *i = sp_json_first(sp_json_get(d->entry, "RepoTags"));
	struct sp_verify_image *added = sp_verify_add_image(d->v);

	if (added)
		*added = *image;
	for (bool first = true; i && added; i = sp_json_next(i), first = false) {
		const char *tag = sp_json_str(i, NULL);
		sp_autofree char *shown = sp_show(tag, strlen(tag));

		if (!first)
			added = sp_verify_add_image(d->v);
		if (!added)
			return;
		*added = *image;
		added->name = sp_arena_strdup(&d->v->report->arena, shown);
	}
}

static int check_entry(struct docker *d, struct sp_err *err)
{
	sp_autojson struct sp_json *config = NULL;
	struct sp_verify_image image = { 0 };
	struct sp_digest digest;

	if (!well_formed(d))
		return 0;
	if (read_config(d, &config, &digest, err) || read_layers(d, err))
		return -1;
	if (!config)
		return 0;
	sp_autofree char *where = sp_strf("config %s", digest.str);
	const struct sp_verify_parts parts = {
		.where = d->where, .config_where = where, .config = config,
		.layers = d->layers, .layers_nr = d->layers_nr, .image = &image,
	};
	image.config = sp_arena_strdup(&d->v->report->arena, digest.str);
	if (sp_verify_parts(d->v, &parts, err))
		return -1;
	if (!d->hybrid)
		add_images(d, &image);
	else if (d->compare)
		check_agreement(d, digest.str);
	return 0;
}

/* Every name of index.json must be a RepoTag of some entry. */
static void check_names(struct sp_verify_state *v, const struct sp_json *doc, size_t oci_nr)
{
	for (size_t i = 0; i < oci_nr; i++) {
		const char *name = v->report->images[i].name;
		bool found = !name;

		for (const struct sp_json *e = sp_json_first(doc); e && !found;
		     e = sp_json_next(e))
			found = has_tag(e, name);
		if (!found)
			sp_verify_problem(v, "names-disagree", "manifest.json",
					  "does not have the name %s of index.json", name);
	}
}

int sp_verify_docker(struct sp_verify_state *v, const struct sp_json *doc, bool hybrid,
		     struct sp_err *err)
{
	const struct sp_json *i = sp_json_first(doc);
	size_t oci_nr = v->report->images_nr, problems = v->report->problems_total;

	if (!sp_json_is_array(doc) || !i) {
		sp_verify_problem(v, "docker-manifest", "manifest.json",
				  "is no list of images");
		return 0;
	}
	for (size_t nr = 0; i; i = sp_json_next(i), nr++) {
		struct docker d SP_CLEANUP(docker_release) = {
			.v = v, .hybrid = hybrid, .compare = hybrid && !problems,
			.oci_nr = oci_nr, .entry = i,
			.where = sp_strf("manifest.json: [%zu]", nr),
		};

		if (nr == SP_VERIFY_IMAGES_MAX) {
			sp_verify_problem(v, "too-many-images", "manifest.json",
					  "has more than %d entries", SP_VERIFY_IMAGES_MAX);
			return 0;
		}
		if (v->ref && !has_tag(i, v->ref))
			continue;
		v->found = true;
		if (check_entry(&d, err))
			return -1;
	}
	/* an image of index.json that could not be read has no name to compare */
	if (hybrid && !problems)
		check_names(v, doc, oci_nr);
	return 0;
}
