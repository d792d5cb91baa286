#!/bin/bash
# nsswitch.conf: none of this machine's comes by itself; one that is added, or of a base
# image, brings the modules that it names.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/system.sh"

mkdir -p "sys$libdir"
put /etc/nsswitch.conf "# hosts: told
passwd:	files own [NOTFOUND=return] more # told
hosts: files dns gone
told own"
for name in own more told return; do
	library "$libdir/libnss_$name.so.2" -Wl,-soname,libnss_$name.so.2 <<<'#include <nss.h>
		#include <pwd.h>
		#include <string.h>
		enum nss_status _nss_own_getpwnam_r(const char *name, struct passwd *p, char *buf,
						    size_t len, int *errnop)
		{
			(void)buf, (void)len, (void)errnop;
			if (strcmp(name, "keeper"))
				return NSS_STATUS_NOTFOUND;
			memset(p, 0, sizeof(*p));
			p->pw_uid = 7;
			p->pw_name = p->pw_dir = p->pw_shell = p->pw_gecos = p->pw_passwd = "x";
			return NSS_STATUS_SUCCESS;
		}'
done
program /usr/bin/looks <<<'#include <pwd.h>
	int main(void) { struct passwd *p = getpwnam("keeper"); return !p || p->pw_uid != 7; }'
program /usr/bin/plain <<<'int main(void) { return 0; }'
modules() {
	planned | tr ' ' '\n' | grep -e libnss -e nsswitch | sed 's,.*/,,' | xargs
}

inspect /usr/bin/looks
is "$(modules)" "" "without an option there is none"
switch=(--add sys/etc/nsswitch.conf:/etc/nsswitch.conf)
works /usr/bin/looks "${switch[@]}"
inspect /usr/bin/looks "${switch[@]}"
is "$(modules)" "nsswitch.conf libnss_more.so.2 libnss_own.so.2" "one that is added brings its modules"
is "$(note no-nss-module)" \
	"/etc/nsswitch.conf names gone, but libnss_gone.so.2 is not there: what only it knows will not be found" \
	"what is not there is said"
fails /usr/bin/looks nss "${switch[@]}"
inspect /usr/bin/plain "${switch[@]}"
is "$(modules)" nsswitch.conf "who looks nobody up gets no modules"

# a base image with one
run "$SCRATCHPACK" /usr/bin/plain --sysroot sys -q -o base.tar "${switch[@]}"
inspect /usr/bin/looks --base base.tar
is "$(modules)" "libnss_more.so.2 libnss_own.so.2" "that of a base image as well"

# an image that the program comes from
run "$SCRATCHPACK" /usr/bin/looks --sysroot sys -q -o from.tar "${switch[@]}"
run "$SCRATCHPACK" --from from.tar -q -o image.tar --compress none
exits 0 "--from packs it again"
rm -rf image
unpack image.tar image
run_inside image /usr/bin/looks
exits 0 "it works in its image"
is "$(cd image && find . -name 'libnss_*' -o -name nsswitch.conf | sed 's,.*/,,' | sort | xargs)" \
	"libnss_more.so.2 libnss_own.so.2 nsswitch.conf" "with its modules"

done_testing
