# shellcheck shell=bash
# Real engines for the tests: each is started by the script that uses it, with
# data, sockets and settings of its own under $T, and is stopped by its process
# id at exit.  Nothing listens on a network, nothing touches an engine that the
# machine may be running.
#
#	start_dockerd		docker ARGS... talks to it; its socket is $DOCKER_SOCK
#	start_containerd	ctr ARGS... talks to it
#	start_podman		podman ARGS... has a storage of its own; podman_run ARGS...
#				adds the flags that runc needs
#
# docker, ctr, podman and podman_run are scripts in the PATH, and so work under run.
#
#	load ENGINE ARCHIVE	into docker, podman or ctr
#	in_engine ENGINE IMAGE [ARG...]	runs a container and sets $status, $stdout, $stderr;
#				ctr replaces the entry point by arguments: say it in $ENTRY
#	on_host PROGRAM [ARG...]	runs the program with a container's environment
#	as_on_host TEXT		the last in_engine did what the on_host before it did
#
# An engine that is missing, or does not start, skips the script; under CI=true it
# fails it.

. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# What docker build puts in Env of an image FROM scratch.
DEFAULT_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
RUN_TIMEOUT=120
E=$T/engines
ENTRY='' want_status=0 want_stdout='' _containers=0
mkdir -p "$E/bin"

# A client by its own name, told where its engine is.
_client() { # NAME CMD...
	printf '#!/bin/sh\nexec %s "$@"\n' "${*:2}" >"$E/bin/$1"
	chmod 755 "$E/bin/$1"
}

DOCKER_SOCK=$E/docker.sock
PATH=$E/bin:$PATH

# Mounts that an engine left would make $T impossible to remove.
_unmount_left() {
	local mounts point
	mounts=$(awk -v t="$T/" 'index($2, t) == 1 { print $2 }' /proc/self/mounts | sort -r)
	for point in $mounts; do
		umount -l "$point"
	done
}
at_exit _unmount_left

need_root() {
	[ "$(id -u)" -eq 0 ] && return
	[ "${CI:-}" = true ] || skip_all "engines need root"
	fail "engines need root"
	done_testing
}

_started() { # NAME LOG CMD...: CMD holds within a minute
	local name=$1 log=$2
	shift 2
	wait_for 60 "$@" && return
	diag "$name did not start"
	_value "$name:" "$(tail -n 30 "$log")"
	[ "${CI:-}" = true ] || skip_all "$name does not start here"
	fail "$name starts"
	done_testing
}

start_dockerd() {
	need_root
	need dockerd docker containerd runc
	_client docker "$(command -v docker)" --config "$E/docker-config" -H "unix://$DOCKER_SOCK"
	echo '{}' >"$E/none.json"
	background dockerd --config-file "$E/none.json" --iptables=false --ip6tables=false \
		--bridge=none --data-root "$E/docker" --exec-root "$E/docker-exec" \
		--pidfile "$E/docker.pid" -H "unix://$DOCKER_SOCK" >"$E/docker.log" 2>&1
	_started dockerd "$E/docker.log" docker version
}

start_containerd() {
	need_root
	need containerd ctr runc
	_client ctr "$(command -v ctr)" -a "$E/containerd.sock"
	cat >"$E/containerd.toml" <<-END
		version = 2
		disabled_plugins = ["io.containerd.grpc.v1.cri"]
		root = "$E/containerd"
		state = "$E/containerd-state"
		[grpc]
		address = "$E/containerd.sock"
		[ttrpc]
		address = "$E/containerd.sock.ttrpc"
	END
	background containerd --config "$E/containerd.toml" >"$E/containerd.log" 2>&1
	_started containerd "$E/containerd.log" ctr version
}

# crun refuses this kind of cgroups on some machines, so runc runs everything; it
# must not be asked for higher limits than it may set.
start_podman() {
	need_root
	need podman runc
	local podman
	podman="$(command -v podman) --root $E/podman --runroot $E/podman-run"
	podman+=" --tmpdir $E/podman-tmp --storage-driver=vfs --cgroup-manager=cgroupfs"
	_client podman "$podman" --runtime runc
	_client podman_run "$podman" --runtime runc run --rm -i --pull=never --network none \
		--ulimit nofile=1024:1024 --ulimit nproc=1024:1024
	podman info >"$E/podman.log" 2>&1
	_started podman "$E/podman.log" podman info
}

load() { # ENGINE ARCHIVE
	case $1 in
	docker) docker load -q -i "$2" ;;
	podman) podman load -q -i "$2" ;;
	ctr) ctr images import "$2" ;;
	esac
}

in_engine() { # ENGINE IMAGE [ARG...], stdin is the program's
	local engine=$1 image=$2
	shift 2
	case $engine in
	docker) run docker run --rm -i --network none --pull never "$image" "$@" ;;
	podman) run podman_run "$image" "$@" ;;
	ctr)
		[ $# -eq 0 ] || set -- "$ENTRY" "$@"
		run ctr run --rm "docker.io/library/$image" "c$((_containers += 1))" "$@"
		;;
	esac
}

# Only the environment that every engine gives.
on_host() {
	run env -i PATH="$DEFAULT_PATH" HOME=/root "$@"
	want_status=$status want_stdout=$stdout
}

as_on_host() { # TEXT
	if [ "$status" -eq "$want_status" ] && [ "$stdout" = "$want_stdout" ]; then
		pass "$1"
		return
	fi
	fail "$1"
	diag "exit code $status, on the host $want_status"
	if [ "$stdout" != "$want_stdout" ]; then
		_value 'got: ' "$stdout"
		_value 'want:' "$want_stdout"
	fi
	_value 'stderr:' "$stderr"
	return 1
}
