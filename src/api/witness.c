/*
 * The witness of a verification.
 *
 * While layers are read it sees every file once.  Of ELF files it keeps an
 * excerpt, of scripts their first line, of the files that a loader reads all.
 * When an image is whole, its merged tree with these excerpts is a root, and the
 * entry point goes the way of any program.
 */
#include "api/witness.h"

#include <string.h>

#include "api/build.h"
#include "base/path.h"
#include "base/vec.h"
#include "elf/excerpt.h"
#include "image/tree_root.h"
#include "rootfs/script.h"

/* An ELF file is held in memory while it passes; larger ones are not looked at. */
#define OBJECT_MAX (128u * 1024 * 1024)
/* Loaders, and files that they read, are kept whole up to this size. */
#define WHOLE_MAX (4u * 1024 * 1024)
/* Symbol tables are kept while all excerpts together are smaller than this. */
#define SYMBOLS_MAX (48u * 1024 * 1024)

struct sp_witness {
	struct sp_excerpt **kept;
	size_t kept_nr, kept_alloc;
	size_t bytes;			/* of all excerpts */
	bool all_symbols;		/* no symbol table was left out */
	bool all_objects;		/* no ELF file was too large */
	struct sp_buf buf;
};

/* Files that are data to a loader or to an engine. */
static bool read_by_loader(const char *path)
{
	return strcmp(path, SP_CACHE_PATH) == 0 || strcmp(path, "/etc/passwd") == 0 ||
	       strcmp(path, "/etc/group") == 0 ||
	       (strncmp(sp_path_basename(path), "ld-musl-", 8) == 0 &&
		sp_path_match("*.path", path));
}

/* Loaders are asked for their strings: "ld-linux-x86-64.so.2", "ld64.so.1",
 * "ld-musl-x86_64.so.1" and musl's "libc.so". */
static bool is_loader(const char *path)
{
	const char *name = sp_path_basename(path);

	return (strncmp(name, "ld", 2) == 0 && strstr(name, ".so")) ||
	       strcmp(name, "libc.so") == 0 || strncmp(name, "libc.musl", 9) == 0;
}

typedef int read_fn(void *ctx, void *buf, size_t len, size_t *ret_len, struct sp_err *);

/* Read on until the buffer holds want bytes or the file ends. */
static int read_up_to(struct sp_witness *w, size_t want, read_fn *read, void *ctx,
		      struct sp_err *err)
{
	size_t got = 1;

	while (w->buf.len < want && got) {
		if (read(ctx, sp_buf_reserve(&w->buf, want - w->buf.len),
			 want - w->buf.len, &got, err))
			return -1;
		w->buf.len += got;
	}
	return 0;
}

static const void *keep(struct sp_witness *w, bool whole)
{
	bool symbols = w->bytes < SYMBOLS_MAX;
	struct sp_excerpt *e = sp_excerpt_new(w->buf.data, w->buf.len, symbols, whole);

	w->all_symbols &= symbols;
	w->bytes += sp_excerpt_size(e);
	*SP_VEC_PUSH(w->kept) = e;
	return e;
}

static int see_file(void *ctx, const char *path, unsigned mode, uint64_t size,
		    read_fn *read, void *read_ctx, const void **ret, struct sp_err *err)
{
	struct sp_witness *w = ctx;

	*ret = NULL;
	w->buf.len = 0;
	if (read_up_to(w, size < 4 ? (size_t)size : 4, read, read_ctx, err))
		return -1;
	bool elf = w->buf.len == 4 && memcmp(w->buf.data, "\177ELF", 4) == 0;
	bool script = w->buf.len >= 2 && memcmp(w->buf.data, "#!", 2) == 0 && (mode & 0111);
	bool whole = (read_by_loader(path) || (elf && is_loader(path))) && size <= WHOLE_MAX;
	size_t want = elf || whole ? (size_t)size : SP_SCRIPT_LINE_MAX;

	if (elf && size > OBJECT_MAX) {
		w->all_objects = false;
		return 0;
	}
	/* of what may be an entry point and is neither, the head tells what it is */
	if (!elf && !script && !whole && !(mode & 0111))
		return 0;
	if (read_up_to(w, want, read, read_ctx, err))
		return -1;
	*ret = keep(w, whole || !elf);
	return 0;
}

static int open_kept(const void *kept, struct sp_file *ret)
{
	return sp_excerpt_open(kept, ret);
}

/* The value of a variable in the configuration's environment, or NULL. */
static const char *env_of(const struct sp_verify_view *view, const char *name)
{
	const struct sp_json *env = sp_json_get(sp_json_get(view->config, "config"), "Env");
	const char *value = NULL;
	size_t len = strlen(name);

	for (const struct sp_json *i = sp_json_first(env); i; i = sp_json_next(i)) {
		const char *var = sp_json_str(i, NULL);

		if (var && strncmp(var, name, len) == 0 && var[len] == '=')
			value = var + len + 1;
	}
	return value;
}

/* The configuration says for which machine the image is; the program knows. */
static void check_platform(const struct sp_verify_view *view, const struct sp_elf *elf)
{
	struct sp_arena arena = { 0 };
	struct sp_platform said, is;
	struct sp_err ignored = { 0 };

	if (view->platform && sp_platform_of(elf, &is, &ignored) == 0 &&
	    sp_platform_parse(view->platform, &arena, &said, &ignored) == 0 &&
	    (strcmp(said.arch, is.arch) != 0 || strcmp(said.os, is.os) != 0))
		view->found(view->found_ctx, false, "wrong-architecture",
			    sp_arena_strf(&arena,
					  "the program %s is for %s, but the configuration says %s",
					  view->program, sp_platform_str(&is, &arena),
					  view->platform));
	sp_arena_release(&arena);
}

/* Loaders go on without a name in LD_PRELOAD that they do not find (do_preload() in
 * glibc's elf/rtld.c, load_preload() in musl's ldso/dynlink.c). */
static void forgive_preloads(struct sp_closure *closure, const struct sp_verify_view *view)
{
	struct sp_arena arena = { 0 };
	size_t kept = 0;

	for (size_t i = 0; i < closure->missing_nr; i++) {
		struct sp_missing *m = &closure->missing[i];

		if (m->from != SP_NO_OBJECT) {
			closure->missing[kept++] = *m;
			continue;
		}
		view->found(view->found_ctx, true, "missing-preload",
			    sp_arena_strf(&arena, "LD_PRELOAD names %s, which the loader does not find and ignores",
					  m->name));
		free(m->probes);
	}
	closure->missing_nr = kept;
	sp_arena_release(&arena);
}

static int check_closure(struct sp_closure *closure, const struct sp_verify_view *view,
			 bool symbols, struct sp_err *err)
{
	forgive_preloads(closure, view);
	if (symbols && sp_closure_check_symbols(closure, err))
		return -1;
	return sp_closure_check(closure, err);
}

/* Analyse the entry point in the image; what is wrong is in err. */
static int analyse(const struct sp_witness *w, const struct sp_verify_view *view,
		   struct sp_root *root, struct sp_err *err)
{
	struct sp_rootfs_options options = {
		.root = root, .libs = root, .program = view->program,
		.image_path = view->program,
		.library_path = env_of(view, "LD_LIBRARY_PATH"),
		.preload = env_of(view, "LD_PRELOAD"), .path = env_of(view, "PATH"),
		.no_needs = true,
	};
	struct sp_rootfs *rootfs;
	int rc;

	if (!options.path)
		options.path = SP_DEFAULT_PATH;
	if (sp_rootfs_build(&options, &rootfs, err))
		return -1;
	check_platform(view, rootfs->closure->objects[0].elf);
	rc = check_closure(rootfs->closure, view, w->all_symbols, err);
	for (size_t i = 0; i < rootfs->others_nr && !rc; i++)
		rc = check_closure(rootfs->others[i], view, w->all_symbols, err);
	sp_rootfs_free(rootfs);
	return rc;
}

static int see_image(void *ctx, const struct sp_verify_view *view, struct sp_err *err)
{
	struct sp_witness *w = ctx;
	struct sp_err why = { 0 };

	if (!view->program)
		return 0;
	struct sp_root *root = sp_tree_root_new(view->tree, open_kept, "");
	int rc = analyse(w, view, root, &why);
	sp_root_free(root);
	if (rc && why.code == SP_ECANCELLED) {
		*err = why;
		return -1;
	}
	if (!rc && !w->all_symbols)
		view->found(view->found_ctx, true, "symbols-unchecked",
			    "the image is so large that symbols were not compared");
	if (!rc)
		return 0;
	if (!w->all_objects)
		view->found(view->found_ctx, true, "start-unproven",
			    "the image holds a program or library too large to be looked into; whether the entry point starts is not known");
	else
		view->found(view->found_ctx, false, why.id[0] ? why.id : "cannot-start",
			    why.msg);
	return 0;
}

struct sp_witness *sp_witness_new(struct sp_verify_witness *ret)
{
	struct sp_witness *w = sp_calloc(1, sizeof(*w));

	w->all_symbols = w->all_objects = true;
	*ret = (struct sp_verify_witness){ .ctx = w, .file = see_file, .image = see_image };
	return w;
}

void sp_witness_free(struct sp_witness *w)
{
	for (size_t i = 0; i < w->kept_nr; i++)
		sp_excerpt_free(w->kept[i]);
	free(w->kept);
	sp_buf_release(&w->buf);
	free(w);
}
