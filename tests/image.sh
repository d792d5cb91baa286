# shellcheck shell=bash
# What tests look at in an image; read after lib.sh.  IMAGE is an archive or a
# folder, as scratchpack writes them: one manifest, or an index of several.
#
#	member IMAGE PATH	the bytes of a file of the archive or folder
#	blob IMAGE DIGEST	the bytes of a blob
#	manifest IMAGE [N]	the JSON of the first (N-th, from 0) manifest
#	config IMAGE [N]	the JSON of its configuration
#	layers IMAGE [N]	the digests of its layers, bottom first
#	layer IMAGE [N]		the first layer as a plain tar archive
#	listing IMAGE		its entries as tar -tv shows them, numbers for owners
#	unpack IMAGE DIR	all layers unpacked into the new directory DIR
#	run_inside DIR CMD...	as run, with DIR for its root
#	litter [DIR]		names of temporary files below DIR (here)
#	snapshot		names, sizes, times and sums of everything here

member() {
	if [ -d "$1" ]; then
		cat "$1/$2"
	else
		tar -xOf "$1" "$2"
	fi
}

blob() {
	member "$1" "blobs/sha256/${2#sha256:}"
}

# jq takes longer to start than the command that is tested: what our own documents say in
# one place is read without it.
manifest() {
	local index doc
	index=$(member "$1" index.json)
	[[ $index =~ \"digest\":\ *\"(sha256:[0-9a-f]{64})\" ]] || return 1
	doc=$(blob "$1" "${BASH_REMATCH[1]}")
	if [[ $doc == *'"manifests"'* ]]; then
		doc=$(blob "$1" "$(jq -r ".manifests[${2:-0}].digest" <<<"$doc")")
	fi
	printf '%s\n' "$doc"
}

config() {
	[[ $(manifest "$@") =~ \"config\":\ *\{[^{}]*\"digest\":\ *\"(sha256:[0-9a-f]{64})\" ]] || return 1
	blob "$1" "${BASH_REMATCH[1]}"
}

layers() {
	local rest
	rest=$(manifest "$@") || return 1
	rest=${rest#*\"layers\":}
	rest=${rest%%]*}
	while [[ $rest =~ \"digest\":\ *\"(sha256:[0-9a-f]{64})\" ]]; do
		echo "${BASH_REMATCH[1]}"
		rest=${rest#*"${BASH_REMATCH[1]}"}
	done
}

_plain() { # a layer on stdin, whatever it is compressed with
	local file magic
	file=$(mktemp "$RUN/layer.XXXXXX")
	cat >"$file"
	IFS= read -r -d '' -n 4 magic <"$file"
	case $magic in
	$'\x1f\x8b'*) gzip -dc "$file" ;;
	$'\x28\xb5\x2f\xfd') zstd -dcq "$file" ;;
	*) cat "$file" ;;
	esac
	rm -f "$file"
}

layer() {
	blob "$1" "$(layers "$@" | head -n 1)" | _plain
}

listing() {
	layer "$@" | tar -tv --numeric-owner -f -
}

unpack() {
	local digest
	mkdir -p "$2"
	for digest in $(layers "$1"); do
		# from a file, of which tar sees how it is compressed
		blob "$1" "$digest" >"$RUN/layer" &&
			tar -xp --numeric-owner --no-same-owner -C "$2" -f "$RUN/layer" || return 1
	done
}

# With /proc, as every engine has it: the loader of glibc finds $ORIGIN through it.
run_inside() {
	local dir=$1 isolate=(unshare -m)
	shift
	[ "$EUID" -eq 0 ] || isolate=(unshare -r -m)
	[ -n "${_can_isolate-}" ] || _can_isolate=$("${isolate[@]}" echo yes 2>/dev/null || echo no)
	if [ "$_can_isolate" = no ]; then
		run chroot "$dir" "$@"
		return
	fi
	mkdir -p "$dir/proc"
	# shellcheck disable=SC2016
	run "${isolate[@]}" sh -c 'mount --rbind /proc "$0/proc"; exec chroot "$0" "$@"' "$dir" "$@"
	rmdir "$dir/proc" 2>/dev/null
}

litter() {
	find "${1:-.}" -name '.*.scratchpack-*' -o -name '*.tmp'
}

snapshot() {
	find . -printf '%P %y %m %s %T@ %l\n' | sort
	find . -type f -exec md5sum {} + 2>/dev/null | sort
}
