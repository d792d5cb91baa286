/*
 * What a destination is to transport.c: the table of functions behind it.  Only
 * the files that write destinations include this.
 */
#ifndef SP_TRANSPORT_DEST_H
#define SP_TRANSPORT_DEST_H

#include "transport/transport.h"

struct sp_dest_ops {
	int (*prepare)(struct sp_dest *, const struct sp_image *,
		       const struct sp_ref *refs, size_t refs_nr, struct sp_err *);
	int (*commit)(struct sp_dest *, struct sp_err *);
	void (*free)(struct sp_dest *);		/* undoes what was not committed */
	/* both may be NULL: see sp_dest_knows() and sp_dest_take() */
	bool (*knows)(const struct sp_dest *, const struct sp_digest *diff_id,
		      struct sp_desc *ret);
	int (*take)(struct sp_dest *, struct sp_source *, const struct sp_desc *,
		    struct sp_err *);
	bool (*again)(const struct sp_dest *);	/* sp_dest_again() */
	bool (*follow)(struct sp_dest *, struct sp_dest *leader);	/* sp_dest_follow() */
};

/* The first member of each kind of destination. */
struct sp_dest {
	const struct sp_dest_ops *ops;
	struct sp_sink *sink;
	char *ref;		/* the name in the text, or NULL; transport.c's */
	char *where;		/* how to call it to the user, or NULL: as in the text */
	bool final;		/* what is committed cannot be taken back */
	bool follows;		/* sp_dest_follow() */
	bool ref_is_tag;	/* a ref without ':' and '/' is a tag alone */
};

/* What of an archive is written: both make one that every consumer reads. */
enum sp_form { SP_FORM_LAYOUT = 1 << 0, SP_FORM_DOCKER = 1 << 1 };
#define SP_FORM_BOTH (SP_FORM_LAYOUT | SP_FORM_DOCKER)

/* How the kinds are begun: where is the text without prefix and reference. */
typedef int sp_dest_opener(const char *where, unsigned form,
			   const struct sp_transport_options *options,
			   struct sp_dest **ret, struct sp_err *err);
sp_dest_opener sp_layout_open, sp_archive_open, sp_stdout_open, sp_engine_open,
	sp_local_open, sp_registry_dest_open;

/* Was sp_transport_options.cancelled set? */
bool sp_dest_cancelled(const struct sp_transport_options *options);

/* After a failed write: add to the message what can be done about errnum, if
 * anything (no space left, a limit on file size).  Returns -1. */
int sp_dest_advise(int errnum, struct sp_err *err);

#endif
