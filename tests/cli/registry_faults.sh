#!/bin/bash
# What goes wrong between us and a registry: tried again where that may help, told where
# it does not, and no credential goes where it does not belong.
. "$(dirname "$0")/../registry/lib.sh"

static_hello hello
head -c 6000000 /dev/urandom >noise
make_cert good
CERT_NAMES=DNS:elsewhere.example make_cert wrong
start_stub --server secure=good.pem,good.key --server wrong=wrong.pem,wrong.key \
	--server old=good.pem,good.key,tls1.1
"$SCRATCHPACK" hello --add noise:/noise -q -o hello.tar -t hello:v1 --compress none >line
digest=$(sed 's/.*@//' line)
creds=(--creds canary-user:canary-password)

S() {
	run "$SCRATCHPACK" "$@"
}
fresh() { # RULE...
	stub_reset
	[ $# -eq 0 ] || stub_rules "$@"
}
pushes() { # TEXT RULE...
	local text=$1
	shift
	fresh "$@"
	S push hello.tar "$REGISTRY/a/b:v1"
	exits 0 "push: $text"
	is "$(stub_tag a/b:v1)" "\"$digest\"" "$text: it is all there"
}
fails() { # CODE REGEX TEXT RULE...
	local code=$1 regex=$2 text=$3
	shift 3
	fresh "$@"
	S push hello.tar "$REGISTRY/a/b:v1" --tries 2
	exits "$code" "push: $text"
	like "$stderr" "$regex" "$text: it says why"
	is "$(stub_tag a/b:v1)" null "$text: no tag moved"
}

# --- what passes ---
pushes "429 with Retry-After" '{"method":"POST","times":1,"status":429,"headers":{"Retry-After":"1"}}'
like "$stderr" 'asks to wait 1 s' "the wait is told"
pushes "429 with a date" '{"method":"HEAD","times":1,"status":429,"headers":{"Retry-After":"Thu, 01 Jan 1970 00:00:01 GMT"}}'
pushes "429 alone" '{"method":"POST","times":1,"status":429}'
pushes "503 on a manifest" '{"method":"PUT","path":"manifests","times":1,"status":503}'
pushes "500 on a blob" '{"method":"PUT","path":"uploads","times":1,"status":500}'
for where in now body silent headers response; do
	pushes "a reset ($where) of a blob" '{"method":"PUT","path":"uploads","times":1,"reset":"'$where'"}'
	pushes "a reset ($where) of a manifest" '{"method":"PUT","path":"manifests","times":1,"reset":"'$where'"}'
done
pushes "an upload that is forgotten" '{"method":"PUT","path":"uploads","times":1,"forget":true}'
pushes "413 for a large piece" '{"method":"PUT","path":"uploads/.*digest","times":1,"skip":1,"status":413}'
pushes "an absolute Location" '{"method":"POST","set":{"Location":"{self}{location}"}}'
pushes "HEAD is not known" '{"method":"HEAD","status":405}'

pushes "HEAD leads to a store that wants none" \
	'{"server":"registry","method":"HEAD","path":"/blobs/","status":307,"headers":{"Location":"{other}/store"}}' \
	'{"server":"other","path":"/store","status":403}'

# A layer that is made on the way: its bytes are gone when a session is lost.
fresh '{"method":"PATCH","skip":1,"times":1,"forget":true}'
S hello --add noise:/noise --compress none -o "docker://$REGISTRY/a/b:v1"
exits 0 "pack: a session that is lost"
is "$(stub_tag a/b:v1)" "\"$digest\"" "the layer is made again"
fresh '{"method":"PATCH","status":416}'
S hello --add noise:/noise --compress none -o "docker://$REGISTRY/a/b:v1"
exits 0 "pack: chunks are refused"
is "$(stub_tag a/b:v1)" "\"$digest\"" "it goes up in one piece"
fresh '{"method":"PATCH","skip":1,"times":1,"reset":"silent"}'
S hello --add noise:/noise --compress none -o "docker://$REGISTRY/a/b:v1"
exits 0 "pack: a chunk whose answer is lost"
fresh '{"method":"POST","set":{"OCI-Chunk-Min-Length":"5000000"}}'
S hello --add noise:/noise --compress none -o "docker://$REGISTRY/a/b:v1"
exits 0 "pack: chunks must be larger"
like "$(stub_log 'select(.method == "PATCH").headers["Content-Range"]' | head -n 1)" '0-4999999' "and are"

# --- what does not pass ---
fails 6 'DENIED|403' "403" '{"method":"POST","status":403,"json":{"errors":[{"code":"DENIED","message":"no"}]}}'
fails 6 'neither Basic nor a Bearer' "401 without a realm" '{"path":"/v2/","status":401,"headers":{"WWW-Authenticate":"Bearer service=\"x\""}}'
fails 5 '501' "501" '{"method":"POST","status":501}'
fails 5 '404' "404" '{"method":"POST","status":404}'
fails 5 '500' "500 for ever" '{"method":"POST","status":500}'
fails 5 'Location' "no Location" '{"method":"POST","set":{"Location":null}}'
fails 5 'user name' "a Location with credentials" '{"method":"POST","set":{"Location":"http://u:p@127.0.0.1:1/x"}}'
fails 5 'redirects more than' "a loop" '{"method":"HEAD","status":307,"headers":{"Location":"{path}"}}'
fails 5 'Retry|429' "429 for a day" '{"method":"POST","status":429,"headers":{"Retry-After":"86400"}}'
fails 4 'was sent|stored' "a manifest that is stored otherwise" '{"method":"PUT","path":"manifests","set":{"Docker-Content-Digest":"sha256:'"$(printf 0%.0s {1..64})"'"}}'
unlike "$stderr" 'canary' "no secrets in messages"
fresh '{"method":"POST","status":500,"endless":true}'
S push hello.tar "$REGISTRY/a/b:v1" --tries 1
exits 5 "an error without end"

# --- down ---
fresh
S push hello.tar "$REGISTRY/a/b:v1"
pull_fails() { # CODE REGEX TEXT RULE
	stub_rules "$4"
	S pull "$REGISTRY/a/b:v1" out.tar --tries 2 --net-timeout 2s
	exits "$1" "pull: $3"
	like "$stderr" "$2" "$3: it says why"
	ok "$3: nothing is left" test ! -e out.tar
}
pull_fails 4 'digest' "a blob with a wrong byte" '{"path":"/blobs/sha256","mangle":"flip"}'
pull_fails 4 'larger than' "one that is too long" '{"path":"/blobs/sha256","mangle":"more"}'
pull_fails 4 'digest' "a manifest that is another" '{"method":"GET","path":"/manifests/","mangle":"flip"}'
pull_fails 4 'digest' "a digest in the headers that is another" '{"method":"GET","path":"/manifests/","set":{"Docker-Content-Digest":"sha256:'"$(printf 0%.0s {1..64})"'"}}'
pull_fails 7 'Content-Type' "a manifest as text/html" '{"method":"GET","path":"/manifests/","set":{"Content-Type":"text/html"}}'
pull_fails 7 'index' "a manifest that is called an index" '{"method":"GET","path":"/manifests/","set":{"Content-Type":"application/vnd.oci.image.index.v1+json"}}'
pull_fails 4 'larger than' "a blob without end" '{"path":"/blobs/sha256","endless":true}'
stub_rules '{"path":"/blobs/sha256","skip":1,"times":1,"reset":"response"}'
S pull "$REGISTRY/a/b:v1" resumed.tar
exits 0 "pull: a blob that breaks off"
like "$(stub_log '.headers.Range')" 'bytes=[1-9][0-9]*-' "goes on where it did"
S verify resumed.tar
exits 0 "and is whole"

stub_rules '{"path":"/blobs/sha256","drip":0.2}'
S pull "$REGISTRY/a/b:v1" out.tar --net-timeout 1s --tries 2
exits 5 "pull: a byte now and then"
stub_rules '{"path":"/manifests/","delay":20}'
S pull "$REGISTRY/a/b:v1" out.tar --net-timeout 1s --tries 2
exits 5 "pull: a server that is silent"

# --- TLS ---
S push hello.tar "127.0.0.1:$(stub_port wrong)/a/b:v1" --ca-file ca.pem
exits 5 "a certificate for another host"
S push hello.tar "127.0.0.1:$(stub_port old)/a/b:v1" --ca-file ca.pem --tries 2
exits 5 "TLS 1.1"
stub_rules '{"server":"secure","path":"/blobs/sha256","method":"GET","status":307,"headers":{"Location":"{other}/x{path}"}}'
S pull "127.0.0.1:$(stub_port secure)/a/b:v1" out.tar --ca-file ca.pem
exits 5 "a redirect from https to http"
like "$stderr" 'from https to http' "is refused"

# --- another host ---
stub_reset
stub_config '{"auth":"bearer"}'
S push hello.tar "$REGISTRY/a/b:v1" "${creds[@]}"
exits 0 "a push with a token"
stub_rules '{"server":"registry","path":"/blobs/sha256","method":"GET","status":307,"headers":{"Location":"{other}/elsewhere{path}"}}' \
	'{"server":"other","path":"elsewhere","status":404}'
stub_forget
S pull "$REGISTRY/a/b:v1" other.tar "${creds[@]}"
isnt "$(stub_log 'select(.server == "other" and (.path | contains("elsewhere"))).path')" "" "a redirect is followed"
is "$(stub_log 'select(.server == "other" and (.path | contains("elsewhere"))).headers | keys[]' | sort -u | grep -ciE 'auth|cookie')" 0 \
	"without what is for the registry"
stub_rules '{"server":"registry","method":"PUT","path":"/manifests/","times":2,"expire":true}'
S push hello.tar "$REGISTRY/a/c:v1" "${creds[@]}"
exits 0 "a token that expires on the way"

# --- interrupts ---
fresh '{"method":"PUT","path":"uploads","delay":30}'
background "$SCRATCHPACK" push hello.tar "$REGISTRY/a/b:v1"
wait_for 10 grep -q uploads "$STUB/log"
sleep 0.3
start=$SECONDS
kill -TERM "$pid"
wait "$pid"
is $? 143 "a signal"
ok "ends it at once" test $((SECONDS - start)) -le 3
is "$(stub_tag a/b:v1)" null "and no tag moved"
done_testing
