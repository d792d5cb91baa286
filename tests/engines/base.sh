#!/bin/bash
# --base against what a real dockerd builds FROM the same base with COPY and ENTRYPOINT: same
# configuration, same files, and the same behaviour.  The base is one that dockerd made, and
# comes out of it in each form: by docker save, through the engine itself, as a layout.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/image.sh"

need jq python3 skopeo
start_dockerd

static_hello static
dynamic_hello hello
cp "$(command -v busybox)" busybox 2>/dev/null || cp static busybox
mkdir context
cp busybox hello context/
for lib in $(ldd hello | grep -o '/[^ ]*'); do
	mkdir -p "context/lib$(dirname "$lib")"
	cp -L "$lib" "context/lib$lib"
done
cat >context/Dockerfile <<'END'
FROM scratch
COPY busybox /bin/busybox
COPY lib /
ENV PATH=/usr/bin:/bin A=1
LABEL one=1 two=2
EXPOSE 80
VOLUME /data
WORKDIR /srv
USER 7:7
STOPSIGNAL SIGINT
HEALTHCHECK --interval=5s --retries=2 CMD ["/bin/busybox", "true"]
CMD ["none"]
END
ok "docker build makes a base" env DOCKER_BUILDKIT=0 docker build -q --network none -t base:1 context
docker save -o saved.tar base:1
cat >context/Dockerfile <<'END'
FROM base:1
ENV A=2 B=3
LABEL two=ours
EXPOSE 81
COPY hello /hello
ENTRYPOINT ["/hello"]
END
ok "and docker build puts something on top" env DOCKER_BUILDKIT=0 docker build -q --network none -t theirs context

config() { # IMAGE
	docker inspect "$1" | jq -S '.[0].Config | del(.Image, .Hostname)'
}
files() { # IMAGE
	local id
	id=$(docker create --pull never "$1")
	docker export "$id" | tar -tv --numeric-owner | awk '{ $4 = $5 = ""; print }' | sort
	docker rm "$id" >/dev/null
}

config theirs >want.config
files theirs >want.files
skopeo copy -q --insecure-policy docker-archive:saved.tar:base:1 oci:layout:1 2>/dev/null ||
	skopeo copy --insecure-policy docker-archive:saved.tar:base:1 oci:layout:1 >/dev/null
n=0
for base in saved.tar docker-archive:saved.tar:base:1 docker-daemon:base:1 oci:layout:1; do
	n=$((n + 1))
	run env DOCKER_HOST="unix://$DOCKER_SOCK" "$SCRATCHPACK" hello --base "$base" -t "ours:$n" -o out.tar \
		-e A=2 -e B=3 -l two=ours -p 81
	exits 0 "$base: a base" || continue
	run "$SCRATCHPACK" verify out.tar
	exits 0 "$base: the image verifies"
	ok "$base: docker loads it" docker load -q -i out.tar
	config "ours:$n" >got.config
	# skopeo leaves the health check behind, which OCI does not know
	[[ $base == oci:* ]] && sed -i '/"Healthcheck": {/,/^  }/d' want.config
	same want.config got.config "$base: the configuration is docker's"
	files "ours:$n" >got.files
	same want.files got.files "$base: and so are the files"
	is "$(docker history --no-trunc --format '{{.CreatedBy}}' "ours:$n" | tail -n +2)" \
		"$(docker history --no-trunc --format '{{.CreatedBy}}' base:1)" "$base: the base's history goes on"
	is "$(docker inspect "ours:$n" | jq -c '.[0].RootFS.Layers[0:2]')" \
		"$(docker inspect base:1 | jq -c '.[0].RootFS.Layers[0:2]')" "$base: with its layers"
	in_engine docker "ours:$n" x
	is "$stdout" "$(./hello x)" "$base: it runs"
done
run env DOCKER_HOST="unix://$DOCKER_SOCK" "$SCRATCHPACK" --from docker-daemon:theirs -t slim -o slim.tar
exits 0 "docker-daemon: as --from"
ok "the slim one is loaded" docker load -q -i slim.tar
in_engine docker slim x
is "$stdout" "$(./hello x)" "and runs"
run env DOCKER_HOST="unix://$DOCKER_SOCK" "$SCRATCHPACK" verify docker-daemon:theirs
exits 0 "docker-daemon: can be verified"
run env DOCKER_HOST="unix://$DOCKER_SOCK" "$SCRATCHPACK" verify docker-daemon:nothing
exits 1 "an image that the engine does not have"
is "$(litter)" "" "nothing is left"
done_testing
