/*
 * From a program to a proven plan: what is gathered, added and made, what the
 * proof refuses.
 */
#include "rootfs/rootfs.h"

#include <sys/stat.h>
#include <sys/xattr.h>

#include "closure_files.h"

struct planned {
	struct sp_root *host, *root;
	struct sp_rootfs *rootfs;
	struct sp_err err;
	int rc;
};

/* A root in which programs start: the loader and the C library of this machine, a
 * library that only the cache knows, programs. */
static void make_root(void)
{
	shell("mkdir -p r/lib64 r/etc r/opt/lib r/usr/lib r/work; cd r\n"
	      "cp -L /lib64/ld-linux-x86-64.so.2 lib64/\n"
	      "so usr/lib/libreal.so.1.0 libreal.so.1; ln -s libreal.so.1.0 usr/lib/libreal.so.1\n"
	      "ln -s usr/lib lib\n"
	      "so opt/lib/libcached.so.1 libcached.so.1; so opt/lib/libdecoy.so.1 libdecoy.so.1\n"
	      "so work/libnear.so libnear.so\n"
	      "so work/plug.so plug.so usr/lib/libreal.so.1\n"
	      "exe work/app usr/lib/libreal.so.1\n"
	      "exe work/cached opt/lib/libcached.so.1\n"
	      "exe work/near -Wl,--enable-new-dtags,-rpath,'$ORIGIN' work/libnear.so\n"
	      "exe work/lacks usr/lib/libreal.so.1; patchelf --add-needed libnone.so work/lacks\n"
	      "exe work/other work/libnear.so -Wl,--enable-new-dtags,-rpath,/work\n"
	      "echo /opt/lib >etc/ld.so.conf; ldconfig -r . 2>/dev/null || :\n"
	      "mkdir -p tree/sub; echo data >tree/data; cp work/plug.so tree/sub/; ln -s data tree/link\n"
	      "mkfifo tree/fifo; mkdir tree/empty; chmod 2775 tree/sub; chmod 4755 work/near\n"
	      "printf 'root:x:0:0::/:\\nme:x:7:7::/:\\n' >passwd; printf 'mine:x:7:\\n' >group\n"
	      "echo text >work/text; cp work/app work/noexec; chmod 644 work/noexec\n"
	      "printf '\\177ELF' >tree/halfelf");
}

/* Strings for the options: NULL in most tests. */
static struct sp_rootfs_options extra;

static struct planned plan_of(const char *program, const char *image_path)
{
	struct planned p = { .rc = -1 };
	struct sp_rootfs_options o = extra;
	struct sp_add adds[4];

	if (sp_root_open_dir(in_scratch("r"), &p.root, &p.err))
		return p;
	for (size_t i = 0; i < extra.adds_nr; i++) {
		adds[i] = extra.adds[i];
		adds[i].root = p.root;
	}
	o.adds = adds;
	o.root = o.libs = p.root;
	o.program = program;
	o.image_path = image_path;
	p.rc = sp_rootfs_build(&o, &p.rootfs, &p.err);
	if (p.rc)
		p.rootfs = NULL;
	return p;
}

static void planned_free(struct planned *p)
{
	sp_rootfs_free(p->rootfs);
	sp_root_free(p->root);
	extra = (struct sp_rootfs_options){ 0 };
}

static bool has(const struct planned *p, const char *path, enum sp_entry_type type)
{
	const struct sp_entry *e = p->rootfs ? sp_plan_find(p->rootfs->plan, path) : NULL;

	return e && e->type == type;
}

static bool noted(const struct planned *p, const char *id)
{
	for (size_t i = 0; p->rootfs && i < p->rootfs->plan->notes_nr; i++)
		if (strcmp(p->rootfs->plan->notes[i].id, id) == 0)
			return true;
	return false;
}

static void proves(struct planned *p, const char *what)
{
	if (!ok(p->rc == 0 && sp_rootfs_prove(p->rootfs, &p->err) == 0, "%s is proved", what))
		test_value("got: ", p->err.msg);
}

static void refuses(struct planned *p, enum sp_code code, const char *part, const char *what)
{
	int rc = p->rc ? p->rc : sp_rootfs_prove(p->rootfs, &p->err);

	is_int(rc ? (int)p->err.code : 0, code, "%s is refused", what);
	if (!ok(strstr(p->err.msg, part) != NULL, "and why"))
		test_value("got: ", p->err.msg);
}

static void plain(void)
{
	struct planned p = plan_of("/work/app", "/app");

	ok(has(&p, "/app", SP_ENTRY_FILE), "the program is where it shall be");
	ok(has(&p, "/lib64/ld-linux-x86-64.so.2", SP_ENTRY_FILE), "its loader where it was");
	ok(has(&p, "/usr/lib/libreal.so.1.0", SP_ENTRY_FILE), "the library's file");
	ok(has(&p, "/usr/lib/libreal.so.1", SP_ENTRY_SYMLINK), "the link that has its soname");
	ok(has(&p, "/lib", SP_ENTRY_SYMLINK), "and the link of the directory, over which it is found");
	ok(!has(&p, "/etc/ld.so.cache", SP_ENTRY_FILE), "no cache where none is needed");
	const struct sp_entry *lib = sp_plan_find(p.rootfs->plan, "/usr/lib/libreal.so.1.0");
	ok(lib && lib->reason.kind == SP_BECAUSE_NEEDED && !strcmp(lib->reason.by, "/app"),
	   "the reason leads to the program");
	proves(&p, "a plain program");
	ok(noted(&p, "runs-as-root"), "that it runs as root is noted");
	planned_free(&p);
}

static void with_cache(void)
{
	struct planned p = plan_of("/work/cached", "/cached");
	const struct sp_entry *e = sp_plan_find(p.rootfs->plan, "/etc/ld.so.cache");
	struct sp_cache *cache = NULL;

	ok(has(&p, "/opt/lib/libcached.so.1", SP_ENTRY_FILE), "a library that the cache knows");
	if (ok(e && e->content && !e->root, "brings a cache of the image's own")) {
		ok(sp_cache_parse(e->content, e->size, &cache) && cache->entries_nr == 1,
		   "with what is in the image alone");
		ok(cache && sp_cache_find(cache, "libcached.so.1") == 0, "under its name");
	}
	sp_cache_free(cache);
	proves(&p, "a program with a cache");
	planned_free(&p);
	extra.excludes = (const char *const[]){ "ld.so.cache" };
	extra.excludes_nr = 1;
	p = plan_of("/work/cached", "/cached");
	refuses(&p, SP_EPROGRAM, "libcached.so.1", "the same without its cache");
	planned_free(&p);
}

static void moved(void)
{
	struct planned p = plan_of("/work/near", "/srv/near");

	ok(has(&p, "/srv/near", SP_ENTRY_FILE) && has(&p, "/srv/libnear.so", SP_ENTRY_FILE),
	   "what is found through $ORIGIN moves with the program");
	is_int(sp_plan_find(p.rootfs->plan, "/srv/near")->mode, 04755, "setuid is carried");
	proves(&p, "a program that has moved");
	planned_free(&p);
	p = plan_of("/work/other", "/other");
	ok(has(&p, "/work/libnear.so", SP_ENTRY_FILE), "what is found by an absolute path stays");
	proves(&p, "that one");
	planned_free(&p);
}

static void left_out(void)
{
	extra.excludes = (const char *const[]){ "libreal*" };
	extra.excludes_nr = 1;
	struct planned p = plan_of("/work/app", "/app");
	refuses(&p, SP_EPROGRAM, "libreal.so.1", "a needed library left out");
	planned_free(&p);
	extra.excludes = (const char *const[]){ "/app" };
	extra.excludes_nr = 1;
	p = plan_of("/work/app", "/app");
	refuses(&p, SP_EPROGRAM, "/app", "the program left out");
	planned_free(&p);
	p = plan_of("/work/lacks", "/lacks");
	is_int(p.rc, 0, "a closure that is not whole can be planned");
	refuses(&p, SP_EPROGRAM, "libnone.so", "but not proved: it");
	planned_free(&p);
}

static void unusable(void)
{
	static const struct { const char *path, *part; } rows[] = {
		{ "/none", "no such file" }, { "/work", "directory" }, { "/tree/fifo", "FIFO" },
		{ "/work/text", "text" }, { "/work/noexec", "chmod" },
		{ "/work/plug.so", "" }, { "/tree/halfelf", "/tree/halfelf" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct planned p = plan_of(rows[i].path, "/x");

		refuses(&p, SP_EPROGRAM, rows[i].part, rows[i].path);
		planned_free(&p);
	}
}

/* adds gets its root when the plan is made. */
static void add_one(struct sp_add *add, const char *source, const char *dest, bool keeps)
{
	*add = (struct sp_add){ .source = source, .dest = dest, .keeps_path = keeps };
	extra.adds = add;
	extra.adds_nr = 1;
}

static void additions(void)
{
	struct sp_add add;

	add_one(&add, "/tree", "/data", false);
	struct planned p = plan_of("/work/near", "/srv/near");
	if (p.rc)
		note("%s", p.err.msg);
	ok(has(&p, "/data/data", SP_ENTRY_FILE) && has(&p, "/data/link", SP_ENTRY_SYMLINK) &&
	   has(&p, "/data/empty", SP_ENTRY_DIR), "a tree is added with files, links, directories");
	ok(has(&p, "/data/sub/plug.so", SP_ENTRY_FILE), "a library in it");
	ok(has(&p, "/usr/lib/libreal.so.1.0", SP_ENTRY_FILE), "brings what it needs");
	is_int(sp_plan_find(p.rootfs->plan, "/data/sub")->mode, 02775, "modes are carried");
	ok(noted(&p, "special-file") && noted(&p, "damaged-object"), "what is odd is noted");
	proves(&p, "it all");
	planned_free(&p);

	add_one(&add, "/lib/libreal.so.1", "/lib/libreal.so.1", true);
	p = plan_of("/work/near", "/srv/near");
	ok(has(&p, "/lib", SP_ENTRY_SYMLINK) && has(&p, "/usr/lib/libreal.so.1", SP_ENTRY_SYMLINK) &&
	   has(&p, "/usr/lib/libreal.so.1.0", SP_ENTRY_FILE), "a path that is kept keeps its links");
	planned_free(&p);

	add_one(&add, "/work/cached", "/bin/cached", false);
	p = plan_of("/work/near", "/srv/near");
	ok(has(&p, "/opt/lib/libcached.so.1", SP_ENTRY_FILE) &&
	   has(&p, "/etc/ld.so.cache", SP_ENTRY_FILE), "an added program brings a closure of its own");
	proves(&p, "both");
	planned_free(&p);

	add_one(&add, "/none", "/x", false);
	p = plan_of("/work/near", "/srv/near");
	ok(p.rc == -1 && strstr(p.err.msg, "--add"), "what is not there cannot be added");
	planned_free(&p);
	add_one(&add, "/tree/fifo", "/x", false);
	p = plan_of("/work/near", "/srv/near");
	ok(p.rc == -1 && p.err.code == SP_EUSAGE, "nor can a FIFO");
	planned_free(&p);
	add_one(&add, "/tree/data", "/srv/near", false);
	p = plan_of("/work/near", "/srv/near");
	ok(p.rc == -1 && p.err.code == SP_EUSAGE && strstr(p.err.msg, "/tree/data"),
	   "nor two things at one path");
	planned_free(&p);
}

static void accounts(void)
{
	static const struct { const char *user, *want; bool with_file, good; } rows[] = {
		{ "1000", "1000", false, true }, { "1000:1000", "1000:1000", false, true },
		{ "0", "0", false, true }, { "4294967294", "4294967294", false, true },
		{ "nonroot", "65532:65532", false, true },
		{ "nonroot:nonroot", "65532:65532", false, true },
		{ "me", "me", true, true }, { "me:mine", "me:mine", true, true },
		{ "7:mine", "7:mine", true, true }, { "m", NULL, true, false },
		{ "me:min", NULL, true, false }, { "me", NULL, false, false },
		{ "", NULL, false, false }, { ":", NULL, false, false }, { "1:", NULL, false, false },
		{ ":1", NULL, false, false }, { "4294967295", NULL, false, false },
		{ "-1", NULL, false, false }, { "a b", NULL, false, false },
		{ "1:2:3", NULL, false, false }, { "1x", NULL, false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sp_add adds[2] = { { .source = "/passwd", .dest = "/etc/passwd" },
					  { .source = "/group", .dest = "/etc/group" } };

		extra.user = rows[i].user;
		extra.adds = adds;
		extra.adds_nr = rows[i].with_file ? 2 : 0;
		struct planned p = plan_of("/work/app", "/app");
		int rc = p.rc ? p.rc : sp_rootfs_prove(p.rootfs, &p.err);
		if (!ok((rc == 0) == rows[i].good && (rc == 0 || p.err.code == SP_EUSAGE),
			"--user \"%s\" %s", rows[i].user, rows[i].good ? "is good" : "is refused"))
			test_value("got: ", p.err.msg);
		if (rc == 0)
			is_str(p.rootfs->user, rows[i].want, "as it stands in the configuration");
		planned_free(&p);
	}
	extra.user = "nonroot";
	struct planned p = plan_of("/work/app", "/app");
	const struct sp_entry *home = sp_plan_find(p.rootfs->plan, "/home/nonroot");
	ok(has(&p, "/etc/passwd", SP_ENTRY_FILE) && has(&p, "/etc/group", SP_ENTRY_FILE),
	   "nonroot has entries");
	ok(home && home->uid == 65532 && home->gid == 65532 && home->mode == 0700, "and a home");
	planned_free(&p);
}

static void configured(void)
{
	extra.workdir = "/srv/data";
	struct planned p = plan_of("/work/app", "/app");
	ok(has(&p, "/srv/data", SP_ENTRY_DIR), "the working directory is made");
	planned_free(&p);
	extra.preload = "/opt/lib/libdecoy.so.1";
	p = plan_of("/work/app", "/app");
	const struct sp_entry *e = sp_plan_find(p.rootfs->plan, "/opt/lib/libdecoy.so.1");
	ok(e && e->reason.kind == SP_BECAUSE_CONFIG, "what the image preloads is there");
	proves(&p, "that");
	planned_free(&p);
	extra.library_path = "/opt/lib";
	p = plan_of("/work/cached", "/cached");
	ok(has(&p, "/opt/lib/libcached.so.1", SP_ENTRY_FILE) &&
	   !has(&p, "/etc/ld.so.cache", SP_ENTRY_FILE), "the image's LD_LIBRARY_PATH needs no cache");
	proves(&p, "that");
	planned_free(&p);
}

int main(void)
{
#ifdef __x86_64__
	make_root();
	plain();
	with_cache();
	moved();
	left_out();
	unusable();
	additions();
	accounts();
	configured();
	in_scratch(NULL);
#else
	skip("the fixtures are for x86-64");
#endif
	return test_done();
}
