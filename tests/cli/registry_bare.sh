#!/bin/bash
# A machine on which no certificates of authorities are installed, as a bare one: what can
# be done without them is done, and one is told what is missing.
. "$(dirname "$0")/../registry/lib.sh"

flags=-m
unshare -m true 2>/dev/null || flags=-rm
unshare $flags true 2>/dev/null || skip_all "no mounts of one's own here"
static_hello hello
make_cert good
start_stub --server secure=good.pem,good.key
"$SCRATCHPACK" hello -q -o hello.tar >/dev/null
secure=127.0.0.1:$(stub_port secure)

# S ARG...: the command, where /etc/ssl/certs is empty
S() {
	run unshare $flags sh -c 'mount -t tmpfs tmpfs /etc/ssl/certs && exec "$@"' sh "$SCRATCHPACK" "$@"
}
# Debian's and others'; where libcurl has another file this is a machine like any other
bundle=$(curl-config --ca 2>/dev/null)
case ${bundle:-/etc/ssl/certs/} in
/etc/ssl/certs/*) ;;
*) skip_all "libcurl has its certificates in $bundle" ;;
esac

S push hello.tar "$REGISTRY/a/b:v1"
exits 0 "a registry in the clear on this machine"
S push hello.tar "$secure/a/b:v1" --ca-file ca.pem
exits 0 "one whose certificate is given"
S push hello.tar "$secure/a/b:v1" --tls-verify=false
exits 0 "one that need not be trusted"
S push hello.tar "$secure/a/b:v1"
exits 5 "one that is not trusted"
like "$stderr" 'no certificates of authorities.*install ca-certificates' "what to do"
done_testing
