/*
 * ld.so.cache: reading it in its three layouts (old, new, old followed by new).
 *
 * Every offset in the file is a claim and is checked against the file.
 */
#include "loader/cache.h"

#include <elf.h>
#include <string.h>

#include "base/path.h"
#include "base/vec.h"

static const char old_magic[] = "ld.so-1.7.0";
static const char new_magic[] = "glibc-ld.so.cache1.1";

#define OLD_HEADER 16		/* magic (12 with padding), count */
#define OLD_ENTRY 12		/* flags, name, path; offsets from the string table */
#define NEW_HEADER 48
#define NEW_ENTRY 24		/* flags, name, path, os version, hwcap; from the header */
#define EXTENSION_MAGIC 0xeaa42174u
#define EXTENSION_HWCAPS 1u	/* tag of the section that lists hwcaps names */
#define HWCAP_EXTENSION (UINT64_C(1) << 62)

/* The bytes of a cache and how to read numbers in them. */
struct bytes {
	const unsigned char *data;
	size_t len;
	bool big_endian;
};

static uint32_t u32(const struct bytes *b, size_t at)
{
	const unsigned char *p = b->data + at;

	return b->big_endian ?
		       (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
			       (uint32_t)p[2] << 8 | p[3] :
		       (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
			       (uint32_t)p[1] << 8 | p[0];
}

static uint64_t u64(const struct bytes *b, size_t at)
{
	uint64_t a = u32(b, at), z = u32(b, at + 4);

	return b->big_endian ? a << 32 | z : z << 32 | a;
}

/* The string at an offset, or NULL if it does not end inside the file or is
 * longer than any path: many entries may claim the same long one. */
static const char *string(const struct bytes *b, uint64_t at)
{
	size_t room = at < b->len ? b->len - (size_t)at : 0;

	if (room > SP_PATH_MAX)
		room = SP_PATH_MAX;
	if (!room || !memchr(b->data + at, '\0', room))
		return NULL;
	return (const char *)b->data + at;
}

/* Byte order from a count that must fit the file: few files are so large that
 * both readings do. */
static bool find_order(struct bytes *b, size_t count_at, size_t entry, size_t header)
{
	for (int big = 0; big < 2; big++) {
		b->big_endian = big;
		if (u32(b, count_at) <= (b->len - header) / entry)
			return true;
	}
	return false;
}

static void add(struct sp_cache *cache, const char *name, const char *path,
		int32_t flags, const char *hwcaps)
{
	*SP_VEC_PUSH(cache->entries) = (struct sp_cache_entry){
		.name = name, .path = path, .flags = flags, .hwcaps = hwcaps,
	};
}

static bool parse_old(struct bytes *b, struct sp_cache *cache)
{
	size_t nr = u32(b, 12), strings = OLD_HEADER + nr * OLD_ENTRY;

	for (size_t i = 0; i < nr; i++) {
		size_t at = OLD_HEADER + i * OLD_ENTRY;
		const char *name = string(b, (uint64_t)strings + u32(b, at + 4));
		const char *path = string(b, (uint64_t)strings + u32(b, at + 8));

		if (!name || !path)
			return false;
		add(cache, name, path, (int32_t)u32(b, at), NULL);
	}
	return true;
}

/* The name of hwcaps subdirectory number index, or "?" when it cannot be read:
 * not NULL, which would make the entry a baseline one. */
static const char *hwcaps_name(const struct bytes *b, uint32_t index)
{
	size_t ext = u32(b, 32);

	if (!ext || ext > b->len - 8 || b->len < 8 || u32(b, ext) != EXTENSION_MAGIC)
		return "?";
	size_t nr = u32(b, ext + 4);
	for (size_t i = 0; i < nr && i < 64; i++) {
		size_t at = ext + 8 + i * 16;

		if (at > b->len - 16)
			break;
		uint64_t list = u32(b, at + 8), size = u32(b, at + 12);
		if (u32(b, at) != EXTENSION_HWCAPS || index >= size / 4 ||
		    list + size > b->len)
			continue;
		const char *name = string(b, u32(b, (size_t)list + 4 * (size_t)index));
		return name ? name : "?";
	}
	return "?";
}

static bool parse_new(struct bytes *b, struct sp_cache *cache)
{
	unsigned order = b->data[28] & 3;

	/* 2 little, 3 big endian, 0 for makers before glibc 2.33, 1 for none */
	if (order >= 2)
		b->big_endian = order == 3;
	else if (order == 1 || !find_order(b, 20, NEW_ENTRY, NEW_HEADER))
		return false;
	size_t nr = u32(b, 20);
	if (nr > (b->len - NEW_HEADER) / NEW_ENTRY)
		return false;
	for (size_t i = 0; i < nr; i++) {
		size_t at = NEW_HEADER + i * NEW_ENTRY;
		const char *name = string(b, u32(b, at + 4));
		const char *path = string(b, u32(b, at + 8));
		uint64_t hwcap = u64(b, at + 16);

		if (!name)
			return false;
		/* at a path that is none nothing is; other hwcap bits mean directories that
		 * glibc 2.37 and later no longer know: they too are no baseline */
		add(cache, name, path ? path : "", (int32_t)u32(b, at),
		    !hwcap ? NULL :
		    hwcap & HWCAP_EXTENSION ?
			     hwcaps_name(b, (uint32_t)hwcap) :
			     "legacy");
	}
	return true;
}

/* A new cache may follow an old one, at 8-byte alignment. */
static size_t new_after_old(const struct bytes *b)
{
	uint64_t end = OLD_HEADER + (uint64_t)u32(b, 12) * OLD_ENTRY;

	return (size_t)((end + 7) / 8 * 8);
}

static bool is_new(const struct bytes *b, size_t at)
{
	return at <= b->len && b->len - at >= NEW_HEADER &&
	       memcmp(b->data + at, new_magic, sizeof(new_magic) - 1) == 0;
}

bool sp_cache_parse(const void *data, size_t len, struct sp_cache **ret)
{
	struct sp_cache *cache = sp_calloc(1, sizeof(*cache));
	/* one copy that all strings point into */
	struct bytes b = { .data = sp_arena_memdup(&cache->arena, data, len), .len = len };
	bool good = false;

	if (is_new(&b, 0)) {
		good = parse_new(&b, cache);
	} else if (len >= OLD_HEADER &&
		   memcmp(b.data, old_magic, sizeof(old_magic) - 1) == 0 &&
		   find_order(&b, 12, OLD_ENTRY, OLD_HEADER)) {
		size_t at = new_after_old(&b);

		if (is_new(&b, at)) {
			struct bytes rest = { .data = b.data + at, .len = len - at };

			good = parse_new(&rest, cache);
		} else {
			good = parse_old(&b, cache);
		}
	}
	if (!good) {
		sp_cache_free(cache);
		return false;
	}
	*ret = cache;
	return true;
}

int sp_cache_read(struct sp_root *root, struct sp_cache **ret, bool *ret_damaged,
		  struct sp_err *err)
{
	sp_autofile struct sp_file file = SP_FILE_INIT;
	sp_autobuf struct sp_buf bytes = { 0 };
	struct sp_found found;
	size_t got;

	*ret = NULL;
	*ret_damaged = false;
	if (sp_root_resolve(root, SP_CACHE_PATH, &found, err))
		return -1;
	if (!found.real || found.st.type != SP_FILE)
		return 0;
	if (sp_root_open(root, found.real, &file, err))
		return -1;
	if (file.st.size > SP_CACHE_SIZE_MAX) {
		*ret_damaged = true;
		return 0;
	}
	char *room = sp_buf_reserve(&bytes, file.st.size);
	if (sp_file_pread(&file, room, file.st.size, 0, &got, err))
		return sp_err_wrap(err, "%s", sp_root_show(root, SP_CACHE_PATH));
	*ret_damaged = !sp_cache_parse(room, got, ret);
	return 0;
}

void sp_cache_free(struct sp_cache *cache)
{
	if (!cache)
		return;
	free(cache->entries);
	sp_arena_release(&cache->arena);
	free(cache);
}

/* glibc, search_cache() in elf/dl-cache.c: the order is descending. */
size_t sp_cache_find(const struct sp_cache *cache, const char *name)
{
	size_t left = 0, right = cache->entries_nr;

	while (left < right) {
		size_t middle = left + (right - left - 1) / 2;
		int order = sp_cache_compare(name, cache->entries[middle].name);

		if (order < 0) {
			left = middle + 1;
		} else if (order > 0) {
			right = middle;
		} else {
			while (middle > 0 &&
			       sp_cache_compare(name, cache->entries[middle - 1].name) == 0)
				middle--;
			return middle;
		}
	}
	return SP_CACHE_NONE;
}

/* glibc, sysdeps/generic/ldconfig.h: FLAG_ELF_LIBC6 and the ABI above it. */
int32_t sp_cache_flags(const struct sp_elf *elf)
{
	switch (elf->machine) {
	case EM_X86_64:
		return elf->bits == 64 ? 0x0303 : 0x0803;
	case EM_386:
		return 0x0003;
	case EM_AARCH64:
		return 0x0a03;
	case EM_ARM:
		return elf->arm_hard_float ? 0x0903 : 0x0b03;
	case EM_S390:
		return elf->bits == 64 ? 0x0403 : 0x0003;
	case EM_PPC64:
		return 0x0503;
	case EM_MIPS:
		return elf->bits == 64 ? 0x0703 : 0x0003;
	case EM_RISCV:
		/* EF_RISCV_FLOAT_ABI */
		return (elf->flags & 6) == 4 ? 0x1003 : 0x0f03;
	case EM_LOONGARCH:
		return (elf->flags & 7) == 3 ? 0x1203 : 0x1103;
	default:
		return 0;
	}
}

/* glibc, dl-cache.h of each machine.  ldconfig gives the flags 1 to what does not need the
 * C library, on machines without flags of their own, and 3 on ARM to what does not say
 * which floating-point registers it passes values in. */
int32_t sp_cache_flags_also(const struct sp_elf *elf)
{
	switch (elf->machine) {
	case EM_386:
		return 1;
	case EM_S390:
		return elf->bits == 64 ? 0 : 1;
	case EM_ARM:
		return 3;
	default:
		return 0;
	}
}
