#!/bin/bash
# Debian's docker-registry: in the clear, with TLS and Basic, with tokens.  What we push
# skopeo, podman and dockerd pull, and the other way round.
. "$(dirname "$0")/../engines/lib.sh"
. "$TOP/tests/registry/lib.sh"
need docker-registry skopeo htpasswd openssl python3 jq

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
# start_registry NAME [YAML]: sets NAME to 127.0.0.1:PORT
start_registry() {
	local port
	port=$(free_port)
	mkdir -p "$T/$1.data"
	printf 'version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp:\n  addr: 127.0.0.1:%s\n%s\n' \
		"$T/$1.data" "$port" "${2-}" >"$1.yml"
	background docker-registry serve "$1.yml" >"$1.log" 2>&1
	wait_for 20 bash -c "</dev/tcp/127.0.0.1/$port" 2>/dev/null ||
		{ _value 'registry:' "$(cat "$1.log")"; echo 'Bail out! docker-registry does not start'; exit 1; }
	declare -g "$1=127.0.0.1:$port"
}
S() {
	run "$SCRATCHPACK" "$@"
}

dynamic_hello hello
head -c 12000000 /dev/urandom >noise

# --- in the clear ---
start_registry plain
S hello --add noise:/noise -o "docker://$plain/a/b:v1" -o b.tar
exits 0 "pack to a registry"
digest=$(sed 's/.*@//;q' <<<"$stdout")
is "$(skopeo inspect --tls-verify=false "docker://$plain/a/b:v1" --format '{{.Digest}}')" "$digest" \
	"skopeo finds it under its digest"
ok "skopeo pulls it" skopeo copy -q --src-tls-verify=false "docker://$plain/a/b:v1" oci-archive:sk.tar
S verify sk.tar
exits 0 "whole"
S pull "$plain/a/b:v1" ours.tar
exits 0 "and so do we"
S push b.tar "$plain/a/b:v1"
exits 0 "push again"
ok "skopeo pushes" skopeo copy -q --dest-tls-verify=false oci-archive:b.tar "docker://$plain/s/k:v1"
S copy "docker://$plain/s/k:v1" from-skopeo/
exits 0 "we pull what skopeo pushed"
ok "skopeo pushes Docker's types" skopeo copy -q --format v2s2 --dest-tls-verify=false oci-archive:b.tar \
	"docker://$plain/s/v2:v1"
S copy "docker://$plain/s/v2:v1" docker-types.tar "docker://$plain/s/v2copy:v1"
exits 0 "we copy an image of Docker's types"
is "$(skopeo inspect --raw --tls-verify=false "docker://$plain/s/v2copy:v1" | jq -r .mediaType)" \
	application/vnd.docker.distribution.manifest.v2+json "which stay"
S verify docker-types.tar
exits 0 "in an archive too"
S copy "docker://$plain/a/b:v1" "docker://$plain/m/n:v1"
exits 0 "a copy within it"
S tags "$plain/a/b"
is "$stdout" v1 "tags"
S referrers "$plain/a/b:v1"
exits 0 "referrers, of which it knows nothing"

# --- TLS and Basic ---
make_cert server
htpasswd -Bbn canary-user canary-password >htpasswd
start_registry tls "  tls: {certificate: $T/server.pem, key: $T/server.key}
auth: {htpasswd: {realm: tests, path: $T/htpasswd}}"
S push b.tar "$tls/a/b:v1" --creds canary-user:canary-password
exits 5 "a certificate that nobody knows"
like "$stderr" 'certificate.*--ca-file' "is refused, and one is told what to do"
S push b.tar "$tls/a/b:v1" --creds canary-user:canary-password --ca-file ca.pem
exits 0 "trusted with --ca-file"
SSL_CERT_FILE=$T/ca.pem S push b.tar "$tls/a/b:v1" --creds canary-user:canary-password
exits 0 "or with SSL_CERT_FILE"
S push b.tar "$tls/a/b:v2" --creds canary-user:canary-password --tls-verify=false
exits 0 "or not looked at"
S push b.tar "$tls/a/b:v2" --creds canary-user:canary-password --insecure "$tls"
exits 0 "for one registry"
mkdir -p "$HOME/.config/containers/certs.d/$tls"
cp ca.pem "$HOME/.config/containers/certs.d/$tls/ca.crt"
S pull "$tls/a/b:v1" tls.tar --creds canary-user:canary-password
exits 0 "trusted by certs.d"
S pull "$tls/a/b:v1" tls.tar --creds canary-user:wrong
exits 6 "a wrong password"
S pull "$tls/a/b:v1" tls.tar
exits 6 "none"
printf canary-password >password
ok "skopeo logs in" skopeo login --authfile auth.json -u canary-user --password-stdin "$tls" \
	--cert-dir "$HOME/.config/containers/certs.d/$tls" <password
S pull "$tls/a/b:v1" authfile.tar --authfile auth.json
exits 0 "with skopeo's authfile"
S login "$tls" --authfile ours.json --username canary-user --password-stdin <password
exits 0 "we log in"
ok "skopeo takes ours" skopeo inspect --authfile ours.json --cert-dir "$HOME/.config/containers/certs.d/$tls" \
	"docker://$tls/a/b:v1"

# A client certificate: for this registry, and shown to nobody else.
CERT_NAMES=DNS:client make_cert client
start_registry mutual "  tls: {certificate: $T/server.pem, key: $T/server.key, clientcas: [$T/ca.pem]}"
mkdir certs
cp ca.pem certs/ca.crt
S push b.tar "$mutual/a/b:v1" --cert-dir certs
exits 5 "a registry that wants a client certificate"
cp client.pem certs/client.cert
cp client.key certs/client.key
S push b.tar "$mutual/a/b:v1" --cert-dir certs
exits 0 "gets it"

# --- tokens ---
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=tokens -keyout tokens.key -out tokens.pem 2>/dev/null
background python3 -B "$TOP/tests/registry/tokens.py" "$T" tokens.pem tokens.key 60
wait_for 20 test -s tokens.port
start_registry token "auth: {token: {realm: 'http://127.0.0.1:$(cat tokens.port)/token', service: registry, issuer: tests, rootcertbundle: $T/tokens.pem}}"
S push b.tar "$token/a/b:v1" --creds canary-user:canary-password
exits 0 "with tokens"
: >tokens.log
S copy "docker://$token/a/b:v1" "docker://$token/c/d:v1" --creds canary-user:canary-password
exits 0 "a mount with tokens"
like "$(cat tokens.log)" 'repository:c/d:pull,push repository:a/b:pull' "asks for both"
S push b.tar "$token/a/b:v1" --creds canary-user:wrong
exits 6 "refused by the token server"
like "$stderr" 'unknown user' "with what it says"

# --- engines ---
if [ "$(id -u)" -eq 0 ] && have podman; then
	start_podman
	run podman pull -q --tls-verify=false "$plain/a/b:v1"
	exits 0 "podman pulls what we pushed"
	run podman_run --rm "$plain/a/b:v1" there
	like "$stdout" 'hello.*there' "and runs it"
	run podman push -q --tls-verify=false "$plain/a/b:v1" "docker://$plain/po/d:v1"
	S verify "docker://$plain/po/d:v1"
	exits 0 "we read what podman pushed"
else
	skip "podman" "needs root and podman"
fi
if [ "$(id -u)" -eq 0 ] && have dockerd; then
	start_dockerd
	run docker pull -q "$plain/a/b:v1"
	exits 0 "dockerd pulls what we pushed"
	run docker run --rm --network=none "$plain/a/b:v1" there
	like "$stdout" 'hello.*there' "and runs it"
	docker tag "$plain/a/b:v1" "$plain/do/ck:v1"
	run docker push -q "$plain/do/ck:v1"
	exits 0 "dockerd pushes"
	S verify "docker://$plain/do/ck:v1"
	exits 0 "we read it"
	docker save "$plain/do/ck:v1" -o saved.tar
	S push saved.tar "$plain/sa/ved:v1"
	exits 0 "we push what docker saved"
	is "$(curl -sS --noproxy '*' -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
		"http://$plain/v2/sa/ved/manifests/v1" | jq -r '.layers[].mediaType' | sort -u)" \
		application/vnd.oci.image.layer.v1.tar+gzip "its layers are compressed"
	run skopeo copy -q --src-tls-verify=false "docker://$plain/sa/ved:v1" oci:saved-back:v1
	exits 0 "skopeo pulls it"
	run docker pull -q "$plain/sa/ved:v1"
	exits 0 "and dockerd takes it back"
else
	skip "dockerd" "needs root and dockerd"
fi
done_testing
