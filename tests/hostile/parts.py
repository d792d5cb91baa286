"""Parts of images, honest by default, so that a case can spoil exactly one thing.

A tar archive is made of raw headers, since Python's own writer refuses what a hostile
one would hold.
"""

import gzip
import hashlib
import json
import os
import struct
import zlib

LAYER = "application/vnd.oci.image.layer.v1.tar"
GZIP, ZSTD = LAYER + "+gzip", LAYER + "+zstd"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
END = bytes(1024)


def sha(data):
	return "sha256:" + hashlib.sha256(data).hexdigest()


def number(value, width):
	"""A field of a header: octal, or bytes as they are."""
	return value if isinstance(value, bytes) else b"%0*o\0" % (width - 1, value)


def header(name, size=0, kind=b"0", link=b"", mode=0o755, uid=0, gid=0, mtime=0,
	   magic=b"ustar\x0000", device=(0, 0), checksum=None):
	name, link = (s.encode() if isinstance(s, str) else s for s in (name, link))
	block = b"".join((
		name[:100].ljust(100, b"\0"), number(mode, 8), number(uid, 8), number(gid, 8),
		number(size, 12), number(mtime, 12), b" " * 8, kind, link[:100].ljust(100, b"\0"),
		magic, bytes(64), number(device[0], 8), number(device[1], 8))).ljust(512, b"\0")
	total = sum(block) if checksum is None else checksum
	return block[:148] + b"%06o\0 " % total + block[156:]


def pad(data):
	return data + bytes(-len(data) % 512)


def entry(name, data=b"", **more):
	more.setdefault("size", len(data))
	return header(name, **more) + pad(data)


def folder(name, **more):
	return entry(name, kind=b"5", **more)


def symlink(name, link):
	return entry(name, kind=b"2", link=link)


def hardlink(name, link):
	return entry(name, kind=b"1", link=link)


def record(key, value):
	"""A PAX record: its length counts itself."""
	body = b" %s=%s\n" % (key.encode(), value if isinstance(value, bytes) else value.encode())
	length = len(body)
	while len(str(length)) + len(body) != length:
		length = len(str(length)) + len(body)
	return str(length).encode() + body


def pax(*records):
	data = b"".join(r if isinstance(r, bytes) else record(*r) for r in records)
	return entry("PaxHeaders/x", data, kind=b"x")


def zstd_raw(data, window_log=20):
	"""A zstd frame of raw blocks."""
	out = b"\x28\xb5\x2f\xfd\0" + bytes([(window_log - 10) << 3])
	blocks = [data[i:i + (1 << 17)] for i in range(0, len(data), 1 << 17)] or [b""]
	for i, block in enumerate(blocks):
		out += struct.pack("<I", len(block) << 3 | (i == len(blocks) - 1))[:3] + block
	return out


def zstd_zeros(size, window_log=20):
	"""The same of zeros, in four bytes for each 128 KiB."""
	out = b"\x28\xb5\x2f\xfd\0" + bytes([(window_log - 10) << 3])
	block = struct.pack("<I", (1 << 17) << 3 | 1 << 1)[:3] + b"\0"
	return out + block * (size >> 17) + struct.pack("<I", 0 << 3 | 1)[:3]


def gzip_zeros(size):
	"""Many members, made once."""
	one = gzip.compress(bytes(1 << 24), mtime=0)
	return one * (size >> 24)


class Image:
	"""One image of one platform in a layout; save() makes all digests fit."""

	def __init__(self, program):
		self.app = entry("app", program)
		self.tars = [self.app + END]
		self.packed = {}	# of a layer: bytes instead of gzip of its tar
		self.types = {}		# of a layer: media type instead of gzip's
		self.config = {
			"created": "1970-01-01T00:00:00Z", "architecture": "amd64", "os": "linux",
			"config": {"Entrypoint": ["/app"]},
			"rootfs": {"type": "layers", "diff_ids": []},
		}
		self.manifest_extra, self.index_extra, self.descriptor_extra = {}, {}, {}
		self.config_text = self.manifest_text = self.index_text = None
		self.blobs = {}
		self.layout_text = b'{"imageLayoutVersion":"1.0.0"}'
		self.after = []		# what to do to the files in the end

	def blob(self, data):
		digest = sha(data)
		self.blobs[digest] = data
		return digest

	def descriptor(self, data, media_type):
		return {"mediaType": media_type, "digest": self.blob(data), "size": len(data)}

	def build(self):
		layers, ids = [], []
		for i, tar in enumerate(self.tars):
			packed = self.packed.get(i)
			packed = gzip.compress(tar, 1, mtime=0) if packed is None else packed
			layers.append(self.descriptor(packed, self.types.get(i, GZIP)))
			ids.append(tar if isinstance(tar, str) else sha(tar))
		self.layers = layers
		self.config["rootfs"]["diff_ids"] = self.config["rootfs"]["diff_ids"] or ids
		config = self.config_text or json.dumps(self.config).encode()
		self.config_descriptor = self.descriptor(config, CONFIG)
		self.manifest = {"schemaVersion": 2, "mediaType": MANIFEST,
				 "config": self.config_descriptor, "layers": layers}
		self.manifest.update(self.manifest_extra)

	def text(self, document):
		"""A document as it is, or made by a function of the honest one."""
		return document if isinstance(document, bytes) else json.dumps(document).encode()

	def save(self, where):
		self.build()
		manifest = self.manifest
		if self.manifest_text:
			manifest = self.manifest_text(manifest)
		manifest = self.text(manifest)
		self.manifest_descriptor = self.descriptor(manifest, MANIFEST)
		self.manifest_descriptor.update(self.descriptor_extra)
		index = {"schemaVersion": 2, "mediaType": INDEX,
			 "manifests": [self.manifest_descriptor]}
		index.update(self.index_extra)
		if self.index_text:
			index = self.index_text(index)
		os.makedirs(os.path.join(where, "blobs/sha256"))
		for name, data in [("index.json", self.text(index)), ("oci-layout", self.layout_text)]:
			if data is not None:
				with open(os.path.join(where, name), "wb") as f:
					f.write(data)
		for digest, data in self.blobs.items():
			with open(os.path.join(where, "blobs/sha256", digest[7:]), "wb") as f:
				f.write(data)
		for action in self.after:
			action(where)

	def path(self, where, kind):
		"""Of the blob of a kind, once saved."""
		digest = {"layer": lambda: self.layers[0], "config": lambda: self.config_descriptor,
			  "manifest": lambda: self.manifest_descriptor}[kind]()["digest"]
		return os.path.join(where, "blobs/sha256", digest[7:])
