#!/bin/bash
# What programs need beyond their libraries.  For each row of the table a program that
# works in its image without any option, fails in the image that lacks the need, and a
# twin without the sign, which does not get the files.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need jq

# source NAME [LIB...]: C on stdin, compiled as NAME with SIGN and as NAME-twin without.
# The programs exit with 0 if what they ask for is there.
source_of() {
	local name=$1
	shift
	cat >"$name.c"
	compile "$name" -DSIGN "$@" <"$name.c"
	compile "$name-twin" "$@" <"$name.c"
}

# report NAME [ARG...]: its plan and needs, in report.json
report() {
	run "$SCRATCHPACK" inspect "./$1" --json "${@:2}"
	[ "$status" -eq 0 ] || diag "inspect $*: $stderr"
	cp "$RUN/stdout" report.json
}
row() { # NEED FILTER
	jq -c ".needs[] | select(.need == \"$1\") | $2" report.json
}
planned() { # all paths of the plan
	jq -r '.plan[].path' report.json
}
notes() {
	jq -r '.notes[].id' report.json | grep -v '^runs-' | sort -u
}

# image NAME [ARG...]: packed, and unpacked in NAME.root
image() {
	rm -rf "$1.root" "$1.tar"
	run "$SCRATCHPACK" "./$1" -q -o "$1.tar" --compress none "${@:2}"
	[ "$status" -eq 0 ] || diag "pack $*: $stderr"
	unpack "$1.tar" "$1.root"
}

# needs NAME NEED STRENGTH EVIDENCE FILE [ARG...]: the whole row; FILE is one that comes
needs() {
	local name=$1 need=$2 file=$5 said
	report "$name" "${@:6}"
	jq -r --arg need "$need" --arg file "$file" '[.plan[].path] as $all | .needs[] |
		select(.need == $need) | ([.strength, .evidence, .included] | tojson),
		([(.files - $all), (.files | length == (unique | length)),
		($all | contains([$file]))] | tojson), .files[]' report.json >said
	mapfile -n 2 -t said <said
	is "${said[0]-}" "[\"$3\",\"$4\",true]" "$name: $need is $3, for it $4"
	is "${said[1]-}" '[[],true,true]' \
		"its files are in the plan, each named once, and $file is there"
	tail -n +3 said >files
	run "$SCRATCHPACK" why "./$name" "$file" "${@:6}"
	like "$stdout" "$need: .*$4" "why leads to the need"
}
works() { # NAME [ARG...]
	image "$@"
	run_inside "$1.root" "/$1"
	exits 0 "$1 works in its image"
}
breaks() { # NAME NEED
	image "$1" --without "$2"
	run_inside "$1.root" "/$1"
	isnt "$status" 0 "but not without $2"
}
twin() { # NAME NEED, after needs
	local included
	report "$1-twin"
	jq -r --arg need "$2" '([.needs[] | select(.need == $need) | .included] | tojson),
		.plan[].path' report.json >said
	read -r included <said
	unlike "$included" true "its twin is not given $2"
	is "$(tail -n +2 said | grep -xFf files)" "" "nor any of the files"
}
holds() { # NAME NEED STRENGTH EVIDENCE FILE
	needs "$@"
	twin "$1" "$2"
	works "$1"
	breaks "$1" "$2"
}

# --- the C library ----------------------------------------------------------

source_of nothing <<<'int main(void) { return 0; }'
report nothing
is "$(jq -c .needs report.json)" '[]' "a program without signs has no needs"
loader=$(jq -r .program.interpreter report.json)
multiarch=$(gcc -print-multiarch)

true=$(realpath "$(type -P true)")
run "$SCRATCHPACK" inspect "$true" --json
is "$(jq -r '.plan[] | select(.type == "file") | .path' "$RUN/stdout")" \
	"$(printf '%s\n' "$true" "$(realpath "$loader")" "$(realpath /lib/"$multiarch"/libc.so.6)" |
		sort -u)" \
	"$true: itself, the loader, the C library, and no other file"
is "$(jq -c '[.needs[] | select(.included)]' "$RUN/stdout")" '[]' "and no need goes in"

thread='
	#include <pthread.h>
	#include <unistd.h>
	static void *end(void *x) {
		STEP;
		return x;
	}
	int main(void) {
		pthread_t t;
		if (pthread_create(&t, 0, end, 0)) return 1;
		NEXT;
		return pthread_join(t, 0);
	}'
source_of pthread_exit <<-END
	#ifdef SIGN
	#define STEP pthread_exit(0)
	#else
	#define STEP
	#endif
	#define NEXT
	$thread
END
source_of pthread_cancel <<-END
	#ifdef SIGN
	#define STEP pause()
	#define NEXT pthread_cancel(t)
	#else
	#define STEP
	#define NEXT
	#endif
	$thread
END
source_of backtrace <<-'END'
	#include <execinfo.h>
	int main(void)
	{
		void *at[9];
	#ifdef SIGN
		return backtrace(at, 9) < 1;
	#endif
	}
END
for name in pthread_exit pthread_cancel backtrace; do
	holds $name libgcc proved "imports $name" "/lib/$multiarch/libgcc_s.so.1"
done

source_of getpwnam <<-'END'
	#include <pwd.h>
	#include <stdio.h>
	#include <stdlib.h>
	#include <unistd.h>
	int main(int argc, char **argv)
	{
	#ifdef SIGN
		struct passwd *p = argc > 1 ? getpwuid(atoi(argv[1])) : getpwnam("root");
		return !p || puts(p->pw_name) < 0;
	#endif
	}
END
holds getpwnam users likely "imports getpwnam" /etc/passwd
image getpwnam
is "$(cut -d: -f1 getpwnam.root/etc/passwd | xargs)" "root nobody" "of users, only these"
is "$(cut -d: -f1 getpwnam.root/etc/group | xargs)" "root nobody nogroup" "and groups; none of this machine"
is "$(cut -d: -f2 getpwnam.root/etc/{passwd,group} | sort -u)" x "and no password"
for user in 1234:1234=user nonroot=nonroot; do
	image getpwnam --user "${user%=*}"
	uid=$(config getpwnam.tar | jq -r .config.User)
	run_inside getpwnam.root /getpwnam "${uid%:*}"
	is "$stdout" "${user#*=}" "--user ${user%=*} is known as ${user#*=}"
done
mkdir own
echo 'me:x:7:7::/:/me' >own/passwd
image getpwnam --add own/passwd:/etc/passwd
is "$(<getpwnam.root/etc/passwd)" "$(<own/passwd)" "an added passwd file takes its place"

source_of mkstemp <<-'END'
	#include <stdlib.h>
	int main(void)
	{
		char name[] = "/tmp/XXXXXX";
	#ifdef SIGN
		return mkstemp(name) < 0;
	#endif
	}
END
holds mkstemp tmp likely "imports mkstemp" /tmp
image mkstemp
like "$(listing mkstemp.tar | grep ' tmp/$')" '^drwxrwxrwt 0/0 ' "/tmp is for all, and sticky"
for name in mkstemp nothing; do
	report $name -e TMPDIR=/var/cache
	is "$(row tmp '[.strength, .files]')" '["proved",["/var/cache"]]' \
		"$name: TMPDIR of the image is made"
done

source_of getservbyname <<-'END'
	#include <arpa/inet.h>
	#include <netdb.h>
	int main(void)
	{
	#ifdef SIGN
		struct servent *s = getservbyname("https", "tcp");
		return !s || ntohs(s->s_port) != 443;
	#endif
	}
END
holds getservbyname netdb likely "imports getservbyname" /etc/services
source_of getprotobyname <<-'END'
	#include <netdb.h>
	int main(void)
	{
	#ifdef SIGN
		struct protoent *p = getprotobyname("udp");
		return !p || p->p_proto != 17;
	#endif
	}
END
holds getprotobyname netdb likely "imports getprotobyname" /etc/protocols

# --- text -------------------------------------------------------------------

convert='
	#include <iconv.h>
	#ifdef SIGN
	int convert(const char *from) {
		char in[] = "\xa4\xa4", out[16], *i = in, *o = out;
		size_t in_len = 2, out_len = 16;
		iconv_t cd = iconv_open("UTF-8", from);
		return cd == (iconv_t)-1 || iconv(cd, &i, &in_len, &o, &out_len);
	}
	#else
	int convert(const char *from) { return 0; }
	#endif'
gconv=/usr/lib/$multiarch/gconv
source_of iconv_open <<-END
	$convert
	int main(void) { return convert("EUC-JP"); }
END
holds iconv_open gconv likely "imports iconv_open" "$gconv/EUC-JP.so"
for sign in -DSIGN -UNONE; do
	gcc -shared -fPIC -w $sign -Wl,-soname,libconvert$sign.so -o libconvert$sign.so -x c - <<<"$convert"
done
by_library='int convert(const char *); int main(void) { return convert("ISO-8859-15"); }'
compile by_library ./libconvert-DSIGN.so -Wl,-rpath,"$T" <<<"$by_library"
compile by_library-twin ./libconvert-UNONE.so -Wl,-rpath,"$T" <<<"$by_library"
needs by_library gconv likely "imports iconv_open" "$gconv/ISO8859-15.so"
is "$(planned | grep -c '/EUC-JP')" 0 "a library alone brings the common character sets"
like "$(row gconv .by)" '/libconvert-DSIGN.so"' "by: the library"
twin by_library gconv
works by_library
breaks by_library gconv
report by_library --add "$T/iconv_open:/iconv_open"
is "$(row gconv .by) $(planned | grep -c '/EUC-JP\.so')" '"/iconv_open" 1' \
	"an added program that converts brings all"
if have g++; then
	g++ -o cplusplus -x c++ - <<<'#include <iostream>
	int main() { std::cout << "hello\n"; }'
	report cplusplus
	is "$(jq -c '[.needs[] | select(.included) | .need]' report.json)" '[]' \
		"the C++ library alone brings nothing"
fi

source_of setlocale <<-'END'
	#include <langinfo.h>
	#include <locale.h>
	#include <string.h>
	int main(void)
	{
	#ifdef SIGN
		return !setlocale(LC_ALL, "") || strcmp(nl_langinfo(CODESET), "UTF-8");
	#endif
	}
END
report setlocale
is "$(row locales '[.strength, .included, .files]')" '["hint",false,[]]' "setlocale alone is a hint"
c_utf8=/usr/lib/locale/C.utf8
needs setlocale locales proved "the image's environment has LANG" $c_utf8/LC_CTYPE -e LANG=C.UTF-8
twin setlocale locales
image setlocale -e LANG=C.UTF-8
LC_ALL='' LANG=C.UTF-8 run_inside setlocale.root /setlocale
exits 0 "setlocale works in its image"
report setlocale -e LC_ALL=xx_YY.UTF-8
is "$(notes)" no-locale "a locale that is not there gives a note"
for name in C POSIX '' .. . ../x; do
	report setlocale -e LANG="$name"
	is "$(row locales .files) $(planned | grep -c /locale)" "[] 0" "LANG='$name' brings nothing"
done

source_of c_utf8 <<-'END'
	#include <locale.h>
	int main(void)
	{
	#ifdef SIGN
		return !setlocale(LC_CTYPE, "C.UTF-8");
	#else
		return !setlocale(LC_CTYPE, "C");
	#endif
	}
END
holds c_utf8 locales likely "holds C.UTF-8" $c_utf8/LC_CTYPE

bundle=/etc/ssl/certs/ca-certificates.crt
if [ -e $bundle ]; then
	source_of bundle <<-END
		#include <stdio.h>
		int main(void)
		{
		#ifdef SIGN
			return !fopen("$bundle", "r");
		#endif
		}
	END
	holds bundle ca-certificates likely "holds ca-certificates.crt" $bundle
else
	skip "a program that looks for a bundle of certificates itself" "there is none here"
fi

source_of localtime <<-'END'
	#define _DEFAULT_SOURCE
	#include <time.h>
	int main(void)
	{
	#ifdef SIGN
		time_t t = 1700000000;
		return localtime(&t)->tm_gmtoff != 3600;
	#endif
	}
END
zones=/usr/share/zoneinfo
report localtime
is "$(row tzdata '[.strength, .included]')" '["hint",false]' "localtime alone is a hint"
needs localtime tzdata proved "the image's environment has TZ" $zones/Europe/Berlin -e TZ=Europe/Berlin
is "$(row tzdata .files)" "[\"$zones/Europe/Berlin\",\"/etc/localtime\"]" "TZ brings that zone and no other"
is "$(jq -r '.plan[] | select(.path == "/etc/localtime") | .target' report.json)" $zones/Europe/Berlin \
	"which is the local one for those who do not ask TZ"
image localtime -e TZ=Europe/Berlin
TZ=Europe/Berlin run_inside localtime.root /localtime
exits 0 "localtime works in its image"
image localtime -e TZ=Europe/Berlin --without tzdata
TZ=Europe/Berlin run_inside localtime.root /localtime
isnt "$status" 0 "but not without tzdata"
for tz in CET-1 CET-1CEST,M3.5.0,M10.5.0/3 '' : ../../../etc/passwd; do
	report localtime -e TZ="$tz"
	is "$(row tzdata .files) $(planned | grep -c zoneinfo) $(notes)" "[] 0 " \
		"TZ='$tz' needs no file"
done
report localtime -e TZ=Mars/Phobos
is "$(row tzdata .files) $(notes)" "[] no-zones" "an unknown zone gives a note"

source_of sets_zone <<-'END'
	#define _DEFAULT_SOURCE
	#include <stdlib.h>
	#include <time.h>
	int main(void)
	{
		time_t t = 1700000000;
	#ifdef SIGN
		putenv("TZ=Europe/Berlin");
	#endif
		tzset();
	#ifdef SIGN
		return localtime(&t)->tm_gmtoff != 3600;
	#endif
	}
END
holds sets_zone tzdata likely "holds TZ=" $zones/Europe/Berlin
compile tz_alone <<<'#include <stdio.h>
int main(void) { return puts("TZ=") < 0; }'
report tz_alone
is "$(row tzdata .included)" "" "the text alone, without tzset, says nothing"

own_prototypes='
	int setupterm(const char *, int, int *);
	void *magic_open(int);
	int magic_load(void *, const char *);
	const char *magic_buffer(void *, const void *, unsigned long);'
library() { # PATTERN: sets $library, the first library that matches
	library=$(compgen -G "/usr/lib/$multiarch/$1" | head -n 1)
	[ -n "$library" ] || skip "programs with $1" "it is not installed"
	[ -n "$library" ]
}
if library 'libtinfo.so.?'; then
	source_of setupterm "$library" <<-END
		$own_prototypes
		int main(void)
		{
			int e = 1;
		#ifdef SIGN
			return setupterm("xterm-256color", 1, &e) || e != 1;
		#endif
		}
	END
	image setupterm
	found=$(cd setupterm.root && find . -name xterm-256color | head -n 1)
	holds setupterm terminfo likely "imports setupterm" "${found#.}"
	report nothing -e TERM=xterm
	is "$(row terminfo '[.strength, .evidence, (.files | length == (unique | length))]')" \
		"[\"likely\",\"the image's environment has TERM\",true]" "TERM is a sign too"
	for term in .. . ''; do
		report nothing -e TERM="$term"
		is "$(planned | grep -c -e /perf -e /adm)" 0 "TERM='$term' leads nowhere else"
	done
fi
if library 'libfontconfig.so.?'; then
	source_of fonts "$library" <<-'END'
		#include <unistd.h>
		void *FcNameParse(const char *), *FcFontMatch(void *, void *, int *);
		int FcConfigSubstitute(void *, void *, int);
		void FcDefaultSubstitute(void *);
		int FcPatternGetString(void *, const char *, int, char **);
		int main(void)
		{
			void *p = FcNameParse("sans");
			char *file;
			int result;
			FcDefaultSubstitute(p);
		#ifdef SIGN
			FcConfigSubstitute(0, p, 0);
			p = FcFontMatch(0, p, &result);
			return !p || FcPatternGetString(p, "file", 0, &file) || access(file, R_OK);
		#endif
		}
	END
	if ./fonts && [ -e /etc/fonts/fonts.conf ]; then
		holds fonts fonts likely "imports FcFontMatch" /etc/fonts/fonts.conf
		is "$(planned | grep -c /var/cache)" 0 "the cache, which would not count, stays here"
	else
		skip "a program that draws text" "no fonts are installed"
	fi
fi
if library 'libmagic.so.?'; then
	source_of magic_load "$library" <<-END
		$own_prototypes
		#include <string.h>
		int main(void)
		{
		#ifdef SIGN
			void *m = magic_open(0);
			return magic_load(m, 0) || !strstr(magic_buffer(m, "%PDF-1.4\n", 9), "PDF");
		#endif
		}
	END
	image magic_load
	found=$(cd magic_load.root && find . -name 'magic.mgc' -type f | head -n 1)
	holds magic_load magic likely "imports magic_load" "${found#.}"
fi

# --- TLS --------------------------------------------------------------------

bundle=/etc/ssl/certs/ca-certificates.crt
if have pkg-config && pkg-config --exists openssl && [ -s $bundle ]; then
	# How many certificates of the bundle are trusted?
	source_of trust -lssl -lcrypto <<-'END'
		#include <openssl/pem.h>
		#include <openssl/ssl.h>
		int main(void)
		{
			SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
			X509_STORE_CTX *at = X509_STORE_CTX_new();
			char path[99];	/* not as one text, which would be a sign */
			snprintf(path, sizeof(path), "/etc/ssl/certs/%s.crt", "ca-certificates");
			FILE *bundle = fopen(path, "r");
			X509 *cert;
			int nr = 0;
		#ifdef SIGN
			SSL_CTX_set_default_verify_paths(ctx);
		#endif
			X509_STORE_CTX_init(at, SSL_CTX_get_cert_store(ctx), 0, 0);
			while (bundle && (cert = PEM_read_X509(bundle, 0, 0, 0)))
				nr += !!X509_STORE_CTX_get_obj_by_subject(at, X509_LU_X509,
						X509_get_subject_name(cert));
			printf("%d\n", nr);
			return nr == 0;
		}
	END
	holds trust ca-certificates likely "imports SSL_CTX_set_default_verify_paths" $bundle
	image trust
	run_inside trust.root /trust
	is "$stdout" "$(./trust)" "all that are trusted here are trusted there"
	is "$(grep -c . <<<"$stdout")" 1 "and they were counted"
	report nothing -e SSL_CERT_DIR=/nowhere:/etc/ssl/certs
	is "$(row ca-certificates '.files[0]')" '"/etc/ssl/certs"' "SSL_CERT_DIR is a list"

	source_of provider -lcrypto <<-'END'
		#include <openssl/provider.h>
		int main(void)
		{
		#ifdef SIGN
			return !OSSL_PROVIDER_load(0, "legacy");
		#endif
		}
	END
	holds provider openssl likely "imports OSSL_PROVIDER_load" "/usr/lib/$multiarch/ossl-modules/legacy.so"
	mkdir -p modules
	echo text >modules/own.so
	report provider -e OPENSSL_MODULES="$T/modules"
	ok "OPENSSL_MODULES is followed" grep -qx "$T/modules/own.so" <(planned)
else
	skip "programs with OpenSSL" "libssl-dev or ca-certificates is not installed"
fi
if have pkg-config && pkg-config --exists libcurl && [ -s $bundle ]; then
	source_of curl -lcurl <<-'END'
		#include <curl/curl.h>
		#include <stdio.h>
		int main(void)
		{
			const char *path = curl_version_info(CURLVERSION_NOW)->cainfo;
			char url[999];
			snprintf(url, sizeof(url), "file://%s", path);
		#ifdef SIGN
			CURL *c = curl_easy_init();
			curl_easy_setopt(c, CURLOPT_URL, url);
			curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
			return curl_easy_perform(c);
		#endif
		}
	END
	holds curl ca-certificates likely "imports curl_easy_perform" $bundle
else
	skip "programs with curl" "its headers or ca-certificates are not installed"
fi
if have pkg-config && pkg-config --exists gnutls && [ -s $bundle ]; then
	source_of gnutls -lgnutls <<-'END'
		#include <gnutls/gnutls.h>
		#include <stdio.h>
		int main(void)
		{
			gnutls_certificate_credentials_t c;
			int nr = 0;
			gnutls_certificate_allocate_credentials(&c);
		#ifdef SIGN
			nr = gnutls_certificate_set_x509_system_trust(c);
		#endif
			printf("%d\n", nr);
			return nr <= 0;
		}
	END
	holds gnutls ca-certificates likely "imports gnutls_certificate_set_x509_system_trust" $bundle
	image gnutls
	run_inside gnutls.root /gnutls
	is "$stdout" "$(./gnutls)" "as many certificates as here"
else
	skip "programs with GnuTLS" "its headers or ca-certificates are not installed"
fi

# --- Go ---------------------------------------------------------------------

if have go && [ -s $bundle ]; then
	export GO111MODULE=off GOFLAGS=
	cat >user.go <<-'END'
		package main

		import (
			"crypto/x509"
			"os"
			"os/user"
			"time"
		)

		func main() {
			if _, err := user.Lookup("root"); err != nil {
				os.Exit(3)
			}
			if _, err := os.CreateTemp("", "x"); err != nil {
				os.Exit(4)
			}
			if _, err := time.LoadLocation("Europe/Berlin"); err != nil {
				os.Exit(5)
			}
			if p, err := x509.SystemCertPool(); err != nil || len(p.Subjects()) == 0 {
				os.Exit(6)
			}
		}
	END
	cat >plain.go <<-'END'
		package main

		import (
			"os"
			"time"
		)

		func main() { os.Exit(time.Now().Year() / 10000) }
	END
	build() { # NAME [ARG...]
		go build -o "$@" 2>go.log || { echo "Bail out! go: $(<go.log)"; exit 1; }
	}
	CGO_ENABLED=0 build go-pure -ldflags='-s -w' user.go
	CGO_ENABLED=0 build go-zones -ldflags='-s -w' -tags timetzdata user.go
	CGO_ENABLED=1 build go-cgo -ldflags='-s -w' -buildmode=pie user.go
	CGO_ENABLED=0 build go-plain -ldflags='-s -w' plain.go
	report go-plain
	is "$(planned) $(jq -c .needs report.json)" "/go-plain []" "Go: a plain program is all there is"
	for name in go-pure go-cgo; do
		report $name
		is "$(jq -c '[.needs[] | select(.included and (.need | test("^(ca|tmp|tz|us)"))) | .need]' report.json)" \
			'["ca-certificates","tmp","tzdata","users"]' "$name: each need is seen, though stripped"
		is "$(jq -c '[.needs[] | .by] | unique' report.json)" "[\"/$name\"]" "by the program"
		works $name
		for pair in tmp=4 tzdata=5 ca-certificates=6; do
			image $name --without ${pair%=*}
			run_inside $name.root /$name
			is "$status" "${pair#*=}" "but not without ${pair%=*}"
		done
	done
	report go-pure
	is "$(row users .evidence) $(row tzdata .evidence)" \
		'"contains os/user.Lookup" "contains time.LoadLocation"' "the evidence is a function of Go"
	ok "there are many zones" test "$(planned | grep -c $zones)" -gt 300
	is "$(planned | grep -c -e $zones/posix/ -e $zones/right/)" 0 "but not each of them thrice"
	report go-pure -e TZ=Europe/Berlin
	ok "TZ takes none away from a program that asks for zones by name" \
		test "$(planned | grep -c $zones)" -gt 300
	report go-zones
	is "$(row tzdata .included) $(planned | grep -c $zones)" "false 0" \
		"a program that carries its zones gets none"
	works go-zones
	report go-zones --with tzdata
	ok "--with brings them nevertheless" grep -qx $zones/Europe/Berlin <(planned)
else
	skip "programs in Go" "go or ca-certificates is not installed"
fi

# --- Rust -------------------------------------------------------------------

# What a compiler leaves of crates: a mark, and sources that panics name.
source_of crates -static <<-'END'
	#include <stdio.h>
	__asm__(".ident \"rustc version 1.70.0\"");
	int main(int argc, char **argv)
	{
		(void)argv;
	#ifdef SIGN
		if (argc > 1)
			puts("/usr/share/cargo/registry/tempfile-3.8.0/src/lib.rs");
	#endif
		return 0;
	}
END
needs crates tmp likely "contains the crate tempfile" /tmp
twin crates tmp
report crates --minimal
is "$(row tmp .need)" "" "what crates say is not looked for when only proof counts"
# and what cargo-auditable writes; what only built the program is not in it
deps() { # FILE JSON
	python3 -c 'import sys, zlib; sys.stdout.buffer.write(zlib.compress(sys.argv[1].encode()))' "$2" >deps
	objcopy --add-section .dep-v0=deps --set-section-flags .dep-v0=readonly crates "$1"
}
deps audited '{"packages":[{"name":"tempfile","version":"3.8.0","kind":"build"},{"name":"jiff","version":"0.1.0"}]}'
report audited
is "$(row tzdata '[.strength, .evidence]')" '["likely","contains the crate jiff"]' "a crate of .dep-v0"
is "$(row tmp .included)" "" "but not one of the build"

# --- options ----------------------------------------------------------------

included() {
	jq -c '[.needs[] | select(.included) | .need]' report.json
}
source_of several <<-'END'
	#include <locale.h>
	#include <pthread.h>
	#include <stdlib.h>
	int main(void)
	{
	#ifdef SIGN
		mkstemp("");
		setlocale(LC_ALL, "");
		pthread_exit(0);
	#endif
	}
END
report several
is "$(included)" '["libgcc","tmp"]' "proved and likely needs go in"
is "$(jq -c '[.needs[] | [.need, .strength, .by]]' report.json)" \
	'[["libgcc","proved","/several"],["locales","hint","/several"],["tmp","likely","/several"]]' \
	"hints are reported"
is "$(jq -c '.needs[0] | keys_unsorted' report.json)" \
	'["need","strength","evidence","by","included","help","files"]' "the keys of a need"
report several --minimal
is "$(included)" '["libgcc"]' "--minimal: what is proved"
report several --full
is "$(included)" '["libgcc","locales","tmp"]' "--full: hints as well"
report several --with users --without tmp
is "$(included)" '["libgcc","users"]' "--with and --without"
is "$(row users '[.strength, .evidence, has("by")]') $(row tmp .strength)" \
	'["proved","--with",true] "likely"' "say what they did, and what they overruled"
report several --minimal --with tmp
is "$(included)" '["libgcc","tmp"]' "--with adds to --minimal"
report several --full --without locales
is "$(included)" '["libgcc","tmp"]' "--without takes from --full"
report several --without libgcc --without tmp
is "$(included)" '[]' "--without what is proved"
report several --without all
is "$(included) $(jq '.needs | length' report.json)" '[] 0' "--without all looks for none"
report several --without all --with tmp
is "$(included)" '["tmp"]' "but for those of --with"
report several --exclude /tmp
is "$(planned | grep -c /tmp)" 0 "--exclude leaves out what a need brings"
mkdir -p full/dir
report several --add full:/tmp
is "$(planned | grep /tmp | xargs)" "/tmp /tmp/dir" "an added tree shares a directory of a need"

refused() { # MESSAGE ARG...
	run "$SCRATCHPACK" ./several -o refused.tar "${@:2}"
	exits 2 "${*:2}: refused"
	like "$stderr" "$1" "and told why"
	not_ok "without an image" test -e refused.tar
}
refused "contradict" --minimal --full
refused "contradict" --with tmp --without tmp
refused "expected one of ca-certificates, .*users" --with nothing-known
refused "expected one of" --without TMP

# --- reproducible, and from one root ----------------------------------------

for n in 1 2; do
	TZ=Asia/Tokyo LANG=C.UTF-8 run "$SCRATCHPACK" ./several -q -o all$n.tar --full \
		--with users --with netdb --with tzdata --with terminfo --with gconv --threads $n
done
same all1.tar all2.tar "twice the same bytes"

# A root with the program and its libraries alone; no file of this machine may get in.
image nothing
rm -rf root
cp -a nothing.root root
cp several root/
mkdir -p root/etc root/usr/share/zoneinfo/Here
echo 'own 1/tcp' >root/etc/services
echo zone >root/usr/share/zoneinfo/Here/Now
args=()
for name in ca-certificates gconv idn libgcc locales magic mime netdb nss openssl terminfo tmp tzdata users; do
	args+=(--with "$name")
done
run "$SCRATCHPACK" inspect --sysroot root /several --json "${args[@]}"
exits 0 "--sysroot with all needs"
cp "$RUN/stdout" report.json
is "$(planned | grep -v -e "^/etc" -e "^/tmp$" -e "^/root$" | while read -r path; do
	[ -e "root$path" ] || [ -L "root$path" ] || echo "$path"
done)" "" "all files are those of the root"
is "$(jq -r '.plan[] | select(.type == "file") | .path' report.json | grep ^/etc | xargs)" \
	"/etc/group /etc/passwd /etc/services" "in /etc as well"
is "$(planned | grep zoneinfo/)" "/usr/share/zoneinfo/Here
/usr/share/zoneinfo/Here/Now" "its zones"
is "$(notes | xargs)" "no-certificates no-libgcc no-locale no-magic no-terminfo" \
	"and what it lacks is said"
image several
is "$(litter)" "" "no temporary file is left"
done_testing
