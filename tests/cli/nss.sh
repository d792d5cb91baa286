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

# --- a static program that looks up names ---------------------------------------

program /usr/bin/fixed -static 2>fixed.log <<<'#include <iconv.h>
	#include <netdb.h>
	#include <netinet/in.h>
	#include <arpa/inet.h>
	#include <pwd.h>
	#include <stdio.h>
	int main(void)
	{
		struct passwd *p = getpwnam("root");
		struct addrinfo *a, hints = { .ai_family = AF_INET };
		int known = getaddrinfo("there.example", "80", &hints, &a) == 0;
		printf("%s %s %s %s\n", p ? p->pw_dir : "none",
		       known ? inet_ntoa(((struct sockaddr_in *)a->ai_addr)->sin_addr) : "unknown",
		       iconv_open("UCS-4", "UTF-8") == (iconv_t)-1 ? "no" : "yes",
		       iconv_open("UTF-16", "UTF-8") == (iconv_t)-1 ? "no" : "yes");
		return 0;
	}'
strip sys/usr/bin/fixed
program /usr/bin/still -static <<<'#include <stdio.h>
	int main(void) { return puts("still") < 0; }'
inspect /usr/bin/fixed
like "$(note static-lookups)" "/usr/bin/fixed is static and may look up accounts or hosts.*--with netdb" \
	"a static program that looks up names is told of what it needs"
is "$(planned)" /usr/bin/fixed "none of this system's nsswitch.conf comes along"
inspect /usr/bin/fixed --minimal
is "$(note static-lookups)" "" "who asks for what is proved alone hears nothing of it"
inspect /usr/bin/still
is "$(note static-lookups)" "" "nor who looks nothing up"
inspect /usr/bin/looks
is "$(note static-lookups)" "" "nor who is not static"

if [ "$(printf '%s\n' 2.34 "$(getconf GNU_LIBC_VERSION | cut -d' ' -f2)" | sort -V | head -n 1)" = 2.34 ]; then
	echo "192.0.2.7 there.example" >hosts
	rm -rf image
	run "$SCRATCHPACK" /usr/bin/fixed --sysroot sys -q -o image.tar --compress none \
		--with users --add hosts:/etc/hosts
	exits 0 "it is packed with accounts and hosts"
	unpack image.tar image
	run_inside image /usr/bin/fixed
	is "$(cat "$RUN/stdout")" "/root 192.0.2.7 yes no" \
		"in its image it finds both, with no nsswitch.conf, and converts what needs no file"
	ok "there is no library in it" test -z "$(find image -name '*.so*')"
else
	skip "a static program finds names" "glibc before 2.34 opens libraries for that"
fi

# --- namespaces and auditors ----------------------------------------------------

library "$libdir/libspace.so.1" -Wl,-soname,libspace.so.1 <<<'#define _GNU_SOURCE
	#include <dlfcn.h>
	void *space(void) { return dlmopen(LM_ID_NEWLM, "libown.so", RTLD_NOW); }'
program /usr/bin/spaces "sys$libdir/libspace.so.1" <<<'void *space(void);
	int main(void) { return !space(); }'
inspect /usr/bin/spaces
like "$(note namespaces)" "libspace.so.1 calls dlmopen()" "who opens a namespace is named"
inspect /usr/bin/plain
is "$(note namespaces)$(note audit)$(note secure-environment)" "" "others are not"
cp sys/usr/bin/plain sys/usr/bin/set-id
chmod u+s sys/usr/bin/set-id
inspect /usr/bin/set-id -e LD_LIBRARY_PATH=/none
is "$(note secure-environment)" "" "a variable that brings nothing does not matter"
inspect /usr/bin/set-id -e LD_PRELOAD=libspace.so.1
like "$(note secure-environment)" "ignores LD_PRELOAD, through which libspace.so.1" "one that does matters to a set-id program"
inspect /usr/bin/plain -e LD_PRELOAD=libspace.so.1
is "$(note secure-environment)" "" "and to no other"
inspect /usr/bin/plain -e LD_AUDIT=/usr/lib/watch.so
like "$(note audit)" "LD_AUDIT names /usr/lib/watch.so" "an auditor is named"
inspect /usr/bin/still -e LD_AUDIT=/usr/lib/watch.so
is "$(note audit)" "" "not for a program without a loader"

done_testing
