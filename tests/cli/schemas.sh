#!/bin/bash
# Every document of every kind of image is valid by the schemas of the specification.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need jq python3
python3 "$TOP/tests/unit/validate_schema.py" 2>/dev/null
if [ $? -eq 77 ]; then
	[ "${CI:-}" = true ] || skip_all "the schemas or python3-jsonschema are not installed"
	fail "the schemas are installed"
	done_testing
fi

static_hello hello
# valid TEXT IMAGE: all its documents
valid() {
	local dir documents digest kind
	rm -rf documents
	mkdir documents
	member "$2" oci-layout >documents/layout.image-layout
	member "$2" index.json >documents/top.image-index
	local queue
	queue=$(jq -r '.manifests[] | .mediaType + " " + .digest' documents/top.image-index)
	while [ -n "$queue" ]; do
		local next=''
		while read -r kind digest; do
			case $kind in
			*.index.*) kind=image-index ;;
			*.manifest.*) kind=image-manifest ;;
			*) kind=config ;;
			esac
			blob "$2" "$digest" >"documents/${digest#*:}.$kind"
			case $kind in
			image-index) next+=$(jq -r '.manifests[] | .mediaType + " " + .digest' \
				"documents/${digest#*:}.$kind")$'\n' ;;
			image-manifest) next+=$(jq -r '.config | .mediaType + " " + .digest' \
				"documents/${digest#*:}.$kind")$'\n' ;;
			esac
		done <<<"$queue"
		queue=$(sed '/^$/d' <<<"$next")
	done
	documents=()
	for file in documents/*; do
		documents+=("${file##*.}" "$file")
	done
	ok "$1: $((${#documents[@]} / 2)) documents, all valid" \
		python3 "$TOP/tests/unit/validate_schema.py" "${documents[@]}"
	# sizes and digests, which no schema can check
	local wrong
	wrong=$(jq -r '.. | objects | select(has("digest") and has("size")) | .digest + " " + (.size | tostring)' \
		documents/*.image-* | sort -u | while read -r digest size; do
		blob "$2" "$digest" >blob
		[ "sha256:$(sha256sum <blob | cut -d' ' -f1) $(stat -c %s blob)" = "$digest $size" ] ||
			echo "$digest"
	done)
	is "$wrong" "" "$1: every digest and size"
	is "$(python3 -c 'import json, sys
def twice(pairs):
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), keys
    return dict(pairs)
for file in sys.argv[1:]:
    json.load(open(file, encoding="utf-8"), object_pairs_hook=twice)' documents/* 2>&1)" "" \
		"$1: no key twice, all UTF-8"
}
pack() {
	run "$SCRATCHPACK" "$@" -q
	[ "$status" -eq 0 ] || { fail "packed"; diag "$stderr"; }
}
pack ./hello -o plain.tar
valid "an archive" plain.tar
pack ./hello -o layout/
valid "a layout" layout
pack ./hello -o oci-archive:oci.tar:v1
valid "an OCI archive" oci.tar
pack ./hello -o full.tar -e A=1 -u nonroot -w /w -l a=b -l c= -p 80 -p 53/udp --volume /v --stop-signal INT \
	--healthcheck '/hello x' --health-interval 5s --health-timeout 1s --health-start-period 2s \
	--health-retries 2 --annotation a=b --annotation index:c=d --author me --created 1700000000 \
	-t one:1 -t two:2 --layers split --compress zstd -- an argument ''
valid "every option" full.tar
pack ./hello -o odd.tar -l $'line\nbreak=tab\there "quoted" \\ \x01 é' -e 'E=</script>&' \
	--annotation $'k=\u2028'
valid "odd text" odd.tar
is "$(config odd.tar | jq -r '.config.Labels | to_entries[0].value')" $'tab\there "quoted" \\ \x01 é' \
	"odd text comes out as it went in"
pack ./hello -o none.tar --compress none
valid "no compression" none.tar
for i in 1 2 3; do
	pack ./hello -o oci:many:v$i -l n=$i
done
valid "a layout of several images" many
if have go; then
	cat >main.go <<<'package main; func main() { println("hello") }'
	GO111MODULE=off CGO_ENABLED=0 GOARCH=386 go build -o other main.go
	pack ./hello ./other -t both -o multi.tar
	valid "several platforms" multi.tar
fi
done_testing
