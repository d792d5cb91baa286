#!/usr/bin/env python3
"""The closure of every program of this machine, compared with what its loader maps.

	make check-oracle
	tests/oracle/real_loader.py [-v] [FILE|DIRECTORY]...

For each dynamic ELF executable under /usr and /opt (or under what is named), and each
symbolic link to one, the files that `scratchpack inspect --json` reports must be those
that the real loader maps, in the order in which it maps them; and what the loader calls
missing must be missing with us, with exit code 3.  -v names each program.

No program runs: the loader is told to list what it mapped and to stop.  For glibc that
is LD_TRACE_LOADED_OBJECTS with a start by the kernel, which alone gives $ORIGIN as a
real start does; `ld.so --list` where the variable might be ignored (set-id bits, file
capabilities), and always for musl.  A program without PT_INTERP would run and is left
out, and so is every interpreter that is not one of these two C libraries.
"""

import concurrent.futures
import errno
import json
import os
import stat
import struct
import subprocess
import sys
import tempfile
import time

SCRATCHPACK = os.path.realpath(os.environ.get("SCRATCHPACK", "build/scratchpack"))
WORKERS = 2
SECONDS = 10
BATCH = 200  # programs for one line of TAP
ROOTS = ["/usr", "/opt"]
# x86-64 and i386: what an x86-64 kernel starts itself
NATIVE = {"x86_64": {62, 3}, "aarch64": {183, 40}, "riscv64": {243}}
# what glibc says before it gives up, and what we say when a loader crashed
REFUSED = b"error while loading shared libraries: "
LIB = "lib/x86_64-linux-gnu/"
ASSERTION = b"Inconsistency detected by ld.so"
PT_DYNAMIC, PT_INTERP = 2, 3
DT_SONAME, DT_FLAGS_1, DF_1_PIE = 14, 0x6FFFFFFB, 0x08000000


# --- which files are programs ------------------------------------------------------


class Elf:
	"""The few facts that decide whether a loader may be asked."""

	def __init__(self, path):
		self.interp = None
		self.tags = {}
		with open(path, "rb") as f:
			head = f.read(64)
			if len(head) < 52 or head[:4] != b"\x7fELF" or head[5] != 1:
				raise ValueError("no ELF file of this byte order")
			wide = head[4] == 2
			self.type, self.machine = struct.unpack_from("<HH", head, 16)
			at = 54 if wide else 42
			offset = struct.unpack_from("<Q" if wide else "<I", head, 32 if wide else 28)[0]
			size, number = struct.unpack_from("<HH", head, at)
			f.seek(offset)
			table = f.read(size * number)
			for i in range(number):
				kind, start, length = self.segment(table, i * size, wide)
				if kind == PT_INTERP:
					f.seek(start)
					self.interp = f.read(min(length, 4096)).split(b"\0")[0]
				elif kind == PT_DYNAMIC:
					f.seek(start)
					self.read_tags(f.read(min(length, 1 << 20)), wide)

	@staticmethod
	def segment(table, at, wide):
		if wide:
			kind, _, start = struct.unpack_from("<IIQ", table, at)
			return kind, start, struct.unpack_from("<Q", table, at + 32)[0]
		kind, start = struct.unpack_from("<II", table, at)
		return kind, start, struct.unpack_from("<I", table, at + 16)[0]

	def read_tags(self, data, wide):
		form = "<qQ" if wide else "<iI"
		usable = len(data) - len(data) % struct.calcsize(form)
		for tag, value in struct.iter_unpack(form, data[:usable]):
			if tag == 0:
				break
			self.tags[tag] = value

	def is_library(self):
		"""libc.so.6 and its like can be started, but are no programs."""
		pie = self.tags.get(DT_FLAGS_1, 0) & DF_1_PIE
		return self.type == 3 and DT_SONAME in self.tags and not pie


def libc_of(interp, known={}):
	"""Which C library the interpreter at this path belongs to, or None."""
	if interp not in known:
		known[interp] = None
		try:
			with open(interp, "rb") as f:
				data = f.read(4 << 20)
			if b"musl libc" in data:
				known[interp] = "musl"
			elif b"TRACE_LOADED_OBJECTS" in data and b"GLIBC_PRIVATE" in data:
				known[interp] = "glibc"
		except OSError:
			pass
	return known[interp]


def privileged(path):
	"""The loader may ignore its environment for such a file."""
	if os.stat(path).st_mode & (stat.S_ISUID | stat.S_ISGID):
		return True
	try:
		return bool(os.getxattr(path, "security.capability"))
	except OSError:
		return False


class Program:
	def __init__(self, path):
		elf = Elf(path)
		self.path = path
		self.interp = elf.interp
		self.libc = elf.interp and libc_of(elf.interp)
		machines = NATIVE.get(os.uname().machine, set())
		self.usable = bool(
			self.libc and elf.machine in machines and not elf.is_library()
			and os.access(path, os.X_OK)
		)


def programs_under(roots):
	"""Programs in a fixed order; a directory is visited under one name only."""
	found = []

	def look(path):
		try:
			if stat.S_ISREG(os.stat(path).st_mode):
				program = Program(path)
				if program.usable:
					found.append(program)
		except (OSError, ValueError, struct.error):
			pass

	for root in roots:
		root = os.fsencode(root)
		if not os.path.isdir(root):
			look(root)
		for folder, folders, files in os.walk(root):
			folders.sort()
			for name in sorted(files):
				look(os.path.join(folder, name))
	return found


# --- the two opinions --------------------------------------------------------------


class Opinion:
	"""files in order, and the interpreter's; names that are missing, and why; what
	else was wrong; the rules that found something."""

	def __init__(self):
		self.files, self.missing, self.why, self.errors = [], set(), [], []
		self.interpreter, self.rules, self.stuck = None, set(), False


def run(argv, environment, folder):
	"""Exit code, stdout, stderr; the exit code of one that was killed is None."""
	while True:
		try:
			p = subprocess.run(
				argv, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
				timeout=SECONDS, cwd=folder, close_fds=False, check=False,
			)
			return p.returncode, p.stdout, p.stderr
		except subprocess.TimeoutExpired:
			return None, b"", b"took more than %d seconds" % SECONDS
		except OSError as e:
			# another thread, between fork and exec, has our new program open
			if e.errno != errno.ETXTBSY:
				return None, b"", os.fsencode(str(e))
			time.sleep(0.001)


def trace(program, folder):
	if program.libc == "musl" or privileged(program.path):
		# the kernel would say by which path: $ORIGIN of a program is its real folder
		return run([program.interp, b"--list", os.path.realpath(program.path)], {}, folder)
	return run([program.path], {b"LD_TRACE_LOADED_OBJECTS": b"1"}, folder)


def loader_says(program, folder):
	"""Read "NAME => PATH (0x7f...)", "NAME => not found", "PATH (0x7f...)"."""
	o = Opinion()
	code, out, err = trace(program, folder)
	o.interpreter = os.path.realpath(program.interp)
	o.stuck = code is None or code < 0
	for line in out.split(b"\n"):
		if not line.startswith(b"\t"):
			continue
		name, arrow, path = line[1:].rpartition(b" => ")
		if path == b"not found":
			o.missing.add(name)
			continue
		path, bracket, _ = path.rpartition(b" (0x")
		if bracket and (arrow or b"/" in path):
			o.files.append(os.path.realpath(os.path.join(folder, path)))
	for line in (out + b"\n" + err).split(b"\n"):
		if line.startswith(b"Error loading shared library "):
			# musl: "... NAME: No such file or directory (needed by PATH)"
			o.missing.add(line.split(b"library ", 1)[1].split(b":")[0])
		elif b": version `" in line or REFUSED in line:
			o.errors.append(line)
	if o.stuck or ASSERTION in err:
		o.errors.append(b"%s-%r" % (REFUSED, code))
	elif code != 0 and not o.missing and not o.errors:
		o.errors.append(b"exit code %r: " % code + err.strip())
	# glibc lists the interpreter where it is needed, musl first
	o.files = [f for f in o.files if f != o.interpreter]
	return o


def as_bytes(text):
	return text.encode("utf-8", "surrogateescape")


def scratchpack_says(program, folder):
	o = Opinion()
	# where the program stands now, so that $ORIGIN means the same
	argv = [SCRATCHPACK, b"inspect", b"--json", b"--minimal", b"--at", program.path, program.path]
	code, out, err = run(argv, {}, folder)
	try:
		report = json.loads(out.decode("utf-8", "surrogateescape"))
	except ValueError:
		o.errors.append(b"exit code %r and no report: " % code + err.strip())
		return o
	objects = report["objects"]
	for i, item in enumerate(objects):
		# from here on it is what will be opened at run time
		if item["found_by"] == "added" or item.get("opened"):
			objects = objects[:i]
			break
	for item in objects:
		if item["found_by"] == "interpreter":
			o.interpreter = as_bytes(item["real_path"])
		elif item["found_by"] != "program":
			o.files.append(as_bytes(item["real_path"]))
	for item in report["missing"]:
		# the loader names what it made of $ORIGIN and $LIB
		tried = item["probes"] if "/" in item["name"] else []
		name = tried[0]["path"] if tried else item["name"]
		if program.libc == "glibc":
			name = name.replace("$LIB/", LIB)
		o.missing.add(as_bytes(name))
	o.why = [as_bytes(item["why"]) for item in report["missing"]]
	o.rules = {item["found_by"] for item in objects}
	o.errors = [as_bytes(text) for text in report["problems"]]
	incomplete = bool(o.missing or o.errors)
	if (code == 3) != incomplete:
		o.errors.append(b"exit code %r, want %d: " % (code, incomplete * 3) + err.strip())
	return o


# --- comparing ---------------------------------------------------------------------


def sort_errors(errors):
	"""What is wrong with versions, as "VERSION wanted by FILE", and all other lines."""
	versions, rest = set(), []
	for line in errors:
		version = line.partition(b": version `")[2].partition(b"'")[0]
		by = line.partition(b"(required by ")[2].rstrip(b")")
		if version and by:
			versions.add(version + b" wanted by " + os.path.realpath(by))
		else:
			rest.append(os.fsdecode(line))
	return versions, rest


def refusal(text, ours):
	"""The loader stopped at the first file that it cannot take, and lists nothing; we
	go on, but must have seen that file."""
	if not ours.missing and not ours.errors:
		return ["refused by the loader alone: " + os.fsdecode(text)]
	file = text.partition(b": ")[0]
	if file.startswith(b"-") or file in ours.missing:
		return []
	if b"DT_RELR without" in text and ours.missing:
		return []	# the trace's word for a C library that is missing
	if any(why.startswith(file + b": ") for why in ours.why):
		return []
	return ["refused by the loader: " + os.fsdecode(text)] + [
		"refused by scratchpack: " + os.fsdecode(why) for why in ours.why]


def difference(theirs, ours):
	"""Lines that say how the opinions differ; none if they agree."""
	lines = []

	def compare(what, a, b):
		lines.extend("%s for the loader alone: %s" % (what, os.fsdecode(x)) for x in sorted(a - b))
		lines.extend("%s for scratchpack alone: %s" % (what, os.fsdecode(x)) for x in sorted(b - a))

	versions, complaints = sort_errors(theirs.errors)
	our_versions, our_complaints = sort_errors(ours.errors)
	for line in complaints:
		if os.fsdecode(REFUSED) in line:
			return refusal(os.fsencode(line.partition(os.fsdecode(REFUSED))[2]), ours)
	lines += ["loader: " + line for line in complaints]
	lines += ["scratchpack: " + line for line in our_complaints]
	if ours.interpreter is None:
		return lines or ["scratchpack: no report"]
	compare("missing", theirs.missing, ours.missing)
	compare("version", versions, our_versions)
	compare("mapped", set(theirs.files), set(ours.files))
	compare("started", {theirs.interpreter}, {ours.interpreter or b"nothing"})
	if not lines and theirs.files != ours.files:
		at = next(i for i, pair in enumerate(zip(theirs.files, ours.files)) if len(set(pair)) > 1)
		lines.append("number %d in order is %s for the loader, %s for scratchpack" % (
			at, os.fsdecode(theirs.files[at]), os.fsdecode(ours.files[at])))
	return lines


class Tally:
	"""TAP: a line for each batch, and one for each difference."""

	def __init__(self, verbose):
		self.count, self.failed, self.verbose = 0, 0, verbose
		self.batch, self.bad = 0, 0
		self.rules, self.objects, self.most, self.incomplete = {}, 0, 0, 0

	def line(self, good, text):
		self.count += 1
		self.failed += not good
		print("%s %d - %s" % ("ok" if good else "not ok", self.count, text), flush=True)

	def add(self, program, theirs, ours):
		name = os.fsdecode(program.path)
		lines = difference(theirs, ours)
		self.batch += 1
		self.objects += len(theirs.files)
		self.most = max(self.most, len(theirs.files))
		self.incomplete += bool(theirs.missing or theirs.errors)
		for rule in ours.rules:
			self.rules[rule] = self.rules.get(rule, 0) + 1
		if self.verbose:
			print("# %s: %d objects, %d missing" % (name, len(theirs.files), len(theirs.missing)))
		if lines:
			self.bad += 1
			self.line(False, name)
			print("".join("# %s\n" % part for line in lines for part in line.split("\n")),
			      end="", flush=True)
		if self.batch == BATCH:
			self.flush()

	def flush(self):
		if self.batch:
			self.line(not self.bad, "%d programs have the closure that their loader maps%s" % (
				self.batch - self.bad, ", %d have not" % self.bad if self.bad else ""))
		self.batch, self.bad = 0, 0

	def finish(self):
		self.flush()
		print("# %d objects, at most %d in one program, %d programs incomplete" % (
			self.objects, self.most, self.incomplete))
		for rule, number in sorted(self.rules.items()):
			print("# programs with an object found by %s: %d" % (rule, number))
		print("1..%d" % self.count)
		return 1 if self.failed else 0


def main(arguments):
	verbose = "-v" in arguments
	programs = programs_under([a for a in arguments if a != "-v"] or ROOTS)
	tally = Tally(verbose)
	print("# %d programs" % len(programs))
	tally.line(bool(programs), "there are programs to compare")
	with tempfile.TemporaryDirectory() as name, \
			concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
		folder = os.fsencode(name)

		def ask(program):
			return program, loader_says(program, folder), scratchpack_says(program, folder)

		for result in pool.map(ask, programs):
			tally.add(*result)
	return tally.finish()


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))
