#!/bin/bash
# Push, pull, copy, index and lists against a registry that behaves, and one that asks
# for credentials: what is sent, in which order, and with which rights.
. "$(dirname "$0")/../registry/lib.sh"

static_hello hello
start_stub
"$SCRATCHPACK" hello -q -o hello.tar -t hello:v1 >line
digest=$(sed 's/.*@//' line)

S() {
	run "$SCRATCHPACK" "$@"
}
paths() { # what was asked for, without uploads' names
	stub_settled
	jq -r '.method + " " + .path' "$STUB/log" | sed 's/uploads\/[^?]*/uploads\/ID/; s/_state=[^&]*//'
}

# --- push: the order of things ---
S push hello.tar "$REGISTRY/a/b:v1"
exits 0 "push"
is "$stdout" "$REGISTRY/a/b@$digest" "its result is one line"
like "$(paths | tail -n 1)" 'PUT /v2/a/b/manifests/v1' "the tag is the last thing that is written"
is "$(paths | grep -c '^HEAD /v2/a/b/blobs/')" 2 "each blob is asked for"
is "$(stub_tag a/b:v1)" "\"$digest\"" "the tag stands for the image"
stub_forget
S push hello.tar "$REGISTRY/a/b:v1"
exits 0 "the same again"
is "$(paths | grep -cE '^(POST|PUT|PATCH)')" 0 "moves nothing"
stub_forget
S push hello.tar "$REGISTRY/a/b:v2"
is "$(paths | grep -E '^(POST|PUT|PATCH)')" "PUT /v2/a/b/manifests/v2" "another tag is one request"
stub_forget
S copy "docker://$REGISTRY/a/b:v1" "docker://$REGISTRY/c/d:v1"
exits 0 "a copy in the registry"
is "$(paths | grep -c 'mount=sha256:.*from=a/b')" 2 "mounts the blobs"
is "$(paths | grep -cE '^(PATCH|GET .*/blobs/sha256|PUT .*uploads)')" 1 "and reads the configuration alone"

# --- a name without a tag ---
for how in "hello -o docker://$REGISTRY/no/pack" "push hello.tar $REGISTRY/no/push" \
	"copy hello.tar docker://$REGISTRY/no/copy" "index $REGISTRY/no/index hello.tar"; do
	# shellcheck disable=SC2086
	S $how
	exits 0 "$how"
	name=${how%%" hello.tar"}
	name=${name##*"$REGISTRY/"}
	isnt "$(stub_state ".tags[\"$name:latest\"]")" null "$name: stands under latest"
done
S pull "$REGISTRY/no/push" latest.tar
exits 0 "and is pulled by its name alone"

# --- what a layout has is not fetched again ---
S pull "$REGISTRY/a/b:v1" kept/
exits 0 "pull into a layout"
stub_forget
S pull "$REGISTRY/a/b:v1" kept/
exits 0 "and again"
is "$(paths | grep -cE '^GET .*/blobs/')" 1 "reads the configuration alone"
layer=$(jq -r '.layers[0].digest' "kept/blobs/sha256/${digest#sha256:}")
file=kept/blobs/sha256/${layer#sha256:}
cp "$file" layer
printf X | dd of="$file" conv=notrunc bs=1 seek=20 status=none
stub_forget
S pull "$REGISTRY/a/b:v1" kept/
exits 0 "a layer whose bytes are wrong"
is "$(paths | grep -cE "^GET .*/blobs/$layer")" 1 "is fetched"
same "$file" layer "and put right"
is "$(find kept -name '.*' | wc -l) $(find kept -type f -links +1 | wc -l)" "0 0" \
	"nothing is left beside the blobs"

# --- pack straight into it ---
stub_forget
S hello -o "docker://$REGISTRY/p/q:v1"
exits 0 "pack pushes"
is "$stdout" "$REGISTRY/p/q@$digest" "the same image"
stub_forget
S hello -o "docker://$REGISTRY/p/q:v1"
is "$(paths | grep -cE '^(POST|PUT|PATCH)')" 0 "packed again it moves nothing"
head -c 9000000 /dev/urandom >noise
stub_forget
S hello --add noise:/noise -o "docker://$REGISTRY/p/big:v1"
exits 0 "a large layer"
is "$(paths | grep -c '^PATCH')" 3 "goes up in chunks while it is made"
like "$(stub_log '[select(.method == "PATCH").headers["Content-Range"]]' | tr -d '[]\n')" \
	'"0-4194303""4194304-8388607""8388608-[0-9]+"' "one after the other"
big=${stdout#*@}
stub_forget
S hello --add noise:/noise -o "docker://$REGISTRY/p/big:v1"
exits 0 "the large one again"
is "$(paths | grep -cE '^(POST|PUT|PATCH)')" 0 "moves nothing either"
stub_forget
S hello --add noise:/noise -o "docker://$REGISTRY/p/big:v1" -o big.tar
exits 0 "with another destination"
is "$(paths | grep -cE '^(POST|PUT|PATCH)')" 0 "moves nothing either"
S verify big.tar
exits 0 "the other one is whole"
S push big.tar "$REGISTRY/p/piece:v1" --chunk-size 5000000
exits 0 "chunks of a size that is asked for"

# --- pull ---
S pull "$REGISTRY/a/b:v1" back.tar
exits 0 "pull"
is "$stdout" "$REGISTRY/a/b@$digest" "its result"
S verify back.tar
exits 0 "what came is whole"
S pull "$REGISTRY/a/b@$digest" layout/
exits 0 "by digest, into a layout"
S verify "docker://$REGISTRY/p/big:v1"
exits 0 "verify reads from a registry"
S pull "$REGISTRY/a/b:none" no.tar
exits 5 "a tag that is not there"
like "$stderr" 'no such image' "is said to be so"
ok "nothing is left" test ! -e no.tar

# --- index, tags, referrers ---
mkdir other
cat >other/edit.py <<'EOF'
import json, hashlib, sys
# the same image, as if for another platform
import os
root = sys.argv[1]
def blob(d): return os.path.join(root, "blobs", *d.split(":"))
def put(data):
	d = "sha256:" + hashlib.sha256(data).hexdigest()
	open(blob(d), "wb").write(data)
	return {"digest": d, "size": len(data)}
index = json.load(open(os.path.join(root, "index.json")))
manifest = json.load(open(blob(index["manifests"][0]["digest"])))
config = json.load(open(blob(manifest["config"]["digest"])))
config["architecture"] = "arm64"
manifest["config"].update(put(json.dumps(config).encode()))
index["manifests"][0].update(put(json.dumps(manifest).encode()))
index["manifests"][0].pop("platform", None)
json.dump(index, open(os.path.join(root, "index.json"), "w"))
EOF
S copy hello.tar arm/
python3 -B other/edit.py arm
S index "$REGISTRY/a/multi:v1" hello.tar arm/
exits 0 "an index of a file and a folder"
S push arm/ "$REGISTRY/a/one:arm"
S index -o "docker://$REGISTRY/a/multi:v2" -o multi.tar "docker://$REGISTRY/a/one:arm" "docker://$REGISTRY/a/b:v1"
exits 0 "an index of two in the registry, to two places"
S index "$REGISTRY/a/multi:v3" hello.tar "docker://$REGISTRY/a/b:v1"
exits 2 "one platform twice"
like "$stderr" 'linux/[a-z0-9]* already' "is refused"
S copy "docker://$REGISTRY/a/multi:v1" all/
exits 0 "an index is copied whole"
S verify all/
like "$stdout" 'arm64' "all of it"
S copy "docker://$REGISTRY/a/multi:v1" one/ --platform linux/arm64
exits 0 "or one platform of it"
is "$(jq -r '.manifests[].mediaType' one/index.json)" application/vnd.oci.image.manifest.v1+json "and no other"
S tags "$REGISTRY/a/multi"
is "$stdout" $'v1\nv2' "tags"
for name in "$REGISTRY/a/multi:v1" "docker://$REGISTRY/a/multi@sha256:$(printf %064d 0)"; do
	stub_forget
	S tags "$name"
	exits 2 "tags of one image"
	like "$stderr" "expected a repository without a tag or digest: $REGISTRY/a/multi" "says what is meant"
	is "$(stub_log)" "" "and nothing is asked"
done
stub_rules '{"path":"/tags/list$|n=1000$","status":200,"json":{"name":"a/multi","tags":["a",null,"../x","b"]},"headers":{"Link":"</v2/a/multi/tags/list?n=2&last=b>; rel=\"next\""}}' \
	'{"path":"last=b","status":200,"json":{"name":"a/multi","tags":["c"]}}'
S tags "$REGISTRY/a/multi"
is "$stdout" $'a\nb\nc' "pages of tags; null and what is no tag are left out"
stub_rules '{"path":"none","status":404}'
S referrers "$REGISTRY/a/b:v1"
exits 0 "no referrers"
is "$stdout" "" "is an empty list"
# What refers to an image: a list of it is kept by the registry, or by us under a tag.
mkdir -p sbom/blobs/sha256
blob() { # TEXT: into the layout; prints digest and size as members of a descriptor
	local sum
	sum=$(printf %s "$1" | sha256sum | cut -d' ' -f1)
	printf %s "$1" >"sbom/blobs/sha256/$sum"
	printf '"digest":"sha256:%s","size":%d' "$sum" "${#1}"
}
oci=application/vnd.oci.image
subject=$(stub_tag a/b:v1)
sbom=$(blob '{"schemaVersion":2,"mediaType":"'$oci'.manifest.v1+json","artifactType":"test/sbom","config":{"mediaType":"application/vnd.oci.empty.v1+json",'"$(blob '{}')"'},"layers":[{"mediaType":"test/sbom",'"$(blob 'a list')"'}],"annotations":{"who":"we"},"subject":{"mediaType":"'$oci'.manifest.v1+json","digest":'"$subject"',"size":1}}')
echo '{"imageLayoutVersion":"1.0.0"}' >sbom/oci-layout
echo '{"schemaVersion":2,"manifests":[{"mediaType":"'$oci'.manifest.v1+json",'"$sbom"'}]}' >sbom/index.json
for api in true false wrong; do
	stub_config "$(jq -cn --arg api "$api" '{referrers: ($api | if . == "wrong" then . else fromjson end)}')"
	S copy sbom/ "docker://$REGISTRY/a/b:sbom-$api"
	exits 0 "referrers API $api: an artifact"
	S referrers "$REGISTRY/a/b:v1" --json
	is "$(jq -c '[.referrers[0].digest, .referrers[0].artifactType, .referrers[0].annotations.who]' "$RUN/stdout")" \
		"$(jq -cn "{$sbom} | [.digest, \"test/sbom\", \"we\"]")" "referrers API $api: is listed"
	is "$(stub_state '.tags | keys[]' | grep -c sha256-)" "$([ "$api" = true ] && echo 0 || echo 1)" \
		"referrers API $api: a tag where the registry keeps none"
	stub_reset
	S push hello.tar "$REGISTRY/a/b:v1"
done

# --- credentials ---
stub_reset
stub_config '{"auth":"bearer"}'
S push hello.tar "$REGISTRY/a/b:v1"
exits 6 "without credentials"
like "$stderr" 'scratchpack login' "one is told to log in"
S push hello.tar "$REGISTRY/a/b:v1" --creds canary-user:wrong-password
exits 6 "with wrong ones"
unlike "$stderr" 'wrong-password' "which are not shown"
S push hello.tar "$REGISTRY/a/b:v1" --creds canary-user:canary-password --explain-auth
exits 0 "with the right ones"
like "$stderr" 'auth: .* --creds' "explained"
like "$stderr" "token from .* as canary-user, for repository:a/b:pull,push" "with the scope"
unlike "$stderr" 'canary-password|Bearer ' "and without secrets"
stub_forget
S copy "docker://$REGISTRY/a/b:v1" "docker://$REGISTRY/c/d:v1" --creds canary-user:canary-password
exits 0 "a mount with a token"
like "$(stub_log .path | grep push)" 'scope=repository:c/d:pull,push&scope=repository:a/b:pull' \
	"asks for both repositories, push first"
S copy "docker://$REGISTRY/a/b:v1" "docker://$OTHER/c/d:v1" --creds canary-user:canary-password
exits 2 "credentials for which of two registries?"
S copy "docker://$REGISTRY/a/b:v1" "docker://$OTHER/c/d:v1" --cert-dir .
exits 2 "a client certificate for which of two?"
S copy "docker://$REGISTRY/a/b:v1" "docker://$OTHER/c/d:v1" --creds "$REGISTRY=canary-user:canary-password" \
	--creds "$OTHER=canary-user:canary-password"
exits 0 "for each its own"
stub_config '{"auth":"basic"}'
S pull "$REGISTRY/a/b:v1" basic.tar --creds canary-user:canary-password
exits 0 "Basic"
like "$stderr" 'note: credentials on the command line can be seen' "a command line can be read by others"
printf 'canary-user:canary-password\n' >creds
S pull "$REGISTRY/a/b:v1" stdin.tar --creds - <creds
exits 0 "--creds -: from standard input"
unlike "$stderr" 'note: credentials' "which nobody else can read"
sed "s/^/$REGISTRY=/" creds >host-creds
S copy "docker://$REGISTRY/a/b:v1" "docker://$OTHER/c/d:v1" --creds - <host-creds
exits 0 "--creds -: of one registry"
for bad in '' $'canary-user:canary-password\nmore' canary-password :canary-password; do
	S pull "$REGISTRY/a/b:v1" no.tar --creds - <<<"$bad"
	exits 2 "--creds -: what is no user and password"
	unlike "$stderr" 'canary-' "and not shown"
done
S pack hello -f - --creds - -o no.tar <creds
exits 2 "--creds - and --file -"
printf 'canary-password\n' >password
S login "$REGISTRY" --username canary-user --password-stdin <password
exits 0 "login"
is "$(stat -c %a "$HOME/.docker/config.json") $(stat -c %a "$HOME/.docker")" "600 700" "what is kept is private"
S pull "$REGISTRY/a/b:v1" kept.tar --explain-auth
exits 0 "is used"
like "$stderr" "config.json, key $REGISTRY" "and explained"
S logout "$REGISTRY"
exits 0 "logout"
S pull "$REGISTRY/a/b:v1" gone.tar
exits 6 "forgets it"
S logout "$REGISTRY"
exits 1 "twice is an error"
run env HOME=/proc "$SCRATCHPACK" login "$REGISTRY" --username canary-user --password-stdin <password
exits 8 "a home that has no room for a directory"
like "$stderr" 'cannot make the directory /proc/\.docker' "and which one"
printf 'bad\n' >password
S login "$REGISTRY" --username canary-user --password-stdin <password
exits 6 "a login that is refused"
not_ok "keeps nothing" grep -q "$REGISTRY" "$HOME/.docker/config.json"
S login "$REGISTRY" --username canary-user --password canary-password
exits 0 "a password on the command line"
like "$stderr" 'note: .*--password-stdin' "is warned of"
S logout "$REGISTRY"

# Tokens that a file holds: one to get tokens with, and one to send as it is.
stub_config '{"auth":"bearer"}'
echo '{"auths":{"'"$REGISTRY"'":{"identitytoken":"canary-refresh"}}}' >identity.json
stub_forget
S pull "$REGISTRY/a/b:v1" identity.tar --authfile identity.json
exits 0 "an identity token"
is "$(stub_log 'select(.method == "POST").path' | cut -d'?' -f1)" '"/token"' "is sent to the token server, in a form"
token=$(curl -sS --noproxy '*' -u canary-user:canary-password "http://$REGISTRY/token?service=stub&scope=repository:a/b:pull" | jq -r .token)
echo '{"auths":{"'"$REGISTRY"'":{"registrytoken":"'"$token"'"}}}' >token.json
stub_forget
S pull "$REGISTRY/a/b:v1" token.tar --authfile token.json
exits 0 "a registry token"
is "$(stub_log 'select(.path | startswith("/token")).path')" "" "is sent as it is"
stub_config '{"auth":"basic"}'

# A helper, and what else is in the file.
mkdir bin
cat >bin/docker-credential-test <<'EOF'
#!/bin/sh
read -r server
echo "$1 $server" >>"$HELPER_LOG"
[ "$1" = get ] || exit 0
case $server in
"$KNOWN") echo '{"ServerURL":"x","Username":"canary-user","Secret":"canary-password"}' ;;
*) echo "credentials not found in native keychain"; exit 1 ;;
esac
EOF
chmod +x bin/docker-credential-test
export HELPER_LOG=$T/helper.log KNOWN=$REGISTRY PATH="$T/bin:$PATH"
echo '{"psFormat":"table","credHelpers":{"'"$REGISTRY"'":"test","nobody.example":"missing"},"auths":{"quay.io":{"auth":"dTpw"}}}' \
	>"$HOME/.docker/config.json"
S pull "$REGISTRY/a/b:v1" helper.tar
exits 0 "a credential helper"
is "$(cat "$HELPER_LOG")" "get $REGISTRY" "is asked for this host alone"
printf 'canary-password\n' >password
S login "$REGISTRY" --username canary-user --password-stdin <password
exits 0 "login with a helper"
like "$(tail -n 1 "$HELPER_LOG")" '^store \{.*"Secret":"canary-password"' "gives it the password"
not_ok "and not the file" grep -q canary "$HOME/.docker/config.json"
is "$(jq -r '.psFormat + .auths["quay.io"].auth' "$HOME/.docker/config.json")" tabledTpw "which keeps the rest"
S logout "$REGISTRY"
is "$(tail -n 1 "$HELPER_LOG")" "erase $REGISTRY" "logout asks it to forget"
echo '{"credsStore":"notthere","auths":{"'"$REGISTRY"'":{"auth":"'"$(printf canary-user:canary-password | base64)"'"}}}' >auth.json
S pull "$REGISTRY/a/b:v1" store.tar --authfile auth.json
exits 0 "a store that is not there leaves the rest of the file"
run env SSL_CERT_FILE="$T/none.pem" "$SCRATCHPACK" tags "no.invalid/a/b"
exits 2 "certificates that are not there"
like "$stderr" "SSL_CERT_FILE in the environment: $T/none.pem" "and who asked for them"
done_testing
