#!/bin/bash
# FROM IMAGE and COPY --from=IMAGE, out of a registry and out of files.  That such images
# are those of docker build is for tests/dockerfile.
. "$(dirname "$0")/../registry/lib.sh"

start_stub
static_hello app
mkdir context
cp app context/
echo one >context/a.txt

file() { # the Dockerfile on stdin
	cat >context/Dockerfile
}
files() { # ARCHIVE
	"$TOP/tests/dockerfile/read_image.py" "$1"
}

file <<'END'
FROM scratch
COPY app /bin/app
ENV FROM=base
ENTRYPOINT ["/bin/app"]
CMD ["1"]
END
run "$SCRATCHPACK" -q -f context/Dockerfile -o "docker://$REGISTRY/team/base:v1" -o base.tar -t base:v1
exits 0 "a base goes to a registry and into a file"

file <<END
FROM $REGISTRY/team/base:v1
COPY --from=$REGISTRY/team/base:v1 /bin/app /copy
COPY a.txt /
END
run "$SCRATCHPACK" -q -f context/Dockerfile -o out.tar
exits 0 "FROM and COPY --from take it out of the registry"
is "$(files out.tar | cut -d ' ' -f 1-4 | grep -v '^config\|^arch\|^os')" '/a.txt f 0644 0:0
/bin d 0755 0:0
/bin/app f 0755 0:0
/copy f 0755 0:0' "the files of both"
like "$(files out.tar)" 'Cmd \["1"\].*Entrypoint \["/bin/app"\].*FROM=base' "the configuration of the base"
is "$(tar -xOf out.tar index.json | jq -r '.manifests[0].digest | sub(":"; "/")' |
	xargs -I{} tar -xOf out.tar blobs/{} | jq -r '.layers[0].digest, .annotations["org.opencontainers.image.base.name"]')" \
	"$(tar -xOf base.tar index.json | jq -r '.manifests[0].digest | sub(":"; "/")' |
		xargs -I{} tar -xOf base.tar blobs/{} | jq -r '.layers[0].digest')
$REGISTRY/team/base:v1" "the base's layer byte for byte, and its name"
is "$(tar -xOf out.tar index.json | jq -r '.manifests[0].digest | sub(":"; "/")' |
	xargs -I{} tar -xOf out.tar blobs/{} | jq -r '.config.digest | sub(":"; "/")' |
	xargs -I{} tar -xOf out.tar blobs/{} | jq -c '[.history[] | [.created_by, .empty_layer]]')" \
	'[["ENV FROM=base",true],["ENTRYPOINT [\"/bin/app\"]",true],["CMD [\"1\"]",true],["scratchpack: Dockerfile",null],["scratchpack: Dockerfile",null]]' \
	"the history of both"
run "$SCRATCHPACK" verify out.tar
exits 0 "it verifies"

file <<'END'
FROM base
COPY --from=other /bin/app /copy
LABEL a=b
END
run "$SCRATCHPACK" -q -f context/Dockerfile -o file.tar --build-context base=base.tar \
	--build-context "other=docker-image://$REGISTRY/team/base:v1"
exits 0 "--build-context names images"
run "$SCRATCHPACK" -q -f context/Dockerfile -o file.tar --build-context base=context
exits 2 "a directory is no base"
like "$stderr" 'Dockerfile:1: FROM base: --build-context says that it is a directory' "and says so"
file <<END
FROM $REGISTRY/team/nothing:v1
END
run "$SCRATCHPACK" -q -f context/Dockerfile -o none.tar
isnt "$status" 0 "an image that is not there"
like "$stderr" "Dockerfile:1: FROM: .*$REGISTRY/team/nothing:v1" "is named with its line"
not_ok "and nothing is written" test -e none.tar

# A dynamic program on a base that has its libraries, and on one that has not.
dynamic_hello context/dynamic
file <<'END'
FROM base
COPY dynamic /dynamic
ENTRYPOINT ["/dynamic"]
END
run "$SCRATCHPACK" -q -f context/Dockerfile -o dyn.tar --build-context base=base.tar
exits 3 "a base without the libraries of the entry point"
run "$SCRATCHPACK" -q -f context/Dockerfile -o dyn.tar --build-context base=base.tar --closure
exits 0 "--closure puts them above it"
run "$SCRATCHPACK" verify dyn.tar
exits 0 "and it starts"
printf 'FROM libs\nLABEL a=b\n' >context/Dockerfile
run "$SCRATCHPACK" -q -f context/Dockerfile -o again.tar --build-context libs=dyn.tar
exits 0 "and is a base itself, to which nothing need be added"
run "$SCRATCHPACK" -q -f context/Dockerfile -o s390x.tar --build-context libs=dyn.tar --platform linux/s390x
isnt "$status" 0 "a base of another platform is refused"

done_testing
