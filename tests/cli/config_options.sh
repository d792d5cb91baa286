#!/bin/bash
# Every option of the image configuration is in the documents as docker has it.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need jq

static_hello hello
pack() {
	run "$SCRATCHPACK" ./hello -q -o o.tar --compress none "$@"
	[ "$status" -eq 0 ] || diag "$stderr"
}
# has JQ WANT TEXT: of the configuration of the last image
has() {
	is "$(config o.tar | jq -c "$1")" "$2" "$3"
}

pack
exits 0 "no option"
has '.architecture + "/" + .os' '"amd64/linux"' "platform"
has '.created' '"1970-01-01T00:00:00Z"' "created"
has '.config' '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Entrypoint":["/hello"]}' \
	"the usual PATH, the entry point, nothing else"
has '.rootfs.type, (.rootfs.diff_ids | length)' '"layers"
1' "rootfs"
has '.history | length' 1 "one entry of history"
has '.history[0].empty_layer' null "which has the layer"
has '.history[0].created' '"1970-01-01T00:00:00Z"' "and its time"
has 'has("author")' false "no author"

pack -- serve --port 80 ''
has .config.Cmd '["serve","--port","80",""]' "arguments behind -- are Cmd"
pack -e A=1 --env B= --env=A=2 -eC=x=y
has '.config.Env[1:]' '["A=2","B=","C=x=y"]' "-e: the last of a name wins, in its first place"
pack -e PATH=/bin
has .config.Env '["PATH=/bin"]' "-e PATH replaces the usual one"
pack -e 'S=a "b" $c \ é'
has .config.Env[1] '"S=a \"b\" $c \\ é"' "-e: any text"
pack -u 1000
has .config.User '"1000"' "-u UID"
pack --user 1000:2000
has .config.User '"1000:2000"' "-u UID:GID"
pack -u nonroot
has .config.User '"65532:65532"' "-u nonroot"
unpack o.tar nonroot
like "$(cat nonroot/etc/passwd)" '(^|
)nonroot:x:65532:65532:' "with an account"
like "$(cat nonroot/etc/group)" '(^|
)nonroot:x:65532:' "and a group"
like "$(cat nonroot/etc/passwd)" '(^|
)root:x:0:0:' "beside root's"
pack -w /data/in
has .config.WorkingDir '"/data/in"' "-w"
ok "the directory is in the layer" grep -q '^data/in/$' <(layer o.tar | tar -tf -)
pack -w /a//b/
has .config.WorkingDir '"/a/b"' "-w: a clean path"
pack -l a=1 --label b=x=y -l c -l a=2
has .config.Labels '{"a":"2","b":"x=y","c":""}' "-l: the last wins, one without = is empty"
pack -p 80 -p 53/udp --expose 8000-8002 -p 80/tcp -p 9/sctp
has '.config.ExposedPorts | keys' '["53/udp","80/tcp","8000/tcp","8001/tcp","8002/tcp","9/sctp"]' "-p"
has '.config.ExposedPorts["80/tcp"]' '{}' "-p: empty objects"
pack --volume /data --volume /srv/x
has .config.Volumes '{"/data":{},"/srv/x":{}}' "--volume"
for signal in SIGTERM:SIGTERM INT:SIGINT 9:9 SIGRTMIN+3:SIGRTMIN+3 RTMAX-1:SIGRTMAX-1; do
	pack --stop-signal "${signal%%:*}"
	has .config.StopSignal "\"${signal#*:}\"" "--stop-signal ${signal%%:*}"
done
pack --healthcheck '/hello  --check' --health-interval 30s --health-timeout 1m30s \
	--health-start-period 500ms --health-retries 3
has .config.Healthcheck \
	'{"Test":["CMD","/hello","--check"],"Interval":30000000000,"Timeout":90000000000,"StartPeriod":500000000,"Retries":3}' \
	"--healthcheck, and its times in nanoseconds"
pack --healthcheck '["/hello","a b"]'
has .config.Healthcheck '{"Test":["CMD","/hello","a b"]}' "--healthcheck as JSON"
pack --healthcheck NONE
has .config.Healthcheck '{"Test":["NONE"]}' "--healthcheck NONE"
pack --entrypoint /hello --entrypoint -x
has .config.Entrypoint '["/hello","-x"]' "--entrypoint, word by word"
pack --entrypoint '["/hello","a b","c"]' -- d
has '.config.Entrypoint, .config.Cmd' '["/hello","a b","c"]
["d"]' "--entrypoint as JSON"
pack --author 'A. Uthor <a@example.org>'
has .author '"A. Uthor <a@example.org>"' "--author"
pack --platform linux/amd64
exits 0 "--platform that agrees"
pack --platform linux/amd64/v3
has .variant '"v3"' "--platform with a higher variant"

for time in 0=1970-01-01T00:00:00Z 1700000000=2023-11-14T22:13:20Z \
	2024-02-29T12:00:00Z=2024-02-29T12:00:00Z 2024-03-01T01:30:00+02:00=2024-02-29T23:30:00Z \
	4294967296=2106-02-07T06:28:16Z 253402300799=9999-12-31T23:59:59Z; do
	pack --created "${time%%=*}"
	has '.created, .history[0].created' "\"${time#*=}\"
\"${time#*=}\"" "--created ${time%%=*}"
done
pack --created 1700000000
is "$(listing o.tar | awk '{ print $4 " " $5 }')" "2023-11-14 22:13" "--created: files have it too"
before=$(date +%s)
pack --created now
after=$(date +%s)
created=$(date -d "$(config o.tar | jq -r .created)" +%s)
ok "--created now" test "$created" -ge "$before" -a "$created" -le "$after"
run env SOURCE_DATE_EPOCH=1600000000 "$SCRATCHPACK" ./hello -q -o o.tar
has .created '"2020-09-13T12:26:40Z"' "SOURCE_DATE_EPOCH"
run env SOURCE_DATE_EPOCH=1600000000 "$SCRATCHPACK" ./hello -q -o o.tar --created 5
has .created '"1970-01-01T00:00:05Z"' "--created wins over it"
run env SOURCE_DATE_EPOCH= "$SCRATCHPACK" ./hello -q -o o.tar
has .created '"1970-01-01T00:00:00Z"' "an empty one is none"

pack --annotation a=1 --annotation manifest:b=2 --annotation index:c=3
is "$(manifest o.tar | jq -c .annotations)" '{"a":"1","b":"2"}' "--annotation: manifest"
top=$(blob o.tar "$(member o.tar index.json | jq -r '.manifests[0].digest')")
is "$(jq -c .annotations <<<"$top")" '{"c":"3"}' "--annotation index:"
is "$(jq -r .mediaType <<<"$top")" application/vnd.oci.image.index.v1+json \
	"which makes an index, as nothing else could carry it"
pack --annotation index:c=3 -o layout/
exits 0 "into a layout as well"

pack -e LD_LIBRARY_PATH=/nowhere -l 'key with space=v' -l 'x=line
break'
has .config.Labels '{"key with space":"v","x":"line\nbreak"}' "labels are any text"
pack -e A=1 -l b=2 -p 80 --volume /v -w /w -u 5 --stop-signal INT -- c
has '.config | keys' \
	'["Cmd","Entrypoint","Env","ExposedPorts","Labels","StopSignal","User","Volumes","WorkingDir"]' \
	"all together"
done_testing
