#!/bin/bash
# FROM IMAGE and COPY --from=IMAGE: images that dockerd has built, given to us as what
# docker save writes.
. "$(dirname "$0")/lib.sh"

need jq curl python3 busybox
start_dockerd

static_hello "$CONTEXT/app"
cd "$CONTEXT" || exit 1
mkdir -p root/bin root/etc root/tmp root/usr/lib root/srv d/sub
cp "$(command -v busybox)" root/bin/busybox
for name in sh ls cat; do ln -s busybox "root/bin/$name"; done
ln -s usr/lib root/lib
chmod 1777 root/tmp
chmod 750 root/srv
printf 'root:x:0:0::/:/bin/sh\nweb:x:33:44::/:/bin/sh\n' >root/etc/passwd
printf 'root:x:0:\nstaff:x:50:\n' >root/etc/group
echo first >root/etc/gone
echo other >root/etc/other
ln -s other root/etc/link
echo text >a.txt
echo f >d/f
echo g >d/sub/g
cd "$T" || exit 1
cat >"$CONTEXT/Dockerfile" <<'END'
FROM scratch
COPY root /
COPY --chown=33:44 root/srv /srv
ENV PATH=/bin A=base B=base
LABEL from=base kept=yes
EXPOSE 80
VOLUME /data
WORKDIR /srv
USER web
STOPSIGNAL SIGINT
MAINTAINER Base
HEALTHCHECK --interval=7s CMD ["/bin/ls"]
ENTRYPOINT ["/bin/sh"]
CMD ["-c", "true"]
END
ok "dockerd builds a base" buildkit base
cat >"$CONTEXT/Dockerfile" <<'END'
FROM base
USER root
RUN rm /etc/gone && echo ran >/etc/ran && chmod 711 /srv
USER web
END
ok "and one with a layer that deletes" classic deletes
docker save -o base.tar base
docker save -o deletes.tar deletes
rm -r "$CONTEXT/root"
ON_BASE=(--build-context "base=base.tar" --build-context "deletes=deletes.tar")

same_image inherit "${ON_BASE[@]}" <<'END'
FROM base
LABEL own=1
END

same_image over "${ON_BASE[@]}" <<'END'
FROM base
ENV B=own C=$A$B
LABEL from=own own=1
COPY a.txt .
COPY d /tmp/d
COPY app /lib/app
COPY d /bin/
COPY a.txt /etc/link
COPY --chown=web:staff a.txt /x/owned
WORKDIR deeper
EXPOSE 81/udp
VOLUME /more
END

same_image entry "${ON_BASE[@]}" <<'END'
FROM base
COPY app /app
ENTRYPOINT ["/app"]
HEALTHCHECK NONE
USER 0:0
END

same_image cmd "${ON_BASE[@]}" <<'END'
FROM base
CMD ["-c", "ls"]
END

same_image shell-form "${ON_BASE[@]}" <<'END'
FROM base
ENTRYPOINT exec ls $A
STOPSIGNAL 3
END

same_image deleted "${ON_BASE[@]}" <<'END'
FROM deletes
COPY a.txt /etc/
COPY a.txt /srv/
WORKDIR /srv/new
END

same_image copy-from "${ON_BASE[@]}" <<'END'
FROM scratch
COPY --from=base /bin /bin
COPY --from=base /etc/passwd /etc/group /etc/
COPY --from=deletes /etc /all
COPY --from=base /lib /lib
COPY --from=base /bin/sh /single
ENTRYPOINT ["/bin/sh"]
END

same_image stages-on-base "${ON_BASE[@]}" <<'END'
ARG WHICH=deletes
FROM base AS one
COPY a.txt /from/one
FROM ${WHICH} AS two
COPY --from=one /from /from
FROM two
COPY --from=one / /copy/
COPY d/f /from/one
END

same_image build-context --build-context base=docker-archive:base.tar <<'END'
FROM base AS here
FROM here
COPY --from=here /etc /etc2
END

both_fail onto-file 'Dockerfile:2: COPY: /etc/passwd: is there already, and is no directory' "${ON_BASE[@]}" <<'END'
FROM base
COPY d /etc/passwd
END

# Triggers of an image, and of a stage.
cat >"$CONTEXT/Dockerfile" <<'END'
FROM base
ENV A=below
ONBUILD COPY --chown=5:6 a.txt /from/trigger/
ONBUILD ENV A=trigger B="$A"
ONBUILD WORKDIR /there
ONBUILD LABEL k=v
END
ok "dockerd builds an image with triggers" buildkit trigger
docker save -o trigger.tar trigger
same_image triggers --build-context trigger=docker-archive:trigger.tar <<'END'
FROM trigger
COPY a.txt $A
ONBUILD ENV A=again
END
same_image stage-triggers <<'END'
FROM scratch AS one
ONBUILD COPY a.txt /x
ONBUILD CMD ["/app", "y"]
COPY app d /
FROM one AS two
COPY a.txt /z
FROM two
COPY d/sub /w
END
both_fail run-trigger 'Dockerfile:3: FROM: the image carries ONBUILD RUN false' <<'END'
FROM scratch AS one
ONBUILD RUN false
FROM one
COPY d /
END

# The image of ours runs in the engine, on the layers that it has already.
printf 'FROM base\nCOPY a.txt /srv/\nUSER root\nCMD ["-c", "cat /srv/a.txt"]\n' >"$CONTEXT/Dockerfile"
run "$SCRATCHPACK" -q -f "$CONTEXT/Dockerfile" --build-context base=base.tar -t runs -o runs.tar
exits 0 "an image on a base"
ok "loads" docker load -q -i runs.tar
in_engine docker runs
is "$stdout" text "and runs"

done_testing
