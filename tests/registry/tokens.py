#!/usr/bin/env python3
"""A token server for Debian's docker-registry: the protocol of distribution's token
authentication, with one account and tokens that live for a while.

	tokens.py DIR CERT KEY SECONDS

Writes its port to DIR/tokens.port and a line per request to DIR/tokens.log.  Tokens are
JWTs signed by KEY through openssl; CERT goes along with them.
"""

import base64
import http.server
import json
import os
import subprocess
import sys
import time
import urllib.parse
import uuid

directory, cert, key, seconds = sys.argv[1:4] + [int(sys.argv[4])]
USER = "Basic " + base64.b64encode(b"canary-user:canary-password").decode()


def b64(data):
	return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def der():
	return base64.b64encode(subprocess.run(["openssl", "x509", "-in", cert, "-outform", "DER"],
		check=True, capture_output=True).stdout).decode()


def sign(text):
	return subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=text.encode(),
		check=True, capture_output=True).stdout


def token(scopes):
	now = int(time.time())
	access = []
	for scope in scopes:
		kind, _, rest = scope.partition(":")
		name, _, actions = rest.rpartition(":")
		access.append({"type": kind, "name": name, "actions": actions.split(",")})
	head = b64(json.dumps({"typ": "JWT", "alg": "RS256", "x5c": [X5C]}).encode())
	body = b64(json.dumps({"iss": "tests", "sub": "canary-user", "aud": "registry",
		"exp": now + seconds, "nbf": now - 10, "iat": now, "jti": str(uuid.uuid4()),
		"access": access}).encode())
	return head + "." + body + "." + b64(sign(head + "." + body))


class Handler(http.server.BaseHTTPRequestHandler):
	def do_GET(self):
		query = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query)
		scopes = query.get("scope", [])
		good = self.headers.get("Authorization") == USER
		with open(os.path.join(directory, "tokens.log"), "a") as log:
			log.write(" ".join([str(good)] + scopes) + "\n")
		answer = json.dumps({"token": token(scopes), "expires_in": seconds} if good else
			{"details": "unknown user"}).encode()
		self.send_response(200 if good else 401)
		self.send_header("Content-Type", "application/json")
		self.send_header("Content-Length", str(len(answer)))
		self.end_headers()
		self.wfile.write(answer)

	def log_message(self, *args):
		pass


X5C = der()
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(os.path.join(directory, "tokens.tmp"), "w") as f:
	f.write(str(server.server_address[1]))
os.rename(os.path.join(directory, "tokens.tmp"), os.path.join(directory, "tokens.port"))
server.serve_forever()
