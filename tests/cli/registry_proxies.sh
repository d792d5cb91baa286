#!/bin/bash
# Proxies: which requests go by them, what they are told, and what is said when they do not
# do their work.  Every name of these tests leads to this machine, by way of the proxy.
. "$(dirname "$0")/../registry/lib.sh"

static_hello hello
"$SCRATCHPACK" ./hello -q -o hello.tar -t hello:v1 >line
digest=$(sed 's/.*@//' line)
CERT_NAMES=DNS:registry.test make_cert good
start_stub --server "secure=good.pem,good.key"
stub_config '{"auth":"basic"}'
creds=(--creds canary-user:canary-password)
http=(--plain-http registry.test --net-timeout 5s --tries 2)
tls=(--ca-file ca.pem --net-timeout 5s --tries 2)
: >said

start_proxy() { # NAME ARG...: sets $proxy, HOST:PORT
	mkdir "$1"
	background python3 -B "$TOP/tests/registry/proxy.py" "$@"
	wait_for 20 test -e "$1/proxy.port"
	ok "the proxy $1 runs"
	proxy=127.0.0.1:$(<"$1/proxy.port")
}
S() {
	run timeout 40 env "${env[@]}" "$SCRATCHPACK" "$@"
	cat "$RUN/stdout" "$RUN/stderr" >>said
}
went() { # NAME [JQ]
	jq -c "${2:-.}" "$1/proxy.log"
}

to=(--to registry.test="$(stub_port registry)")
start_proxy clear "${to[@]}"
env=(HTTP_PROXY=http://"$proxy")
S push hello.tar registry.test/a/b:v1 "${http[@]}" "${creds[@]}"
exits 0 "in the clear: a push"
is "$(stub_tag a/b:v1)" "\"$digest\"" "arrives"
S pull registry.test/a/b:v1 out.tar "${http[@]}" "${creds[@]}"
exits 0 "and comes back"
is "$(went clear .target | grep -cv '^"http://registry.test/v2/')" 0 "the proxy is asked for whole URLs"
S "$T/hello" -q -o docker://registry.test/packed:v1 "${http[@]}" "${creds[@]}"
exits 0 "and what is packed goes up in chunks by it"
env=(http_proxy=http://"$proxy" HTTP_PROXY=http://127.0.0.1:1)
S tags registry.test/a/b "${http[@]}" "${creds[@]}"
exits 0 "lower case comes first"
env=(ALL_PROXY="$proxy")
S tags registry.test/a/b "${http[@]}" "${creds[@]}"
exits 0 "ALL_PROXY, without a scheme"
env=(HTTP_PROXY=http://"$proxy" NO_PROXY="example.com,registry.test")
: >clear/proxy.log
S tags registry.test/a/b "${http[@]}" "${creds[@]}"
exits 5 "NO_PROXY: the name is not known here"
is "$(went clear)" "" "NO_PROXY: the proxy is not asked"
env=(HTTP_PROXY=http://"$proxy" ALL_PROXY=http://"$proxy")
S tags "$REGISTRY/a/b" "${creds[@]}"
exits 0 "this machine"
is "$(went clear)" "" "this machine: without the proxy"

to=(--to registry.test="$(stub_port secure)")
start_proxy tunnel "${to[@]}" --auth canary-proxy:canary@secret
env=(HTTPS_PROXY=http://canary-proxy:canary%40secret@"$proxy")
stub_reset
stub_config '{"auth":"basic"}'
S push hello.tar registry.test/a/b:v1 "${tls[@]}" "${creds[@]}"
exits 0 "TLS: a push"
is "$(stub_tag a/b:v1)" "\"$digest\"" "TLS: arrives"
S pull registry.test/a/b:v1 tunnel.tar "${tls[@]}" "${creds[@]}"
exits 0 "TLS: and comes back"
is "$(went tunnel '[.method, .target]' | sort -u)" '["CONNECT","registry.test:443"]' "TLS: the proxy makes tunnels alone"
is "$(went tunnel 'select(.auth)')" "" "and is not told who we are to the registry"
is "$(went tunnel 'select(.proxy_auth | not)')" "" "it knows who asks"
is "$(stub_log '.headers["Proxy-Authorization"] // empty')" "" "which the registry does not"
for url in "http://$proxy" "http://canary-proxy:canary-wrong@$proxy"; do
	env=(HTTPS_PROXY="$url" HTTP_PROXY="$url")
	for way in tls http; do
		declare -n options=$way
		S tags registry.test/a/b "${options[@]}" "${creds[@]}"
		exits 6 "$way: a proxy that does not know us"
		like "$stderr" "the proxy http://$proxy \(HTTPS?_PROXY\) (wants|does not take)" "$way: is named"
	done
done

start_proxy refuses --refuse 403
env=(HTTPS_PROXY=http://"$proxy")
S tags registry.test/a/b "${tls[@]}" "${creds[@]}"
exits 5 "a proxy that leads nowhere"
like "$stderr" "the proxy http://$proxy .HTTPS_PROXY. does not lead there: it answers 403" "says so"
is "$(went refuses .method | wc -l)" 1 "and is asked once"
env=(HTTPS_PROXY=http://canary-proxy:canary-secret@127.0.0.1:1)
S tags registry.test/a/b "${tls[@]}" "${creds[@]}"
exits 5 "a proxy that is not there"
like "$stderr" 'the proxy http://127.0.0.1:1 .HTTPS_PROXY.: .*(onnect|refused)' "is named"
env=(HTTPS_PROXY=http://canary-proxy:canary-secret@proxy.invalid)
S tags registry.test/a/b "${tls[@]}" "${creds[@]}"
exits 5 "a proxy that nobody knows"
like "$stderr" 'the proxy http://proxy.invalid:80 .HTTPS_PROXY.: .*resolve' "is named, with the port"
env=(https_proxy=ftp://canary-proxy:canary-secret@127.0.0.1)
S tags registry.test/a/b "${tls[@]}" "${creds[@]}"
exits 2 "what is no proxy"
like "$stderr" 'https_proxy in the environment' "is named by its variable"

start_proxy silent --silent
env=(HTTP_PROXY=http://"$proxy")
SECONDS=0
S tags registry.test/a/b --plain-http registry.test --net-timeout 1s --retry-time 2s "${creds[@]}"
exits 5 "a proxy that is silent"
like "$stderr" "the proxy http://$proxy" "is named"
ok "silence is waited for within --retry-time" test "$SECONDS" -lt 8

is "$(grep -c canary said)" 0 "no secret was said"
done_testing
