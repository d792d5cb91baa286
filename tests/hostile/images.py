#!/usr/bin/env python3
"""Hostile images, one folder each, and what has to come of them.

	images.py PROGRAM DIR [NAME...]

Writes DIR/NAME/ (a layout) or DIR/NAME.tar for every case, or those named, and prints
"NAME WHERE WANT REGEX" for each.  WHERE is "inside" if only who unpacks a layer can see
what is wrong, "outside" if who reads the documents or hashes the blobs can.  WANT: "refused" with a message that matches REGEX, "fine", "any"
(engines take it, so it may be taken, within the same limits) or "ambiguous" (needs a name).
PROGRAM is a static program that becomes /app.
"""

import gzip
import json
import os
import shutil
import sys
import tarfile
import io

from parts import *

CASES = []
INSIDE = "tar_layer", "packed_layer", "bomb_layer"


def case(name, want="refused", regex="."):
	def keep(function):
		CASES.append((name, want, regex, function))
		return function
	return keep


def tar_case(name, regex, *parts, want="refused", end=END):
	"""A layer that holds the program and these parts."""
	def tar_layer(image):
		image.tars = [image.app + b"".join(parts) + end]
	CASES.append((name, want, regex, tar_layer))


# --- files of the layout ------------------------------------------------------------

def spoil(kind, how):
	def make(image):
		def action(where):
			path = image.path(where, kind)
			with open(path, "rb") as f:
				data = f.read()
			os.unlink(path)
			how(path, data)
		image.after.append(action)
	return make


def rewrite(change):
	def how(path, data):
		with open(path, "wb") as f:
			f.write(change(data))
	return how


def flip(data):
	return data[:len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1:]


SPOILED = [
	("truncated", rewrite(lambda d: d[:-1]), "size|digest|bytes"),
	("extended", rewrite(lambda d: d + b"\n"), "size|digest|bytes"),
	("flipped", rewrite(flip), "digest|sha256"),
	("empty", rewrite(lambda d: b""), "size|digest|empty|bytes"),
	("missing", lambda path, data: None, "not there|no such|missing|No such|blob"),
	("a directory", lambda path, data: os.mkdir(path), "directory|regular"),
	("a link to a secret", lambda path, data: os.symlink("/etc/passwd", path), "."),
	("a link in a circle", lambda path, data: os.symlink(path, path), "."),
	("a FIFO", lambda path, data: os.mkfifo(path), "."),
	("a link to a device", lambda path, data: os.symlink("/dev/zero", path), "."),
]
for kind in "layer", "config", "manifest":
	for what, how, regex in SPOILED:
		CASES.append(("the %s is %s" % (kind, what), "refused", regex, spoil(kind, how)))


def layout_text(name, text, regex):
	def make(image):
		image.layout_text = text
	CASES.append((name, "refused", regex, make))


layout_text("layout version 2.0.0", b'{"imageLayoutVersion":"2.0.0"}', "oci-layout|version|Version")
layout_text("layout file is no JSON", b"{", "oci-layout|layout")
layout_text("layout file is long", b'{"imageLayoutVersion":"1.0.0"' + b" " * 5000000 + b"}", "oci-layout")


@case("index.json is a FIFO", regex="index.json|layout")
def _(image):
	def action(where):
		os.unlink(os.path.join(where, "index.json"))
		os.mkfifo(os.path.join(where, "index.json"))
	image.after.append(action)


# --- graphs -------------------------------------------------------------------------

@case("an index that names itself", regex="digest|sha256")
def _(image):
	def change(index):
		fake = sha(b"")
		text = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
			{"mediaType": INDEX, "digest": fake, "size": 1}]}).encode()
		image.blobs[fake] = text
		return dict(index, manifests=[{"mediaType": INDEX, "digest": fake, "size": len(text)}])
	image.index_text = change


@case("indexes 20 deep", regex="deep|depth|nested|within")
def _(image):
	def change(index):
		for _ in range(20):
			inner = json.dumps(index).encode()
			index = dict(index, manifests=[image.descriptor(inner, INDEX)])
		return index
	image.index_text = change


@case("an index that grows by itself", want="any")
def _(image):
	# each level names the one below many times: 100 to the power of 6
	def change(index):
		for _ in range(6):
			inner = json.dumps(index).encode()
			index = dict(index, manifests=[image.descriptor(inner, INDEX)] * 100)
		return index
	image.index_text = change


@case("100 000 manifests", regex="manifests|many|at most|more than|twice|values|MiB|large|size")
def _(image):
	image.index_text = lambda index: dict(index, manifests=index["manifests"] * 100000)


@case("manifest and index in one document", regex="manifests|both|index")
def _(image):
	image.manifest_extra = {"manifests": []}


@case("an index with a config", regex="config|both|layers|manifest")
def _(image):
	image.index_extra = {"config": {"mediaType": CONFIG, "digest": sha(b""), "size": 0}, "layers": []}


@case("a manifest that says it is an index", regex="mediaType|media type|says")
def _(image):
	image.manifest_extra = {"mediaType": INDEX}


@case("an index called a manifest", regex="mediaType|media type|config|layers|says")
def _(image):
	def change(index):
		inner = json.dumps(index).encode()
		return dict(index, manifests=[image.descriptor(inner, MANIFEST)])
	image.index_text = change


@case("a platform that is not the configuration's", regex="platform|architecture|arm64")
def _(image):
	image.descriptor_extra = {"platform": {"os": "linux", "architecture": "arm64"}}


@case("data beside the digest that is other data", regex="data")
def _(image):
	image.descriptor_extra = {"data": "e30="}


@case("the configuration is a layer", regex="config|JSON|byte")
def _(image):
	def change(manifest):
		layer = manifest["layers"][0]
		return dict(manifest, config=dict(layer, mediaType=CONFIG))
	image.manifest_text = change


@case("the layer is the configuration", regex="layer|tar|gzip|diff")
def _(image):
	def change(manifest):
		return dict(manifest, layers=[dict(manifest["config"], mediaType=GZIP)])
	image.manifest_text = change


@case("10 000 layers", regex="layers|at most|125")
def _(image):
	image.manifest_text = lambda m: dict(m, layers=m["layers"] * 10000)


@case("two images without names", want="ambiguous", regex=".")
def _(image):
	def change(index):
		other = dict(image.manifest, annotations={"x": "y"})
		return dict(index, manifests=index["manifests"] +
			    [image.descriptor(json.dumps(other).encode(), MANIFEST)])
	image.index_text = change


# --- compression --------------------------------------------------------------------

def packed(name, regex, pack, want="refused", media_type=GZIP, tar=None):
	def packed_layer(image):
		data = tar(image) if tar else image.tars[0]
		image.tars = [data]
		image.packed[0] = pack(data)
		image.types[0] = media_type
	CASES.append((name, want, regex, packed_layer))


def squeeze(data):
	return gzip.compress(data, 1, mtime=0)


packed("gzip with bytes behind it", "trail|behind|after|garbage|follow", lambda d: squeeze(d) + b"more")
packed("gzip in two members", "", lambda d: squeeze(d[:700]) + squeeze(d[700:]), want="fine")
packed("gzip with a wrong check sum", "damaged|corrupt|check|CRC|gzip",
       lambda d: squeeze(d)[:-8] + b"\0\0\0\0" + squeeze(d)[-4:])
packed("gzip with a wrong length", "damaged|corrupt|length|gzip", lambda d: squeeze(d)[:-4] + b"\0\0\0\1")
packed("gzip cut off", "cut|trunc|end|gzip", lambda d: squeeze(d)[:-20])
packed("gzip of nothing", "tar|empty|end|diff|app|entry", lambda d: squeeze(b""), tar=lambda i: b"")
packed("plain, called gzip", "gzip|plain|media", lambda d: d)
packed("gzip, called plain", "gzip|plain|media", squeeze, media_type=LAYER)
packed("gzip, called zstd", "gzip|zstd|media", squeeze, media_type=ZSTD)
packed("zstd with bytes behind it", "trail|behind|after|garbage|follow|zstd",
       lambda d: zstd_raw(d) + b"more", media_type=ZSTD)
packed("zstd cut off", "cut|trunc|end|zstd", lambda d: zstd_raw(d)[:-5], media_type=ZSTD)
packed("zstd with a window of 2 GiB", "window|memory|zstd", lambda d: zstd_raw(d, 31), media_type=ZSTD)
packed("a layer of an unknown kind", "media|application/x-evil", lambda d: d, media_type="application/x-evil")
packed("an encrypted layer", "media|encrypted", squeeze, media_type=GZIP + "+encrypted")


def bomb(name, zeros, media_type, size):
	"""A file of zeros, far larger than it looks; the rest of its digests cannot be
	known without unpacking it, which is the point."""
	def bomb_layer(image):
		image.tars = ["sha256:" + "0" * 64]
		head = image.app + header("zeros", size=number256(size))
		small = squeeze(head) if media_type == GZIP else zstd_raw(head, 20)
		image.packed[0] = small + zeros(size)
		image.types[0] = media_type
	CASES.append((name, "refused", "bomb|times|ratio|more than|limit|too|MiB|GiB", bomb_layer))


def number256(value):
	return b"\x80" + value.to_bytes(11, "big")


bomb("a gzip bomb of 16 GiB", gzip_zeros, GZIP, 16 << 30)
bomb("a zstd bomb of 60 GiB", zstd_zeros, ZSTD, 60 << 30)
bomb("a zstd bomb with a large window", lambda size: zstd_zeros(size, 27), ZSTD, 60 << 30)
bomb("a zstd bomb of 128 GiB", lambda size: zstd_zeros(size, 20), ZSTD, 1 << 37)


# --- names and links in a layer -------------------------------------------------------

APP = "app"
tar_case("a name with ..", r"\.\.", entry("../evil", b"x"))
tar_case("a name with .. inside", r"\.\.", entry("a/../../evil", b"x"))
tar_case("a name with .. that stays inside", r"\.\.", folder("a"), entry("a/../b", b"x"))
tar_case("a name that is ..", r"\.\.", folder(".."))
tar_case("an absolute name", "absolute|/etc", entry("/etc/evil", b"x"), want="any")
tar_case("a name of //", "absolute|/|empty", entry("//etc//evil", b"x"), want="any")
tar_case("an empty name", "empty|name", entry("", b"x"))
tar_case("a name of 100 001 bytes", "long|bytes", pax(("path", "a/" * 50000 + "a")), entry("x", b"x"))
tar_case("a part of a name of 300 bytes", "long|255", pax(("path", "a" * 300)), entry("x", b"x"))
tar_case("3000 folders deep", "long|deep|4096|bytes", pax(("path", "a/" * 3000 + "a")), entry("x", b"x"))
tar_case("a name with a NUL", "NUL|null|name", pax(("path", b"a\0/../../etc/passwd")), entry("x", b"x"))
tar_case("a name that is no UTF-8", "UTF|name", entry(b"\xff\xfe", b"x"), want="any")
tar_case("a name with a newline", ".", entry("a\nb\x1b[31m", b"x"), want="any")
tar_case("the root is a link", "root|/", symlink("./", "/etc"))
tar_case("the root is a link, called /", "root|/", symlink("/", "/etc"))
tar_case("the root is a file", "root|/", entry(".", b"x"))
tar_case("a file through a link to outside", "link|through|beneath|parent|not a directory",
	 symlink("d", "/etc"), entry("d/passwd", b"x"), want="any")
tar_case("a file through a file", "file|directory|parent|below", entry("f", b"x"), entry("f/g", b"x"))
tar_case("a hard link to outside", r"\.\.|link", hardlink("h", "../../etc/shadow"))
tar_case("a hard link to an absolute name", "link|absolute|not", hardlink("h", "/etc/shadow"))
tar_case("a hard link to nothing", "link|target|not", hardlink("h", "nowhere"))
tar_case("a hard link to itself", "link|itself|not", hardlink("h", "h"))
tar_case("two hard links in a circle", "link|not", hardlink("g", "h"), hardlink("h", "g"))
tar_case("a hard link to a folder", "link|directory|folder", folder("d"), hardlink("h", "d"))
tar_case("a hard link through a symbolic link", "link", symlink("d", "/etc"), hardlink("h", "d/shadow"))
tar_case("a hard link without a target", "link|empty", hardlink("h", ""))
tar_case("a symbolic link without a target", "link|empty", symlink("s", ""))
tar_case("a symbolic link to outside", "", symlink("s", "../../../../etc/shadow"), want="any")
tar_case("links in a circle", "", symlink("a", "b"), symlink("b", "a"), want="any")
tar_case("a name twice", "twice|duplicate|again", entry("x", b"1"), entry("x", b"2"))
tar_case("the program twice", "twice|duplicate|again", entry("app", b"evil"))
tar_case("a name twice, spelt otherwise", "twice|duplicate|again", entry("x", b"1"), entry("./x", b"2"))
tar_case("a name twice, as file and folder", "twice|duplicate|again", entry("x", b"1"), folder("x/"))
tar_case("a device", "device|node", header("dev", kind=b"4", device=(8, 0)), want="any")
tar_case("a FIFO", "FIFO|fifo", header("pipe", kind=b"6"), want="any")
tar_case("an entry of an unknown type", "type|kind", entry("x", b"x", kind=b"Q"), want="any")
tar_case("a GNU volume", "type|kind|V", entry("x", b"", kind=b"V"), want="any")

# --- deletion marks -------------------------------------------------------------------
tar_case("a mark without a name", r"\.wh\.|whiteout|mark", entry(".wh.", b""))
tar_case("a mark for .", r"\.wh\.|whiteout|mark", entry(".wh..", b""))
tar_case("a mark for ..", r"\.wh\.|whiteout|mark", entry(".wh...", b""))
tar_case("a mark for / by an absolute name", "", entry("/.wh.etc", b""), want="any")
tar_case("an opaque mark", "", entry(".wh..wh..opq", b""), want="any")
tar_case("a mark of aufs", "", entry(".wh..wh.plnk", b"", kind=b"5"), want="any")
tar_case("a mark that is a folder", "", folder(".wh.x"), want="any")
tar_case("a folder with a mark for a name", r"\.wh\.|whiteout", entry(".wh.d/evil", b"x"))
tar_case("a mark with .. in its folder", r"\.\.", entry("../.wh.etc", b""))
tar_case("a mark for what the same layer brings", "", entry(".wh.app", b""), want="any")

# --- headers ----------------------------------------------------------------------------
tar_case("a negative size", "size|negative|tar|header", header("x", size=b"\xff" * 12))
tar_case("a size that is no number", "size|number|tar|header", header("x", size=b"12z45678901\0"))
tar_case("a size of 8 GiB", "cut|end|trunc|short", header("x", size=0o77777777777), end=b"")
tar_case("a size of 8 EiB", "size|cut|end|large|trunc", header("x", size=number256((1 << 63) - 1)), end=b"")
tar_case("a size over 64 bits", "size|number|large", header("x", size=b"\x80" + b"\xff" * 11))
tar_case("a wrong check sum of a header", "sum|header|tar", header("x", checksum=1))
tar_case("PAX: a size that overrides", "sum|header|tar|size", pax(("size", "3")), entry("x", b"x" * 600))
tar_case("PAX: a negative size", "size", pax(("size", "-1")), entry("x", b""))
tar_case("PAX: a size of 2 to the power of 64", "size", pax(("size", str(1 << 64))), entry("x", b""))
tar_case("PAX: a record that is longer than all", "PAX|record", pax(b"999999 path=x\n"), entry("x", b""))
tar_case("PAX: a record of length 0", "PAX|record", pax(b"0 path=x\n"), entry("x", b""))
tar_case("PAX: a record without =", "PAX|record", pax(b"8 path x\n"), entry("x", b""))
tar_case("PAX: a length that overflows", "PAX|record", pax(b"99999999999999999999 path=x\n"), entry("x", b""))
tar_case("PAX: records of 2 GiB", "PAX|large|long|MiB|limit|bytes", header("PaxHeaders/x", size=1 << 31, kind=b"x"), end=b"")
tar_case("PAX: nothing behind", "PAX|end|header|entry", pax(("path", "x")), want="any")
tar_case("PAX: a link out of it", r"\.\.|link", pax(("linkpath", "../../etc/shadow")), entry("h", kind=b"1", link="app"))
tar_case("PAX: global records with a path", "", entry("g", record("path", "../evil"), kind=b"g"), entry("x", b"x"), want="any")
tar_case("GNU: a long name of 2 GiB", "long|large|MiB|limit|name", header("././@LongLink", size=1 << 31, kind=b"L"), end=b"")
tar_case("GNU: a long name with ..", r"\.\.", entry("././@LongLink", b"../evil\0", kind=b"L"), entry("x", b"x"))
tar_case("GNU: sparse", "sparse", entry("x", b"", kind=b"S"), want="any")
tar_case("PAX: sparse", "sparse", pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "../evil"),
				      ("GNU.sparse.realsize", "1099511627776")), entry("x", b"0\n" + bytes(510)))
tar_case("bytes behind the end", "trail|behind|after|end", end=END + b"evil" * 128)
tar_case("half a block behind the end", "", end=END + bytes(100), want="any")
tar_case("no end", "end|mark", end=b"", want="any")
tar_case("cut within a header", "cut|end|trunc|header", header("x")[:300], end=b"")
tar_case("cut within a file", "cut|end|trunc", header("x", size=5000) + bytes(512), end=b"")
tar_case("no archive at all", "tar|archive|header", b"evil" * 500, end=b"")
tar_case("a uid of 2 to the power of 32", "uid|owner|number|large", entry("x", b"", uid=b"\x80" + (1 << 32).to_bytes(7, "big")))
tar_case("50 000 empty files", "", b"".join(entry("f%d" % i) for i in range(50000)), want="any")


# --- configuration ----------------------------------------------------------------------

def config(name, regex, **more):
	def make(image):
		for key, value in more.items():
			if value is None:
				del image.config[key]
			else:
				image.config[key] = value
	CASES.append((name, "refused", regex, make))


config("a diff id that is wrong", "diff", rootfs={"type": "layers", "diff_ids": [sha(b"x")]})
config("more diff ids than layers", "diff|layers", rootfs={"type": "layers", "diff_ids": [sha(b"x")] * 2})
config("a rootfs of another type", "rootfs|type", rootfs={"type": "base", "diff_ids": []})
config("no architecture", "architecture", architecture=None)
config("an entry point that is no list", "Entrypoint", config={"Entrypoint": "/app"})
config("an environment that is no list", "Env", config={"Entrypoint": ["/app"], "Env": {"A": "B"}})
config("an entry point with a number", "Entrypoint", config={"Entrypoint": ["/app", 7]})
config("history that is no list", "history", history="none")


# --- JSON -------------------------------------------------------------------------------

def manifest_json(name, regex, change, want="refused"):
	"""change: from the text of the honest manifest to other text."""
	def make(image):
		image.manifest_text = lambda m: change(json.dumps(m).encode())
	CASES.append(("manifest: " + name, want, regex, make))


def put(raw):
	"""One more member at the beginning."""
	return lambda text: b"{" + raw + b"," + text[1:]


def size(raw):
	"""The size of the first layer, written otherwise."""
	def change(text):
		m = json.loads(text)
		m["layers"][0]["size"] = 987654321
		return json.dumps(m).encode().replace(b"987654321", raw)
	return change


def layer_field(**more):
	def change(text):
		m = json.loads(text)
		m["layers"][0].update(more)
		m["layers"][0] = {k: v for k, v in m["layers"][0].items() if v is not None}
		return json.dumps(m).encode()
	return change


def digest(value):
	return layer_field(digest=value)


HEX = "0123456789abcdef" * 4
JSON_CASES = [
	("a key twice", "twice|duplicate", put(b'"layers":[]')),
	("a key twice, escaped", "twice|duplicate", put(b'"\\u006cayers":[]')),
	("a key twice but for case", "twice|duplicate|case", put(b'"Layers":[]')),
	("a key twice but for a Kelvin sign", "twice|duplicate|case", put(b'"\\u212aey":1,"key":2')),
	("a byte order mark", "BOM|byte", lambda t: b"\xef\xbb\xbf" + t),
	("UTF-16", "JSON|byte|UTF", lambda t: t.decode().encode("utf-16")),
	("a NUL in a string", "NUL|0000|byte", put(b'"a":"x\\u0000y"')),
	("a raw NUL", "byte|control", put(b'"a":"x\0y"')),
	("a raw newline in a string", "byte|control", put(b'"a":"x\ny"')),
	("bytes behind it", "byte|trail|after|behind", lambda t: t + b"x"),
	("a second document behind it", "byte|trail|after|behind", lambda t: t + t),
	("65 deep", "deep|nest|depth", put(b'"a":' + b"[" * 65 + b"]" * 65)),
	("1000 deep", "deep|nest|depth", put(b'"a":' + b"[" * 1000 + b"]" * 1000)),
	("100 000 deep", "deep|nest|depth", put(b'"a":' + b"[" * 100000 + b"]" * 100000)),
	("a million values", "values|many|large|MiB", put(b'"a":[' + b"1," * 1000000 + b"1]")),
	("a size of 2^53+1", "size|number", size(b"9007199254740993")),
	("a size of 2^64", "size|number", size(b"18446744073709551616")),
	("a size of 1e400", "size|number", size(b"1e400")),
	("a size of 1e3", "size|number", size(b"1e3")),
	("a size of -1", "size|number|negative", size(b"-1")),
	("a size of -0", "size|number|negative", size(b"-0")),
	("a size of 1.5", "size|number", size(b"1.5")),
	("a size of 01", "byte|number", size(b"01")),
	("a size of NaN", "byte|NaN|value", size(b"NaN")),
	("a size of Infinity", "byte|value", size(b"Infinity")),
	("a size of 0x10", "byte|number", size(b"0x10")),
	("a size in quotes", "size", size(b'"5"')),
	("a size of null", "size", size(b"null")),
	("a size of 0", "size|bytes", size(b"0")),
	("a size that is one too small", "size|bytes", lambda t: off(t, -1)),
	("a size that is one too large", "size|bytes", lambda t: off(t, 1)),
	("a size of 9 PB", "size|bytes", size(b"9007199254740991")),
	("bad UTF-8", "UTF", put(b'"a":"\xff"')),
	("overlong UTF-8", "UTF", put(b'"a":"\xc0\xaf"')),
	("a surrogate in UTF-8", "UTF", put(b'"a":"\xed\xa0\x80"')),
	("half a surrogate", "surrogate|byte", put(b'"a":"\\ud800"')),
	("half a surrogate of the other kind", "surrogate|byte", put(b'"a":"\\udc00\\ud800"')),
	("an unknown escape", "escape|byte", put(b'"a":"\\x41"')),
	("single quotes", "byte", put(b"'a':1")),
	("a comment", "byte", put(b"/* x */ \"a\":1")),
	("a comma too many", "byte", lambda t: t[:-1] + b",}"),
	("cut off", "byte|end", lambda t: t[:-1]),
	("5 MiB", "MiB|large|long|bytes|size", put(b'"a":"' + b"x" * (5 << 20) + b'"')),
	("empty", "empty|JSON|size|byte", lambda t: b" "),
	("a list", "object", lambda t: b"[]"),
	("a string", "object", lambda t: b'"x"'),
	("null", "object", lambda t: b"null"),
	("layers is an object", "layers", lambda t: relay(t, {})),
	("layers holds null", "layers", lambda t: relay(t, [None])),
	("layers is missing", "layers", lambda t: relay(t, "gone")),
	("schemaVersion 1", "schemaVersion|version", lambda t: t.replace(b'"schemaVersion": 2', b'"schemaVersion": 1')),
	("schemaVersion in quotes", "schemaVersion", lambda t: t.replace(b'"schemaVersion": 2', b'"schemaVersion": "2"')),
	("an unknown mediaType", "mediaType|media type", lambda t: t.replace(b"image.manifest.v1+json", b"image.evil.v1+json")),
	("no digest", "digest", layer_field(digest=None)),
	("a digest in capitals", "digest", digest("sha256:" + HEX.upper())),
	("a digest that is short", "digest", digest("sha256:" + HEX[:-1])),
	("a digest that is long", "digest", digest("sha256:" + HEX + "0")),
	("a digest that is a path", "digest", digest("sha256:../../../../../../etc/passwd")),
	("a digest with a slash", "digest", digest("sha256:" + HEX[:-1] + "/")),
	("a digest with ..", "digest", digest("../" + HEX)),
	("a digest with a newline", "digest", digest("sha256:" + HEX[:-1] + "\n")),
	("a digest with a query", "digest", digest("sha256:" + HEX + "?x=y")),
	("a digest without a colon", "digest", digest("sha256" + HEX)),
	("a digest of an unknown kind", "digest|md5", digest("md5:" + HEX[:32])),
	("a digest that is empty", "digest", digest("")),
	("a digest that is a number", "digest", digest(7)),
	("a layer that nobody has", "not there|missing|blob|No such|no such", digest("sha256:" + HEX)),
	("annotations that are a list", "annotations", put(b'"annotations":[]')),
	("an annotation that is a number", "annotations", put(b'"annotations":{"a":1}')),
]


def off(text, by):
	m = json.loads(text)
	m["layers"][0]["size"] += by
	return json.dumps(m).encode()


def relay(text, layers):
	m = json.loads(text)
	m["layers"] = layers
	if layers == "gone":
		del m["layers"]
	return json.dumps(m).encode()


for name, regex, change in JSON_CASES:
	manifest_json(name, regex, change)
manifest_json("urls of elsewhere", ".", layer_field(urls=["https://evil.example/layer"]), want="any")


# --- archives ---------------------------------------------------------------------------

def archive(name, regex, change, want="refused"):
	"""The layout in a tar archive, changed: a list of (name, bytes or raw entry)."""
	def make(image):
		def action(where):
			members = {}
			for top, _, files in os.walk(where):
				for file in files:
					path = os.path.join(top, file)
					with open(path, "rb") as f:
						members[os.path.relpath(path, where)] = f.read()
			raw = change(image, members)
			shutil.rmtree(where)
			with open(where + ".tar", "wb") as f:
				f.write(b"".join(entry(n, d) for n, d in members.items()) + raw + END)
		image.after.append(action)
	CASES.append(("archive: " + name, want, regex, make))


def second(name):
	return lambda image, members: entry(name, b'{"evil":1}')


def instead(name, raw):
	def change(image, members):
		del members[name]
		return raw
	return change


def docker(change):
	"""A docker archive, whose manifest.json is changed."""
	def make(image, members):
		layer = gzip.decompress(image.blobs[image.layers[0]["digest"]])
		config = image.blobs[image.config_descriptor["digest"]]
		members.clear()
		members["layer.tar"], members["config.json"] = layer, config
		entries = [{"Config": "config.json", "RepoTags": ["evil:latest"], "Layers": ["layer.tar"]}]
		members["manifest.json"] = json.dumps(change(entries)).encode()
		return b""
	return make


archive("whole", "", lambda image, members: b"", want="fine")
archive("index.json twice", "twice|index.json|again", second("index.json"), want="any")
archive("index.json is a link to a secret", "index.json|link", instead("index.json", symlink("index.json", "/etc/passwd")))
archive("index.json is a link to itself", "index.json|link", instead("index.json", symlink("index.json", "index.json")))
archive("index.json is a device", "index.json", instead("index.json", header("index.json", kind=b"3")))
archive("100 001 members", "many|members|100000", lambda i, m: b"".join(entry("x") for _ in range(100001)))
archive("a member of 8 EiB", "cut|end|size|large|trunc", lambda i, m: header("x", size=number256((1 << 62))))
archive("docker: whole", "", docker(lambda e: e), want="fine")
archive("docker: a layer outside", "layer|not|\\.\\.", docker(lambda e: [dict(e[0], Layers=["../../etc/shadow"])]))
archive("docker: an absolute layer", "layer|not|absolute", docker(lambda e: [dict(e[0], Layers=["/etc/shadow"])]))
archive("docker: a configuration outside", "onfig|not", docker(lambda e: [dict(e[0], Config="../../etc/shadow")]))
archive("docker: two layers, one diff id", "layers|diff", docker(lambda e: [dict(e[0], Layers=["layer.tar"] * 2)]))
archive("docker: no image", "empty|no image|image|manifest.json", docker(lambda e: []))
archive("docker: an object", "list|array|manifest.json", docker(lambda e: {"x": e}))
archive("docker: 100 000 images", "many|images|MiB|values|large|bytes", docker(lambda e: e * 100000))
archive("docker: a name that is none", "", docker(lambda e: [dict(e[0], RepoTags=["../Evil:x y"])]), want="any")


def main():
	with open(sys.argv[1], "rb") as f:
		program = f.read()
	names = [c[0] for c in CASES]
	assert len(names) == len(set(names)), [n for n in names if names.count(n) > 1]
	for name, want, regex, make in CASES:
		if len(sys.argv) > 3 and name not in sys.argv[3:]:
			continue
		folder = name.replace(" ", "_").replace("/", "_").replace(":", "")
		image = Image(program)
		make(image)
		image.save(os.path.join(sys.argv[2], folder))
		where = "inside" if make.__name__ in INSIDE else "outside"
		print("%s %s %s %s" % (folder, where, want, regex or "."))


main()
