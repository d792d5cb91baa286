#!/bin/bash
# Every command in the code blocks of README.md is run here as it stands there: with
# programs and images of those names, the scripted registry for ghcr.io and GitLab's, and
# a small engine for Docker.  One that cannot be run here has to be named below.
. "$(dirname "$0")/../registry/lib.sh"

need python3 jq
start_stub --auth basic

# What other tests run, or what is the test itself.
declare -A elsewhere=(
	['./bootstrap && make demo']='.ci/run'
	['./bootstrap --test && make check']='.ci/run'
)

# --- what the commands find -----------------------------------------------------------

mkdir bin static
ln -s "$SCRATCHPACK" bin/scratchpack
# docker's command, as far as it is used: what it gets must be an archive
cat >bin/docker <<'END'
#!/bin/sh
case $1 in
load)
	[ "${2-}" != -i ] || exec <"$3"
	tar -tf - >/dev/null
	;;
run) echo hello ;;
*) exit 1 ;;
esac
END
chmod +x bin/docker
PATH=$T/bin:/usr/bin:/bin:$PATH
for name in myapp hello server app app-amd64 redis-server; do
	static_hello $name
done
# for another machine, as far as packing a static program is concerned
python3 -c 'd = bytearray(open("app", "rb").read()); d[18] = 183; open("app-arm64", "wb").write(d)'
chmod +x app-arm64
echo 'a: b' >config.yaml
echo x >static/x
printf 'FROM scratch\nCOPY app /\nENTRYPOINT ["/app"]\n' >Dockerfile
mkdir sysroot
printf 'app:x:1:1::/:/app\n' >passwd
{
	"$SCRATCHPACK" ./server -q -o server.tar
	cp app-arm64 app-other
	"$SCRATCHPACK" ./server -q -o amd64.tar
	"$SCRATCHPACK" ./app-other --at /server -t server -q -o arm64.tar
	"$SCRATCHPACK" ./redis-server --at /usr/bin/redis-server -q -t redis -o redis.tar
	"$SCRATCHPACK" ./app --add passwd:/etc/passwd -q -t debian:12 -o debian.tar -o oci:distroless -o big.tar
	"$SCRATCHPACK" ./hello --add app:/src/app -q -o builder/
} >/dev/null || exit 1
cat >engine.py <<'END'
import http.server, os, socketserver, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.split("/images/")[-1].split("/get")[0].split("%3A")[0].split(":")[0]
        path = os.path.basename(name) + ".tar"
        self.answer(open(path, "rb").read() if os.path.exists(path) else b"OK")
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(b'{"stream":"Loaded"}\n')
    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def address_string(self): return ""
    def log_message(self, *args): pass
class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer): daemon_threads = True
Server("engine.sock", Handler).serve_forever()
END
background python3 engine.py
wait_for 10 test -S engine.sock
export DOCKER_HOST=unix://$T/engine.sock
# GitLab's variables
export CI_REGISTRY=$REGISTRY CI_REGISTRY_USER=canary-user CI_REGISTRY_PASSWORD=canary-password
export CI_REGISTRY_IMAGE=$REGISTRY/me/gitlab CI_COMMIT_SHA=0123abc
ok "login" "$SCRATCHPACK" login -q "$REGISTRY" --username canary-user --password-stdin <<<canary-password

# --- the commands -----------------------------------------------------------------------

# Of a block with prompts only what follows them; of a list of steps, the steps.
commands() {
	awk '
		function flush(	i) {
			for (i = 0; i < n; i++)
				if (!prompts || block[i] ~ /^\$ /)
					print block[i]
			n = prompts = 0
		}
		/^    / { line = substr($0, 5); block[n++] = line; if (line ~ /^\$ /) prompts = 1; next }
		/^$/ && n { next }
		{ flush() }
		END { flush() }' "$TOP/README.md" |
		sed -E 's/^\$ //; s/^ +- (run: )?//; /^[a-z]+: ?(\{.*\})?$/d'
}
# shellcheck disable=SC2016  # GitHub writes its variables so
here() { # what stands for other machines and for GitHub
	sed -e "s|ghcr\.io|$REGISTRY|g" -e 's|${{ secrets\.GITHUB_TOKEN }}|canary-password|g' \
		-e 's|${{ github\.actor }}|canary-user|g' -e 's|${{ github\.repository }}|me/github|g' \
		-e 's|${{ github\.sha }}|456def|g' -e "s|/usr/aarch64-linux-gnu|$T/sysroot|g" \
		-e 's|^scratchpack ./server \(.*-arm64\)|scratchpack ./app-other --at /server \1|'
}
runs=0
while IFS= read -r command; do
	plain=$(sed -E 's/ +# .*//' <<<"$command")
	if [ -n "${elsewhere[$plain]-}" ]; then
		unset "elsewhere[$plain]"
		continue
	fi
	if ! [[ $plain =~ ^(echo .* \| )?(scratchpack|docker)\  ]]; then
		fail "a command that no test knows: $plain"
		continue
	fi
	runs=$((runs + 1))
	here <<<"$command" >command
	run bash -e -o pipefail command
	exits 0 "$plain"
done < <(commands)
is "${!elsewhere[*]}" "" "what is run elsewhere still stands there"
ok "they were found" test "$runs" -gt 25
is "$(stub_state '.tags | has("me/server:v1", "me/github:456def", "me/gitlab:0123abc", "me/server:stable")' | sort -u)" true \
	"images are in the registry"
done_testing
