#!/bin/bash
# Fat images made of Debian trees, shrunk with --from: nginx, redis, a PostgreSQL client, a
# JRE program, a Python program.  Each still does its job in dockerd, without a network; what
# they weigh before and after is in the table at the end.
. "$(dirname "$0")/../engines/lib.sh"
. "$TOP/tests/image.sh"

need jq python3 curl redis-cli
start_dockerd
mkdir -m 777 sock

# The size of all files in an image, in kB.
unpacked() { # IMAGE
	local digest sum=0
	for digest in $(layers "$1"); do
		sum=$((sum + $(blob "$1" "$digest" | { gzip -dcf 2>/dev/null || cat; } | wc -c)))
	done
	echo $((sum / 1000))
}

# Make the fat image NAME from packages and a layer in the folder NAME.own, if there is one.
fat() { # NAME CONFIG PACKAGE...
	local name=$1 config=$2 own=()
	shift 2
	dpkg-query -W "$@" >/dev/null 2>&1 || {
		[ "${CI:-}" = true ] && fail "$* are installed" && return 1
		skip "$name" "$* not installed"
		return 1
	}
	python3 "$TOP/tests/debian_tree.py" "$name.tree.tar" "$@" || return
	if [ -d "$name.own" ]; then
		tar -C "$name.own" --owner=0 --group=0 --numeric-owner -cf "$name.own.tar" .
		own=("$name.own.tar")
	fi
	python3 "$TOP/tests/make_image.py" "$name.fat" "$config" "$name.tree.tar" "${own[@]}" --gzip 0 \
		--name "docker.io/fat/$name:latest" || return
	rm -f "$name.tree.tar"
}

# Shrink the fat image to at most PERCENT of it, look at it, load it.
shrink() { # NAME PERCENT [ARG...]
	local name=$1 most=$2 before after options
	shift 2
	options=$*
	run "$SCRATCHPACK" -q --from "$name.fat" -t "slim/$name" -o "$name.tar" "$@"
	exits 0 "$name: packs" || return
	before=$(unpacked "$name.fat") after=$(unpacked "$name.tar")
	ok "$name: at most $most % of it are left: $before kB to $after kB" test $((after * 100)) -lt $((before * most))
	printf '%-10s %8d kB %8d kB %5d %%  %s\n' "$name" "$before" "$after" $((100 * after / before)) "${options:0:60}" >>table
	run "$SCRATCHPACK" verify "$name.tar"
	exits 0 "$name: verifies"
	ok "$name: docker loads it" docker load -q -i "$name.tar"
}

# nginx, its pages on a socket
mkdir -p nginx.own/etc/nginx nginx.own/usr/share/nginx/html
cat >nginx.own/etc/nginx/small.conf <<'END'
daemon off;
error_log stderr;
pid /tmp/nginx.pid;
events { }
http {
	include mime.types;
	access_log off;
	client_body_temp_path /tmp/body;
	proxy_temp_path /tmp/proxy;
	fastcgi_temp_path /tmp/fastcgi;
	uwsgi_temp_path /tmp/uwsgi;
	scgi_temp_path /tmp/scgi;
	server {
		listen unix:/sock/nginx.sock;
		root /usr/share/nginx/html;
	}
}
END
echo '<p>slim</p>' >nginx.own/usr/share/nginx/html/index.html
if fat nginx '{"Cmd":["/bin/sh","-c","exec nginx -c /etc/nginx/small.conf"],"User":"www-data","StopSignal":"SIGQUIT"}' nginx-light &&
	shrink nginx 20 --add /etc/nginx/mime.types --add /usr/share/nginx/html; then
	docker run -d --rm --network none --name nginx -v "$T/sock:/sock" slim/nginx >/dev/null
	wait_for 20 test -S sock/nginx.sock
	run curl -s -D headers --unix-socket sock/nginx.sock http://x/
	is "$stdout" '<p>slim</p>' "nginx: serves its page"
	like "$(cat headers)" 'Content-Type: text/html' "nginx: with its type"
	like "$(docker top nginx 2>&1)" '33|www-data' "nginx: as the user of the image"
	docker stop -t 5 nginx >/dev/null
fi

# redis, with its configuration named on the command line
mkdir -p redis.own/etc
printf 'port 0\nunixsocket /sock/redis.sock\nunixsocketperm 777\nsave ""\n' >redis.own/etc/small.conf
if fat redis '{"Entrypoint":["redis-server"],"Cmd":["/etc/small.conf"],"User":"redis","WorkingDir":"/var/lib"}' redis-server &&
	shrink redis 25; then
	docker run -d --rm --network none --name redis -v "$T/sock:/sock" slim/redis >/dev/null
	wait_for 20 test -S sock/redis.sock
	is "$(redis-cli -s sock/redis.sock set key value)" OK "redis: takes a value"
	is "$(redis-cli -s sock/redis.sock get key)" value "redis: and gives it back"
	docker stop -t 5 redis >/dev/null
fi

# psql against a server that knows one answer (PostgreSQL's protocol, version 3.0)
cat >server.py <<'END'
import os, socket, struct
s = socket.socket(socket.AF_UNIX)
s.bind("sock/.s.PGSQL.5432")
os.chmod("sock/.s.PGSQL.5432", 0o777)
s.listen(5)
def msg(kind, body):
    return kind + struct.pack("!i", len(body) + 4) + body
while True:
    c, _ = s.accept()
    while True:
        size, code = struct.unpack("!ii", c.recv(8, socket.MSG_WAITALL))
        c.recv(size - 8) if size > 8 else None
        if code == 196608:
            break
        c.send(b"N")
    ready = msg(b"Z", b"I")
    c.send(msg(b"R", struct.pack("!i", 0)) + msg(b"S", b"server_version\x0015.0\0") + ready)
    while True:
        kind = c.recv(1)
        if not kind or kind == b"X":
            break
        size, = struct.unpack("!i", c.recv(4))
        c.recv(size - 4)
        row = struct.pack("!h", 1) + b"answer\0" + struct.pack("!ihihih", 0, 0, 25, -1, -1, 0)
        data = struct.pack("!hi", 1, 2) + b"42"
        c.send(msg(b"T", row) + msg(b"D", data) + msg(b"C", b"SELECT 1\0") + ready)
    c.close()
END
if fat psql '{"Entrypoint":["/usr/bin/env","PGHOST=/sock","/usr/lib/postgresql/15/bin/psql"],"Cmd":["--version"]}' postgresql-client-15 &&
	shrink psql 20; then
	background python3 server.py
	wait_for 10 test -S sock/.s.PGSQL.5432
	run docker run --rm --network none -v "$T/sock:/sock" slim/psql -U me -At -c 'select 42' db
	exits 0 "psql: asks a server"
	is "$stdout" 42 "psql: and prints the answer"
fi

# a program of the JRE: with the whole home of that, then with what it is known to read alone
jvm=/usr/lib/jvm/java-17-openjdk-$(dpkg --print-architecture)
makes_a_key() { # NAME
	run docker run --rm --network none -v "$T/sock:/sock" slim/java -genkeypair -keyalg RSA -dname CN=slim \
		-keystore "/sock/$1" -storepass changeit
	exits 0 "$1: makes a key"
	run docker run --rm --network none -v "$T/sock:/sock" slim/java -list -v -keystore "/sock/$1" -storepass changeit
	like "$stdout" 'Owner: CN=slim' "$1: and reads it again"
}
if fat java "{\"Entrypoint\":[\"$jvm/bin/keytool\"],\"Cmd\":[\"-help\"]}" openjdk-17-jre-headless; then
	shrink java 75 && makes_a_key java
	parts=(--add "$jvm/conf" --add /etc/java-17-openjdk)
	for part in server modules jvm.cfg tzdb.dat security libjava.so libjimage.so libnet.so libnio.so libzip.so; do
		parts+=(--add "$jvm/lib/$part")
	done
	shrink java 66 --without data --without plugins "${parts[@]}" && makes_a_key java-parts
fi

# a Python program with modules of C, and a data base
mkdir -p python.own/app
cat >python.own/app/main.py <<'END'
import bz2, ctypes, decimal, hashlib, json, lzma, sqlite3, ssl, sys, zlib
db = sqlite3.connect(":memory:")
db.execute("create table t (a, b)")
db.execute("insert into t values (?, ?)", (sys.argv[1], decimal.Decimal("1.5").to_eng_string()))
print(json.dumps([db.execute("select * from t").fetchone(), hashlib.sha3_256(b"x").hexdigest()[:8],
                  ssl.OPENSSL_VERSION.split()[0], len(lzma.compress(zlib.compress(bz2.compress(b""))))]))
END
if fat python '{"Entrypoint":["python3","/app/main.py"],"Cmd":["none"]}' python3 python3-minimal &&
	shrink python 40; then
	run docker run --rm --network none slim/python slim
	exits 0 "python: runs its program"
	is "$stdout" "$(/usr/bin/python3 python.own/app/main.py slim)" "python: with the result that it has here"
fi

diag "                before       after"
while IFS= read -r line; do
	diag "$line"
done <table
done_testing
