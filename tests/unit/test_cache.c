/*
 * ld.so.cache: read in all its layouts as ldconfig writes them, written so that
 * ldconfig and the loader read it, and never trusted.
 */
#include <elf.h>

#include "base/io.h"
#include "closure_files.h"
#include "loader/cache.h"

/* --- the order of names --- */

static void ordering(void)
{
	static const struct { const char *a, *b; int want; } rows[] = {
		{ "libfoo.so", "libfoo.so", 0 },
		{ "libfoo2.so", "libfoo10.so", -1 },
		{ "libfoo.so.9", "libfoo.so.10", -1 },
		{ "libfoo.so.1", "libfoo.so.01", 0 },	/* numbers count by value */
		{ "libfoo.so", "libfoo.so.1", -1 },
		{ "libfoo1", "libfoo.", 1 },		/* a digit is above all else */
		{ "liba", "libb", -1 },
		{ "", "a", -1 },
		{ "", "", 0 },
		/* 4294967295 is -1 in the int that the loader counts in */
		{ "lib4294967295.so", "lib1.so", -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		is_int(sp_cache_compare(rows[i].a, rows[i].b), rows[i].want, "%s and %s",
		       rows[i].a, rows[i].b);
		is_int(sp_cache_compare(rows[i].b, rows[i].a), -rows[i].want, "and back");
	}
}

/* --- writing and reading back --- */

static const char *const names[] = {
	"libfoo.so.1", "libfoo1.so", "libfoo2.so", "libfoo10.so", "libfoo.so.10",
	"libfoo.so.9", "libfo.so", "libfooo.so", "liba.so", "libz.so", "libfoo-1.so",
	"libfoo_1.so", "LIBFOO.so", "lib5000000000.so", "lib7.so", "libfoo.so",
};
#define NAMES (sizeof(names) / sizeof(*names))

static void make(struct sp_buf *ret, const char *dir, bool big_endian, bool backwards)
{
	struct sp_cache_entry entries[NAMES];
	struct sp_arena arena = { 0 };

	for (size_t i = 0; i < NAMES; i++) {
		const char *name = names[backwards ? NAMES - 1 - i : i];

		entries[i] = (struct sp_cache_entry){
			.name = name, .path = sp_arena_strf(&arena, "%s/%s", dir, name),
			.flags = 0x0303,
		};
	}
	sp_cache_make(entries, NAMES, big_endian, ret);
	sp_arena_release(&arena);
}

static void round_trip(bool big_endian)
{
	sp_autobuf struct sp_buf bytes = { 0 };
	struct sp_cache *cache = NULL;
	size_t found = 0;

	make(&bytes, "/opt/lib", big_endian, false);
	if (!ok(sp_cache_parse(bytes.data, bytes.len, &cache), "what is written is read"))
		return;
	is_int((long long)cache->entries_nr, NAMES, "all of it");
	for (size_t i = 0; i < NAMES; i++) {
		size_t at = sp_cache_find(cache, names[i]);

		found += at != SP_CACHE_NONE && strcmp(cache->entries[at].name, names[i]) == 0 &&
			 cache->entries[at].flags == 0x0303 && !cache->entries[at].hwcaps &&
			 strncmp(cache->entries[at].path, "/opt/lib/", 9) == 0;
	}
	is_int((long long)found, NAMES, "and each name is found");
	ok(sp_cache_find(cache, "libfoo3.so") == SP_CACHE_NONE, "another is not");
	ok(sp_cache_find(cache, "") == SP_CACHE_NONE, "nor the empty one");
	sp_cache_free(cache);
}

static void written_bytes(void)
{
	sp_autobuf struct sp_buf a = { 0 }, b = { 0 }, empty = { 0 };
	struct sp_cache *cache = NULL;

	make(&a, "/opt/lib", false, false);
	make(&b, "/opt/lib", false, true);
	ok(a.len == b.len && memcmp(a.data, b.data, a.len) == 0,
	   "the bytes do not depend on the order of the entries");
	sp_cache_make(NULL, 0, false, &empty);
	is_int((long long)empty.len, 48, "a cache of nothing is a header");
	ok(sp_cache_parse(empty.data, empty.len, &cache), "that can be read");
	ok(sp_cache_find(cache, "x") == SP_CACHE_NONE, "and has nothing");
	sp_cache_free(cache);
}

/* --- what ldconfig and the loader make of ours --- */

static bool put_file(const char *name, const struct sp_buf *bytes)
{
	SP_CLEANUP(sp_outfile_abort) struct sp_outfile out = SP_OUTFILE_INIT;
	struct sp_err err = { 0 };

	return !sp_outfile_open(&out, in_scratch(name), &err) &&
	       !sp_outfile_write(&out, bytes->data, bytes->len, &err) &&
	       !sp_outfile_commit(&out, &err);
}

static void check_with_ldconfig(void)
{
	sp_autobuf struct sp_buf bytes = { 0 }, listed = { 0 };
	struct sp_err err = { 0 };
	size_t found = 0;

	make(&bytes, in_scratch("opt"), false, true);
	put_file("ours.cache", &bytes);
	shell("ldconfig -p -C ours.cache >listed");
	if (sp_read_file(in_scratch("listed"), 1 << 20, &listed, &err))
		return;
	ok(strstr(sp_buf_str(&listed), "16 libs found in cache") != NULL, "ldconfig reads our cache");
	for (size_t i = 0; i < NAMES; i++) {
		sp_autofree char *line = sp_strf("\t%s (libc6,x86-64) => %s/%s\n", names[i],
						 in_scratch("opt"), names[i]);
		found += strstr(sp_buf_str(&listed), line) != NULL;
	}
	is_int((long long)found, NAMES, "and lists each library as we meant it");
}

/* In a name space with another cache: both listings of a program, into files. */
static const char *asked;

static int put_text(const char *name, char *text)
{
	struct sp_buf buf = { .data = text, .len = strlen(text) };
	bool good = put_file(name, &buf);

	free(text);
	return good ? 0 : 1;
}

static int write_listings(void)
{
	return put_text("got", ours(asked)) | put_text("want", real(asked));
}

/* Agree with the loader when the file cache stands at /etc/ld.so.cache. */
static void agree_under(const char *cache, const char *program, const char *part,
			const char *what)
{
	sp_autobuf struct sp_buf got = { 0 }, want = { 0 };
	struct sp_err err = { 0 };

	asked = program;
	if (with_bind(cache, "/etc/ld.so.cache", write_listings) != 0) {
		skip("%s: no mount name space here", what);
		return;
	}
	if (sp_read_file(in_scratch("got"), 1 << 20, &got, &err) ||
	    sp_read_file(in_scratch("want"), 1 << 20, &want, &err)) {
		ok(false, "%s: %s", what, err.msg);
		return;
	}
	is_str(sp_buf_str(&got), sp_buf_str(&want), "%s", what);
	if (!ok(strstr(sp_buf_str(&got), part) != NULL, "and the answer is %s", part))
		test_value("got: ", sp_buf_str(&got));
}

/* Each of the names, from a cache in which all the others are decoys. */
static void loader_reads_ours(void)
{
	sp_autobuf struct sp_buf script = { 0 };

	for (size_t i = 0; i < NAMES; i++)
		sp_buf_addf(&script, "so opt/%s %s\n", names[i], names[i]);
	sp_buf_addstr(&script, "exe every opt/*\n");
	shell(sp_buf_str(&script));
	agree_under("ours.cache", "every", "/opt/libfoo10.so\n",
		    "the loader finds every library through our cache");
}

/* --- what ldconfig writes --- */

static void ldconfig_caches(void)
{
	static const char *const formats[] = { "new", "compat", "old" };

	shell("mkdir lc; cd lc; W=$PWD\n"
	      "so a/libin.so.1 libin.so.1; so b/libin.so.1 libin.so.1\n"
	      "so a/libfoo2.so libfoo2.so; so a/libfoo10.so libfoo10.so\n"
	      "so a/glibc-hwcaps/x86-64-v2/libhw.so libhw.so; so a/libhw.so libhw.so\n"
	      "so a/glibc-hwcaps/x86-64-v2/libonly.so libonly.so; so a/libonly.so libonly.so\n"
	      "so c/libbi.so libbi.so; so i386/libbi.so libbi.so -m32 -Wl,-m,elf_i386\n"
	      "so i386/lib32.so lib32.so -m32 -Wl,-m,elf_i386; so d/lib32.so lib32.so\n"
	      "exe app a/libin.so.1 a/libfoo2.so a/libfoo10.so c/libbi.so\n"
	      "exe app32 d/lib32.so\n"
	      "exe hw a/libhw.so; exe only a/libonly.so\n"
	      "exe stale a/libin.so.1\n"
	      "exe nodef -Wl,-z,nodefaultlib a/libin.so.1\n"
	      "exe nodefc -Wl,-z,nodefaultlib a/libin.so.1\n"
	      "patchelf --replace-needed libin.so.1 libc.so.6 nodefc\n"
	      "rm a/libonly.so\n"
	      "printf '%s\\n' $W/a $W/b $W/i386 $W/c >conf\n"
	      "for f in new compat old; do ldconfig -c $f -f conf -C $f.cache -X; done\n"
	      "printf '%s\\n' $W/gone >conf; mkdir gone; so gone/libin.so.1 libin.so.1\n"
	      "ldconfig -f conf -C gone.cache -X; rm -r gone\n"
	      "printf '%s\\n' $W/first $W/b >conf; so first/libin.so.1 libin.so.1\n"
	      "ldconfig -f conf -C second.cache -X; rm -r first\n"
	      "[ $(ldconfig -p -C second.cache | grep -c 'libin.so.1 ') = 2 ]\n"
	      "printf '%s\\n' $W/late >conf; mkdir late\n"
	      "ldconfig -f conf -C late.cache -X; cp a/libin.so.1 late/\n"
	      "head -c 60 new.cache >cut.cache; echo text >text.cache; : >empty.cache\n"
	      "(head -c 28 new.cache; printf '\\003'; tail -c +30 new.cache) >endian.cache\n"
	      "(head -c 28 new.cache; printf '\001'; tail -c +30 new.cache) >odd.cache\n"
	      "(head -c 56 new.cache; printf '\377\377\377\377'; tail -c +61 new.cache) >lost.cache");
	for (size_t i = 0; i < 3; i++) {
		sp_autofree char *cache = sp_strf("lc/%s.cache", formats[i]);
		sp_autofree char *what = sp_strf("the %s layout", formats[i]);

		agree_under(cache, "lc/app", "/lc/a/libin.so.1\n", what);
	}
	agree_under("lc/new.cache", "lc/app", "/lc/c/libbi.so\n",
		    "of two with one name, that of our machine");
	agree_under("lc/new.cache", "lc/app32", "lib32.so not found",
		    "one for another machine is none");
	/* entries for x86-64 stand before those for i386 */
	if (access("/lib/ld-linux.so.2", X_OK) == 0 &&
	    shell("cd lc; exe bi32 -m32 -Wl,-m,elf_i386 i386/libbi.so"))
		agree_under("lc/new.cache", "lc/bi32", "/lc/i386/libbi.so\n",
			    "also if it comes second, and does not say whose it is");
	else
		skip("no loader for i386");
	agree_under("lc/late.cache", "lc/stale", "not found",
		    "a directory that was listed, but not when ldconfig ran, is not searched");
	agree_under("lc/gone.cache", "lc/stale", "not found",
		    "a library that was there when ldconfig ran, but is gone, is not found");
	agree_under("lc/second.cache", "lc/stale", "not found",
		    "nor is one of the same name that stands behind it");
	agree_under("lc/new.cache", "lc/nodef", "/lc/a/libin.so.1\n",
		    "nodefaultlib allows the cache");
	agree_under("lc/new.cache", "lc/nodefc", "libc.so.6 not found",
		    "but not for what is in a built-in directory");
	agree_under("lc/cut.cache", "lc/stale", "not found", "a cache cut short is no cache");
	agree_under("lc/text.cache", "lc/stale", "not found", "nor is a text");
	agree_under("lc/empty.cache", "lc/stale", "not found", "nor an empty file");
	agree_under("lc/endian.cache", "lc/stale", "not found", "nor one of another byte order");
	agree_under("lc/odd.cache", "lc/stale", "not found", "nor one of none");
	agree_under("lc/lost.cache", "lc/app", "/lc/a/libin.so.1\n",
		    "an entry whose path lies outside hides no other");
}

static struct sp_cache *parse_file(const char *name)
{
	sp_autobuf struct sp_buf bytes = { 0 };
	struct sp_cache *cache = NULL;
	struct sp_err err = { 0 };

	if (sp_read_file(in_scratch(name), 1 << 24, &bytes, &err) ||
	    !sp_cache_parse(bytes.data, bytes.len, &cache))
		return NULL;
	return cache;
}

/* An image takes the baseline file, whatever this machine could run. */
static void hwcaps_entries(void)
{
	sp_autobuf struct sp_buf got = { 0 };
	struct sp_err err = { 0 };

	asked = "lc/hw";
	if (with_bind("lc/new.cache", "/etc/ld.so.cache", write_listings) == 0 &&
	    sp_read_file(in_scratch("got"), 1 << 20, &got, &err) == 0)
		ok(strstr(sp_buf_str(&got), "/lc/a/libhw.so") != NULL,
		   "of several builds the one for every CPU");
	else
		skip("no mount name space here");
	struct sp_cache *cache = parse_file("lc/new.cache");

	if (!ok(cache != NULL, "a cache with glibc-hwcaps entries is read"))
		return;
	size_t at = sp_cache_find(cache, "libhw.so");
	is_str(cache->entries[at].hwcaps, "x86-64-v2", "the better file comes first, by its name");
	is_str(cache->entries[at + 1].hwcaps, NULL, "then the baseline one");
	at = sp_cache_find(cache, "libonly.so");
	is_str(cache->entries[at].hwcaps, "x86-64-v2", "one may be alone");
	sp_cache_free(cache);
}

/* --- damage --- */

static void damage(void)
{
	static const char *const files[] = { "lc/new.cache", "lc/compat.cache", "lc/old.cache" };
	struct sp_cache *cache;
	size_t accepted = 0;

	for (size_t f = 0; f < 3; f++) {
		sp_autobuf struct sp_buf bytes = { 0 };
		struct sp_err err = { 0 };

		if (sp_read_file(in_scratch(files[f]), 1 << 24, &bytes, &err))
			continue;
		/* copies of the exact size, so that the sanitizer sees a read too far */
		for (size_t len = 0; len < bytes.len; len += 1 + len / 16) {
			sp_autofree char *cut = sp_malloc(len);

			memcpy(cut, bytes.data, len);
			if (sp_cache_parse(cut, len, &cache)) {
				accepted++;
				sp_cache_free(cache);
			}
		}
		for (size_t at = 0; at < 256 && at < bytes.len; at++) {
			bytes.data[at] = (char)~bytes.data[at];
			if (sp_cache_parse(bytes.data, bytes.len, &cache)) {
				sp_cache_find(cache, "libin.so.1");
				sp_cache_free(cache);
			}
			bytes.data[at] = (char)~bytes.data[at];
		}
	}
	ok(accepted <= 6, "a cache cut short is hardly ever one (%zu times)", accepted);
	ok(!sp_cache_parse("", 0, &cache), "nothing is no cache");
	ok(!sp_cache_parse("ld.so-1.7.0", 11, &cache), "nor is a magic alone");
	ok(!sp_cache_parse("glibc-ld.so.cache1.1", 20, &cache), "nor the other");
}

/* Entries that all claim one string of megabytes cost what they are. */
static void greedy(void)
{
	sp_autobuf struct sp_buf bytes = { 0 };
	struct sp_cache_entry entry = { .name = "x", .path = "/x", .flags = 1 };
	size_t nr = 100000;
	struct sp_cache *cache;

	sp_cache_make(&entry, 1, false, &bytes);
	bytes.len = 48;
	*(uint32_t *)(void *)(bytes.data + 20) = (uint32_t)nr;
	for (size_t i = 0; i < nr; i++) {
		uint32_t at = (uint32_t)(48 + nr * 24);
		uint32_t record[6] = { 1, at, at, 0, 0, 0 };

		sp_buf_add(&bytes, record, sizeof(record));
	}
	memset(sp_buf_reserve(&bytes, 4 << 20), 'a', 4 << 20);
	bytes.len += 4 << 20;
	sp_buf_addch(&bytes, '\0');
	ok(!sp_cache_parse(bytes.data, bytes.len, &cache), "a name of megabytes is none");
}

/* --- from a root --- */

static void from_root(void)
{
	sp_autobuf struct sp_buf bytes = { 0 };
	struct sp_err err = { 0 };
	struct sp_cache *cache = NULL;
	struct sp_root *root;
	bool damaged = true;

	shell("mkdir -p r1/etc r2 r3/etc r4/etc/ld.so.cache; echo text >r3/etc/ld.so.cache\n"
	      "mkdir r5 r5/etc; ln -s /../../elsewhere r5/etc/ld.so.cache; cp ours.cache r5/elsewhere\n"
	      "mkdir -p r6/etc; : >r6/etc/ld.so.cache; truncate -s 1G r6/etc/ld.so.cache");
	make(&bytes, "/opt", false, false);
	put_file("r1/etc/ld.so.cache", &bytes);
	static const struct { const char *root; bool there, damaged; } rows[] = {
		{ "r1", true, false }, { "r2", false, false }, { "r3", false, true },
		{ "r4", false, false }, { "r5", true, false }, { "r6", false, true },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (sp_root_open_dir(in_scratch(rows[i].root), &root, &err))
			continue;
		int rc = sp_cache_read(root, &cache, &damaged, &err);
		ok(rc == 0 && (cache != NULL) == rows[i].there && damaged == rows[i].damaged,
		   "%s: %s", rows[i].root, rows[i].there ? "read" : rows[i].damaged ? "damaged" : "none");
		sp_cache_free(cache);
		sp_root_free(root);
	}
}

static void flags(void)
{
	static const struct { int machine, bits; uint32_t flags; int want; } rows[] = {
		{ EM_X86_64, 64, 0, 0x0303 }, { EM_X86_64, 32, 0, 0x0803 },
		{ EM_386, 32, 0, 0x0003 }, { EM_AARCH64, 64, 0, 0x0a03 },
		{ EM_ARM, 32, 0, 0x0b03 }, { EM_S390, 64, 0, 0x0403 },
		{ EM_RISCV, 64, 4, 0x1003 }, { EM_RISCV, 64, 0, 0x0f03 }, { EM_68K, 32, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sp_elf elf = { .machine = (uint16_t)rows[i].machine,
				      .bits = rows[i].bits, .flags = rows[i].flags };

		is_int(sp_cache_flags(&elf), rows[i].want, "flags of machine %d, %d bits",
		       rows[i].machine, rows[i].bits);
	}
	struct sp_elf hard = { .machine = EM_ARM, .bits = 32, .arm_hard_float = true };
	is_int(sp_cache_flags(&hard), 0x0903, "flags of ARM with hard float");
}

int main(void)
{
	ordering();
	round_trip(false);
	round_trip(true);
	written_bytes();
	flags();
	greedy();
#ifdef __x86_64__
	check_with_ldconfig();
	loader_reads_ours();
	ldconfig_caches();
	hwcaps_entries();
	damage();
	from_root();
#endif
	in_scratch(NULL);
	return test_done();
}
