/*
 * Finding credentials (containers-auth.json(5), docker's config.json).  The files
 * are docker's and podman's own, and are read as those read them; a secret goes
 * nowhere but into the result.
 */
#include "transport/credentials.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/io.h"
#include "base/vec.h"
#include "image/json.h"

#define HUB "docker.io"
#define HUB_KEY "https://index.docker.io/v1/"

/* One search. */
struct search {
	const struct sp_registry_options *options;
	const char *domain;
	const char *const *keys;
	const volatile sig_atomic_t *cancelled;
	struct sp_arena *arena;
	struct sp_credentials *ret;
	bool found;
};

struct keys {
	const char **items;
	size_t items_nr, items_alloc;
};

static void explain(const struct search *s, const char *text)
{
	if (s->options->explain && s->options->note)
		s->options->note(s->options->note_ctx,
				 sp_arena_strf(s->arena, "auth: %s", text));
}

const char *sp_credentials_server(const char *domain)
{
	return strcmp(domain, HUB) == 0 ? HUB_KEY : domain;
}

const char *const *sp_credentials_keys(const char *domain, const char *path,
				       struct sp_arena *arena)
{
	static const char *const hub[] = { HUB_KEY, "index.docker.io", "registry-1.docker.io" };
	struct keys keys = { 0 };
	size_t len = path ? strlen(path) : 0;

	for (; len; len = (size_t)((const char *)memrchr(path, '/', len) - path)) {
		*SP_VEC_PUSH(keys.items) = sp_arena_strf(arena, "%s/%.*s", domain, (int)len,
							 path);
		if (!memrchr(path, '/', len))
			break;
	}
	if (strcmp(domain, HUB) == 0)
		*SP_VEC_PUSH(keys.items) = HUB_KEY;
	*SP_VEC_PUSH(keys.items) = domain;
	for (size_t i = 1; strcmp(domain, HUB) == 0 && i < sizeof(hub) / sizeof(*hub); i++)
		*SP_VEC_PUSH(keys.items) = hub[i];
	/* as older versions of docker wrote them */
	static const char *const forms[] = { "https://%s", "https://%s/", "https://%s/v1/",
					     "https://%s/v2/", "http://%s", "http://%s/v1/",
					     "http://%s/v2/" };
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		const char *at = strstr(forms[i], "%s");

		*SP_VEC_PUSH(keys.items) = sp_arena_strf(arena, "%.*s%s%s", (int)(at - forms[i]),
							 forms[i], domain, at + 2);
	}
	*SP_VEC_PUSH(keys.items) = NULL;
	const char *const *copy = sp_arena_memdup(arena, keys.items,
						  keys.items_nr * sizeof(*keys.items));
	free(keys.items);
	return copy;
}

static void take(struct search *s, struct sp_credentials found)
{
	*s->ret = found;
	s->found = true;
	explain(s, sp_arena_strf(s->arena, "%s: %s", s->domain, found.where));
}

/* "user:password" in base64; the password may hold colons, the user none. */
static int take_auth(struct search *s, const char *auth, const char *where, struct sp_err *err)
{
	sp_autobuf struct sp_buf text = { 0 };
	const char *colon;

	if (!sp_base64_decode(auth, &text) || memchr(sp_buf_str(&text), '\0', text.len) ||
	    !(colon = strchr(sp_buf_str(&text), ':')))
		return sp_err_set(err, SP_EAUTH,
				  "%s: \"auth\" is not user:password in base64; log in again",
				  where);
	take(s, (struct sp_credentials){
		.kind = SP_CREDENTIALS_PASSWORD, .where = where,
		.user = sp_arena_strndup(s->arena, text.data, (size_t)(colon - text.data)),
		.secret = sp_arena_strdup(s->arena, colon + 1) });
	return 0;
}

/* One entry of "auths". */
static int take_entry(struct search *s, const struct sp_json *entry, const char *where,
		      struct sp_err *err)
{
	const char *token = sp_json_str(entry, "registrytoken");
	const char *identity = sp_json_str(entry, "identitytoken");
	const char *auth = sp_json_str(entry, "auth"), *user = sp_json_str(entry, "username");
	const char *password = sp_json_str(entry, "password");

	if (token && *token)
		take(s, (struct sp_credentials){
			.kind = SP_CREDENTIALS_TOKEN, .where = where,
			.secret = sp_arena_strdup(s->arena, token) });
	else if (identity && *identity)
		take(s, (struct sp_credentials){
			.kind = SP_CREDENTIALS_IDENTITY, .where = where,
			.secret = sp_arena_strdup(s->arena, identity) });
	else if (auth && *auth)
		return take_auth(s, auth, where, err);
	else if (user && *user && password)
		take(s, (struct sp_credentials){
			.kind = SP_CREDENTIALS_PASSWORD, .where = where,
			.user = sp_arena_strdup(s->arena, user),
			.secret = sp_arena_strdup(s->arena, password) });
	return 0;
}

/* Does a helper's answer with a failure only say that it knows no such server? */
static bool is_unknown(const struct sp_buf *answer)
{
	return strstr(sp_buf_str(answer), "credentials not found") ||
	       strstr(sp_buf_str(answer), "no credentials server URL");
}

static int take_answer(struct search *s, const struct sp_buf *answer, const char *where,
		       struct sp_err *err)
{
	sp_autojson struct sp_json *doc = NULL;
	struct sp_err why = { 0 };
	const char *user, *secret;

	if (sp_json_parse(sp_buf_str(answer), answer->len, &doc, &why) ||
	    !(user = sp_json_str(doc, "Username")) || !(secret = sp_json_str(doc, "Secret")))
		return sp_err_set(err, SP_EAUTH,
				  "%s: its answer has no Username and Secret", where);
	/* the helpers' way to say that the secret is no password */
	bool identity = strcmp(user, "<token>") == 0;

	if (*secret)
		take(s, (struct sp_credentials){
			.kind = identity ? SP_CREDENTIALS_IDENTITY : SP_CREDENTIALS_PASSWORD,
			.where = where, .user = sp_arena_strdup(s->arena, user),
			.secret = sp_arena_strdup(s->arena, secret) });
	return 0;
}

/* optional: a store that is named for all hosts but is not there (a file that came
 * from another machine) leaves the rest of the file to be looked at. */
static int ask_helper(struct search *s, const char *name, const char *server, const char *file,
		      bool optional, struct sp_err *err)
{
	const char *where = sp_arena_strf(s->arena, "docker-credential-%s (named in %s), server %s",
					  name, file, server);
	sp_autobuf struct sp_buf answer = { 0 };
	struct sp_err why = { 0 };
	int status = 0;
	bool missing;

	if (sp_helper_run(s->options, name, "get", server, s->cancelled, &answer, &status,
			  &missing, &why)) {
		if (!missing || !optional)
			return sp_err_set(err, why.code, "%s: %s", file, why.msg);
		explain(s, why.msg);
		return 0;
	}
	if (status && is_unknown(&answer)) {
		explain(s, sp_arena_strf(s->arena, "%s: knows nothing", where));
		return 0;
	}
	if (status)
		return sp_err_set(err, SP_EAUTH, "%s: failed with status %d", where, status);
	return take_answer(s, &answer, where, err);
}

static int search_doc(struct search *s, const struct sp_json *doc, const char *file,
		      struct sp_err *err)
{
	const struct sp_json *helpers = sp_json_get(doc, "credHelpers");
	const char *store = sp_json_str(doc, "credsStore"), *helper;
	const struct sp_json *auths = sp_json_get(doc, "auths"), *entry;

	for (const char *const *key = s->keys; *key && !s->found; key++)
		if ((helper = sp_json_str(helpers, *key)) && *helper &&
		    ask_helper(s, helper, *key, file, false, err))
			return -1;
	if (!s->found && store && *store &&
	    ask_helper(s, store, sp_credentials_server(s->domain), file, true, err))
		return -1;
	for (const char *const *key = s->keys; *key && !s->found; key++)
		if ((entry = sp_json_get(auths, *key)) &&
		    take_entry(s, entry, sp_arena_strf(s->arena, "%s, key %s", file, *key), err))
			return -1;
	if (!s->found)
		explain(s, sp_arena_strf(s->arena, "%s: nothing for %s", file, s->domain));
	return 0;
}

static int search_file(struct search *s, const char *file, bool named, struct sp_err *err)
{
	sp_autobuf struct sp_buf text = { 0 };
	sp_autojson struct sp_json *doc = NULL;

	if (s->found)
		return 0;
	if (!named && access(file, R_OK)) {
		explain(s, sp_arena_strf(s->arena, "%s: %s", file,
					 errno == ENOENT ? "is not there" : "cannot be read"));
		return 0;
	}
	if (sp_read_file(file, SP_AUTH_FILE_MAX, &text, err)) {
		err->code = SP_EAUTH;
		return -1;
	}
	/* podman makes an empty file before it knows anything */
	if (!text.data || !text.data[strspn(text.data, " \t\r\n")])
		return 0;
	if (sp_json_parse(text.data, text.len, &doc, err) || !sp_json_is_object(doc))
		return sp_err_set(err, SP_EAUTH, "%s: cannot be understood: %s", file,
				  doc ? "no JSON object" : err->msg);
	return search_doc(s, doc, file, err);
}

/* HOME/config and the like, or NULL if the variable is unset. */
static const char *below(const struct search *s, const char *variable, const char *rest)
{
	const char *dir = sp_registry_env(s->options, variable);

	return dir ? sp_arena_strf(s->arena, "%s/%s", dir, rest) : NULL;
}

static int search_files(struct search *s, struct sp_err *err)
{
	const char *named = s->options->authfile;
	const char *docker = below(s, "DOCKER_CONFIG", "config.json");
	const char *config = below(s, "XDG_CONFIG_HOME", "containers/auth.json");

	if (!named)
		named = sp_registry_env(s->options, "REGISTRY_AUTH_FILE");
	if (named)
		return search_file(s, named, true, err);
	const char *files[] = {
		docker,
		below(s, "XDG_RUNTIME_DIR", "containers/auth.json"),
		config ? config : below(s, "HOME", ".config/containers/auth.json"),
		docker ? NULL : below(s, "HOME", ".docker/config.json"),
	};
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (files[i] && search_file(s, files[i], false, err))
			return -1;
	return 0;
}

/* Where "HOST=" ends in "HOST=USER:PASSWORD", or NULL.  A host has a dot or a port,
 * or is localhost; no user name that is used anywhere looks like that. */
static const char *host_end(const char *creds)
{
	size_t len = strcspn(creds, "=");
	const char *colon = memchr(creds, ':', len);
	size_t name = colon ? (size_t)(colon - creds) : len;

	if (!creds[len] || !strchr(creds + len, ':'))
		return NULL;
	if (creds[0] == '[')
		return creds + len;
	if (colon && (size_t)(colon - creds) + 1 + strspn(colon + 1, "0123456789") != len)
		return NULL;
	if (!colon && !memchr(creds, '.', len) && strncmp(creds, "localhost=", len + 1) != 0)
		return NULL;
	for (size_t i = 0; i < name; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789.-", creds[i]))
			return NULL;
	return creds + len;
}

/* Those of --creds for this registry: with its name, else without any. */
static const char *given(const struct search *s)
{
	const char *found = NULL;

	for (size_t i = 0; i < s->options->creds_nr; i++) {
		const char *creds = s->options->creds[i], *end = host_end(creds);

		if (end && (size_t)(end - creds) == strlen(s->domain) &&
		    strncmp(creds, s->domain, strlen(s->domain)) == 0)
			return end + 1;
		if (!end)
			found = creds;
	}
	return found;
}

int sp_credentials_find(const struct sp_registry_options *options, const char *domain,
			const char *path, const volatile sig_atomic_t *cancelled,
			struct sp_arena *arena, struct sp_credentials *ret, struct sp_err *err)
{
	struct search s = { .options = options, .domain = domain, .cancelled = cancelled,
			    .keys = sp_credentials_keys(domain, path, arena),
			    .arena = arena, .ret = ret };
	const char *creds = given(&s), *colon = creds ? strchr(creds, ':') : NULL;

	if (creds) {
		take(&s, (struct sp_credentials){
			.kind = SP_CREDENTIALS_PASSWORD, .where = "--creds",
			.user = colon ? sp_arena_strndup(arena, creds, (size_t)(colon - creds)) :
					creds,
			.secret = colon ? colon + 1 : "" });
		return 0;
	}
	if (search_files(&s, err))
		return -1;
	if (!s.found) {
		explain(&s, sp_arena_strf(arena, "%s: no credentials, asked as anybody", domain));
		*ret = (struct sp_credentials){ .where = "no file has credentials" };
	}
	return 0;
}

bool sp_credentials_is_for_all(const char *creds)
{
	return !host_end(creds);
}

const char *sp_credentials_file(const struct sp_registry_options *options,
				struct sp_arena *arena)
{
	const struct search s = { .options = options, .arena = arena };
	const char *named = options->authfile;

	if (!named)
		named = sp_registry_env(options, "REGISTRY_AUTH_FILE");
	if (!named)
		named = below(&s, "DOCKER_CONFIG", "config.json");
	return named ? named : below(&s, "HOME", ".docker/config.json");
}
