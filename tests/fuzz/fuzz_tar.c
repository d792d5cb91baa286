/*
 * The tar reader, and behind it what a layer goes through: the rules for its
 * entries are kept out, but the decompression and the tree are not.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/vec.h"
#include "image/tar_read.h"
#include "image/tree.h"
#include "image/unpack.h"

#define ENTRIES_MAX 10000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	struct sp_blob_reader reader;
	const uint8_t *data;
	size_t left;
};

struct layer {
	struct sp_arena arena;
	struct sp_tree_entry *entries;
	size_t entries_nr, entries_alloc;
};

static int read_input(struct sp_blob_reader *reader, void *buf, size_t len,
		      size_t *ret_len, struct sp_err *err)
{
	struct input *in = (struct input *)reader;

	(void)err;
	*ret_len = len < in->left ? len : in->left;
	memcpy(buf, in->data, *ret_len);
	in->data += *ret_len;
	in->left -= *ret_len;
	return 0;
}

static int read_unpacked(void *ctx, void *buf, size_t len, size_t *ret_len,
			 struct sp_err *err)
{
	return sp_unpack_read(ctx, buf, len, ret_len, err);
}

/* Every byte of what the reader promises must be there. */
static void touch(const struct sp_tar_item *item)
{
	volatile char sum = item->name[item->name_len];

	sum = (char)(sum + item->link[item->link_len]);
	for (size_t i = 0; i < item->xattrs_nr; i++)
		for (size_t n = 0; n < item->xattrs[i].len; n++)
			sum = (char)(sum + ((const char *)item->xattrs[i].value)[n]);
}

static void keep(struct layer *layer, const struct sp_tar_item *item)
{
	static const char types[] = "01234567";
	const char *type = item->type ? strchr(types, item->type) : NULL;
	static const uint8_t meanings[] = {
		SP_TREE_FILE, SP_TREE_HARDLINK, SP_TREE_SYMLINK, SP_TREE_WHITEOUT,
		SP_TREE_OPAQUE, SP_TREE_DIR, SP_TREE_OTHER, SP_TREE_FILE,
	};

	if (!type || layer->entries_nr >= ENTRIES_MAX)
		return;
	*SP_VEC_PUSH(layer->entries) = (struct sp_tree_entry){
		.path = sp_path_clean(&layer->arena, item->name),
		.target = item->type == '1' ? sp_path_clean(&layer->arena, item->link) :
					      sp_arena_strdup(&layer->arena, item->link),
		.type = meanings[type - types],
	};
}

static void found(void *ctx, bool is_note, const char *id, const char *path,
		  const char *what)
{
	(void)ctx, (void)is_note, (void)id, (void)path, (void)what;
}

static void build_tree(struct layer *layer)
{
	const struct sp_tree_watch watch = { found, NULL };
	uint64_t budget = 100000;
	struct sp_tree *tree = sp_tree_new(&budget);
	struct sp_err err = { 0 };

	for (int i = 0; i < 2; i++)
		if (sp_tree_apply(tree, layer->entries, layer->entries_nr, &watch, &err))
			break;
	for (size_t i = 0; i < layer->entries_nr; i++) {
		uint32_t node = sp_tree_find(tree, layer->entries[i].path, i % 2);

		if (node != SP_TREE_NONE)
			sp_tree_path(tree, node, &layer->arena);
	}
	sp_tree_free(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sp_unpack_limits limits = { SP_UNPACK_RATIO_MAX, 1 << 20,
							 16 << 20 };
	struct input in = { { read_input, NULL }, data, size };
	struct sp_unpack *unpack = sp_unpack_new(&in.reader, &limits);
	struct sp_tar_reader *tar = sp_tar_reader_new(read_unpacked, unpack);
	struct layer layer = { 0 };
	struct sp_tar_item item;
	struct sp_err err = { 0 };
	char buf[100];
	size_t got;
	bool more = true;

	while (!sp_tar_next(tar, &item, &more, &err) && more) {
		touch(&item);
		keep(&layer, &item);
		if (item.size % 3 == 1 && sp_tar_data(tar, buf, sizeof(buf), &got, &err))
			break;
	}
	build_tree(&layer);
	sp_tar_reader_free(tar);
	sp_unpack_free(unpack);
	free(layer.entries);
	sp_arena_release(&layer.arena);
	return 0;
}
