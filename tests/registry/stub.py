#!/usr/bin/env python3
"""A registry on loopback that behaves well, or exactly as badly as a test asks.

	stub.py DIR [--auth none|basic|bearer] [--server NAME[=CERT,KEY[,ca=FILE][,tls1.1]]...

DIR gets NAME.port of each server ("registry", "other", and those of --server; all have
the same store), log (a JSON line per request: server, method, path, headers, status,
body bytes) and large blobs.  User "canary-user", password "canary-password" by default.

A test talks to it through /_stub/, which is never logged:
	PUT /_stub/config	JSON: keys of CONFIG in protocol.py
	PUT /_stub/rules	JSON: a list of rules; the first that matches acts
	GET /_stub/state	tags, manifests, blobs, open uploads
	POST /_stub/reset	everything is forgotten, the log too
	GET /_stub/settled	answers when all requests that were answered are in the log

A rule: {"method": REGEX, "path": REGEX (with the query), "server": NAME, "skip": N (let N
matches pass), "times": N (then no more)} and what happens, in this order:
	"delay": SECONDS	before anything
	"expire": true		all tokens are void from now on
	"forget": true		all open uploads are lost
	"reset": WHERE		the connection is reset: "now" (the body unread), "body" (half
				of it read), "silent" (done, but not answered), "headers" (half
				of the headers sent), "response" (half of the body sent)
	"status", "headers", "body"	the answer, instead of the normal one; "json" for a body
	"as": STATUS		the status of the normal answer, changed
	"set": {NAME: VALUE}	headers of the normal answer, changed; null removes
	"mangle": "flip"|"cut"|"more"	the body of the normal answer, damaged
	"drip": SECONDS		one byte of the body at a time
	"endless": true		a body without end
In header values and bodies {self}, {other}, {NAME} are the servers' URLs, {path} is the
request's, {location} what Location would have been.
"""

import argparse
import http.server
import json
import os
import re
import socket
import ssl
import struct
import sys
import threading
import time

from protocol import CONFIG, Protocol, Refused
from store import Store


class Reset(Exception):
	pass


class Registry:
	"""What all servers share."""

	def __init__(self, directory, config):
		self.directory, self.first = directory, dict(config)
		self.urls = {}
		self.log_lock = threading.Lock()
		self.quiet, self.busy = threading.Condition(), 0
		self.reset()

	def reset(self):
		self.store, self.config, self.rules = Store(self.directory), dict(self.first), []
		open(os.path.join(self.directory, "log"), "w").close()

	def rule(self, server, method, path):
		with self.store.lock:
			for rule in self.rules:
				if not re.fullmatch(rule.get("method", ".*"), method) or \
				   not re.search(rule.get("path", ""), path) or \
				   rule.get("server", server) != server:
					continue
				seen = rule["seen"] = rule.get("seen", 0) + 1
				skip = rule.get("skip", 0)
				if skip < seen <= skip + rule.get("times", 1 << 60):
					return rule
		return {}

	def begin(self):
		with self.quiet:
			self.busy += 1

	def end(self, entry):
		self.log(entry)
		with self.quiet:
			self.busy -= 1
			self.quiet.notify_all()

	def log(self, entry):
		with self.log_lock, open(os.path.join(self.directory, "log"), "a") as f:
			f.write(json.dumps(entry) + "\n")


class Handler(Protocol, http.server.BaseHTTPRequestHandler):
	protocol_version = "HTTP/1.1"
	server_version, sys_version = "stub", ""
	disable_nagle_algorithm = True

	@property
	def default_request_version(self):
		"""What is no request is answered with a status line, or without one, as in 1991."""
		return "HTTP/1.1" if self.registry.config["answer_noise"] else "HTTP/0.9"

	# --- the body of a request ----------------------------------------------

	def pieces(self):
		"""The body, once; whoever stops early leaves the connection unusable."""
		if self.body_read:
			return
		self.body_read = True
		if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
			while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
				piece = self.rfile.read(size)
				self.rfile.readline()
				self.received += len(piece)
				yield piece
			self.rfile.readline()
			return
		left = int(self.headers.get("Content-Length") or 0)
		while left > 0:
			piece = self.rfile.read(min(left, 1 << 18))
			if not piece:
				raise Reset
			left -= len(piece)
			self.received += len(piece)
			yield piece

	def drain(self):
		for _ in self.pieces():
			pass

	# --- one request ----------------------------------------------------------

	def handle_one(self):
		if self.path.startswith("/_stub/"):
			return self.control()
		registry, start = self.registry, time.time()
		registry.begin()
		self.body_read, self.received, self.sent = False, 0, 0
		rule = registry.rule(self.name, self.command, self.path)
		peer = getattr(self.connection, "getpeercert", lambda: None)()
		try:
			self.obey(rule)
		except (Reset, ConnectionError, ssl.SSLError):
			self.abort()
		finally:
			registry.end({
				"server": self.name, "method": self.command, "path": self.path,
				"headers": dict(self.headers.items()), "status": self.sent,
				"received": self.received, "client_cert": bool(peer),
				"from": start, "to": time.time()})

	do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = handle_one

	def abort(self):
		self.close_connection = True
		try:
			self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
						   struct.pack("ii", 1, 0))
			self.connection.close()
		except OSError:
			pass

	def obey(self, rule):
		time.sleep(rule.get("delay", 0))
		store = self.registry.store
		with store.lock:
			if rule.get("expire"):
				store.tokens.clear()
			if rule.get("forget"):
				store.uploads.clear()
		reset = rule.get("reset")
		if reset == "now":
			raise Reset
		if reset == "body":
			half = int(self.headers.get("Content-Length") or 0) // 2
			for _ in self.pieces():
				if self.received >= half:
					raise Reset
			raise Reset
		if "status" in rule:
			self.drain()
			body = json.dumps(rule["json"]) if "json" in rule else rule.get("body", "")
			status, headers, body = rule["status"], dict(rule.get("headers", {})), [body]
			body = [self.fill(body[0], "").encode()]
		else:
			try:
				status, headers, body = self.answer()
				status = rule.get("as", status)
			except Refused as no:
				self.drain()
				status, headers, body = no.status, no.headers, [no.body]
		if reset == "silent":
			raise Reset
		location = headers.get("Location", "")
		for key, value in rule.get("set", {}).items():
			headers = {k: v for k, v in headers.items() if k.lower() != key.lower()}
			if value is not None:
				headers[key] = value
		headers = {k: self.fill(str(v), location) for k, v in headers.items()}
		self.respond(status, headers, body, rule, reset)

	def fill(self, text, location):
		names = dict(self.registry.urls, self=self.registry.urls[self.name], path=self.path,
			     location=location)
		return re.sub(r"\{(\w+)\}", lambda m: names.get(m[1], m[0]), text)

	# --- the answer -------------------------------------------------------------

	def respond(self, status, headers, body, rule, reset):
		self.sent = status
		endless = rule.get("endless")
		if not isinstance(body, list):
			size, pieces = body.size, body.pieces()
		else:
			size, pieces = sum(map(len, body)), iter(body)
		if rule.get("mangle"):
			data = bytearray(b"".join(pieces))
			if rule["mangle"] == "flip" and data:
				data[len(data) // 2] ^= 1
			elif rule["mangle"] == "cut":
				data = data[:-1]
			elif rule["mangle"] == "more":
				data += b" "
			size, pieces = len(data), iter([bytes(data)])
		if "Content-Length" not in headers and not endless and status != 204:
			headers["Content-Length"] = str(size)
		if endless:
			headers["Connection"] = "close"
		head = "HTTP/1.1 %d %s\r\n" % (status, self.responses.get(status, ("No name",))[0])
		head += "".join("%s: %s\r\n" % pair for pair in headers.items()) + "\r\n"
		head = head.encode("latin-1")
		if reset == "headers":
			self.wfile.write(head[:len(head) // 2])
			raise Reset
		self.wfile.write(head)
		if self.command != "HEAD":
			self.write_body(size, pieces, rule, reset)
		self.wfile.flush()
		if headers.get("Connection") == "close":
			self.close_connection = True

	def write_body(self, size, pieces, rule, reset):
		written = 0
		for piece in pieces:
			if reset == "response" and written + len(piece) > size // 2:
				self.wfile.write(piece[:size // 2 - written])
				self.wfile.flush()
				raise Reset
			if "drip" in rule:
				for i in range(len(piece)):
					self.wfile.write(piece[i:i + 1])
					time.sleep(rule["drip"])
			else:
				self.wfile.write(piece)
			written += len(piece)
		while rule.get("endless"):
			self.wfile.write(b" " * 65536)

	# --- the test's own entrance ----------------------------------------------------

	def control(self):
		registry = self.registry
		self.body_read, self.received = False, 0
		data = b"".join(self.pieces())
		answer = {}
		if self.path == "/_stub/config":
			unknown = set(json.loads(data)) - set(CONFIG)
			assert not unknown, unknown
			registry.config.update(json.loads(data))
		elif self.path == "/_stub/rules":
			registry.rules = json.loads(data)
		elif self.path == "/_stub/reset":
			registry.reset()
		elif self.path == "/_stub/settled":
			# a request is answered before it is in the log
			with registry.quiet:
				registry.quiet.wait_for(lambda: not registry.busy, timeout=2)
		else:
			answer = registry.store.state()
		self.respond(200, {"Content-Type": "application/json"}, [json.dumps(answer).encode()], {}, None)

	def log_message(self, *args):
		pass


class Server(http.server.ThreadingHTTPServer):
	daemon_threads = True
	tls = None

	def handle_error(self, request, address):
		kind = sys.exc_info()[0]
		if not issubclass(kind, (ConnectionError, ssl.SSLError, ValueError, OSError)):
			super().handle_error(request, address)

	def finish_request(self, request, address):
		# the handshake belongs to the connection's thread, not to the one that accepts
		if self.tls:
			request = self.tls.wrap_socket(request, server_side=True)
		super().finish_request(request, address)


def serve(registry, name, cert=None, key=None, options=()):
	handler = type("Named", (Handler,), {"registry": registry, "name": name})
	server = Server(("127.0.0.1", 0), handler)
	if cert:
		server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
		server.tls.load_cert_chain(cert, key)
		for option in options:
			if option.startswith("ca="):
				server.tls.verify_mode = ssl.CERT_OPTIONAL
				server.tls.load_verify_locations(option[3:])
			elif option == "tls1.1":
				server.tls.set_ciphers("ALL:@SECLEVEL=0")
				server.tls.minimum_version = ssl.TLSVersion.TLSv1
				server.tls.maximum_version = ssl.TLSVersion.TLSv1_1
	port = server.server_address[1]
	registry.urls[name] = "%s://127.0.0.1:%d" % ("https" if cert else "http", port)
	threading.Thread(target=server.serve_forever, daemon=True).start()
	return port


def main():
	parser = argparse.ArgumentParser()
	parser.add_argument("directory")
	parser.add_argument("--auth", default="none")
	parser.add_argument("--server", action="append", default=[],
			    help="NAME[=CERT,KEY[,ca=FILE][,tls1.1]]")
	args = parser.parse_args()
	registry = Registry(args.directory, dict(CONFIG, auth=args.auth))
	servers = {"registry": [], "other": []}
	for text in args.server:
		name, _, rest = text.partition("=")
		servers[name] = rest.split(",") if rest else []
	ports = {name: serve(registry, name, *(rest[:2]), options=rest[2:])
		 for name, rest in servers.items()}
	for name, port in ports.items():
		# there when it is whole, so that a test can wait for it
		path = os.path.join(args.directory, name + ".port")
		with open(path + ".new", "w") as f:
			f.write("%d\n" % port)
		os.rename(path + ".new", path)
	threading.Event().wait()


if __name__ == "__main__":
	main()
