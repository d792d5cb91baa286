/* root_over.c, plan_lower.c, and the planned image over a base: two trees in the
 * scratch directory stand for the base image and for the source. */
#include "base/root_over.h"

#include <sys/stat.h>

#include "rootfs/plan.h"
#include "rootfs/plan_root.h"
#include "test.h"

/* Make both trees: base with merged /usr, source without. */
static void make_trees(struct sp_root **base, struct sp_root **source)
{
	struct sp_err err = { 0 };
	char *cmd = NULL, path[5000];

	if (asprintf(&cmd, "cd %s && mkdir -p base/usr/lib base/etc base/opt source/lib "
		     "source/usr/lib source/etc && ln -s usr/lib base/lib && "
		     "echo base >base/usr/lib/libc.so && echo source >source/lib/libc.so && "
		     "echo more >source/lib/libmore.so && ln -s libmore.so source/lib/libm.so && "
		     "echo users >base/etc/passwd && echo theirs >source/etc/passwd && "
		     "chmod 710 base/opt && echo x >base/opt/file && echo h >source/etc/hosts && "
		     "mv source/lib/* source/usr/lib/ && rmdir source/lib && ln -s usr/lib source/lib",
		     scratch_dir()) < 0 || system(cmd))
		ok(false, "trees are made");
	free(cmd);
	snprintf(path, sizeof(path), "%s/base", scratch_dir());
	if (sp_root_open_dir(path, base, &err))
		ok(false, "%s", err.msg);
	snprintf(path, sizeof(path), "%s/source", scratch_dir());
	if (sp_root_open_dir(path, source, &err))
		ok(false, "%s", err.msg);
}

/* The first word of the file at path, with "L " in front if it is of the base. */
static void sees(struct sp_root *root, const char *path, const char *want)
{
	sp_autofile struct sp_file file = SP_FILE_INIT;
	char text[64] = "absent", bytes[32] = "";
	struct sp_found found;
	struct sp_err err = { 0 };
	size_t got;

	if (sp_root_resolve(root, path, &found, &err))
		snprintf(text, sizeof(text), "%.60s", err.msg);
	else if (found.real && found.st.type == SP_DIR)
		snprintf(text, sizeof(text), "%sdir", found.st.lower ? "L " : "");
	else if (found.real && sp_root_open(root, found.real, &file, &err))
		snprintf(text, sizeof(text), "%.60s", err.msg);
	else if (found.real && !sp_file_pread(&file, bytes, sizeof(bytes) - 1, 0, &got, &err))
		snprintf(text, sizeof(text), "%s%.*s", found.st.lower ? "L " : "",
			 (int)strcspn(bytes, "\n"), bytes);
	is_str(text, want, "%s", path);
}

static void over(struct sp_root *base, struct sp_root *source)
{
	struct sp_root *both = sp_root_over_new(base, source);
	const char *const *names;
	struct sp_err err = { 0 };
	struct sp_found found;
	size_t nr;

	sees(both, "/lib/libc.so", "L base");
	sees(both, "/lib/libm.so", "more");
	sees(both, "/usr/lib/libmore.so", "more");
	sees(both, "/etc/passwd", "L users");
	sees(both, "/etc/hosts", "h");
	sees(both, "/etc/none", "absent");
	sees(both, "/etc", "L dir");
	ok(!sp_root_list(both, "/usr/lib", &names, &nr, &err) && nr == 3, "both directories: %zu", nr);
	ok(sp_root_list(both, "/nowhere", &names, &nr, &err) < 0, "a directory that is not there");
	ok(!sp_root_resolve(both, "/lib/libm.so", &found, &err) && found.links_nr == 2,
	   "the base's link, and the source's");
	ok(sp_root_rest(both) == source && !sp_root_rest(base), "the one behind");
	sp_root_free(both);
}

static int add(struct sp_plan *plan, enum sp_entry_type type, const char *path,
	       const char *target, enum sp_reason_kind kind)
{
	struct sp_err err = { 0 };
	struct sp_entry entry = {
		.path = path, .type = type, .mode = type == SP_ENTRY_FILE ? 0644 : 0755,
		.target = target, .reason = { kind, NULL, "test" },
	};

	if (type == SP_ENTRY_FILE) {
		entry.content = "ours\n";
		entry.size = 5;
	}
	return sp_plan_add(plan, &entry, &err);
}

static struct sp_plan *new_plan(struct sp_root *lower)
{
	struct sp_plan *plan = sp_plan_new();

	plan->lower = lower;
	return plan;
}

/* What is left of the plan, in one string. */
static void holds(struct sp_plan *plan, const char *want, const char *name)
{
	char text[1000] = "";
	struct sp_err err = { 0 };

	if (sp_plan_finish(plan, &err))
		snprintf(text, sizeof(text), "%.900s", err.msg);
	else
		for (size_t i = 0; i < plan->entries_nr; i++)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
				 i ? " " : "", plan->entries[i].path);
	is_str(text, want, "%s", name);
}

static void settles(struct sp_root *base)
{
	struct sp_plan *plan = new_plan(base);
	int bad = add(plan, SP_ENTRY_FILE, "/lib/libnew.so", NULL, SP_BECAUSE_NEEDED) |
		  add(plan, SP_ENTRY_SYMLINK, "/lib", "usr/lib", SP_BECAUSE_LINK) |
		  add(plan, SP_ENTRY_FILE, "/opt/app", NULL, SP_BECAUSE_PROGRAM) |
		  add(plan, SP_ENTRY_FILE, "/etc/passwd", NULL, SP_BECAUSE_NEED) |
		  add(plan, SP_ENTRY_FILE, "/opt/file", NULL, SP_BECAUSE_ADDED) |
		  add(plan, SP_ENTRY_DIR, "/etc", NULL, SP_BECAUSE_CONFIG);

	is_int(bad, 0, "added");
	holds(plan, "/opt /opt/app /opt/file /usr /usr/lib /usr/lib/libnew.so",
	      "what the base has is not brought again");
	const struct sp_entry *opt = sp_plan_find(plan, "/opt");
	ok(opt && opt->mode == 0710, "its directory keeps its mode");
	struct sp_root *root = sp_plan_root_new(plan, base);
	sees(root, "/lib/libnew.so", "ours");
	sees(root, "/lib/libc.so", "L base");
	sees(root, "/opt/file", "ours");
	sees(root, "/etc/passwd", "L users");
	const char *const *names;
	struct sp_err err = { 0 };
	size_t nr;
	ok(!sp_root_list(root, "/usr/lib", &names, &nr, &err) && nr == 2, "plan and base listed");
	ok(!sp_root_list(root, "/etc", &names, &nr, &err) && nr == 1, "a directory of the base");
	sp_root_free(root);
	sp_plan_free(plan);

	plan = new_plan(base);
	is_int(add(plan, SP_ENTRY_DIR, "/lib", NULL, SP_BECAUSE_ADDED), 0, "a directory");
	is_int(add(plan, SP_ENTRY_FILE, "/lib/x", NULL, SP_BECAUSE_ADDED), 0, "and what is in it");
	holds(plan, "/usr /usr/lib /usr/lib/x", "a directory where the base has a link to one");
	sp_plan_free(plan);
}

static void contradicts(struct sp_root *base)
{
	static const struct {
		enum sp_entry_type type;
		const char *path, *message;
	} rows[] = {
		{ SP_ENTRY_FILE, "/opt", "in the base image this is a directory" },
		{ SP_ENTRY_SYMLINK, "/opt", "in the base image this is a directory" },
		{ SP_ENTRY_DIR, "/opt/file", "in the base image this is a file" },
		{ SP_ENTRY_FILE, "/opt/file/x", "which in the base image is a file" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sp_plan *plan = new_plan(base);
		struct sp_err err = { 0 };

		int bad = add(plan, rows[i].type, rows[i].path, "x", SP_BECAUSE_ADDED);
		ok(!bad && sp_plan_finish(plan, &err) < 0 && err.code == SP_EUSAGE &&
		   strstr(err.msg, rows[i].message), "%s: %s", rows[i].path, err.msg);
		sp_plan_free(plan);
	}
}

int main(void)
{
	struct sp_root *base = NULL, *source = NULL;

	make_trees(&base, &source);
	over(base, source);
	settles(base);
	contradicts(base);
	sp_root_free(base);
	sp_root_free(source);
	return test_done();
}
