#!/usr/bin/env python3
"""Random programs and libraries, compared with what the real loaders map.

	make check-oracle
	tests/oracle/random_layouts.py [SEED]		one case, shown and kept

Each case is a folder of small ELF files (elf_writer.py) whose names, sonames, links,
search paths, tokens, filters, versions and defects are drawn by chance: what real
distributions do not do, and users do.  glibc's and musl's loaders are asked in turn, as
real_loader.py asks them, and every case is the same in every run.

ORACLE_CASES is how many there are for each loader (2000), ORACLE_SEED where they begin.
"""

import concurrent.futures
import os
import random
import shutil
import sys
import tempfile

import elf_writer as elf
import real_loader

CASES = int(os.environ.get("ORACLE_CASES", 2000))
FIRST = int(os.environ.get("ORACLE_SEED", 1))
GLIBC, MUSL = "/lib64/ld-linux-x86-64.so.2", "/lib/ld-musl-x86_64.so.1"
DIRS = ["d0", "d1", "d2", "d3/deep", "bin", "bin/lib/x86_64-linux-gnu", "d1/lib/x86_64-linux-gnu"]
LEAF = "libleaf.so.1"
VERSIONS = ["V1", "V2", "V3"]


class Case:
	def __init__(self, seed, folder, interp):
		self.r = random.Random(seed)
		self.folder, self.interp, self.said = folder, interp, []
		self.filtered = set()
		self.names = ["lib%s.so.1" % c for c in "ABCDEFGH"[:self.r.randint(2, 8)]]
		for d in DIRS:
			os.makedirs(os.path.join(folder, d))
		os.symlink("d1", os.path.join(folder, "linkdir"))
		os.symlink(os.path.join(folder, "d2"), os.path.join(folder, "d3", "far"))
		self.dirs = DIRS + ["linkdir", "d3/far"]

	def chance(self, percent):
		return self.r.random() * 100 < percent

	def say(self, path, text):
		self.said.append("%s: %s" % (path, text))

	def directory(self):
		"""One element of a search path."""
		here, there = self.r.choice(self.dirs), os.path.relpath(self.r.choice(self.dirs), self.r.choice(DIRS))
		return self.r.choices(
			[self.folder + "/" + here, "$ORIGIN", "${ORIGIN}", "$ORIGIN/../" + here, "$ORIGIN/" + there,
			 "$ORIGIN/$LIB", "$ORIGIN/${LIB}/", self.folder + "//" + here + "/", self.folder + "/none",
			 "", ".", "d1", "$ORIGINAL", "$ORIGIN/$PLATFORM", self.folder + "/d1/$LIB",
			 self.folder + "/none/../" + here, "$ORIGIN:", "/", "$LIB", "${ORIGIN"],
			[30, 10, 5, 20, 10, 3, 2, 3, 4, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1])[0]

	def search_path(self):
		return ":".join(self.directory() for _ in range(self.r.randint(1, 6)))

	def wanted(self):
		"""One name in NEEDED."""
		name = self.r.choice(self.names)
		here = self.r.choice(self.dirs)
		return self.r.choices(
			[name, "%s/%s/%s" % (self.folder, here, name), "$ORIGIN/" + name, "libz.so.1", "libc.so.6",
			 "libnone.so.1", here + "/" + name, "", "$ORIGIN/../%s/%s" % (here, name), "libm.so.6",
			 self.r.choice([os.path.basename(self.interp), self.interp, os.path.realpath(self.interp)]), "soname-of-" + name, "$LIB/" + name],
			[90, 4, 2, 2, 2, 0.5, 0.2, 0.1, 2, 1, 1, 0.3, 0.1])[0]

	def facts(self, name):
		"""What one file says; name is None for the program."""
		f = {"needed": [self.wanted() for _ in range(self.r.choice([0, 0, 1, 1, 2, 3]) + (name is None))]}
		if name and self.chance(85):
			f["soname"] = name if self.chance(85) else self.r.choice(
				[self.r.choice(self.names), "soname-of-" + name, "", name + ".0", "a/b"])
		share = 80 if name is None else 30
		if self.chance(share / 2):
			f["rpath"] = self.search_path()
		if self.chance(share / 2):
			f["runpath"] = self.search_path() if self.chance(95) else ""
		# Linkers ignore --filter and --auxiliary for programs.  They lead to later names
		# only: glibc goes round in circles until its stack is full.
		for tag in ("filters", "auxiliaries"):
			if name and self.chance(8):
				other = self.r.choice([LEAF] + self.names[self.names.index(name) + 1:])
				f[tag] = [self.r.choice(["", "", "$ORIGIN/", self.folder + "/d1/"]) + other]
				self.filtered.add(os.fsencode(other))
		if self.chance(4):
			f["flags_1"] = elf.DF_1_NODEFLIB
		if name and self.chance(15):
			f["defines"] = [name] + [v for v in VERSIONS if self.chance(70)]
		if self.chance(15):
			files = sorted({n for n in f["needed"] if "/" not in n} | {self.r.choice(self.names)})
			f["wants"] = [(file, [(v, self.chance(20)) for v in VERSIONS if self.chance(40)] or [("V1", False)])
				      for file in files if self.chance(60)]
		return f

	def spoil(self, f, data):
		"""A defect in a library; most have none.  We differ from musl on purpose where it
		maps what cannot work: for another machine or byte order, or fixed addresses."""
		g = self.interp == GLIBC
		how = self.r.choices(["", "class", "machine", "exec", "text", "empty", "cut", "pie", "order", "osabi"],
				     [92, 2, 2 * g, g, 0.5, 0.5, 0.5, 1, 0.5 * g, 0.5])[0]
		if how == "class":
			data = elf.make(wide=False, machine=elf.EM_386, **f)
		elif how == "machine":
			data = elf.make(machine=elf.EM_AARCH64, **f)
		elif how == "exec":
			data = elf.make(kind=elf.ET_EXEC, **f)
		elif how == "pie":
			data = elf.make(**{**f, "flags_1": f.get("flags_1", 0) | elf.DF_1_PIE})
		elif how == "text":
			data = b"/* GNU ld script */ INPUT ( libA.so.1 libB.so.1 ) # and some more text behind it\n"
		elif how == "order":
			data = data[:5] + b"\x02" + data[6:]
		elif how == "osabi":
			data = data[:7] + b"\x09" + data[8:]
		elif how in ("empty", "cut"):
			data = data[:self.r.choice([1, 20, 40, 63]) if how == "cut" else 0]
		return how, data

	def library(self, name):
		"""One to three files of this name, some of them links to another."""
		places = self.r.sample(DIRS, self.r.randint(1, 4))
		for i, place in enumerate(places):
			path = os.path.join(place, name)
			full = os.path.join(self.folder, path)
			kind = self.r.choices(["file", "link", "hard", "dangling", "directory", "chain", "circle"],
					      [80, 10, 4, 1, 0.5, 4, 1])[0]
			if kind in ("link", "hard", "chain") and i == 0:
				kind = "file"
			first = os.path.join(self.folder, places[0], name)
			if kind == "file":
				f = self.facts(name)
				how, data = self.spoil(f, elf.make(**f))
				with open(full, "wb") as out:
					out.write(data)
				self.say(path, "%s %r" % (how, f))
				continue
			self.say(path, "%s, %s" % (kind, places[0]))
			if kind == "hard" and os.path.isfile(first) and not os.path.islink(first):
				os.link(first, full)
			elif kind == "directory":
				os.mkdir(full)
			elif kind == "circle":
				os.symlink(name, full)
			elif kind == "dangling":
				os.symlink("nowhere", full)
			elif kind == "chain":
				os.symlink(os.path.relpath(first, os.path.dirname(full)), full + ".link")
				os.symlink(name + ".link", full)
			else:
				os.symlink(first, full)

	def program(self):
		f = self.facts(None)
		flags = f.pop("flags_1", 0)
		path = os.path.join(self.folder, "bin", "app")
		with open(path, "wb") as out:
			out.write(elf.make(interp=self.interp, flags_1=flags | elf.DF_1_PIE, **f))
		os.chmod(path, 0o755)
		self.say("bin/app", repr(f))
		if self.chance(20):
			place = self.r.choice(["d0", "d3"])
			os.symlink("../bin/app", os.path.join(self.folder, place, "app"))
			path = os.path.join(self.folder, place, "app")
			self.say("started as", path)
		return real_loader.Program(os.fsencode(path))

	def make(self):
		for name in self.names:
			self.library(name)
		for place in self.r.sample(DIRS, self.r.randint(0, 4)):
			with open(os.path.join(self.folder, place, LEAF), "wb") as out:
				out.write(elf.make(soname=LEAF))
			self.say(os.path.join(place, LEAF), "")
		return self.program()


def forgive(theirs, ours, filtered):
	"""Where a trace is no start: what DT_AUXILIARY names and is not there, it calls
	missing, and knows by that name.  And filters come first in its list."""
	for name in theirs.missing - ours.missing:
		if os.path.basename(name) in filtered:
			theirs.missing = theirs.missing - {name}
			ours.errors = [e for e in ours.errors if b" of %s, which" % name not in e]
	theirs.files, ours.files = sorted(theirs.files), sorted(ours.files)


def compare(seed, folder, interp):
	"""Make a case and ask twice; gives the case, both opinions, the difference."""
	case = Case(seed, folder, interp)
	program = case.make()
	elsewhere = os.fsencode(os.path.join(folder, "empty"))
	os.mkdir(elsewhere)
	theirs = real_loader.loader_says(program, elsewhere)
	ours = real_loader.scratchpack_says(program, elsewhere)
	if case.filtered:
		forgive(theirs, ours, case.filtered)
	return case, theirs, ours, real_loader.difference(theirs, ours)


def show(seed, interp):
	folder = tempfile.mkdtemp(prefix="oracle-%d-" % seed)
	case, theirs, ours, lines = compare(seed, folder, interp)
	print("\n".join(case.said))
	for who, o in (("loader", theirs), ("scratchpack", ours)):
		print("%s: %r, missing %r %r, errors %r" % (
			who, [os.path.relpath(f, os.fsencode(folder)) for f in o.files],
			sorted(o.missing), o.why, o.errors))
	print("\n".join(lines) or "no difference")
	return 1 if lines else 0


class Loader:
	"""All cases for one loader, with a line of TAP for each batch."""

	def __init__(self, tally, label, interp):
		self.tally, self.label, self.interp = tally, label, interp
		self.whole = self.partial = self.refused = 0

	def one(self, seed):
		folder = tempfile.mkdtemp(prefix="oracle-")
		try:
			return seed, *compare(seed, folder, self.interp)[1:]
		finally:
			shutil.rmtree(folder)

	def run(self, pool):
		bad = 0
		for seed, theirs, _, lines in pool.map(self.one, range(FIRST, FIRST + CASES)):
			refused = any(real_loader.REFUSED in e for e in theirs.errors)
			self.refused += refused
			self.partial += not refused and bool(theirs.missing or theirs.errors)
			self.whole += not (theirs.missing or theirs.errors)
			if lines:
				bad += 1
				self.tally.line(False, "%s, case %d" % (self.label, seed))
				print("".join("# %s\n" % line for line in lines), end="")
		self.tally.line(not bad, "%s: %d random programs have the closure that it maps" % (
			self.label, CASES - bad))
		print("# %s: %d whole, %d incomplete, %d refused" % (
			self.label, self.whole, self.partial, self.refused))
		kinds = [self.whole, self.partial] + [self.refused] * (self.interp == GLIBC)
		self.tally.line(CASES < 100 or min(kinds) > CASES // 100,
				"%s: there were programs of all these kinds" % self.label)


def main(arguments):
	loaders = [(GLIBC, "glibc"), (MUSL, "musl")]
	if arguments:
		return max(show(int(arguments[0]), interp) for interp, label in loaders
			   if label in arguments[1:] or not arguments[1:])
	tally = real_loader.Tally(False)
	with concurrent.futures.ThreadPoolExecutor(real_loader.WORKERS) as pool:
		for interp, label in loaders:
			if os.path.exists(interp) and os.uname().machine == "x86_64":
				Loader(tally, label, interp).run(pool)
			elif os.environ.get("CI") == "true":
				tally.line(False, "%s is installed" % interp)
			else:
				tally.line(True, "%s # SKIP %s is not there" % (label, interp))
	print("1..%d" % tally.count)
	return 1 if tally.failed else 0


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))
