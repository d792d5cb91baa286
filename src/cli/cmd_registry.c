/*
 * scratchpack tags, referrers, login and logout.
 */
#include <errno.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/cli.h"

static int one_operand(const struct cli *cli, const char *what, struct sp_err *err)
{
	if (cli->operands_nr == 1)
		return 0;
	return sp_err_set(err, SP_EUSAGE, "%s takes one %s, not %zu", cli->command->name, what,
			  cli->operands_nr);
}

int cli_tags(struct cli *cli, struct sp_err *err)
{
	if (one_operand(cli, "NAME", err) ||
	    scratchpack_tags(cli->job, cli->operands[0], err))
		return -1;
	const struct sp_json *report = scratchpack_document(cli->job);

	if (cli->json)
		printf("%s\n", scratchpack_report(cli->job));
	const struct sp_json *tags = sp_json_get(report, "tags");
	for (const struct sp_json *t = sp_json_first(tags); t && !cli->json; t = sp_json_next(t))
		printf("%s\n", sp_json_str(t, NULL));
	return cli_flush(err);
}

int cli_referrers(struct cli *cli, struct sp_err *err)
{
	if (one_operand(cli, "NAME", err) ||
	    scratchpack_referrers(cli->job, cli->operands[0], err))
		return -1;
	const struct sp_json *report = scratchpack_document(cli->job);

	if (cli->json)
		printf("%s\n", scratchpack_report(cli->job));
	const struct sp_json *list = sp_json_get(report, "referrers");
	for (const struct sp_json *r = sp_json_first(list); r && !cli->json; r = sp_json_next(r)) {
		const char *type = sp_json_str(r, "artifactType");

		printf("%s ", sp_json_str(r, "digest"));
		cli_print_safe(stdout, type ? type : sp_json_str(r, "mediaType"));
		putchar('\n');
	}
	return cli_flush(err);
}

/* One line of a terminal, not shown while it is typed if secret. */
static int ask(const char *what, bool secret, struct sp_buf *ret, struct sp_err *err)
{
	struct termios old, quiet;
	bool terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &old) == 0;
	char c;
	ssize_t n;

	if (!terminal)
		return sp_err_set(err, SP_EUSAGE,
				  "there is no terminal to ask for the %s; say --username USER "
				  "--password-stdin", what);
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	fprintf(stderr, "%c%s: ", what[0] - 'a' + 'A', what + 1);
	if (secret)
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	while ((n = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n' && ret->len < CLI_SECRET_MAX)
		sp_buf_addch(ret, c);
	if (secret) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
		fputc('\n', stderr);
	}
	return n < 0 ? sp_err_sys(err, SP_EFAIL, "cannot read the %s", what) : 0;
}

static int set_password(struct cli *cli, struct sp_err *err)
{
	sp_autobuf struct sp_buf password = { 0 };

	if (cli->has_password) {
		cli_note("a password on the command line can be seen by other users of this machine "
			 "and stays in the history of your shell; use --password-stdin");
		return 0;
	}
	if (cli->password_stdin ? cli_read_secret("password", &password, err) :
				  ask("password", true, &password, err))
		return -1;
	int rc = scratchpack_set(cli->job, "password", sp_buf_str(&password), err);

	if (password.data)
		explicit_bzero(password.data, password.len);
	return rc;
}

int cli_login(struct cli *cli, struct sp_err *err)
{
	sp_autobuf struct sp_buf user = { 0 };

	if (one_operand(cli, "REGISTRY", err))
		return -1;
	if (cli->has_password && cli->password_stdin)
		return sp_err_set(err, SP_EUSAGE, "--password and --password-stdin are both given");
	if (!cli->has_username &&
	    (cli->password_stdin ?
		     sp_err_set(err, SP_EUSAGE, "--password-stdin needs --username") :
		     ask("user name", false, &user, err)))
		return -1;
	if (!cli->has_username &&
	    scratchpack_set(cli->job, "username", sp_buf_str(&user), err))
		return -1;
	if (set_password(cli, err) ||
	    scratchpack_login(cli->job, cli->operands[0], err))
		return -1;
	const struct sp_json *report = scratchpack_document(cli->job);

	cli_say("logged in to %s; kept in %s", sp_json_str(report, "registry"),
		sp_json_str(report, "where"));
	return 0;
}

int cli_logout(struct cli *cli, struct sp_err *err)
{
	if (one_operand(cli, "REGISTRY", err) ||
	    scratchpack_logout(cli->job, cli->operands[0], err))
		return -1;
	const struct sp_json *report = scratchpack_document(cli->job);

	cli_say("logged out of %s; removed from %s", sp_json_str(report, "registry"),
		sp_json_str(report, "where"));
	return 0;
}
