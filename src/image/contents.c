/*
 * Reading the layers of an image into a tree, and their files into one file.
 */
#include "image/contents.h"

#include <string.h>

#include "base/vec.h"
#include "image/kept.h"
#include "image/layer_rules.h"
#include "image/tree.h"
#include "image/tree_root.h"
#include "image/unpack.h"

struct sp_contents {
	struct sp_arena arena;		/* of names */
	struct sp_tree *tree;
	struct sp_root *root;
	struct sp_kept_store *files;
	struct sp_rules_count count;
	uint64_t budget;
};

/* --- one layer --- */

struct entries {
	struct sp_tree_entry *list;
	size_t list_nr, list_alloc;
};

struct reading {
	struct sp_contents *contents;
	const struct sp_contents_options *options;
	const struct sp_stored_layer *layer;	/* NULL: an archive of the user's */
	struct sp_blob_reader *reader;
	struct sp_unpack *unpack;
	struct sp_tar_reader *tar;
	struct sp_hash *hash;		/* of the tar */
	struct entries entries;
	struct sp_err wrong;		/* the first breach of a rule */
};

static void reading_release(struct reading *r)
{
	sp_tar_reader_free(r->tar);
	sp_unpack_free(r->unpack);
	sp_hash_free(r->hash);
	sp_blob_reader_close(&r->reader);
	free(r->entries.list);
}

static int tick(const struct reading *r, struct sp_err *err)
{
	const struct sp_contents_options *o = r->options;
	struct sp_progress p = { .phase = "read",
				 .item = r->layer ? r->layer->desc.digest.str : o->label,
				 .done = sp_unpack_size(r->unpack) };

	if (o->cancelled && *o->cancelled)
		return sp_err_set(err, SP_ECANCELLED, "interrupted");
	if (o->progress)
		o->progress(o->progress_ctx, &p);
	return 0;
}

/* The tar reader's input. */
static int read_unpacked(void *ctx, void *buf, size_t len, size_t *ret_len,
			 struct sp_err *err)
{
	struct reading *r = ctx;

	if (sp_unpack_read(r->unpack, buf, len, ret_len, err))
		return -1;
	if (r->hash)
		sp_hash_add(r->hash, buf, *ret_len);
	return tick(r, err);
}

static void breach(struct reading *r, const char *name, size_t len, const char *what)
{
	sp_autofree char *shown = sp_show(name, len);

	if (!r->wrong.msg[0])
		sp_err_set(&r->wrong, SP_EVERIFY, "%s: %s", *shown ? shown : "(no name)", what);
}

static void found_in_tar(void *ctx, bool is_note, const char *id,
			 const struct sp_tar_item *item, const char *what)
{
	(void)id;
	if (!is_note)
		breach(ctx, item ? item->name : "", item ? item->name_len : 0, what);
}

static void found_in_tree(void *ctx, bool is_note, const char *id, const char *path,
			  const char *what)
{
	(void)id;
	if (!is_note)
		breach(ctx, path, strlen(path), what);
}

static void found_twice(void *ctx, const char *path)
{
	breach(ctx, path, strlen(path), "stands in the layer more than once");
}

static int read_entries(struct reading *r, struct sp_err *err)
{
	struct sp_rules_watch watch = { found_in_tar, r };
	struct sp_tree_entry entry;
	struct sp_tar_item item;
	bool more;

	for (;;) {
		if (sp_tar_next(r->tar, &item, &more, err))
			return -1;
		if (!more)
			break;
		if (sp_rules_count(&r->contents->count, &item, err))
			return -1;
		if (!sp_rules_entry(&item, &r->contents->arena, &watch, &entry))
			continue;
		if (entry.type == SP_TREE_FILE &&
		    sp_kept_add(r->contents->files, r->tar, &item, &entry.kept, err))
			return -1;
		*SP_VEC_PUSH(r->entries.list) = entry;
	}
	if (sp_tar_ending(r->tar) == SP_TAR_TRAILING)
		return sp_err_set(err, SP_EVERIFY, "has bytes after the end of the archive");
	return sp_kept_flush(r->contents->files, err);
}

/* Something is wrong with the bytes: then that they are not the right ones is the
 * better thing to say.  err is replaced by that. */
static void ask_digest(struct reading *r, struct sp_err *err)
{
	sp_autofree char *buf = sp_malloc(64 * 1024);
	struct sp_err why = { 0 };
	size_t got;

	if (err->code != SP_EVERIFY)
		return;
	do
		if (r->reader->read(r->reader, buf, 64 * 1024, &got, &why)) {
			*err = why;
			return;
		}
	while (got);
}

/* Is it the layer that the configuration tells of, packed as the manifest says? */
static int check_layer(struct reading *r, struct sp_err *err)
{
	struct sp_digest digest;

	sp_hash_done(r->hash, &digest);
	if (!sp_digest_equal(&digest, &r->layer->diff_id))
		return sp_err_set(err, SP_ECHANGED,
				  "unpacked, its digest is %s; the configuration says %s",
				  digest.str, r->layer->diff_id.str);
	return sp_unpack_check_type(sp_unpack_kind(r->unpack), r->layer->desc.media_type, err);
}

/* Now that the layer is known to be the right one, it counts. */
static int apply(struct reading *r, struct sp_err *err)
{
	struct sp_tree_watch watch = { found_in_tree, r };

	if (r->layer)
		sp_rules_duplicates(r->entries.list, r->entries.list_nr, found_twice, r);
	if (sp_tree_apply(r->contents->tree, r->entries.list, r->entries.list_nr, &watch, err))
		return -1;
	if (!r->wrong.msg[0])
		return 0;
	*err = r->wrong;
	return -1;
}

static int read_layer(struct sp_contents *c, const struct sp_stored *stored, size_t i,
		      const struct sp_contents_options *o, struct sp_err *err)
{
	SP_CLEANUP(reading_release) struct reading r = {
		.contents = c, .options = o, .layer = &stored->layers[i],
	};

	if (sp_stored_open_layer(stored, i, &r.reader, err))
		return -1;
	r.unpack = sp_unpack_new(r.reader, NULL);
	r.hash = sp_hash_new_like(&r.layer->diff_id);
	r.tar = sp_tar_reader_new(read_unpacked, &r);
	if (read_entries(&r, err)) {
		ask_digest(&r, err);
		return sp_err_wrap(err, "layer %s", r.layer->desc.digest.str);
	}
	if (check_layer(&r, err) || apply(&r, err))
		return sp_err_wrap(err, "layer %s", r.layer->desc.digest.str);
	return 0;
}

static void contents_freep(struct sp_contents **contents)
{
	sp_contents_free(*contents);
}

static struct sp_contents *contents_new(void)
{
	struct sp_contents *c = sp_calloc(1, sizeof(*c));

	c->budget = SP_TREE_BUDGET;
	c->tree = sp_tree_new(&c->budget);
	return c;
}

static void make_root(struct sp_contents *c, const struct sp_contents_options *o)
{
	/* what follows is looking around, which may go on for long */
	c->budget = UINT64_MAX;
	c->root = sp_tree_root_new(c->tree, sp_kept_open, o->label ? o->label : "");
}

int sp_contents_open(const struct sp_stored *stored, const struct sp_contents_options *o,
		     struct sp_contents **ret, struct sp_err *err)
{
	SP_CLEANUP(contents_freep) struct sp_contents *c = contents_new();
	int rc = 0;

	if (strcmp(stored->os, "linux") != 0)
		return sp_err_set(err, SP_EVERIFY,
				  "is an image for %s; only those for linux can be looked into",
				  stored->os);
	if (sp_kept_new(o->temp_dir, &c->files, err))
		return -1;
	for (size_t i = 0; i < stored->layers_nr && !rc; i++)
		rc = read_layer(c, stored, i, o, err);
	if (rc)
		return -1;
	make_root(c, o);
	*ret = sp_steal_ptr(&c);
	return 0;
}

/* --- an archive that is no layer --- */

/* A file as a stream. */
struct file_reader {
	struct sp_blob_reader reader;
	struct sp_file *file;
	uint64_t at;
};

static int file_read(struct sp_blob_reader *reader, void *buf, size_t len, size_t *ret_len,
		     struct sp_err *err)
{
	struct file_reader *f = (struct file_reader *)reader;

	if (sp_file_pread(f->file, buf, len, f->at, ret_len, err))
		return -1;
	f->at += *ret_len;
	return 0;
}

static void file_close(struct sp_blob_reader *reader)
{
	(void)reader;	/* the file is the caller's */
}

static int refuse_packing(struct sp_file *file, struct sp_err *err)
{
	static const struct { const char *magic, *name; size_t len; } packings[] = {
		{ "BZh", "bzip2", 3 }, { "\xfd" "7zXZ", "xz", 5 },
	};
	char head[8];
	size_t got;

	if (sp_file_pread(file, head, sizeof(head), 0, &got, err))
		return -1;
	for (size_t i = 0; i < sizeof(packings) / sizeof(*packings); i++)
		if (got >= packings[i].len && memcmp(head, packings[i].magic, packings[i].len) == 0)
			return sp_err_set(err, SP_EFAIL,
					  "is compressed with %s, which cannot be unpacked here; pack it with gzip or zstd, or take it as it is with COPY",
					  packings[i].name);
	return 0;
}

/* Does a first header make sense?  Docker takes that for the mark of an archive. */
static bool is_archive(struct reading *r)
{
	struct sp_err ignored = { 0 };
	struct sp_tar_item item;
	bool more;

	return sp_tar_next(r->tar, &item, &more, &ignored) == 0 && more;
}

static void start(struct reading *r, struct file_reader *f)
{
	sp_tar_reader_free(r->tar);
	sp_unpack_free(r->unpack);
	f->at = 0;
	r->unpack = sp_unpack_new(&f->reader, NULL);
	r->tar = sp_tar_reader_new(read_unpacked, r);
}

int sp_contents_open_archive(struct sp_file *file, const struct sp_contents_options *o,
			     struct sp_contents **ret, struct sp_err *err)
{
	SP_CLEANUP(contents_freep) struct sp_contents *c = contents_new();
	struct file_reader f = { .reader = { file_read, file_close }, .file = file };
	SP_CLEANUP(reading_release) struct reading r = { .contents = c, .options = o };

	*ret = NULL;
	if (refuse_packing(file, err))
		return -1;
	start(&r, &f);
	if (!is_archive(&r))
		return 0;
	start(&r, &f);
	if (sp_kept_new(o->temp_dir, &c->files, err))
		return -1;
	if (read_entries(&r, err) || apply(&r, err))
		return -1;
	make_root(c, o);
	*ret = sp_steal_ptr(&c);
	return 0;
}

struct sp_root *sp_contents_root(struct sp_contents *contents)
{
	return contents->root;
}

void sp_contents_free(struct sp_contents *c)
{
	if (!c)
		return;
	if (c->root)
		sp_root_free(c->root);
	sp_tree_free(c->tree);
	sp_kept_free(c->files);
	sp_arena_release(&c->arena);
	free(c);
}
