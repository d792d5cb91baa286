/*
 * Credentials that texts hold, whatever the name of the file: passwords, tokens, and the
 * keys of tools that write them in a form of their own.  Only what stands there with a
 * value counts; programs and manuals know the words too.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/find.h"
#include "rootfs/secrets.h"

#define LINES_MAX 1000		/* of a text that are looked at */
#define VALUE_MIN 8		/* characters that make a password */
#define LONG 20			/* that make a token or a key */

static bool is_value(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       strchr("+/=._-", c);
}

/* How many characters from at on could be a value. */
static size_t value_len(const char *at, const char *end)
{
	size_t n = 0;

	while (at + n < end && at[n] && is_value(at[n]))
		n++;
	return n;
}

/* What is drawn by chance has digits and capitals in it; the names of variables that
 * programs put there have not. */
static bool is_random(const char *at, size_t len)
{
	bool digit = false, capital = false;

	for (size_t i = 0; i < len; i++) {
		digit |= at[i] >= '0' && at[i] <= '9';
		capital |= at[i] >= 'A' && at[i] <= 'Z';
	}
	return digit && capital;
}

/* Words behind which a value stands, after blanks, quotes and one of the signs. */
static const struct {
	const char *word, *with;	/* with: another word that has to be there */
	size_t min;			/* characters; random ones if there are many */
	const char *what;
} words[] = {
	{ "aws_secret_access_key", NULL, 40, "a file of credentials" },
	{ "AGE-SECRET-KEY-1", NULL, 50, "a private key (age)" },
	{ "client-key-data", NULL, LONG, "access to a cluster" },
	{ "token", "kind: Config", LONG, "access to a cluster" },
	{ "\"auth\"", "\"auths\"", VALUE_MIN, "credentials of registries" },
	{ "\"identitytoken\"", "\"auths\"", VALUE_MIN, "credentials of registries" },
	{ ":_authToken", NULL, LONG, "a file of credentials" },
};

static const char *find(const char *at, const char *end, const char *what)
{
	struct sp_needle needle = sp_needle_of(what);

	return sp_needle_find(&needle, at, end);
}

static const char *by_words(const char *text, const char *end)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		const char *at = text;

		if (words[i].with && !find(text, end, words[i].with))
			continue;
		while ((at = find(at, end, words[i].word))) {
			at += strlen(words[i].word);
			while (at < end && *at && strchr(" \t\"':=", *at))
				at++;
			size_t len = value_len(at, end);
			if (len >= words[i].min && (len < LONG || is_random(at, len)))
				return words[i].what;
		}
	}
	return NULL;
}

/* "name:$6$...": a line of shadow(5) or of a web server's passwords, by crypt(5). */
static bool is_hash(const char *line, const char *end)
{
	static const char *const ways[] = { "$1$", "$5$", "$6$", "$7$", "$y$", "$gy$", "$2a$",
					    "$2b$", "$2y$", "$apr1$" };
	size_t name = value_len(line, end);
	const char *at = line + name;

	if (!name || at == end || *at++ != ':')
		return false;
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		size_t len = strlen(ways[i]);

		if ((size_t)(end - at) > len && memcmp(at, ways[i], len) == 0)
			return value_len(at + len, end) >= 2;
	}
	return false;
}

/* "https://name:password@host": a line of git's store. */
static bool is_login(const char *line, const char *end)
{
	static const char http[] = "http";
	const char *at = line + sizeof(http) - 1;

	if ((size_t)(end - line) < sizeof(http) || memcmp(line, http, sizeof(http) - 1) != 0)
		return false;
	at += *at == 's';
	if (end - at < 3 || memcmp(at, "://", 3) != 0)
		return false;
	size_t name = value_len(at += 3, end);
	if (!name || at + name == end || at[name] != ':' || memchr(at, '/', name))
		return false;
	at += name + 1;
	size_t password = value_len(at, end);
	return password && at + password < end && at[password] == '@';
}

/* netrc(5), where all may stand on one line or on three. */
static bool is_netrc(const char *text, const char *end)
{
	static const char machine[] = "machine ";

	return (size_t)(end - text) > sizeof(machine) &&
	       memcmp(text, machine, sizeof(machine) - 1) == 0 &&
	       find(text, end, "login ") && find(text, end, "password ");
}

const char *sp_secret_text(const void *head, size_t len)
{
	const char *text = head, *end = text + len, *line = text, *what;

	if (!len || memchr(head, '\0', len))
		return NULL;
	if ((what = by_words(text, end)))
		return what;
	if (is_netrc(text, end) || is_login(text, end))
		return "a file of credentials";
	for (int i = 0; line && line < end && i < LINES_MAX; i++) {
		const char *next = memchr(line, '\n', (size_t)(end - line));

		if (is_hash(line, next ? next : end))
			return "hashes of passwords";
		line = next ? next + 1 : NULL;
	}
	return NULL;
}

/* An OpenPGP packet with a secret key (RFC 4880: 4.2 headers, 5.5.2 and 5.5.3 keys). */
bool sp_secret_pgp(const void *head, size_t len)
{
	const uint8_t *b = head;
	size_t body;

	if (len < 16)
		return false;
	if (b[0] == 0x94)			/* tag 5, old format, one byte of length */
		body = 2;
	else if (b[0] == 0x95)
		body = 3;
	else if (b[0] == 0xc5)			/* new format */
		body = b[1] < 192 ? 2 : 3;
	else
		return false;
	/* version 4, four bytes of time, an algorithm that is defined */
	uint8_t way = b[body + 5];
	return b[body] == 4 && ((way >= 1 && way <= 3) || (way >= 16 && way <= 28));
}
