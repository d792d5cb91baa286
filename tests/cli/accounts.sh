#!/bin/bash
# Accounts that a program names, and becomes: they come along, as numbers and names.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/system.sh"

users() { # passwd of the image
	cut -d: -f1 image/etc/passwd | xargs
}

put /etc/passwd "root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
keeper:secret:120:130:The keeper,,,:/var/lib/keeper:/bin/bash
bind:x:121:131::/var/cache/bind:/bin/sh
other:x:122:130::/:/bin/sh
people:x:1000:1000:People:/home/people:/bin/bash"
put /etc/group "root:x:0:
daemon:x:1:
people:x:1000:
keepers:secret:130:people,other
bind:x:131:"

source='#include <grp.h>
	#include <pwd.h>
	#include <sys/socket.h>
	#include <unistd.h>
	const char *names[] = { "keeper", "people", "daemon", "bind", "others" };
	int main(void)
	{
		struct passwd *p = getpwnam(names[0]);
		if (bind(-1, NULL, 0) == 0)
			return 2;
		return !p || p->pw_uid != 120 || !getgrgid(p->pw_gid) BECOME;
	}'
program /usr/bin/keeper <<<"${source/BECOME/|| setgid(p->pw_gid) || setuid(p->pw_uid)}"
works /usr/bin/keeper
is "$(users)" "root nobody keeper" \
	"a service that it names and becomes; not people, the system's own, functions, or others"
is "$(grep keeper image/etc/passwd image/etc/group)" \
	"image/etc/passwd:keeper:x:120:130:keeper:/nonexistent:/sbin/nologin
image/etc/group:keepers:x:130:" "without password, shell, home and members"
fails /usr/bin/keeper users
works /usr/bin/keeper --user nonroot
is "$(users)" "root nobody keeper nonroot" "beside the user that was chosen"

program /usr/bin/asker <<<"${source/BECOME/}"
run "$SCRATCHPACK" /usr/bin/asker --sysroot sys -q -o image.tar --compress none
unpack image.tar image
is "$(users)" "root nobody" "who only looks a name up gets none"

# through a library of its own
mkdir -p "sys$libdir"
library "$libdir/libdrop.so.1" -Wl,-soname,libdrop.so.1 <<<'#include <pwd.h>
	#include <unistd.h>
	int drop(const char *name) { struct passwd *p = getpwnam(name); return !p || setuid(p->pw_uid); }'
program /usr/bin/dropper "sys$libdir/libdrop.so.1" <<<'int drop(const char *name);
	int main(void) { return drop("keeper"); }'
works /usr/bin/dropper
is "$(users)" "root nobody keeper" "a library may do it for the program that names it"

# a name that the linker has put into the path that ends like it
program /usr/bin/merged -O2 <<<'#include <pwd.h>
	#include <stdio.h>
	#include <unistd.h>
	int main(void)
	{
		struct passwd *p = getpwnam("keeper");
		return !p || puts("/run/keeper") < 0 || setuid(p->pw_uid);
	}'
works /usr/bin/merged
is "$(users)" "root nobody keeper" "the end of a path may be the name"

# what the configuration says, whose path the program names
put /etc/serve/serve.conf '# user keeper;
bind all;
 User  daemon ;
user people;
notuser bind'
program /usr/bin/serve <<<'#include <pwd.h>
	#include <stdio.h>
	#include <string.h>
	#include <unistd.h>
	int main(void)
	{
		FILE *f = fopen("/etc/serve/serve.conf", "r");
		char line[99], name[33];
		struct passwd *p;
		while (f && fgets(line, sizeof(line), f) && sscanf(line, " User %32[a-z]", name) != 1)
			;
		return !f || !(p = getpwnam(name)) || p->pw_uid != 1 || setuid(p->pw_uid);
	}'
works /usr/bin/serve
is "$(users)" "root nobody daemon" "who configuration says: the system's own too, not people"
for line in 'user=keeper' 'username: "keeper"' 'run_as keeper'; do
	put /etc/serve/serve.conf "$line"
	run "$SCRATCHPACK" /usr/bin/serve --sysroot sys -q -o image.tar --compress none
	unpack image.tar image
	is "$(users)" "root nobody keeper" "$line"
done
put /etc/serve/serve.conf "user keeper"
chmod 600 sys/etc/serve/serve.conf
run "$SCRATCHPACK" /usr/bin/serve --sysroot sys -q -o image.tar --compress none
unpack image.tar image
is "$(users)" "root nobody" "configuration that not everybody may read does not come, nor its user"

# lines that are none
printf 'keeper:x:one:two\nkeeper:x:99999999999:1:\n\nkeeper\nkeeper:x:120' >sys/etc/passwd
run "$SCRATCHPACK" /usr/bin/keeper --sysroot sys -q -o image.tar --compress none
exits 0 "a damaged passwd is no reason to fail"
unpack image.tar image
is "$(users)" "root nobody keeper" "what can be understood is taken"

done_testing
