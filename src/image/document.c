/*
 * What must be true of an index, a manifest or a configuration.
 */
#include "image/document.h"

#include <string.h>

#include "base/base64.h"
#include "image/image.h"
#include "image/schema.h"

#define SHOWN_MAX 512		/* bytes of a foreign string in one message */

static bool is_one_of(const char *s, const char *a, const char *b)
{
	return strcmp(s, a) == 0 || strcmp(s, b) == 0;
}

bool sp_mt_is_index(const char *media_type)
{
	return is_one_of(media_type, SP_MT_INDEX, SP_MT_DOCKER_LIST);
}

bool sp_mt_is_manifest(const char *media_type)
{
	return is_one_of(media_type, SP_MT_MANIFEST, SP_MT_DOCKER_MANIFEST);
}

bool sp_mt_is_config(const char *media_type)
{
	return is_one_of(media_type, SP_MT_CONFIG, SP_MT_DOCKER_CONFIG);
}

const char *sp_document_problem(enum sp_document kind, const char *media_type,
				const struct sp_json *doc, struct sp_arena *arena,
				const char **ret_id)
{
	const char *own = sp_json_str(doc, "mediaType");
	bool as_index = sp_json_get(doc, "manifests");
	bool as_manifest = sp_json_get(doc, "layers") || sp_json_get(doc, "config");

	if (kind == SP_DOC_CONFIG)
		return NULL;
	*ret_id = "hybrid-document";
	if (as_index && as_manifest)
		return "can be read as a manifest and as an index";
	if (!media_type || !own || strcmp(own, media_type) == 0)
		return NULL;
	*ret_id = "media-type-mismatch";
	sp_autofree char *shown = sp_show(own, strlen(own));
	return sp_arena_strf(arena, "says of itself that it is %s, its descriptor says %s",
			     shown, media_type);
}

/* The members of "config" are all optional. */
bool sp_document_is_empty_option(const struct sp_json *doc, const char *pointer)
{
	const struct sp_json *config = sp_json_get(doc, "config");
	const char *key = pointer + strlen("/config/");

	return strncmp(pointer, "/config/", strlen("/config/")) == 0 && !strchr(key, '/') &&
	       sp_json_is_null(sp_json_get(config, key));
}

bool sp_desc_is_attestation(const struct sp_json *desc)
{
	const struct sp_json *platform = sp_json_get(desc, "platform");
	const char *os = sp_json_str(platform, "os");
	const char *arch = sp_json_str(platform, "architecture");

	return os && arch && strcmp(os, "unknown") == 0 && strcmp(arch, "unknown") == 0;
}

const char *sp_desc_name(const struct sp_json *desc)
{
	const struct sp_json *notes = sp_json_get(desc, "annotations");
	const char *name = sp_json_str(notes, "io.containerd.image.name");

	return name ? name : sp_json_str(notes, "org.opencontainers.image.ref.name");
}

const char *sp_desc_data_problem(const struct sp_json *value, const struct sp_desc *desc)
{
	struct sp_buf bytes sp_autobuf = { 0 };
	struct sp_hash *hash sp_autohash = NULL;
	const char *data = sp_json_str(value, "data");
	struct sp_digest digest;

	if (!data)
		return NULL;
	if (strlen(data) % 4 || !sp_base64_decode(data, &bytes))
		return "its data is not base64";
	hash = sp_hash_new_like(&desc->digest);
	sp_hash_add(hash, bytes.data, bytes.len);
	sp_hash_done(hash, &digest);
	if (bytes.len != desc->size || !sp_digest_equal(&digest, &desc->digest))
		return "its data is not the blob that it names";
	return NULL;
}

char *sp_show(const char *s, size_t len)
{
	struct sp_buf text = { 0 };
	size_t shown = len < SHOWN_MAX ? len : SHOWN_MAX;
	bool plain = sp_json_is_utf8(s, len);

	for (size_t i = 0; i < shown; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c < 0x20 || c == 0x7f || (c >= 0x80 && !plain))
			sp_buf_addf(&text, "\\x%02x", c);
		else
			sp_buf_addch(&text, (char)c);
	}
	sp_buf_addstr(&text, shown < len ? "..." : "");
	return sp_buf_detach(&text);
}
