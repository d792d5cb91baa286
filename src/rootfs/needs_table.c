/*
 * The table of needs: one row each, with the signs that speak for it.
 *
 * Which symbol means what was tried in empty roots; where a sign is only a hint,
 * most programs that show it work without.
 */
#include "rootfs/need_rows.h"

#define SIGNS(name) static const struct sp_sign name[]
#define IMPORT(symbol, strength) { SP_SIGN_IMPORT, symbol, strength, NULL }
#define GO(function, strength) { SP_SIGN_GO, function, strength, NULL }
#define NOT_GO(function) { SP_SIGN_NOT_GO, function, 0, NULL }
#define TEXT(text, with, strength) { SP_SIGN_TEXT, text, strength, with }
#define CRATE(name, strength) { SP_SIGN_CRATE, name, strength, NULL }
#define LIBRARY(soname, strength) { SP_SIGN_LIBRARY, soname, strength, NULL }
#define ENV(variable, strength) { SP_SIGN_ENV, variable, strength, NULL }
#define END { 0, NULL, 0, NULL }

/* glibc opens libgcc_s itself to unwind a thread that ends, and aborts the
 * process if it is not there (sysdeps/nptl/libc_pthread_init, unwind-resume). */
SIGNS(libgcc_signs) = {
	IMPORT("pthread_exit", SP_PROVED), IMPORT("pthread_cancel", SP_PROVED),
	IMPORT("thrd_exit", SP_PROVED), IMPORT("backtrace", SP_PROVED), END
};

SIGNS(nss_signs) = {
	IMPORT("getaddrinfo", SP_LIKELY), IMPORT("gethostbyname", SP_LIKELY),
	IMPORT("gethostbyname_r", SP_LIKELY), IMPORT("gethostbyname2", SP_LIKELY),
	IMPORT("gethostbyaddr", SP_LIKELY), IMPORT("getnameinfo", SP_LIKELY),
	IMPORT("getpwnam", SP_LIKELY), IMPORT("getpwuid", SP_LIKELY),
	IMPORT("getpwnam_r", SP_LIKELY), IMPORT("getpwuid_r", SP_LIKELY),
	IMPORT("getgrnam", SP_LIKELY), IMPORT("getgrgid", SP_LIKELY), END
};

SIGNS(users_signs) = {
	IMPORT("getpwnam", SP_LIKELY), IMPORT("getpwnam_r", SP_LIKELY),
	IMPORT("getpwuid", SP_LIKELY), IMPORT("getpwuid_r", SP_LIKELY),
	IMPORT("getpwent", SP_LIKELY), IMPORT("getlogin", SP_LIKELY),
	IMPORT("getlogin_r", SP_LIKELY), IMPORT("getgrnam", SP_LIKELY),
	IMPORT("getgrnam_r", SP_LIKELY), IMPORT("getgrgid", SP_LIKELY),
	IMPORT("getgrgid_r", SP_LIKELY), IMPORT("getgrent", SP_LIKELY),
	IMPORT("getgrouplist", SP_LIKELY), IMPORT("initgroups", SP_LIKELY),
	GO("os/user.Lookup", SP_LIKELY), GO("os/user.lookupUser", SP_LIKELY),
	GO("os/user.LookupId", SP_LIKELY), GO("os/user.Current", SP_LIKELY),
	GO("os/user.LookupGroup", SP_LIKELY), GO("os/user.lookupUserId", SP_LIKELY),
	CRATE("users", SP_LIKELY), CRATE("uzers", SP_LIKELY), CRATE("pwd", SP_LIKELY), END
};

SIGNS(tmp_signs) = {
	IMPORT("mkstemp", SP_LIKELY), IMPORT("mkstemp64", SP_LIKELY),
	IMPORT("mkstemps", SP_LIKELY), IMPORT("mkstemps64", SP_LIKELY),
	IMPORT("mkostemp", SP_LIKELY), IMPORT("mkostemp64", SP_LIKELY),
	IMPORT("mkostemps", SP_LIKELY), IMPORT("mkostemps64", SP_LIKELY),
	IMPORT("mkdtemp", SP_LIKELY), IMPORT("tmpfile", SP_LIKELY),
	IMPORT("tmpfile64", SP_LIKELY), IMPORT("tmpnam", SP_LIKELY),
	IMPORT("tempnam", SP_LIKELY), IMPORT("mktemp", SP_LIKELY),
	GO("os.CreateTemp", SP_LIKELY), GO("os.MkdirTemp", SP_LIKELY),
	GO("io/ioutil.TempFile", SP_LIKELY), GO("io/ioutil.TempDir", SP_LIKELY),
	CRATE("tempfile", SP_LIKELY), CRATE("tempdir", SP_LIKELY),
	ENV("TMPDIR", SP_PROVED), END
};

SIGNS(netdb_signs) = {
	IMPORT("getservbyname", SP_LIKELY), IMPORT("getservbyname_r", SP_LIKELY),
	IMPORT("getservbyport", SP_LIKELY), IMPORT("getservbyport_r", SP_LIKELY),
	IMPORT("getservent", SP_LIKELY), IMPORT("getprotobyname", SP_LIKELY),
	IMPORT("getprotobyname_r", SP_LIKELY), IMPORT("getprotobynumber", SP_LIKELY),
	IMPORT("getprotobynumber_r", SP_LIKELY), IMPORT("getprotoent", SP_LIKELY),
	IMPORT("getnetbyname", SP_LIKELY), IMPORT("getnetent", SP_LIKELY),
	IMPORT("getnameinfo", SP_HINT), IMPORT("getaddrinfo", SP_HINT),
	GO("net.LookupPort", SP_LIKELY), GO("net.(*Resolver).LookupPort", SP_HINT),
	GO("net.readServices", SP_HINT), END
};

SIGNS(mime_signs) = {
	IMPORT("g_content_type_guess", SP_LIKELY), GO("mime.loadMimeFile", SP_HINT), END
};

SIGNS(idn_signs) = { IMPORT("getaddrinfo", SP_HINT), END };

SIGNS(certificate_signs) = {
	IMPORT("SSL_CTX_set_default_verify_paths", SP_LIKELY),
	IMPORT("SSL_CTX_set_default_verify_file", SP_LIKELY),
	IMPORT("SSL_CTX_set_default_verify_dir", SP_LIKELY),
	IMPORT("SSL_CTX_set_default_verify_store", SP_LIKELY),
	IMPORT("X509_STORE_set_default_paths", SP_LIKELY),
	IMPORT("X509_STORE_set_default_paths_ex", SP_LIKELY),
	IMPORT("X509_get_default_cert_file", SP_LIKELY),
	IMPORT("X509_get_default_cert_dir", SP_LIKELY),
	IMPORT("X509_get_default_cert_file_env", SP_LIKELY),
	IMPORT("gnutls_certificate_set_x509_system_trust", SP_LIKELY),
	IMPORT("gnutls_x509_trust_list_add_system_trust", SP_LIKELY),
	LIBRARY("p11-kit-trust.so", SP_LIKELY),		/* shows the bundle as a token */
	IMPORT("curl_easy_perform", SP_LIKELY), IMPORT("curl_multi_perform", SP_LIKELY),
	GO("crypto/x509.loadSystemRoots", SP_LIKELY),
	/* one that looks for a bundle itself, as programs of Rust do */
	TEXT("ca-certificates.crt", NULL, SP_LIKELY),
	CRATE("rustls-native-certs", SP_LIKELY), CRATE("openssl-probe", SP_LIKELY),
	CRATE("rustls-platform-verifier", SP_LIKELY), CRATE("native-tls", SP_LIKELY),
	ENV("SSL_CERT_FILE", SP_PROVED), ENV("SSL_CERT_DIR", SP_PROVED),
	ENV("CURL_CA_BUNDLE", SP_PROVED), END
};

SIGNS(openssl_signs) = {
	IMPORT("OSSL_PROVIDER_load", SP_LIKELY), IMPORT("OSSL_PROVIDER_try_load", SP_LIKELY),
	IMPORT("ENGINE_by_id", SP_LIKELY), IMPORT("CONF_modules_load", SP_LIKELY),
	IMPORT("CONF_modules_load_file", SP_LIKELY), IMPORT("OPENSSL_config", SP_LIKELY),
	ENV("OPENSSL_CONF", SP_PROVED), ENV("OPENSSL_MODULES", SP_PROVED), END
};

SIGNS(zone_signs) = {
	GO("time.LoadLocation", SP_LIKELY), NOT_GO("time/tzdata.loadFromEmbeddedTZData"),
	IMPORT("tzset", SP_HINT), IMPORT("localtime", SP_HINT),
	IMPORT("localtime_r", SP_HINT), IMPORT("mktime", SP_HINT),
	/* who writes TZ itself takes zones from its user; who names the directory, too */
	TEXT("TZ=", "tzset", SP_LIKELY), TEXT("/share/zoneinfo", NULL, SP_LIKELY),
	CRATE("jiff", SP_LIKELY), CRATE("tzfile", SP_LIKELY), CRATE("tz-rs", SP_LIKELY),
	CRATE("chrono", SP_HINT),
	ENV("TZ", SP_PROVED), END
};

SIGNS(gconv_signs) = {
	IMPORT("iconv_open", SP_LIKELY), ENV("GCONV_PATH", SP_PROVED), END
};

SIGNS(locale_signs) = {
	IMPORT("setlocale", SP_HINT), IMPORT("newlocale", SP_HINT),
	TEXT("C.UTF-8", "setlocale", SP_LIKELY), TEXT("C.UTF-8", "newlocale", SP_LIKELY),
	ENV("LANG", SP_PROVED), ENV("LC_ALL", SP_PROVED), ENV("LC_CTYPE", SP_PROVED),
	ENV("LANGUAGE", SP_HINT), END
};

SIGNS(terminfo_signs) = {
	IMPORT("setupterm", SP_LIKELY), IMPORT("initscr", SP_LIKELY),
	IMPORT("newterm", SP_LIKELY), IMPORT("tgetent", SP_LIKELY),
	IMPORT("_nc_read_entry", SP_LIKELY), IMPORT("_nc_read_entry2", SP_LIKELY),
	IMPORT("_nc_first_db", SP_LIKELY),
	CRATE("terminfo", SP_LIKELY), CRATE("term", SP_LIKELY),
	ENV("TERM", SP_LIKELY), ENV("TERMINFO", SP_PROVED), END
};

SIGNS(font_signs) = {
	IMPORT("FcFontMatch", SP_LIKELY), IMPORT("FcFontSort", SP_LIKELY),
	IMPORT("FcFontSetMatch", SP_LIKELY), IMPORT("FcFontSetSort", SP_LIKELY),
	IMPORT("FcFontList", SP_LIKELY), IMPORT("pango_layout_new", SP_LIKELY),
	ENV("FONTCONFIG_FILE", SP_PROVED), END
};

SIGNS(magic_signs) = {
	IMPORT("magic_load", SP_LIKELY), ENV("MAGIC", SP_PROVED), END
};

/* system() without a shell fails, and says nothing of why; what a library runs is less
 * likely to happen.  need_named.c knows of programs that start one themselves. */
SIGNS(shell_signs) = {
	{ SP_SIGN_PROGRAM_IMPORT, "system", SP_LIKELY, NULL },
	{ SP_SIGN_PROGRAM_IMPORT, "popen", SP_LIKELY, NULL },
	{ SP_SIGN_PROGRAM_IMPORT, "wordexp", SP_LIKELY, NULL },
	IMPORT("system", SP_HINT), IMPORT("popen", SP_HINT), END
};

SIGNS(pam_signs) = { IMPORT("pam_start", SP_LIKELY), IMPORT("pam_start_confdir", SP_LIKELY), END };

SIGNS(settings_signs) = {
	IMPORT("g_settings_new", SP_LIKELY), IMPORT("g_settings_new_full", SP_LIKELY),
	IMPORT("g_settings_schema_source_get_default", SP_LIKELY), END
};

/* A Python without its library does not start. */
SIGNS(python_signs) = {
	LIBRARY("libpython3", SP_LIKELY), TEXT("PYTHONPLATLIBDIR", NULL, SP_LIKELY), END
};

/* Every reader of XML can use catalogs, few do. */
SIGNS(xml_signs) = {
	{ SP_SIGN_PROGRAM_IMPORT, "xmlLoadCatalogs", SP_LIKELY, NULL },
	{ SP_SIGN_PROGRAM_IMPORT, "xmlLoadCatalog", SP_LIKELY, NULL },
	{ SP_SIGN_PROGRAM_IMPORT, "xmlInitializeCatalog", SP_LIKELY, NULL },
	{ SP_SIGN_PROGRAM_IMPORT, "xmlCatalogResolve", SP_LIKELY, NULL },
	ENV("XML_CATALOG_FILES", SP_LIKELY), END
};

/* need_named.c finds what these bring. */
SIGNS(no_signs) = { END };

const struct sp_need sp_need_table[] = {
	{ "ca-certificates", "certificates of authorities, to trust TLS servers",
	  certificate_signs, sp_need_add_certificates, 0 },
	{ "data", "data and configuration of its own that it names", no_signs, NULL, 0 },
	{ "dlopen", "libraries that are opened by name", no_signs, NULL, 0 },
	{ "fonts", "fonts, and what is said of them", font_signs, sp_need_add_fonts,
	  SP_NEED_HEAVY },
	{ "gconv", "conversion between character sets", gconv_signs, sp_need_add_gconv, 0 },
	{ "idn", "look-up of host names with letters beyond ASCII", idn_signs,
	  sp_need_add_idn, 0 },
	{ "libgcc", "unwinding of threads that end early", libgcc_signs, sp_need_add_libgcc, 0 },
	{ "locales", "the language that LANG or LC_ALL names", locale_signs,
	  sp_need_add_locales, 0 },
	{ "magic", "recognising files by their content", magic_signs, sp_need_add_magic, 0 },
	{ "mime", "media types of files", mime_signs, sp_need_add_mime, 0 },
	{ "netdb", "names of services, protocols and networks", netdb_signs,
	  sp_need_add_netdb, 0 },
	{ "nss", "modules of look-ups that nsswitch.conf names, or glibc before 2.34 has", nss_signs, sp_need_add_nss,
	  SP_NEED_UNTRACED },
	{ "openssl", "configuration, providers and engines of OpenSSL", openssl_signs,
	  sp_need_add_openssl, 0 },
	{ "pam", "services and modules for logging in", pam_signs, sp_need_add_pam, 0 },
	{ "plugins", "directories of plugins that it names", no_signs, NULL, 0 },
	{ "programs", "other programs that it names", no_signs, NULL, 0 },
	{ "python", "the standard library of Python", python_signs, sp_need_add_python, 0 },
	{ "settings", "schemas of GSettings", settings_signs, sp_need_add_settings, 0 },
	{ "shell", "/bin/sh, for commands that it runs", shell_signs, sp_need_add_shell, 0 },
	{ "terminfo", "what terminals can do", terminfo_signs, sp_need_add_terminfo, 0 },
	{ "tmp", "a place for temporary files", tmp_signs, sp_need_add_tmp,
	  SP_NEED_UNTRACED },
	{ "tzdata", "time zones by name; TZ gives one, as /etc/localtime too (UTC without it)", zone_signs, sp_need_add_zones, 0 },
	{ "users", "names of users and groups", users_signs, sp_need_add_users,
	  SP_NEED_UNTRACED },
	{ "xml", "catalogs of XML, and what they name", xml_signs, sp_need_add_xml, 0 },
};
const size_t sp_need_table_nr = sizeof(sp_need_table) / sizeof(*sp_need_table);
