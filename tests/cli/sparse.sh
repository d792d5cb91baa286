#!/bin/bash
# Sparse files in the layers of an image, in each of GNU tar's formats: they are read as
# what they were.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need python3 jq
make_image() { # OUT CONFIG LAYER...
	python3 "$TOP/tests/make_image.py" "$@"
}

# data at both ends, data in front alone, nothing but a hole, more parts than a header
# has room for
mkdir tree
cd tree || exit 1
head -c 20000 /dev/urandom >ends
truncate -s 2M ends
head -c 5000 /dev/urandom >>ends
head -c 4096 /dev/urandom >front
truncate -s 1M front
truncate -s 3000000 hole
python3 - <<'PY'
with open('many', 'wb') as f:
    for i in range(61):
        f.seek(i * 65536)
        f.write(b'part %d' % i)
PY
echo plain >plain
cd .. || exit 1
sums=$(cd tree && sha256sum -- *)

reads() { # NAME TAR-OPTION...
	local name=$1
	shift
	tar -C tree -S "$@" --owner=0 --group=0 --numeric-owner -cf layer.tar .
	[ "$(stat -c %s layer.tar)" -lt 1500000 ] ||
		skip "$name: holes" "tar finds none on this file system"
	make_image image.tar '{}' layer.tar
	printf 'FROM image AS it\nFROM scratch\nCOPY --from=it / /\n' >Dockerfile
	run "$SCRATCHPACK" -q -f Dockerfile --build-context image=image.tar -o out.tar
	exits 0 "$name: an image with sparse files" || return
	rm -rf out
	mkdir out
	blob out.tar "$(layers out.tar)" | gzip -dc | tar -C out -xf -
	is "$(cd out && sha256sum -- *)" "$sums" "$name: its files are whole"
	run "$SCRATCHPACK" verify image.tar
	exits 0 "$name: it verifies"
}
reads "GNU tar's old format" --format=gnu
reads "PAX 0.0" --format=posix --sparse-version=0.0
reads "PAX 0.1" --format=posix --sparse-version=0.1
reads "PAX 1.0" --format=posix --sparse-version=1.0
printf 'FROM scratch\nADD layer.tar /\n' >Dockerfile
run "$SCRATCHPACK" -q -f Dockerfile -o out.tar
exits 0 "ADD of such an archive"
rm -rf out
mkdir out
blob out.tar "$(layers out.tar)" | gzip -dc | tar -C out -xf -
is "$(cd out && sha256sum -- *)" "$sums" "unpacks it"

# a program in a sparse file is one to be proved
static_hello app
truncate -s +1M app
cp --sparse=always app tree/app
tar -C tree -S --format=posix -cf layer.tar app
make_image image.tar '{"Entrypoint":["/app"]}' layer.tar
run "$SCRATCHPACK" verify image.tar
exits 0 "a sparse program verifies"
run "$SCRATCHPACK" --from image.tar -o slim.tar
exits 0 "and is taken out of an image"
blob slim.tar "$(layers slim.tar)" | gzip -dc | tar -xOf - app | cmp - app
is $? 0 "whole"

# A hole without end is no reason to refuse what stands beside it.
truncate -s 500G tree/lastlog
tar -C tree -S --format=posix -cf layer.tar app lastlog
make_image image.tar '{"Entrypoint":["/app"]}' layer.tar
run "$SCRATCHPACK" --from image.tar -o slim.tar
exits 0 "an image with a hole of 500 GB"
printf 'FROM image AS it\nFROM scratch\nCOPY --from=it /lastlog /\n' >Dockerfile
run "$SCRATCHPACK" -q -f Dockerfile --build-context image=image.tar -o out.tar
isnt "$status" 0 "which cannot be copied itself"

# Lists that make no sense.
bad() { # NAME RECORDS BODY
	python3 - "$2" "$3" <<'PY'
import io, sys, tarfile
with tarfile.open('layer.tar', 'w', format=tarfile.PAX_FORMAT) as t:
    info = tarfile.TarInfo('f')
    body = sys.argv[2].encode()
    info.size = len(body)
    info.pax_headers = dict(r.split('=', 1) for r in sys.argv[1].split(' '))
    t.addfile(info, io.BytesIO(body))
PY
	make_image image.tar '{}' layer.tar
	run "$SCRATCHPACK" -q -f Dockerfile --build-context image=image.tar -o bad.tar
	exits 7 "$1"
	like "$stderr" 'sparse file|PAX record' "$1: says so"
	not_ok "$1: nothing is written" test -e bad.tar
}
old='GNU.sparse.size=10 GNU.sparse.numblocks=1 GNU.sparse.map'
new='GNU.sparse.major=1 GNU.sparse.minor=0 GNU.sparse.realsize=10'
bad "a part behind the end" "$old=8,3" abc
bad "parts that overlap" "$old=0,2,1,1" abc
bad "parts backwards" "$old=5,1,0,2" abc
bad "bytes that no part has" "$old=0,2" abc
bad "an odd number" "$old=0,3,5" abc
bad "no number" "$old=0,x" abc
bad "a number without end" "$old=0,99999999999999999999999" abc
bad "a list that is cut off" "$new" abc
bad "a list of too many" "$new" "$(printf '100001\n%01000d' 0)"
bad "a part too large" "$new" "$(printf '1\n18446744073709551615\n2\n%0600d' 0)"
done_testing
