#!/bin/sh
# demo.sh SCRATCHPACK: packs a static sample and a real dynamic program, shows what
# came out and how to run it.  Writes into build/demo; runs no container.

set -eu
scratchpack=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
out=build/demo

title() {
	printf '\n== %s ==\n\n' "$*"
}

# Show a command as a user would type it, then run it.
show() {
	printf '$ %s\n' "$*"
	command=$1
	shift
	if [ "$command" = scratchpack ]; then
		"$scratchpack" "$@"
	else
		"$command" "$@"
	fi
	echo
}

rm -rf "$out"
mkdir -p "$out"

title 'A static program: one file, as FROM scratch and COPY would make it'
make -s -C samples CC="${CC:-cc}" OUT="$PWD/$out" "$PWD/$out/hello"
cd "$out"
show scratchpack ./hello -o hello.tar
show scratchpack inspect hello.tar

title 'A real dynamic program: its loader and libraries come with it'
show scratchpack /bin/ls -o ls.tar -- -l /
show scratchpack inspect /bin/ls
show scratchpack verify ls.tar
show ls -l hello.tar ls.tar

title 'To run them'
cat <<END
docker load -i $out/hello.tar && docker run --rm hello one two
docker load -i $out/ls.tar    && docker run --rm ls

podman load -i $out/hello.tar && podman run --rm hello one two
podman run --rm oci-archive:$out/ls.tar

Next: build/scratchpack help
END
