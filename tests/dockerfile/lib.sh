# shellcheck shell=bash
# Dockerfiles built by a real dockerd and by us: same configuration, same files.
#
#	same_image NAME [ARG...]	the Dockerfile on stdin, in the context $CONTEXT, built by
#				BuildKit and by us with ARGs (--build-arg, --target); what the two
#				images come to must be the same text
#	same_classic NAME [ARG...]	the same against the classic builder, which heeds .dockerignore
#	same_as NAME [ARG...]	dockerd builds $CONTEXT/Dockerfile.theirs instead
#	both_fail NAME REGEX [ARG...]	dockerd refuses it, and so do we, with that message
#
# BuildKit is the one inside dockerd: it is asked over the API, since the docker
# command wants a plug-in for it.  The context goes there as an archive in which
# everything belongs to root, as the docker command would send it.

. "$(dirname "${BASH_SOURCE[0]}")/../engines/lib.sh"

CONTEXT=$T/context
mkdir -p "$CONTEXT"

_query() { # ARG...: --build-arg, --target and --platform as a query
	local args=() query=''
	while [ $# -gt 0 ]; do
		case $1 in
		--build-arg)
			args+=("$2")
			shift
			;;
		--target)
			query+="&target=$2"
			shift
			;;
		--build-context) shift ;;
		esac
		shift
	done
	[ ${#args[@]} -eq 0 ] || query+="&buildargs=$(printf '%s\n' "${args[@]}" |
		jq -Rsr 'split("\n") | map(select(. != "") | capture("(?<key>[^=]*)=(?<value>.*)"))
			| from_entries | @json | @uri')"
	printf '%s' "$query"
}

# Into docker's image $1; what dockerd says is in buildkit.log.
buildkit() { # NAME ARG...
	local name=$1
	shift
	tar -C "$CONTEXT" --xattrs --xattrs-include=security.capability --mtime=@0 --pax-option=delete=atime,delete=ctime --owner=0 --group=0 --numeric-owner -c . |
		curl -s --unix-socket "$DOCKER_SOCK" -X POST -H 'Content-Type: application/x-tar' -T - \
			"http://docker/v1.41/build?version=2&networkmode=none&t=$name&dockerfile=${THEIRS:-Dockerfile}$(_query "$@")" >buildkit.log
	! grep -q '"error"' buildkit.log && docker image inspect "$name" >/dev/null 2>&1
}

classic() { # NAME ARG...
	local name=$1 args=()
	shift
	while [ $# -gt 0 ]; do
		case $1 in
		--build-context) shift ;;
		*) args+=("$1") ;;
		esac
		shift
	done
	DOCKER_BUILDKIT=0 docker build -q --network none -t "$name" "${args[@]}" "$CONTEXT" >classic.log 2>&1
}

_compare() { # BUILDER NAME ARG...
	local builder=$1 name=$2
	shift 2
	cat >"$CONTEXT/Dockerfile"
	if ! "$builder" "$name" "$@"; then
		fail "$name: $builder builds it"
		diag "$(tail -n 3 "$builder.log" | cut -c 1-600)"
		return
	fi
	docker save -o theirs.tar "$name"
	"$TOP/tests/dockerfile/read_image.py" theirs.tar >theirs.txt
	run "$SCRATCHPACK" -q -f "$CONTEXT/Dockerfile" -t "$name" -o ours.tar "$@"
	exits 0 "$name: scratchpack builds it" || return
	"$TOP/tests/dockerfile/read_image.py" ours.tar >ours.txt
	is "$(diff theirs.txt ours.txt)" "" "$name: the same configuration and files as by $builder ($(grep -vc '^config' ours.txt) files)"
}

same_image() { # NAME ARG... <Dockerfile
	_compare buildkit "$@"
}

same_as() { # NAME ARG... <Dockerfile
	THEIRS=Dockerfile.theirs _compare buildkit "$@"
}

same_classic() { # NAME ARG... <Dockerfile
	_compare classic "$@"
}

both_fail() { # NAME REGEX ARG... <Dockerfile
	local name=$1 regex=$2
	shift 2
	cat >"$CONTEXT/Dockerfile"
	not_ok "$name: dockerd refuses it" buildkit "$name" "$@"
	run "$SCRATCHPACK" -q -f "$CONTEXT/Dockerfile" -o ours.tar "$@"
	isnt "$status" 0 "$name: scratchpack refuses it"
	like "$stderr" "$regex" "$name: and says why"
}
