#!/bin/bash
# What programs and libraries name in their constants: data, plugins, libraries that they
# open.  All is made in a system of its own below sys/, and each program runs in its image.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/system.sh"

# --- data -------------------------------------------------------------------

put /usr/share/tool/data
put /usr/share/tool/deep/more
put /usr/lib/tool/helper
put /etc/tool.conf
put /etc/tool.secret
chmod 600 sys/etc/tool.secret
put /etc/passwd root:x:0:0::/:/bin/sh
put /etc/hosts
put /usr/share/doc/tool/README
put /usr/share/icons/tool.png
put /usr/share/unnamed/data
put /srv/tool/data
reader='
	#include <stdio.h>
	int main(void)
	{
		const char *names[] = { NAMES };
		for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
			char path[999];
			sprintf(path, names[i], "data");
			if (!fopen(path, "r")) return puts(path);
		}
		return 0;
	}'
program /usr/bin/tool <<<"#define NAMES \"/usr/share/tool/%s\", \"/etc/tool.conf\"
	const char *others[] = { \"/etc/tool.secret\", \"/etc/passwd\", \"/usr/share/doc/tool\",
		\"see /etc/hosts\", \"/usr/share/icons\", \"/srv/tool/data\", \"/usr/share\",
		\"/usr/share/none\", \"PATH=/nowhere:/usr/lib/tool;\", \"/usr\", \"/etc\", \"/\" };
	$reader"
inspect /usr/bin/tool
is "$(planned)" "/etc/tool.conf /usr/bin/tool /usr/lib/tool/helper /usr/share/tool/data /usr/share/tool/deep/more" \
	"data, helpers and configuration of its own; nothing that is shared, private or the machine's"
is "$(row data '[.strength, .evidence, .by, .included]')" \
	'["likely","names /usr/share/tool","/usr/bin/tool",true]' "with strength and evidence"
is "$(jq -r '.needs[] | select(.need == "data") | .files[]' report.json | sort | xargs)" \
	"/etc/tool.conf /usr/lib/tool /usr/share/tool" "and the files"
works /usr/bin/tool
fails /usr/bin/tool data
inspect /usr/bin/tool --minimal
is "$(planned)" /usr/bin/tool "--minimal takes none of it"
is "$(row data .strength)" "" "and does not look for it, which takes long"
inspect /usr/bin/tool --full
like "$(planned)" '/usr/share/icons/tool.png' "--full takes what is shared as well"
unlike "$(planned)" 'passwd|hosts|secret' "but never what is the machine's"

# what not everybody may read
for file in open secret closed/file hidden/file; do
	put /usr/share/vault/$file
done
chmod 640 sys/usr/share/vault/secret
chmod 750 sys/usr/share/vault/closed
chmod 711 sys/usr/share/vault/hidden
ln -s ../vault/secret sys/usr/share/vault/link
put /usr/share/other/secret
chmod 600 sys/usr/share/other/secret
ln -s ../other/secret sys/usr/share/vault/away
program /usr/bin/vault <<<"#define NAMES \"/usr/share/vault/open\"
	const char *dir = \"/usr/share/vault\";
	$reader"
inspect /usr/bin/vault
is "$(planned)" "/usr/bin/vault /usr/share/vault/away /usr/share/vault/link /usr/share/vault/open" \
	"of a directory, what not everybody may read stays out, also where a link leads to it"
like "$(note private)" '/usr/share/vault/closed and 2 more in .*/usr/share/vault may not be read by everybody.*--add' \
	"with a note"
inspect /usr/bin/vault --env VAULT=/usr/share/vault
like "$(planned)" '/usr/share/vault/closed/file .*/usr/share/vault/secret' \
	"unless the image's environment names it"

# from its own place, and in a home of its own
put /usr/share/tool2/data
program /usr/bin/tool2 <<<"#define NAMES \"/usr/share/tool2/%s\"
	const char *others[] = { \"share/tool2\" };
	$(sed 's|names\[i\], "data"|"%s%s/%s", "/usr/", others[0], "data"|' <<<"$reader")"
sed -i 's|/usr/share/tool2/%s|/xxx/share/tool2/%s|' sys/usr/bin/tool2
inspect /usr/bin/tool2
is "$(row data .evidence)" '"names, from its own place, /usr/share/tool2"' "a path without its prefix"
works /usr/bin/tool2
put /opt/app/lib/data
put /opt/app/include/app.h
program /opt/app/bin/app <<<"#define NAMES \"/proc/self/exe\"
	$(sed 's|names\[i\], "data"|"/opt/%s/%s", "app", "lib/data"|' <<<"$reader")"
inspect /opt/app/bin/app
is "$(planned)" "/opt/app/bin/app /opt/app/lib/data" "a program in a directory of its own has it"
works /opt/app/bin/app
cp sys/opt/app/bin/app moved
inspect ./moved
unlike "$(planned)" lib/data "not one that is moved"

# too large
put /usr/share/large/small
truncate -s 300M sys/usr/share/large/data
program /usr/bin/large <<<"#define NAMES \"/usr/share/large/%s\"
	$reader"
inspect /usr/bin/large
is "$(planned)" /usr/bin/large "a tree of 300 MB stays out"
like "$(note too-large)" '^/usr/share/large, which /usr/bin/large names, has more than 256 MiB .*--add' \
	"with a note"
is "$(row data '[.strength, .included]')" '["hint",false]' "as a hint"

# --- libraries by name ------------------------------------------------------

library $libdir/libdeep.so.1 -Wl,-soname,libdeep.so.1 <<<'int deep(void) { return 7; }'
library $libdir/libplug.so.1 -Wl,-soname,libplug.so.1 sys$libdir/libdeep.so.1 \
	<<<'int deep(void); int plug(void) { return deep(); }'
opener='
	#include <dlfcn.h>
	int main(void)
	{
		void *h = dlopen("libplug.so.1", RTLD_NOW);
		int (*plug)(void) = h ? (int (*)(void))dlsym(h, "plug") : 0;
		return !plug || plug() != 7;
	}'
program /usr/bin/opener -ldl <<<"const char *other = \"libnowhere.so.3\"; $opener"
inspect /usr/bin/opener
is "$(row dlopen '[.strength, .evidence, .by, .included]')" \
	'["likely","opens libplug.so.1","/usr/bin/opener",true]' "a library that is opened by name"
is "$(planned)" "$libdir/libdeep.so.1 $libdir/libplug.so.1 /usr/bin/opener" "comes with its own"
is "$(note not-opened)" "/usr/bin/opener opens libraries by name, and of these are not there: libnowhere.so.3; what needs them will not work" \
	"what is not there is told"
works /usr/bin/opener
fails /usr/bin/opener dlopen
program /usr/bin/talker <<<'#include <stdio.h>
	int main(void) { return puts("libplug.so.1") < 0; }'
inspect /usr/bin/talker
is "$(planned)" /usr/bin/talker "who does not open libraries only talks of one"
mv sys$libdir/libdeep.so.1 .
inspect /usr/bin/opener
is "$(planned)" /usr/bin/opener "one whose own libraries are not there is left out"
like "$(note left-out)" '^libplug.so.1, which /usr/bin/opener opens by name, .*left out: libdeep.so.1: not found' \
	"and that is told"
mv libdeep.so.1 sys$libdir

# .note.dlopen
noted() { # JSON
	program /usr/bin/noted <<-END
		__asm__(".pushsection .note.dlopen, \"a\"\n.balign 4\n.long 4, 2f-1f, 0x407c0c0a\n"
			".asciz \"FDO\"\n1: .asciz \"$(sed 's/"/\\\\\\"/g' <<<"$1")\"\n2: .balign 4\n.popsection");
		$opener
	END
	inspect /usr/bin/noted
}
noted '[{"soname":["libplug.so.9","libplug.so.1"],"priority":"required","feature":"x"}]'
is "$(row dlopen '[.strength, .evidence]')" '["proved","says that it opens libplug.so.1 for x (required)"]' \
	".note.dlopen: required is proved, and the first that is there is taken"
works /usr/bin/noted --minimal
noted '[{"feature":"a b","description":"c","soname":["libplug.so.1"]}]'
is "$(row dlopen .strength)" '"likely"' "recommended, which is the default, is likely"
noted '[{"soname":["libplug.so.1"],"priority":"suggested"}]'
is "$(row dlopen '[.strength, .included]')" '["hint",false]' "suggested is a hint, also where the name is a constant"
noted '[{"soname":["libnone.so.1"],"priority":"required","feature":"pdf"}]'
like "$(note not-opened)" 'says that it opens libnone.so.1 \(required\), which is not there: its feature pdf will not work' \
	"and what is not there is told"
noted '[{"soname":'
like "$(note damaged-note)" '^/usr/bin/noted has a .note.dlopen that cannot be understood' "damage is told"

# --- plugins ----------------------------------------------------------------

library /usr/lib/plugger/sub/a.so sys$libdir/libdeep.so.1 <<<'int deep(void); int plug(void) { return deep(); }'
library /usr/lib/plugger/b.so -Wl,--no-as-needed -L. sys$libdir/libdeep.so.1 <<<'int deep(void); int plug(void) { return deep(); }'
put /usr/lib/plugger/list.conf
library $libdir/libgone.so.1 -Wl,-soname,libgone.so.1 <<<'int gone(void) { return 1; }'
library /usr/lib/plugger/broken.so sys$libdir/libgone.so.1 <<<'int gone(void); int plug(void) { return gone(); }'
rm sys$libdir/libgone.so.1
plugger='
	#include <dlfcn.h>
	#include <stdio.h>
	int plugger(void)
	{
		char path[99];
		sprintf(path, "/usr/lib/plugger/sub/%s.so", "a");
		void *h = dlopen(path, RTLD_NOW);
		int (*plug)(void) = h ? (int (*)(void))dlsym(h, "plug") : 0;
		return !plug || plug() != 7;
	}
	const char *where = "/usr/lib/plugger";'
library $libdir/libplugger.so.1 -Wl,-soname,libplugger.so.1 <<<"$plugger"
program /usr/bin/plugs sys$libdir/libplugger.so.1 <<<'int plugger(void); int main(void) { return plugger(); }'
inspect /usr/bin/plugs
is "$(row plugins '[.strength, .by, .included]')" "[\"likely\",\"$libdir/libplugger.so.1\",true]" \
	"plugins of a library"
is "$(planned)" "$libdir/libdeep.so.1 $libdir/libplugger.so.1 /usr/bin/plugs /usr/lib/plugger/b.so /usr/lib/plugger/list.conf /usr/lib/plugger/sub/a.so" \
	"all that can be loaded, with what they need"
like "$(note left-out)" '^/usr/lib/plugger/broken.so cannot be loaded here and is left out: libgone.so.1: not found' \
	"one that cannot is left out, with a note"
works /usr/bin/plugs
fails /usr/bin/plugs plugins
# what leads out of the tree: into another package, or to a library of everybody's
library /usr/lib/others/offer.so <<<'int offer;'
library $libdir/libcommon.so.1 <<<'int common;'
ln -s ../others/offer.so sys/usr/lib/plugger/offer.so
ln -s $libdir/libcommon.so.1 sys/usr/lib/plugger/common.so
inspect /usr/bin/plugs
unlike "$(planned)" offer.so "a link into another package is its offer, and left out"
like "$(planned)" "libcommon.so.1 .*plugger/common.so" "one to a library of everybody's is not"
like "$(note offer)" '^/usr/lib/plugger/offer.so leads to /usr/lib/others/offer.so, .*--add' "that is told"
rm sys/usr/lib/plugger/common.so
# those that need each other, by names under which they were opened before
library /usr/lib/plugger/z/libinner.so -Wl,-soname,libinner.so <<<'int inner(void) { return 7; }'
library /usr/lib/plugger/c.so sys/usr/lib/plugger/z/libinner.so <<<'int inner(void); int plug(void) { return inner(); }'
inspect /usr/bin/plugs
like "$(planned)" '/usr/lib/plugger/c.so .*/usr/lib/plugger/z/libinner.so' \
	"one that needs another of the tree is taken, whatever comes first"
works /usr/bin/plugs
# a library without dlopen that names the same directory
library $libdir/libquiet.so.1 -Wl,-soname,libquiet.so.1 <<<'const char *where = "/usr/lib/plugger"; int quiet(void) { return 0; }'
program /usr/bin/quiet sys$libdir/libquiet.so.1 <<<'int quiet(void); int main(void) { return quiet(); }'
inspect /usr/bin/quiet
is "$(planned)" "$libdir/libquiet.so.1 /usr/bin/quiet" "a library that opens nothing is not believed"
# a directory of the library's name
library $libdir/own-2.0/modules/m.so <<<'int plug(void) { return 7; }'
library $libdir/libown-2.so.0 -Wl,-soname,libown-2.so.0 <<<'
	#include <dlfcn.h>
	#include <stdio.h>
	#include <stdlib.h>
	int own(void)
	{
		char path[999];
		sprintf(path, "%s/own-2.0/modules/m.so", getenv("OWN"));
		return !dlopen(path, RTLD_NOW);
	}'
program /usr/bin/owns sys$libdir/libown-2.so.0 <<<"#include <stdlib.h>
	int own(void); int main(void) { return setenv(\"OWN\", \"$libdir\", 1) || own(); }"
inspect /usr/bin/owns
like "$(planned)" "$libdir/own-2.0/modules/m.so" "plugins in a directory with the library's name"
works /usr/bin/owns

# far away: the library of a library of a library of a library
below=
for i in 5 4 3 2 1; do
	library $libdir/libfar$i.so -Wl,-soname,libfar$i.so -Wl,--no-as-needed ${below:+sys$libdir/$below} \
		<<<"#include <stdio.h>
		int far$i(void) { return !fopen(\"/usr/share/far$i/data\", \"r\"); }"
	put /usr/share/far$i/data
	below=libfar$i.so
done
program /usr/bin/far -Wl,--no-as-needed -Wl,--allow-shlib-undefined -Wl,-rpath-link,sys$libdir sys$libdir/libfar1.so \
	<<<'int far1(void); int main(void) { return far1(); }'
inspect /usr/bin/far
is "$(planned | tr ' ' '\n' | grep share | xargs)" "/usr/share/far1/data /usr/share/far2/data /usr/share/far3/data" \
	"what libraries name counts less the further away they are"
works /usr/bin/far

# --- in parts ---------------------------------------------------------------

put /usr/share/misc/tool.ids
put /usr/share/misc/other.ids
put /usr/share/misc/word
put /usr/share/misc/plain
program /usr/bin/parts <<<'#include <stdio.h>
	const char *dir = "/usr/share/misc", *name = "tool.ids", *word = "word";
	const char *packed = "/usr/share/misc/plain.gz";
	int main(void)
	{
		char path[99];
		sprintf(path, "%s/%s", dir, name);
		return !fopen(path, "r");
	}'
inspect /usr/bin/parts
is "$(planned)" "/usr/bin/parts /usr/share/misc/plain /usr/share/misc/tool.ids" \
	"a directory of everybody's and a name in it; a file that may be compressed"
works /usr/bin/parts
put /usr/lib/several/data
library /usr/lib/several/a.so <<<'int a;'
program /usr/bin/several <<<'const char *where = "/usr/lib/several/.";
	int main(void) { return 0; }'
library /usr/lib/several/b.so <<<'int b;'
inspect /usr/bin/several
is "$(planned)" /usr/bin/several "a directory of libraries is nothing to who opens none"

# --- programs that it starts ------------------------------------------------

program /bin/sh -static <<<'int main(int argc, char **argv) { return argc == 3 ? 0 : 9; }'
program /usr/bin/runs-helper <<<'int main(void) { return 0; }'
program /usr/bin/runs-third <<<'int main(void) { return 0; }'
program /usr/bin/runs-other <<<'int main(void) { return 0; }'
program /usr/bin/runs <<<'#include <unistd.h>
	#include <stdlib.h>
	int main(int argc, char **argv)
	{
		if (system("exit 0")) return 1;
		if (argc > 1) execlp("runs-third", "x", (char *)0);
		execl("/usr/bin/runs-helper", "runs-helper", (char *)0);
		return 1;
	}
'
inspect /usr/bin/runs
is "$(row shell '[.strength, .evidence, .included]')" '["likely","imports system",true]' "system() wants a shell"
is "$(row programs '[.strength, .evidence, .included]')" \
	'["likely","names /usr/bin/runs-helper",true]' "a program of its own family"
like "$(planned)" runs-third "also one by its name alone"
unlike "$(planned)" runs-other "not one that it does not name"
works /usr/bin/runs
fails /usr/bin/runs shell

# by a bare name: who is of the same package, for it has the same directory among its bytes
put /usr/share/suite/1.0/macros/m
program /usr/bin/stage <<<'#include <stdio.h>
	int main(void) { return !fopen("/usr/share/suite/1.0/macros/m", "r"); }'
program /usr/bin/front <<<'#include <unistd.h>
	const char *fonts = "/usr/share/suite/1.0/fonts", *word = "interpreter", *other = "runs";
	int main(void) { execlp("stage", "stage", (char *)0); return 1; }'
inspect /usr/bin/front
is "$(planned)" "/usr/bin/front /usr/bin/stage /usr/share/suite/1.0/macros/m" \
	"a program of its package that it starts by a bare name, with its data; no other word"
is "$(row programs '[.strength, .evidence]')" '["likely","starts /usr/bin/stage, of its own package"]' "and why"
works /usr/bin/front
# ...or calls itself a part of it
program /usr/bin/sieve <<<'#include <stdio.h>
	int main(void) { puts("GNU sieve (pipes) version 1"); return 0; }'
program /usr/bin/strainer <<<'#include <stdio.h>
	int main(void) { puts("GNU strainer (pipe) version 1, (pipes)"); return 0; }'
program /usr/bin/pipes <<<'#include <unistd.h>
	const char *word = "strainer";
	int main(void) { execlp("sieve", "sieve", (char *)0); return 1; }'
inspect /usr/bin/pipes
is "$(planned)" "/usr/bin/pipes /usr/bin/sieve" "a program that says it is a part of this one"
works /usr/bin/pipes

# --- what this user may not read ----------------------------------------------

put /etc/shut/open.conf
put /etc/shut/closed/key
put /usr/lib/shut/closed/other.conf
put /usr/share/suite/2.0/closed/m
program /usr/bin/shut-door <<<'const char *suite = "/usr/share/suite/2.0/m"; int main(void) { return 0; }'
program /usr/bin/shut -ldl <<<'#include <dlfcn.h>
	#include <stdio.h>
	#include <stdlib.h>
	#include <unistd.h>
	const char *suite = "/usr/share/suite/2.0", *dir = "/usr/lib/shut/closed", *word = "shut-door";
	int main(int argc, char **argv)
	{
		if (argc > 1) dlopen(argv[1], RTLD_NOW);
		if (argc > 2) execlp("stage", "stage", (char *)0);
		return !fopen("/etc/shut/open.conf", "r") || !fopen("/etc/shut", "r");
	}'
closed=(sys/{etc,usr/lib}/shut/closed sys/usr/share/suite/2.0/closed)
chmod 700 "${closed[@]}"
chmod 711 sys/usr/bin/{stage,shut-door}
if [ "$(id -u)" -ne 0 ]; then
	inspect /usr/bin/shut
elif have setpriv; then
	chmod 755 "$T"
	printf '#!/bin/sh\nexec setpriv --reuid 65534 --regid 65534 --clear-groups "%s" "$@"\n' \
		"$SCRATCHPACK" >as-nobody
	chmod +x as-nobody
	SCRATCHPACK=./as-nobody inspect /usr/bin/shut
fi
if [ "$(id -u)" -ne 0 ] || have setpriv; then
	exits 0 "what may not be read, and nobody asked for, fails no run"
	is "$(planned)" "/etc/shut/open.conf /usr/bin/shut" "it is left out"
	like "$(note private)" '/etc/shut/closed may not be read by everybody' "which is said"
else
	skip "files that may not be read" "root may read everything here, and setpriv is missing"
fi
chmod 755 "${closed[@]}" sys/usr/bin/{stage,shut-door}

# --- beside a library -------------------------------------------------------

put $libdir/spoken-data/words
library $libdir/libspoken.so.1 -Wl,-soname,libspoken.so.1 <<<'#include <stdio.h>
	#include <stdlib.h>
	int spoken(void)
	{
		char path[999];
		sprintf(path, "%s/spoken%s/words", getenv("SPOKEN"), "-data");
		return !fopen(path, "r");
	}'
program /usr/bin/speaks sys$libdir/libspoken.so.1 <<<"#include <stdlib.h>
	int spoken(void); int main(void) { return setenv(\"SPOKEN\", \"$libdir\", 1) || spoken(); }"
inspect /usr/bin/speaks
is "$(row data .evidence)" "\"reads files, and has its name $libdir/spoken-data\"" \
	"data in a directory with the library's name"
works /usr/bin/speaks

# a library of its own opens what the program names
library /usr/lib/wrapped/libwrap.so -Wl,-soname,libwrap.so <<<'#include <dlfcn.h>
	int wrap(const char *name) { return !dlopen(name, RTLD_NOW); }'
library /usr/lib/wrapped/policy.so <<<'int policy;'
program /usr/bin/wraps -Wl,-rpath,/usr/lib/wrapped sys/usr/lib/wrapped/libwrap.so \
	<<<'int wrap(const char *); int main(void) { return wrap("/usr/lib/wrapped/policy.so"); }'
program /usr/bin/wraps2 -Wl,-rpath,/usr/lib/wrapped sys/usr/lib/wrapped/libwrap.so \
	<<<'int wrap(const char *); char name[] = "/usr/lib/wrapped/policy.so";
	const char *n = "policy.so"; int main(void) { return wrap(name); }'
inspect /usr/bin/wraps2
is "$(row dlopen '[.evidence, .by]')" '["opens policy.so","/usr/bin/wraps2"]' \
	"a library that another one of the package opens for the program"
works /usr/bin/wraps
works /usr/bin/wraps2

# --- the beginning of names, and what was computed --------------------------

put /var/cache/words/dict.pwd
put /var/cache/words/dict.pwi
put /var/cache/words/dictionary
put /var/cache/words/other.pwd
program /usr/bin/begins <<<'#include <stdio.h>
	const char *where = "/var/cache/words";
	int main(void)
	{
		char path[99];
		sprintf(path, "%s.pwd", "/var/cache/words/dict");
		return !fopen(path, "r");
	}'
inspect /usr/bin/begins
is "$(planned)" "/usr/bin/begins /var/cache/words/dict.pwd /var/cache/words/dict.pwi" \
	"files whose names begin as it says, below /var/cache too, and no whole cache"
works /usr/bin/begins

# --- catalogs of XML --------------------------------------------------------

put /etc/xml/catalog '<catalog>
<delegateURI uriStartString="http://x/" catalog="file:///etc/xml/part.xml"/>
<nextCatalog catalog="file:///etc/xml/catalog"/>
<uri name="http://y/" uri="file:///etc/passwd"/>
<uri name="http://y/" uri="http://y/z"/>
</catalog>'
put /etc/xml/part.xml '<nextCatalog catalog="file:///usr/share/xml/kind/1.0/catalog.xml"/>'
put /etc/xml/other.xml
put /usr/share/xml/kind/1.0/catalog.xml
put /usr/share/xml/kind/1.0/kind.dtd
library $libdir/libxml2.so.2 -Wl,-soname,libxml2.so.2 <<<'
	const char *xmlWhere = "file:///etc/xml/catalog"; int xmlReadFile; void xmlLoadCatalog(void) {}'
program /usr/bin/validates sys$libdir/libxml2.so.2 <<<'
	void xmlLoadCatalog(void); int main(void) { xmlLoadCatalog(); return 0; }'
inspect /usr/bin/validates
is "$(planned | tr " " "\n" | grep -v libxml2 | xargs)" "/etc/xml/catalog /etc/xml/part.xml /usr/bin/validates /usr/share/xml/kind/1.0/catalog.xml /usr/share/xml/kind/1.0/kind.dtd" \
	"catalogs, those that they name, and the directories of these"
program /usr/bin/parses sys$libdir/libxml2.so.2 <<<'
	extern int xmlReadFile; int main(void) { return xmlReadFile; }'
inspect /usr/bin/parses
unlike "$(planned)" 'etc/xml' "who only reads XML has none"

# --- PAM --------------------------------------------------------------------

if [ -e "$libdir/libpam.so.0" ]; then
	for file in libpam.so.0 libaudit.so.1 libcap-ng.so.0; do
		[ ! -e "$libdir/$file" ] || cp -L "$libdir/$file" "sys$libdir/"
	done
	put /etc/pam.d/gate '#%PAM-1.0
@include common
auth [success=1 default=ignore] pam_bracket.so nullok
session substack more'
	put /etc/pam.d/common 'auth required pam_common.so'
	put /etc/pam.d/more 'session optional pam_more.so # pam_comment.so'
	put /etc/pam.d/other 'auth required pam_gone.so'
	put /etc/pam.d/unrelated 'auth required pam_unrelated.so'
	for name in bracket common more unrelated; do
		library "$libdir/security/pam_$name.so" <<<"int pam_$name;"
	done
	program /usr/bin/gate "$libdir/libpam.so.0" <<<'
		int pam_start(const char *, const char *, const void *, void **);
		int main(void)
		{
			void *h, *none[2] = { 0, 0 };
			return pam_start("gate", 0, none, &h);
		}'
	inspect /usr/bin/gate
	is "$(planned | tr ' ' '\n' | grep -o 'pam.d/.*\|pam_.*' | xargs)" \
		"pam.d/common pam.d/gate pam.d/more pam.d/other pam_bracket.so pam_common.so pam_more.so" \
		"the service that it names, what is included, and the modules of these"
	like "$(note no-pam-module)" "^$libdir/security/pam_gone.so, .* will refuse everybody" \
		"a module that is not there is told"
else
	skip "PAM" "libpam is not installed"
fi

# --- scripts ----------------------------------------------------------------

program /usr/bin/interpreter <<<'int main(void) { return 0; }'
put /usr/share/script/data
put /usr/bin/script '#!/usr/bin/interpreter
load "/usr/share/script/data" and /etc/hosts'
chmod 755 sys/usr/bin/script
inspect /usr/bin/script
is "$(planned)" "/usr/bin/interpreter /usr/bin/script /usr/share/script/data" "data that a script names"

# --- musl -------------------------------------------------------------------

if have musl-gcc && [ -e /lib/ld-musl-"$(uname -m)".so.1 ]; then
	CC_FIXTURE=musl-gcc
	muslib=/lib
	mkdir -p sys/lib
	cp -L /lib/ld-musl-"$(uname -m)".so.1 sys/lib/
	library $muslib/libplug.so.1 <<<'int plug(void) { return 7; }'
	program /usr/bin/musl <<<"$opener"
	inspect /usr/bin/musl
	is "$(row dlopen .evidence)" '"opens libplug.so.1"' "musl: a library that is opened by name"
	works /usr/bin/musl
else
	skip "a program of musl" "musl-gcc is not there"
fi

done_testing
