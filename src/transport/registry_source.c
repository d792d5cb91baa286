/*
 * A registry as a source: an image in it looks like a layout of one image.  The
 * document that the name stands for is read when the source is opened; which digests
 * are manifests is known from it and from the indexes that were given out since.
 */
#include "transport/source.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/vec.h"
#include "image/document.h"
#include "image/image.h"
#include "image/json.h"
#include "image/schema.h"
#include "transport/manifests.h"

#define MANIFESTS_MAX 4096	/* that are remembered */

struct registry_source {
	struct sp_source source;
	struct sp_registry *r;
	struct sp_arena arena;
	struct sp_buf text;		/* the document that the name stands for */
	struct sp_desc top;
	char *index;			/* what stands for index.json */
	const char *name;		/* for messages */
	pthread_mutex_t lock;		/* of what follows */
	struct sp_digest *manifests;
	size_t manifests_nr, manifests_alloc;
};

/* --- documents, which are in memory --- */

struct memory_reader {
	struct sp_blob_reader reader;
	struct sp_buf text;
	size_t pos;
};

static int memory_read(struct sp_blob_reader *reader, void *buf, size_t len, size_t *ret_len,
		       struct sp_err *err)
{
	struct memory_reader *m = (struct memory_reader *)reader;
	size_t left = m->text.len - m->pos;

	(void)err;
	len = len < left ? len : left;
	if (len)
		memcpy(buf, m->text.data + m->pos, len);
	m->pos += len;
	*ret_len = len;
	return 0;
}

static void memory_close(struct sp_blob_reader *reader)
{
	struct memory_reader *m = (struct memory_reader *)reader;

	sp_buf_release(&m->text);
	free(m);
}

static struct sp_blob_reader *memory_new(const struct sp_buf *text)
{
	struct memory_reader *m = sp_calloc(1, sizeof(*m));

	m->reader = (struct sp_blob_reader){ memory_read, memory_close };
	sp_buf_add(&m->text, sp_buf_str(text), text->len);
	return &m->reader;
}

/* Remember what an index lists. */
static void remember(struct registry_source *s, const struct sp_buf *text)
{
	sp_autojson struct sp_json *doc = NULL;
	struct sp_err ignored = { 0 };
	struct sp_digest digest;

	if (sp_json_parse(sp_buf_str(text), text->len, &doc, &ignored))
		return;
	pthread_mutex_lock(&s->lock);
	for (const struct sp_json *i = sp_json_first(sp_json_get(doc, "manifests")); i;
	     i = sp_json_next(i))
		if (s->manifests_nr < MANIFESTS_MAX && sp_json_str(i, "digest") &&
		    sp_digest_parse(sp_json_str(i, "digest"), &digest))
			*SP_VEC_PUSH(s->manifests) = digest;
	pthread_mutex_unlock(&s->lock);
}

static bool is_manifest(struct registry_source *s, const struct sp_digest *digest)
{
	bool found = false;

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; !found && i < s->manifests_nr; i++)
		found = sp_digest_equal(&s->manifests[i], digest);
	pthread_mutex_unlock(&s->lock);
	return found;
}

/* *ret NULL if there is none. */
static int open_manifest(struct registry_source *s, const struct sp_digest *digest,
			 struct sp_blob_reader **ret, struct sp_err *err)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	sp_autobuf struct sp_buf text = { 0 };
	struct sp_desc desc;
	bool found;

	*ret = NULL;
	if (sp_manifest_get(s->r, digest->str, &arena, &text, &desc, &found, err))
		return -1;
	if (!found)
		return 0;
	if (sp_mt_is_index(desc.media_type))
		remember(s, &text);
	*ret = memory_new(&text);
	return 0;
}

/* --- blobs, which are streams --- */

struct blob_reader {
	struct sp_blob_reader reader;
	struct registry_source *source;
	struct sp_digest digest;
	struct sp_stream *stream;
	uint64_t pos;		/* bytes that were given out */
	uint64_t skip;		/* bytes still to be thrown away */
	unsigned tries;
};

/* Does a 206 begin where we asked? */
static bool begins_at(const struct sp_http_response *res, uint64_t pos)
{
	const char *range = sp_http_header(res, "Content-Range");
	unsigned long long first;

	return range && sscanf(range, "bytes %llu-", &first) == 1 && first == pos;
}

/* Begin to read from pos on.  *ret_found false for a 404. */
static int blob_start(struct blob_reader *b, bool *ret_found, struct sp_err *err)
{
	struct sp_registry *r = b->source->r;
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	const char *what = sp_arena_strf(&arena, "cannot read blob %s", b->digest.str);
	const char *range[] = { sp_arena_strf(&arena, "Range: bytes=%llu-",
					      (unsigned long long)b->pos) };
	struct sp_http_response res = { 0 };
	int rc = sp_registry_start(r, &(struct sp_registry_request){
		.method = "GET", .path = sp_arena_strf(&arena, "blobs/%s", b->digest.str),
		.headers = range, .headers_nr = b->pos ? 1 : 0 }, &res, &b->stream, err);

	*ret_found = !rc && res.status != 404;
	b->skip = res.status == 206 ? 0 : b->pos;
	if (!rc && res.status == 206 && !begins_at(&res, b->pos))
		rc = sp_err_set(err, SP_ENETWORK, "%s: %s: the registry sends another part than "
				"it was asked for", sp_registry_name(r), what);
	else if (!rc && !b->stream && res.status != 404)
		rc = sp_registry_refused(r, what, &res, err);
	sp_http_response_release(&res);
	return rc;
}

/* After a connection that broke: go on where it did. */
static int blob_resume(struct blob_reader *b, struct sp_err *err)
{
	struct sp_registry *r = b->source->r;
	bool again = sp_registry_may_retry(b->stream->http), found;

	sp_registry_done(r, b->stream);
	b->stream = NULL;
	if (!again || sp_registry_wait(r, ++b->tries, NULL, err))
		return sp_err_wrap(err, "%s: blob %s", sp_registry_name(r), b->digest.str);
	*err = (struct sp_err){ 0 };
	if (blob_start(b, &found, err))
		return -1;
	return found ? 0 : sp_err_set(err, SP_ENETWORK, "%s: blob %s is gone",
				      sp_registry_name(r), b->digest.str);
}

static int blob_read(struct sp_blob_reader *reader, void *buf, size_t len, size_t *ret_len,
		     struct sp_err *err)
{
	struct blob_reader *b = (struct blob_reader *)reader;
	size_t got;

	for (;;) {
		size_t want = b->skip && b->skip < len ? (size_t)b->skip : len;

		if (!b->stream)
			return sp_err_set(err, SP_ENETWORK, "the connection is closed");
		if (sp_http_read(b->stream->http, buf, want, &got, err)) {
			if (blob_resume(b, err))
				return -1;
			continue;
		}
		if (!b->skip || !got)
			break;
		b->skip -= got;
	}
	b->pos += got;
	*ret_len = got;
	return 0;
}

static void blob_close(struct sp_blob_reader *reader)
{
	struct blob_reader *b = (struct blob_reader *)reader;

	sp_registry_done(b->source->r, b->stream);
	free(b);
}

static int open_stream(struct registry_source *s, const struct sp_digest *digest,
		       struct sp_blob_reader **ret, struct sp_err *err)
{
	struct blob_reader *b = sp_calloc(1, sizeof(*b));
	bool found;

	b->reader = (struct sp_blob_reader){ blob_read, blob_close };
	b->source = s;
	b->digest = *digest;
	*ret = NULL;
	int rc = blob_start(b, &found, err);

	if (rc || !found) {
		blob_close(&b->reader);
		return rc;
	}
	*ret = &b->reader;
	return 0;
}

static int source_open_blob(struct sp_source *source, const struct sp_digest *digest,
			    struct sp_blob_reader **ret, struct sp_err *err)
{
	struct registry_source *s = (struct registry_source *)source;
	bool manifest = is_manifest(s, digest);

	if (sp_digest_equal(digest, &s->top.digest)) {
		*ret = memory_new(&s->text);
		return 0;
	}
	/* what is not found as the one may be there as the other */
	for (int n = 0; n < 2; n++) {
		bool doc = manifest == (n == 0);

		if (doc ? open_manifest(s, digest, ret, err) : open_stream(s, digest, ret, err))
			return -1;
		if (*ret)
			return 0;
	}
	return sp_err_set(err, SP_EVERIFY, "%s: blob %s is missing", s->name, digest->str);
}

static int source_read_file(struct sp_source *source, const char *name, size_t limit,
			    struct sp_buf *ret, struct sp_err *err)
{
	struct registry_source *s = (struct registry_source *)source;
	const char *text = "";

	(void)limit, (void)err;
	if (strcmp(name, "oci-layout") == 0)
		text = SP_OCI_LAYOUT_TEXT;
	else if (strcmp(name, "index.json") == 0)
		text = s->index;
	sp_buf_reset(ret);
	sp_buf_addstr(ret, text);
	return 0;
}

static int source_open_path(struct sp_source *source, const char *path,
			    struct sp_blob_reader **ret, struct sp_err *err)
{
	struct registry_source *s = (struct registry_source *)source;

	(void)ret;
	return sp_err_set(err, SP_EVERIFY,
			  "%s: is in a registry, where blobs have digests and no paths like %s",
			  s->name, path);
}

static void source_close(struct sp_source *source)
{
	struct registry_source *s = (struct registry_source *)source;

	sp_registry_free(s->r);
	sp_buf_release(&s->text);
	sp_arena_release(&s->arena);
	pthread_mutex_destroy(&s->lock);
	free(s->manifests);
	free(s->index);
	free(s);
}

/* An index.json of one descriptor, with the name as a layout of ours has it. */
static char *make_index(const struct registry_source *s, const char *full, const char *tag)
{
	sp_autojson struct sp_json *doc = sp_json_object();
	struct sp_json *desc, *annotations;

	sp_json_add_int(doc, "schemaVersion", 2);
	sp_json_add_str(doc, "mediaType", SP_MT_INDEX);
	desc = sp_json_push_object(sp_json_add_array(doc, "manifests"));
	sp_desc_add(desc, &s->top);
	annotations = sp_json_add_object(desc, "annotations");
	sp_json_add_str(annotations, "io.containerd.image.name", full);
	if (tag)
		sp_json_add_str(annotations, "org.opencontainers.image.ref.name", tag);
	return sp_json_text(doc, false);
}

static int resolve(struct registry_source *s, const struct sp_ref *ref, struct sp_err *err)
{
	struct sp_ref named = *ref;
	const char *reference = ref->digest ? ref->digest : ref->tag;
	bool found;

	if (sp_manifest_get(s->r, reference, &s->arena, &s->text, &s->top, &found, err))
		return -1;
	if (!found)
		return sp_err_set(err, SP_ENETWORK, "%s: the registry has no such image", s->name);
	if (sp_mt_is_index(s->top.media_type))
		remember(s, &s->text);
	if (ref->digest && ref->tag)
		named.digest = NULL;
	s->index = make_index(s, sp_ref_full(&named, &s->arena), ref->tag);
	return 0;
}

int sp_registry_source_open(const char *name, const struct sp_transport_options *options,
			    struct sp_source **ret, struct sp_err *err)
{
	struct registry_source *s = sp_calloc(1, sizeof(*s));
	struct sp_ref ref;

	pthread_mutex_init(&s->lock, NULL);
	s->source = (struct sp_source){ source_open_blob, source_read_file, source_open_path,
					source_close };
	if (sp_ref_parse(name, &s->arena, &ref, err))
		goto fail;
	sp_ref_complete(&ref);
	s->name = sp_ref_familiar(&ref, &s->arena);
	if (sp_registry_new(options, &ref, false, &s->r, err) || resolve(s, &ref, err))
		goto fail;
	*ret = &s->source;
	return 0;
fail:
	source_close(&s->source);
	return -1;
}
