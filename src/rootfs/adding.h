/*
 * One --add, or one file or tree of a need or a trace, while it is put into the plan:
 * shared by add.c and add_closure.c.
 */
#ifndef SP_ROOTFS_ADDING_H
#define SP_ROOTFS_ADDING_H

#include "rootfs/rootfs.h"

/* One --add while it is carried out. */
struct adding {
	struct sp_rootfs *rootfs;
	const struct sp_rootfs_options *options;
	const struct sp_add *add;
	struct sp_reason reason;	/* of all its entries */
	size_t private_nr;		/* left out because not everybody may read it */
	const char *private;		/* ...the first */
	struct later *later;		/* where to put what may be met once all is there, or NULL */
};

/* Libraries whose own libraries are not there, or not yet: those of a tree may need each
 * other, by names under which a program has opened them before. */
struct later {
	struct waiting {
		const char *path, *image_path, *why;
		struct sp_stat st;
	} *waiting;
	size_t waiting_nr, waiting_alloc;
};

/* What was not named by the user may lack something: it is left out then. */
bool sp_adding_is_found(const struct adding *a);
void sp_adding_note_left_out(struct adding *a, const char *path, const char *why);

/* What an ELF file brings along, by what it is.  *ret_out: it is left out. */
SP_CHECKED int sp_adding_closure(struct adding *a, const char *path, const struct sp_stat *st,
				 const char *image_path, const struct sp_elf *elf,
				 bool *ret_out, struct sp_err *err);

/* Try once more what waits, as long as that helps any of it. */
SP_CHECKED int sp_adding_waiting(struct adding *a, struct later *later, struct sp_err *err);

#endif
