#!/usr/bin/python3
"""read_image.py ARCHIVE [NAME]: what the image in a docker archive comes to, as text.

First its configuration, one key a line, then its root file system, one path a line:
type, mode, owner, and the target of a link or the digest of the contents.  Two images
that print the same are the same to whoever runs them.
"""
import hashlib
import io
import json
import posixpath
import sys
import tarfile

# What one builder writes and another does not, without a meaning to an engine.
IGNORED = {"ArgsEscaped", "Image", "Hostname", "Domainname", "AttachStdin", "AttachStdout",
           "AttachStderr", "Tty", "OpenStdin", "StdinOnce"}


def config_lines(config):
    for key in sorted(config.get("config") or {}):
        value = config["config"][key]
        # Go writes nothing and an empty list in two ways
        if key not in IGNORED and value not in (None, "", [], {}):
            yield f"{key} {json.dumps(value, sort_keys=True)}"
    for key in ("author", "architecture", "os", "variant"):
        if config.get(key):
            yield f"{key} {config[key]}"


def remove(tree, path, below_only=False):
    for known in [p for p in tree if p.startswith(path + "/")]:
        del tree[known]
    if not below_only:
        tree.pop(path, None)


def describe(layer, member, tree):
    owner = f"{member.mode & 0o7777:04o} {member.uid}:{member.gid}"
    if member.isdir():
        return f"d {owner}"
    if member.issym():
        return f"l {member.uid}:{member.gid} -> {member.linkname}"
    if member.islnk():
        return tree[posixpath.normpath("/" + member.linkname)]
    if member.isfile():
        digest = hashlib.sha256(layer.extractfile(member).read()).hexdigest()
        caps = member.pax_headers.get("SCHILY.xattr.security.capability", "")
        return f"f {owner} {member.size} {digest[:16]}{' caps' if caps else ''}"
    return f"? {owner}"


def apply(layer, tree):
    for member in layer:
        path = posixpath.normpath("/" + member.name)
        base = posixpath.basename(path)
        if path == "/":
            continue
        if base == ".wh..wh..opq":
            remove(tree, posixpath.dirname(path), below_only=True)
        elif base.startswith(".wh."):
            remove(tree, posixpath.join(posixpath.dirname(path), base[4:]))
        else:
            text = describe(layer, member, tree)
            if not text.startswith("d"):
                remove(tree, path)
            tree[path] = text


def main():
    with tarfile.open(sys.argv[1]) as archive:
        entries = json.load(archive.extractfile("manifest.json"))
        entry = entries[0]
        for candidate in entries:
            if len(sys.argv) > 2 and sys.argv[2] in (candidate.get("RepoTags") or []):
                entry = candidate
        config = json.load(archive.extractfile(entry["Config"]))
        tree = {}
        for name in entry["Layers"]:
            data = archive.extractfile(name).read()
            with tarfile.open(fileobj=io.BytesIO(data)) as layer:
                apply(layer, tree)
    for line in config_lines(config):
        print("config", line)
    for path in sorted(tree):
        print(repr(path)[1:-1], tree[path])


main()
