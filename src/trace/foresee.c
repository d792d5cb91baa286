/*
 * How a call will end, where that can be known at its beginning: a process that sees the
 * same files as we do, and has the same rights, gets the same answer.
 *
 * Only of calls that change nothing.  Where the two may differ, nothing is foreseen and
 * the end of the call is waited for.  A file that comes or goes in between is a matter
 * of luck for the process too.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "trace/tracer.h"

#define STAT_FLAGS (AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | \
		    AT_STATX_FORCE_SYNC | AT_STATX_DONT_SYNC)
#define OPEN_FLAGS (O_CLOEXEC | O_DIRECTORY | O_NOCTTY | O_NONBLOCK)

static enum sp_outlook outlook_of(bool works)
{
	return works ? SP_OUTLOOK_WORKS : SP_OUTLOOK_FAILS;
}

static enum sp_outlook find(const char *host, uint64_t flags)
{
	struct stat st;

	if (flags & ~(uint64_t)STAT_FLAGS)
		return SP_OUTLOOK_NONE;
	return outlook_of(fstatat(AT_FDCWD, host, &st, flags & AT_SYMLINK_NOFOLLOW) == 0);
}

/* For reading, files and directories alone: others do something when they are opened. */
static enum sp_outlook open_plain(const char *host, uint64_t flags)
{
	struct stat st;

	if (flags & ~(uint64_t)OPEN_FLAGS)
		return SP_OUTLOOK_NONE;
	if (stat(host, &st))
		return SP_OUTLOOK_FAILS;
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return SP_OUTLOOK_NONE;
	if (flags & O_DIRECTORY && !S_ISDIR(st.st_mode))
		return SP_OUTLOOK_FAILS;
	return outlook_of(faccessat(AT_FDCWD, host, R_OK, AT_EACCESS) == 0);
}

static enum sp_outlook is_type(const char *host, mode_t type)
{
	struct stat st;

	return outlook_of(lstat(host, &st) == 0 && (st.st_mode & S_IFMT) == type);
}

enum sp_outlook sp_foresee(const struct sp_tracer *tracer, const struct sp_call *call,
			   const uint64_t *args, const struct sp_claim *claim)
{
	const char *host = claim->name.host;
	uint64_t more = call->more >= 0 ? args[call->more] : 0;

	/* what processes have of their own; also /dev/fd and /dev/tty lead there */
	if (tracer->views || tracer->rights || sp_path_within(host, "/proc") ||
	    sp_path_within(host, "/dev"))
		return SP_OUTLOOK_NONE;
	if (call->kind == SP_CALL_LIST)
		return is_type(host, S_IFDIR);
	if (!claim->plain)
		return SP_OUTLOOK_NONE;
	switch (call->kind) {
	case SP_CALL_STAT:
		return find(host, more);
	case SP_CALL_LSTAT:
		return find(host, AT_SYMLINK_NOFOLLOW);
	case SP_CALL_ACCESS:
		return outlook_of(faccessat(AT_FDCWD, host, (int)more, 0) == 0);
	case SP_CALL_LINK:
		return is_type(host, S_IFLNK);
	case SP_CALL_OPEN:
		return open_plain(host, more);
	default:
		return SP_OUTLOOK_NONE;
	}
}

void sp_foresee_exec(struct sp_tracer *tracer, const char *exe)
{
	struct stat st;

	if (stat(exe, &st) || st.st_mode & (S_ISUID | S_ISGID) ||
	    getxattr(exe, "security.capability", NULL, 0) >= 0)
		tracer->rights = true;
}
