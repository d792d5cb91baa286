"""Small ELF files, written byte by byte, so that a test can have thousands of them.

They are good enough to be mapped by a loader that lists and stops; nothing in them
runs.  One segment holds all: headers, dynamic section, names, version tables.
"""

import struct

ET_EXEC, ET_DYN = 2, 3
PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_PHDR, PT_GNU_STACK = 1, 2, 3, 6, 0x6474E551
DT_NEEDED, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_STRSZ, DT_SYMENT = 1, 4, 5, 6, 10, 11
DT_SONAME, DT_RPATH, DT_RUNPATH, DT_FLAGS_1 = 14, 15, 29, 0x6FFFFFFB
DT_VERDEF, DT_VERDEFNUM = 0x6FFFFFFC, 0x6FFFFFFD
DT_VERNEED, DT_VERNEEDNUM, DT_VERSYM = 0x6FFFFFFE, 0x6FFFFFFF, 0x6FFFFFF0
DT_AUXILIARY, DT_FILTER = 0x7FFFFFFD, 0x7FFFFFFF
DF_1_NODEFLIB, DF_1_PIE = 0x800, 0x08000000
EM_386, EM_X86_64, EM_AARCH64 = 3, 62, 183


class Strings:
	def __init__(self):
		self.data, self.at = b"\0", {}

	def add(self, text):
		text = text.encode()
		if text not in self.at:
			self.at[text] = len(self.data)
			self.data += text + b"\0"
		return self.at[text]


def sysv_hash(name):
	h = 0
	for c in name.encode():
		h = (h << 4) + c
		g = h & 0xF0000000
		h = (h ^ g >> 24) & ~g & 0xFFFFFFFF
	return h


def verdef(names, strings):
	"""The table of versions that a file defines; the first is its own name."""
	data = b""
	for i, name in enumerate(names):
		last = i == len(names) - 1
		data += struct.pack("<HHHHIII", 1, 1 if i == 0 else 0, i + 1, 1,
				    sysv_hash(name), 20, 0 if last else 28)
		data += struct.pack("<II", strings.add(name), 0)
	return data


def verneed(needs, strings):
	"""The table of versions that it asks for: [(file, [(version, weak)])]."""
	data, index = b"", 100
	for i, (file, versions) in enumerate(needs):
		size = 16 + 16 * len(versions)
		data += struct.pack("<HHIII", 1, len(versions), strings.add(file), 16,
				    0 if i == len(needs) - 1 else size)
		for j, (version, weak) in enumerate(versions):
			index += 1
			data += struct.pack("<IHHII", sysv_hash(version), 2 if weak else 0, index,
					    strings.add(version), 0 if j == len(versions) - 1 else 16)
	return data


def make(needed=(), soname=None, rpath=None, runpath=None, filters=(), auxiliaries=(),
	 defines=(), wants=(), flags_1=0, interp=None, kind=ET_DYN, machine=EM_X86_64,
	 wide=True):
	"""The bytes of a file with these facts; interp makes it a program."""
	strings, tags = Strings(), []
	for tag, names in ((DT_FILTER, filters), (DT_AUXILIARY, auxiliaries), (DT_NEEDED, needed)):
		tags += [(tag, strings.add(name)) for name in names]
	for tag, text in ((DT_SONAME, soname), (DT_RPATH, rpath), (DT_RUNPATH, runpath)):
		if text is not None:
			tags.append((tag, strings.add(text)))
	if flags_1:
		tags.append((DT_FLAGS_1, flags_1))

	number = 5 if interp else 3
	header, entry, pair = (64, 56, 16) if wide else (52, 32, 8)
	chunks, at = [], header + number * entry

	def place(data):
		nonlocal at
		at = (at + 7) // 8 * 8
		chunks.append((at, data))
		at += len(data)
		return chunks[-1][0]

	interp_at = place(interp.encode() + b"\0") if interp else 0
	if defines:
		tags += [(DT_VERDEF, place(verdef(defines, strings))), (DT_VERDEFNUM, len(defines))]
	if wants:
		tags += [(DT_VERNEED, place(verneed(wants, strings))), (DT_VERNEEDNUM, len(wants))]
	if defines or wants:
		tags.append((DT_VERSYM, place(struct.pack("<H", 0))))
	tags += [(DT_HASH, place(struct.pack("<IIII", 1, 1, 0, 0))),
		 (DT_SYMTAB, place(bytes(24 if wide else 16))), (DT_SYMENT, 24 if wide else 16),
		 (DT_STRTAB, place(strings.data)), (DT_STRSZ, len(strings.data)), (0, 0)]
	form = "<qQ" if wide else "<iI"
	dynamic = b"".join(struct.pack(form, *tag) for tag in tags)
	dynamic_at = place(dynamic)

	def segment(kind, flags, start, size, align):
		if wide:
			return struct.pack("<IIQQQQQQ", kind, flags, start, start, start, size, size, align)
		return struct.pack("<IIIIIIII", kind, start, start, start, size, size, flags, align)

	table = segment(PT_PHDR, 4, header, number * entry, 8) if interp else b""
	table += segment(PT_INTERP, 4, interp_at, len(interp) + 1, 1) if interp else b""
	table += segment(PT_LOAD, 7, 0, at, 4096)
	table += segment(PT_DYNAMIC, 6, dynamic_at, len(dynamic), 8)
	table += segment(PT_GNU_STACK, 6, 0, 0, 16)
	ident = b"\x7fELF" + bytes([2 if wide else 1, 1, 1]) + bytes(9)
	data = bytearray(at)
	data[:header] = ident + struct.pack(
		"<HHIQQQIHHHHHH" if wide else "<HHIIIIIHHHHHH", kind, machine, 1, 0, header, 0, 0,
		header, entry, number, 0, 0, 0)
	data[header:header + len(table)] = table
	for start, chunk in chunks:
		data[start:start + len(chunk)] = chunk
	return bytes(data)
