#!/bin/bash
# --trace: what a run of a program uses comes into the image, what does not belong there
# stays out, and a run that did not work gives no image.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need jq
# where the fixtures are is kept, though it is a place of temporary files
export HOME=$T/home PWD=$T
mkdir home data data/dir lib lib/sub
echo rc >home/.rc
for file in data/{opened,found,linked,one,two,gone,id_rsa,closed} data/dir/inside lib/{a,b} lib/sub/c; do
	echo text >$file
done
ln -s linked data/link
elsewhere=$(mktemp -d /var/tmp/sp-trace.XXXXXX) || exit 1
remove_elsewhere() { rm -rf "$elsewhere"; }
at_exit remove_elsewhere
echo text >"$elsewhere/temporary"

# Opens or looks for the files that its arguments name, and does what they say.
compile prog <<-'END'
	#include <dirent.h>
	#include <fcntl.h>
	#include <pthread.h>
	#include <signal.h>
	#include <stdio.h>
	#include <stdlib.h>
	#include <string.h>
	#include <sys/stat.h>
	#include <unistd.h>
	#include <sys/wait.h>
	static void *open_it(void *name)
	{
		return (void *)(long)(open(name, O_RDONLY | O_CLOEXEC) < 0);
	}
	int main(int argc, char **argv)
	{
		struct stat st;
		for (int i = 1; i < argc; i++) {
			char *name = strchr(argv[i], '=');
			name = name ? name + 1 : argv[i];
			switch (argv[i][0]) {
			case 'o': if (open(name, O_RDONLY | O_CLOEXEC) < 0) return 1; break;
			case 'n': if (open(name, O_RDONLY | O_CLOEXEC) >= 0) return 2; break;
			case 's': if (stat(name, &st)) return 3; break;
			case 'w': if (creat(name, 0666) < 0) return 4; break;
			case 'l': { DIR *d = opendir(name); while (d && readdir(d)) ; if (!d) return 5; break; }
			case 't': { pthread_t t; void *bad;
				if (pthread_create(&t, NULL, open_it, name) || pthread_join(t, &bad) || bad) return 6;
				break; }
			case 'f': if (fork() == 0) _exit(open(name, O_RDONLY) < 0);
				{ int status; wait(&status); if (status) return 7; } break;
			case 'x': if (system(name)) return 8; break;
			case 'k': kill(getpid(), SIGKILL); break;
			case 'h': pause(); break;
			case 'y': if (!isatty(0)) { fputs("no terminal\n", stderr); return 9; } break;
			case 'e': return atoi(name);
			}
		}
		return 0;
	}
END

# traced ARG...: plans prog with one or more --trace; the report is in report.json
traced() {
	run "$SCRATCHPACK" ./prog -n --json "$@"
	[ "$status" -eq 0 ] || diag "$stderr"
	cp "$RUN/stdout" report.json
}
has() { # PATH: what the plan says of it
	jq -r --arg p "$1" '.programs[0].plan[] | select(.path == $p) | "\(.type) \(.reason.kind)"' report.json
}
list() { # KEY of the object "trace"
	jq -c ".programs[0].trace.$1" report.json
}
notes() {
	jq -r '.programs[0].notes[] | "\(.id): \(.text)"' report.json
}

# --- what comes in ----------------------------------------------------------------

command="./prog o=data/opened s=data/found o=data/link n=data/none l=data/dir w=data/written
	o=data/written t=data/one f=data/two o=/proc/self/status o=/dev/null s=/sys
	o=$HOME/.rc o=$elsewhere/temporary o=data/id_rsa"
command=$(echo $command)
traced --trace "$command"
exits 0 'a run with all kinds of uses'
is "$(has "$T/data/opened")" 'file traced' 'what was opened'
is "$(has "$T/data/found")" 'file traced' 'what was found by stat'
is "$(has "$T/data/link")" 'symlink traced' 'a link'
is "$(has "$T/data/linked")" 'file traced' 'and where it leads'
is "$(has "$T/data/none")" '' 'not what was not there'
is "$(has "$T/data/dir")" 'directory traced' 'a directory that was listed'
is "$(has "$T/data/dir/inside")" '' 'without what is in it'
is "$(has "$T/data/one")" 'file traced' 'what a thread opened'
is "$(has "$T/data/two")" 'file traced' 'what a child opened'
is "$(has "$T/data/written")" '' 'not what the run wrote itself'
is "$(has "$HOME/.rc")" '' 'not the files of the home directory'
is "$(has "$elsewhere/temporary")" '' 'not temporary files'
is "$(jq -r '.programs[0].plan[].path' report.json | grep -cE '^/(proc|sys|dev)(/|$)')" 0 \
	'nothing of the kernel'
is "$(has "$T/data/id_rsa")" '' 'not a private key'
like "$(notes)" "secret: $T/data/id_rsa is a private SSH key" 'which is said'
is "$(jq -c '.programs[0].plan[] | select(.path | endswith("data/opened")) | .reason.text' report.json)" \
	"\"traced: $command\"" 'the reason is the command'
is "$(list 'left_out | map([.path, .why])')" \
	"[[\"$HOME/.rc\",\"belongs to the user's home directory\"],[\"$elsewhere/temporary\",\"is a temporary file\"]]" \
	'what it opened and does not get is listed'
like "$(notes)" "trace-left-out: 2 files .*--add.*$elsewhere/temporary" 'and said'
mkdir home/project
echo text >home/project/own
ln -s "$T" "$elsewhere/link"
cd home/project || exit 1
export HOME=$elsewhere/link/home PWD=$elsewhere/link/home/project
run "$SCRATCHPACK" ../../prog -n --json --trace "../../prog o=own o=../.rc o=$T/lib/a"
cp "$RUN/stdout" ../../report.json
cd "$T" || exit 1
export HOME=$T/home PWD=$T
is "$(has "$T/home/.rc")" '' 'the home directory is known by any name'
is "$(has "$T/home/project/own")" 'file traced' 'and so is the directory the command runs in'
traced --trace "$command" --add "$elsewhere/temporary"
is "$(has "$elsewhere/temporary")" 'file added' 'what is added comes in all the same'
traced --trace './prog o=data/id_rsa' --allow-secrets
is "$(has "$T/data/id_rsa")" 'file traced' 'a key by --allow-secrets'
traced --trace './prog o=data/one' --trace './prog o=data/two'
is "$(has "$T/data/one") $(has "$T/data/two")" 'file traced file traced' 'several runs are joined'
is "$(list commands)" '["./prog o=data/one","./prog o=data/two"]' 'and listed'

# --- a program that it starts brings its own closure --------------------------------

traced --trace "./prog x='/bin/ls -d /'"
is "$(has /usr/bin/ls)$(has /bin/ls)" 'file traced' 'a program that was executed'
is "$(jq -r '[.programs[0].others[].objects[].path | select(test("/ls$|selinux"))] | length > 1' report.json)" \
	true 'has a closure of its own'

# --- what the machine has of its own ------------------------------------------------

cat >getpw.c <<-'END'
	#include <pwd.h>
	#include <stdio.h>
	int main(void) { struct passwd *p = getpwuid(0); return !p || puts(p->pw_name) < 0; }
END
compile getpw <getpw.c
run "$SCRATCHPACK" ./getpw -q -o getpw.tar --compress none --user nonroot --trace ./getpw
exits 0 'accounts that were looked up do not stand against those of the image'
unpack getpw.tar getpw.root
unlike "$(cat getpw.root/etc/passwd)" 'daemon' 'the accounts of this machine stay here'
if [ "$(id -u)" = 0 ]; then
	run_inside getpw.root /getpw
	is "$stdout" root 'and the look-up works'
fi

# --- whole directories ---------------------------------------------------------------

traced --trace './prog o=lib/a w=lib/sub/made' --trace-tree lib
is "$(has "$T/lib/a") $(has "$T/lib/b") $(has "$T/lib/sub/c")" 'file traced file traced file traced' \
	'a tree that was used in part comes whole'
is "$(has "$T/lib/sub/made")" '' 'but for what the run wrote'
rm -f lib/sub/made
traced --trace './prog o=data/one s=lib' --trace-tree lib
is "$(has "$T/lib/b")" '' 'a tree of which nothing was used does not'
like "$(notes)" 'trace-tree-unused: --trace-tree lib' 'and that is said'
run "$SCRATCHPACK" ./prog -n --trace-tree lib
exits 2 '--trace-tree without --trace'
run "$SCRATCHPACK" ./prog -n --trace ./prog --trace-tree /
exits 2 'all there is is no tree'
run "$SCRATCHPACK" ./prog -n --trace ./prog --trace-tree nothing
exits 1 'a tree that is not there'
like "$stderr" 'trace-tree nothing: no such directory' 'is named'
run "$SCRATCHPACK" ./prog -n --trace ./prog --trace-tree lib/a
exits 1 'a tree that is a file'

# --- reconcile -----------------------------------------------------------------------

traced --trace './prog o=data/one o=data/opened' --add data/two:/two
is "$(list 'by_trace_alone | map(select(test("data")))')" \
	"[\"$T/data/one\",\"$T/data/opened\"]" 'what a trace alone brought in is listed'
like "$(notes)" 'trace-only: [0-9]+ files? came in by --trace alone: ' 'and said in short'
is "$(list 'never_opened | map(select(. == "/two" or . == "/prog"))')" '["/two"]' \
	'and what was never opened'
like "$(notes)" 'trace-idle: [0-9]+ files in the image \([^)]*\) opened in no --trace: /' 'which is said too'
run "$SCRATCHPACK" ./prog -q -o short.tar --json --trace './prog o=data/one'
is "$(jq -c '.programs[0].trace | keys' <<<"$stdout")" \
	'["by_trace_alone","commands","left_out","never_opened"]' 'the report of packing has it as well'
run "$SCRATCHPACK" ./prog -v -o short.tar --trace './prog o=data/one' --add data/two:/two
like "$stderr" "by --trace alone: $T/data/one" '-v of packing lists them'
like "$stderr" 'never opened: /two' 'both of them'
run "$SCRATCHPACK" ./prog -n --json
is "$(jq -c '.programs[0].trace' <<<"$stdout")" null 'without a trace there is nothing to compare'

# --- what goes wrong -----------------------------------------------------------------

echo old >old.tar
bad() { # CODE PATTERN TEXT ARG...: no image, and the old one as it was
	local code=$1 pattern=$2 text=$3
	shift 3
	run "$SCRATCHPACK" ./prog -o old.tar "$@"
	exits "$code" "$text"
	like "$stderr" "$pattern" "$text: is said"
	is "$(cat old.tar)" old "$text: the old image is untouched"
}
bad 1 'failed with exit code 7' 'a command that fails' --trace './prog e=7'
bad 1 'ended by signal 9' 'one that is killed' --trace 'exec ./prog k'
bad 1 'still running after 300 ms' 'one that hangs' --trace './prog h' --trace-timeout 300ms
bad 1 'could not run it \(exit code 127\)' 'one that is not there' --trace './no-such-prog'
bad 1 'could not run it \(exit code 126\)' 'one that cannot be executed' --trace ./data/one
bad 1 "never ran $T/prog, but .*/" 'one that runs something else' --trace 'true'
bad 1 'no terminal' 'one that wants a terminal' --trace './prog y'
bad 2 'several programs or with --sysroot' 'a program of another system' --trace ./prog --sysroot "$T"
is "$(ls -A "$T" | grep -cE 'old\.tar.+|tmp')" 0 'nothing is left behind'
if have script; then
	run script -qec "'$SCRATCHPACK' ./prog -q -o tty.tar --trace './prog y'" /dev/null
	exits 0 'with a terminal it works'
fi

# removed by somebody else while the run goes on
mkfifo ask answer
(read -r _ <ask && rm data/gone && echo >answer) &
traced --trace './prog o=data/gone && echo >ask && read _ <answer'
exits 0 'a file that vanished after it was used'
is "$(has "$T/data/gone")" '' 'is not in the image'
wait

if have strace && strace -o /dev/null true 2>/dev/null; then
	run strace -f -o /dev/null "$SCRATCHPACK" ./prog -o old.tar --trace ./prog
	exits 1 'a scratchpack that is traced itself'
	like "$stderr" 'ptrace is not permitted here' 'is told so'
fi

traced --trace './prog o=data/one; sleep 30 & sleep 0.1'
exits 0 'a process that stays behind'
like "$(notes)" 'trace-left: .*1 process went on' 'is killed, and that is said'

if [ "$(id -u)" = 0 ] && have setpriv; then
	chmod 755 "$T"
	chmod 600 data/closed
	traced --trace 'setpriv --reuid 65534 --regid 65534 --clear-groups ./prog o=data/one n=data/closed s=data/two'
	exits 0 'a run with fewer rights'
	is "$(has "$T/data/one") $(has "$T/data/closed") $(has "$T/data/two")" \
		'file traced  file traced' 'has what that user may see'
	chmod 4755 prog
	traced --trace './prog o=data/one'
	is "$(has "$T/data/one")" 'file traced' 'a set-user-ID program'
	chmod 755 prog
fi

# --- a library that is opened by name, from a directory of the cache ------------------

if [ "$(id -u)" = 0 ] && have ldconfig unshare && unshare -m true 2>/dev/null; then
	mkdir plugins
	compile plugins/libplug.so.1 -shared -fPIC -Wl,-soname,libplug.so.1 <<<'#include <stdio.h>
		int plug(void) { return puts("plugged"); }'
	compile opener -ldl <<-'END'
		#include <dlfcn.h>
		#include <stdio.h>
		int main(int argc, char **argv)
		{
			char name[64];
			snprintf(name, sizeof(name), "lib%s.so.1", argv[1]);
			void *h = dlopen(name, RTLD_NOW);
			int (*plug)(void) = h ? dlsym(h, "plug") : 0;
			return !plug || plug() < 0;
		}
	END
	echo "$T/plugins" >plug.conf
	ldconfig -C "$T/plug.cache" -f plug.conf 2>/dev/null
	run unshare -m sh -c "mount --bind '$T/plug.cache' /etc/ld.so.cache &&
		'$SCRATCHPACK' ./opener -q -o opener.tar --compress none --trace './opener plug'"
	exits 0 'a library that is found by the cache of this machine'
	unpack opener.tar opener.root
	run_inside opener.root /opener plug
	is "$stdout" plugged 'is found in the image'
fi

# --- an interpreter with its native modules, in an empty root -------------------------

python=/usr/bin/python3
modules='import ssl, json, sqlite3'
if [ "$(id -u)" = 0 ] && "$python" -c "$modules" 2>/dev/null; then
	cd / || exit 1
	PWD=/ run "$SCRATCHPACK" "$python" -q -o "$T/py.tar" --compress none \
		--trace "$python -c '$modules'"
	cd "$T" || exit 1
	exits 0 'Python with native modules'
	unpack py.tar py.root
	run_inside py.root "$python" -c "$modules
print(json.dumps(sqlite3.connect(':memory:').execute('select 6*7').fetchone()), ssl.create_default_context().verify_mode)"
	is "$stdout" '[42] 2' 'works in its image after one trace'
	[ -z "$stderr" ] || diag "$stderr"
else
	skip 'Python with native modules' 'it is not here, or we are not root'
fi

done_testing
