/*
 * Modes of --chmod, by what chmod(1) makes of them.
 */
#include "dockerfile/chmod.h"

#include "test.h"

static const struct { const char *text; unsigned old; bool dir; unsigned want; } good[] = {
	{ "644", 0755, false, 0644 }, { "0755", 0, false, 0755 }, { "4711", 0, false, 04711 },
	{ "0", 0777, false, 0 },
	{ "u=rwX,go=rX", 0600, false, 0644 }, { "u=rwX,go=rX", 0700, false, 0755 },
	{ "u=rwX,go=rX", 0600, true, 0755 }, { "a+x", 0644, false, 0755 },
	{ "+x", 0644, false, 0755 }, { "go-rwx", 0777, false, 0700 }, { "u+s", 0755, false, 04755 },
	{ "g+s", 0755, true, 02755 }, { "a=r", 0777, false, 0444 }, { "=", 0777, false, 0 },
	{ "g=u", 0750, false, 0770 }, { "o=g-w", 0770, false, 0775 }, { "+t", 0777, true, 01777 },
	{ "u=rw,g=u-w,o=", 0777, false, 0640 }, { "ug+w,o-r", 0444, false, 0660 },
	{ "-s", 06755, false, 0755 }, { "u=rwx", 04600, false, 0700 },
};

static const char *const bad[] = {
	"", "8", "99", "10000", "77777777777777777777777", "x", "u", "u=rwz", "u=rw,", ",u=r",
	"u=r g=r", "0x1", "-1", "u+7",
};

int main(void)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		ok(sp_chmod_valid(good[i].text), "%s is a mode", good[i].text);
		ok(sp_chmod_apply(good[i].text, good[i].old, good[i].dir) == good[i].want,
		   "%04o becomes %04o", good[i].old, good[i].want);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(!sp_chmod_valid(bad[i]), "\"%s\" is none", bad[i]);
	return test_done();
}
