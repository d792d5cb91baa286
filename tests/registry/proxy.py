#!/usr/bin/env python3
"""A proxy on loopback that leads every name to one place on this machine.

	proxy.py DIR --to HOST=PORT... [--auth USER:PASSWORD] [--silent] [--refuse STATUS]

DIR gets proxy.port, and proxy.log: a JSON line per request with what it was asked (method,
target) and whether it showed Proxy-Authorization and Authorization.  CONNECT makes a
tunnel; requests with an absolute URL are passed on, one connection each.  --silent takes
requests and never answers; --refuse answers CONNECT and all else with STATUS.
"""

import argparse
import base64
import http.client
import http.server
import json
import os
import select
import socket
import threading
import urllib.parse

OWN = {"proxy-authorization", "proxy-connection", "connection", "keep-alive"}


class Handler(http.server.BaseHTTPRequestHandler):
	protocol_version = "HTTP/1.1"
	disable_nagle_algorithm = True

	def note(self):
		entry = {"method": self.command, "target": self.path,
			 "proxy_auth": "Proxy-Authorization" in self.headers,
			 "auth": "Authorization" in self.headers}
		with open(os.path.join(self.args.directory, "proxy.log"), "a") as f:
			f.write(json.dumps(entry) + "\n")

	def turned_away(self):
		"""Answers what is not passed on; true if it did."""
		self.note()
		if self.args.silent:
			threading.Event().wait()
		want = self.args.auth and "Basic " + base64.b64encode(self.args.auth.encode()).decode()
		status = self.args.refuse
		if not status and want and self.headers.get("Proxy-Authorization") != want:
			status = 407
		if not status:
			return False
		self.rfile.read(int(self.headers.get("Content-Length") or 0))
		self.send_response(status)
		if status == 407:
			self.send_header("Proxy-Authenticate", 'Basic realm="proxy"')
		self.send_header("Content-Length", "0")
		self.end_headers()
		return True

	def port(self, host):
		if host not in self.args.to:
			self.send_error(502)
		return self.args.to.get(host)

	def do_CONNECT(self):
		if self.turned_away():
			return
		port = self.port(self.path.rpartition(":")[0])
		if not port:
			return
		self.send_response(200)
		self.end_headers()
		self.close_connection = True
		with socket.create_connection(("127.0.0.1", port)) as far:
			pair = {far: self.connection, self.connection: far}
			while True:
				for end in select.select(list(pair), [], [])[0]:
					data = end.recv(1 << 16)
					if not data:
						return
					pair[end].sendall(data)

	def pass_on(self):
		if self.turned_away():
			return
		url = urllib.parse.urlsplit(self.path)
		port = self.port(url.hostname)
		if not port:
			return
		far = http.client.HTTPConnection("127.0.0.1", port)
		far.putrequest(self.command, urllib.parse.urlunsplit(("", "", *url[2:4], "")),
			       skip_host=True, skip_accept_encoding=True)
		for name, value in self.headers.items():
			if name.lower() not in OWN:
				far.putheader(name, value)
		far.endheaders()
		left = int(self.headers.get("Content-Length") or 0)
		while left > 0:
			piece = self.rfile.read(min(left, 1 << 16))
			if not piece:
				return
			far.send(piece)
			left -= len(piece)
		answer = far.getresponse()
		body = answer.read()
		self.send_response_only(answer.status)
		for name, value in answer.getheaders():
			if name.lower() not in OWN | {"content-length"}:
				self.send_header(name, value)
		length = answer.getheader("Content-Length") if self.command == "HEAD" else len(body)
		if length is not None and answer.status != 204:
			self.send_header("Content-Length", str(length))
		self.end_headers()
		self.wfile.write(body)
		far.close()

	do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = pass_on

	def log_message(self, *args):
		pass


class Server(http.server.ThreadingHTTPServer):
	daemon_threads = True

	def handle_error(self, request, address):
		pass


def main():
	parser = argparse.ArgumentParser()
	parser.add_argument("directory")
	parser.add_argument("--to", action="append", default=[])
	parser.add_argument("--auth")
	parser.add_argument("--silent", action="store_true")
	parser.add_argument("--refuse", type=int)
	args = parser.parse_args()
	args.to = {host: int(port) for host, _, port in (text.partition("=") for text in args.to)}
	server = Server(("127.0.0.1", 0), type("Named", (Handler,), {"args": args}))
	path = os.path.join(args.directory, "proxy.port")
	open(os.path.join(args.directory, "proxy.log"), "w").close()
	with open(path + ".new", "w") as f:
		f.write("%d\n" % server.server_address[1])
	os.rename(path + ".new", path)
	server.serve_forever()


if __name__ == "__main__":
	main()
