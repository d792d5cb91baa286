/*
 * Real programs: what the tracer records of them is what strace sees.
 */
#include "trace/trace.h"

#include <dirent.h>

#include "base/map.h"
#include "base/path.h"

#include "traced.h"

struct names {
	struct sp_arena arena;
	struct sp_map map;
	size_t nr;
};

static void add(struct names *names, const char *path)
{
	char *copy = sp_path_clean(&names->arena, path);

	/* processes have other numbers each time */
	if (sp_path_within(copy, "/proc") || sp_map_get(&names->map, copy) != SP_MAP_NONE)
		return;
	sp_map_set(&names->map, copy, names->nr++);
}

/* And the directories that ".." leaves, which have to be there. */
static void add_with_ways(struct names *names, const char *path)
{
	for (const char *up = path; (up = strstr(up, "/..")); up += 3)
		if (up > path && (up[3] == '/' || !up[3]))
			add(names, fmt("%.*s", (int)(up - path), path));
	add(names, path);
}

static bool has(const struct names *names, const char *path)
{
	return sp_map_get(&names->map, path) != SP_MAP_NONE;
}

static void release(struct names *names)
{
	sp_map_release(&names->map);
	sp_arena_release(&names->arena);
}

/* The text between two characters, from *at on; moves *at behind it. */
static bool between(char **at, char open, char close, char *ret, size_t size)
{
	char *begin = strchr(*at, open), *end = begin ? strchr(begin + 1, close) : NULL;

	if (!end || (size_t)(end - begin) > size)
		return false;
	memcpy(ret, begin + 1, (size_t)(end - begin - 1));
	ret[end - begin - 1] = '\0';
	*at = end + 1;
	return true;
}

/* One name of a call: "DESCRIPTOR</its/path>, "name"" or "name" alone. */
static bool one_name(char **at, char *cwd, struct names *names)
{
	char name[5000], base[5000];
	char *quote = strchr(*at, '"'), *angle = strchr(*at, '<');

	snprintf(base, sizeof(base), "%s", cwd);
	if (quote && angle && angle < quote) {
		bool is_cwd = strncmp(*at, "AT_FDCWD", 8) == 0;

		if (!between(at, '<', '>', base, sizeof(base)))
			return false;
		if (is_cwd)
			snprintf(cwd, 5000, "%s", base);
	}
	if (!between(at, '"', '"', name, sizeof(name)))
		return false;
	if (*name)
		add_with_ways(names, name[0] == '/' ? name : fmt("%s/%s", base, name));
	return true;
}

/* A line of strace, of a process whose directory was cwd. */
static void read_line(char *line, char *cwd, struct names *names)
{
	char *args = strchr(line, '('), *result = strrchr(line, '=');
	static const char *const pairs[] = { "rename", "link" };

	if (!args || !result || result[2] == '-' || result[2] == '?' || line[0] == '+' ||
	    line[0] == '-' || strncmp(line, "getcwd", 6) == 0)
		return;
	*args++ = '\0';
	if (strncmp(line, "symlink", 7) == 0) {
		args = strchr(strchr(args, '"') + 1, '"') + 2;
		args += strspn(args, " ");
	}
	if (strncmp(line, "getdents", 8) == 0) {
		char path[5000];

		if (between(&args, '<', '>', path, sizeof(path)))
			add(names, path);
		return;
	}
	one_name(&args, cwd, names);
	if (strcmp(line, "chdir") == 0) {
		char to[5000];

		args = strchr(line, 0) + 1;
		if (between(&args, '"', '"', to, sizeof(to)))
			snprintf(cwd, 5000, "%s", sp_path_clean(&names->arena,
				 to[0] == '/' ? to : fmt("%s/%s", cwd, to)));
	}
	for (int i = 0; i < 2; i++)
		if (strncmp(line, pairs[i], strlen(pairs[i])) == 0) {
			args += strspn(args, ", ");
			one_name(&args, cwd, names);
		}
}

static void read_strace(struct names *names)
{
	static char line[1 << 16];
	char *dir = strdup(at("strace"));
	DIR *stream = opendir(dir);

	for (struct dirent *e; stream && (e = readdir(stream));) {
		FILE *file = e->d_name[0] == '.' ? NULL : fopen(fmt("%s/%s", dir, e->d_name), "r");
		char cwd[5000] = "/";

		while (file && fgets(line, sizeof(line), file))
			read_line(line, cwd, names);
		if (file)
			fclose(file);
		unlink(fmt("%s/%s", dir, e->d_name));
	}
	closedir(stream);
	free(dir);
}

static void compare(const char *text, const char *what)
{
	char *command = strdup(text);
	struct names seen = { 0 }, ours = { 0 };
	size_t more = 0;
	int fewer = 0;

	mkdir(at("strace"), 0777);
	make_file(at("command"), command);
	if (system(fmt("cd / && strace -ff -y -s 4096 -o %s/strace/out -e trace=%%file,getdents64 "
		       "/bin/sh -c \"$(cat %s/command)\" >/dev/null 2>&1", scratch_dir(),
		       scratch_dir()))) {
		skip("%s: strace cannot run it", what);
		free(command);
		return;
	}
	read_strace(&seen);
	struct sp_trace_options options = traced_options(command);
	struct sp_trace *trace = NULL;
	struct sp_err err = { 0 };
	options.cwd = "/";
	options.fds[2] = options.fds[1];
	is_int(sp_trace_run(&options, &trace, &err), 0, "%s: traced", what);
	for (size_t i = 0; trace && i < trace->files_nr; i++)
		add(&ours, trace->files[i].path);
	for (size_t i = 0; i < seen.map.alloc; i++)
		if (seen.map.slots[i].key && !has(&ours, seen.map.slots[i].key)) {
			if (fewer++ < 10)
				note("strace only: %s", seen.map.slots[i].key);
		}
	ok(seen.nr > 5 && !fewer, "%s: all %zu names of strace", what, seen.nr);
	/* what the kernel opened for an exec strace does not say */
	for (size_t i = 0; trace && i < trace->files_nr; i++) {
		const struct sp_trace_file *file = &trace->files[i];

		if (!sp_path_within(file->path, "/proc") && !has(&seen, file->path) &&
		    !strstr(file->path, "/ld-linux") && !(file->uses & SP_USED_EXEC)) {
			if (more++ < 10)
				note("tracer only: %s", file->path);
		}
	}
	is_int((long long)more, 0, "%s: and no other", what);
	sp_trace_free(trace);
	release(&seen);
	release(&ours);
	free(command);
}

int main(void)
{
	if (system("strace -V >/dev/null 2>&1")) {
		skip("no strace to compare with");
		return test_done();
	}
	setenv("PATH", "/usr/bin:/bin", 1);
	setenv("PWD", "/", 1);		/* which a shell looks at */
	unsetenv("LD_LIBRARY_PATH");
	compare("cat /etc/passwd /etc/nothing; exec /bin/ls -l /usr", "cat and ls");
	compare("find /usr/share/perl5 -maxdepth 2 -newer /etc/passwd", "find");
	compare("cd /usr/share; cat ../../etc/hostname; cd perl5; ls ..; test -e /usr/nothing || "
		"test -d /var/../usr/lib", "a shell that walks around");
	if (access("/usr/bin/python3", X_OK) == 0)
		compare("exec python3 -B -c 'import ssl, json, sqlite3, subprocess; "
			"subprocess.run([\"/bin/true\"])'", "python3");
	if (access("/usr/bin/perl", X_OK) == 0)
		compare("exec perl -e 'use POSIX; use File::Find; "
			"find(sub {}, \"/usr/share/perl\"); system(\"cat /etc/hosts\")'", "perl");
	compare(fmt("cd %s; mkdir a a/b; touch a/b/c; mv a/b/c a/d; ln -s d a/e; ln a/d a/f; "
		    "rm -r a", scratch_dir()), "files that come and go");
	compare("tar cf /dev/null /usr/share/perl5/Debconf /etc/ssl/openssl.cnf", "tar");
	return test_done();
}
