#!/usr/bin/env python3
"""A root file system as a Debian image has it, out of the packages of this machine.

	debian_tree.py OUT.tar PACKAGE...

holds the files of the packages and of all they depend on, the accounts in ACCOUNTS, the
cache of libraries and what maintainer scripts leave, below merged /usr, as debootstrap
would lay them out.  No network, and seconds instead of minutes.
"""

import io
import os
import re
import subprocess
import sys
import tarfile

ALWAYS = ["base-files", "base-passwd", "coreutils", "dash", "bash", "libc-bin", "findutils",
          "grep", "sed", "tar", "dpkg", "apt"]
MADE = ["/etc/alternatives", "/etc/ssl/certs", "/etc/java-17-openjdk", "/usr/bin/java",
        "/etc/ld.so.cache", "/bin", "/sbin", "/lib", "/lib64", "/var/lib/nginx"]
ACCOUNTS = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\n"
                  "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n"
                  "redis:x:105:106::/var/lib/redis:/usr/sbin/nologin\n",
    "etc/group": "root:x:0:\nwww-data:x:33:\nredis:x:106:\n",
}
DROPPED = re.compile(r"^/usr/share/(doc|man|info)/|^/etc/(passwd|group)$|^/(dev|proc|sys)/")


def packages():
    """Name to what it depends on, of all that is installed."""
    fields = "${Package}\\t${db:Status-Abbrev}\\t${Pre-Depends}, ${Depends}\\t${Provides}\\n"
    text = subprocess.run(["dpkg-query", "-W", "-f", fields], stdout=subprocess.PIPE,
                          text=True, check=True).stdout
    found, provides = {}, {}
    for line in text.splitlines():
        name, state, depends, provided = line.split("\t")
        if not state.startswith("ii"):
            continue
        found[name] = [[re.split(r"[ (:]", a.strip())[0] for a in d.split("|")]
                       for d in depends.split(",") if d.strip()]
        for p in provided.split(","):
            if p.strip():
                provides.setdefault(re.split(r"[ (:]", p.strip())[0], name)
    return found, provides


def closure(wanted):
    found, provides = packages()
    todo, done = list(wanted), set()
    while todo:
        name = todo.pop()
        name = name if name in found else provides.get(name)
        if not name or name in done:
            continue
        done.add(name)
        for alternatives in found[name]:
            todo += [a for a in alternatives if a in found or a in provides][:1]
    return sorted(done)


def real(path):
    """The path through links of directories, as a layer should name it."""
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))


def main():
    out, wanted = sys.argv[1], sys.argv[2:]
    listed = subprocess.run(["dpkg-query", "-L"] + closure(ALWAYS + wanted),
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    paths = {real(p) for p in listed.stdout.splitlines() if p.startswith("/") and p != "/."}
    for made in MADE:
        paths.add(real(made))
        for top, dirs, files in os.walk(made):
            if not os.path.islink(made):
                paths |= {os.path.join(top, n) for n in dirs + files}
    with tarfile.open(out, "w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(paths):
            if os.path.lexists(path) and not DROPPED.search(path) and path != "/":
                info = tar.gettarinfo(path, path.lstrip("/"))
                if info is None:
                    continue
                if info.isreg() or info.islnk():
                    with open(path, "rb") as f:
                        tar.addfile(info, f if info.isreg() else None)
                else:
                    tar.addfile(info)
        for name, text in ACCOUNTS.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))


main()
