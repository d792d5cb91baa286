/*
 * The client when things do not go well: waiting before another try, what an error
 * answer says, where a Location leads.
 */
#include "transport/client_state.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>

#include "image/json.h"

#define TRIES 5			/* of one request */
#define BUDGET_SECONDS 300	/* of waiting, for all requests together */
#define FIRST_WAIT_MS 200	/* three times as long for each try */
#define WAIT_MAX_MS (60 * 1000)	/* also if the registry asks for more */
#define SLICE_MS 50		/* how soon a wait ends when the run is cancelled */

/* A line for the user. */
static void tell(struct sp_registry *r, const char *text)
{
	if (!r->settings->note)
		return;
	pthread_mutex_lock(&r->note_lock);
	r->settings->note(r->settings->note_ctx, text);
	pthread_mutex_unlock(&r->note_lock);
}

void sp_client_take_warnings(struct sp_registry *r, const struct sp_http_response *res)
{
	const char *value = sp_http_header(res, "Warning");

	for (int n = 0; value && n < WARNINGS_MAX; n++) {
		const char *text = strchr(value, '"');
		sp_autofree char *line = NULL;

		text = text ? text + 1 : value;
		line = sp_strf("%s: %.*s", r->domain, (int)strcspn(text, "\""), text);
		sp_auth_redact(r->auth, line);
		pthread_mutex_lock(&r->lock);
		bool seen = r->warnings_nr >= WARNINGS_MAX;
		for (size_t i = 0; !seen && i < r->warnings_nr; i++)
			seen = strcmp(r->warnings[i], line) == 0;
		if (!seen)
			r->warnings[r->warnings_nr++] = sp_arena_strdup(&r->arena, line);
		pthread_mutex_unlock(&r->lock);
		if (!seen)
			tell(r, line);
		value = sp_http_header_next(res, "Warning", value);
	}
}

bool sp_client_is_passing(long status)
{
	return status == 408 || status == 429 || status == 499 || status == 500 ||
	       status == 502 || status == 503 || status == 504 || status == 522;
}

/* Seconds since 1970 of an HTTP date ("Sun, 06 Nov 1994 08:49:37 GMT"), or -1. */
static int64_t parse_date(const char *text)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm = { 0 };
	char month[4] = "";
	const char *at;

	if (sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d", &tm.tm_mday, month,
		   &tm.tm_year, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
		return -1;
	at = strstr(months, month);
	if (!at || strlen(month) != 3 || (at - months) % 3)
		return -1;
	tm.tm_mon = (int)(at - months) / 3;
	tm.tm_year -= 1900;
	return timegm(&tm);
}

/* Retry-After in milliseconds: seconds, or a date that is compared with that of the
 * answer, since our clock is not asked; -1 if it says nothing. */
static int64_t retry_after_ms(const struct sp_http_response *res)
{
	const char *text = res ? sp_http_header(res, "Retry-After") : NULL;
	const char *now_text = res ? sp_http_header(res, "Date") : NULL;
	int64_t then, now;

	if (!text)
		return -1;
	if (*text && text[strspn(text, "0123456789")] == '\0')
		return strlen(text) > 6 ? 1000000000 : strtoll(text, NULL, 10) * 1000;
	then = parse_date(text);
	now = now_text ? parse_date(now_text) : -1;
	if (then < 0 || now < 0)
		return -1;
	return then > now ? (then - now) * 1000 : 0;
}

static int64_t back_off_ms(unsigned n)
{
	int64_t ms = FIRST_WAIT_MS;
	uint16_t random = 0;

	for (unsigned i = 1; i < n && ms < WAIT_MAX_MS; i++)
		ms *= 3;
	/* so that many that failed together do not come back together */
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = 0;
	ms += ms / 4 * random / UINT16_MAX;
	return ms < WAIT_MAX_MS ? ms : WAIT_MAX_MS;
}

/* Take it from the time that may be spent waiting. */
static bool may_wait(struct sp_registry *r, int64_t ms)
{
	unsigned budget = r->settings->retry_seconds ? r->settings->retry_seconds :
						       BUDGET_SECONDS;

	pthread_mutex_lock(&r->lock);
	bool may = r->waited_ms + (uint64_t)ms <= (uint64_t)budget * 1000;
	if (may)
		r->waited_ms += (uint64_t)ms;
	pthread_mutex_unlock(&r->lock);
	return may;
}

void sp_client_count_lost(struct sp_registry *r, const struct sp_http *http)
{
	pthread_mutex_lock(&r->lock);
	r->waited_ms += sp_http_lost_seconds(http) * UINT64_C(1000);
	pthread_mutex_unlock(&r->lock);
}

int sp_registry_wait(struct sp_registry *r, unsigned n, const struct sp_http_response *res,
		     struct sp_err *err)
{
	const volatile sig_atomic_t *cancelled = r->options ? r->options->cancelled : NULL;
	unsigned tries = r->settings->tries ? r->settings->tries : TRIES;
	int64_t ms = retry_after_ms(res);
	bool asked = ms >= 0;

	if (!asked)
		ms = back_off_ms(n);
	if (n >= tries || ms > WAIT_MAX_MS * 2 || !may_wait(r, ms))
		return -1;
	if (asked && ms >= 1000) {
		sp_autofree char *text = sp_strf("%s: asks to wait %lld s (status %ld)", r->domain,
						 (long long)(ms / 1000), res->status);

		tell(r, text);
	}
	for (; ms > 0; ms -= SLICE_MS) {
		struct timespec slice = { 0, (ms < SLICE_MS ? ms : SLICE_MS) * 1000000 };

		if (cancelled && *cancelled)
			return sp_err_set(err, SP_ECANCELLED, "cancelled");
		nanosleep(&slice, NULL);
	}
	return 0;
}

int sp_registry_location(struct sp_registry *r, const struct sp_url *from,
			 const struct sp_http_response *res, struct sp_arena *arena,
			 struct sp_url *ret, struct sp_err *err)
{
	const char *location = sp_http_header(res, "Location");
	sp_autofree char *what = NULL;
	struct sp_url to;

	if (!location)
		return sp_err_set(err, SP_ENETWORK,
				  "its answer (status %ld) lacks the header Location",
				  res->status);
	if (sp_url_resolve(from, location, arena, &to, err))
		return sp_err_wrap(err, "in its header Location");
	what = sp_strf("its header Location (status %ld)", res->status);
	/* neither out of where we are, nor out of where we came from */
	if (sp_may_follow(from, &to, what, err) || sp_may_follow(&r->base, &to, what, err))
		return -1;
	*ret = to;
	return 0;
}

/* --- error documents --- */

/* The first error in {"errors":[{"code","message"}]}; doc is the caller's to free. */
static const struct sp_json *first_error(const struct sp_http_response *res,
					 struct sp_json **doc)
{
	struct sp_err ignored = { 0 };

	*doc = NULL;
	if (sp_json_parse(sp_buf_str(&res->body), res->body.len, doc, &ignored))
		return NULL;
	return sp_json_first(sp_json_get(*doc, "errors"));
}

bool sp_registry_has_code(const struct sp_http_response *res, const char *code)
{
	sp_autojson struct sp_json *doc = NULL;
	const struct sp_json *e = first_error(res, &doc);

	for (; e; e = sp_json_next(e)) {
		const char *text = sp_json_str(e, "code");

		if (text && strcasecmp(text, code) == 0)
			return true;
	}
	return false;
}

/* What an error answer says, malloc'ed, "" if nothing a person could read. */
static char *error_text(struct sp_registry *r, const struct sp_http_response *res)
{
	sp_autojson struct sp_json *doc = NULL;
	const struct sp_json *first = first_error(res, &doc);
	const char *code = sp_json_str(first, "code"), *message = sp_json_str(first, "message");
	const char *type = sp_http_header(res, "Content-Type");
	char *text;

	if (code || message)
		text = sp_strf(": %.100s%s%.500s", code ? code : "", code && message ? ": " : "",
			       message ? message : "");
	else if (res->body.len && type && strncasecmp(type, "text/plain", 10) == 0)
		text = sp_strf(": %.*s", (int)strcspn(sp_buf_str(&res->body), "\r\n"),
			       sp_buf_str(&res->body));
	else
		text = sp_strdup("");
	sp_auth_redact(r->auth, text);
	return text;
}

int sp_registry_refused(struct sp_registry *r, const char *what,
			const struct sp_http_response *res, struct sp_err *err)
{
	sp_autofree char *text = error_text(r, res);
	bool denied = res->status == 401 || res->status == 403;

	return sp_err_set(err, denied ? SP_EAUTH : SP_ENETWORK,
			  "%s: %s: the registry answers %ld%.700s", r->name, what, res->status,
			  text);
}
