/*
 * Crates: the section of cargo-auditable, and source paths among the constants.
 */
#include "elf/rustdeps.h"

#include <string.h>

#include "base/inflate.h"
#include "base/map.h"
#include "elf/stream.h"

#define MARK "/registry/"
#define PART_MAX 128		/* bytes of an index, of a crate with its version */
#define PATH_LEN (sizeof(MARK "src/") + 2 * (PART_MAX + 1))

/* Damage leaves a file without crates. */
static int forgive(const struct sp_err *damage, struct sp_err *err)
{
	if (damage->code == SP_EPROGRAM)
		return 0;
	*err = *damage;
	return -1;
}

static int read_deps(const struct sp_elf *elf, struct sp_file *file, struct sp_arena *arena,
		     struct sp_buf *ret, struct sp_err *err)
{
	sp_autofree char *data = NULL;
	struct sp_reader r;
	Elf64_Shdr sh;
	bool found;

	if (!elf->has_sections)
		return 0;
	if (sp_reader_open(&r, file, arena, err) ||
	    sp_sections_find(&r, ".dep-v0", &sh, &found, err))
		return -1;
	if (!found || sh.sh_size == 0 || sh.sh_size > SP_ELF_RUST_DEPS_MAX)
		return 0;
	data = sp_malloc((size_t)sh.sh_size);
	if (sp_reader_bytes(&r, ".dep-v0", sh.sh_offset, data, (size_t)sh.sh_size, err))
		return -1;
	sp_buf_add(ret, data, (size_t)sh.sh_size);
	return 0;
}

int sp_elf_rust_deps(const struct sp_elf *elf, struct sp_file *file, struct sp_buf *ret,
		     struct sp_err *err)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	struct sp_err damage = { 0 };

	return read_deps(elf, file, &arena, ret, &damage) ? forgive(&damage, err) : 0;
}

struct crates {
	void (*visit)(void *ctx, const char *crate, const char *version);
	void *ctx;
	struct sp_arena arena;
	struct sp_map seen;
	size_t nr;
};

static void crates_release(struct crates *c)
{
	sp_map_release(&c->seen);
	sp_arena_release(&c->arena);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Names of crates, versions and indexes; a path that is none of ours has others. */
static bool is_part(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '-' || c == '_' || c == '.' || c == '+';
}

/* Length of the component at p that a slash ends; 0 if there is none. */
static size_t component(const char *p, const char *end)
{
	size_t len = 0;

	while (p + len < end && len <= PART_MAX && is_part(p[len]))
		len++;
	return p + len < end && len <= PART_MAX && p[len] == '/' ? len : 0;
}

static size_t skip_number(const char *s)
{
	size_t n = 0;

	while (is_digit(s[n]))
		n++;
	return n;
}

/* "1.2.3" and what may follow; cargo allows no shorter version. */
static bool is_version(const char *s)
{
	for (int i = 0; i < 3; i++) {
		size_t n = skip_number(s);

		if (n == 0 || (i < 2 && s[n] != '.'))
			return false;
		s += n + (i < 2);
	}
	return *s == '\0' || *s == '-' || *s == '+';
}

static void take_name(struct crates *c, const char *name, const char *version)
{
	sp_autofree char *both = sp_strf("%s-%s", name, version);

	if (sp_map_get(&c->seen, both) != SP_MAP_NONE || c->nr == SP_ELF_RUST_CRATES_MAX)
		return;
	sp_map_set(&c->seen, sp_arena_strdup(&c->arena, both), c->nr++);
	c->visit(c->ctx, name, version);
}

/* "md-5-0.10.1": the version begins after the first '-' that a version follows. */
static void take_crate(struct crates *c, const char *part, size_t len)
{
	char name[PART_MAX + 1];
	char *dash = name;

	memcpy(name, part, len);
	name[len] = '\0';
	while ((dash = strchr(dash, '-')) && (dash == name || !is_version(dash + 1)))
		dash++;
	if (!dash)
		return;
	*dash = '\0';
	take_name(c, name, dash + 1);
}

/* The string after key in the object at p, in buf; false if there is none, or no name. */
static bool member(const char *p, const char *end, const char *key, char *buf)
{
	size_t len = 0;

	p = memmem(p, (size_t)(end - p), key, strlen(key));
	if (!p)
		return false;
	p += strlen(key);
	while (p + len < end && len < PART_MAX && is_part(p[len]))
		len++;
	memcpy(buf, p, len);
	buf[len] = '\0';
	return len > 0 && p + len < end && p[len] == '"';
}

/*
 * What cargo-auditable writes: {"packages":[{"name":"adler","version":"1.0.2",...},...]},
 * without spaces, and names have no escapes.  Packages with "kind":"build" made the
 * program and are not in it.
 */
static void take_packages(struct crates *c, const char *p, const char *end)
{
	char name[PART_MAX + 1], version[PART_MAX + 1], kind[PART_MAX + 1];
	const char *next;

	for (; (p = memmem(p, (size_t)(end - p), "{\"name\":", 8)); p = next) {
		next = memchr(p, '}', (size_t)(end - p));
		if (!next)
			return;
		if (!member(p, next, "\"name\":\"", name) ||
		    !member(p, next, "\"version\":\"", version) ||
		    (member(p, next, "\"kind\":\"", kind) && strcmp(kind, "build") == 0))
			continue;
		take_name(c, name, version);
	}
}

/* Crates of .dep-v0; what is no such thing has none. */
static int take_deps(struct crates *c, const struct sp_elf *elf, struct sp_file *file,
		     struct sp_err *err)
{
	sp_autobuf struct sp_buf packed = { 0 }, json = { 0 };
	struct sp_err damage = { 0 };

	if (sp_elf_rust_deps(elf, file, &packed, err))
		return -1;
	if (packed.len && sp_inflate_zlib(packed.data, packed.len, SP_ELF_RUST_JSON_MAX, &json,
					  &damage) == 0 && json.len)
		take_packages(c, json.data, json.data + json.len);
	return 0;
}

/* What follows the mark: "src/INDEX/CRATE-VERSION/" or "CRATE-VERSION/". */
static void take_path(struct crates *c, const char *p, const char *end)
{
	size_t len = component(p, end);

	if (len == 3 && memcmp(p, "src", 3) == 0) {
		p += len + 1;
		len = component(p, end);
		if (len == 0)
			return;
		p += len + 1;
		len = component(p, end);
	}
	if (len > 0)
		take_crate(c, p, len);
}

static size_t take_paths(void *ctx, const char *data, size_t len, bool last)
{
	struct crates *c = ctx;
	const char *end = data + len, *p = data;

	while ((p = memmem(p, (size_t)(end - p), MARK, sizeof(MARK) - 1))) {
		if (!last && (size_t)(end - p) < PATH_LEN)
			return (size_t)(p - data);
		p += sizeof(MARK) - 1;
		take_path(c, p, end);
		p--;		/* its slash may begin another */
	}
	if (last)
		return len;
	return len < sizeof(MARK) ? 0 : len - sizeof(MARK);
}

int sp_elf_rust_crates(const struct sp_elf *elf, struct sp_file *file,
		       void (*visit)(void *ctx, const char *crate, const char *version),
		       void *ctx, struct sp_err *err)
{
	SP_CLEANUP(crates_release) struct crates c = { .visit = visit, .ctx = ctx };
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	struct sp_err damage = { 0 };
	struct sp_reader r;

	if (!elf->segments_nr)
		return 0;
	if (take_deps(&c, elf, file, err))
		return -1;
	if (c.nr)
		return 0;
	if (sp_reader_open(&r, file, &arena, &damage) ||
	    sp_stream_constants(&r, take_paths, &c, &damage))
		return forgive(&damage, err);
	return 0;
}
