"""What a good registry answers, as the distribution specification has it.

A mixin for the handler of stub.py: self.command, path, headers and pieces() are the
request, self.registry the settings and the store.
"""

import json
import re
import urllib.parse

from store import basic

CONFIG = {
	"auth": "none",			# none, basic, bearer
	"user": "canary-user", "password": "canary-password",
	"refresh_token": "canary-refresh",
	"anonymous": False,		# does the token server serve those without a name?
	"realm": "{self}/token",
	"token_key": "token",		# or access_token
	"token_uses": None,		# requests that a token is good for
	"chunk_min": 0,			# OCI-Chunk-Min-Length
	"mount": True, "chunks": True, "monolithic": True, "referrers": False,
	"check_children": True,		# a manifest whose blobs are not there is refused
	"page": 100,			# tags a page
	"answer_noise": True,		# is what is no request answered like one?
}
NAME = r"[a-z0-9._/-]+"


class Refused(Exception):
	def __init__(self, status, code, headers=None):
		self.status, self.headers = status, headers or {}
		self.body = json.dumps({"errors": [{"code": code, "message": code.lower()}]}).encode()


class Protocol:
	def answer(self):
		"""What a good registry would answer: status, headers, body."""
		path, _, query = self.path.partition("?")
		query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
		if path == "/token":
			return self.token(query)
		for pattern, method in ROUTES:
			if found := re.fullmatch(pattern, path):
				self.authorize(found[1] if found.groups() else None, query)
				return method(self, query, *found.groups())
		raise Refused(404, "NOT_FOUND")

	# --- who asks ---------------------------------------------------------------

	def authorize(self, repository, query):
		config = self.registry.config
		if config["auth"] == "none" or self.name == "other":
			return
		action = "pull" if self.command in ("GET", "HEAD") else "push"
		given = self.headers.get("Authorization", "")
		if config["auth"] == "basic":
			if basic(given) == (config["user"], config["password"]):
				return
			raise Refused(401, "UNAUTHORIZED", {"WWW-Authenticate": 'Basic realm="stub"'})
		if given.startswith("Bearer ") and \
		   self.registry.store.may(given[7:], repository, action):
			return
		challenge = 'Bearer realm="%s",service="stub"' % config["realm"]
		if repository:
			scope = "pull" if action == "pull" else "pull,push"
			challenge += ',scope="repository:%s:%s"' % (repository, scope)
		raise Refused(401, "UNAUTHORIZED", {"WWW-Authenticate": challenge})

	def token(self, query):
		config = self.registry.config
		scopes = query.get("scope", "")
		known = basic(self.headers.get("Authorization")) == (config["user"], config["password"])
		if self.command == "POST":
			form = dict(urllib.parse.parse_qsl(b"".join(self.pieces()).decode()))
			scopes = form.get("scope", "")
			known = form.get("refresh_token") == config["refresh_token"] or \
				(form.get("username"), form.get("password")) == (config["user"], config["password"])
		elif self.headers.get("Authorization") is None:
			known = None
		all_scopes = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query).get("scope", [])
		if not all_scopes:
			all_scopes = scopes.split(" ")
		if known is False or known is None and not config["anonymous"]:
			raise Refused(401, "UNAUTHORIZED")
		granted = []
		for scope in " ".join(all_scopes).split():
			_, name, actions = (scope.split(":") + ["", ""])[:3]
			granted.append((name, actions.split(",") if known else ["pull"]))
		text = self.registry.store.new_token(config["token_uses"], granted)
		body = json.dumps({config["token_key"]: text, "expires_in": 300}).encode()
		return 200, {"Content-Type": "application/json"}, [body]

	# --- what is asked ------------------------------------------------------------

	def version(self, query):
		return 200, {"Docker-Distribution-Api-Version": "registry/2.0"}, [b"{}"]

	def manifest(self, query, repository, reference):
		store = self.registry.store
		if self.command in ("GET", "HEAD"):
			found = store.manifest(repository, reference)
			if not found:
				raise Refused(404, "MANIFEST_UNKNOWN")
			return 200, {"Docker-Content-Digest": found[0], "Content-Type": found[1]}, [found[2]]
		if self.command != "PUT":
			raise Refused(405, "UNSUPPORTED")
		data = b"".join(self.pieces())
		missing = self.registry.config["check_children"] and store.missing(repository, data)
		if missing:
			raise Refused(400, "MANIFEST_BLOB_UNKNOWN")
		media_type = self.headers.get("Content-Type", "")
		digest = store.put_manifest(repository, reference, media_type, data)
		if not digest:
			raise Refused(400, "DIGEST_INVALID")
		headers = {"Location": "/v2/%s/manifests/%s" % (repository, digest),
			   "Docker-Content-Digest": digest}
		subject = (json.loads(data).get("subject") or {}).get("digest")
		if subject and self.registry.config["referrers"]:
			wrong = self.registry.config["referrers"] == "wrong"
			headers["OCI-Subject"] = "sha256:" + "0" * 64 if wrong else subject
		return 201, headers, []

	def blob(self, query, repository, digest):
		blob = self.registry.store.blobs.get((repository, digest))
		if not blob:
			raise Refused(404, "BLOB_UNKNOWN")
		headers = {"Docker-Content-Digest": digest, "Content-Type": "application/octet-stream"}
		asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
		if asked and int(asked[1]) < blob.size and self.command == "GET":
			start = int(asked[1])
			headers["Content-Range"] = "bytes %d-%d/%d" % (start, blob.size - 1, blob.size)
			headers["Content-Length"] = str(blob.size - start)
			return 206, headers, list(blob.pieces(start))
		return 200, headers, blob

	def begin(self, query, repository):
		registry = self.registry
		store = registry.store
		source = store.blobs.get((query.get("from"), query.get("mount")))
		if "mount" in query and source and registry.config["mount"]:
			self.drain()
			with store.lock:
				store.blobs[repository, query["mount"]] = source
			return self.created(repository, query["mount"])
		name = store.begin_upload(repository)
		if "digest" in query and registry.config["monolithic"]:
			return self.complete(query, repository, name)
		self.drain()
		return self.accepted(repository, name, 202)

	def accepted(self, repository, name, status):
		headers = {"Location": "/v2/%s/blobs/uploads/%s?state=canary-state" % (repository, name),
			   "Range": "0-%d" % max(0, self.registry.store.uploads[name][1].size - 1),
			   "Docker-Upload-UUID": name}
		if self.registry.config["chunk_min"]:
			headers["OCI-Chunk-Min-Length"] = str(self.registry.config["chunk_min"])
		return status, headers, []

	def created(self, repository, digest):
		return 201, {"Location": "/v2/%s/blobs/%s" % (repository, digest),
			     "Docker-Content-Digest": digest}, []

	def upload(self, query, repository, name):
		config, store = self.registry.config, self.registry.store
		if store.uploads.get(name, (None,))[0] != repository:
			raise Refused(404, "BLOB_UPLOAD_UNKNOWN")
		if self.command == "GET":
			return self.accepted(repository, name, 204)
		if self.command == "DELETE":
			del store.uploads[name]
			return 204, {}, []
		if self.command == "PUT":
			return self.complete(query, repository, name)
		if not config["chunks"]:
			raise Refused(405, "UNSUPPORTED")
		blob = store.uploads[name][1]
		span = re.fullmatch(r"(\d+)-(\d+)", self.headers.get("Content-Range", ""))
		if span and int(span[1]) != blob.size:
			raise Refused(416, "RANGE_INVALID", self.accepted(repository, name, 416)[1])
		before = blob.size
		for piece in self.pieces():
			blob.add(piece)
		blob.short = blob.size - before < config["chunk_min"]
		return self.accepted(repository, name, 202)

	def complete(self, query, repository, name):
		store = self.registry.store
		_, blob = store.uploads[name]
		short = getattr(blob, "short", False)
		for piece in self.pieces():
			blob.add(piece)
			if short:
				# only the last piece may be shorter than the minimum
				raise Refused(416, "SIZE_INVALID")
		if not re.fullmatch(r"sha256:[0-9a-f]{64}", query.get("digest", "")) or \
		   not store.end_upload(name, query["digest"]):
			raise Refused(400, "DIGEST_INVALID")
		return self.created(repository, query["digest"])

	def tag_list(self, query, repository):
		store = self.registry.store
		tags = sorted(tag for where, tag in store.tags if where == repository)
		if not tags and not any(where == repository for where, _ in store.manifests):
			raise Refused(404, "NAME_UNKNOWN")
		tags = [tag for tag in tags if tag > query.get("last", "")]
		page = min(int(query.get("n", 1 << 30)), self.registry.config["page"])
		headers = {"Content-Type": "application/json"}
		if len(tags) > page:
			headers["Link"] = '</v2/%s/tags/list?n=%d&last=%s>; rel="next"' % (
				repository, page, tags[page - 1])
		body = json.dumps({"name": repository, "tags": tags[:page]}).encode()
		return 200, headers, [body]

	def referrers(self, query, repository, digest):
		if self.registry.config["referrers"] in (False, "wrong"):
			raise Refused(404, "NOT_FOUND")
		found = self.registry.store.referrers(repository, digest)
		headers = {"Content-Type": found["mediaType"]}
		return 200, headers, [json.dumps(found).encode()]


ROUTES = [
	(r"/v2/?", Protocol.version),
	(r"/v2/(%s)/manifests/([^/]+)" % NAME, Protocol.manifest),
	(r"/v2/(%s)/blobs/uploads/?" % NAME, Protocol.begin),
	(r"/v2/(%s)/blobs/uploads/([^/]+)" % NAME, Protocol.upload),
	(r"/v2/(%s)/blobs/([^/]+)" % NAME, Protocol.blob),
	(r"/v2/(%s)/tags/list" % NAME, Protocol.tag_list),
	(r"/v2/(%s)/referrers/([^/]+)" % NAME, Protocol.referrers),
]
