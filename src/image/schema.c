/*
 * The JSON schemas of the image specification, as tables of fields and rules.
 * What documents mean to each other (digests of blobs, diff ids) is checked
 * elsewhere.
 */
#include "image/schema.h"

#include <string.h>

#include "image/check.h"
#include "image/document.h"
#include "image/image.h"

#define NR(array) (sizeof(array) / sizeof(*(array)))

/* --- constants --- */

static void rule_version_2(struct sp_check *c, const struct sp_json *value)
{
	int64_t version;

	if (!sp_json_int(value, NULL, &version) || version != 2)
		sp_check_problem(c, "expected 2");
}

static void rule_layout_version(struct sp_check *c, const struct sp_json *value)
{
	const char *version = sp_json_str(value, NULL);

	if (!version || strcmp(version, "1.0.0") != 0)
		sp_check_problem(c, "expected \"1.0.0\"");
}

static void rule_rootfs_type(struct sp_check *c, const struct sp_json *value)
{
	const char *type = sp_json_str(value, NULL);

	if (!type || strcmp(type, "layers") != 0)
		sp_check_problem(c, "expected \"layers\"");
}

/* --- lists and maps --- */

static void rule_strings(struct sp_check *c, const struct sp_json *value)
{
	sp_check_array(c, value, sp_check_str);
}

static void rule_strings_or_null(struct sp_check *c, const struct sp_json *value)
{
	if (!sp_json_is_null(value))
		rule_strings(c, value);
}

static void rule_string_map(struct sp_check *c, const struct sp_json *value)
{
	sp_check_map(c, value, sp_check_str);
}

static void rule_string_map_or_null(struct sp_check *c, const struct sp_json *value)
{
	if (!sp_json_is_null(value))
		rule_string_map(c, value);
}

static void rule_set(struct sp_check *c, const struct sp_json *value)
{
	sp_check_map(c, value, sp_check_object);
}

static void rule_set_or_null(struct sp_check *c, const struct sp_json *value)
{
	if (!sp_json_is_null(value))
		rule_set(c, value);
}

static void rule_digests(struct sp_check *c, const struct sp_json *value)
{
	sp_check_array(c, value, sp_check_digest);
}

static void rule_urls(struct sp_check *c, const struct sp_json *value)
{
	sp_check_array(c, value, sp_check_str);
	sp_check_note(c, "these addresses are never followed (CVE-2020-15157)");
}

/* --- descriptors, manifests, indexes --- */

#define DESCRIPTOR_FIELDS                                                     \
	{ "mediaType", sp_check_media_type, true },                           \
	{ "digest", sp_check_digest, true },                                  \
	{ "size", sp_check_size, true },                                      \
	{ "urls", rule_urls, false },                                         \
	{ "annotations", rule_string_map, false },                            \
	{ "data", sp_check_str, false },                                      \
	{ "artifactType", sp_check_media_type, false }

static void rule_descriptor(struct sp_check *c, const struct sp_json *value)
{
	static const struct sp_field fields[] = { DESCRIPTOR_FIELDS };

	sp_check_fields(c, value, fields, NR(fields));
}

static void rule_platform(struct sp_check *c, const struct sp_json *value)
{
	static const struct sp_field fields[] = {
		{ "architecture", sp_check_str, true },
		{ "os", sp_check_str, true },
		{ "os.version", sp_check_str, false },
		{ "os.features", rule_strings, false },
		{ "variant", sp_check_str, false },
	};

	sp_check_fields(c, value, fields, NR(fields));
}

static void rule_platform_descriptor(struct sp_check *c, const struct sp_json *value)
{
	static const struct sp_field fields[] = {
		DESCRIPTOR_FIELDS,
		{ "platform", rule_platform, false },
	};

	sp_check_fields(c, value, fields, NR(fields));
}

static void rule_manifests(struct sp_check *c, const struct sp_json *value)
{
	sp_check_array(c, value, rule_platform_descriptor);
}

static void rule_layers(struct sp_check *c, const struct sp_json *value)
{
	sp_check_array(c, value, rule_descriptor);
	if (sp_json_is_array(value) && !sp_json_first(value))
		sp_check_problem(c, "expected at least one layer");
}

static void rule_index_type(struct sp_check *c, const struct sp_json *value)
{
	const char *type = sp_json_str(value, NULL);

	if (!type || (strcmp(type, SP_MT_INDEX) != 0 && strcmp(type, SP_MT_DOCKER_LIST) != 0))
		sp_check_problem(c, "expected the media type of an index: " SP_MT_INDEX);
}

static void rule_manifest_type(struct sp_check *c, const struct sp_json *value)
{
	const char *type = sp_json_str(value, NULL);

	if (!type ||
	    (strcmp(type, SP_MT_MANIFEST) != 0 && strcmp(type, SP_MT_DOCKER_MANIFEST) != 0))
		sp_check_problem(c, "expected the media type of a manifest: " SP_MT_MANIFEST);
}

static void rule_index(struct sp_check *c, const struct sp_json *doc)
{
	static const char why[] = "cannot be in an index: it would be a manifest as well";
	static const struct sp_field fields[] = {
		{ "schemaVersion", rule_version_2, true },
		{ "mediaType", rule_index_type, false },
		{ "artifactType", sp_check_media_type, false },
		{ "manifests", rule_manifests, true },
		{ "subject", rule_descriptor, false },
		{ "annotations", rule_string_map, false },
	};

	sp_check_fields(c, doc, fields, NR(fields));
	/* CVE-2021-41190: manifest to one reader and index to another */
	sp_check_absent(c, doc, "layers", why);
	sp_check_absent(c, doc, "config", why);
}

static void rule_manifest(struct sp_check *c, const struct sp_json *doc)
{
	static const struct sp_field fields[] = {
		{ "schemaVersion", rule_version_2, true },
		{ "mediaType", rule_manifest_type, false },
		{ "artifactType", sp_check_media_type, false },
		{ "config", rule_descriptor, true },
		{ "layers", rule_layers, true },
		{ "subject", rule_descriptor, false },
		{ "annotations", rule_string_map, false },
	};

	sp_check_fields(c, doc, fields, NR(fields));
	sp_check_absent(c, doc, "manifests",
		      "cannot be in a manifest: it would be an index as well");
}

static void rule_layout(struct sp_check *c, const struct sp_json *doc)
{
	static const struct sp_field fields[] = {
		{ "imageLayoutVersion", rule_layout_version, true },
	};

	sp_check_fields(c, doc, fields, NR(fields));
}

/* --- configuration --- */

static void rule_execution(struct sp_check *c, const struct sp_json *value)
{
	static const struct sp_field fields[] = {
		{ "User", sp_check_str, false },
		{ "ExposedPorts", rule_set, false },
		{ "Env", rule_strings, false },
		{ "Entrypoint", rule_strings_or_null, false },
		{ "Cmd", rule_strings_or_null, false },
		{ "Volumes", rule_set_or_null, false },
		{ "WorkingDir", sp_check_str, false },
		{ "Labels", rule_string_map_or_null, false },
		{ "StopSignal", sp_check_str, false },
		{ "ArgsEscaped", sp_check_bool, false },
	};

	sp_check_fields(c, value, fields, NR(fields));
}

static void rule_rootfs(struct sp_check *c, const struct sp_json *value)
{
	static const struct sp_field fields[] = {
		{ "type", rule_rootfs_type, true },
		{ "diff_ids", rule_digests, true },
	};

	sp_check_fields(c, value, fields, NR(fields));
}

static void rule_history_entry(struct sp_check *c, const struct sp_json *value)
{
	static const struct sp_field fields[] = {
		{ "created", sp_check_time, false },
		{ "author", sp_check_str, false },
		{ "created_by", sp_check_str, false },
		{ "comment", sp_check_str, false },
		{ "empty_layer", sp_check_bool, false },
	};

	sp_check_fields(c, value, fields, NR(fields));
}

static void rule_history(struct sp_check *c, const struct sp_json *value)
{
	sp_check_array(c, value, rule_history_entry);
}

static void rule_config(struct sp_check *c, const struct sp_json *doc)
{
	static const struct sp_field fields[] = {
		{ "created", sp_check_time, false },
		{ "author", sp_check_str, false },
		{ "architecture", sp_check_str, true },
		{ "os", sp_check_str, true },
		{ "os.version", sp_check_str, false },
		{ "os.features", rule_strings, false },
		{ "variant", sp_check_str, false },
		{ "config", rule_execution, false },
		{ "rootfs", rule_rootfs, true },
		{ "history", rule_history, false },
	};

	sp_check_fields(c, doc, fields, NR(fields));
}

/* --- the face --- */

size_t sp_schema_check(enum sp_schema which, const struct sp_json *doc,
		       void (*report)(void *ctx, bool note, const char *where,
				      const char *what),
		       void *ctx)
{
	static sp_check_fn *const rules[] = {
		[SP_SCHEMA_LAYOUT] = rule_layout,
		[SP_SCHEMA_INDEX] = rule_index,
		[SP_SCHEMA_MANIFEST] = rule_manifest,
		[SP_SCHEMA_CONFIG] = rule_config,
		[SP_SCHEMA_DESCRIPTOR] = rule_descriptor,
	};
	struct sp_check c = { .report = report, .ctx = ctx };

	rules[which](&c, doc);
	sp_buf_release(&c.where);
	return c.problems;
}

/* Keep the first problem. */
static void to_err(void *ctx, bool is_note, const char *where, const char *what)
{
	struct sp_err *err = ctx;

	if (!is_note && !err->msg[0])
		sp_err_set(err, SP_EVERIFY, "descriptor%s%s: %s", *where ? " " : "", where,
			   what);
}

int sp_desc_parse(const struct sp_json *json, struct sp_arena *arena,
		  struct sp_desc *ret, struct sp_err *err)
{
	struct sp_err first = { 0 };
	struct sp_desc desc = { 0 };
	int64_t size = 0;

	if (sp_schema_check(SP_SCHEMA_DESCRIPTOR, json, to_err, &first))
		return sp_err_set(err, SP_EVERIFY, "%s", first.msg);
	if (!sp_digest_parse(sp_json_str(json, "digest"), &desc.digest) ||
	    !sp_json_int(json, "size", &size))
		return sp_err_set(err, SP_EVERIFY, "expected a descriptor");
	desc.size = (uint64_t)size;
	const char *problem = sp_desc_data_problem(json, &desc);
	if (problem)
		return sp_err_set(err, SP_EVERIFY, "descriptor of %s: %s", desc.digest.str,
				  problem);
	desc.media_type = sp_arena_strdup(arena, sp_json_str(json, "mediaType"));
	*ret = desc;
	return 0;
}

void sp_desc_add(struct sp_json *object, const struct sp_desc *desc)
{
	sp_json_add_str(object, "mediaType", desc->media_type);
	sp_json_add_str(object, "digest", desc->digest.str);
	sp_json_add_int(object, "size", (int64_t)desc->size);
}
