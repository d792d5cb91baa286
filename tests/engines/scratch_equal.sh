#!/bin/bash
# The case every reader knows: FROM scratch, COPY, ENTRYPOINT, built by a real
# dockerd, against our image of the same program.  Same configuration, same root
# file system, same behaviour.
. "$(dirname "$0")/lib.sh"

need jq
start_dockerd

# Tells everything that an image decides: arguments, environment, directory, user,
# and what is in the root directory.
compile myapp -static <<'END'
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
	struct dirent **names;
	char cwd[4096];
	int n = scandir("/", &names, NULL, alphasort);

	for (int i = 0; i < argc; i++)
		printf("argv[%d]=%s\n", i, argv[i]);
	for (char **e = environ; *e; e++)
		if (strncmp(*e, "HOSTNAME=", 9) != 0)
			printf("%s\n", *e);
	printf("cwd %s uid %d gid %d\n", getcwd(cwd, sizeof(cwd)), (int)getuid(), (int)getgid());
	for (int i = 0; i < n; i++)
		printf("/%s\n", names[i]->d_name);
	return argc > 1 ? atoi(argv[1]) : 0;
}
END

built_by_docker() { # NAME, the Dockerfile on stdin
	mkdir -p "context-$1"
	cp -p myapp "context-$1/"
	cat >"context-$1/Dockerfile"
	ok "docker build makes $1" env DOCKER_BUILDKIT=0 \
		docker build -q --network none -t "$1" "context-$1"
}

# The classic builder notes its parent image, which FROM scratch has not.
config() { # IMAGE
	docker inspect "$1" | jq -S '.[0].Config | del(.Image)'
}

# The file system of a container that was never started, one line a path.
tree() { # IMAGE
	local id
	id=$(docker create --pull never "$1")
	rm -rf tree
	mkdir tree
	docker export "$id" | tar -x --numeric-owner --same-owner -p -C tree
	docker rm "$id" >/dev/null
	(cd tree && find . -printf '%p %y %m %U:%G %l\n' | sort)
	(cd tree && find . -type f -exec sha256sum {} + | sort -k 2)
}

behaviour() { # IMAGE ARG...
	in_engine docker "$@"
	printf '%s\nexit %s\n' "$stdout" "$status"
}

equal() { # OURS THEIRS
	is "$(config "$1")" "$(config "$2")" "$1: same configuration"
	is "$(tree "$1")" "$(tree "$2")" "$1: same root file system"
	is "$(docker inspect -f '{{.Size}} {{.Os}}/{{.Architecture}}' "$1")" \
		"$(docker inspect -f '{{.Size}} {{.Os}}/{{.Architecture}}' "$2")" \
		"$1: same size and platform"
	is "$(behaviour "$1")" "$(behaviour "$2")" "$1: same behaviour"
	is "$(behaviour "$1" 3 'a b')" "$(behaviour "$2" 3 'a b')" \
		"$1: same behaviour with arguments and an exit code"
}

ours() { # NAME ARG...
	local name=$1
	shift
	run "$SCRATCHPACK" -q -t "$name" -o "$name.tar" "$@"
	exits 0 "scratchpack makes $name"
	ok "docker loads $name" docker load -q -i "$name.tar"
}

built_by_docker plain-docker <<'END'
FROM scratch
COPY myapp /
ENTRYPOINT ["/myapp"]
END
ours plain myapp
equal plain plain-docker

built_by_docker cmd-docker <<'END'
FROM scratch
COPY myapp /usr/local/bin/myapp
ENTRYPOINT ["/usr/local/bin/myapp"]
CMD ["0", "two words"]
END
ours cmd myapp --at /usr/local/bin/myapp -- 0 'two words'
equal cmd cmd-docker

built_by_docker full-docker <<'END'
FROM scratch
COPY myapp /
ENV A=1 B="two words"
USER 65532:65532
WORKDIR /srv/data
EXPOSE 8080 53/udp
VOLUME /srv/state
LABEL org.example.k="v w"
STOPSIGNAL SIGINT
ENTRYPOINT ["/myapp"]
END
ours full myapp -e A=1 -e 'B=two words' -u 65532:65532 -w /srv/data -p 8080 -p 53/udp \
	--volume /srv/state -l 'org.example.k=v w' --stop-signal SIGINT
equal full full-docker

# Not a setuid bit: the classic builder loses it.
chmod 751 myapp
built_by_docker mode-docker <<'END'
FROM scratch
COPY myapp /
ENTRYPOINT ["/myapp"]
END
ours mode myapp
equal mode mode-docker

done_testing
