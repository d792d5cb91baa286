"""What a registry remembers: blobs, manifests, tags, uploads and tokens, in memory.

Large blobs go to files of the given directory, so that a test of half a gigabyte does
not need the memory.  Nothing here knows HTTP; see stub.py.
"""

import base64
import hashlib
import json
import os
import threading

IN_MEMORY = 1 << 20


class Blob:
	"""Bytes that come in pieces, in memory until they are many."""

	def __init__(self, path):
		self.path, self.size, self.data, self.file = path, 0, bytearray(), None
		self.hash = hashlib.sha256()

	def add(self, piece):
		self.hash.update(piece)
		self.size += len(piece)
		if self.file is None and self.size > IN_MEMORY:
			self.file = open(self.path, "wb")
			self.file.write(self.data)
			self.data = bytearray()
		if self.file is None:
			self.data += piece
		else:
			self.file.write(piece)
			self.file.flush()

	def digest(self):
		return "sha256:" + self.hash.hexdigest()

	def pieces(self, start=0):
		if self.file is None:
			yield bytes(self.data[start:])
			return
		with open(self.path, "rb") as f:
			f.seek(start)
			while piece := f.read(1 << 18):
				yield piece


class Store:
	def __init__(self, directory):
		self.directory = directory
		self.lock = threading.RLock()
		self.blobs = {}		# (repository, digest) -> Blob
		self.manifests = {}	# (repository, digest) -> (media type, bytes)
		self.tags = {}		# (repository, tag) -> digest
		self.uploads = {}	# id -> (repository, Blob)
		self.tokens = {}	# text -> [uses left or None, scopes]
		self.count = 0

	def next(self):
		with self.lock:
			self.count += 1
			return self.count

	def blob(self):
		return Blob(os.path.join(self.directory, "blob-%d" % self.next()))

	def begin_upload(self, repository):
		with self.lock:
			name = "upload-%d" % self.next()
			self.uploads[name] = (repository, self.blob())
			return name

	def end_upload(self, name, digest):
		"""The blob is stored if its digest is the one that was announced."""
		with self.lock:
			repository, blob = self.uploads[name]
			if blob.digest() != digest:
				return False
			del self.uploads[name]
			self.blobs[repository, digest] = blob
			return True

	def put_manifest(self, repository, reference, media_type, data):
		digest = "sha256:" + hashlib.sha256(data).hexdigest()
		if ":" in reference and reference != digest:
			return None
		with self.lock:
			self.manifests[repository, digest] = (media_type, data)
			if ":" not in reference:
				self.tags[repository, reference] = digest
		return digest

	def manifest(self, repository, reference):
		"""(digest, media type, bytes) or None."""
		with self.lock:
			digest = reference if ":" in reference else self.tags.get((repository, reference))
			found = self.manifests.get((repository, digest))
			return found and (digest, *found)

	def missing(self, repository, data):
		"""The first thing a manifest refers to that is not there, or None."""
		try:
			document = json.loads(data)
		except ValueError:
			return "no JSON"
		with self.lock:
			for child in document.get("manifests") or []:
				if (repository, child["digest"]) not in self.manifests:
					return child["digest"]
			for child in [document.get("config"), *(document.get("layers") or [])]:
				if child and (repository, child["digest"]) not in self.blobs:
					return child["digest"]
		return None

	def referrers(self, repository, digest):
		found = []
		with self.lock:
			for (where, name), (media_type, data) in sorted(self.manifests.items()):
				document = json.loads(data)
				if where != repository or (document.get("subject") or {}).get("digest") != digest:
					continue
				entry = {"mediaType": media_type, "digest": name, "size": len(data)}
				kind = document.get("artifactType") or (document.get("config") or {}).get("mediaType")
				entry["artifactType"] = kind
				if document.get("annotations"):
					entry["annotations"] = document["annotations"]
				found.append(entry)
		return {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
			"manifests": found}

	def new_token(self, uses, scopes):
		with self.lock:
			text = "canary-token-%d" % self.next()
			self.tokens[text] = [uses, scopes]
			return text

	def may(self, token, repository, action):
		"""Is the token good for this?  Each request takes one of its uses."""
		with self.lock:
			known = self.tokens.get(token)
			if known is None or known[0] == 0:
				return False
			if known[0] is not None:
				known[0] -= 1
			return repository is None or any(
				name == repository and action in actions for name, actions in known[1])

	def state(self):
		"""All of it in short, for tests."""
		with self.lock:
			return {
				"tags": {"%s:%s" % key: digest for key, digest in sorted(self.tags.items())},
				"manifests": sorted("%s@%s" % key for key in self.manifests),
				"blobs": sorted("%s@%s" % key for key in self.blobs),
				"uploads": len(self.uploads),
			}


def basic(header):
	"""(user, password) of a Basic header, or None."""
	try:
		kind, value = header.split(" ", 1)
		user, password = base64.b64decode(value).decode().split(":", 1)
	except (AttributeError, ValueError):
		return None
	return (user, password) if kind.lower() == "basic" else None
