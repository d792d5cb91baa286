/* verify_layer.c, verify_names.c: layers, one breach each. */
#include <sys/resource.h>

#include "made_image.h"

/* --- layers --- */
static const struct {
	const char *name, *problem, *note, *layers[3];
} layer_cases[] = {
	{ "a file twice", "duplicate-path", NULL, { "f app 755\nf x\nf x" } },
	{ "a file twice, once with ./", "duplicate-path", NULL, { "f app 755\nf x\nf ./x" } },
	{ "a directory twice, once with a slash", "duplicate-path", NULL,
	  { "f app 755\nd x\nd x/" } },
	{ "the same with two slashes", "duplicate-path", NULL, { "f app 755\nf d//x\nf d/x" } },
	{ "the same in two layers", NULL, NULL, { "f app 755\nf x", "f x" } },
	{ "a deletion and the name itself", NULL, NULL,
	  { "f app 755\nf x", "e .wh.x\nd x" } },
	{ "a deletion twice", "duplicate-path", NULL, { "f app 755\nf x", "e .wh.x\ne ./.wh.x" } },
	{ "an absolute name", NULL, "absolute-name", { "f app 755\nf /etc/x" } },
	{ "all names absolute", NULL, "absolute-name", { "f /app 755\nf /x" } },
	{ "an absolute name is the same as the other", "duplicate-path", "absolute-name",
	  { "f app 755\nf x\nf /x" } },
	{ "an absolute name with ..", "unsafe-name", NULL, { "f app 755\nf /../x" } },
	{ "only a slash, as a file", "root-not-directory", "absolute-name",
	  { "f app 755\nf /" } },
	{ "an absolute deletion", NULL, "absolute-name", { "f app 755\nf x", "e /.wh.x" } },
	{ "an absolute hard link", NULL, "absolute-name", { "f app 755\nh x /app" } },
	{ "an absolute hard link out", "hard-link-target", "absolute-name",
	  { "f app 755\nh x /../app" } },
	{ "..", "unsafe-name", NULL, { "f app 755\nf ../x" } },
	{ ".. inside", "unsafe-name", NULL, { "f app 755\nf a/../x" } },
	{ ".. at the end", "unsafe-name", NULL, { "f app 755\nd a/.." } },
	{ "names with dots", NULL, NULL, { "f app 755\nf ..a\nf a..\nf ...\nd ./\nf ./.b" } },
	{ "an empty name", "unsafe-name", NULL, { "f app 755\nf " } },
	{ "/ as a file", "root-not-directory", NULL, { "f app 755\nf ./" } },
	{ "/ as a link", "root-not-directory", NULL, { "f app 755\ns . tmp" } },
	{ "a hard link backward", NULL, NULL, { "f app 755\nh x app" } },
	{ "a hard link to a lower layer", NULL, NULL, { "f app 755", "h x app" } },
	{ "a hard link forward", "hard-link-target", NULL, { "h x app\nf app 755" } },
	{ "a hard link to nothing", "hard-link-target", NULL, { "f app 755\nh x y" } },
	{ "a hard link to a directory", "hard-link-target", NULL, { "f app 755\nd d\nh x d" } },
	{ "a hard link out", "hard-link-target", NULL, { "f app 755\nh x ../../etc/passwd" } },
	{ "a hard link to an upper layer", "hard-link-target", NULL, { "f app 755\nh x y", "f y" } },
	{ "a hard link to what is deleted", "hard-link-target", NULL,
	  { "f app 755\nf y", "e .wh.y", "h x y" } },
	{ "a symlink out is resolved inside", NULL, NULL, { "f app 755\ns x ../../../etc" } },
	{ "a symlink to nothing", "symlink-target", NULL, { "f app 755\ns x" } },
	{ "a file below a file", "parent-not-directory", NULL, { "f app 755\nf app/x" } },
	{ "a file below a link of its layer", NULL, NULL, { "f app 755\nd usr/lib\ns lib usr/lib\nf lib/x" } },
	{ "a file below a link of a lower layer", NULL, "below-symlink",
	  { "f app 755\nd usr/lib\ns lib usr/lib", "f lib/x" } },
	{ "a file below a link to nothing", "parent-not-directory", NULL,
	  { "f app 755\ns lib usr/lib\nf lib/x" } },
	{ "a deletion", NULL, NULL, { "f app 755\nf x", "e .wh.x" } },
	{ "an opaque directory", NULL, NULL, { "f app 755\nf d/x", "d d\ne d/.wh..wh..opq" } },
	{ "a deletion of nothing", NULL, "whiteout-without-target", { "f app 755\ne .wh.x" } },
	{ "a deletion without a name", "whiteout-name", NULL, { "f app 755\ne .wh." } },
	{ "a deletion of .", "whiteout-name", NULL, { "f app 755\ne d/.wh.." } },
	{ "a deletion of ..", "whiteout-name", NULL, { "f app 755\ne d/.wh..." } },
	{ "a deletion with contents", "whiteout-type", NULL, { "f app 755\nf x", "f .wh.x" } },
	{ "a deletion as a directory", "whiteout-type", NULL, { "f app 755\nf x", "d .wh.x" } },
	{ "a deletion as a link", "whiteout-type", NULL, { "f app 755\nf x", "s .wh.x y" } },
	{ "a file below a deletion", "whiteout-name", NULL, { "f app 755\nf .wh.x/y" } },
	{ "aufs' own marks", NULL, "whiteout-reserved", { "f app 755\ne .wh..wh.plnk" } },
	{ "a device", NULL, "device-node", { "f app 755\nc dev/null" } },
	{ "a FIFO", NULL, "fifo", { "f app 755\np pipe" } },
};

static void layer_rules(void)
{
	for (size_t i = 0; i < sizeof(layer_cases) / sizeof(*layer_cases); i++) {
		struct recipe r = { 0 };

		memcpy(r.layers, layer_cases[i].layers, sizeof(layer_cases[i].layers));
		check(&r, layer_cases[i].problem, layer_cases[i].note, layer_cases[i].name);
	}
}

/* An image of one layer with these bytes, as they are. */
static void check_tar(const struct sp_buf *tar, const char *problem, const char *remark,
		      const char *name)
{
	const struct recipe r = { .plain = true };
	struct made m = { 0 };

	fake_init(&m.f);
	add_layer(&m, &r, tar);
	finish(&m, &r);
	judge(&m.f.source, NULL, problem, remark, name);
	unmake(&m);
}

static void tars(void)
{
	struct sp_buf tar = { 0 }, records = { 0 };
	char longer[4200];

	tar_file(&tar, "app", 0755, "x");
	check_tar(&tar, NULL, "tar-end", "no end of the archive");
	tar_finish(&tar);
	sp_buf_addstr(&tar, "more");
	check_tar(&tar, "layer-trailing-data", NULL, "bytes after the archive");
	tar.len = 700;
	check_tar(&tar, "layer-tar", NULL, "an archive cut off");
	sp_buf_reset(&tar);
	tar_file(&tar, "app", 0755, "x");
	pax(&records, "path", "global");
	tar_extra(&tar, 'g', records.data, records.len);
	tar_finish(&tar);
	check_tar(&tar, NULL, "tar-global-header", "global records");
	memset(longer, 'l', sizeof(longer));
	for (size_t i = 100; i < sizeof(longer); i += 100)
		longer[i] = '/';
	longer[4097] = '\0';
	for (int i = 0; i < 2; i++) {
		sp_buf_reset(&tar);
		sp_buf_reset(&records);
		tar_file(&tar, "app", 0755, "x");
		pax(&records, "path", longer);
		tar_extra(&tar, 'x', records.data, records.len);
		tar_file(&tar, "y", 0644, "");
		tar_finish(&tar);
		check_tar(&tar, i ? NULL : "unsafe-name", NULL,
			  i ? "a name of 4096 bytes" : "a name of 4097 bytes");
		longer[4096] = '\0';
	}
	sp_buf_reset(&tar);
	sp_buf_reset(&records);
	tar_file(&tar, "app", 0755, "x");
	memset(longer, 'n', 256);
	longer[256] = '\0';
	pax(&records, "path", longer);
	tar_extra(&tar, 'x', records.data, records.len);
	tar_file(&tar, "y", 0644, "");
	tar_finish(&tar);
	check_tar(&tar, "unsafe-name", NULL, "a component of 256 bytes");
	sp_buf_reset(&tar);
	sp_buf_reset(&records);
	tar_file(&tar, "app", 0755, "x");
	pax_bytes(&records, "path", "a\0b", 3);
	tar_extra(&tar, 'x', records.data, records.len);
	tar_file(&tar, "y", 0644, "");
	tar_finish(&tar);
	check_tar(&tar, "unsafe-name", NULL, "a NUL in a name");
	sp_buf_reset(&tar);
	tar_file(&tar, "app", 0755, "x");
	tar_block(&tar, "what", 'V', 0644, 0, NULL);
	tar_finish(&tar);
	check_tar(&tar, "entry-type", NULL, "an unknown type");
	sp_buf_reset(&tar);
	tar_file(&tar, "app", 0755, "x");
	char *h = tar_block(&tar, "sparse", 'S', 0644, 0, NULL);
	memset(h + 483, '0', 11);
	tar_sum(h);
	tar_finish(&tar);
	check_tar(&tar, NULL, "sparse-file", "a sparse file");
	sp_buf_release(&tar);
	sp_buf_release(&records);
}

/* Make the layer's blob of these bytes, whose diff id is that of a good tar. */
static void check_stream(const struct sp_buf *blob, const struct sp_buf *tar,
			 const char *problem, const char *name)
{
	struct made m = { 0 };

	fake_init(&m.f);
	m.layers[0] = fake_blob(&m.f, blob->data, blob->len);
	sp_digest_of(tar->data, tar->len, &m.diff_ids[0]);
	m.layers_nr = 1;
	finish(&m, &(struct recipe){ 0 });
	judge(&m.f.source, NULL, problem, NULL, name);
	unmake(&m);
}

static void streams(void)
{
	struct sp_buf tar = { 0 }, gz = { 0 };

	script("f app 755", &tar);
	compress_with(&sp_gzip, tar.data, 700, &gz);
	compress_with(&sp_gzip, tar.data + 700, tar.len - 700, &gz);
	check_stream(&gz, &tar, NULL, "two members");
	sp_buf_addstr(&gz, "tail");
	check_stream(&gz, &tar, "layer-trailing-data", "bytes after gzip");
	gz.len -= 8;
	check_stream(&gz, &tar, "layer-truncated", "gzip cut off");
	sp_buf_reset(&gz);
	compress_with(&sp_gzip, tar.data, tar.len, &gz);
	gz.data[gz.len - 5] ^= 1;
	check_stream(&gz, &tar, "layer-corrupt", "a wrong check sum");
	check_stream(&tar, &tar, "layer-media-type", "not compressed, as was promised");
	sp_buf_reset(&gz);
	compress_with(&sp_zstd, tar.data, tar.len, &gz);
	check_stream(&gz, &tar, "layer-media-type", "zstd where gzip was promised");
	sp_buf_reset(&gz);
	compress_with(&sp_gzip, "this is no tar", 14, &gz);
	sp_buf_reset(&tar);
	sp_buf_addstr(&tar, "this is no tar");
	check_stream(&gz, &tar, "layer-tar", "something else inside");
	sp_buf_release(&tar);
	sp_buf_release(&gz);
}

/* A disk of zeros: an honest image, read in little memory. */
static void bomb(void)
{
	const size_t piece = 1 << 20, pieces = 480;
	char *zeros = sp_calloc(1, piece);
	struct sp_buf tar = { 0 }, gz = { 0 };
	struct sp_hash *hash = sp_hash_new();
	struct made m = { 0 };
	struct rusage before, after;

	fake_init(&m.f);
	tar_file(&tar, "app", 0755, "x");
	tar_block(&tar, "zeros", '0', 0644, (unsigned long long)piece * pieces, NULL);
	compress_with(&sp_gzip, tar.data, tar.len, &gz);
	sp_hash_add(hash, tar.data, tar.len);
	for (size_t i = 0; i < pieces; i++) {
		if (i == 0)
			compress_with(&sp_gzip, zeros, piece, &gz);
		sp_hash_add(hash, zeros, piece);
	}
	size_t first = gz.len;
	compress_with(&sp_gzip, zeros, piece, &gz);
	size_t one = gz.len - first;
	for (size_t i = 2; i < pieces; i++) {
		sp_buf_reserve(&gz, one);
		sp_buf_add(&gz, gz.data + first, one);
	}
	compress_with(&sp_gzip, zeros, 1024, &gz);
	sp_hash_add(hash, zeros, 1024);
	sp_hash_done(hash, &m.diff_ids[0]);
	sp_hash_free(hash);
	m.layers[0] = fake_blob(&m.f, gz.data, gz.len);
	m.layers_nr = 1;
	finish(&m, &(struct recipe){ 0 });
	getrusage(RUSAGE_SELF, &before);
	judge(&m.f.source, NULL, NULL, NULL, "480 MiB of zeros");
	getrusage(RUSAGE_SELF, &after);
	long grown = after.ru_maxrss - before.ru_maxrss;
	ok(grown < 32 * 1024, "in bounded memory (%ld KiB more)", grown);
	unmake(&m);
	sp_buf_release(&tar);
	sp_buf_release(&gz);
	free(zeros);
}

int main(void)
{
	layer_rules();
	tars();
	streams();
	bomb();
	return test_done();
}
