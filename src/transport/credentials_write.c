/*
 * Keeping and forgetting credentials, in the files of docker and podman or in the
 * helper that they name.
 */
#include "transport/credentials.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/io.h"
#include "image/json.h"

/* One change of one file. */
struct change {
	const struct sp_registry_options *options;
	const char *domain;
	const volatile sig_atomic_t *cancelled;
	struct sp_arena *arena;
	const char *file;
	struct sp_json *doc;		/* what is in it */
};

static int open_change(struct change *c, struct sp_err *err)
{
	sp_autobuf struct sp_buf text = { 0 };

	c->file = sp_credentials_file(c->options, c->arena);
	if (!c->file)
		return sp_err_set(err, SP_EUSAGE,
				  "there is no place for credentials: neither HOME nor "
				  "DOCKER_CONFIG is set; say --authfile FILE");
	if (access(c->file, F_OK) == 0 && sp_read_file(c->file, SP_AUTH_FILE_MAX, &text, err))
		return -1;
	if (!text.data || !text.data[strspn(text.data, " \t\r\n")]) {
		c->doc = sp_json_object();
		return 0;
	}
	if (sp_json_parse(text.data, text.len, &c->doc, err) || !sp_json_is_object(c->doc))
		return sp_err_set(err, SP_EAUTH, "%s: cannot be understood: %s", c->file,
				  c->doc ? "no JSON object" : err->msg);
	return 0;
}

/* The directories above the file, for nobody but their owner. */
static int make_parents(const char *file, struct sp_err *err)
{
	for (const char *slash = strchr(file + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		sp_autofree char *dir = sp_strndup(file, (size_t)(slash - file));

		struct stat st;

		/* where one is there, its system need not say EEXIST */
		if (mkdir(dir, 0700) && errno != EEXIST) {
			int saved = errno;

			if (stat(dir, &st) == 0)
				continue;
			errno = saved;
			return sp_err_sys(err, SP_EOUTPUT,
					  "%s: cannot make the directory %s for credentials",
					  file, dir);
		}
	}
	return 0;
}

/* The new contents in the place of the old: 0600 from the beginning. */
static int replace(const char *file, const char *text, struct sp_err *err)
{
	struct sp_outfile out = { .fd = -1, .private = true };
	int rc;

	rc = make_parents(file, err);
	if (!rc)
		rc = sp_outfile_open(&out, file, err);
	if (!rc)
		rc = sp_outfile_write(&out, text, strlen(text), err);
	if (!rc)
		rc = sp_outfile_commit(&out, err);
	sp_outfile_abort(&out);
	return rc;
}

static bool is_ours(const struct change *c, const char *key)
{
	const char *const *keys = sp_credentials_keys(c->domain, NULL, c->arena);

	for (; *keys; keys++)
		if (strcmp(*keys, key) == 0)
			return true;
	return false;
}

/* "auths" without our entries, and with entry (NULL: none) as the new one. */
static struct sp_json *new_auths(const struct change *c, struct sp_json *entry, bool *ret_found)
{
	struct sp_json *auths = sp_json_object();
	const struct sp_json *i = sp_json_first(sp_json_get(c->doc, "auths"));

	for (; i; i = sp_json_next(i)) {
		if (is_ours(c, sp_json_key(i)))
			*ret_found = true;
		else
			sp_json_add(auths, sp_json_key(i), sp_json_copy(i));
	}
	if (entry)
		sp_json_add(auths, sp_credentials_server(c->domain), entry);
	return auths;
}

/* The file again, with other "auths"; everything else in its place. */
static int rewrite(const struct change *c, struct sp_json *entry, bool *ret_found,
		   struct sp_err *err)
{
	sp_autojson struct sp_json *doc = sp_json_object();
	struct sp_json *auths = new_auths(c, entry, ret_found);
	bool done = false;

	for (const struct sp_json *i = sp_json_first(c->doc); i; i = sp_json_next(i)) {
		bool it = strcmp(sp_json_key(i), "auths") == 0;

		sp_json_add(doc, sp_json_key(i), it ? auths : sp_json_copy(i));
		done |= it;
	}
	if (!done)
		sp_json_add(doc, "auths", auths);
	sp_autofree char *text = sp_json_text(doc, true);
	sp_autofree char *line = sp_strf("%s\n", text);
	int rc = replace(c->file, line, err);

	explicit_bzero(text, strlen(text));
	explicit_bzero(line, strlen(line));
	return rc;
}

/* The helper for this host that the file names, or NULL. */
static const char *helper_of(const struct change *c)
{
	const struct sp_json *helpers = sp_json_get(c->doc, "credHelpers");
	const char *const *keys = sp_credentials_keys(c->domain, NULL, c->arena);
	const char *name;

	for (; *keys; keys++)
		if ((name = sp_json_str(helpers, *keys)) && *name)
			return name;
	name = sp_json_str(c->doc, "credsStore");
	return name && *name ? name : NULL;
}

static int ask_helper(const struct change *c, const char *name, const char *verb,
		      const char *input, bool *ret_failed, struct sp_err *err)
{
	sp_autobuf struct sp_buf answer = { 0 };
	bool missing;
	int status = 0;

	if (sp_helper_run(c->options, name, verb, input, c->cancelled, &answer, &status, &missing,
			  err))
		return sp_err_wrap(err, "%s", c->file);
	*ret_failed = status != 0;
	return 0;
}

static int store_in_helper(const struct change *c, const char *name, const char *user,
			   const char *secret, struct sp_err *err)
{
	sp_autojson struct sp_json *doc = sp_json_object();
	bool failed;

	sp_json_add_str(doc, "ServerURL", sp_credentials_server(c->domain));
	sp_json_add_str(doc, "Username", user);
	sp_json_add_str(doc, "Secret", secret);
	sp_autofree char *text = sp_json_text(doc, false);
	int rc = ask_helper(c, name, "store", text, &failed, err);

	explicit_bzero(text, strlen(text));
	if (!rc && failed)
		return sp_err_set(err, SP_EAUTH, "docker-credential-%s: could not keep the password",
				  name);
	return rc;
}

int sp_credentials_store(const struct sp_registry_options *options, const char *domain,
			 const char *user, const char *secret,
			 const volatile sig_atomic_t *cancelled, struct sp_arena *arena,
			 const char **ret_where, struct sp_err *err)
{
	struct change c = { options, domain, cancelled, arena, NULL, NULL };
	struct sp_json *entry = sp_json_object();
	bool found = false;
	const char *helper;
	int rc = open_change(&c, err);

	helper = rc ? NULL : helper_of(&c);
	if (helper) {
		rc = store_in_helper(&c, helper, user, secret, err);
		*ret_where = sp_arena_strf(arena, "docker-credential-%s (named in %s)", helper,
					   c.file);
	} else if (!rc) {
		sp_autofree char *plain = sp_strf("%s:%s", user, secret);
		sp_autobuf struct sp_buf auth = { 0 };

		sp_base64_add(&auth, plain, strlen(plain));
		sp_json_add_str(entry, "auth", sp_buf_str(&auth));
		explicit_bzero(plain, strlen(plain));
		explicit_bzero(auth.data, auth.len);
		*ret_where = c.file;
	}
	/* with a helper the entry stays empty, as docker leaves it */
	if (!rc)
		rc = rewrite(&c, entry, &found, err);
	else
		sp_json_free(entry);
	sp_json_free(c.doc);
	return rc;
}

int sp_credentials_erase(const struct sp_registry_options *options, const char *domain,
			 const volatile sig_atomic_t *cancelled, struct sp_arena *arena,
			 const char **ret_where, bool *ret_found, struct sp_err *err)
{
	struct change c = { options, domain, cancelled, arena, NULL, NULL };
	const char *helper;
	bool failed = true, found = false;
	int rc = open_change(&c, err);

	helper = rc ? NULL : helper_of(&c);
	if (helper)
		rc = ask_helper(&c, helper, "erase", sp_credentials_server(domain), &failed, err);
	*ret_where = helper ? sp_arena_strf(arena, "docker-credential-%s (named in %s)", helper,
					    c.file) : c.file;
	for (const struct sp_json *i = sp_json_first(sp_json_get(c.doc, "auths")); !rc && i;
	     i = sp_json_next(i))
		found |= is_ours(&c, sp_json_key(i));
	/* a file in which nothing changes is left alone */
	if (!rc && found)
		rc = rewrite(&c, NULL, &found, err);
	*ret_found = found || (helper && !failed);
	sp_json_free(c.doc);
	return rc;
}
