#!/bin/bash
# --from: the program that an image starts, through what only leads to it, with its
# configuration; inspect, why and -n of images.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need jq python3
make_image() { # OUT CONFIG LAYER... [OPTIONS]
	python3 "$TOP/tests/make_image.py" "$@"
}

dynamic_hello hello
static_hello static
mkdir -p tree/usr/bin tree/usr/lib tree/etc/app tree/opt tree/data tree/bin
cp hello tree/usr/bin/hello
cp static tree/opt/app
ln -s /opt/app tree/usr/bin/app
cp static tree/bin/sh
cp static tree/usr/bin/env
cp static tree/usr/bin/tini
echo conf >tree/etc/app/app.conf
printf 'root:x:0:0::/root:/bin/sh\nsvc:x:42:43::/data:/bin/sh\nother:x:9:9::/:/bin/sh\n' >tree/etc/passwd
printf 'root:x:0:\nsvcs:x:43:\nextra:x:44:svc\n' >tree/etc/group
chmod 750 tree/data
for lib in $(ldd hello | grep -o '/[^ ]*'); do
	mkdir -p "tree$(dirname "$lib")"
	cp -L "$lib" "tree$lib"
done
tar -C tree --numeric-owner --owner=0 --group=0 -cf 1.tar .
# the second layer: a directory with an owner, scripts
mkdir -p more/data more/usr/bin
chmod 750 more/data
cat >more/usr/bin/simple <<'END'
#!/bin/sh
# sets up a little, then starts
set -e
export MODE=prod LEVEL="very high"

cd /data
exec /opt/app --flag "$@"
END
cat >more/usr/bin/clever <<'END'
#!/bin/bash
if [ "$1" = app ]; then
	chown svc /data
fi
exec "$@"
END
printf '#!/bin/sh\nexec "$@"\n' >more/usr/bin/pass
printf '#!/opt/app\nnot a shell\n' >more/usr/bin/other
chmod 755 more/usr/bin/*
tar -C more --numeric-owner --owner=42 --group=43 -cf 2.tar .

from() { # CONFIG [ARG...]: the image with this configuration, packed; neither is compressed
	rm -rf img out.tar
	make_image img "$1" 1.tar 2.tar --gzip 0
	run "$SCRATCHPACK" --from img -o out.tar --compress none "${@:2}"
}
compressed_from() {
	rm -rf img out.tar
	make_image img "$1" 1.tar 2.tar
	run "$SCRATCHPACK" --from img -o out.tar "${@:2}"
}
starts() { # WANT TEXT: entry point and Cmd
	is "$(config out.tar | jq -c '[.config.Entrypoint, .config.Cmd // []]')" "$1" "$2"
}

# --- the configuration is carried over
compressed_from '{"Env":["PATH=/usr/bin","A=1"],"Entrypoint":["hello"],"Cmd":["-c","/etc/app/app.conf"],"User":"svc","WorkingDir":"/data","Labels":{"a":"1"},"ExposedPorts":{"80/tcp":{}},"Volumes":{"/data":{}},"StopSignal":"SIGINT","Healthcheck":{"Test":["CMD","/usr/bin/hello"],"Interval":5000000000}}'
exits 0 "packs what the image starts"
is "$(config out.tar | jq -c .config)" '{"User":"svc","ExposedPorts":{"80/tcp":{}},"Env":["PATH=/usr/bin","A=1"],"Entrypoint":["/usr/bin/hello"],"Cmd":["-c","/etc/app/app.conf"],"Volumes":{"/data":{}},"WorkingDir":"/data","Labels":{"a":"1"},"StopSignal":"SIGINT","Healthcheck":{"Test":["CMD","/usr/bin/hello"],"Interval":5000000000}}' \
	"with its configuration"
listing out.tar >list
like "$(cat list)" 'drwxr-x--- 42/43 .* data/' "a volume keeps its owner and mode"
like "$(cat list)" ' etc/app/app\.conf' "a file that the command line names comes along"
unlike "$(cat list)" 'tini|opt/app|bin/sh' "and nothing else"
layer out.tar >layer.tar
is "$(tar -xOf layer.tar etc/passwd | grep -c svc)$(tar -xOf layer.tar etc/passwd | grep -c other)" 10 "the user's line of passwd, and no other's"
is "$(tar -xOf layer.tar etc/group | grep -c svcs)" 1 "and that of its group"
unpack out.tar root
run_inside root /usr/bin/hello world
is "$stdout" "$(./hello world)" "it runs"
run "$SCRATCHPACK" verify out.tar
exits 0 "it verifies"
run "$SCRATCHPACK" --from img -o again.tar
same out.tar again.tar "the same image makes the same image"
from '{"Env":["A=1","B=1"],"Entrypoint":["/opt/app"],"Cmd":["x"],"User":"svc"}' -e A=2 --user 5:5 -w /w -- y z
is "$(config out.tar | jq -c '.config | [.User, .WorkingDir, .Env[1:3], .Cmd]')" '["5:5","/w",["A=2","B=1"],["y","z"]]' "options win"
from '{"Entrypoint":["/opt/app"],"Healthcheck":{"Test":["CMD-SHELL","curl x"]}}'
is "$(config out.tar | jq -c .config.Healthcheck)" null "a health check that cannot run goes"
like "$stderr" 'health check runs .*left out' "which is said"

# --- through wrappers
from '{"Cmd":["/opt/app","a","b"]}'
starts '[["/opt/app"],["a","b"]]' "a command without an entry point"
from '{"Entrypoint":["/bin/sh","-c","exec app -x '"'a b'"'"]}'
starts '[["/usr/bin/app","-x","a b"],[]]' "a shell that only starts something"
like "$(listing out.tar)" 'usr/bin/app -> /opt/app' "the link to it stays"
from '{"Entrypoint":["/bin/sh","-ec","V=1 exec /opt/app \"$@\"","sh"],"Cmd":["c"]}'
starts '[["/opt/app"],["c"]]' "with arguments"
like "$(config out.tar | jq -c .config.Env)" '"V=1"' "and a variable"
from '{"Entrypoint":["/usr/bin/env","W=2","app","-y"],"Cmd":["c"]}'
starts '[["/usr/bin/app","-y"],["c"]]' "env"
like "$(config out.tar | jq -c .config.Env)" '"W=2"' "and what it sets"
from '{"Entrypoint":["simple"],"Cmd":["c"]}'
starts '[["/opt/app","--flag"],["c"]]' "a script that ends in exec"
is "$(config out.tar | jq -c '.config | [.WorkingDir, (.Env | map(select(test("MODE|LEVEL"))))]')" '["/data",["MODE=prod","LEVEL=very high"]]' "and what it sets"
from '{"Entrypoint":["pass"],"Cmd":["app","--","/etc/app/app.conf"]}'
starts '[["/usr/bin/app"],["--","/etc/app/app.conf"]]' "a script that starts its arguments"
from '{"Entrypoint":["/bin/sh","/usr/bin/pass"],"Cmd":["app"]}'
starts '[["/usr/bin/app"],[]]' "the same by its shell"
from '{"Entrypoint":["tini","--","app"],"Cmd":["x"]}'
starts '[["/usr/bin/tini","--","app"],["x"]]' "a compiled program that starts another"
like "$(listing out.tar)" 'opt/app' "which comes along"
from '{"Entrypoint":["clever"],"Cmd":["app"]}'
exits 3 "a script that does more"
like "$stderr" 'entry-is-wrapper.*clever.*"if .*give the PROGRAM.*perhaps /usr/bin/app|clever.*"if .*give the PROGRAM.*perhaps /usr/bin/app' "is not guessed at, and what to give is said"
not_ok "nothing is written" test -e out.tar
from '{"Entrypoint":["clever"],"Cmd":["app","-z"]}' app
exits 0 "so it is given"
starts '[["/usr/bin/app"],["-z"]]' "with the arguments that the image gives it"
from '{"Entrypoint":["/bin/sh","-c","exec app $OPTS"]}'
exits 3 "a variable that only a shell knows"
from '{"Entrypoint":["/bin/sh","-c","app | hello"]}'
exits 3 "a pipe"
from '{"Entrypoint":["/bin/sh","-c","app; hello"]}'
exits 3 "two commands"
from '{"Entrypoint":["/usr/bin/env","-i","app"]}'
exits 3 "env with an option"
from '{"Entrypoint":["pass"],"Cmd":["pass","pass","pass","pass","pass","pass","pass","pass","pass","app"]}'
exits 3 "too many wrappers"
from '{"Entrypoint":["nowhere"]}'
exits 3 "a program that is not there"
from '{}'
exits 2 "an image that starts nothing"
like "$stderr" 'give the PROGRAM' "says what to do"

# --- a given program
from '{"Entrypoint":["/opt/app"],"Cmd":["x"]}' /usr/bin/hello
exits 0 "another program of the image"
starts '[["/usr/bin/hello"],[]]' "has no arguments of the first"
from '{"Entrypoint":["/opt/app"]}' hello --at /hi --add /etc/app
starts '[["/hi"],[]]' "a bare name, and another place"
like "$(listing out.tar)" 'etc/app/app\.conf' "--add means the image"
mkdir local && echo here >local/file
from '{"Entrypoint":["/opt/app"]}' --add local/file:/f
is "$(layer out.tar | tar -xO f)" here "or this machine"
from '{"Entrypoint":["/opt/app"]}' /usr/bin/nothing
exits 3 "a program that is not there"
run "$SCRATCHPACK" --from img --sysroot / -o no.tar
exits 2 "--from and --sysroot contradict each other"
run "$SCRATCHPACK" --from img --trace true -o no.tar
exits 2 "--trace is for programs of this machine"

# --- onto a base, and from other forms
make_image base '{"Env":["B=base"],"User":"9:9"}' 1.tar
compressed_from '{"Env":["A=1"],"Entrypoint":["/usr/bin/hello"]}' --base base
exits 0 "from one image onto another"
is "$(config out.tar | jq -c '.config | [.User, .Env[0:2]]')" '["9:9",["B=base","A=1"]]' "both configurations count"
is "$(blob out.tar "$(layers out.tar | tail -1)" | gzip -dc | tar -t | grep -v '/$')" usr/bin/hello "and libraries that both have are not brought again"
run "$SCRATCHPACK" verify out.tar
exits 0 "which verifies"
make_image saved.tar '{"Entrypoint":["/opt/app"]}' 1.tar --form docker --name x:1
run "$SCRATCHPACK" --from docker-archive:saved.tar:x:1 -o out.tar
exits 0 "from a docker archive, by name"
run "$SCRATCHPACK" --from docker-archive:saved.tar:y:1 -o no.tar
exits 1 "a name that it does not have"
make_image arm '{"Entrypoint":["/opt/app"]}' 1.tar --platform linux/arm64/v8
make_image multi '{"Entrypoint":["/opt/app"]}' 1.tar --with arm
run "$SCRATCHPACK" --from multi -o out.tar
exits 0 "this machine's platform of an index"
run "$SCRATCHPACK" --from multi --platform linux/s390x -o no.tar
exits 1 "a platform that it does not have"

run "$SCRATCHPACK" --from img --base oci:base -o out.tar --depfile deps --add local/file:/f
is "$(tr -d '\\\n' <deps | tr -s ' ')" "out.tar: img/index.json base/index.json $T/local/file" "make is told of the images"

# --- looking
from '{"Entrypoint":["/usr/bin/hello"],"Cmd":["x"],"User":"svc","Labels":{"l":"1"}}'
run "$SCRATCHPACK" inspect img
exits 0 "inspect IMAGE"
like "$stdout" 'entry point: /usr/bin/hello' "shows the configuration"
like "$stdout" 'labels: l=1' "with labels"
like "$stdout" 'libc\.so\.6 =>' "and the closure"
run "$SCRATCHPACK" inspect img --json
is "$(jq -r '.program.program.path, .config.User, .images[0].platform' <<<"$stdout" | tr '\n' ' ')" "/usr/bin/hello svc linux/amd64 " "as JSON"
run "$SCRATCHPACK" inspect --from img
exits 0 "inspect --from IMAGE"
like "$stdout" '^/usr/bin/hello: dynamic' "shows the program"
run "$SCRATCHPACK" inspect --from img app --json
is "$(jq -r .program.kind <<<"$stdout")" static "or another one of it"
run "$SCRATCHPACK" why --from img libc.so.6
exits 0 "why --from IMAGE NAME"
like "$stdout" 'needed by /usr/bin/hello' "shows the chain"
run "$SCRATCHPACK" why-not --from img hello libc.so.6
exits 0 "why-not --from IMAGE PROGRAM NAME"
run "$SCRATCHPACK" --from img -n
like "$stdout" '/usr/bin/hello  \(the program\)' "-n shows the plan"
is "$(litter)" "" "nothing is left"
done_testing
