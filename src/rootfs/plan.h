/*
 * The plan: what the root file system of the image will hold, and why.
 *
 * Everything before the plan decides, everything after it only executes it.  It
 * owns its strings, can be printed and compared, and each entry carries a reason
 * that leads back to the program.
 *
 *	struct sp_plan *plan = sp_plan_new();
 *
 *	sp_plan_add(plan, &(struct sp_entry){ .path = "/app", ... }, err);
 *	...in any order; parents need not be added...
 *	if (sp_plan_finish(plan, err))	// links, parents, duplicates, order
 *		...
 *	for (size_t i = 0; i < plan->entries_nr; i++)
 *		... plan->entries[i] ...
 *	sp_plan_free(plan);
 */
#ifndef SP_ROOTFS_PLAN_H
#define SP_ROOTFS_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/root.h"

#define SP_PLAN_ENTRIES_MAX 1000000

enum sp_entry_type { SP_ENTRY_DIR, SP_ENTRY_FILE, SP_ENTRY_SYMLINK, SP_ENTRY_HARDLINK };

enum sp_reason_kind {
	SP_BECAUSE_PROGRAM,	/* it is what was to be packed */
	SP_BECAUSE_INTERPRETER,	/* the kernel or a script's first line starts it */
	SP_BECAUSE_NEEDED,	/* an object asks the loader for it */
	SP_BECAUSE_LINK,	/* a symbolic link on the way to the entry "by" */
	SP_BECAUSE_PARENT,	/* a directory above the entry "by" */
	SP_BECAUSE_LOADER,	/* the loader reads it (ld.so.cache, musl's path file) */
	SP_BECAUSE_ADDED,	/* --add */
	SP_BECAUSE_NEED,	/* the program wants it, by some evidence */
	SP_BECAUSE_TRACED,	/* a run under --trace used it */
	SP_BECAUSE_CONFIG	/* an option of the image asks for it (--user, --workdir) */
};

/* Which of two reasons for one entry is kept: the one that comes first above. */

/* Why an entry is there.  by is the path of the entry it leads back to, NULL at
 * the end of the chain; detail the soname, option or rule. */
struct sp_reason {
	enum sp_reason_kind kind;
	const char *by, *detail;
};

struct sp_entry {
	const char *path;		/* absolute image path */
	enum sp_entry_type type;
	unsigned mode;			/* permission bits, setuid and sticky included */
	uint32_t uid, gid;
	uint64_t size;			/* bytes of a file, else 0 */

	/* a file comes from a root, or is content that we made */
	struct sp_root *root;		/* borrowed; outlives the plan */
	const char *source;		/* resolved path in root */
	struct sp_stat source_st;	/* as it was when it was analysed */
	const void *content;		/* when root is NULL; size bytes */

	const char *target;		/* text of a symlink; path of a hard link's first name */
	const void *caps;		/* bytes of security.capability, or NULL */
	size_t caps_len;
	struct sp_reason reason;
	unsigned group;			/* hard links are made among files of one group */
	size_t order;			/* set by sp_plan_add() */
};

/* Something noticed that the user should know.  id is stable, for scripts. */
struct sp_note {
	const char *id, *text;
};

struct sp_plan {
	struct sp_arena arena;
	struct sp_entry *entries;	/* after sp_plan_finish(): sorted by path bytes */
	size_t entries_nr, entries_alloc;
	struct sp_map by_path;		/* after sp_plan_finish() */
	struct sp_note *notes;
	size_t notes_nr, notes_alloc;
	struct sp_root *lower;		/* what lies below the plan, or NULL; borrowed */
	const char **excludes;
	size_t excludes_nr, excludes_alloc;
};

struct sp_plan *sp_plan_new(void);
void sp_plan_free(struct sp_plan *plan);

/* A copy of entry for path, which is in the arena already; what else it points to is
 * copied into it, except root. */
struct sp_entry sp_entry_copy(const struct sp_entry *entry, const char *path,
			      struct sp_arena *arena);

/*
 * Add one entry; the plan copies what it points to, except root.  The path is
 * cleaned.  SP_EUSAGE for a path that no image can hold.
 */
SP_CHECKED int sp_plan_add(struct sp_plan *plan, const struct sp_entry *entry,
			   struct sp_err *err);

/*
 * Leave out every entry whose path in the image matches the glob (see
 * sp_path_match); done by sp_plan_finish(), which notes a glob that matched
 * nothing.
 */
void sp_plan_exclude(struct sp_plan *plan, const char *glob);

/*
 * Put the plan in order: entries below a symbolic link of the plan move to where
 * the link leads, equal entries become one, missing parents are added (0755;
 * /tmp and /var/tmp 1777), files that share an inode become hard links, all is
 * sorted.  SP_EUSAGE names both sources if two different things claim a path.
 *
 * With plan->lower, what lies below counts as well: entries below its symbolic links
 * move to where those lead, what it has already leaves the plan, and its directories
 * keep their mode and owner.  A file where it has a directory, or the other way round,
 * is a conflict.
 */
SP_CHECKED int sp_plan_finish(struct sp_plan *plan, struct sp_err *err);

/* The entry at path, or NULL; after sp_plan_finish(). */
const struct sp_entry *sp_plan_find(const struct sp_plan *plan, const char *path);

/* Sum of the sizes of all files, in bytes. */
uint64_t sp_plan_size(const struct sp_plan *plan);

/* Add a note; the same note (id and text) is kept once. */
void sp_plan_note(struct sp_plan *plan, const char *id, const char *fmt, ...)
	SP_PRINTF(3, 4);

/* "needed by /app (libfoo.so.1)", "added by --add", ... in the arena given. */
const char *sp_reason_str(const struct sp_reason *reason, struct sp_arena *arena);

/* "program", "interpreter", "needed", ... for reports. */
const char *sp_reason_kind_name(enum sp_reason_kind kind);

/* "directory", "file", "symlink", "hardlink". */
const char *sp_entry_type_name(enum sp_entry_type type);

#endif
