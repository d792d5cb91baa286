/*
 * What a loader file says of itself: those of this machine, of other machines, and
 * files that are none.
 */
#include "loader/ask.h"

#include "closure_files.h"

struct asked {
	struct sp_root *root;
	struct sp_arena arena;
	struct sp_loader loader;
	struct sp_err err;
	int rc;
};

static void release(struct asked *a)
{
	sp_root_free(a->root);
	sp_arena_release(&a->arena);
}

/* Ask the file at path, as the interpreter interp. */
static struct asked ask(const char *path, const char *interp)
{
	struct asked a = { .rc = -1 };
	sp_autofile struct sp_file file = SP_FILE_INIT;
	sp_autoelf struct sp_elf *elf = NULL;
	struct sp_found found;

	if (sp_root_open_dir("/", &a.root, &a.err) ||
	    sp_root_resolve(a.root, in_scratch(path), &found, &a.err) || !found.real ||
	    sp_root_open(a.root, found.real, &file, &a.err) ||
	    sp_elf_read(&file, &elf, &a.err))
		return a;
	a.rc = sp_loader_ask(elf, &file, interp, &a.arena, &a.loader, &a.err);
	return a;
}

/* This machine's loader can be asked itself as well. */
static void the_one_here(void)
{
	const char *path = "/lib64/ld-linux-x86-64.so.2";
	sp_autobuf struct sp_buf dirs = { 0 };
	struct asked a = ask(path, path);

	if (!is_int(a.rc, 0, "glibc's loader is understood"))
		return;
	is_int(a.loader.libc, SP_LIBC_GLIBC, "as glibc's");
	shell("/lib64/ld-linux-x86-64.so.2 --list-diagnostics >diag 2>/dev/null || :\n"
	      "sed -n 's/^path.system_dirs\\[.*\\]=\"\\(.*\\)\\/\"$/\\1/p' diag >dirs\n"
	      "sed -n 's/^dl_dst_lib=\"\\(.*\\)\"$/\\1/p' diag >lib\n"
	      "sed -n 's/^version.version=\"\\(.*\\)\"$/\\1/p' diag >version");
	for (size_t i = 0; i < a.loader.dirs_nr; i++)
		sp_buf_addf(&dirs, "%s\n", a.loader.dirs[i]);
	static const char *const names[] = { "dirs", "lib", "version" };
	sp_autofree char *lib = sp_strf("%s\n", a.loader.lib);
	sp_autofree char *version = sp_strf("%s\n", a.loader.version);
	const char *const got[] = { sp_buf_str(&dirs), lib, version };
	for (size_t i = 0; i < 3; i++) {
		char want[4096] = "";
		FILE *file = fopen(in_scratch(names[i]), "r");

		if (!file)
			continue;
		size_t len = fread(want, 1, sizeof(want) - 1, file);
		want[len] = '\0';
		fclose(file);
		if (len)
			is_str(got[i], want, "its %s, as it says itself", names[i]);
		else
			skip("this loader does not tell its %s", names[i]);
	}
	release(&a);
}

static void other_machines(void)
{
	static const struct { const char *path, *dir; } rows[] = {
		{ "/usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1", "/lib" },
		{ "/usr/arm-linux-gnueabihf/lib/ld-linux-armhf.so.3", "/lib" },
		{ "/usr/riscv64-linux-gnu/lib/ld-linux-riscv64-lp64d.so.1", "/lib" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (access(rows[i].path, R_OK)) {
			skip("%s is not installed", rows[i].path);
			continue;
		}
		struct asked a = ask(rows[i].path, rows[i].path);
		ok(a.rc == 0 && a.loader.libc == SP_LIBC_GLIBC && a.loader.dirs_nr >= 2,
		   "%s is understood", rows[i].path);
		ok(a.rc == 0 && strncmp(a.loader.dirs[0], rows[i].dir, 4) == 0 && a.loader.version,
		   "with directories and a version");
		for (size_t k = 0; k < a.loader.dirs_nr; k++)
			note("%s", a.loader.dirs[k]);
		release(&a);
	}
}

static void musl(void)
{
	const char *path = "/lib/ld-musl-x86_64.so.1";

	if (access(path, R_OK)) {
		skip("musl is not installed");
		return;
	}
	struct asked a = ask(path, path);
	ok(a.rc == 0 && a.loader.libc == SP_LIBC_MUSL, "musl's loader is understood");
	is_str(a.loader.path_file, "/etc/ld-musl-x86_64.path", "and its path file");
	char said[64] = "";
	shell("/lib/ld-musl-x86_64.so.1 2>&1 | sed -n 's/^Version //p' | tr -d '\\n' >musl || :");
	FILE *version = fopen(in_scratch("musl"), "r");
	if (version) {
		(void)!fread(said, 1, sizeof(said) - 1, version);
		fclose(version);
	}
	is_str(a.loader.version, said, "its version, as it says itself");
	release(&a);
	/* PREFIX/lib/ld.so reads PREFIX/etc */
	a = ask(path, "/opt/musl/lib/ld-musl-x86_64.so.1");
	is_str(a.loader.path_file, "/opt/musl/etc/ld-musl-x86_64.path", "which follows its prefix");
	release(&a);
	a = ask(path, "/ld.so");
	is_str(a.loader.path_file, "/etc/ld-musl-x86_64.path", "also from the root");
	release(&a);
}

/* Made ones: strings in the read-only data of an object that defines GLIBC_2. */
static void made(void)
{
	shell("mkdir ask; cd ask; echo 'GLIBC_2.0 { f; };' >map\n"
	      "export code='const char d[] __attribute__((used)) = \"\\0/lib64/\\0/usr/lib64/\\0x\\0/lib/\\0\"\n"
	      "  \"ld.so (X) stable release version 2.99.\"; int f(void) { return 0; }'\n"
	      "so fedora ld.so -Wl,--version-script=map\n"
	      "so old ld.so -Wl,--version-script=map,-z,noseparate-code\n"
	      "code='char w[] __attribute__((used)) = \"\\0/a/lib/\\0/b/lib/\\0/c/lib/\"; '$code\n"
	      "so written ld.so -Wl,--version-script=map\n"
	      "export code='const char d[] __attribute__((used)) = \"\\0/store/x-glibc/lib/\\0\"; int f(void) { return 0; }'\n"
	      "so store ld.so -Wl,--version-script=map\n"
	      "export code='int f(void) { return 0; }'\n"
	      "so silent ld.so -Wl,--version-script=map; so other ld.so");
	struct asked a = ask("ask/fedora", "/lib64/ld.so");
	ok(a.rc == 0 && a.loader.dirs_nr == 2, "the longest run of directories is the list");
	is_str(a.loader.dirs[1], "/usr/lib64", "without the slashes");
	is_str(a.loader.lib, "lib64", "$LIB");
	is_str(a.loader.version, "2.99", "the version without its full stop");
	release(&a);
	a = ask("ask/old", "/lib64/ld.so");
	ok(a.rc == 0 && a.loader.dirs_nr == 2, "also where they stand among the code");
	release(&a);
	a = ask("ask/written", "/lib64/ld.so");
	ok(a.rc == 0 && a.loader.dirs_nr == 2, "but not what it can write");
	release(&a);
	a = ask("ask/store", "/store/x-glibc/lib/ld.so");
	ok(a.rc == 0 && a.loader.dirs_nr == 1, "a store of its own");
	is_str(a.loader.lib, "lib", "has a $LIB too");
	is_str(a.loader.version, NULL, "and no version, if it says none");
	release(&a);
	a = ask("ask/silent", "/ld.so");
	ok(a.rc == -1 && a.err.code == SP_EPROGRAM, "no directories are an error");
	release(&a);
	a = ask("ask/other", "/ld.so");
	ok(a.rc == -1 && strstr(a.err.msg, "neither glibc"), "and so is another library");
	release(&a);
}

int main(void)
{
#ifdef __x86_64__
	the_one_here();
	musl();
	made();
#endif
	other_machines();
	in_scratch(NULL);
	return test_done();
}
