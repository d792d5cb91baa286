# shellcheck shell=bash
# A scripted registry for the tests; tests/registry/stub.py says what it can be told.
#
#	start_stub [ARG...]	starts it; sets $REGISTRY (127.0.0.1:PORT) and $OTHER, the second
#				host; ARGs go to stub.py
#	stub_port NAME		the port of a server added by --server NAME=CERT,KEY
#	stub_config JSON	changes its settings
#	stub_rules JSON...	how it behaves from now on: one argument a rule
#	stub_reset		forgets everything: contents, rules, settings, log
#	stub_state [JQ]		tags, manifests, blobs, open uploads
#	stub_settled		waits until the log has all that was answered, as stub_log does
#	stub_forget		empties the log
#	stub_tag NAME		what a tag stands for, as JSON
#	stub_log [JQ]		the requests, one JSON object a line; JQ filters them
#	make_cert NAME [ARG...]	NAME.pem and NAME.key, for 127.0.0.1 unless openssl's ARGs say
#				otherwise; signed by ca.pem, which it makes
#
# The credentials that the registry takes and gives contain "canary".

. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

STUB=$T/stub
# No file of the user's takes part.
export HOME=$T/home
mkdir -p "$HOME"
unset REGISTRY_AUTH_FILE XDG_RUNTIME_DIR XDG_CONFIG_HOME SSL_CERT_FILE SSL_CERT_DIR \
	http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY

start_stub() {
	need python3 jq curl
	mkdir -p "$STUB"
	background python3 -B "$TOP/tests/registry/stub.py" "$STUB" "$@" 2>"$STUB/errors"
	if ! wait_for 20 test -e "$STUB/other.port"; then
		_value 'stub:' "$(<"$STUB/errors")"
		echo 'Bail out! the scripted registry does not start'
		exit 1
	fi
	REGISTRY=127.0.0.1:$(stub_port registry)
	OTHER=127.0.0.1:$(stub_port other)
}

stub_port() {
	cat "$STUB/$1.port"
}

# Without curl, which takes longer to start than the registry to answer.
_stub() { # METHOD WHAT [BODY]
	local stub status line answer body=${3-}
	exec {stub}<>"/dev/tcp/${OTHER/://}" || return 1
	printf '%s /_stub/%s HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s' "$1" "$2" ${#body} "$body" >&"$stub"
	read -r _ status line <&"$stub"
	while IFS= read -r line && [ "$line" != $'\r' ]; do :; done <&"$stub"
	IFS= read -r -d '' answer <&"$stub"
	exec {stub}>&-
	printf '%s' "$answer"
	[ "$status" = 200 ]
}

stub_config() {
	_stub PUT config "$1" >/dev/null
}

stub_rules() {
	local rules
	printf -v rules '%s,' "$@"
	_stub PUT rules "[${rules%,}]" >/dev/null
}

stub_reset() {
	_stub POST reset '' >/dev/null
}

stub_state() {
	_stub GET state | jq -c "${1:-.}"
}

stub_settled() {
	_stub GET settled >/dev/null
}

stub_forget() {
	stub_settled
	: >"$STUB/log"
}

# jq takes longer to start than the registry to answer.
stub_tag() {
	local state
	state=$(_stub GET state) || return 1
	if [[ $state =~ \"tags\":\ \{[^}]*\""$1"\":\ (\"sha256:[0-9a-f]{64}\") ]]; then
		echo "${BASH_REMATCH[1]}"
	else
		echo null
	fi
}

stub_log() {
	stub_settled
	jq -c "${1:-.}" "$STUB/log"
}

_make_ca() {
	[ -e ca.pem ] && return
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj '/CN=test authority' -keyout ca.key -out ca.pem 2>/dev/null
}

make_cert() { # NAME [ARG...]
	local name=$1
	shift
	_make_ca
	[ $# -gt 0 ] || set -- -days 2
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" \
		-keyout "$name.key" -out "$name.csr" 2>/dev/null
	printf 'subjectAltName=%s\n' "${CERT_NAMES:-IP:127.0.0.1,DNS:localhost}" >"$name.ext"
	openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca.key -CAcreateserial \
		-extfile "$name.ext" -out "$name.pem" "$@" 2>/dev/null
}
