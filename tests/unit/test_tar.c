/*
 * Archive entries as bytes: the fields, the edges of ustar, PAX records, and what
 * two other readers (GNU tar, Python's tarfile) make of them.
 */
#include "image/tar.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "test.h"

/* Where fields of a ustar header begin. */
enum {
	NAME = 0, MODE = 100, UID = 108, GID = 116, SIZE = 124, MTIME = 136,
	CHECKSUM = 148, TYPE = 156, LINK = 157, MAGIC = 257, UNAME = 265,
	GNAME = 297, MAJOR = 329, MINOR = 337, PREFIX = 345, END = 500
};

static bool all_zero(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i])
			return false;
	return true;
}

static unsigned sum_of(const char *block)
{
	unsigned sum = 0;

	for (size_t i = 0; i < SP_TAR_BLOCK; i++)
		sum += i >= CHECKSUM && i < TYPE ? ' ' : (unsigned char)block[i];
	return sum;
}

/* A malloc'ed name of len bytes with a slash at each index given, up to a 0. */
static char *name_of(size_t len, const size_t *slashes)
{
	char *name = sp_malloc(len + 1);

	memset(name, 'n', len);
	for (; *slashes; slashes++)
		name[*slashes] = '/';
	name[len] = '\0';
	return name;
}

static void test_fields(void)
{
	sp_autobuf struct sp_buf buf = { 0 };
	const struct sp_tar_entry entry = {
		.name = "usr/bin/app", .type = '0', .mode = 04755, .uid = 65532,
		.gid = 8, .size = 1234567, .mtime = 1700000000,
	};

	sp_tar_header(&buf, &entry);
	const char *h = buf.data;
	if (!is_int((long long)buf.len, SP_TAR_BLOCK, "one block"))
		return;
	is_str(h + NAME, "usr/bin/app", "name");
	is_str(h + MODE, "0004755", "mode");
	is_str(h + UID, "0177774", "uid");
	is_str(h + GID, "0000010", "gid");
	is_str(h + SIZE, "00004553207", "size");
	is_str(h + MTIME, "14524770400", "mtime");
	is_int(h[TYPE], '0', "type");
	ok(all_zero(h + LINK, 100), "no link");
	ok(memcmp(h + MAGIC, "ustar\00000", 8) == 0, "magic and version");
	ok(all_zero(h + UNAME, 64), "no user and group name");
	is_str(h + MAJOR, "0000000", "device major");
	is_str(h + MINOR, "0000000", "device minor");
	ok(all_zero(h + PREFIX, SP_TAR_BLOCK - PREFIX), "no prefix, zero to the end");
	is_int(strtol(h + CHECKSUM, NULL, 8), sum_of(h), "checksum");
	ok(h[CHECKSUM + 6] == '\0' && h[CHECKSUM + 7] == ' ', "its last two bytes");
}

static void test_types(void)
{
	static const struct {
		struct sp_tar_entry entry;
		const char *name, *link;
	} cases[] = {
		{ { .name = "etc", .type = '5', .mode = 0755 }, "etc/", "" },
		{ { .name = "a", .type = '2', .link = "../b" }, "a", "../b" },
		{ { .name = "b", .type = '1', .link = "x/y" }, "b", "x/y" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		sp_autobuf struct sp_buf buf = { 0 };

		sp_tar_header(&buf, &cases[i].entry);
		is_int((long long)buf.len, SP_TAR_BLOCK, "case %zu: one block", i);
		is_str(buf.data + NAME, cases[i].name, "case %zu: name", i);
		is_str(buf.data + LINK, cases[i].link, "case %zu: link", i);
		is_int(buf.data[TYPE], cases[i].entry.type, "case %zu: type", i);
		is_str(buf.data + SIZE, "00000000000", "case %zu: no size", i);
	}
}

/* What fits into name and prefix, and what does not. */
static void test_split(void)
{
	static const struct {
		size_t len, slashes[3];
		char type;
		size_t prefix;		/* its length; 0: none */
		bool pax;
	} cases[] = {
		{ 100, { 0 }, '0', 0, false },
		{ 101, { 0 }, '0', 0, true },
		{ 99, { 0 }, '5', 0, false },		/* 100 with its slash */
		{ 100, { 0 }, '5', 0, true },
		{ 101, { 1 }, '0', 1, false },
		{ 256, { 155 }, '0', 155, false },
		{ 256, { 156 }, '0', 0, true },		/* prefix one too long */
		{ 256, { 154 }, '0', 0, true },		/* name one too long */
		{ 257, { 156 }, '0', 0, true },
		{ 255, { 155 }, '5', 155, false },
		{ 150, { 20, 60 }, '0', 60, false },
		{ 4096, { 100, 3000 }, '0', 0, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		sp_autofree char *name = name_of(cases[i].len, cases[i].slashes);
		sp_autobuf struct sp_buf buf = { 0 };

		sp_tar_header(&buf, &(struct sp_tar_entry){ .name = name,
							   .type = cases[i].type });
		const char *h = buf.data;
		is_int(h[TYPE] == 'x', cases[i].pax, "split %zu: PAX or not", i);
		if (h[TYPE] == 'x')
			continue;
		is_int((long long)strnlen(h + PREFIX, 155), (long long)cases[i].prefix,
		       "split %zu: prefix", i);
		/* the two parts with a slash between them are the name again */
		sp_autofree char *back = sp_strf("%.155s%s%.100s", h + PREFIX,
						 h[PREFIX] ? "/" : "", h + NAME);
		sp_autofree char *want = sp_strf("%s%s", name,
						 cases[i].type == '5' ? "/" : "");
		is_str(back, want, "split %zu: the parts", i);
	}
}

/* Check the record set of an entry; each length must count itself. */
static bool sound_records(const char *p, size_t len)
{
	char last[64] = "";

	while (len > 0) {
		char *rest;
		size_t record = strtoul(p, &rest, 10);
		size_t key = strcspn(rest, "=");

		if (record > len || *rest != ' ' || p[record - 1] != '\n' ||
		    key < 2 || key > sizeof(last) || p[0] == '0')
			return false;
		char this[64];
		snprintf(this, sizeof(this), "%.*s", (int)(key - 1), rest + 1);
		if (strcmp(last, this) >= 0)
			return false;
		memcpy(last, this, sizeof(last));
		p += record;
		len -= record;
	}
	return true;
}

static size_t pax_size(const struct sp_buf *buf)
{
	uint64_t size = 0;

	sp_tar_number(buf->data + SIZE, 12, &size);
	return (size_t)size;
}

static void test_record_lengths(void)
{
	bool sound = true;

	for (size_t len = 101; len < 1100 && sound; len++) {
		sp_autofree char *link = name_of(len, (const size_t[]){ 0 });
		sp_autobuf struct sp_buf buf = { 0 };

		sp_tar_header(&buf, &(struct sp_tar_entry){
			.name = "a", .type = '2', .link = link });
		size_t records = pax_size(&buf);
		sound = buf.data[TYPE] == 'x' &&
			records == len + strlen("linkpath") + 3 +
					   (records < 1000 ? 3 : 4) &&
			sound_records(buf.data + SP_TAR_BLOCK, records) &&
			buf.len == 2 * SP_TAR_BLOCK + records + sp_tar_padding(records);
		if (!sound)
			note("link of %zu bytes", len);
	}
	ok(sound, "each record's length counts itself, over the change to four digits");
}

static void test_pax(void)
{
	static const char caps[20] = "\1\0\0\2\0\4\0\n=x";
	static const char want[] =
		"57 SCHILY.xattr.security.capability=\1\0\0\2\0\4\0\n=x\0\0\0\0\0\0\0\0\0\0\n"
		"15 gid=2097152\n"
		"12 mtime=-1\n"
		"19 size=8589934592\n"
		"18 uid=4294967295\n";
	sp_autobuf struct sp_buf buf = { 0 };
	size_t len = sizeof(want) - 1;

	sp_tar_header(&buf, &(struct sp_tar_entry){
		.name = "app", .type = '0', .mode = 0755, .uid = UINT32_MAX,
		.gid = 2097152, .size = 8589934592, .mtime = -1, .caps = caps,
		.caps_len = sizeof(caps),
	});
	if (!is_int((long long)buf.len, 3 * SP_TAR_BLOCK, "three blocks"))
		return;
	const char *x = buf.data, *h = buf.data + 2 * SP_TAR_BLOCK;
	is_int(x[TYPE], 'x', "a record set for this entry alone");
	is_str(x + NAME, "PaxHeaders/entry", "constant name");
	is_str(x + MODE, "0000644", "constant mode");
	is_str(x + UID, "0000000", "no owner");
	is_int((long long)pax_size(&buf), (long long)len, "length of the records");
	ok(memcmp(x + SP_TAR_BLOCK, want, len) == 0, "records sorted, bytes as they are");
	ok(all_zero(x + SP_TAR_BLOCK + len, SP_TAR_BLOCK - len), "zero to the block's end");
	is_str(h + NAME, "app", "then the entry");
	is_str(h + SIZE, "00000000000", "with 0 where a record stands");
	is_int(strtol(h + CHECKSUM, NULL, 8), sum_of(h), "and a checksum");

	sp_buf_reset(&buf);
	sp_tar_header(&buf, &(struct sp_tar_entry){
		.name = "app", .type = '0', .uid = 2097151, .gid = 2097151,
		.size = 8589934591, .mtime = 8589934591 });
	is_int((long long)buf.len, SP_TAR_BLOCK, "the largest numbers that need no record");
	is_str(buf.data + UID, "7777777", "the largest uid");
	is_str(buf.data + SIZE, "77777777777", "the largest size");

	sp_buf_reset(&buf);
	sp_autofree char *name = name_of(300, (const size_t[]){ 0 });
	sp_tar_header(&buf, &(struct sp_tar_entry){
		.name = name, .type = '0', .mtime = 77 });
	is_str(buf.data + MTIME, "00000000115", "the record set has the time of its file");
	ok(memcmp(buf.data + buf.len - SP_TAR_BLOCK, name, 100) == 0,
	   "for those who know no records, the name as far as it goes");
}

static void test_number(void)
{
	static const struct {
		const char *field;
		size_t len;
		bool good;
		uint64_t value;
	} cases[] = {
		{ "0000644", 8, true, 0644 },
		{ "0000644 ", 8, true, 0644 },
		{ "    644 ", 8, true, 0644 },
		{ "77777777777", 11, true, 077777777777 },	/* no end mark */
		{ "\0\0\0\0\0\0\0\0", 8, true, 0 },
		{ "        ", 8, true, 0 },
		{ "0000648", 8, false, 0 },
		{ "-000644", 8, false, 0 },
		{ "0x00644", 8, false, 0 },
		{ "7777777777777777777777777", 25, false, 0 },	/* overflow */
		{ "1777777777777777777777", 22, true, UINT64_MAX },
		{ "2000000000000000000000", 22, false, 0 },	/* 2^64 */
		{ "\200\0\0\0\0\0\0\0\0\0\1\2", 12, true, 0402 },
		{ "\200\0\0\0\377\377\377\377\377\377\377\377", 12, true, UINT64_MAX },
		{ "\200\0\0\1\0\0\0\0\0\0\0\0", 12, false, 0 },	/* 2^64 */
		{ "\377\377\377\377\377\377\377\377\377\377\377\377", 12, false, 0 },
		{ "", 0, true, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint64_t value = 0;

		is_int(sp_tar_number(cases[i].field, cases[i].len, &value), cases[i].good,
		       "number %zu", i);
		is_int((long long)value, (long long)cases[i].value, "its value, %zu", i);
	}
	is_int((long long)sp_tar_padding(0), 0, "no padding after nothing");
	is_int((long long)sp_tar_padding(1), 511, "after one byte");
	is_int((long long)sp_tar_padding(1024), 0, "after whole blocks");
}

/* The archive that other programs shall read. */
static struct sp_tar_entry shown[] = {
	{ .name = "d", .type = '5', .mode = 0755, .mtime = 1 },
	{ .name = "d/new\nline", .type = '0', .mode = 0644, .size = 5, .mtime = 1 },
	{ .name = "d/\303\251", .type = '0', .mode = 04755, .size = 600, .mtime = 1 },
	{ .name = "d/\377raw", .type = '0', .mode = 0600, .mtime = 0 },
	{ .name = NULL, .type = '0', .mode = 0644, .size = 1, .mtime = 1 },
	{ .name = NULL, .type = '0', .mode = 0644, .size = 512, .mtime = 1 },
	{ .name = NULL, .type = '5', .mode = 01777, .mtime = 1 },
	{ .name = "owned", .type = '0', .mode = 0755, .uid = 3000000, .gid = 7,
	  .size = 3, .mtime = 1, .caps = "\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
	  .caps_len = 20 },
	{ .name = "s", .type = '2', .mode = 0777, .link = "../d/x", .mtime = 1 },
	{ .name = "slong", .type = '2', .mode = 0777, .mtime = -5 },
	{ .name = "z", .type = '1', .mode = 0755, .link = "owned", .mtime = 1 },
};
#define SHOWN_NR (sizeof(shown) / sizeof(*shown))

static char *fill_names(void)
{
	shown[4].name = name_of(250, (const size_t[]){ 100, 200, 0 });	/* split */
	shown[5].name = name_of(4000, (const size_t[]){ 200, 400, 0 });	/* PAX */
	shown[6].name = name_of(240, (const size_t[]){ 10, 0 });
	shown[9].link = name_of(4095, (const size_t[]){ 9, 0 });
	return sp_strf("%s/shown.tar", scratch_dir());
}

static void hex(struct sp_buf *buf, const char *s)
{
	for (; s && *s; s++)
		sp_buf_addf(buf, "%02x", (unsigned char)*s);
}

static bool write_file(const char *path, const struct sp_buf *buf)
{
	sp_autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct sp_err err = { 0 };

	return fd >= 0 && sp_write_full(fd, buf->data, buf->len, path, &err) == 0;
}

static void make_archive(const char *path, struct sp_buf *want)
{
	sp_autobuf struct sp_buf buf = { 0 };

	for (size_t i = 0; i < SHOWN_NR; i++) {
		const struct sp_tar_entry *e = &shown[i];

		sp_tar_header(&buf, e);
		for (uint64_t n = 0; n < e->size + sp_tar_padding(e->size); n++)
			sp_buf_addch(&buf, n < e->size ? 'd' : '\0');
		hex(want, e->name);
		sp_buf_addch(want, ' ');
		hex(want, e->link);
		sp_buf_addf(want, " %c %o %u %u %llu %lld\n", e->type, e->mode, e->uid,
			    e->gid, (unsigned long long)e->size, (long long)e->mtime);
	}
	sp_tar_end(&buf);
	ok(write_file(path, &buf), "an archive for others to read");
}

static void read_all(const char *command, struct sp_buf *ret)
{
	FILE *pipe = popen(command, "r");
	char part[4096];
	size_t n;

	while (pipe && (n = fread(part, 1, sizeof(part), pipe)) > 0)
		sp_buf_add(ret, part, n);
	if (pipe && pclose(pipe))
		sp_buf_addstr(ret, "(failed)");
}

static void test_python(const char *path, const char *want)
{
	static const char script[] =
		"import sys, tarfile\n"
		"b = lambda s: s.encode('utf-8', 'surrogateescape').hex()\n"
		"for m in tarfile.open(sys.argv[1], 'r:'):\n"
		"    print(b(m.name), b(m.linkname), m.type.decode(), '%o' % m.mode,\n"
		"          m.uid, m.gid, m.size, int(m.mtime))\n"
		"    caps = m.pax_headers.get('SCHILY.xattr.security.capability')\n"
		"    if caps: sys.stderr.write(b(caps) + '\\n')\n"
		"    if m.isfile(): assert set(tarfile.open(sys.argv[1])\n"
		"        .extractfile(m).read()) <= {ord('d')}\n";
	sp_autofree char *file = sp_strf("%s/list.py", scratch_dir());
	sp_autofree char *command =
		sp_strf("LC_ALL=C.UTF-8 python3 %s %s 2>%s.caps", file, path, path);
	sp_autofree char *caps_file = sp_strf("%s.caps", path);
	sp_autobuf struct sp_buf text = { 0 }, got = { 0 }, caps = { 0 };
	struct sp_err err = { 0 };

	if (system("python3 -c 'import tarfile' 2>/dev/null")) {
		skip("no python3");
		return;
	}
	sp_buf_addstr(&text, script);
	write_file(file, &text);
	read_all(command, &got);
	is_str(sp_buf_str(&got), want, "Python's tarfile reads what was meant");
	ok(sp_read_file(caps_file, 4096, &caps, &err) == 0, "%s", err.msg);
	is_str(sp_buf_str(&caps), "0100000200040000000000000000000000000000\n",
	       "capabilities come through as bytes");
}

static void test_gnu(const char *path)
{
	sp_autobuf struct sp_buf want = { 0 }, got = { 0 };
	sp_autofree char *command = sp_strf(
		"tar --version 2>/dev/null | grep -q GNU && LC_ALL=C tar "
		"--quoting-style=literal --xattrs -tf %s 2>&1",
		path);

	if (system("tar --version 2>/dev/null | grep -q GNU")) {
		skip("no GNU tar");
		return;
	}
	for (size_t i = 0; i < SHOWN_NR; i++)
		sp_buf_addf(&want, "%s%s\n", shown[i].name,
			    shown[i].type == '5' ? "/" : "");
	read_all(command, &got);
	is_str(sp_buf_str(&got), want.data, "GNU tar lists what was meant");

	sp_buf_reset(&got);
	free(sp_steal_ptr(&command));
	command = sp_strf("mkdir %s/out && cd %s/out && "
			  "tar --no-same-owner -xpf %s d owned z s 2>&1 && "
			  "stat -c '%%n %%a %%s %%Y %%h' d d/* owned z && readlink s",
			  scratch_dir(), scratch_dir(), path);
	read_all(command, &got);
	ok(strstr(sp_buf_str(&got), "d/\303\251 4755 600 1 1") &&
	   strstr(sp_buf_str(&got), "z 755 3 1 2\n../d/x\n"),
	   "GNU tar extracts modes, sizes, times and links");
}

static void test_readers(void)
{
	sp_autofree char *path = fill_names();
	sp_autobuf struct sp_buf want = { 0 };

	make_archive(path, &want);
	test_python(path, want.data);
	test_gnu(path);
	free((char *)shown[4].name);
	free((char *)shown[5].name);
	free((char *)shown[6].name);
	free((char *)shown[9].link);
}

int main(void)
{
	test_fields();
	test_types();
	test_split();
	test_record_lengths();
	test_pax();
	test_number();
	test_readers();
	return test_done();
}
