/*
 * One platform of an image: which manifest of an index serves it, through indexes
 * within indexes.
 */
#include <string.h>

#include "image/schema.h"
#include "image/stored_state.h"

#define SCORE_EXACT 100

/* What no variant means, as containerd normalises it (platforms/database.go). */
static const char *normal(const char *arch, const char *variant)
{
	if (variant && *variant)
		return variant;
	return strcmp(arch, "arm") == 0	  ? "v7" :
	       strcmp(arch, "arm64") == 0 ? "v8" :
	       strcmp(arch, "amd64") == 0 ? "v1" : "";
}

/* "v7" is 7, anything else 0. */
static unsigned level(const char *variant)
{
	return variant[0] == 'v' && variant[1] >= '1' && variant[1] <= '9' && !variant[2] ?
		       (unsigned)(variant[1] - '0') : 0;
}

/* A lower variant of ARM or amd64 runs on a higher one; the nearest is the best. */
unsigned sp_stored_score(const struct sp_stored_want *want, const char *os,
			 const char *arch, const char *variant)
{
	if (!os || !arch || strcmp(os, want->os) != 0 || strcmp(arch, want->arch) != 0)
		return 0;
	const char *have = normal(arch, variant), *need = normal(arch, want->variant);
	unsigned h = level(have), n = level(need);

	if (strcmp(have, need) == 0)
		return SCORE_EXACT;
	if (h && n && h < n && strcmp(arch, "arm64") != 0)
		return SCORE_EXACT - (n - h);
	return 0;
}

struct choice {
	struct sp_stored *stored;
	const struct sp_stored_want *want;
	unsigned score;			/* of what is in stored->manifest */
	size_t seen, manifests;		/* descriptors looked at; of images */
	struct sp_buf platforms;	/* those that were there, for a message */
};

static void choice_release(struct choice *c)
{
	sp_buf_release(&c->platforms);
}

static int choose(struct choice *c, const struct sp_json *desc, unsigned depth,
		  struct sp_err *err);

static int choose_in_index(struct choice *c, const struct sp_desc *desc, unsigned depth,
			   struct sp_err *err)
{
	sp_autobuf struct sp_buf text = { 0 };
	sp_autojson struct sp_json *doc = NULL;

	if (depth == SP_STORED_DEPTH_MAX)
		return sp_err_set(err, SP_EVERIFY, "index %s: is nested more than %d deep",
				  desc->digest.str, SP_STORED_DEPTH_MAX);
	if (sp_stored_document(c->stored->source, desc, SP_DOC_INDEX, &text, &doc, err))
		return -1;
	const struct sp_json *i = sp_json_first(sp_json_get(doc, "manifests"));
	for (; i; i = sp_json_next(i))
		if (choose(c, i, depth + 1, err))
			return -1;
	return 0;
}

/* A descriptor need not say for what its manifest is: the configuration does. */
static int platform_of(struct choice *c, const struct sp_desc *desc, struct sp_json **ret,
		       struct sp_err *err)
{
	sp_autobuf struct sp_buf text = { 0 };
	sp_autojson struct sp_json *manifest = NULL;
	struct sp_desc config;

	if (sp_stored_document(c->stored->source, desc, SP_DOC_MANIFEST, &text, &manifest, err) ||
	    sp_desc_parse(sp_json_get(manifest, "config"), &c->stored->arena, &config, err))
		return -1;
	/* an artifact is for no platform */
	if (!sp_mt_is_config(config.media_type))
		return 0;
	return sp_stored_document(c->stored->source, &config, SP_DOC_CONFIG, &text, ret, err);
}

static void note_platform(struct choice *c, const struct sp_json *platform)
{
	const char *os = sp_json_str(platform, "os");
	const char *arch = sp_json_str(platform, "architecture");
	const char *variant = sp_json_str(platform, "variant");
	sp_autofree char *text = sp_strf("%s/%s%s%s", os ? os : "?", arch ? arch : "?",
					 variant && *variant ? "/" : "", variant ? variant : "");
	sp_autofree char *shown = sp_show(text, strlen(text));

	if (c->platforms.len < 500)
		sp_buf_addf(&c->platforms, "%s%s", c->platforms.len ? ", " : "", shown);
}

static void keep_claim(struct sp_stored *s, const struct sp_json *platform)
{
	const char *os = sp_json_str(platform, "os");
	const char *arch = sp_json_str(platform, "architecture");

	s->index_os = os && arch ? sp_arena_strdup(&s->arena, os) : NULL;
	s->index_arch = os && arch ? sp_arena_strdup(&s->arena, arch) : NULL;
}

static int weigh(struct choice *c, const struct sp_json *value, const struct sp_desc *desc,
		 struct sp_err *err)
{
	const struct sp_json *platform = sp_json_get(value, "platform");
	sp_autojson struct sp_json *config = NULL;

	if (sp_desc_is_attestation(value))
		return 0;
	if (!sp_json_str(platform, "os")) {
		if (platform_of(c, desc, &config, err))
			return -1;
		platform = config;
	}
	if (!platform)
		return 0;
	c->manifests++;
	note_platform(c, platform);
	unsigned score = c->want ? sp_stored_score(c->want, sp_json_str(platform, "os"),
						   sp_json_str(platform, "architecture"),
						   sp_json_str(platform, "variant")) : 1;
	/* the only one serves who takes any: remember the first */
	if (score > c->score || (!score && c->manifests == 1)) {
		c->score = score;
		c->stored->manifest = *desc;
		keep_claim(c->stored, config ? NULL : platform);
	}
	return 0;
}

static int choose(struct choice *c, const struct sp_json *value, unsigned depth,
		  struct sp_err *err)
{
	struct sp_desc desc;

	if (++c->seen > SP_STORED_MANIFESTS_MAX)
		return sp_err_set(err, SP_EVERIFY, "leads to more than %d manifests",
				  SP_STORED_MANIFESTS_MAX);
	if (sp_desc_parse(value, &c->stored->arena, &desc, err))
		return -1;
	if (sp_mt_is_index(desc.media_type))
		return choose_in_index(c, &desc, depth, err);
	if (sp_mt_is_manifest(desc.media_type))
		return weigh(c, value, &desc, err);
	if (strstr(desc.media_type, "distribution.manifest.v1"))
		return sp_err_set(err, SP_EVERIFY,
				  "manifest %s: is one of schema 1, which is not read; have the "
				  "image pushed again by Docker 1.10 or later, or convert it with "
				  "skopeo", desc.digest.str);
	return 0;	/* signatures, SBOMs */
}

/* Nothing, or too much, was found. */
static int check_choice(const struct choice *c, struct sp_err *err)
{
	const struct sp_stored_want *want = c->want;

	if (!c->manifests)
		return sp_err_set(err, SP_EVERIFY, "names no manifest of an image");
	if (!want && c->manifests > 1)
		return sp_err_set(err, SP_EFAIL, "is for several platforms; say which one: %s",
				  c->platforms.data);
	if (c->score || (want->flexible && c->manifests == 1))
		return 0;
	return sp_err_set(err, SP_EFAIL, "has no image for %s/%s%s%s; it has %s", want->os,
			  want->arch, want->variant ? "/" : "",
			  want->variant ? want->variant : "", c->platforms.data);
}

int sp_stored_choose(struct sp_stored *s, const struct sp_json *const *descs, size_t nr,
		     const struct sp_stored_want *want, struct sp_err *err)
{
	SP_CLEANUP(choice_release) struct choice c = { .stored = s, .want = want };

	for (size_t i = 0; i < nr; i++)
		if (choose(&c, descs[i], 0, err))
			return -1;
	if (check_choice(&c, err))
		return -1;
	return sp_stored_document(s->source, &s->manifest, SP_DOC_MANIFEST, &s->manifest_text,
				  &s->manifest_doc, err);
}
