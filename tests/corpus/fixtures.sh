#!/bin/bash
# What the programs of the corpus read: fixtures.sh FIXTURES BUILT.  All of it is made
# here, by the programs that the corpus packs; none of it is checked in.
# shellcheck disable=SC2016  # what looks like variables is for others
set -eu
top=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1" "$2"
built=$(cd "$2" && pwd)
cd "$1"
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH=0

texts() {
	local i
	mkdir -p tree/two
	for i in {1..200}; do
		echo "line $i of two hundred, with some words: $((i * i % 97))"
	done >text
	printf 'one\ntwo\n' >tree/one
	printf 'deep\n' >tree/two/three
	touch -d @1700000000 tree/one tree/two/three tree/two tree text
	printf 'h\xc3\xa4user na\xc3\xafve\n' >utf8.txt
	printf 'hello\nwrold\nmistaek\nxkcdhorse9\n' >words
	echo '2^200; sqrt(2)' >sums
	echo '48.85 2.35' >points
	echo '{"a":[1,2,{"b":"c"}],"d":null}' >data.json
	echo '<a><b c="d">text</b></a>' >data.xml
	printf 'a,b\n1,"two, three"\n' >data.csv
	printf -- '--- a/one\n+++ b/one\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n' >change.diff
	printf '# Title\n\nSome *text*.\n' >page.md
	printf '= Title\n\nSome *text*.\n' >page.adoc
	printf '<html><body><h1>Title</h1><p>some &auml; text</p></body></html>\n' >page.html
	printf '.TH X 1 2024-01-01 corpus\n.SH NAME\nx \\- something\n.SH TEXT\nWords.\n' >page.1
	groff -man -Tascii -Z page.1 >page.grout
	printf '.TS\nbox;\nl r.\none\t1\ntwo\t22\n.TE\n.EQ\nx sup 2\n.EN\n' >table.roff
	cat >style.xsl <<-'EOF'
		<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
		<xsl:output method="text"/><xsl:template match="b">got <xsl:value-of select="@c"/>
		</xsl:template></xsl:stylesheet>
	EOF
	cat >book.xml <<-'EOF'
		<?xml version="1.0"?>
		<!DOCTYPE article PUBLIC "-//OASIS//DTD DocBook XML V4.5//EN"
			"http://www.oasis-open.org/docbook/xml/4.5/docbookx.dtd">
		<article><title>t</title><para>p</para></article>
	EOF
	cat >changelog <<-'EOF'
		corpus (1.0) unstable; urgency=low

		  * Words.

		 -- Nobody <nobody@example.org>  Mon, 01 Jan 2024 00:00:00 +0000
	EOF
	cat >lspci.txt <<-'EOF'
		00:00.0 Host bridge: Intel Corporation 440FX - 82441FX PMC [Natoma] (rev 02)
		00: 86 80 37 12 00 00 00 00 02 00 00 06 00 00 00 00
		10: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
		20: 00 00 00 00 00 00 00 00 00 00 00 00 f4 1a 00 11
		30: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00

	EOF
}

packed() {
	xz -c text >text.xz
	tar -cf text.tar --owner=0 --group=0 --mtime=@0 text
	tar -cf names.tar --owner=root:0 --group=root:0 --mtime=@0 text
	echo secret | gpg --homedir "$(mktemp -d)" --batch --pinentry-mode loopback \
		--passphrase x --symmetric -o text.gpg text 2>/dev/null
	gpgconf --kill all 2>/dev/null || true
}

pictures() {
	local to
	convert -size 64x48 gradient:red-blue pic.png
	for to in jpg gif tiff webp; do
		convert pic.png pic.$to
	done
	convert pic.png -threshold 50% pic.pbm
	convert -size 300x80 xc:white -font DejaVu-Sans -pointsize 40 -gravity center \
		-annotate 0 'corpus' word.png
	cat >pic.svg <<-'EOF'
		<svg xmlns="http://www.w3.org/2000/svg" width="64" height="48">
		<rect width="64" height="48" fill="#36c"/><circle cx="32" cy="24" r="9"/>
		<text x="4" y="40" font-size="12">text</text></svg>
	EOF
	echo 'digraph g { a -> b -> c; a -> c [label="to c"]; }' >graph.dot
	printf '%%!PS\n/Helvetica findfont 20 scalefont setfont 72 72 moveto (Words here) show showpage\n' >doc.ps
	gs -q -dNOPAUSE -dBATCH -sDEVICE=pdfwrite -sOutputFile=doc.pdf doc.ps
}

sounds() {
	sox -n -r 8000 -c 1 -b 16 sound.wav synth 1 sine 440
	flac -s sound.wav
	lame --quiet sound.wav sound.mp3
	oggenc -Q sound.wav -o sound.ogg
	opusenc --quiet sound.wav sound.opus
}

keys() {
	cp /usr/share/ca-certificates/mozilla/ISRG_Root_X1.crt cert.pem
	openssl x509 -in cert.pem -outform DER -out cert.der
	openssl genpkey -algorithm ed25519 -out key.pem 2>/dev/null
	ssh-keygen -q -t ed25519 -N '' -C corpus -f ssh
	mv ssh.pub key.pub
	rm ssh
}

settings() {
	printf 'LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so\nServerName corpus\nListen 8080\nErrorLog /dev/stderr\nPidFile /mnt/pid\n' >httpd.conf
	printf 'pid /mnt/pid;\nerror_log stderr;\nevents {}\nhttp { access_log off; client_body_temp_path /mnt/b; proxy_temp_path /mnt/p; fastcgi_temp_path /mnt/f; uwsgi_temp_path /mnt/u; scgi_temp_path /mnt/s; server { listen 8080; } }\n' >nginx.conf
	printf '[global]\nworkgroup = CORPUS\nnetbios name = HOST\nlock directory = /mnt\nstate directory = /mnt\ncache directory = /mnt\npid directory = /mnt\n[share]\npath = /mnt\n' >smb.conf
	printf 'options { directory "/mnt"; recursion no; };\nzone "example.org" { type primary; file "example.org.zone"; };\n' >named.conf
	printf '$TTL 60\n@ IN SOA ns.example.org. root.example.org. 1 60 60 60 60\n@ IN NS ns\nns IN A 192.0.2.1\n' >example.org.zone
	printf 'server:\n\tpidfile: "/mnt/pid"\n\tdirectory: "/mnt"\n\tchroot: ""\n\tusername: ""\n\tauto-trust-anchor-file: ""\n' >unbound.conf
	printf 'user=root\nport=0\n' >dnsmasq.conf
	printf 'modulepath /usr/lib/ldap\nmoduleload back_mdb\ninclude /etc/ldap/schema/core.schema\ndatabase mdb\nsuffix "dc=x"\ndirectory /mnt\n' >slapd.conf
	printf 'protocols =\nssl = no\n' >dovecot.conf
}

scripts() {
	printf 'import csv, decimal, xml.etree.ElementTree as e\nprint(e.parse("/mnt/data.xml").getroot()[0].text, decimal.Decimal(1) / 3, list(csv.reader(open("/mnt/data.csv"))))\n' >script.py
	printf '<?php echo date("Y", 0), " ", strlen(file_get_contents("/mnt/text")), "\\n";\n' >script.php
	printf 'for l in io.lines("/mnt/data.csv") do print(#l) end\n' >script.lua
	printf 'const fs = require("fs"); console.log(fs.readFileSync("/mnt/text", "utf8").length, new Intl.NumberFormat("de").format(1234.5));\n' >script.js
	printf 'puts [expr {6 * 7}]\nputs [string toupper abc]\n' >script.tcl
	printf 'puts [clock format 0 -format %%Y-%%m-%%d -gmt 1]\nputs [msgcat::mc hello]\n' | sed '1i package require msgcat' >clock.tcl
	printf ':- use_module(library(lists)).\nmain :- sum_list([1, 2, 3], X), print(X), nl.\n' >script.pro
	printf '#!/usr/bin/env escript\nmain(_) -> io:format("~p~n", [lists:seq(1, 3)]).\n' >script.escript
	printf 'sort -r /mnt/words | head -n 2\nsed -n 3p /mnt/text\n' >script.sh
	printf 'file(READ /mnt/data.json j)\nstring(JSON v GET "${j}" a 1)\nmessage(STATUS "v=${v}")\n' >script.cmake
	printf 'AC_INIT([corpus], [1.0])\nAC_PROG_CC\nAC_OUTPUT\n' >configure.ac
	printf '#include <stdio.h>\nint main(void)\n{\n\tputs("hello");\n\treturn 0;\n}\n' >hello.c
	mkdir project
	printf "project('x', 'c')\nexecutable('hello', 'hello.c')\n" >project/meson.build
	gcc -g -o "$built/hello" hello.c
}

# A capture file of two packets: a DNS query, and the first of a TCP connection.
capture() {
	python3 - <<-'EOF'
		import struct
		def frame(proto, payload):
		    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64, proto, 0,
		                     bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2]))
		    return bytes(12) + b"\x08\x00" + ip + payload
		dns = struct.pack(">HHHHHH", 7, 0x100, 1, 0, 0, 0) + b"\x07example\x03org\0" + b"\0\1\0\1"
		udp = struct.pack(">HHHH", 40000, 53, 8 + len(dns), 0) + dns
		tcp = struct.pack(">HHIIBBHHH", 40000, 443, 1, 0, 0x50, 2, 1024, 0, 0)
		with open("net.pcap", "wb") as f:
		    f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
		    for data in frame(17, udp), frame(6, tcp):
		        f.write(struct.pack("<IIII", 1700000000, 0, len(data), len(data)) + data)
	EOF
}

repositories() {
	local git="git -c user.name=x -c user.email=x@example.org -c init.defaultBranch=main"
	export GIT_AUTHOR_DATE=@1700000000 GIT_COMMITTER_DATE=@1700000000
	$git init -q work
	cp text work/
	(cd work && $git add text && $git commit -q -m 'First words')
	git clone -q --bare work repo.git
	rm -rf work
	HGUSER=x hg init hgrepo
	cp text hgrepo/
	HGUSER=x hg -R hgrepo commit -q -A -m 'First words' -d '1700000000 0'
	qemu-img create -q -f qcow2 disk.qcow2 64k
}

# Go: each program with and without cgo, stripped, position-independent; and by other
# releases, with all of it at once.
go_programs() {
	local name release go
	export GOFLAGS=-mod=mod GO111MODULE=off GOTOOLCHAIN=local GOCACHE=$built/.cache HOME=$built
	for name in tls zone user resolve; do
		CGO_ENABLED=1 go build -o "$built/go-$name-cgo" "$top/go/$name.go"
		CGO_ENABLED=0 go build -o "$built/go-$name" "$top/go/$name.go"
		CGO_ENABLED=0 go build -ldflags '-s -w' -o "$built/go-$name-stripped" "$top/go/$name.go"
		CGO_ENABLED=1 go build -buildmode=pie -ldflags '-s -w' -o "$built/go-$name-pie" "$top/go/$name.go"
	done
	go build -tags timetzdata -o "$built/go-zone-embedded" "$top/go/zone.go"
	for release in 1.21 1.23; do
		go=/usr/lib/go-$release/bin/go
		[ -x "$go" ] || continue
		for name in tls zone user resolve; do
			CGO_ENABLED=0 "$go" build -ldflags '-s -w' -o "$built/go-$release-$name" \
				"$top/go/$name.go"
			CGO_ENABLED=1 "$go" build -buildmode=pie -ldflags '-s -w' \
				-o "$built/go-$release-$name-pie" "$top/go/$name.go"
		done
	done
	rm -rf "$built/.cache"
}

# Rust, with crates of Debian's packages.
rust_programs() {
	export CARGO_HOME=$built/.cargo HOME=$built
	mkdir "$CARGO_HOME"
	printf '[source.crates-io]\nreplace-with = "debian"\n[source.debian]\ndirectory = "/usr/share/cargo/registry"\n' \
		>"$CARGO_HOME/config.toml"
	cp -r "$top/rust" "$built/.rust"
	(cd "$built/.rust" && cargo build -q --offline)
	cp "$built/.rust/target/debug/tls" "$built/rust-tls"
	rustc -O -o "$built/rust-plain" "$top/rust/plain.rs"
	rustc -O -C target-feature=+crt-static -o "$built/rust-static" "$top/rust/plain.rs"
	rm -rf "$CARGO_HOME" "$built/.rust"
}

texts
packed
pictures
sounds
keys
settings
scripts
capture
repositories
go_programs
rust_programs
