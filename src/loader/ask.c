/*
 * Ask the loader file.
 *
 * glibc keeps its directories as one array of characters, "/lib/TUPLE/\0
 * /usr/lib/TUPLE/\0/lib/\0/usr/lib/\0" (system_dirs in elf/dl-load.c), so they
 * can be told from other strings: a run of absolute names that all end in '/'.
 * $LIB (DL_DST_LIB) is the first of them without "/" and "usr".
 */
#include "loader/ask.h"

#include <elf.h>
#include <string.h>

#include "base/buf.h"
#include "base/path.h"

/* Length of the string at data if it is "/.../" closed by NUL, else 0. */
static size_t dir_string(const char *data, size_t len)
{
	size_t n = 0;

	if (len < 4 || data[0] != '/')
		return 0;
	while (n < len && data[n] > ' ' && data[n] <= '~')
		n++;
	return n > 2 && n < len && data[n] == '\0' && data[n - 1] == '/' ? n : 0;
}

static bool has_lib(const char *dir, size_t len)
{
	return memmem(dir, len, "/lib", 4) != NULL;
}

/* Read a run of directory strings at data; returns how many. */
static size_t read_run(const char *data, size_t len, const char **dirs,
		       struct sp_arena *arena, size_t *ret_len)
{
	size_t nr = 0, at = 0, n;

	while (nr < SP_LOADER_DIRS_MAX && (n = dir_string(data + at, len - at))) {
		if (!has_lib(data + at, n))
			break;
		dirs[nr++] = sp_arena_strndup(arena, data + at, n - 1);
		at += n + 1;
	}
	*ret_len = at;
	return nr;
}

/* The longest run of directory strings is the loader's list. */
static void find_dirs(const struct sp_buf *bytes, struct sp_arena *arena,
		      struct sp_loader *ret)
{
	size_t at = 0;

	while (at < bytes->len) {
		const char *slash = memchr(bytes->data + at, '/', bytes->len - at);
		const char *dirs[SP_LOADER_DIRS_MAX];
		size_t len = 0;

		if (!slash)
			return;
		at = (size_t)(slash - bytes->data);
		size_t nr = at && bytes->data[at - 1] != '\0' ? 0 :
			    read_run(slash, bytes->len - at, dirs, arena, &len);
		if (nr > ret->dirs_nr) {
			memcpy(ret->dirs, dirs, nr * sizeof(*dirs));
			ret->dirs_nr = nr;
		}
		at += len ? len : 1;
	}
}

static const char *lib_of(const char *dir)
{
	const char *lib = strstr(dir, "/lib");

	/* a store of its own, as "/nix/store/x-glibc/lib": the last part */
	if (!sp_path_within(dir, "/usr") && lib != dir)
		return sp_path_basename(dir);
	return lib + 1;
}

static bool hwcaps_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/*
 * The names of glibc-hwcaps subdirectories stand in one string, best first:
 * "x86-64-v4:x86-64-v3:x86-64-v2" (sysdeps/x86_64/dl-hwcaps-subdirs.c).  Each
 * machine's string ends in its lowest level.
 */
static void find_hwcaps(const struct sp_buf *bytes, struct sp_arena *arena,
			struct sp_loader *ret)
{
	static const char *const lowest[] = { "x86-64-v2", "power9", "z13" };
	const char *at = NULL;
	size_t i;

	for (i = 0; i < sizeof(lowest) / sizeof(*lowest) && !at; i++) {
		sp_autofree char *mark = sp_strf(":%s", lowest[i]);

		/* with its NUL: the string ends there */
		at = memmem(bytes->data, bytes->len, mark, strlen(mark) + 1);
	}
	if (!at)
		return;
	const char *start = at;
	while (start > bytes->data && (hwcaps_char(start[-1]) || start[-1] == ':'))
		start--;
	while (*start && ret->hwcaps_nr < SP_LOADER_HWCAPS_MAX) {
		size_t len = strcspn(start, ":");

		if (len)
			ret->hwcaps[ret->hwcaps_nr++] = sp_arena_strndup(arena, start, len);
		start += len + (start[len] == ':');
	}
}

/* "ld.so (Debian GLIBC 2.36-9) stable release version 2.36." */
static const char *find_version(const struct sp_buf *bytes, struct sp_arena *arena)
{
	static const char mark[] = "release version ";
	const char *at = memmem(sp_buf_str(bytes), bytes->len, mark, sizeof(mark) - 1);

	if (!at)
		return NULL;
	at += sizeof(mark) - 1;
	size_t len = strspn(at, "0123456789.");
	while (len > 0 && at[len - 1] == '.')
		len--;
	return len ? sp_arena_strndup(arena, at, len) : NULL;
}

static int read_segment(struct sp_file *file, uint64_t offset, size_t len,
			struct sp_buf *bytes, struct sp_err *err)
{
	size_t got;
	char *room = sp_buf_reserve(bytes, len);

	if (sp_file_pread(file, room, len, offset, &got, err))
		return -1;
	bytes->len += got;
	sp_buf_addch(bytes, '\0');	/* no string goes on in the next one */
	return 0;
}

/* What it may neither write nor execute; old linkers put constants among the code.
 * Never more than the file has, however often its segments overlap. */
static int read_constants(const struct sp_elf *elf, struct sp_file *file,
			  struct sp_buf *ret, struct sp_err *err)
{
	static const uint32_t forbidden[] = { PF_W | PF_X, PF_W };
	uint64_t left = elf->file_size;

	if (elf->file_size > SP_LOADER_FILE_MAX)
		return sp_err_diagnose(err, "unknown-loader",
				  "too large for a program loader (%llu bytes)",
				  (unsigned long long)elf->file_size);
	for (size_t way = 0; way < 2 && !ret->len; way++)
		for (size_t i = 0; i < elf->segments_nr; i++) {
			const struct sp_elf_segment *s = &elf->segments[i];
			size_t len = (size_t)(s->filesz < left ? s->filesz : left);

			if (!len || (s->flags & forbidden[way]))
				continue;
			if (read_segment(file, s->offset, len, ret, err))
				return -1;
			left -= len;
		}
	return 0;
}

static bool defines_glibc(const struct sp_elf *elf)
{
	for (size_t i = 0; i < elf->verdef_nr; i++)
		if (strncmp(elf->verdef[i].name, "GLIBC_", 6) == 0)
			return true;
	return false;
}

/* "1.2.3", a string of its own and the only one of its form. */
static const char *find_musl_version(const struct sp_buf *bytes, struct sp_arena *arena)
{
	static const char digits[] = "0123456789";

	for (size_t at = 0; at + 1 < bytes->len; at++) {
		const char *p = bytes->data + at + 1;
		size_t len = 0;
		int parts = 0;

		if (bytes->data[at] != '\0' || p[0] < '0' || p[0] > '9')
			continue;
		do {
			size_t n = strspn(p + len, digits);

			parts = n && n < 4 ? parts + 1 : 9;
			len += n;
		} while (parts < 4 && p[len++] == '.');
		if (parts == 3 && p[len - 1] == '\0')
			return sp_arena_strndup(arena, p, len - 1);
	}
	return NULL;
}

static int ask_musl(const struct sp_buf *bytes, const char *interp,
		    struct sp_arena *arena, struct sp_loader *ret)
{
	static const char mark[] = "/etc/ld-musl-";
	const char *at = memmem(sp_buf_str(bytes), bytes->len, mark, sizeof(mark) - 1);
	/* ldso/dynlink.c: the file is taken from the prefix of the loader, which
	 * is its path without the last two components */
	char *prefix = sp_path_dirname(arena, interp);

	prefix = sp_path_dirname(arena, prefix);
	ret->libc = SP_LIBC_MUSL;
	ret->version = find_musl_version(bytes, arena);
	if (at)
		ret->path_file = sp_path_join(arena, prefix, at);
	return 0;
}

int sp_loader_ask(const struct sp_elf *elf, struct sp_file *file, const char *interp,
		  struct sp_arena *arena, struct sp_loader *ret, struct sp_err *err)
{
	sp_autobuf struct sp_buf bytes = { 0 };
	struct sp_loader loader = { 0 };

	if (read_constants(elf, file, &bytes, err))
		return -1;
	if (memmem(sp_buf_str(&bytes), bytes.len, "musl libc", 9)) {
		ask_musl(&bytes, interp, arena, &loader);
	} else if (defines_glibc(elf)) {
		loader.libc = SP_LIBC_GLIBC;
		find_dirs(&bytes, arena, &loader);
		if (!loader.dirs_nr)
			return sp_err_diagnose(err, "unknown-loader",
					  "no built-in library directories can be read in this glibc loader");
		loader.lib = lib_of(loader.dirs[0]);
		loader.version = find_version(&bytes, arena);
		find_hwcaps(&bytes, arena, &loader);
	} else {
		return sp_err_diagnose(err, "unknown-loader",
				  "neither glibc's nor musl's loader; programs of other C libraries can only be packed when linked statically");
	}
	*ret = loader;
	return 0;
}
