/*
 * Secrets that are given on standard input: a command line can be read by every user of
 * the machine while it runs.
 */
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/cli.h"

int cli_read_secret(const char *what, struct sp_buf *ret, struct sp_err *err)
{
	for (;;) {
		ssize_t n = read(STDIN_FILENO, sp_buf_reserve(ret, 4096), 4096);

		if (n < 0)
			return sp_err_sys(err, SP_EFAIL, "cannot read the %s", what);
		if (n == 0)
			break;
		ret->len += (size_t)n;
		if (ret->len > CLI_SECRET_MAX)
			return sp_err_set(err, SP_EUSAGE, "the %s is longer than %d bytes", what,
					  CLI_SECRET_MAX);
	}
	while (ret->len && (ret->data[ret->len - 1] == '\n' || ret->data[ret->len - 1] == '\r'))
		ret->len--;
	if (ret->data)
		ret->data[ret->len] = '\0';
	if (!ret->len || memchr(ret->data, '\0', ret->len) || memchr(ret->data, '\n', ret->len))
		return sp_err_set(err, SP_EUSAGE, "standard input holds no %s of one line",
				  what);
	return 0;
}

int cli_take_creds(struct cli *cli, struct sp_err *err)
{
	sp_autobuf struct sp_buf creds = { 0 };
	int rc;

	if (cli->has_creds)
		cli_note("credentials on the command line can be seen by other users of this machine "
			 "while it runs; log in beforehand, or give them to --creds - on standard "
			 "input");
	if (!cli->creds_stdin)
		return 0;
	if (cli->file_stdin)
		return sp_err_set(err, SP_EUSAGE, "--creds - and --file - both want standard input");
	rc = cli_read_secret("[HOST=]USER:PASSWORD", &creds, err) ||
	     scratchpack_set(cli->job, "creds", sp_buf_str(&creds), err) ? -1 : 0;
	if (creds.data)
		explicit_bzero(creds.data, creds.len);
	return rc;
}
