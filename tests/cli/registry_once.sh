#!/bin/bash
# Several names at once: no byte of a blob goes to a registry twice, whatever the number of
# its repositories and tags.
. "$(dirname "$0")/../registry/lib.sh"

static_hello hello
head -c 9000000 /dev/urandom >noise
head -c 9000000 /dev/urandom >other
start_stub

S() {
	run timeout 60 "$SCRATCHPACK" "$@"
}
sent() { # bytes of blobs that the registry received, by the server that got them
	stub_log 'select(.server == "'"${1:-registry}"'" and (.path | test("/blobs/uploads/"))).received' |
		jq -s add
}
stored() { # REPOSITORY: bytes of its blobs
	local digest total=0
	for digest in $(stub_state '.blobs[]' | grep "\"$1@" | tr -d '"'); do
		total=$((total + $(curl -sS --noproxy '*' -I "http://$REGISTRY/v2/$1/blobs/${digest#*@}" |
			tr -d '\r' | sed -n 's/^Content-Length: //p')))
	done
	echo "$total"
}
tags() { # how many of them stand for the same image
	stub_state '.tags | to_entries[].value' | sort | uniq -c | sort -rn | awk 'NR == 1 { print $1 }'
}
once() { # WHAT TAGS
	is "$(sent)" "$(stored p/q)" "$1: every byte is sent once"
	is "$(tags)" "$2" "$1: every name stands for the image"
	is "$(stub_state .uploads)" 0 "$1: no upload is left behind"
}

names=("docker://$REGISTRY/p/q:v1" "docker://$REGISTRY/p/q:v2" "docker://$REGISTRY/x/y:v1" \
	"docker://$REGISTRY/x/z:v1")
for name in "${names[@]}"; do
	out+=(-o "$name")
done
S hello --add noise:/noise "${out[@]}"
exits 0 "pack to three repositories and two tags"
once pack 4
is "$(stub_log 'select(.path | test("mount=")).status' | sort -u)" 201 "pack: each mount is one that works"
stub_reset
S hello --add noise:/noise "${out[@]}" -o all.tar \
	-o "docker://$OTHER/o/q:v1" -o "docker://$OTHER/o/y:v1"
exits 0 "and to a second registry, and a file"
is "$(sent)" "$(sent other)" "each gets every byte once"
S verify all.tar
exits 0 "the file is whole"

stub_reset
S push all.tar "$REGISTRY/p/q:v1"
stub_forget
S copy "${names[@]}"
exits 0 "copy within a registry"
is "$(sent)" 0 "sends nothing"
stub_reset
S copy all.tar "${names[@]}"
exits 0 "copy of a file to three repositories"
once copy 4

# What is there is not sent again because something else is not.
stub_reset
S push all.tar "$REGISTRY/p/q:v1"
stub_forget
S hello --base all.tar --add other:/other -o "docker://$REGISTRY/p/q:v2" -o based.tar
exits 0 "onto a base that is there"
own=$(sent)
stub_forget
S hello --base all.tar --add other:/other -o "docker://$REGISTRY/p/q:v2" -o again.tar
exits 0 "again, with a file"
is "$(sent)" null "sends nothing"
ok "the layers of the base are not sent" test "$own" -lt 9500000

# A token has the right to mount from what the same run writes.
stub_reset
stub_config '{"auth":"bearer"}'
S hello --add noise:/noise "${out[@]}" --creds canary-user:canary-password
exits 0 "with a token"
like "$(stub_log .path | grep 'x/z:pull,push')" 'scope=repository:x/z:pull,push&scope=repository:p/q:pull' \
	"it is for both repositories"
stub_config '{"auth":"none"}'
once token 4

# Registries that do not mount, and uploads that get lost, still make it.
stub_reset
stub_config '{"mount":false}'
S hello --add noise:/noise "${out[@]}"
exits 0 "a registry that does not mount"
is "$(tags)" 4 "gets them all"
is "$(stub_state .uploads)" 0 "no upload is left behind"
stub_config '{"mount":true}'
stub_reset
stub_rules '{"method":"PATCH","path":"/p/q/","skip":1,"times":1,"status":404}'
S hello --add noise:/noise "${out[@]}"
exits 0 "a layer that gets lost on the way to the first"
is "$(tags)" 4 "is there in the end"
is "$(sent)" "$(($(stored p/q) + 8388608))" "what got lost alone is sent twice"
done_testing
