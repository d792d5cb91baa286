#!/usr/bin/env python3
"""Real programs of Debian, packed, run in dockerd, and compared with this machine.

	make check-corpus [ONLY=REGEX]		starts dockerd and calls
	tests/corpus/corpus.py --tmp DIR --made DIR --report FILE --known FILE [--only REGEX] LIST...

A list (tests/corpus/*.list) is one class of programs; it has one a line:

	PACKAGE [KEY=VALUE]... | COMMAND ARG...

quoted as in sh.  The program is packed without any option; where the list is called
by-name, with one --trace of the same command.  Keys:

	in=FILE		standard input, a file below /mnt (default /dev/null)
	env=NAME=VALUE	a variable of the image and of the run here
	stderr=yes	standard error is compared too
	cd=DIR		where it runs (default /): what writes beside itself does so below /mnt,
			where the next run does not find it
	norm=SCRIPT	a script of sed -E, through which both outputs go: times, versions
	only=NEED,...	it may get no other needs than these; none: nothing but its libraries
	options=WORDS	more options for the pack: what is the machine's is added by hand
	as=NAME		what the table calls it, where one program comes twice

Both runs see the fixtures at /mnt, each its own copy, and the programs that the test
compiled at /media; the same few variables; no network; the directory /; user 0.  On
this machine that is a set of namespaces with an empty /tmp and home.  Compared are the
exit code, standard output, and what is in /mnt afterwards.

The file of known failures has lines "CLASS NAME | REASON".  What stands there is run as
the others are, told as skipped, and a failure as soon as it runs.

Reports TAP, and writes a table in Markdown: name, class, options, verdict, the sizes of
the image and of the plain closure of libraries, the needs, the time to pack.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time

SCRATCHPACK = os.environ.get("SCRATCHPACK", "build/scratchpack")
CI = os.environ.get("CI") == "true"
WORKERS = 2
SECONDS = 60
# What engines give to a container whose image is made FROM scratch.
ENGINE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Debian's programs are there alone; /usr/local is hidden while they run.
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
ENV = {"PATH": ENGINE_PATH, "HOME": "/root", "HOSTNAME": "corpus"}
KEYS = {"in", "env", "cd", "stderr", "norm", "as", "only", "options"}


class Program:
	"""One line of a list, and what became of it."""

	def __init__(self, kind, line, where):
		head, bar, command = line.partition(" | ")
		words = shlex.split(head)
		self.kind, self.package = kind, words[0]
		self.command = shlex.split(command)
		keys = dict(word.split("=", 1) for word in words[1:])
		if not bar or not self.command or set(keys) - KEYS:
			raise SystemExit(f"{where}: expected PACKAGE [KEY=VALUE]... | COMMAND")
		self.keys = keys
		self.name = keys.get("as", os.path.basename(self.command[0]))
		self.env = dict([keys["env"].split("=", 1)]) if "env" in keys else {}
		self.options, self.needs = shlex.split(keys.get("options", "")), []
		self.verdict, self.log, self.known = "", [], ""
		self.size = self.closure = self.seconds = 0.0

	def cd(self):
		return self.keys.get("cd", "/")

	def stdin(self, mnt):
		return os.path.join(mnt, self.keys["in"]) if "in" in self.keys else "/dev/null"

	def text(self):
		into = f" </mnt/{self.keys['in']}" if "in" in self.keys else ""
		return shlex.join(self.command) + into


def read_lists(files):
	for file in files:
		kind = os.path.basename(file).removesuffix(".list")
		with open(file, encoding="utf-8") as lines:
			for number, line in enumerate(lines, 1):
				if line.strip() and not line.startswith("#"):
					yield Program(kind, line.strip(), f"{file}:{number}")


def read_known(file, programs):
	"""Give each program that is known to fail its reason."""
	names = {f"{p.kind} {p.name}": p for p in programs}
	with open(file, encoding="utf-8") as lines:
		for number, line in enumerate(lines, 1):
			name, bar, reason = line.strip().partition(" | ")
			if not name or name.startswith("#"):
				continue
			if name not in names or not bar:
				raise SystemExit(f"{file}:{number}: expected CLASS NAME | REASON, "
						 "of a program in the lists")
			names[name].known = reason


# --- running, here and there -------------------------------------------------------


class Outcome:
	def __init__(self, code, stdout, stderr, mnt, norm):
		self.code, self.mnt = code, snapshot(mnt)
		self.stdout, self.stderr = normal(stdout, norm), normal(stderr, norm)


def normal(data, script):
	if not script:
		return data
	return subprocess.run(["sed", "-E", script], input=data, stdout=subprocess.PIPE,
			      check=True, env={"LC_ALL": "C", "PATH": PATH}).stdout


def snapshot(top):
	"""What is below a directory: path to kind and digest."""
	found = {}
	for folder, dirs, files in os.walk(top):
		for name in dirs + files:
			path = os.path.join(folder, name)
			what = "directory"
			if os.path.islink(path):
				what = os.readlink(path)
			elif os.path.isfile(path):
				with open(path, "rb") as f:
					what = hashlib.sha256(f.read()).hexdigest()
			found[os.path.relpath(path, top)] = what
	return found


def call(argv, stdin, seconds=SECONDS, env=None):
	with open(stdin, "rb") as f:
		try:
			done = subprocess.run(argv, stdin=f, capture_output=True,
					      timeout=seconds, env=env, check=False)
		except subprocess.TimeoutExpired as late:
			return 124, late.stdout or b"", b"it did not end in time"
	return done.returncode, done.stdout, done.stderr


class Bench:
	"""Where the copies of the fixtures are, and the ways to run something."""

	def __init__(self, tmp, made):
		self.tmp, self.made = tmp, made
		self.built = os.path.join(made, "built")
		# a copy: the sources may be below a directory that is mounted over
		self.packer = os.path.join(tmp, "scratchpack")
		shutil.copy2(SCRATCHPACK, self.packer)

	def copy(self, name):
		mnt = os.path.join(self.tmp, "work", name)
		shutil.copytree(os.path.join(self.made, "fixtures"), mnt, symlinks=True)
		return mnt

	def with_mounts(self, program, mnt, script, argv):
		mounts = (f"mount --bind {shlex.quote(mnt)} /mnt && "
			  f"mount --bind {shlex.quote(self.built)} /media && "
			  "mount -t tmpfs none /usr/local && ")
		return ["unshare", "--mount", *script[0], "sh", "-c",
			mounts + script[1] + f' cd {program.cd()} && exec "$@"', "sh", *argv]

	def here(self, program, path, mnt):
		env = [f"{k}={v}" for k, v in {**ENV, **program.env}.items()]
		spaces = ["--uts", "--ipc", "--net", "--pid", "--fork", "--mount-proc",
			  "--kill-child"]
		script = ("hostname corpus && ip link set lo up && mount -t tmpfs none /root && "
			  "mount -t tmpfs -o mode=1777 none /tmp &&")
		argv = self.with_mounts(program, mnt, (spaces, script), ["env", "-i", *env, path,
							     *program.command[1:]])
		code, out, err = call(argv, program.stdin(mnt))
		return Outcome(code, out, err, mnt, program.keys.get("norm"))

	def there(self, program, image, mnt):
		argv = ["docker", "run", "--rm", "-i", "--network", "none", "--pull", "never",
			"--hostname", "corpus", "-w", program.cd(), "-v", f"{mnt}:/mnt", "-v", f"{self.built}:/media:ro",
			image, *program.command[1:]]
		code, out, err = call(argv, program.stdin(mnt))
		return Outcome(code, out, err, mnt, program.keys.get("norm"))

	def pack(self, program, argv, mnt):
		env = {"PATH": PATH, "HOME": "/root"}
		argv = self.with_mounts(program, mnt, ([], ""), [self.packer, *argv])
		code, out, err = call(argv, "/dev/null", env=env)
		return code, out, err.decode(errors="replace")


# --- one program -------------------------------------------------------------------


def measure(bench, program, path, mnt):
	"""The size of what goes in, of the closure alone, and the needs that went in."""
	arguments = [path, "--dry-run", "--json", "-q"]
	code, out, err = bench.pack(program, arguments + program.options, mnt)
	if code:
		raise ValueError(f"scratchpack --dry-run: {err}")
	report = json.loads(out)["programs"][0]
	program.size = report["size"] / 1e6
	program.needs = [n["need"] for n in report["needs"] if n["included"]]
	without = [word for n in report["needs"] for word in ("--without", n["need"])]
	code, out, err = bench.pack(program, arguments + without, mnt)
	if code:
		raise ValueError(f"scratchpack --without all needs: {err}")
	program.closure = json.loads(out)["programs"][0]["size"] / 1e6


def differences(program, here, there):
	if here.code != there.code:
		yield f"exit code {there.code}, here {here.code}"
	outputs = ["stdout"] + (["stderr"] if program.keys.get("stderr") == "yes" else [])
	for name in outputs:
		mine, other = getattr(here, name), getattr(there, name)
		if mine != other:
			yield f"{name} differs\n--- here\n{show(mine)}\n--- in the container\n{show(other)}"
	for path in sorted(set(here.mnt) | set(there.mnt)):
		if here.mnt.get(path) != there.mnt.get(path):
			yield f"/mnt/{path} differs"


def show(data):
	lines = data.decode(errors="backslashreplace").splitlines()
	return "\n".join(line[:200] for line in lines[:12])


def vacuous(here, before):
	"""A run that says nothing and writes nothing proves nothing."""
	return here.code in (124, 126, 127) or not (here.stdout or here.stderr or
						    here.mnt != before)


def compare(bench, program, number, path):
	image = f"corpus/p{number}:test"
	mnts = {way: bench.copy(f"{number}-{way}") for way in ("pack", "here", "there")}
	if program.kind == "by-name":
		program.options += ["--trace", program.text()]
	for name, value in program.env.items():
		program.options += ["--env", f"{name}={value}"]
	archive = os.path.join(bench.tmp, f"{number}.tar")
	# two rows of one program must not be one image, of which the one takes the other away
	begin = time.monotonic()
	code, _, err = bench.pack(program, [path, "-q", "--compress", "none", "-t", image, "-o", archive,
				"--label", f"corpus={number}",
				   *program.options], mnts["pack"])
	program.seconds = time.monotonic() - begin
	if code:
		return [f"scratchpack exits with {code}: {err}"]
	measure(bench, program, path, mnts["pack"])
	loaded = subprocess.run(["docker", "load", "-q", "-i", archive], capture_output=True,
				check=False)
	os.unlink(archive)
	if loaded.returncode:
		return [f"docker load: {loaded.stderr.decode()}"]
	before = snapshot(mnts["here"])
	here = bench.here(program, path, mnts["here"])
	there = bench.there(program, image, mnts["there"])
	subprocess.run(["docker", "rmi", "-f", image], capture_output=True, check=False)
	for mnt in mnts.values():
		shutil.rmtree(mnt, ignore_errors=True)
	if vacuous(here, before):
		return [f"here it exits with {here.code} and says nothing of use: {show(here.stderr)}"]
	found = list(differences(program, here, there))
	if found:
		found.append(f"--- its stderr\n{show(there.stderr)}")
		if program.keys.get("stderr") == "yes" or here.code:
			found.append(f"--- stderr here\n{show(here.stderr)}")
	return found


def where(program):
	return shutil.which(program.command[0], path=PATH)


def attempt(bench, program, number):
	path = where(program) or program.command[0]
	if program.command[0].startswith("/media/"):
		path = program.command[0]
		there = os.path.exists(bench.built + path.removeprefix("/media"))
	else:
		there = where(program)
	if not there:
		program.verdict = "FAILS" if CI else "not installed"
		program.log = [f"install {program.package}: ./bootstrap --corpus"]
		return
	try:
		program.log = compare(bench, program, number, path)
	except ValueError as problem:
		program.log = [str(problem)]
	more = set(program.needs) - set(program.keys.get("only", "").split(","))
	if not program.log and more and "only" in program.keys:
		program.log = [f"it gets what it does not need: {' '.join(sorted(more))}"]
	program.verdict = "FAILS" if program.log else "runs"
	if program.known and program.verdict == "FAILS":
		program.verdict = "known to fail"
	elif program.known:
		program.verdict = "FAILS"
		program.log = ["it runs: take it out of the known failures"]


# --- telling -----------------------------------------------------------------------


def table(programs):
	lines = ["| program | class | options | verdict | image MB | closure MB | needs | packed in s |",
		 "|---|---|---|---|---|---|---|---|"]
	for p in programs:
		options = p.keys.get("options", "") + (" --trace" if p.kind == "by-name" else "")
		options += " ".join(f" --env {k}={v}" for k, v in p.env.items())
		lines.append(f"| {p.name} | {p.kind} | {options.strip() or '-'} | {p.verdict} | "
			     f"{p.size:.1f} | {p.closure:.1f} | {' '.join(p.needs) or '-'} | "
			     f"{p.seconds:.2f} |")
	lines += ["", "| class | programs | run | of them without an option | known to fail |",
		  "|---|---|---|---|---|"]
	for kind in dict.fromkeys(p.kind for p in programs):
		of = [p for p in programs if p.kind == kind and p.verdict != "not installed"]
		runs = [p for p in of if p.verdict == "runs"]
		bare = [p for p in runs if not p.options]
		known = [p for p in of if p.verdict == "known to fail"]
		lines.append(f"| {kind} | {len(of)} | {len(runs)} | {len(bare)} | {len(known)} |")
	lines += ["", *(f"Known to fail: {p.name}: {p.known}" for p in programs
			if p.verdict == "known to fail")]
	return "\n".join(lines) + "\n"


def tell(number, program):
	line = f"{number} - {program.kind}: {program.name}: {program.text()}".replace("#", "\\#")
	if program.verdict == "not installed":
		print(f"ok {line} # SKIP {program.package} is not installed")
	elif program.verdict == "known to fail":
		print(f"ok {line} # SKIP known to fail: {program.known}")
	else:
		print(("ok " if program.verdict == "runs" else "not ok ") + line)
	for entry in program.log:
		for part in entry.splitlines():
			print(f"# {part}")
	sys.stdout.flush()


def main():
	parser = argparse.ArgumentParser()
	parser.add_argument("--tmp", required=True)
	parser.add_argument("--made", required=True)
	parser.add_argument("--report", required=True)
	parser.add_argument("--known", required=True)
	parser.add_argument("--only", default="")
	parser.add_argument("lists", nargs="+")
	arguments = parser.parse_args()
	programs = list(read_lists(arguments.lists))
	read_known(arguments.known, programs)
	programs = [p for p in programs if re.search(arguments.only, f"{p.kind} {p.name}")]
	bench = Bench(arguments.tmp, arguments.made)
	with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
		jobs = [pool.submit(attempt, bench, p, n) for n, p in enumerate(programs, 1)]
		for number, (program, job) in enumerate(zip(programs, jobs), 1):
			job.result()
			tell(number, program)
	text = table(programs)
	with open(arguments.report, "w", encoding="utf-8") as out:
		out.write(text)
	for line in text.splitlines():
		print(f"# {line}")
	print(f"1..{len(programs)}")
	return 1 if any(p.verdict == "FAILS" for p in programs) else 0


if __name__ == "__main__":
	sys.exit(main())
