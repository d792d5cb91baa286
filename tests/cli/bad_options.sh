#!/bin/bash
# Malformed and contradicting options: exit 2, one line that says what is wrong, and
# nothing happens.
. "$(dirname "$0")/../lib.sh"

static_hello hello
dynamic_hello dynamic
echo text >file
shopt -s dotglob
before=(*)

# bad REGEX ARG...: one line of error, which matches REGEX
bad() {
	local want=$1 text line after errors=()
	shift
	text=$(printf ' %q' "$@")
	run "$SCRATCHPACK" "$@"
	while IFS= read -r line; do
		[[ $line =~ ^(Try\ \'scratchpack\ help[\ a-z-]*\'|analyse\ |layer\ ) ]] || errors+=("$line")
	done <"$RUN/stderr"
	after=(*)
	if [ "$status" -eq 2 ] && [ ! -s "$RUN/stdout" ] && [ ${#errors[@]} -eq 1 ] &&
		[[ ${errors[0]} =~ ^scratchpack:\ error:.*($want) ]] && [ "$(<file)" = text ] &&
		[ "${after[*]}" = "${before[*]}" ]; then
		pass "${text:1:70}"
		return
	fi
	fail "${text:1:70}"
	diag "exit code $status, want 2; want one line that matches: $want"
	diag "$(head -c 500 "$RUN/stderr")"
	diag "stdout has $(wc -c <"$RUN/stdout") bytes"
	diag "files that came or went: $(find . -maxdepth 1 -printf '%P ' | tr '\n' ' ')"
	rm -rf o.tar
}
# opt REGEX ARG...: with a program and an output
opt() {
	local want=$1
	shift
	bad "$want" ./hello -o o.tar "$@"
}

# What is missing, unknown or too much.
bad 'no output' ./hello
bad 'no program' -o o.tar
bad 'no option --frobnicate' ./hello -o o.tar --frobnicate
bad 'did you mean --output' ./hello --ouput o.tar
bad 'did you mean --output' ./hello --out o.tar
bad 'no option --x$' ./hello --x
bad 'inspec is neither a command nor a file; did you mean inspect\?' inspec ./hello
bad 'did you mean verify' verfy hello
bad 'no option --versio; did you mean --version' --versio
bad 'did you mean push' pus hello localhost/hello
bad 'did you mean login' logi localhost --username me
bad 'did you mean why-not' why-nt ./hello libc.so.6
bad 'no output was given' file
bad 'unlike-any is neither a command nor a file$' unlike-any ./hello
bad 'build is neither a command nor a file$' build .
bad 'no option --image-label; did you mean --label' ./hello --image-label a=b
bad 'did you mean --insecure\?' ./hello --insecure-registry a
bad 'no operand' version hello
bad 'no command verfy; did you mean verify' help verfy
bad 'no option -Z' ./hello -Z
bad 'needs a value' ./hello -o
bad 'needs a value' ./hello -o o.tar --tag
bad 'takes no value' ./hello -o o.tar --quiet=yes
bad 'empty' ./hello -o ''
bad 'empty' '' -o o.tar
bad 'twice' ./hello -o o.tar -o o.tar
bad 'inspect takes one' inspect
bad 'inspect takes one' inspect ./hello ./hello
bad 'verify takes one' verify
bad 'no option --output' inspect ./hello --output o.tar
bad 'no option --tag' verify file --tag x
bad 'no command' help nonsense
bad '' completion
bad '' completion tcsh
bad 'progress.*auto, plain or none' ./hello -o o.tar --progress loud
bad 'color.*auto, always or never' ./hello -o o.tar --color blue

# Destinations.
opt 'expected docker://NAME' -o docker://
opt 'lower case' -o docker://localhost/X
opt 'unclear destination; say docker://ghcr.io/me/app:v1' -o ghcr.io/me/app:v1
opt 'unclear destination; say docker://localhost/app' -o localhost/app
opt 'unclear destination; say docker://me/app:v1' -o me/app:v1
opt '"docker:" is no destination here.*docker-daemon:' -o docker:app
opt '"podman:" is no destination here.*--engine' -o podman:app
opt '' -o oci:
opt '' -o oci-archive:
opt '' -o docker-archive:
opt '' -o oci:layout:'bad ref'
opt '' -o docker-archive:x.tar:UPPER:1

# Names.
for tag in '' UPPER 'a b' 'a:' ':a' 'a/' '/a' 'a//b' 'a:b c' 'a..b' '-a' 'a:-b' 'http://a/b' \
	"a:$(printf 'x%.0s' {1..129})" "$(printf 'x%.0s' {1..300})" \
	"a@sha256:$(printf '0%.0s' {1..64})" 'a@sha256:12' $'a\nb' $'\xff' 'é'; do
	opt '(--tag|tag|name|reference|character)' -t "$tag"
done

# Values with a grammar.
for value in gzip:0 gzip:x gzip:99 zstd:0 zstd:99 bzip2 '' gzip: GZIP gzip:-1 'gzip:6 '; do
	opt '' --compress "$value"
done
opt 'one or split' --layers two
for value in 0 -1 x '' 65 99999999999999999999 1.5; do
	opt 'number from 1' --threads "$value"
done
for value in rel '' / /a/ ../x /.. /a/.. /proc/app /dev/shm/app /sys/x; do
	opt '--at' --at "$value"
done
for value in NOEQUALS '' =x; do
	opt '--env' -e "$value"
done
for value in '' =x; do
	opt '--label' -l "$value"
done
for value in '' rel; do
	opt '--workdir' -w "$value"
	opt '--volume' --volume "$value"
done
for value in '' 0 65536 x 80/icmp 80- -80 90-80 1-70000 80/ 80/tcp/udp +80 ' 80' 1e3; do
	opt '--expose' -p "$value"
done
for value in '' SIG SIGFOO 0 65 -9 sigterm 'TERM ' SIGRTMIN+31 RTMIN-1; do
	opt '--stop-signal' --stop-signal "$value"
done
for value in '' ' ' '[]' '[1]' '["a"' '{"a":1}' relative /not/there '["/not/there"]'; do
	opt '--healthcheck' --healthcheck "$value"
done
for value in '' 30 -1s 1y 1s1 s 99999999999h 10us; do
	opt '--health-interval' --healthcheck /hello --health-interval "$value"
done
opt '--healthcheck' --health-retries 3
for value in 0 -1 x 1001; do
	opt '--health-retries' --healthcheck /hello --health-retries "$value"
done
for value in '' '[]' '[1]' '["/hello"' hello /not/there / ; do
	opt '--entrypoint' --entrypoint "$value"
done
for value in NOEQUALS =x index:=x index:a manifest: ''; do
	opt '--annotation' --annotation "$value"
done
for value in '' linux windows/amd64 linux/ /amd64 linux/arm64 linux/amd64/v9/x linux/amd64/ \
	linux//v2 freebsd/amd64 linux/386 'linux/amd64 ' LINUX/AMD64/X; do
	opt '--platform' --platform "$value"
done
for value in abc -1 1.5 9223372036854775808 253402300800 2024-13-01T00:00:00Z \
	2023-02-29T00:00:00Z 2024-01-01 2024-01-01T24:00:00Z 2024-01-01T00:00:00 \
	2024-01-01T00:00:00+25:00 ' 1' 1e9 0x10 1969-12-31T23:59:59Z; do
	opt '--created' --created "$value"
done
for value in a:1 -5 1:-5 4294967296 99999999999999999999 0:4294967296 '' : 1: 1:2:3 'a b' $'a\nb' \
	4294967295 no-such-user 1:no-such-group; do
	opt '(--user|user)' -u "$value"
done
for value in '' :/x; do
	opt '--add' --add "$value"
done
opt '' --add file:rel
opt '--exclude' --exclude ''
opt '' --sysroot ''

# Contradictions.
opt 'two things claim this path' --add file:/hello
bad 'both for linux' ./hello ./dynamic --at /x -o o.tar
bad 'both for linux' ./hello ./dynamic -o o.tar
bad 'both for linux' ./hello ./hello -o o.tar
opt '' --at /etc/passwd -u nonroot
opt '' --add file:/data -w /data
bad '--depfile' ./hello -o - --depfile dep

# Nothing that is written may take the place of something else.
cp hello program.tar
ln -s program.tar link.tar
before=(*)
clash() {
	bad 'is the same file as' "$@"
}
clash ./hello -o o.tar -o ./o.tar
clash ./hello -o o.tar -o oci-archive:o.tar:v1
clash ./hello -o o.tar -o "docker-archive:$T/o.tar"
clash ./hello -o o.tar --digest-file o.tar
clash ./hello -o o.tar --digest-file ./hello
clash ./hello -o o.tar --metadata-file m --depfile ./m
clash ./program.tar -o program.tar
clash ./program.tar -o link.tar
clash ./hello -o o.tar --add file:/x --digest-file file
cmp -s hello program.tar
ok "the program is as it was"
run "$SCRATCHPACK" ./hello -q -o oci:layout:a -o oci:layout:b -o /dev/null --digest-file /dev/null
exits 0 "two images in one layout, and /dev/null, are no clash"
done_testing
