#!/bin/bash
# Modules that configuration names, parts of a versioned directory, and the data of shared
# databases: kinds of files, certificates as a token.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/system.sh"

mkdir -p "sys$libdir"

# --- modules that configuration names ---------------------------------------

put /etc/server/mods/one.load "# LoadModule /usr/lib/extra/commented.so
LoadModule one /usr/lib/extra/one.so
LoadModule gone /usr/lib/extra/gone.so
Data /usr/share/extra/data"
put /etc/server/notes.txt "/usr/lib/extra/told.so"
put /etc/server/secret.conf "/usr/lib/extra/secret.so"
chmod 600 sys/etc/server/secret.conf
put /usr/share/extra/data
for name in commented one told secret; do
	library /usr/lib/extra/$name.so <<<'int plug(void) { return 7; }'
done
source='#include <dlfcn.h>
	#include <stdio.h>
	#include <string.h>
	const char *dir = "/etc/server";
	int main(void)
	{
		char line[99] = "", *path = NULL;
		FILE *f = fopen(strcat(strcpy(line, dir), "/mods/one.load"), "r");
		while (f && !path && fgets(line, sizeof(line), f))
			if (*line != 35)
				path = strchr(line, 47);
		if (!path)
			return 1;
		path[strcspn(path, "\n")] = 0;
		OPEN
	}'
program /usr/bin/server <<<"${source/OPEN/int (*plug)(void) = dlsym(dlopen(path, RTLD_NOW), \"plug\");
	return !plug || plug() != 7;}"
inspect /usr/bin/server
is "$(planned)" "/etc/server/mods/one.load /etc/server/notes.txt /usr/bin/server /usr/lib/extra/one.so" \
	"the module that its configuration names; not one in a comment, in a text, or in what only some may read, and no data"
is "$(row plugins '[.strength, .evidence, .included]')" \
	'["likely","reads, in /etc/server/mods/one.load, /usr/lib/extra/one.so",true]' "is a plugin of it"
works /usr/bin/server
fails /usr/bin/server plugins
program /usr/bin/reader <<<"${source/OPEN/return 0;}"
inspect /usr/bin/reader
is "$(planned)" "/etc/server/mods/one.load /etc/server/notes.txt /usr/bin/reader" \
	"who opens no libraries reads of them only"

# bare names, in a directory that is named too; and configuration that the user adds
library /usr/lib/more/two.so <<<'int plug(void) { return 7; }'
cp sys/usr/lib/more/two.so sys/usr/lib/more/three.so
cp sys/usr/lib/more/two.so sys/usr/lib/more/four.so
put /etc/loader/loader.conf '
# load four
path "/usr/lib/more"
load two
load three.so
load gone'
program /usr/bin/loader -ldl <<<'#include <dlfcn.h>
	#include <stdio.h>
	int main(void)
	{
		return !fopen("/etc/loader/loader.conf", "r") || !dlopen("/usr/lib/more/two.so", RTLD_NOW);
	}'
sed -i 's|/usr/lib/more/two.so|/usr/lib/mXre/two.so|' sys/usr/bin/loader
inspect /usr/bin/loader
is "$(planned)" "/etc/loader/loader.conf /usr/bin/loader /usr/lib/more/three.so /usr/lib/more/two.so" \
	"modules by bare names in a directory that the configuration names"
is "$(row tmp .strength)" "" "there is no word of a place for temporary files"
printf 'LoadModule one /usr/lib/extra/one.so\ntemp /tmp/loader\n' >mine.conf
inspect /usr/bin/loader --add mine.conf:/etc/mine.conf
like "$(planned)" '/usr/lib/extra/one.so' "modules in configuration that the user adds"
is "$(row tmp '[.strength, .by, .evidence, .included]')" '["likely","/etc/mine.conf","names /tmp",true]' \
	"and a place for temporary files, if that is named"
cp mine.conf mine.txt
inspect /usr/bin/loader --add mine.txt:/etc/mine.txt
is "$(planned | grep -c one.so)$(row tmp .strength)" 0 "a file of another kind says nothing"
printf '# /tmp/x\na = /tmpfs/x, /var/tmp/x\n' >mine.conf
inspect /usr/bin/loader --add mine.conf:/etc/mine.conf
is "$(row tmp .strength)" "" "nor a comment, or other directories"
program /usr/bin/simple <<<'int main(void) { return 0; }'
printf 'LoadModule one /usr/lib/extra/one.so\n' >mine.conf
inspect /usr/bin/simple --add mine.conf:/etc/mine.conf
is "$(planned)" "/etc/mine.conf /usr/bin/simple" "nor does it to who opens no libraries"

# --- a constant with something in front -------------------------------------

put /etc/paper a4
program /usr/bin/paper -O0 <<<'#include <stdio.h>
	struct { char number[8]; char path[12]; } const both = { "\0\0\0\0\0\0R@", "/etc/paper" };
	int main(void) { return !fopen(both.path, "r"); }'
works /usr/bin/paper
fails /usr/bin/paper data

# --- one version of a package -----------------------------------------------

put /usr/share/ps/10.0/init/a
put /usr/share/ps/10.0/lib/b
put /usr/share/colour/profiles/grey
ln -s ../../colour/profiles sys/usr/share/ps/10.0/profiles
put /usr/share/ps/9.9/lib/b
put /usr/share/one/1.0/lib/b
put /usr/share/one/1.0/other/c
program /usr/bin/ps <<<'#include <stdio.h>
	const char *path = "/usr/share/ps/10.0/init:/usr/share/ps/10.0/lib", *one = "/usr/share/one/1.0/lib";
	int main(void)
	{
		char name[99];
		sprintf(name, "%.18s/%s/grey", path, "profiles");
		return !fopen(name, "r");
	}'
inspect /usr/bin/ps
is "$(planned)" "/usr/bin/ps /usr/share/colour/profiles/grey /usr/share/one/1.0/lib/b /usr/share/ps/10.0/init/a /usr/share/ps/10.0/lib/b /usr/share/ps/10.0/profiles" \
	"who names several parts of one version has all of it; not another version, nor for one part"
works /usr/bin/ps

# --- shared databases -------------------------------------------------------

put /usr/share/mime/mime.cache
put /usr/share/mime/globs2
library "$libdir/libkinds.so.1" -Wl,-soname,libkinds.so.1 <<<'#include <stdio.h>
	int g_content_type_guess(void)
	{
		char path[99];
		sprintf(path, "/usr/%s/mime/mime.cache", "share");
		return fopen(path, "r") ? 7 : 0;
	}'
program /usr/bin/kinds "sys$libdir/libkinds.so.1" <<<'int g_content_type_guess(void);
	int main(void) { return g_content_type_guess() != 7; }'
inspect /usr/bin/kinds
is "$(row mime '[.strength, .evidence, .files]')" \
	'["likely","imports g_content_type_guess",["/usr/share/mime/mime.cache"]]' "kinds of files, compiled"
works /usr/bin/kinds
fails /usr/bin/kinds mime

put /etc/ssl/certs/ca-certificates.crt
library /usr/lib/tokens/p11-kit-trust.so -Wl,-soname,p11-kit-trust.so <<<'#include <stdio.h>
	int token(void) { return fopen("/etc/ssl/certs/ca-certificates.crt", "r") ? 7 : 0; }'
program /usr/bin/tokens <<<'#include <dlfcn.h>
	int main(void)
	{
		int (*token)(void) = dlsym(dlopen("/usr/lib/tokens/p11-kit-trust.so", RTLD_NOW), "token");
		return !token || token() != 7;
	}'
works /usr/bin/tokens
fails /usr/bin/tokens ca-certificates

done_testing
