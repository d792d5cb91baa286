/* tar_read.c, tar_header.c, tar_pax.c: dialects, extensions, limits, endings. */
#include "image/tar_read.h"

#include "fake_image.h"
#include "test.h"

struct input {
	const char *data;
	size_t len, at, piece;
};

static int give(void *ctx, void *buf, size_t len, size_t *ret_len, struct sp_err *err)
{
	struct input *in = ctx;
	size_t n = in->len - in->at;

	(void)err;
	if (n > len)
		n = len;
	if (in->piece && n > in->piece)
		n = in->piece;
	memcpy(buf, in->data + in->at, n);
	in->at += n;
	*ret_len = n;
	return 0;
}

/* The whole archive as text, one entry in brackets, or "error: ...". */
static void show(const struct sp_buf *tar, size_t piece, struct sp_buf *out)
{
	static const char *const endings[] = { "whole", "no mark", "trailing" };
	struct input in = { tar->data, tar->len, 0, piece };
	struct sp_tar_reader *reader = sp_tar_reader_new(give, &in);
	struct sp_err err = { 0 };
	struct sp_tar_item i;
	bool more = true;

	sp_buf_reset(out);
	while (more) {
		if (sp_tar_next(reader, &i, &more, &err)) {
			sp_buf_addf(out, "error: %s", err.msg);
			break;
		}
		if (!more) {
			sp_buf_addf(out, "%s", endings[sp_tar_ending(reader)]);
			break;
		}
		sp_buf_addf(out, "[%c %.40s", i.type, i.name);
		if (i.name_len > 40)
			sp_buf_addf(out, "...%zu", i.name_len);
		if (*i.link)
			sp_buf_addf(out, " -> %.20s", i.link);
		if (i.size)
			sp_buf_addf(out, " size %llu", (unsigned long long)i.size);
		if (i.real_size != i.size)
			sp_buf_addf(out, " real %llu", (unsigned long long)i.real_size);
		if (i.uid || i.gid)
			sp_buf_addf(out, " %u:%u", i.uid, i.gid);
		if (i.mtime)
			sp_buf_addf(out, " at %lld", (long long)i.mtime);
		for (size_t n = 0; n < i.xattrs_nr; n++)
			sp_buf_addf(out, " %s=%zu", i.xattrs[n].name, i.xattrs[n].len);
		sp_buf_addstr(out, i.sparse ? " sparse]" : "]");
	}
	sp_tar_reader_free(reader);
}

static void is_tar(struct sp_buf *tar, const char *want, const char *name)
{
	static const size_t pieces[] = { 0, 1, 511, 513 };
	struct sp_buf out = { 0 };

	for (size_t i = 0; i < 4; i++) {
		show(tar, pieces[i], &out);
		is_str(sp_buf_str(&out), want, "%s, in pieces of %zu", name, pieces[i]);
	}
	sp_buf_release(&out);
	sp_buf_reset(tar);
}

static void is_bad(struct sp_buf *tar, const char *part, const char *name)
{
	struct sp_buf out = { 0 };

	show(tar, 0, &out);
	ok(strstr(sp_buf_str(&out), "error: ") && strstr(sp_buf_str(&out), part), "%s: %s",
	   name, sp_buf_str(&out));
	sp_buf_release(&out);
	sp_buf_reset(tar);
}

/* Change the header that was put last, and make its check sum right again. */
static void patch(struct sp_buf *tar, size_t offset, const void *bytes, size_t len)
{
	char *h = tar->data + tar->len - 512;

	memcpy(h + offset, bytes, len);
	tar_sum(h);
}

static void plain(struct sp_buf *tar)
{
	tar_dir(tar, "dir/");
	tar_file(tar, "dir/file", 0644, "hello");
	tar_link(tar, "dir/link", '2', "file");
	tar_link(tar, "dir/hard", '1', "dir/file");
	tar_file(tar, "empty", 0755, "");
	tar_finish(tar);
	is_tar(tar,
	       "[5 dir/][0 dir/file size 5][2 dir/link -> file][1 dir/hard -> dir/file][0 empty]whole",
	       "plain entries");
	is_tar(tar, "no mark", "nothing at all");
	tar_finish(tar);
	is_tar(tar, "whole", "an empty archive");
	tar_file(tar, "a", 0644, "x");
	is_tar(tar, "[0 a size 1]no mark", "no end mark");
	tar_file(tar, "a", 0644, "x");
	sp_buf_add(tar, (char[512]){ 0 }, 512);
	is_tar(tar, "[0 a size 1]no mark", "half an end mark");
	tar_finish(tar);
	sp_buf_add(tar, (char[9000]){ 0 }, 9000);
	is_tar(tar, "whole", "zeros after the end");
	tar_finish(tar);
	sp_buf_add(tar, (char[9000]){ [8000] = 1 }, 9000);
	is_tar(tar, "trailing", "bytes after the end");
	sp_buf_add(tar, (char[512]){ 0 }, 512);
	tar_file(tar, "a", 0644, "x");
	is_tar(tar, "trailing", "an entry after one block of zeros");
	tar_block(tar, "old", '\0', 0644, 0, NULL);
	tar_block(tar, "olddir/", '\0', 0755, 0, NULL);
	tar_block(tar, "cont", '7', 0644, 0, NULL);
	tar_block(tar, "link", '1', 0644, 999, "old");
	tar_finish(tar);
	is_tar(tar, "[0 old][5 olddir/][0 cont][1 link -> old]whole",
	       "old types, and a hard link that claims a size");
}

static void headers(struct sp_buf *tar)
{
	char prefix[155];

	memset(prefix, 'p', sizeof(prefix));
	tar_block(tar, "name", '0', 0644, 0, NULL);
	patch(tar, 345, prefix, 3);
	tar_finish(tar);
	is_tar(tar, "[0 ppp/name]whole", "a prefix");
	tar_block(tar, "name", '0', 0644, 0, NULL);
	memset(tar->data, 'n', 100);
	patch(tar, 345, prefix, 155);
	tar_finish(tar);
	is_tar(tar, "[0 pppppppppppppppppppppppppppppppppppppppp...256]whole",
	       "the longest prefix and name");
	tar_block(tar, "name", '0', 0644, 0, NULL);
	patch(tar, 345, prefix, 3);
	patch(tar, 257, "ustar  ", 8);
	tar_finish(tar);
	is_tar(tar, "[0 name]whole", "GNU: no prefix");
	tar_block(tar, "name", '0', 0644, 0, NULL);
	patch(tar, 108, "\x80\0\0\0\0\x01\x86\xa0", 8);
	patch(tar, 116, "\x80\0\0\0\xff\xff\xff\xff", 8);
	patch(tar, 136, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe", 12);
	tar_finish(tar);
	is_tar(tar, "[0 name 100000:4294967295 at -2]whole", "numbers in base 256");
	tar_block(tar, "name", '0', 0644, 0, NULL);
	patch(tar, 108, "\0\0\0\0\0\0\0", 8);
	patch(tar, 116, "       ", 8);
	tar_finish(tar);
	is_tar(tar, "[0 name]whole", "blank numbers are 0");
	tar_block(tar, "name", '0', 0644, 0, NULL);
	patch(tar, 124, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe", 12);
	is_bad(tar, "bad size", "a negative size");
	tar_block(tar, "name", '0', 0644, 0, NULL);
	patch(tar, 124, "12345678x00", 12);
	is_bad(tar, "bad size", "a size that is no number");
	tar_block(tar, "name", '0', 0644, 0, NULL);
	patch(tar, 108, "\x80\0\0\x01\0\0\0\0", 8);
	is_bad(tar, "owner", "an owner over 32 bits");
	tar_block(tar, "name", '0', 0644, 0, NULL);
	tar->data[0] = 'N';
	is_bad(tar, "check sum", "a wrong check sum");
	sp_buf_addstr(tar, "short");
	is_bad(tar, "inside a header", "a few bytes");
	tar_block(tar, "name", '0', 0644, 0x200000000, NULL);
	is_bad(tar, "inside the contents", "8 GiB claimed");
	tar_file(tar, "name", 0644, "x");
	tar->len -= 100;
	is_bad(tar, "inside the contents", "the padding cut off");
}

static void extensions(struct sp_buf *tar)
{
	struct sp_buf records = { 0 };
	char longer[5001];

	memset(longer, 'l', 5000);
	longer[5000] = '\0';
	pax(&records, "path", "a/pax/name");
	pax(&records, "linkpath", "pax/target");
	pax(&records, "uid", "70000");
	pax(&records, "gid", "4294967295");
	pax(&records, "mtime", "-1.5");
	pax(&records, "comment", "of no interest");
	pax_bytes(&records, "SCHILY.xattr.security.capability", "a\0=\n", 4);
	tar_extra(tar, 'x', records.data, records.len);
	tar_link(tar, "short", '2', "t");
	tar_file(tar, "next", 0644, "");
	tar_finish(tar);
	is_tar(tar,
	       "[2 a/pax/name -> pax/target 70000:4294967295 at -1 security.capability=4][0 next]whole",
	       "PAX records, for one entry");
	sp_buf_reset(&records);
	pax(&records, "size", "5");
	tar_extra(tar, 'x', records.data, records.len);
	tar_block(tar, "sized", '0', 0644, 0, NULL);
	tar_data(tar, "hello", 5);
	tar_finish(tar);
	is_tar(tar, "[0 sized size 5]whole", "PAX size wins");
	sp_buf_reset(&records);
	pax(&records, "path", "");
	pax(&records, "size", "");
	tar_extra(tar, 'x', records.data, records.len);
	tar_file(tar, "header", 0644, "x");
	tar_finish(tar);
	is_tar(tar, "[0 header size 1]whole", "empty values leave the header's");
	sp_buf_reset(&records);
	pax(&records, "path", longer);
	tar_extra(tar, 'x', records.data, records.len);
	tar_file(tar, "x", 0644, "");
	tar_finish(tar);
	is_tar(tar, "[0 llllllllllllllllllllllllllllllllllllllll...5000]whole", "a long PAX path");
	sp_buf_reset(&records);
	pax_bytes(&records, "path", "a\0b", 3);
	tar_extra(tar, 'x', records.data, records.len);
	tar_file(tar, "x", 0644, "");
	tar_finish(tar);
	is_tar(tar, "[0 a]whole", "a NUL in a PAX path");
	tar_extra(tar, 'L', longer, 5001);
	tar_extra(tar, 'K', "target", 7);
	tar_link(tar, "x", '2', "t");
	tar_finish(tar);
	is_tar(tar, "[2 llllllllllllllllllllllllllllllllllllllll...5000 -> target]whole",
	       "GNU long names");
	sp_buf_reset(&records);
	pax(&records, "path", "global");
	tar_extra(tar, 'g', records.data, records.len);
	tar_file(tar, "x", 0644, "");
	tar_finish(tar);
	is_tar(tar, "[g extra size 15][0 x]whole", "global records change nothing");
	sp_buf_reset(&records);
	pax(&records, "GNU.sparse.major", "1");
	pax(&records, "GNU.sparse.name", "true");
	pax(&records, "GNU.sparse.realsize", "100000");
	pax(&records, "path", "GNUSparseFile.0/true");
	tar_extra(tar, 'x', records.data, records.len);
	tar_file(tar, "x", 0644, "map");
	tar_finish(tar);
	is_tar(tar, "[0 true size 3 real 100000 sparse]whole", "PAX sparse file");
	tar_block(tar, "sparse", 'S', 0644, 3, NULL);
	patch(tar, 482, "\1" "00000001000", 12);
	sp_buf_add(tar, (char[512]){ [504] = 1 }, 512);
	sp_buf_add(tar, (char[512]){ 0 }, 512);
	tar_data(tar, "abc", 3);
	tar_finish(tar);
	is_tar(tar, "[0 sparse size 3 real 512 sparse]whole", "old sparse file");
	sp_buf_release(&records);
}

/* The first file whole, in reads of three bytes, with dots for NULs. */
static void holds(struct sp_buf *tar, const char *want, const char *name)
{
	struct input in = { tar->data, tar->len, 0, 100 };
	struct sp_tar_reader *reader = sp_tar_reader_new(give, &in);
	struct sp_err err = { 0 };
	struct sp_tar_item item;
	char text[100];
	size_t len = 0, got = 1;
	bool more;

	ok(sp_tar_next(reader, &item, &more, &err) == 0 && more && item.sparse_known, "%s: an entry",
	   name);
	while (got && len + 4 < sizeof(text) && !err.msg[0])
		if (sp_tar_data(reader, text + len, 3, &got, &err) == 0)
			len += got;
	for (size_t i = 0; i < len; i++)
		text[i] = text[i] ? text[i] : '.';
	text[len] = '\0';
	is_str(err.msg[0] ? err.msg : text, want, "%s", name);
	ok(err.msg[0] || (sp_tar_next(reader, &item, &more, &err) == 0 && !more), "%s: and its end",
	   name);
	sp_tar_reader_free(reader);
	sp_buf_reset(tar);
}

static void pax_sparse(struct sp_buf *tar, const char *const (*records)[2], const char *body,
		       size_t len)
{
	struct sp_buf text = { 0 };

	for (; (*records)[0]; records++)
		pax(&text, (*records)[0], (*records)[1]);
	tar_extra(tar, 'x', text.data, text.len);
	tar_block(tar, "f", '0', 0644, len, NULL);
	tar_data(tar, body, len);
	tar_finish(tar);
	sp_buf_release(&text);
}

static void sparse(struct sp_buf *tar)
{
	static const char *const first[][2] = {
		{ "GNU.sparse.size", "12" }, { "GNU.sparse.numblocks", "2" },
		{ "GNU.sparse.offset", "2" }, { "GNU.sparse.numbytes", "4" },
		{ "GNU.sparse.offset", "7" }, { "GNU.sparse.numbytes", "1" }, { NULL, NULL } };
	static const char *const second[][2] = {
		{ "GNU.sparse.size", "7" }, { "GNU.sparse.map", "0,4,6,1" }, { NULL, NULL } };
	static const char *const third[][2] = {
		{ "GNU.sparse.major", "1" }, { "GNU.sparse.minor", "0" },
		{ "GNU.sparse.realsize", "9" }, { NULL, NULL } };
	char body[517] = "2\n1\n4\n8\n1\n";

	memcpy(body + 512, "abcde", 5);
	pax_sparse(tar, first, "abcde", 5);
	holds(tar, "..abcd.e....", "PAX 0.0");
	pax_sparse(tar, second, "abcde", 5);
	holds(tar, "abcd..e", "PAX 0.1");
	pax_sparse(tar, third, body, sizeof(body));
	holds(tar, ".abcd...e", "PAX 1.0");
	pax_sparse(tar, third, body, 100);
	holds(tar, "tar: at byte 1536: sparse file with a bad list of parts", "PAX 1.0 without its list");
	tar_block(tar, "f", 'S', 0644, 5, NULL);
	patch(tar, 483, "00000000011", 12);
	patch(tar, 386, "00000000003\00000000000005", 24);
	tar_data(tar, "abcde", 5);
	tar_finish(tar);
	holds(tar, "...abcde.", "GNU tar's old format");
	tar_block(tar, "f", 'S', 0644, 5, NULL);
	patch(tar, 483, "00000000011", 12);
	tar_data(tar, "abcde", 5);
	tar_finish(tar);
	holds(tar, "tar: at byte 512: sparse file whose parts are not in order, or not all there",
	      "one without parts");
}

static const struct {
	const char *records, *part, *name;
} bad_pax[] = {
	{ "x path=a\n", "malformed", "no length" },
	{ "0 path=a\n", "malformed", "length 0" },
	{ "4 path=a\n", "malformed", "a length that is too short" },
	{ "11 path=a\n", "malformed", "a length over the end" },
	{ "9 path=ab\n", "malformed", "no newline at the end" },
	{ "9 path:a\n", "malformed", "no equals sign" },
	{ "5 =a\n", "malformed", "no key" },
	{ "99999999999999999999999 path=a\n", "malformed", "an endless length" },
	{ "10 size=x\n", "bad number", "size x" },
	{ "11 size=-1\n", "bad number", "size -1" },
	{ "28 size=9223372036854775808\n", "bad number", "size 2^63" },
	{ "18 uid=4294967296\n", "bad number", "uid 2^32" },
	{ "11 mtime=x\n", "bad number", "mtime x" },
};

static void bad_extensions(struct sp_buf *tar)
{
	char *big = sp_calloc(1, SP_TAR_EXTRA_MAX + 1);

	for (size_t i = 0; i < sizeof(bad_pax) / sizeof(*bad_pax); i++) {
		tar_extra(tar, 'x', bad_pax[i].records, strlen(bad_pax[i].records));
		tar_file(tar, "x", 0644, "");
		is_bad(tar, bad_pax[i].part, bad_pax[i].name);
	}
	tar_extra(tar, 'L', big, SP_TAR_EXTRA_MAX + 1);
	is_bad(tar, "more than 1 MiB", "a long name over the limit");
	tar_block(tar, "extra", 'x', 0644, 0x7fffffffffff, NULL);
	is_bad(tar, "more than 1 MiB", "PAX records that claim to be huge");
	tar_extra(tar, 'x', "", 0);
	tar_finish(tar);
	is_bad(tar, "without an entry", "records at the end");
	tar_extra(tar, 'x', "", 0);
	tar_extra(tar, 'x', "", 0);
	is_bad(tar, "two extended", "records twice");
	tar_block(tar, "extra", 'x', 0644, 100, NULL);
	sp_buf_addstr(tar, "cut");
	is_bad(tar, "inside an extended", "records cut off");
	free(big);
}

/* Contents can be read, in part, and the rest is passed over. */
static void contents(struct sp_buf *tar)
{
	struct input in = { 0 };
	struct sp_err err = { 0 };
	struct sp_tar_item item;
	char buf[8] = { 0 };
	size_t got;
	bool more;

	tar_file(tar, "a", 0644, "hello world");
	tar_file(tar, "b", 0644, "x");
	tar_finish(tar);
	in.data = tar->data;
	in.len = tar->len;
	struct sp_tar_reader *r = sp_tar_reader_new(give, &in);
	ok(!sp_tar_next(r, &item, &more, &err) && more, "first entry");
	ok(!sp_tar_data(r, buf, 5, &got, &err) && got == 5, "five bytes");
	is_str(buf, "hello", "of its contents");
	ok(!sp_tar_next(r, &item, &more, &err) && more, "second entry");
	is_str(item.name, "b", "which is the next one");
	ok(!sp_tar_data(r, buf, 5, &got, &err) && got == 1 && buf[0] == 'x', "its byte");
	ok(!sp_tar_data(r, buf, 5, &got, &err) && got == 0, "and no more");
	ok(!sp_tar_next(r, &item, &more, &err) && !more, "the end");
	ok(!sp_tar_next(r, &item, &more, &err) && !more, "the end again");
	is_int((long long)sp_tar_offset(r), (long long)tar->len, "all bytes were read");
	sp_tar_reader_free(r);
	sp_buf_reset(tar);
}

/* Cut an archive at every length: an error, or fewer entries; never a crash. */
static void cuts(struct sp_buf *tar)
{
	struct sp_buf out = { 0 }, records = { 0 };
	size_t whole, errors = 0;

	pax(&records, "path", "some/path");
	tar_extra(tar, 'x', records.data, records.len);
	tar_file(tar, "x", 0644, "hello");
	tar_finish(tar);
	whole = tar->len;
	for (tar->len = 0; tar->len < whole; tar->len++) {
		show(tar, 0, &out);
		errors += strstr(sp_buf_str(&out), "error") != NULL;
	}
	ok(errors > 2000, "cut at every length: %zu errors", errors);
	sp_buf_release(&out);
	sp_buf_release(&records);
}

int main(void)
{
	struct sp_buf tar = { 0 };

	plain(&tar);
	sparse(&tar);
	headers(&tar);
	extensions(&tar);
	bad_extensions(&tar);
	contents(&tar);
	cuts(&tar);
	sp_tar_reader_free(NULL);
	sp_buf_release(&tar);
	return test_done();
}
