/*
 * Places: whose a path is, and where a package's directory and a program's home end.
 */
#include <string.h>

#include "rootfs/places.h"
#include "test.h"

static void test_whose(void)
{
	static const struct {
		const char *path;
		enum sp_place place;
	} rows[] = {
		{ "/usr/share/app", SP_PLACE_OWN }, { "/usr/share/app/data", SP_PLACE_OWN },
		{ "/usr/lib/x86_64-linux-gnu/app", SP_PLACE_OWN },
		{ "/usr/share/misc/app.ids", SP_PLACE_OWN }, { "/opt/app", SP_PLACE_OWN },
		{ "/etc/app.conf", SP_PLACE_OWN }, { "/etc/passwd", SP_PLACE_NONE },
		{ "/etc/shadow-", SP_PLACE_NONE }, { "/etc/cron.daily/x", SP_PLACE_NONE },
		{ "/usr/share/doc/app", SP_PLACE_NONE }, { "/usr/share/icons", SP_PLACE_SHARED },
		{ "/usr/share/misc", SP_PLACE_SHARED }, { "/usr/share", SP_PLACE_BASE },
		{ "/usr/lib/x86_64-linux-gnu", SP_PLACE_BASE }, { "/usr/bin/app", SP_PLACE_PROGRAM },
		{ "/usr/lib/app/bin", SP_PLACE_NONE }, { "/usr/lib/x86_64-linux-gnu/dri", SP_PLACE_DEVICE },
		{ "/var/cache/app/data", SP_PLACE_OWN }, { "/var/cache/app", SP_PLACE_NONE },
		{ "/var/cache/apt/x", SP_PLACE_NONE }, { "/var/lib/app", SP_PLACE_NONE },
		{ "/home/app", SP_PLACE_NONE }, { "/", SP_PLACE_NONE }, { "/usr", SP_PLACE_NONE },
		{ "/usr/shared", SP_PLACE_NONE }, { "/etc", SP_PLACE_NONE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		ok(sp_place_of(rows[i].path) == rows[i].place, "place of %s", rows[i].path);
}

static void test_base(void)
{
	ok(sp_place_is_base("/usr/share") && sp_place_is_base("/usr/share/misc") &&
		   sp_place_is_base("/usr/lib/x86_64-linux-gnu"),
	   "everybody's directories");
	ok(!sp_place_is_base("/usr/share/app") && !sp_place_is_base("/usr/share/icons") &&
		   !sp_place_is_base("/usr/share/misc/app") && !sp_place_is_base("/"),
	   "and no others");
}

static void test_lengths(void)
{
	static const struct {
		const char *path, *package, *home;
	} rows[] = {
		{ "/usr/share/app/1.2/data", "/usr/share/app", "/usr/share/app/1.2" },
		{ "/usr/share/app", "/usr/share/app", "" },
		{ "/usr/share/misc/app/x", "/usr/share/misc/app", "/usr/share/misc/app" },
		{ "/usr/lib/x86_64-linux-gnu/app/x.so", "/usr/lib/x86_64-linux-gnu/app",
		  "/usr/lib/x86_64-linux-gnu/app" },
		{ "/usr/lib/x86_64-linux-gnu/libx.so", "/usr/lib/x86_64-linux-gnu/libx.so", "" },
		{ "/usr/lib/jvm/java/bin/java", "/usr/lib/jvm/java", "/usr/lib/jvm/java" },
		{ "/etc/app/conf", "/etc/app", "" }, { "/etc/passwd", "", "" },
		{ "/usr/bin/app", "", "" }, { "/opt/app/app", "/opt/app", "/opt/app" },
		{ "/var/cache/app/data", "", "" }, { "/", "", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *path = rows[i].path;

		is_int(sp_place_package(path), strlen(rows[i].package), "package of %s", path);
		is_int(sp_place_home(path), strlen(rows[i].home), "home of %s", path);
		ok(strncmp(path, rows[i].package, strlen(rows[i].package)) == 0, "a part of it");
	}
}

static void test_long(void)
{
	char path[4000] = "/usr/share/";

	memset(path + strlen(path), 'x', 3000);
	ok(sp_place_of(path) == SP_PLACE_OWN, "a name longer than names may be");
	ok(sp_place_package(path) <= strlen(path), "its package is no longer than it");
}

static void test_libraries(void)
{
	static const char *const are[] = { "x.so", "libx.so.1", "libx.so.1.2", "a.sort.so",
					   ".so", "x.so.so" };
	static const char *const not[] = { "x", "x.sort", "x.so~", "xso", "x.sorted.a", "" };

	for (size_t i = 0; i < sizeof(are) / sizeof(*are); i++)
		ok(sp_place_is_library(are[i]), "\"%s\" is the name of a library", are[i]);
	for (size_t i = 0; i < sizeof(not) / sizeof(*not); i++)
		ok(!sp_place_is_library(not[i]), "\"%s\" is not", not[i]);
}

int main(void)
{
	test_whose();
	test_base();
	test_lengths();
	test_long();
	test_libraries();
	return test_done();
}
