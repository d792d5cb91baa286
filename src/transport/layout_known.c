/*
 * Blobs that a layout has already: they need not be fetched again.  One counts only
 * if its bytes are what its digest says.  It is kept aside by a second link until the
 * commit, as one that was written is: whoever else has it may take it away.
 */
#include "transport/layout_dest.h"

#include <errno.h>
#include <unistd.h>

#include "base/vec.h"
#include "transport/layout.h"

#define BLOCK_BYTES (256 * 1024)

/* Are the bytes in fd those that the descriptor names? */
static int check_bytes(const struct sp_layout *l, int fd, const struct sp_desc *desc,
		       bool *ret, struct sp_err *err)
{
	sp_autohash struct sp_hash *hash = sp_hash_new_like(&desc->digest);
	sp_autofree char *block = sp_malloc(BLOCK_BYTES);
	struct sp_digest is;
	uint64_t left = desc->size;

	while (left) {
		ssize_t n = read(fd, block, left < BLOCK_BYTES ? (size_t)left : BLOCK_BYTES);

		if (sp_dest_cancelled(&l->options))
			return sp_err_set(err, SP_ECANCELLED, "cancelled");
		if (n < 0 && errno == EINTR)
			continue;
		/* one that cannot be read is as good as wrong */
		if (n <= 0)
			break;
		sp_hash_add(hash, block, (size_t)n);
		left -= (uint64_t)n;
	}
	sp_hash_done(hash, &is);
	*ret = !left && sp_digest_equal(&is, &desc->digest);
	return 0;
}

/* Open the blob and give it a second name; -1 in *ret_fd if that cannot be. */
static int keep_aside(struct sp_layout *l, const struct sp_desc *desc, int *ret_fd,
		      char **ret_name, struct sp_err *err)
{
	sp_autofree char *path = sp_layout_blob_path(&desc->digest);
	sp_autofree char *name = sp_layout_temp_name(l);
	sp_autoclose int fd = -1;
	uint64_t size = 0;

	*ret_fd = -1;
	/* a commit that fails takes its blobs away before it gives the lock back */
	if (sp_layout_lock(l, err))
		return -1;
	fd = sp_layout_open_blob(l->dir, &desc->digest, &size);
	/* not all file systems have links, nor may all files be linked to */
	bool kept = fd >= 0 && size == desc->size &&
		    linkat(l->dir, path, l->dir, name, 0) == 0;

	sp_layout_unlock(l);
	if (kept) {
		*ret_fd = sp_steal_fd(&fd);
		*ret_name = sp_steal_ptr(&name);
	}
	return 0;
}

int sp_layout_has(struct sp_sink *sink, const struct sp_desc *desc, bool *ret,
		  struct sp_err *err)
{
	struct sp_layout *l = sp_layout_of_sink(sink);
	struct sp_layout_blob blob = { .digest = desc->digest, .size = desc->size };
	sp_autoclose int fd = -1;

	*ret = sp_layout_is_kept(l, &desc->digest);
	if (*ret || keep_aside(l, desc, &fd, &blob.temp, err))
		return *ret ? 0 : -1;
	if (fd < 0)
		return 0;
	int rc = check_bytes(l, fd, desc, ret, err);

	if (!rc && *ret) {
		*SP_VEC_PUSH(l->blobs) = blob;
		return 0;
	}
	unlinkat(l->dir, blob.temp, 0);
	free(blob.temp);
	if (!rc)
		l->wrong = desc->digest;
	return rc;
}
