#!/bin/bash
# --base and --from out of a registry: the same as out of a file.
. "$(dirname "$0")/../registry/lib.sh"
. "$TOP/tests/image.sh"

need jq python3
start_stub
static_hello hello
static_hello other
echo conf >app.conf
"$SCRATCHPACK" ./hello -q --add app.conf:/etc/app.conf -e FROM=below --label kept=yes \
	-o "docker://$REGISTRY/team/below:v1" -o below.tar -t "$REGISTRY/team/below:v1" -- one two >/dev/null

# --- --base ---
run "$SCRATCHPACK" other --base "docker://$REGISTRY/team/below:v1" -o out.tar
exits 0 "--base docker://"
is "$(layers out.tar | head -n 1)" "$(layers below.tar)" "the layer of the base is below"
same <(blob out.tar "$(layers below.tar)") <(blob below.tar "$(layers below.tar)") "byte for byte"
is "$(manifest out.tar | jq -r '.annotations | .["org.opencontainers.image.base.name"] + " " + .["org.opencontainers.image.base.digest"]')" \
	"$REGISTRY/team/below:v1 $(member below.tar index.json | jq -r '.manifests[0].digest')" \
	"its name and digest are recorded"
run "$SCRATCHPACK" verify out.tar
exits 0 "it starts"
run "$SCRATCHPACK" other --base below.tar -o file.tar
is "$(layers file.tar | paste -sd ' ')" "$(layers out.tar | paste -sd ' ')" "the same layers as from a file"

# A push to where the base is from moves the base's layer no more.
sent() {
	stub_log 'select(.method == "POST" or .method == "PUT" or .method == "PATCH") | .path' | grep -c "digest=$below"
}
below=$(layers below.tar)
before=$(sent)
run "$SCRATCHPACK" other --base "docker://$REGISTRY/team/below:v1" -o "docker://$REGISTRY/team/above:v1"
exits 0 "from the registry, and back to it"
is "$(sent)" "$before" "without sending what it has"
run "$SCRATCHPACK" verify "docker://$REGISTRY/team/above:v1"
exits 0 "and it verifies there"

# --- --from ---
run "$SCRATCHPACK" --from "docker://$REGISTRY/team/below:v1" -o from.tar
exits 0 "--from docker://"
run "$SCRATCHPACK" --from below.tar -o file.tar
exits 0 "and from the file"
is "$(config from.tar | jq -cS .config)" "$(config file.tar | jq -cS .config)" "the same configuration"
is "$(layers from.tar)" "$(layers file.tar)" "and the same layer"
is "$(config from.tar | jq -c '.config | [.Entrypoint, .Cmd, .Labels]')" '[["/hello"],["one","two"],{"kept":"yes"}]' \
	"which are those of the image"
run "$SCRATCHPACK" --from "docker://$REGISTRY/team/below:v1" /hello --base "docker://$REGISTRY/team/above:v1" -o both.tar
exits 0 "a program of one image on another"
run "$SCRATCHPACK" inspect "docker://$REGISTRY/team/below:v1"
like "$stdout" '/hello' "inspect looks into it"

# --- what is not as it should be ---
for how in "other --base" --from; do
	# shellcheck disable=SC2086
	run "$SCRATCHPACK" $how "docker://$REGISTRY/team/none:v1" -o no.tar
	exits 5 "$how: an image that is not there"
	like "$stderr" "$REGISTRY/team/none:v1" "$how: is named"
	stub_rules "{\"method\":\"GET\",\"path\":\"/blobs/$below\",\"status\":200,\"body\":\"$(printf 'x%.0s' $(seq 100))\"}"
	# shellcheck disable=SC2086
	run "$SCRATCHPACK" $how "docker://$REGISTRY/team/below:v1" -o no.tar
	isnt "$status" 0 "$how: a layer with other bytes"
	like "$stderr" 'digest|bytes' "$how: is said"
	not_ok "$how: nothing is written" test -e no.tar
	stub_rules
done

done_testing
