/*
 * A root over a root: the upper one hides, names are those of both, and links lead
 * from one to the other.
 */
#include "base/root_union.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "test.h"

static void make(const char *path, const char *text)
{
	sp_autofree char *full = sp_strf("%s/%s", scratch_dir(), path);
	int fd = text ? open(full, O_CREAT | O_WRONLY, 0644) : -1;

	if (text ? fd < 0 || write(fd, text, strlen(text)) < 0 || close(fd) : mkdir(full, 0755))
		printf("Bail out! cannot make %s\n", full);
}

static void make_link(const char *path, const char *target)
{
	sp_autofree char *full = sp_strf("%s/%s", scratch_dir(), path);

	if (symlink(target, full))
		printf("Bail out! cannot link %s\n", full);
}

static struct sp_root *open_root(const char *name)
{
	sp_autofree char *full = sp_strf("%s/%s", scratch_dir(), name);
	struct sp_err err = { 0 };
	struct sp_root *root = NULL;

	ok(sp_root_open_dir(full, &root, &err) == 0, "%s opens", name);
	return root;
}

static void reads(struct sp_root *root, const char *path, const char *want)
{
	sp_autofile struct sp_file file = SP_FILE_INIT;
	struct sp_err err = { 0 };
	struct sp_found found;
	char text[32] = "";
	size_t len = 0;

	if (sp_root_resolve(root, path, &found, &err) == 0 && found.real &&
	    sp_root_open(root, found.real, &file, &err) == 0 &&
	    sp_file_pread(&file, text, sizeof(text) - 1, 0, &len, &err) == 0)
		text[len] = '\0';
	is_str(text, want, "%s", path);
}

int main(void)
{
	struct sp_err err = { 0 };
	struct sp_file file = SP_FILE_INIT;
	const char *const *names;
	size_t nr = 0;

	make("upper", NULL);
	make("upper/d", NULL);
	make("upper/d/both", "upper");
	make("upper/d/one", "1");
	make("lower", NULL);
	make("lower/d", NULL);
	make("lower/d/both", "lower");
	make("lower/d/two", "2");
	make("lower/real", NULL);
	make("lower/real/f", "below");
	make("lower/file", "x");
	make_link("upper/link", "real");
	make_link("lower/back", "/d/one");
	make("upper/real", NULL);
	make("upper/real/g", "above");

	struct sp_root *upper = open_root("upper"), *lower = open_root("lower");
	struct sp_root *both = sp_root_union_new(upper, lower);
	reads(both, "/d/both", "upper");
	reads(both, "/d/two", "2");
	reads(both, "/link/f", "below");
	reads(both, "/link/g", "above");
	reads(both, "/back", "1");
	reads(both, "/nothing", "");
	ok(sp_root_list(both, "/d", &names, &nr, &err) == 0 && nr == 3, "the names of both");
	is_str(names[0], "both", "once");
	is_str(names[2], "two", "in order");
	ok(sp_root_list(both, "/real", &names, &nr, &err) == 0 && nr == 2, "of another directory");
	ok(sp_root_open(both, "/d", &file, &err) == -1, "a directory is no file: %s", err.msg);
	ok(sp_root_open(both, "/no", &file, &err) == -1, "nor is nothing: %s", err.msg);
	sp_root_free(both);
	sp_root_free(upper);
	sp_root_free(lower);
	return test_done();
}
