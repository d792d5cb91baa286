/*
 * Image references: the grammar and the normalisation of distribution/reference
 * (regexp.go, normalize.go), by hand, so that a message can say which rule is
 * broken.
 *
 *	[DOMAIN/]PATH[:TAG][@DIGEST]
 */
#include "image/ref.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "image/digest.h"

#define HUB "docker.io"
#define HUB_OLD "index.docker.io"
#define HUB_DEFAULT "library/"

/* distribution-spec: "many clients impose a limit of 255 characters on the
 * length of the concatenation of the registry hostname, /, and name". */
#define NAME_LEN_MAX 255
#define TAG_LEN_MAX 128
#define FILE_NAME_LEN_MAX 128	/* of a name made from a file's: room for a domain */
#define HEX_ID_LEN 64

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT "0123456789"

static bool is_in(char c, const char *set)
{
	return c && strchr(set, c);
}

static bool all_in(const char *s, const char *set)
{
	return s[strspn(s, set)] == '\0';
}

/* 64 hex digits alone are an image's ID to every engine, never its name. */
static bool is_id(const char *s)
{
	return strlen(s) == HEX_ID_LEN && all_in(s, "abcdef" DIGIT);
}

/* --- the rules; each gives what is wrong, or NULL --- */

static const char *port_problem(const char *port)
{
	if (!*port || !all_in(port, DIGIT))
		return "the port of the registry must be a number, as in localhost:5000/myapp";
	return NULL;
}

static const char *ipv6_problem(const char *domain)
{
	size_t len = strspn(domain + 1, ":abcdefABCDEF" DIGIT);
	const char *end = domain + 1 + len;

	if (!len || *end != ']' || (end[1] && end[1] != ':'))
		return "an IPv6 address stands in brackets, as in [::1]:5000/myapp";
	return end[1] ? port_problem(end + 2) : NULL;
}

/* Labels of letters, digits and inner dashes, joined by dots; then a port. */
static const char *domain_problem(const char *domain)
{
	static const char alnum[] = LOWER UPPER DIGIT;
	static const char bad[] = "the registry must be a host name, as in ghcr.io/me/myapp";
	const char *s = domain;

	if (*s == '[')
		return ipv6_problem(s);
	for (;; s++) {
		size_t len = strspn(s, LOWER UPPER DIGIT "-");

		if (!len || !is_in(s[0], alnum) || !is_in(s[len - 1], alnum))
			return bad;
		s += len;
		if (*s != '.')
			break;
	}
	if (*s == ':')
		return port_problem(s + 1);
	return *s ? bad : NULL;
}

/* What may stand between two letters or digits: one dot, one or two underscores,
 * or dashes. */
static bool is_separator(const char *s, size_t len)
{
	return (len == 1 && (*s == '.' || *s == '_')) ||
	       (len == 2 && memcmp(s, "__", 2) == 0) || strspn(s, "-") >= len;
}

static const char *path_problem(const char *path)
{
	if (!*path)
		return "a name is missing, as in ghcr.io/me/myapp";
	for (const char *s = path;; s++) {
		size_t len = strspn(s, LOWER DIGIT);

		if (!len && (!*s || *s == '/'))
			return "there is an empty part between slashes; write one, as in me/myapp";
		if (!len && is_in(*s, "._-"))
			return "each part of a name begins with a letter or digit, as in my-app";
		s += len;
		while (is_in(*s, "._-")) {
			size_t gap = strspn(s, "._-");

			if (!is_in(s[gap], LOWER DIGIT) && (!s[gap] || s[gap] == '/'))
				return "each part of a name ends with a letter or digit, as in my-app";
			if (!is_separator(s, gap))
				return "between letters and digits a name has one '.', one or two '_', "
				       "or dashes, as in my-app.x";
			s += gap;
			s += strspn(s, LOWER DIGIT);
		}
		if (!*s)
			return NULL;
		if (*s != '/')
			return "a name holds lower-case letters, digits, '.', '_' and '-' only, as in "
			       "ghcr.io/me/my-app:v1";
	}
}

static const char *tag_problem(const char *tag)
{
	static const char word[] = LOWER UPPER DIGIT "_";

	if (!*tag)
		return "the tag after ':' is empty, write one, as in myapp:v1";
	if (strlen(tag) > TAG_LEN_MAX)
		return "the tag is longer than 128 characters; a short one is myapp:v1";
	if (!is_in(*tag, word))
		return "a tag begins with a letter, digit or '_', as in myapp:v1";
	if (!all_in(tag, LOWER UPPER DIGIT "_.-"))
		return "a tag holds letters, digits, '_', '.' and '-' only, as in myapp:v1.2";
	return NULL;
}

/* --- parsing --- */

/*
 * The length of the registry that text begins with, 0 if there is none: what
 * stands before the first slash is one if it could be no name on Docker Hub.
 */
static size_t domain_len(const char *text)
{
	static const char localhost[] = "localhost";
	size_t len = strcspn(text, "/");

	if (!text[len])
		return 0;
	if (strcspn(text, ".:" UPPER) < len)
		return len;
	return len == strlen(localhost) && memcmp(text, localhost, len) == 0 ? len : 0;
}

/* Cut name into domain and path, and spell both out. */
static void split_name(const char *name, struct sp_arena *arena, struct sp_ref *ref)
{
	size_t len = domain_len(name);

	ref->domain = len ? sp_arena_strndup(arena, name, len) : HUB;
	ref->path = len ? name + len + 1 : name;
	if (strcmp(ref->domain, HUB_OLD) == 0)
		ref->domain = HUB;
	if (strcmp(ref->domain, HUB) == 0 && *ref->path && !strchr(ref->path, '/'))
		ref->path = sp_arena_strf(arena, HUB_DEFAULT "%s", ref->path);
}

static int refuse(const char *text, const char *why, struct sp_err *err)
{
	return sp_err_set(err, SP_EUSAGE, "\"%.300s\" is not an image reference: %s", text,
			  why);
}

/* Upper case is the mistake made most: say how it should have been written.  The
 * path stands from byte start on. */
static int refuse_upper(const char *text, size_t start, struct sp_err *err)
{
	sp_autofree char *lower = sp_strdup(text);

	for (char *s = lower + start; *s && *s != ':' && *s != '@'; s++)
		if (is_in(*s, UPPER))
			*s = (char)(*s - 'A' + 'a');
	return sp_err_set(err, SP_EUSAGE,
			  "\"%.300s\" is not an image reference: names are lower case, "
			  "write \"%.300s\"", text, lower);
}

/* What people paste that is no reference at all.  A password is not shown. */
static int check_whole(const char *text, struct sp_err *err)
{
	const char *at = strchr(text, '@'), *scheme = strstr(text, "://");

	if (!*text)
		return refuse(text, "it is empty; a right one is myapp:v1", err);
	if (at && strchr(at, '/'))
		return sp_err_set(err, SP_EUSAGE,
				  "an image reference holds no user name or password; "
				  "a right one is ghcr.io/me/myapp:v1");
	if (scheme)
		return refuse(text, "it has a scheme; write it without, as in ghcr.io/me/myapp",
			      err);
	if (is_id(text))
		return refuse(text, "64 hex digits alone are an image's ID; "
				    "a right one is myapp:v1", err);
	return 0;
}

/* Take tag and digest off the end of name. */
static void cut_tag(char *name, struct sp_ref *ref)
{
	char *at = strchr(name, '@');

	if (at) {
		*at = '\0';
		ref->digest = at + 1;
	}
	char *colon = strchr(name + domain_len(name), ':');	/* no port: it is behind */
	if (colon) {
		*colon = '\0';
		ref->tag = colon + 1;
	}
}

static const char *ref_problem(const struct sp_ref *ref)
{
	struct sp_digest digest;
	const char *why = domain_problem(ref->domain);

	if (!why)
		why = path_problem(ref->path);
	if (!why && strlen(ref->domain) + 1 + strlen(ref->path) > NAME_LEN_MAX)
		why = "registry and name are longer than 255 characters together; "
		      "a short one is ghcr.io/me/myapp";
	if (!why && ref->tag)
		why = tag_problem(ref->tag);
	if (!why && ref->digest && !sp_digest_parse(ref->digest, &digest))
		why = "after '@' comes sha256: and 64 hex digits in lower case (or sha512: "
		      "and 128), as in myapp@sha256:e3b0...";
	return why;
}

int sp_ref_parse(const char *text, struct sp_arena *arena, struct sp_ref *ret,
		 struct sp_err *err)
{
	struct sp_ref ref = { 0 };

	if (check_whole(text, err))
		return -1;
	char *name = sp_arena_strdup(arena, text);
	cut_tag(name, &ref);
	split_name(name, arena, &ref);
	if (strpbrk(ref.path, UPPER) && !domain_problem(ref.domain))
		return refuse_upper(text, domain_len(name), err);
	const char *why = ref_problem(&ref);
	if (why)
		return refuse(text, why, err);
	*ret = ref;
	return 0;
}

void sp_ref_complete(struct sp_ref *ref)
{
	if (!ref->tag && !ref->digest)
		ref->tag = SP_REF_DEFAULT_TAG;
}

bool sp_ref_is_tag(const char *text)
{
	return !tag_problem(text);
}

/* --- printing --- */

/* name with the tag and digest of ref, if it has them. */
static const char *with_tag(const char *name, const struct sp_ref *ref,
			    struct sp_arena *arena)
{
	return sp_arena_strf(arena, "%s%s%s%s%s", name, ref->tag ? ":" : "",
			     ref->tag ? ref->tag : "", ref->digest ? "@" : "",
			     ref->digest ? ref->digest : "");
}

const char *sp_ref_name_full(const struct sp_ref *ref, struct sp_arena *arena)
{
	return sp_arena_strf(arena, "%s/%s", ref->domain, ref->path);
}

const char *sp_ref_full(const struct sp_ref *ref, struct sp_arena *arena)
{
	return with_tag(sp_ref_name_full(ref, arena), ref, arena);
}

/* As short as it can be and still be read as the same name. */
const char *sp_ref_name_familiar(const struct sp_ref *ref, struct sp_arena *arena)
{
	const char *path = ref->path;

	if (strcmp(ref->domain, HUB) != 0)
		return sp_ref_name_full(ref, arena);
	if (strncmp(path, HUB_DEFAULT, strlen(HUB_DEFAULT)) == 0) {
		const char *rest = path + strlen(HUB_DEFAULT);

		if (!strchr(rest, '/') && !is_id(rest))
			return rest;
	}
	if (domain_len(path))	/* docker.io/a.b/c is not a.b/c */
		return sp_ref_name_full(ref, arena);
	return path;
}

const char *sp_ref_familiar(const struct sp_ref *ref, struct sp_arena *arena)
{
	return with_tag(sp_ref_name_familiar(ref, arena), ref, arena);
}

/* --- comparing --- */

/* The full form of a name, or NULL if it is none. */
static const char *full_name(const char *text, struct sp_arena *arena)
{
	struct sp_err ignored = { 0 };
	struct sp_ref ref = { 0 };

	if (sp_ref_parse(text, arena, &ref, &ignored))
		return NULL;
	sp_ref_complete(&ref);
	return sp_ref_full(&ref, arena);
}

/* Is tag, which is one alone, the tag at the end of name? */
static bool ends_in_tag(const char *name, const char *tag)
{
	const char *colon = strrchr(name, ':');

	return !strpbrk(tag, "/:@") && colon && strcmp(colon + 1, tag) == 0;
}

bool sp_ref_same(const char *a, const char *b)
{
	struct sp_arena arena SP_CLEANUP(sp_arena_release) = { 0 };

	if (strcmp(a, b) == 0 || ends_in_tag(a, b) || ends_in_tag(b, a))
		return true;
	const char *full_a = full_name(a, &arena), *full_b = full_name(b, &arena);
	return full_a && full_b && strcmp(full_a, full_b) == 0;
}

/* --- names of files --- */

/* Add what stands for the run of other characters at s, len bytes. */
static void add_separator(struct sp_buf *name, const char *s, size_t len)
{
	if (len <= 2 && is_separator(s, len))
		sp_buf_add(name, s, len);
	else
		sp_buf_addch(name, '-');
}

const char *sp_ref_name_from(const char *file_name, struct sp_arena *arena)
{
	static const char alnum[] = LOWER UPPER DIGIT;
	sp_autobuf struct sp_buf name = { 0 };
	const char *s = file_name;

	while (*s && name.len < FILE_NAME_LEN_MAX) {
		size_t gap = strcspn(s, alnum);

		if (gap && name.len && s[gap])	/* none at the ends */
			add_separator(&name, s, gap);
		s += gap;
		for (; is_in(*s, alnum) && name.len < FILE_NAME_LEN_MAX; s++)
			sp_buf_addch(&name, is_in(*s, UPPER) ? (char)(*s - 'A' + 'a') : *s);
	}
	while (name.len && !is_in(name.data[name.len - 1], alnum))
		name.data[--name.len] = '\0';
	if (!name.len)
		return "image";
	if (is_id(name.data))
		return sp_arena_strf(arena, "image-%s", name.data);
	return sp_arena_strdup(arena, name.data);
}
