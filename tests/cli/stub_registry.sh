#!/bin/bash
# The scripted registry that other tests rely on does what its head says.
. "$(dirname "$0")/../registry/lib.sh"

make_cert good
start_stub --server "secure=good.pem,good.key"
url=http://$REGISTRY/v2

curl_() {
	curl -sS --noproxy '*' --max-time 20 "$@"
}
code() {
	curl_ -o /dev/null -w '%{http_code}' "$@"
}
push_blob() { # FILE
	local digest where
	digest=sha256:$(sha256sum "$1" | cut -d' ' -f1)
	where=$(curl_ -X POST -i "$url/a/b/blobs/uploads/" | tr -d '\r' | sed -n 's/^Location: //p')
	code -T "$1" "http://$REGISTRY$where&digest=$digest"
}
printf 'some bytes' >some
digest=sha256:$(sha256sum some | cut -d' ' -f1)
is "$(push_blob some)" 201 "a blob is pushed"
curl_ -o got "$url/a/b/blobs/$digest"
same got some "and pulled"
is "$(code -X POST "$url/c/d/blobs/uploads/?mount=$digest&from=a/b")" 201 "and mounted"
is "$(code -X POST "$url/c/d/blobs/uploads/?digest=sha256:00" --data-binary x)" 400 "a digest that lies is refused"
is "$(code "$url/a/b/manifests/none")" 404 "no manifest"
is "$(code -T some "$url/a/b/manifests/v1" -H 'Content-Type: x/y')" 400 "a manifest that is none"
echo '{"schemaVersion":2}' >manifest
is "$(code -T manifest "$url/a/b/manifests/v1" -H 'Content-Type: x/y')" 201 "a manifest"
like "$(curl_ -I "$url/a/b/manifests/v1")" 'Content-Type: x/y' "with its media type"
is "$(stub_state .tags)" '{"a/b:v1":"sha256:'"$(sha256sum manifest | cut -d' ' -f1)"'"}' "its state can be asked for"
is "$(stub_log 'select(.status == 404) | .method + " " + .path')" '"GET /v2/a/b/manifests/none"' "requests are logged"
is "$(code --cacert ca.pem "https://127.0.0.1:$(stub_port secure)/v2/")" 200 "TLS"
is "$(code "https://127.0.0.1:$(stub_port secure)/v2/" 2>/dev/null)" 000 "by an authority nobody knows"

stub_config '{"auth":"basic"}'
is "$(code "$url/")" 401 "Basic: without a name"
is "$(code -u canary-user:canary-password "$url/")" 200 "with one"
stub_config '{"auth":"bearer","token_uses":2}'
like "$(curl_ -i "$url/a/b/manifests/v1")" \
	'WWW-Authenticate: Bearer realm="http://127.0.0.1:[0-9]+/token",service="stub",scope="repository:a/b:pull"' \
	"Bearer: the challenge"
is "$(code "http://$REGISTRY/token?scope=repository:a/b:pull")" 401 "a token is not for everyone"
token=$(curl_ -u canary-user:canary-password "http://$REGISTRY/token?scope=repository:a/b:pull" | jq -r .token)
is "$(code -H "Authorization: Bearer $token" "$url/a/b/manifests/v1")" 200 "it opens what it is for"
is "$(code -H "Authorization: Bearer $token" "$url/c/d/blobs/$digest")" 401 "nothing else"
is "$(code -H "Authorization: Bearer $token" "$url/a/b/manifests/v1")" 401 "and as often as it may"

stub_config '{"auth":"none"}'
stub_rules '{"path":"/manifests/","skip":1,"times":1,"status":429,"headers":{"Retry-After":"1"}}' \
	'{"path":"/blobs/sha","set":{"Location":"{other}{path}","Docker-Content-Digest":"lie"},"mangle":"flip"}'
is "$(code "$url/a/b/manifests/v1") $(code "$url/a/b/manifests/v1") $(code "$url/a/b/manifests/v1")" \
	"200 429 200" "a rule acts when it is told to"
like "$(curl_ -i "$url/a/b/blobs/$digest")" "Location: http://$OTHER/v2/a/b/blobs/$digest" "headers are changed"
is "$(curl_ "$url/a/b/blobs/$digest" | cmp -l - some | wc -l)" 1 "bytes too"
for where in now body silent headers response; do
	stub_rules '{"path":"/manifests/","reset":"'$where'"}'
	isnt "$(curl_ "$url/a/b/manifests/v1" 2>&1 >/dev/null)" "" "reset: $where"
done
stub_rules '{"path":"/manifests/","endless":true}'
is "$(curl_ "$url/a/b/manifests/v1" 2>/dev/null | head -c 1000000 | wc -c)" 1000000 "a body without end"
is "$(<"$STUB/errors")" "" "nothing went wrong in it"
done_testing
