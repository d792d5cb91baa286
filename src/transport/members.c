/*
 * The table of contents of a tar archive.  The archive is read with image/tar_read.h,
 * which knows nothing of files: what it would only skip is not read from disk.
 */
#include "transport/members.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/vec.h"
#include "image/tar_read.h"

#define LINK_HOPS_MAX 16	/* more is a loop */
#define EXPECTED "expected an image: an archive of docker, podman or skopeo, or DIR/ for a layout"

struct input {
	int fd;
	const char *path;
	uint64_t pos, skip_to, size;
};

static int input_read(void *ctx, void *buf, size_t len, size_t *ret_len,
		      struct sp_err *err)
{
	struct input *in = ctx;
	ssize_t n;

	if (in->pos < in->skip_to) {
		/* the reader drops these: what is in buf is as good */
		if (len > in->skip_to - in->pos)
			len = (size_t)(in->skip_to - in->pos);
		in->pos += len;
		*ret_len = len;
		return 0;
	}
	do
		n = pread(in->fd, buf, len, (off_t)in->pos);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return sp_err_sys(err, SP_EFAIL, "cannot read it");
	in->pos += (uint64_t)n;
	*ret_len = (size_t)n;
	return 0;
}

/* What else one may have named in place of an image. */
static int check_other(const char *start, struct sp_err *err)
{
	static const struct {
		const char *magic, *what;
		size_t len;
	} others[] = {
		{ "\x7f" "ELF", "a compiled program", 4 },
		{ "#!", "a script", 2 },
		{ "{", "a JSON document", 1 },
		{ "PK\x03\x04", "a zip archive", 4 },
		{ "!<arch>", "a library or package (ar)", 7 },
		{ "\xed\xab\xee\xdb", "an RPM package", 4 },
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (memcmp(start, others[i].magic, others[i].len) == 0)
			return sp_err_set(err, SP_EVERIFY, "is %s, " EXPECTED, others[i].what);
	return 0;
}

/* An archive that somebody compressed as a whole is an everyday mistake. */
static int check_magic(const struct input *in, struct sp_err *err)
{
	static const struct {
		const char *magic, *how;
		size_t len;
	} packed[] = {
		{ "\x1f\x8b", "gzip -d", 2 },
		{ "\x28\xb5\x2f\xfd", "zstd -d", 4 },
		{ "\xfd" "7zXZ", "xz -d", 5 },
		{ "BZh", "bzip2 -d", 3 },
	};
	char start[8] = "";

	if (pread(in->fd, start, sizeof(start), 0) < 0)
		return sp_err_sys(err, SP_EFAIL, "cannot read it");
	for (size_t i = 0; i < sizeof(packed) / sizeof(*packed); i++)
		if (memcmp(start, packed[i].magic, packed[i].len) == 0)
			return sp_err_set(err, SP_EVERIFY,
					  "is compressed as a whole, which is not read here; "
					  "decompress it with %s first", packed[i].how);
	return check_other(start, err);
}

static bool climbs(const char *name)
{
	for (const char *p = name; (p = strstr(p, "..")); p += 2)
		if ((p == name || p[-1] == '/') && (!p[2] || p[2] == '/'))
			return true;
	return false;
}

/* A hard link names a member; a symbolic link counts from its directory. */
static const char *link_meant(struct sp_members *m, const struct sp_tar_item *item,
			      const char *name)
{
	if (item->type == '1' || item->link[0] == '/')
		return sp_path_clean(&m->arena, item->link);
	return sp_path_clean(&m->arena,
			     sp_path_join(&m->arena, sp_path_dirname(&m->arena, name),
					  item->link));
}

static int add_member(struct sp_members *m, const struct sp_tar_item *item,
		      uint64_t offset, struct sp_err *err)
{
	const char *name;

	if (item->type == 'g' || item->type == '5')
		return 0;
	if (item->name_len != strlen(item->name) || item->link_len != strlen(item->link) ||
	    item->name_len > SP_PATH_MAX || item->link_len > SP_PATH_MAX)
		return sp_err_set(err, SP_EVERIFY,
				  "member %.100s: its name is too long or holds a NUL",
				  item->name);
	/* nothing of an image has such a name; never to be found is enough */
	if (climbs(item->name))
		return 0;
	name = sp_path_clean(&m->arena, item->name);
	if (sp_map_get(&m->by_name, name) != SP_MAP_NONE)
		return sp_err_set(err, SP_EVERIFY,
				  "member %s is there twice, and readers would not agree "
				  "on which one counts", item->name);
	sp_map_set(&m->by_name, name, m->members_nr);
	*SP_VEC_PUSH(m->members) = (struct sp_member){
		.name = name, .type = item->type, .sparse = item->sparse,
		.offset = offset, .size = item->size,
		.link = item->type == '1' || item->type == '2' ?
			link_meant(m, item, name) : NULL,
	};
	return 0;
}

static int scan(struct input *in, struct sp_tar_reader *tar, struct sp_members *m,
		struct sp_err *err)
{
	struct sp_tar_item item;
	bool more;

	for (size_t nr = 0;; nr++) {
		if (sp_tar_next(tar, &item, &more, err)) {
			if (!nr && err->code == SP_EVERIFY)
				sp_err_wrap(err, "is no tar archive, " EXPECTED);
			return -1;
		}
		if (!more)
			break;
		uint64_t offset = sp_tar_offset(tar), end;

		if (__builtin_add_overflow(offset, item.size, &end) || end > in->size)
			return sp_err_set(err, SP_EVERIFY,
					  "is cut off: %.300s has %llu bytes from byte %llu "
					  "on, but the file ends at %llu", item.name,
					  (unsigned long long)item.size,
					  (unsigned long long)offset,
					  (unsigned long long)in->size);
		if (nr == SP_MEMBERS_MAX)
			return sp_err_set(err, SP_EVERIFY, "has more than %d members",
					  SP_MEMBERS_MAX);
		if (add_member(m, &item, offset, err))
			return -1;
		in->skip_to = end;
	}
	m->ended = sp_tar_ending(tar) != SP_TAR_NO_MARK;
	return 0;
}

int sp_members_scan(int fd, const char *path, struct sp_members *ret,
		    struct sp_err *err)
{
	struct input in = { .fd = fd, .path = path };
	struct sp_tar_reader *tar;
	struct stat st;
	int rc;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return sp_err_set(err, SP_EFAIL,
				  "%s: is no regular file; an archive is read more than "
				  "once and cannot come from a pipe", path);
	in.size = (uint64_t)st.st_size;
	if (!in.size)
		return sp_err_set(err, SP_EVERIFY, "%s: is empty, expected a tar archive",
				  path);
	if (check_magic(&in, err))
		return sp_err_wrap(err, "%s", path);
	tar = sp_tar_reader_new(input_read, &in);
	*ret = (struct sp_members){ .file_size = in.size };
	rc = scan(&in, tar, ret, err);
	sp_tar_reader_free(tar);
	if (rc) {
		sp_members_release(ret);
		return sp_err_wrap(err, "%s", path);
	}
	return 0;
}

static const struct sp_member *find_one(const struct sp_members *m, const char *path)
{
	size_t at = sp_map_get(&m->by_name, path);

	return at == SP_MAP_NONE ? NULL : &m->members[at];
}

const struct sp_member *sp_members_find(const struct sp_members *members,
					const char *name)
{
	struct sp_arena arena = { 0 };
	const struct sp_member *member = NULL;

	if (strlen(name) <= SP_PATH_MAX && !climbs(name))
		member = find_one(members, sp_path_clean(&arena, name));
	sp_arena_release(&arena);
	for (int hops = 0; member && member->link; hops++)
		member = hops < LINK_HOPS_MAX ? find_one(members, member->link) : NULL;
	return member && member->type == '0' && !member->sparse ? member : NULL;
}

void sp_members_release(struct sp_members *members)
{
	sp_map_release(&members->by_name);
	free(members->members);
	sp_arena_release(&members->arena);
	*members = (struct sp_members){ 0 };
}
