/*
 * Destinations: where a finished image goes.  The table in transport.c maps kinds of
 * addresses to the file that writes there.
 *
 *	struct sp_dest *dest;
 *
 *	sp_dest_open("myapp.tar", &options, &dest, err);
 *	sp_dest_names(dest, &arena, &refs, &refs_nr, err);
 *	... feed sp_dest_sink(dest) with blobs, best through a tee ...
 *	sp_dest_prepare(dest, image, refs, refs_nr, err);
 *	sp_dest_commit(dest, err);
 *	sp_dest_free(dest);	// without a commit: as if nothing had been
 */
#ifndef SP_TRANSPORT_TRANSPORT_H
#define SP_TRANSPORT_TRANSPORT_H

#include "image/blob.h"
#include "image/image.h"
#include "transport/address.h"

struct sp_registry_options;	/* transport/registry.h */

/*
 * What sources and destinations are told; one struct for both.  The strings, and
 * what registry points to, are borrowed until the destination or source is gone.
 */
struct sp_transport_options {
	const char *temp_dir;		/* for what cannot be written in place; NULL: "/tmp" */
	const char *docker_host;	/* DOCKER_HOST, or NULL */
	const char *host_os, *host_arch;	/* what an engine here would pick */
	int stdout_fd;			/* where "-" goes */
	const volatile sig_atomic_t *cancelled;	/* may be NULL */
	void (*progress)(void *ctx, const struct sp_progress *);	/* may be NULL */
	void *progress_ctx;
	const struct sp_registry_options *registry;	/* NULL: as if all were unset */
};

struct sp_dest;

/*
 * Begin a destination.  SP_EUSAGE for text that names none, SP_EOUTPUT for one
 * that cannot be written, SP_ENETWORK for an engine that does not answer.
 */
SP_CHECKED int sp_dest_open(const char *text, const struct sp_transport_options *options,
			    struct sp_dest **ret, struct sp_err *err);
struct sp_sink *sp_dest_sink(struct sp_dest *dest);

/* Which engine --load found ("docker at unix:///var/run/docker.sock"); NULL for other
 * destinations. */
const char *sp_dest_where(const struct sp_dest *dest);

/* Is a commit final from its first byte on (a pipe, a device, an engine)?  Those
 * come first, so that one that fails leaves the files as they were. */
bool sp_dest_is_final(const struct sp_dest *dest);

/*
 * The names of the image at this destination.  *refs are the tags; they stay
 * unless the destination carries a name of its own.  "oci:DIR:v1" and
 * "oci-archive:FILE:v1" with a bare tag, as skopeo has it, keep the repository
 * of the first of *refs.  One with neither tag nor digest gets "latest".  New strings
 * live in the arena.
 */
SP_CHECKED int sp_dest_names(const struct sp_dest *dest, struct sp_arena *arena,
			     const struct sp_ref **refs, size_t *refs_nr,
			     struct sp_err *err);

/*
 * Make the bytes complete and safe on disk under their temporary name, so that
 * what is left cannot easily fail; then make it visible.  With several
 * destinations all are prepared before the first is committed, and they are
 * freed in reverse order, so that a directory two of them share can go.
 */
SP_CHECKED int sp_dest_prepare(struct sp_dest *dest, const struct sp_image *image,
			       const struct sp_ref *refs, size_t refs_nr,
			       struct sp_err *err);
SP_CHECKED int sp_dest_commit(struct sp_dest *dest, struct sp_err *err);
void sp_dest_free(struct sp_dest *dest);	/* NULL allowed */

/*
 * Does the destination hold a layer whose tar has this digest, in an image that
 * it knows (a registry: the one that the name stands for now)?  Then *ret is its
 * descriptor, as it is stored there.  diff_id NULL: does it know any?
 */
bool sp_dest_knows(const struct sp_dest *dest, const struct sp_digest *diff_id,
		   struct sp_desc *ret);

/*
 * Let the destination fetch a blob from the source by itself, if it is of a kind
 * that can: then true in *ret_taken, and the blob counts as written.  May be called
 * from several threads at once.
 */
SP_CHECKED int sp_dest_take(struct sp_dest *dest, struct sp_source *source,
			    const struct sp_desc *desc, bool *ret_taken,
			    struct sp_err *err);
bool sp_dest_can_take(const struct sp_dest *dest);

/* Did the last blob that was written get lost on the way?  Then it must be written
 * again, to this destination alone, before anything else is. */
bool sp_dest_again(const struct sp_dest *dest);

/*
 * Will dest be able to take over what arrives at leader (a registry, from another of its
 * repositories)?  Then true, and dest is given each blob after leader, which must
 * outlive it, and to whose kind it must belong for that.
 */
bool sp_dest_follow(struct sp_dest *dest, struct sp_dest *leader);
bool sp_dest_follows(const struct sp_dest *dest);

/* A sink that feeds several; the array is copied.  Who said that it has the blob that
 * is written next is not fed. */
struct sp_sink *sp_sink_tee_new(struct sp_sink *const *sinks, size_t nr);
void sp_sink_tee_free(struct sp_sink *tee);

/*
 * Open an image to read it: a layout directory, an archive that is an OCI layout
 * or a docker archive (or both); "oci:", "oci-archive:" and "docker-archive:"
 * insist on a form, and then the documents of the other form are not there.
 * *ret_ref is the name asked for after the path, malloc'ed, or NULL.  options may
 * be NULL; they and what they point to are borrowed until the source is closed.
 */
SP_CHECKED int sp_source_open(const char *text, const struct sp_transport_options *options,
			      struct sp_source **ret, char **ret_ref, struct sp_err *err);

#endif
