/*
 * What of a trace can belong into an image.
 */
#include "trace/trace_filter.h"

#include "test.h"

#define HOME "/home/me"

static const struct {
	const char *path, *cwd, *part;	/* a part of the reason, or NULL: kept */
	unsigned uses;
} cases[] = {
	{ "/etc/os-release", NULL, NULL, SP_USED_READ },
	{ "/etc/passwd", NULL, "accounts", SP_USED_READ },
	{ "/etc/group", "/etc", "accounts", SP_USED_READ },
	{ "/etc/ld.so.cache", NULL, "libraries", SP_USED_READ },
	{ "/etc/passwd.d", NULL, NULL, SP_USED_READ },
	{ "/usr/lib/python3/x.py", NULL, NULL, SP_USED_STAT },
	{ "/opt/app/data", NULL, NULL, SP_USED_LIST },
	{ "/", NULL, "every image", SP_USED_STAT },
	{ "/proc/self/maps", NULL, "kernel", SP_USED_READ },
	{ "/proc", NULL, "kernel", SP_USED_LIST },
	{ "/procession", NULL, NULL, SP_USED_READ },
	{ "/sys/devices/system/cpu", NULL, "kernel", SP_USED_LIST },
	{ "/dev/null", NULL, "device", SP_USED_READ },
	{ "/developer/x", NULL, NULL, SP_USED_READ },
	{ "/run/lock/x", NULL, "state", SP_USED_READ },
	{ "/var/run/nscd/socket", NULL, "state", SP_USED_STAT },
	{ "/var/lib/x", NULL, NULL, SP_USED_READ },
	{ "/tmp", NULL, "temporary", SP_USED_STAT },
	{ "/tmp/x", NULL, "temporary", SP_USED_READ },
	{ "/var/tmp/x", NULL, "temporary", SP_USED_READ },
	{ "/tmpfiles", NULL, NULL, SP_USED_READ },
	{ HOME, NULL, "home", SP_USED_STAT },
	{ HOME "/.bashrc", NULL, "home", SP_USED_READ },
	{ "/home/me2/x", NULL, NULL, SP_USED_READ },
	/* where the command ran is not out of reach */
	{ HOME "/project/data", HOME "/project", NULL, SP_USED_READ },
	{ HOME "/project", HOME "/project", NULL, SP_USED_LIST },
	{ HOME "/other/data", HOME "/project", "home", SP_USED_READ },
	{ "/tmp/here/x", "/tmp/here", NULL, SP_USED_READ },
	{ "/tmp/other", "/tmp/here", "temporary", SP_USED_READ },
	{ "/proc/1/maps", "/proc/1", "kernel", SP_USED_READ },
	{ "/run/x/y", "/run/x", "state", SP_USED_READ },
	/* but being there says nothing when it is the whole place */
	{ HOME "/.bashrc", HOME, "home", SP_USED_READ },
	{ "/tmp/x", "/tmp", "temporary", SP_USED_READ },
	{ "/tmp/x", "/", "temporary", SP_USED_READ },
	{ "/etc/x", "/", NULL, SP_USED_READ },
	{ "/srv/log", NULL, "written", SP_USED_WRITE | SP_USED_WRITTEN },
	{ "/srv/db", NULL, NULL, SP_USED_READ | SP_USED_WRITE },
	{ HOME "/project/out", HOME "/project", "written", SP_USED_READ | SP_USED_WRITTEN },
};

int main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sp_trace_file file = { .path = cases[i].path, .uses = cases[i].uses };
		struct sp_trace_places places = { .home = HOME, .cwd = cases[i].cwd };
		const char *why = sp_trace_unwanted(&file, &places);

		ok(cases[i].part ? why && strstr(why, cases[i].part) : !why,
		   "%s in %s: %s", file.path, places.cwd ? places.cwd : "no directory",
		   why ? why : "kept");
	}
	struct sp_trace_places none = { 0 }, slash = { .home = "/" };
	struct sp_trace_file file = { .path = HOME "/x", .uses = SP_USED_READ };
	ok(!sp_trace_unwanted(&file, &none), "without a home");
	ok(!sp_trace_unwanted(&file, &slash), "a home that is everything is no home");
	file.root = "/srv/jail";
	ok(sp_trace_unwanted(&file, &none) != NULL, "in another root");
	return test_done();
}
