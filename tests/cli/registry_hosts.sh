#!/bin/bash
# Whom a client trusts with what: realms of tokens, other hosts, certificates; and what
# registries do differently.  No other host ever sees a credential, and nothing that is
# said or written holds one.
. "$(dirname "$0")/../registry/lib.sh"

static_hello hello
"$SCRATCHPACK" ./hello -q -o hello.tar -t hello:v1 >line
digest=$(sed 's/.*@//' line)
make_cert good
make_cert client
make_cert expired -not_before 20200101000000Z -not_after 20200102000000Z ||
	make_cert expired -days 0
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=self \
	-addext subjectAltName=IP:127.0.0.1 -keyout self.key -out self.pem 2>/dev/null
start_stub --server "secure=good.pem,good.key,ca=ca.pem" --server "far=good.pem,good.key,ca=ca.pem" \
	--server expired=expired.pem,expired.key --server self=self.pem,self.key
creds=(--creds canary-user:canary-password)
auth=$(printf 'canary-user:canary-password' | base64)
: >said

S() {
	run "$SCRATCHPACK" "$@"
	cat "$RUN/stdout" "$RUN/stderr" >>said
}
fresh() { # RULE...
	stub_reset
	[ $# -eq 0 ] || stub_rules "$@"
}
# Requests to a server that hold anything that is the registry's alone.
leaks() { # SERVER
	stub_log 'select(.server == "'"$1"'")' | grep -iE '"(authorization|cookie|proxy-authorization)"|canary-(user|password|token|refresh)|'"$auth"'|"client_cert":true'
}
seen() { # SERVER: how many requests
	stub_log 'select(.server == "'"$1"'").path' | wc -l
}

# --- redirects and Location to another host ---
fresh '{"server":"registry","method":"GET","path":"/blobs/sha256","status":307,"headers":{"Location":"{other}/v2/a/b/blobs/x?sig=canary-signature","Set-Cookie":"a=canary-cookie"}}' \
	'{"server":"other","path":"/x","status":404}'
stub_config '{"auth":"basic"}'
S push hello.tar "$REGISTRY/a/b:v1" "${creds[@]}"
exits 0 "a push with Basic"
S pull "$REGISTRY/a/b:v1" out.tar "${creds[@]}"
isnt "$status" 0 "blobs at another host that has none"
ok "it was asked" test "$(seen other)" -gt 0
is "$(leaks other)" "" "and told nothing"
unlike "$stderr" 'canary-(signature|cookie)' "an address that is signed is not shown"
for kind in basic bearer; do
	fresh
	stub_config '{"auth":"'$kind'"}'
	# the store takes the upload, as those of clouds do
	stub_rules '{"server":"registry","method":"POST","set":{"Location":"{other}{location}"}}'
	S push hello.tar "$REGISTRY/a/b:v1" "${creds[@]}"
	exits 0 "$kind: uploads go to another host"
	ok "$kind: they went there" test "$(stub_log 'select(.server == "other" and .method != "GET").path' | wc -l)" -gt 1
	is "$(leaks other | grep -v canary-state)" "" "$kind: without what is for the registry"
	is "$(stub_tag a/b:v1)" "\"$digest\"" "$kind: and the image is whole"
done
fresh '{"server":"secure","method":"POST","set":{"Location":"{other}{location}"}}'
S push hello.tar "127.0.0.1:$(stub_port secure)/a/b:v1" --ca-file ca.pem
exits 5 "an upload from https to http"
is "$(seen other)" 0 "no byte of it went there"
mkdir certs
cp client.pem certs/client.cert
cp client.key certs/client.key
cp ca.pem certs/ca.crt
fresh '{"server":"secure","method":"GET","path":"/blobs/sha256","status":307,"headers":{"Location":"{far}{path}"}}'
S push hello.tar "127.0.0.1:$(stub_port secure)/a/b:v1" --cert-dir certs
exits 0 "a client certificate"
is "$(stub_log 'select(.server == "secure").client_cert' | sort -u)" true "is shown to the registry"
S pull "127.0.0.1:$(stub_port secure)/a/b:v1" cert.tar --cert-dir certs --ca-file ca.pem
exits 0 "blobs of another host with TLS"
ok "it was asked" test "$(seen far)" -gt 0
is "$(leaks far)" "" "and shown no certificate"
fresh
stub_config '{"auth":"bearer","realm":"{far}/token"}'
S push hello.tar "127.0.0.1:$(stub_port secure)/a/b:v1" --cert-dir certs --ca-file ca.pem "${creds[@]}"
exits 0 "a token server on another host"
ok "it was asked" test "$(seen far)" -gt 0
is "$(stub_log 'select(.server == "far").client_cert' | sort -u)" false "and shown no certificate of the registry's"
is "$(stub_log 'select(.server == "secure").client_cert' | sort -u)" true "which the registry sees"
mkdir -p "$HOME/.config/containers/certs.d"
cp -r certs "$HOME/.config/containers/certs.d/127.0.0.1:$(stub_port secure)"
fresh
stub_config '{"auth":"bearer","realm":"{far}/token"}'
S push hello.tar "127.0.0.1:$(stub_port secure)/a/b:v1" --ca-file ca.pem "${creds[@]}"
exits 0 "certs.d"
is "$(stub_log 'select(.client_cert).server' | sort -u)" '"secure"' "is for the host of its name alone"
rm -r "$HOME/.config"

# --- realms ---
realm() { # REALM TEXT
	fresh
	stub_config '{"auth":"bearer","realm":"'"$1"'"}'
	S push hello.tar "$REGISTRY/a/b:v1" "${creds[@]}" --tries 1
	ok "realm: $2" test "$status" = 5 -o "$status" = 6
	like "$stderr" 'token server|realm' "$2: says why"
	is "$(stub_log 'select(.headers.Authorization != null and .server == "registry")' | grep -c "$auth")" 0 \
		"$2: the password stays here"
}
realm 'ftp://127.0.0.1/token' "of another scheme"
realm 'token' "that is no URL"
realm 'http://user:pw@127.0.0.1/token' "with a user"
realm 'http://169.254.169.254/latest/meta-data' "of a cloud's inside"
realm 'http://10.0.0.1/token' "of a private net"
realm 'http://example.invalid/token' "in the clear, far away"
like "$stderr" 'example.invalid in the clear; that is refused' "and nobody is asked where that is"
fresh '{"path":"/token","status":307,"headers":{"Location":"{other}/token"}}'
stub_config '{"auth":"bearer"}'
S push hello.tar "$REGISTRY/a/b:v1" "${creds[@]}" --tries 1
is "$(leaks other)" "" "a token server that leads elsewhere: the password does not follow"
fresh '{"path":"/token","endless":true}'
stub_config '{"auth":"bearer"}'
S push hello.tar "$REGISTRY/a/b:v1" "${creds[@]}" --tries 1
ok "a token without end" test "$status" = 5 -o "$status" = 6
fresh '{"path":"/token","status":200,"body":"<html>"}'
stub_config '{"auth":"bearer"}'
S push hello.tar "$REGISTRY/a/b:v1" "${creds[@]}" --tries 1
ok "a token that is no JSON" test "$status" = 5 -o "$status" = 6
fresh '{"path":"/token","status":200,"json":{"token":"canary-token\r\nX-Evil: 1"}}'
stub_config '{"auth":"bearer"}'
S push hello.tar "$REGISTRY/a/b:v1" "${creds[@]}" --tries 1
isnt "$status" 0 "a token with a line break"
is "$(stub_log '.headers["X-Evil"] // empty')" "" "makes no header"
fresh
stub_config '{"auth":"bearer","token_key":"access_token"}'
S push hello.tar "$REGISTRY/a/b:v1" "${creds[@]}"
exits 0 "access_token"
stub_config '{"auth":"bearer","anonymous":true}'
S pull "$REGISTRY/a/b:v1" anonymous.tar
exits 0 "a token for anyone pulls"
S push hello.tar "$REGISTRY/a/b:v2"
exits 6 "and does not push"
stub_config '{"auth":"bearer","token_uses":3}'
S push hello.tar "$REGISTRY/c/d:v1" "${creds[@]}"
exits 0 "tokens that expire during a push"
fresh '{"status":401,"headers":{"WWW-Authenticate":"Negotiate"}}'
S push hello.tar "$REGISTRY/a/b:v1" "${creds[@]}" --tries 1
exits 6 "a way to log in that nobody knows"
fresh '{"status":401}'
S push hello.tar "$REGISTRY/a/b:v1" "${creds[@]}" --tries 1
exits 6 "401 without a challenge"

# --- certificates ---
for name in expired self; do
	S push hello.tar "127.0.0.1:$(stub_port $name)/a/b:v1" --ca-file ca.pem --tries 1 "${creds[@]}"
	exits 5 "a certificate that is $name"
	like "$stderr" '[Cc]ertificate|self' "$name: says so"
	is "$(seen $name)" 0 "$name: nothing was asked"
done
fresh
S push hello.tar "127.0.0.1:$(stub_port self)/a/b:v1" --insecure "127.0.0.1:$(stub_port self)"
exits 0 "--insecure names the one"
S push hello.tar "127.0.0.1:$(stub_port self)/a/b:v1" --insecure "127.0.0.1:$(stub_port expired)" --tries 1
exits 5 "and is for no other"

# A server of this machine that speaks http alone is found without a handshake, one with
# TLS is not spoken to in the clear.
fresh
stub_config '{"answer_noise":false}'
S push hello.tar "$REGISTRY/a/b:v1" --tries 1
exits 0 "http alone, and no word to who does not speak it"
S push hello.tar "127.0.0.1:$(stub_port secure)/a/b:v1" --ca-file ca.pem
exits 0 "TLS on this machine"
is "$(stub_log 'select(.server == "secure").status' | grep -c 400)" 0 "and nothing in the clear"
python3 -c 'import socket, time; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1], flush=True); time.sleep(60)' >silent &
silent=$!
wait_for 10 test -s silent
SECONDS=0
S tags "127.0.0.1:$(<silent)/a/b" --tries 1 --net-timeout 1s
exits 5 "a port where nobody answers"
ok "not even a handshake, for which nobody waits longer" test $SECONDS -lt 8
kill $silent

# --- what registries do differently ---
for code in 408 499 500 502 503 504 522; do
	fresh '{"method":"HEAD","times":1,"status":'$code'}' '{"method":"PUT","path":"manifests","times":1,"status":'$code'}'
	S push hello.tar "$REGISTRY/a/b:v1"
	exits 0 "$code now and then"
done
for code in 400 405 409 451; do
	fresh '{"method":"PUT","path":"manifests","status":'$code'}'
	S push hello.tar "$REGISTRY/a/b:v1"
	isnt "$status" 0 "$code for a manifest"
	is "$(stub_log 'select(.method == "PUT" and (.path | test("manifests")))' | wc -l)" 1 "$code: is not tried again"
	is "$(stub_state .tags)" '{}' "$code: no tag moved"
done
fresh
stub_config '{"mount":false}'
S push hello.tar "$REGISTRY/a/b:v1"
S copy "docker://$REGISTRY/a/b:v1" "docker://$REGISTRY/c/d:v1"
exits 0 "a mount that is refused"
is "$(stub_tag c/d:v1)" "\"$digest\"" "is a copy"
for code in 400 401 403 404 405 500; do
	stub_rules '{"method":"POST","path":"mount=","status":'$code',"headers":{"WWW-Authenticate":"Bearer realm=\"{self}/token\""}}'
	S copy "docker://$REGISTRY/a/b:v1" "docker://$REGISTRY/m/m$code:v1" "${creds[@]}"
	exits 0 "$code for a mount"
	is "$(stub_state ".tags[\"m/m$code:v1\"]")" "\"$digest\"" "$code for a mount: is a copy"
done
# success has many names
fresh '{"method":"PUT","path":"uploads","as":204}' '{"method":"PUT","path":"manifests","as":200}' '{"method":"PATCH","as":201}'
S push hello.tar "$REGISTRY/a/b:v1"
exits 0 "204 for a blob and 200 for a manifest"
is "$(stub_tag a/b:v1)" "\"$digest\"" "are as good as 201"
head -c 6000000 /dev/urandom >noise
fresh '{"method":"PATCH","as":201}'
S ./hello --add noise:/noise -o "docker://$REGISTRY/a/n:v1"
exits 0 "201 for a chunk"
fresh '{"method":"PATCH","skip":1,"set":{"Range":"0-4194303"}}'
S ./hello --add noise:/noise -o "docker://$REGISTRY/a/n:v1"
exits 0 "a Range that stays at the first chunk"
isnt "$(stub_tag a/n:v1)" null "and the image is there"
is "$(stub_log 'select(.method == "PATCH" and .received > 4194304)')" "" "no chunk is larger than 4 MiB"
fresh '{"method":"PUT","path":"manifests","times":1,"status":429}' '{"method":"POST","times":1,"status":429}'
S push hello.tar "$REGISTRY/a/b:v1"
exits 0 "429 without a word on when"
fresh '{"method":"POST","times":1,"status":401}'
stub_config '{"auth":"bearer"}'
S push hello.tar "$REGISTRY/a/b:v1" "${creds[@]}"
exits 0 "401 without a challenge now and then"
fresh
S push hello.tar "$REGISTRY/a/b:v1"
# the tag goes on while we pull: what was begun is what comes
"$SCRATCHPACK" ./hello -q -e A=B -o second.tar -t hello:v1 >/dev/null
S push second.tar "$REGISTRY/e/f:v1"
stub_rules '{"path":"/e/f/manifests/v1","skip":1,"status":404}'
S pull "$REGISTRY/e/f:v1" race.tar
exits 0 "a tag is asked for once"
for body in '"status":404' '"status":400' '"status":200,"body":"<html>","headers":{"Content-Type":"text/html"}' '"status":200,"body":"{"'; do
	stub_rules '{"path":"/referrers/",'"$body"'}'
	S referrers "$REGISTRY/e/f:v1"
	ok "referrers: $body" test "$status" = 0 -o "$status" = 5 -o "$status" = 7
done

# --- all that was said ---
is "$(grep -cE "canary-(password|token|refresh|cookie|signature)|$auth" said)" 0 "no secret was said"
is "$(grep -rlE "canary-(password|token|refresh)|$auth" . --exclude-dir=stub)" "" "none was written"
done_testing
