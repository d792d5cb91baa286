/*
 * Authentication.  One lock guards all of it, and is held while a token is fetched:
 * other threads that need it as well wait for the same one.
 */
#include "transport/auth.h"

#include <string.h>

#include "base/base64.h"
#include "base/vec.h"
#include "transport/auth_state.h"

struct sp_auth *sp_auth_new(const struct sp_transport_options *options,
			    struct sp_conns *conns, const char *domain, const char *path)
{
	struct sp_auth *a = sp_calloc(1, sizeof(*a));

	pthread_mutex_init(&a->lock, NULL);
	a->options = options;
	a->registry = sp_registry_options_of(options);
	a->conns = conns;
	a->domain = sp_arena_strdup(&a->arena, domain);
	a->path = path ? sp_arena_strdup(&a->arena, path) : NULL;
	return a;
}

/* Secrets do not stay in memory that others get. */
void sp_auth_wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void sp_auth_free(struct sp_auth *a)
{
	if (!a)
		return;
	sp_auth_wipe(a->header);
	sp_auth_wipe(a->token);
	if (a->credentials.secret)
		explicit_bzero((char *)a->credentials.secret, strlen(a->credentials.secret));
	free(a->scopes);
	sp_arena_release(&a->arena);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

void sp_auth_explain(struct sp_auth *a, const char *text)
{
	if (a->registry->explain && a->registry->note)
		a->registry->note(a->registry->note_ctx,
				  sp_arena_strf(&a->arena, "auth: %s", text));
}

/* Is everything that scope asks for asked for already? */
static bool has_scope(const struct sp_auth *a, const char *scope)
{
	for (size_t i = 0; i < a->scopes_nr; i++)
		if (strcmp(a->scopes[i], scope) == 0)
			return true;
	return false;
}

static void add_scope(struct sp_auth *a, const char *scope, size_t len)
{
	const char *copy = sp_arena_strndup(&a->arena, scope, len);

	if (len && len <= SP_SCOPE_LEN_MAX && a->scopes_nr < SP_SCOPES_MAX &&
	    !has_scope(a, copy))
		*SP_VEC_PUSH(a->scopes) = copy;
}

void sp_auth_add_scope(struct sp_auth *a, const char *scope)
{
	pthread_mutex_lock(&a->lock);
	add_scope(a, scope, strlen(scope));
	pthread_mutex_unlock(&a->lock);
}

char *sp_auth_header(struct sp_auth *a, unsigned *ret_generation)
{
	char *header;

	pthread_mutex_lock(&a->lock);
	header = a->header ? sp_strdup(a->header) : NULL;
	*ret_generation = a->generation;
	pthread_mutex_unlock(&a->lock);
	return header;
}

int sp_may_follow(const struct sp_url *from, const struct sp_url *to, const char *what,
		  struct sp_err *err)
{
	if (from->tls && !to->tls)
		return sp_err_set(err, SP_ENETWORK,
				  "%s leads from https to http, at %s; that is refused", what,
				  to->host);
	if (strcmp(from->host, to->host) != 0 && sp_host_is_private(to->host) &&
	    !sp_host_is_private(from->host))
		return sp_err_set(err, SP_ENETWORK,
				  "%s leads to %s, an address inside this machine or its "
				  "network; that is refused", what, to->host);
	return 0;
}

void sp_auth_set_header(struct sp_auth *a, char *header)
{
	sp_auth_wipe(a->header);
	a->header = header;
	a->generation++;
}

/* "user:secret" in base64, behind a prefix; malloc'ed. */
char *sp_auth_basic(const struct sp_credentials *c)
{
	sp_autofree char *plain = sp_strf("%s:%s", c->user ? c->user : "", c->secret);
	sp_autobuf struct sp_buf buf = { 0 };

	sp_buf_addstr(&buf, "Authorization: Basic ");
	sp_base64_add(&buf, plain, strlen(plain));
	explicit_bzero(plain, strlen(plain));
	return sp_buf_detach(&buf);
}

static int refused(struct sp_auth *a, struct sp_err *err)
{
	if (a->credentials.kind == SP_CREDENTIALS_NONE)
		return sp_err_set(err, SP_EAUTH,
				  "%s wants credentials, and there are none; say "
				  "scratchpack login %s", a->domain, a->domain);
	return sp_err_set(err, SP_EAUTH, "%s: the credentials (%s) were refused", a->domain,
			  a->credentials.where);
}

static int meet(struct sp_auth *a, const struct sp_url *origin,
		const struct sp_http_response *response, struct sp_err *err)
{
	struct sp_challenge now;
	bool first = !a->generation;

	sp_challenge_read(response, &a->arena, &now);
	if (now.bearer && *now.realm)
		a->challenge = now;
	/* one that names nothing (some do): the last one holds */
	bool bearer = *a->challenge.realm && (now.bearer || !now.basic);

	for (const char *p = now.scope; *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");

		add_scope(a, p, len);
		p += len;
	}
	if (!bearer && !now.basic)
		return sp_err_set(err, SP_EAUTH,
				  "%s: answers 401 and asks for neither Basic nor a Bearer token",
				  a->domain);
	if (!a->looked && sp_credentials_find(a->registry, a->domain, a->path,
					      a->options ? a->options->cancelled : NULL,
					      &a->arena, &a->credentials, err))
		return -1;
	a->looked = true;
	if (a->credentials.kind == SP_CREDENTIALS_TOKEN) {
		if (!first || !sp_auth_is_token(a->credentials.secret))
			return refused(a, err);
		sp_auth_set_header(a, sp_strf("Authorization: Bearer %s", a->credentials.secret));
		return 0;
	}
	if (bearer)
		return sp_auth_fetch_token(a, origin, err);
	if (!first || a->credentials.kind != SP_CREDENTIALS_PASSWORD)
		return refused(a, err);
	sp_auth_set_header(a, sp_auth_basic(&a->credentials));
	return 0;
}

int sp_auth_meet(struct sp_auth *a, const struct sp_url *origin, unsigned generation,
		 const struct sp_http_response *response, struct sp_err *err)
{
	int rc = 0;

	pthread_mutex_lock(&a->lock);
	if (!a->challenge.realm)
		a->challenge.realm = a->challenge.service = "";
	if (generation == a->generation)
		rc = meet(a, origin, response, err);
	pthread_mutex_unlock(&a->lock);
	return rc;
}

static void hide(char *text, const char *secret)
{
	size_t len = secret ? strlen(secret) : 0;
	char *at = text;

	/* what is short would turn up everywhere */
	while (len >= 4 && (at = strstr(at, secret))) {
		memmove(at + 3, at + len, strlen(at + len) + 1);
		memset(at, '*', 3);
		at += 3;
	}
}

void sp_auth_redact(struct sp_auth *a, char *text)
{
	char *at = text;

	pthread_mutex_lock(&a->lock);
	hide(text, a->credentials.secret);
	hide(text, a->token);
	if (a->header)
		hide(text, strrchr(a->header, ' ') + 1);
	pthread_mutex_unlock(&a->lock);
	while ((at = strstr(at, "://"))) {
		at += strcspn(at, "? \"'<>\n");
		if (*at == '?')
			memmove(at, at + strcspn(at, " \"'<>\n"),
				strlen(at + strcspn(at, " \"'<>\n")) + 1);
	}
}
