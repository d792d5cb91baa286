#!/bin/bash
# FROM scratch: what COPY, ADD and the configuration make of a context, by a real
# dockerd and by us.
. "$(dirname "$0")/lib.sh"

need jq curl python3 setcap
start_dockerd

static_hello "$CONTEXT/app"
cd "$CONTEXT" || exit 1
echo one >a.txt
echo two >b.txt
echo three >c.md
mkdir -p d/sub/deep 'with space' arch tree
echo f >d/f
chmod 600 d/f
echo g >d/sub/g
chmod 4755 d/sub/g
chmod 700 d/sub
echo h >d/sub/deep/h
ln -s f d/link
ln -s ../a.txt d/outside
ln -s nowhere d/dangling
ln d/f d/hard
ln -s d dirlink
ln -s a.txt filelink
ln -s /a.txt abslink
echo s >'with space/x y'
echo '[' >'odd[1].txt'
mkdir -p tree/etc tree/bin empty
printf 'root:x:0:0::/:/x\nweb:x:33:44::/:/x\n' >tree/etc/passwd
printf 'root:x:0:\nstaff:x:50:\n' >tree/etc/group
ln -s bin tree/sbin
ln -s /data/real tree/store
(cd d && tar -c --owner=9 --group=8 --numeric-owner f sub link hard) >arch/plain.tar
gzip -kn arch/plain.tar
(cd d && tar -c --owner=9 --group=8 --numeric-owner sub/deep/h) >arch/no-parent.tar
cp app capable
setcap cap_net_bind_service+ep capable
(cd d && tar -c --owner=9 --group=8 --numeric-owner .) | gzip -n >arch/dot.tgz
echo 'no archive' | gzip -n >arch/text.gz
: >arch/empty.tar
cd "$T" || exit 1

# --- COPY -------------------------------------------------------------------

same_image copy-file <<'END'
FROM scratch
COPY app /
COPY a.txt /x
COPY a.txt /dir/
COPY a.txt /deep/er/name
COPY a.txt b.txt c.md /many/
ENTRYPOINT ["/app"]
END

same_image copy-dir <<'END'
FROM scratch
COPY d /plain
COPY d/ /slash/
COPY d/. /dot
COPY d /many/
COPY d tree /both/
END

same_image copy-all <<'END'
FROM scratch
COPY . /all
END

same_image copy-root <<'END'
FROM scratch
COPY tree /
COPY d .
END

same_image copy-links <<'END'
FROM scratch
COPY dirlink /dir
COPY filelink /file
COPY abslink /abs
COPY d/link /in/
COPY dirlink/f /through
END

same_image copy-glob <<'END'
FROM scratch
COPY *.txt /t/
COPY d/[fs]* /d/
COPY ?.md /q/
COPY [ab].txt /s/
COPY */sub /sub/
COPY odd[[]1].txt /odd/
COPY no*such /none/
END

same_image copy-json <<'END'
FROM scratch
COPY ["with space/x y", "/a b"]
COPY ["with space", "a.txt", "/to here/"]
END

same_image copy-workdir <<'END'
FROM scratch
WORKDIR /w/x
COPY a.txt .
COPY a.txt sub/
COPY a.txt ../up
WORKDIR y
COPY d ./
WORKDIR ../z/
COPY a.txt ./here
END

same_image copy-over <<'END'
FROM scratch
COPY a.txt /x/f
COPY b.txt /x/f
COPY d /x
COPY tree/etc /x
COPY d/sub /x/sub
COPY a.txt /x/link
END

same_image copy-onto-links <<'END'
FROM scratch
COPY tree /
COPY a.txt /sbin/tool
COPY d/sub /sbin
COPY a.txt /store
COPY b.txt /store2/
END

same_image copy-chown <<'END'
FROM scratch
COPY --chown=1:2 a.txt /a/
COPY --chown=5 d /d
COPY --chown=0:7 app /bin/app
COPY --chown=3:4 a.txt /a/b/c
WORKDIR /w
COPY --chown=9:9 d .
END

same_image copy-chown-names <<'END'
FROM scratch
COPY tree /
COPY --chown=web a.txt /1
COPY --chown=web:staff a.txt /2
COPY --chown=7:staff d /3
COPY --chown=web:9 a.txt /4
END

# Not with set-id bits: this dockerd loses those that --chmod gives and keeps those that
# a file has; later ones set what is said, as we do.
same_image copy-chmod <<'END'
FROM scratch
COPY --chmod=640 a.txt /a/
COPY --chmod=0711 tree /d
COPY --chmod=755 --chown=3:4 app /s
END

same_image copy-dotdot <<'END'
FROM scratch
COPY ../a.txt /x
COPY /b.txt /y
COPY d/../c.md /z
END

same_image copy-empty-dir <<'END'
FROM scratch
COPY empty /e
COPY empty /f/g/
END

both_fail copy-missing 'Dockerfile:2: COPY /nothing: no such file' <<'END'
FROM scratch
COPY nothing /
END

both_fail copy-over-file 'Dockerfile:3: COPY: /x: is there already, and is no directory' <<'END'
FROM scratch
COPY a.txt /x
COPY tree /x
END

both_fail copy-over-dir 'Dockerfile:3: COPY: /x/f: is a directory already' <<'END'
FROM scratch
COPY empty /x/f/
COPY d /x
END

# --- ADD --------------------------------------------------------------------

same_image add <<'END'
FROM scratch
ADD a.txt /x/
ADD d /d
ADD arch/plain.tar /plain
ADD arch/plain.tar.gz /gz/
ADD arch/dot.tgz /dot
ADD arch/text.gz /text/
ADD arch/empty.tar /empty.tar
COPY arch/plain.tar /copied
END

same_image add-chown <<'END'
FROM scratch
ADD --chown=1:1 arch/plain.tar /x
ADD --chown=1:1 d /y
ADD arch/no-parent.tar /z
END

# What a program may do comes along.
same_image capabilities <<'END'
FROM scratch AS one
COPY capable /1
FROM scratch
COPY --from=one /1 /2
COPY --chown=5:5 capable /3
END

same_image add-over <<'END'
FROM scratch
COPY d /x
ADD arch/plain.tar /x
ADD arch/*.gz /y/
END

same_image add-root <<'END'
FROM scratch
ADD arch/dot.tgz /
END

# --- configuration ----------------------------------------------------------

same_image env <<'END'
FROM scratch
COPY app /
ENV A=1 B="two words" C='single $A' D=esc\ aped
ENV E=$A F=${B} G="${A}x" H='$A' I=\$A
ENV A=2 J=$A
ENV K old form $A "q"
ENV L=${NOT:-def} M=${A:+yes} N=${NOT:+no} O=${A:-x} P=
ENV PATH=/app:$PATH
ENV A=3
END

same_image env-continued <<'END'
FROM scratch
COPY app /
ENV A=1 \
    # a comment
    B=2 \

    C="3 \
4"
LABEL x=y   \
  z="a b"
END

same_image labels <<'END'
FROM scratch
COPY app /
LABEL a=b "c d"="e f" g='h"i' "multi"="line\
two"
LABEL old form of it
LABEL a=changed empty=
ARG V=7
LABEL version=$V v="${V}.x"
END

same_image arg --build-arg GIVEN=yes --build-arg HAS=other <<'END'
ARG TOP=1
ARG HAS=default
FROM scratch
ARG TOP
ARG HAS=inner
ARG GIVEN
ARG NONE
ARG OWN=3
ARG NEXT=$OWN.1
LABEL top=$TOP has=$HAS given=$GIVEN none=$NONE own=$OWN next=$NEXT
ENV OWN=env
LABEL over=$OWN
COPY app /${OWN}/
END

same_image arg-and-env <<'END'
FROM scratch
COPY app /
ARG A=1
LABEL one=$A
ARG A=2
LABEL two=$A
ARG A
LABEL three=$A
ENV A=env
LABEL four=$A
ARG A=5
LABEL five=$A
ENV "Q R"=x
ENV S="a\tb" T='a\tb' U=a\\b V="\\x" W="\"q\""
LABEL w=$W
END

same_image arg-platform <<'END'
FROM scratch
ARG TARGETPLATFORM
ARG TARGETOS
ARG TARGETARCH
ARG TARGETVARIANT
ARG BUILDPLATFORM
COPY app /$TARGETOS/$TARGETARCH
LABEL p=$TARGETPLATFORM v=x$TARGETVARIANT b=$BUILDPLATFORM
END

same_image entry-cmd <<'END'
FROM scratch
COPY app /
CMD ["before"]
ENTRYPOINT ["/app", "a b"]
CMD ["c"]
END

same_image entry-resets <<'END'
FROM scratch AS one
COPY app /
CMD ["/app", "x"]
FROM one
ENTRYPOINT ["/app"]
END

same_image empty-commands <<'END'
FROM scratch
COPY app /
CMD ["x"]
CMD []
ENTRYPOINT ["y"]
ENTRYPOINT []
END

same_image cmd-alone <<'END'
FROM scratch
COPY app /bin/app
CMD ["app", "$HOME"]
END

same_image user-workdir <<'END'
FROM scratch
COPY tree /
USER 7
WORKDIR /a/b
USER 8:9
WORKDIR /c
USER web
WORKDIR d
USER web:staff
WORKDIR /e
COPY a.txt .
END

same_image workdir-forms <<'END'
FROM scratch
COPY tree /
ENV W=/from/env
WORKDIR $W
WORKDIR ../x//y/./z/
WORKDIR /sbin/in
WORKDIR "quoted dir"
WORKDIR /
END

same_image ports-volumes <<'END'
FROM scratch
COPY app /
ARG P=99
EXPOSE 80 443/tcp 53/udp 8000-8003 9000-9001/UDP $P
EXPOSE 80
VOLUME /data /more
VOLUME ["/json path", "/data"]
VOLUME ${NOT:-/var}/log
END

same_image signal-health <<'END'
FROM scratch
COPY app /
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=5s --timeout=1m30s --start-period=500ms --retries=4 CMD ["/app", "check"]
END

same_image signal-number <<'END'
FROM scratch
COPY app /
STOPSIGNAL 9
HEALTHCHECK CMD /app $X || exit 1
HEALTHCHECK NONE
END

same_image health-shell <<'END'
FROM scratch
COPY app /
STOPSIGNAL sigint
HEALTHCHECK --timeout=2h CMD /app $X || exit 1
END

same_image shell <<'END'
FROM scratch
COPY app /bin/sh
SHELL ["/bin/sh", "-e", "-c"]
ENTRYPOINT run $THIS "and that"
CMD [ not json
END

same_image shell-form <<'END'
FROM scratch
COPY app /bin/sh
ENV X=1
CMD echo "$X" \
  && more
END

same_image maintainer-onbuild <<'END'
FROM scratch
COPY app /
MAINTAINER Some Body <some@example.org>
ONBUILD COPY a b
ONBUILD RUN x
END

same_image case-and-escape <<'END'
# escape=`
from scratch as Final
copy app `
  /
env A=C:\x B="`"q`""
cmd ["/app"]
END

# --- stages -----------------------------------------------------------------

same_image stages <<'END'
FROM scratch AS files
COPY --chown=3:4 d /d
WORKDIR /made
USER 5
WORKDIR /made/for5

FROM scratch AS unused
RUN this needs a container

FROM scratch
COPY --from=files /d /copied
COPY --from=files /made /made
COPY --from=0 /d/f /d/link /by-number/
COPY --from=files --chown=1:1 d/sub /owned
COPY --from=FILES /d/[fhs]* /glob/
END

same_image stage-from-stage <<'END'
ARG BASE=one
FROM scratch AS one
ARG IN=1
ENV A=x
LABEL l=1
WORKDIR /w
COPY a.txt .
EXPOSE 80
USER 7
FROM ${BASE} AS two
LABEL in=$IN
COPY b.txt .
ENV B=$A
FROM two
COPY c.md a.txt
EXPOSE 81
CMD ["x"]
ENTRYPOINT ["/w/../app"]
COPY app /
END

same_image target --target two <<'END'
FROM scratch AS one
COPY a.txt /
FROM scratch AS two
COPY --from=one /a.txt /b
FROM nothing-like-it
RUN x
END

same_image stage-links <<'END'
FROM scratch AS one
COPY tree /
COPY a.txt /data/real
FROM scratch
COPY --from=one /store /x
COPY --from=one /sbin /y
COPY --from=one / /z
END

# --- here-documents, which this dockerd does not know: the same from files -----

cat >"$CONTEXT/Dockerfile.theirs" <<'END'
FROM scratch
WORKDIR /w
COPY here/one /one
COPY --chown=3:4 --chmod=600 here/two here/three /many/
COPY here/four ./four
END
mkdir "$CONTEXT/here"
printf 'x 1 "q" \047s\047 $A\n\n  # no comment\n' >"$CONTEXT/here/one"
printf 'raw $A \\\n' >"$CONTEXT/here/two"
printf 'no tabs\n' >"$CONTEXT/here/three"
: >"$CONTEXT/here/four"
same_as heredocs <<'END'
FROM scratch
WORKDIR /w
ARG A=1
COPY <<EOF /one
x $A "q" 's' \$A

  # no comment
EOF
COPY --chown=3:4 --chmod=600 <<"two" <<-three /many/
raw $A \
two
	no tabs
	three
COPY <<four .
four
END
rm -r "$CONTEXT/here" "$CONTEXT/Dockerfile.theirs"

both_fail unknown-target '--target three: .* has no such stage' --target three <<'END'
FROM scratch AS one
COPY a.txt /
END

both_fail unknown-instruction 'Dockerfile:2: COPPY: is no instruction' <<'END'
FROM scratch
COPPY a.txt /
END

both_fail bad-env 'Dockerfile:2: ENV b: expected NAME=VALUE' <<'END'
FROM scratch
ENV a=1 b
END

both_fail bad-port 'Dockerfile:2: EXPOSE: port 80x: expected PORT' <<'END'
FROM scratch
EXPOSE 80x
END

both_fail bad-modifier 'this form of a variable is not known' <<'END'
FROM scratch
ENV a=${b:x}
END

# --- .dockerignore, which the classic builder's client heeds -------------------

ignore() {
	cat >"$CONTEXT/.dockerignore"
}

# Its client makes the directories of what an exception lets in anew, and loses
# capabilities.
rm "$CONTEXT/capable"
chmod 755 "$CONTEXT/d/sub"
ignore <<'END'
# comment
*.md
d/sub
**/x*
!d/sub/deep
tree/*
!tree/etc
.dockerignore
Dockerfile
END
same_classic ignore <<'END'
FROM scratch
WORKDIR /
COPY . /all
COPY tree /tree
COPY d /d
END

ignore <<'END'
*
!a.txt
!d/f
!tree/etc/group
END
same_classic ignore-but <<'END'
FROM scratch
WORKDIR /
COPY . /all/
COPY *.txt /t/
END
rm "$CONTEXT/.dockerignore"

# The classic builder where it does as BuildKit does.
same_classic classic <<'END'
FROM scratch AS one
COPY app a.txt b.txt /x/
COPY d/f /d/
ADD arch/plain.tar.gz /t/
FROM scratch
ARG V=1
ENV A=$V B="x y"
LABEL a=b
WORKDIR /w
COPY --from=one /x/ ./y/
COPY --chown=1:2 *.txt /z/
VOLUME /v
EXPOSE 80
HEALTHCHECK --interval=3s CMD ["/w/y/app"]
ENTRYPOINT ["/w/y/app"]
CMD ["1"]
END

done_testing
