/*
 * Crates of Rust programs: the section of cargo-auditable, added by hand, and source
 * paths, at every place around the ends of blocks.
 */
#include "elf/rustdeps.h"

#include "elf_files.h"

#define BLOCK (128 * 1024)	/* as stream.c reads */

/* --- .dep-v0 --- */

static size_t deps_of(struct blob *b, struct sp_buf *ret)
{
	struct sp_file file = blob_file(b);
	struct sp_elf *elf = must_read(b, "the file");
	struct sp_err err = { 0 };

	sp_buf_reset(ret);
	if (sp_elf_rust_deps(elf, &file, ret, &err))
		ok(false, "the section is read: %s", err.msg);
	sp_elf_free(elf);
	return ret->len;
}

static struct blob with_section(const char *content)
{
	if (!run("printf 'int main(void) { return 0; }' >in.c && gcc in.c -o plain && %s &&"
		 " objcopy --add-section .dep-v0=dep --set-section-flags .dep-v0=readonly"
		 " plain out", content)) {
		printf("Bail out! the checks that follow need it\n");
		exit(1);
	}
	return load(scratch_path("out"));
}

static void sections(void)
{
	struct sp_buf buf = { 0 };
	struct blob b = with_section("printf 'x\\234\\0zlib' >dep");

	ok(deps_of(&b, &buf) == 7 && memcmp(buf.data, "x\234\0zlib", 7) == 0,
	   "the bytes of the section");
	strip_sections(&b);
	is_int((long long)deps_of(&b, &buf), 0, "none without section headers");
	blob_free(&b);

	b = load(scratch_path("plain"));
	is_int((long long)deps_of(&b, &buf), 0, "none in other programs");
	blob_free(&b);
	b = with_section(": >dep");
	is_int((long long)deps_of(&b, &buf), 0, "an empty one");
	blob_free(&b);
	b = with_section("head -c 8388608 /dev/zero >dep");
	is_int((long long)deps_of(&b, &buf), SP_ELF_RUST_DEPS_MAX, "the largest");
	blob_free(&b);
	b = with_section("head -c 8388609 /dev/zero >dep");
	is_int((long long)deps_of(&b, &buf), 0, "one too large");
	blob_free(&b);
	sp_buf_release(&buf);
}

/* Damage leaves a file without; a failing read is a failure. */
static void damaged(void)
{
	struct blob b = with_section("printf abc >dep");
	struct sp_elf *elf = must_read(&b, "the file");
	struct sp_file file = blob_file(&b);
	struct sp_buf buf = { 0 };
	struct sp_err err = { 0 };
	size_t len = b.len, failures = 0;
	int rc = -1;

	for (long i = 0; i < 1000 && rc; i++) {
		b.fail_after = i;
		err = (struct sp_err){ 0 };
		rc = sp_elf_rust_deps(elf, &file, &buf, &err);
		failures += rc == -1 && err.code == SP_EFAIL && buf.len == 0;
	}
	ok(rc == 0 && failures > 3 && buf.len == 3, "%zu reads can fail, and say so", failures);
	b.fail_after = -1;
	for (failures = 0, b.len = 0; b.len < len; b.len += 97) {
		sp_buf_reset(&buf);
		failures += sp_elf_rust_deps(elf, &file, &buf, &err) != 0 || buf.len > 3;
	}
	is_int((long long)failures, 0, "a file that became shorter has none");
	b.len = len;
	/* Section headers that lie: each byte of the last ones, in turn. */
	size_t headers = (size_t)get_number(b.data + 40, 8, false);
	for (size_t at = headers; at < len; at++) {
		uint8_t old = b.data[at];

		b.data[at] = 0xff;
		sp_buf_reset(&buf);
		failures += sp_elf_rust_deps(elf, &file, &buf, &err) != 0;
		b.data[at] = old;
	}
	is_int((long long)failures, 0, "section headers may lie");
	sp_buf_release(&buf);
	sp_elf_free(elf);
	blob_free(&b);
}

/* --- source paths --- */

static void collect(void *ctx, const char *crate, const char *version)
{
	sp_buf_addf(ctx, "%s %s\n", crate, version);
}

static int crates_of(struct blob *b, struct sp_buf *ret)
{
	struct sp_file file = blob_file(b);
	struct sp_elf *elf = must_read(b, "the file");
	struct sp_err err = { 0 };
	int rc;

	sp_buf_reset(ret);
	rc = sp_elf_rust_crates(elf, &file, collect, ret, &err);
	sp_elf_free(elf);
	return rc;
}

/* What cargo-auditable wrote counts, and then paths do not. */
static void packages(void)
{
#define PACK(json) "python3 -c 'import sys, zlib; sys.stdout.buffer.write(zlib.compress(" \
	"b\"\"\"" json "\"\"\"))' >dep"
	static const struct {
		const char *make, *want;
	} cases[] = {
		{ PACK("{\"packages\":[{\"name\":\"adler\",\"version\":\"1.0.2\","
		       "\"source\":\"registry\"},{\"name\":\"cc\",\"version\":\"1.0.0\","
		       "\"source\":\"registry\",\"kind\":\"build\"},{\"name\":\"app\","
		       "\"version\":\"0.1.0\",\"dependencies\":[0],\"root\":true}]}"),
		  "adler 1.0.2\napp 0.1.0\n" },
		{ PACK("{\"packages\":[{\"name\":\"a b\",\"version\":\"1.0.0\"},"
		       "{\"name\":\"x\"},{\"name\":\"y\",\"version\":\"2.0.0\" "), "" },
		{ PACK(""), "" },
		{ PACK("[1]") " && truncate -s -2 dep", "" },
		{ "printf 'x\\234\\0zlib' >dep", "" },
	};
#undef PACK
	struct sp_buf buf = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct blob b = with_section(cases[i].make);

		ok(crates_of(&b, &buf) == 0, "a section is unpacked or forgiven");
		is_str(sp_buf_str(&buf), cases[i].want, "%.40s...", cases[i].want);
		blob_free(&b);
	}
	sp_buf_release(&buf);
}

static void paths(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "/root/.cargo/registry/src/github.com-1ecc6299db9ec823/libc-0.2.1/src/lib.rs",
		  "libc 0.2.1\n" },
		{ "/c/registry/src/index.example.io-6f17d22bba15001f/rustls-native-certs-0.8.1/a",
		  "rustls-native-certs 0.8.1\n" },
		{ "/usr/share/cargo/registry/grep-searcher-0.1.10/src/lines.rsassertion",
		  "grep-searcher 0.1.10\n" },
		{ "/registry/src/i-1/md-5-0.10.1/x/registry/src/i-1/sha-1-10.0.20-beta.3/x",
		  "md-5 0.10.1\nsha-1 10.0.20-beta.3\n" },
		{ "/registry/src/i-1/zstd-sys-2.0.10+zstd.1.5.6/x", "zstd-sys 2.0.10+zstd.1.5.6\n" },
		{ "/registry/src/i-1/a-1.2.3/x/registry/src/i-1/a-1.2.3/y/registry/src/i-1/a-1.2.4/",
		  "a 1.2.3\na 1.2.4\n" },
		/* one inside the other, as code that is put together has it */
		{ "/registry/src/registry/src/i-1/b-1.0.0/", "b 1.0.0\n" },
		{ "/registry/registry/c-1.0.0/", "c 1.0.0\n" },
		{ "/registry/src/i-1/a-1.2/x", "" },
		{ "/registry/src/i-1/a-1.2.x/x", "" },
		{ "/registry/src/i-1/-1.2.3/x", "" },
		{ "/registry/src/i-1/a1.2.3/x", "" },
		{ "/registry/src/i-1/a-1.2.3", "" },
		{ "/registry/src/i 1/a-1.2.3/x", "" },
		{ "/registry/src//a-1.2.3/x", "" },
		{ "/registry/src/", "" },
		{ "registry/src/i-1/a-1.2.3/x", "" },
	};
	struct sp_buf buf = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct maker m;

		maker_init(&m, 64, false);
		memcpy(m.data + MAKER_FREE, cases[i].text, strlen(cases[i].text));
		struct blob b = maker_finish(&m);
		ok(crates_of(&b, &buf) == 0, "paths are read");
		is_str(sp_buf_str(&buf), cases[i].want, "%s", cases[i].text);
		blob_free(&b);
	}
	sp_buf_release(&buf);
}

/* Components of 128 bytes are the longest. */
static void long_paths(void)
{
	struct sp_buf buf = { 0 };

	for (size_t index = 127; index < 130; index++)
		for (size_t crate = 127; crate < 130; crate++) {
			struct maker m;
			size_t at = MAKER_FREE;

			maker_init(&m, 64, false);
			at += (size_t)sprintf((char *)m.data + at, "/registry/src/");
			memset(m.data + at, 'i', index);
			at += index;
			m.data[at++] = '/';
			memset(m.data + at, 'c', crate - 6);
			at += crate - 6;
			memcpy(m.data + at, "-1.2.3/", 7);
			struct blob b = maker_finish(&m);
			ok(crates_of(&b, &buf) == 0 &&
			   (buf.len > 0) == (index <= 128 && crate <= 128),
			   "an index of %zu bytes, a crate of %zu", index, crate);
			blob_free(&b);
		}
	sp_buf_release(&buf);
}

static void across_blocks(void)
{
	static const char path[] = "/registry/src/index.example.io-6f17d22bba15001f/tz-1.2.3/x";
	struct maker m;

	maker_init(&m, 64, false);
	maker_phdr(&m, PT_LOAD, PF_R, MAKER_LEN, 2 * BLOCK, 0x1000);
	struct blob small = maker_finish(&m);
	struct blob b = { .data = sp_calloc(1, MAKER_LEN + 2 * BLOCK),
			  .len = MAKER_LEN + 2 * BLOCK, .fail_after = -1 };
	struct sp_buf buf = { 0 };
	size_t found = 0, tried = 0;

	memcpy(b.data, small.data, small.len);
	for (size_t at = BLOCK - 400; at < BLOCK + 20; at++, tried++) {
		memcpy(b.data + MAKER_LEN + at, path, sizeof(path));
		found += crates_of(&b, &buf) == 0 && strcmp(sp_buf_str(&buf), "tz 1.2.3\n") == 0;
		memset(b.data + MAKER_LEN + at, 0, sizeof(path));
	}
	is_int((long long)found, (long long)tried, "paths across blocks are found");
	memcpy(b.data + b.len - sizeof(path) + 1, path, sizeof(path) - 1);
	ok(crates_of(&b, &buf) == 0 && strcmp(sp_buf_str(&buf), "tz 1.2.3\n") == 0,
	   "and one at the very end");
	struct sp_elf *elf = must_read(&b, "the file");
	struct sp_file file = blob_file(&b);
	struct sp_err err = { 0 };
	b.fail_after = 3;
	ok(sp_elf_rust_crates(elf, &file, collect, &buf, &err) == -1 && err.code == SP_EFAIL,
	   "a failing read");
	sp_elf_free(elf);
	sp_buf_release(&buf);
	blob_free(&small);
	blob_free(&b);
}

/* A program of Debian that the tests have: ripgrep. */
static void real(void)
{
	struct sp_buf buf = { 0 };

	if (access("/usr/bin/rg", R_OK)) {
		skip("there is no ripgrep");
		return;
	}
	struct blob b = load("/usr/bin/rg");
	ok(crates_of(&b, &buf) == 0 && strstr(sp_buf_str(&buf), "regex ") &&
	   strstr(sp_buf_str(&buf), "grep-searcher "), "the crates of ripgrep");
	blob_free(&b);
	sp_buf_release(&buf);
}

int main(void)
{
	sections();
	damaged();
	packages();
	paths();
	long_paths();
	across_blocks();
	real();
	return test_done();
}
