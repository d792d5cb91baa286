/*
 * Trying candidates: what the loader would say of the file at a path.
 *
 * glibc: open_verify() and _dl_map_object_from_fd() in elf/dl-load.c.
 * musl: load_library() and map_library() in ldso/dynlink.c.
 */
#include "loader/search.h"

#include <elf.h>
#include <limits.h>
#include <string.h>

#include "base/path.h"
#include "base/vec.h"

static enum sp_try report(struct sp_search *s, const char *path, const char *result,
			  enum sp_try verdict)
{
	struct sp_arena *arena = &s->closure->arena;

	*SP_VEC_PUSH(s->probes) = (struct sp_probe){
		.rule = s->rule,
		.path = sp_arena_strdup(arena, path),
		.result = result ? sp_arena_strdup(arena, result) : NULL,
	};
	if (verdict == SP_TRY_FATAL)
		s->why = sp_arena_strf(arena, "%s: %s", path, result);
	return verdict;
}

/* A key for the same file under any name: glibc and musl compare inodes. */
static const char *inode_key(struct sp_closure *closure, struct sp_root *root,
			     const struct sp_found *found)
{
	return sp_root_identity(root, found->real, &found->st, &closure->arena);
}

/* The first object of a name keeps it. */
static void keep_name(struct sp_map *map, const char *name, size_t index)
{
	if (sp_map_get(map, name) == SP_MAP_NONE)
		sp_map_set(map, name, index);
}

size_t sp_closure_push(struct sp_closure *closure, const struct sp_object *object)
{
	size_t index = closure->objects_nr;
	struct sp_object *o = SP_VEC_PUSH(closure->objects);
	const char *soname = object->elf->soname;

	*o = *object;
	/* the program was loaded by the kernel, and no loader asks for its inode */
	if (object->rule != SP_RULE_PROGRAM)
		sp_map_set(&closure->by_inode, inode_key(closure, o->root, &o->found), index);
	if (closure->loader.libc == SP_LIBC_MUSL)
		return index;
	/* the kernel gives glibc no name of the program */
	keep_name(&closure->by_name, object->rule == SP_RULE_PROGRAM ? "" : o->path, index);
	if (soname)
		keep_name(&closure->by_soname, soname, index);
	/* the loader knows its own soname from the start */
	if (soname && object->rule == SP_RULE_INTERPRETER)
		keep_name(&closure->by_name, soname, index);
	return index;
}

/* glibc, elf_machine_matches_host(): also the float ABI, where there are two. */
static bool same_abi(const struct sp_elf *a, const struct sp_elf *b)
{
	if (a->bits != b->bits || a->machine != b->machine)
		return false;
	if (a->machine == EM_ARM)
		return !(b->flags & (a->arm_hard_float ? EF_ARM_ABI_FLOAT_SOFT :
							 EF_ARM_ABI_FLOAT_HARD));
	if (a->machine == EM_RISCV)
		return (a->flags & EF_RISCV_FLOAT_ABI) == (b->flags & EF_RISCV_FLOAT_ABI);
	return true;
}

/* glibc, VALID_ELF_OSABI and VALID_ELF_ABIVERSION: System V or GNU.  Machines with
 * marks of their own there (ARM, MIPS) are not judged. */
static bool known_abi(const struct sp_elf *elf)
{
	if (elf->machine == EM_ARM || elf->machine == EM_MIPS)
		return true;
	if (elf->osabi != ELFOSABI_SYSV && elf->osabi != ELFOSABI_GNU)
		return false;
	return elf->abi_version == 0 || (elf->osabi == ELFOSABI_GNU && elf->abi_version < 5);
}

/* Can the segments be mapped?  Addresses and offsets must agree within a page, of which
 * no machine has smaller ones. */
static bool pages_agree(const struct sp_elf *elf)
{
	for (size_t i = 0; i < elf->segments_nr; i++)
		if ((elf->segments[i].vaddr - elf->segments[i].offset) % 4096)
			return false;
	return true;
}

/* The loader's verdict on facts that could be read.  NULL: it maps the file. */
static const char *objection(const struct sp_closure *closure, const struct sp_elf *elf,
			     bool *ret_fatal)
{
	const struct sp_elf *program = closure->objects[0].elf;
	bool musl = closure->loader.libc == SP_LIBC_MUSL;

	*ret_fatal = true;
	if (elf->bits == program->bits && elf->big_endian != program->big_endian)
		return "wrong byte order for this program";
	if (!musl && elf->bits == program->bits && !known_abi(elf))
		return "for another system's ABI (EI_OSABI, EI_ABIVERSION)";
	if (!musl && elf->bits == program->bits && elf->padded)
		return "nonzero padding in its first bytes (e_ident)";
	if (!same_abi(program, elf)) {
		/* glibc passes over it; musl maps it and the program crashes */
		*ret_fatal = musl;
		return elf->bits != program->bits ? "wrong ELF class" :
		       elf->machine != program->machine ? "for another machine" :
							  "for another float ABI";
	}
	if (!musl && (elf->dt_flags_1 & DF_1_PIE))
		return "is a program (a position-independent executable)";
	if (elf->type != ET_DYN)
		return "only a shared object can be loaded";
	if (!elf->segments_nr)
		return "has no loadable segment";
	if (!elf->has_dynamic)
		return "has no dynamic section";
	if (!pages_agree(elf))
		return "a segment's address and offset do not agree within a page";
	return NULL;
}

static int take(struct sp_search *s, const struct sp_dir *at,
		const struct sp_found *found, struct sp_elf *elf, bool borrowed,
		struct sp_err *err)
{
	struct sp_closure *closure = s->closure;

	if (closure->objects_nr == SP_OBJECTS_MAX)
		return sp_err_diagnose(err, "too-many-objects",
				  "more than %d objects in one closure", SP_OBJECTS_MAX);
	s->object = sp_closure_push(closure, &(struct sp_object){
		.name = sp_arena_strdup(&closure->arena, s->name),
		.path = at->path,
		.image_path = at->image_path,
		.root = at->root,
		.found = *found,
		.elf = elf,
		.borrowed = borrowed,
		.needed_by = s->from,
		.rule = s->rule,
		.rule_of = s->rule_of,
		.by_search = s->by_search,
	});
	return 0;
}

struct libc_marks {
	bool start, standard_input;
};

static void mark(void *ctx, const char *name, const char *version, enum sp_elf_sym kind)
{
	struct libc_marks *marks = ctx;

	(void)version;
	if (kind != SP_ELF_DEFINED)
		return;
	marks->start |= strcmp(name, "__libc_start_main") == 0;
	marks->standard_input |= strcmp(name, "stdin") == 0;
}

/* musl: another C library, known by two of its symbols, is never mapped; the
 * loader, which is one, takes its place. */
static bool is_second_libc(const struct sp_closure *closure, const struct sp_elf *elf,
			   struct sp_file *file)
{
	struct libc_marks marks = { 0 };
	struct sp_err ignored = { 0 };

	return closure->loader.libc == SP_LIBC_MUSL &&
	       sp_elf_symbols(elf, file, mark, &marks, &ignored) == 0 &&
	       marks.start && marks.standard_input;
}

/* musl may want to look into the file once more (is_second_libc()). */
static struct sp_elf *known_facts(const struct sp_closure *closure,
				  const struct sp_found *found)
{
	if (!closure->known.find || closure->loader.libc == SP_LIBC_MUSL)
		return NULL;
	return closure->known.find(closure->known.ctx, found);
}

/* The file is there: read it, or ask who has read it, and ask what the loader would make of it. */
static int judge(struct sp_search *s, const struct sp_dir *at,
		 const struct sp_found *found, enum sp_try *ret, struct sp_err *err)
{
	sp_autofile struct sp_file file = SP_FILE_INIT;
	sp_autoelf struct sp_elf *own = NULL;
	struct sp_elf *elf = known_facts(s->closure, found);
	bool borrowed = elf != NULL;
	struct sp_err why = { 0 };
	bool fatal;

	if (found->st.type != SP_FILE) {
		*ret = report(s, at->path, found->st.type == SP_DIR ?
			      "is a directory, expected a library" :
			      "is no regular file, expected a library", SP_TRY_FATAL);
		return 0;
	}
	if (!borrowed && sp_root_open(at->root, found->real, &file, &why)) {
		*ret = report(s, at->path, why.msg, SP_TRY_ABSENT);
		return 0;
	}
	const struct sp_elf_watch *watch = s->closure->watch;
	if (!borrowed && (watch ? sp_elf_read_watching(&file, watch, &own, &why) :
				  sp_elf_read_library(&file, &own, &why))) {
		*ret = report(s, at->path, why.msg, SP_TRY_FATAL);
		return 0;
	}
	if (!borrowed)
		elf = own;
	const char *against = objection(s->closure, elf, &fatal);
	if (against) {
		*ret = report(s, at->path, against, fatal ? SP_TRY_FATAL : SP_TRY_ABSENT);
		return 0;
	}
	*ret = SP_TRY_TAKEN;
	if (is_second_libc(s->closure, elf, &file)) {
		report(s, at->path, "a C library; musl's own is taken", SP_TRY_TAKEN);
		s->object = 1;
		s->rule = SP_RULE_SELF;
		return 0;
	}
	report(s, at->path, "found", SP_TRY_TAKEN);
	if (take(s, at, found, elf, borrowed, err))
		return -1;
	sp_steal_ptr(&own);
	return 0;
}

/* The file of an object again, perhaps under another name, which then must be there
 * in the image too. */
static void again(struct sp_search *s, const struct sp_dir *candidate, size_t known)
{
	struct sp_object *o = &s->closure->objects[known];

	report(s, candidate->path, "the same file is loaded already", SP_TRY_TAKEN);
	s->object = known;
	/* from now on musl knows it by its base name */
	o->by_search |= s->by_search;
	if (strcmp(candidate->path, o->path) != 0)
		s->also = sp_arena_memdup(&s->closure->arena, candidate, sizeof(*candidate));
}

/* musl, path_open(): its buffer for "DIR/NAME" is as long as this, and what does not fit
 * is passed over. */
#define MUSL_PATH_ROOM (2 * NAME_MAX + 2)

/* A link of that name that leads nowhere: in a sysroot often one that was to lead out. */
static const char *dangling(struct sp_search *s, const char *path,
			    const struct sp_found *found)
{
	const struct sp_link *last = found->links_nr ? &found->links[found->links_nr - 1] : NULL;

	for (size_t i = 0; i < found->links_nr; i++)
		if (strcmp(sp_path_basename(found->links[i].path), sp_path_basename(path)) == 0)
			return sp_arena_strf(&s->closure->arena, "a link to %s, which is not there",
					     last->target);
	return NULL;
}

/*
 * Nothing is there, or links that lead in a circle: that is an error like no other.  In a
 * search glibc leaves the list of directories for it (open_path()), and musl gives up.
 */
static enum sp_try absent(struct sp_search *s, const char *path,
			  const struct sp_found *found)
{
	if (found->links_nr < SP_LINKS_MAX)
		return report(s, path, dangling(s, path, found), SP_TRY_ABSENT);
	s->list_ends = true;
	return report(s, path, "symbolic links that lead in a circle",
		      s->closure->loader.libc == SP_LIBC_MUSL ? SP_TRY_FATAL : SP_TRY_ABSENT);
}

int sp_search_try(struct sp_search *s, const struct sp_dir *candidate,
		  enum sp_try *ret, struct sp_err *err)
{
	struct sp_closure *closure = s->closure;
	struct sp_found found;
	bool musl = closure->loader.libc == SP_LIBC_MUSL;

	if (strlen(candidate->path) >
	    (musl && s->by_search ? MUSL_PATH_ROOM - 1 : SP_PATH_MAX)) {
		*ret = report(s, candidate->path, "path too long", SP_TRY_ABSENT);
		return 0;
	}
	if (sp_root_resolve(candidate->root, candidate->path, &found, err))
		return -1;
	if (!found.real) {
		*ret = absent(s, candidate->path, &found);
		return 0;
	}
	size_t known = sp_map_get(&closure->by_inode,
				  inode_key(closure, candidate->root, &found));
	if (known != SP_MAP_NONE) {
		again(s, candidate, known);
		*ret = SP_TRY_TAKEN;
		return 0;
	}
	return judge(s, candidate, &found, ret, err);
}

int sp_search_dirs(struct sp_search *s, const struct sp_dirs *dirs, enum sp_try *ret,
		   struct sp_err *err)
{
	struct sp_arena *arena = &s->closure->arena;

	*ret = SP_TRY_ABSENT;
	s->list_ends = false;
	for (size_t i = 0; i < dirs->dirs_nr && *ret == SP_TRY_ABSENT && !s->list_ends; i++) {
		const struct sp_dir *dir = &dirs->dirs[i];
		struct sp_dir candidate = { .root = dir->root };

		candidate.path = sp_path_join(arena, dir->path, s->name);
		if (dir->left_out) {
			report(s, candidate.path, dir->left_out, SP_TRY_ABSENT);
			continue;
		}
		candidate.image_path =
			strcmp(dir->path, dir->image_path) == 0 ?
				candidate.path :
				sp_path_join(arena, dir->image_path, s->name);
		if (sp_search_try(s, &candidate, ret, err))
			return -1;
	}
	return 0;
}
