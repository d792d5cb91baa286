/*
 * What a call will use if it succeeds, by its arguments.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <string.h>

#include "trace/tracer.h"

/* __O_TMPFILE without O_DIRECTORY, whose value differs between machines */
#define UNNAMED 020000000

/* One call, while it is looked at. */
struct look {
	struct sp_tracer *tracer;
	struct sp_tracee *t;
	const struct sp_call *call;
	uint32_t arch;
	const uint64_t *args;
};

/* The name in an argument.  NULL if there is none, or it cannot be read. */
static const char *text_of(struct look *look, int arg, char buf[SP_PATH_MAX])
{
	int rc = look->args[arg] ?
		sp_tracee_string(look->t->tid, look->args[arg], buf, SP_PATH_MAX) : -EFAULT;

	/* a bad address or an endless name fails the call as well */
	if (rc && rc != -EFAULT && rc != -ENAMETOOLONG && rc != -ESRCH)
		look->tracer->trace->lost++;
	return rc ? NULL : buf;
}

static struct sp_claim *add_claim(struct look *look, struct sp_name name, unsigned uses)
{
	struct sp_claims *claims = &look->t->claims;
	struct sp_claim *claim = &claims->all[claims->nr++];

	*claim = (struct sp_claim){ .name = name, .uses = uses };
	return claim;
}

static bool is_plain(const char *text)
{
	const char *last = strrchr(text, '/');

	last = last ? last + 1 : text;
	return *last && strcmp(last, ".") != 0 && strcmp(last, "..") != 0;
}

/* Claim the file that two arguments name.  NULL if they name none. */
static struct sp_claim *claim_arg(struct look *look, int dir, int path, unsigned uses)
{
	char buf[SP_PATH_MAX];
	const char *text = text_of(look, path, buf);
	struct sp_name name;

	/* an empty name means the descriptor, which was opened by a name before */
	if (!text || !*text ||
	    !sp_name_find(look->tracer, look->t->tid,
			  dir < 0 ? AT_FDCWD : (int)look->args[dir], text,
			  &look->t->claims.via, &name))
		return NULL;
	struct sp_claim *claim = add_claim(look, name, uses);
	claim->plain = is_plain(text);
	return claim;
}

static struct sp_claim *claim_first(struct look *look, unsigned uses)
{
	return claim_arg(look, look->call->dir, look->call->path, uses);
}

static struct sp_claim *claim_fd(struct look *look, int fd, unsigned uses)
{
	char host[SP_PATH_MAX];
	struct sp_name name;

	if (sp_tracee_fd(look->t->tid, fd, host, sizeof(host)) ||
	    !sp_name_of_host(look->tracer, look->t->tid, host, &name))
		return NULL;
	return add_claim(look, name, uses);
}

static unsigned uses_of_flags(uint64_t flags)
{
	static const unsigned modes[] = { SP_USED_READ, SP_USED_WRITE,
					  SP_USED_READ | SP_USED_WRITE, SP_USED_STAT };

	return flags & (O_PATH | UNNAMED) ? SP_USED_STAT : modes[flags & O_ACCMODE];
}

/* An open with these flags, of which the first claim is the name. */
static void open_with(struct look *look, uint64_t flags)
{
	struct sp_claims *claims = &look->t->claims;
	struct sp_claim *claim = claim_first(look, uses_of_flags(flags));

	if (!claim || claim->uses == SP_USED_STAT)
		return;
	bool there = true;
	if (flags & O_CREAT || claim->uses & SP_USED_WRITE)
		there = claim->watch = sp_before_take(claim->name.host, &claim->before);
	if (flags & O_TRUNC || (flags & O_CREAT && !there))
		claim->uses |= SP_USED_WRITTEN;
	claims->opens = claim->uses & SP_USED_WRITTEN;
}

static void open_how(struct look *look)
{
	struct open_how how = { 0 };
	uint64_t size = look->args[3];
	size_t len = size < sizeof(how) ? (size_t)size : sizeof(how);

	if (sp_tracee_read(look->t->tid, look->args[look->call->more], &how, len))
		return;
	/* an absolute name or ".." counts from the descriptor: take the result instead */
	if (how.resolve & RESOLVE_IN_ROOT)
		look->t->claims.opens = uses_of_flags(how.flags);
	else
		open_with(look, how.flags);
}

static void exec(struct look *look)
{
	struct sp_claims *claims = &look->t->claims;
	char buf[SP_PATH_MAX];
	const char *text = text_of(look, look->call->path, buf);

	claims->execs = true;
	if (text && !*text && look->call->dir >= 0)
		claim_fd(look, (int)look->args[look->call->dir], SP_USED_EXEC);
	else
		claim_first(look, SP_USED_EXEC);
}

static void other_space(struct look *look, uint64_t flags)
{
	if (flags & CLONE_NEWNS)
		look->tracer->views = look->tracer->trace->other_mounts = true;
	if (flags & CLONE_NEWUSER)
		look->tracer->rights = true;
}

/* A child that asks not to be traced is traced all the same: nothing of the run may be
 * left behind.  Only the flag goes, which nothing but tracers can notice. */
static void clone3(struct look *look)
{
	uint64_t flags = 0, at = look->args[0];

	if (sp_tracee_read(look->t->tid, at, &flags, sizeof(flags)))
		return;
	other_space(look, flags);
	if (flags & CLONE_UNTRACED) {
		flags &= ~(uint64_t)CLONE_UNTRACED;
		if (sp_tracee_write(look->t->tid, at, &flags, sizeof(flags)))
			look->tracer->trace->lost++;
	}
}

static void clone_old(struct look *look)
{
	uint64_t flags = look->args[0];

	other_space(look, flags);
	if (flags & CLONE_UNTRACED &&
	    sp_start_set_arg(look->t->tid, look->arch, flags & ~(uint64_t)CLONE_UNTRACED))
		look->tracer->trace->lost++;
}

static void space(struct look *look)
{
	/* the flags of unshare are its first argument; setns may go anywhere */
	other_space(look, strcmp(look->call->name, "unshare") == 0 ? look->args[0] : ~0ull);
}

static void make_claims(struct look *look)
{
	const struct sp_call *call = look->call;

	switch (call->kind) {
	case SP_CALL_FIND:
	case SP_CALL_STAT:
	case SP_CALL_LSTAT:
	case SP_CALL_ACCESS:
		claim_first(look, SP_USED_STAT);
		break;
	case SP_CALL_LINK:
		claim_first(look, SP_USED_LINK);
		break;
	case SP_CALL_OPEN:
		open_with(look, look->args[call->more]);
		break;
	case SP_CALL_CREAT:
		open_with(look, O_WRONLY | O_CREAT | O_TRUNC);
		break;
	case SP_CALL_OPEN_HOW:
		open_how(look);
		break;
	case SP_CALL_OPEN_HANDLE:
		look->t->claims.opens = uses_of_flags(look->args[call->more]);
		break;
	case SP_CALL_EXEC:
		exec(look);
		break;
	case SP_CALL_LIST:
		claim_fd(look, (int)look->args[call->dir], SP_USED_LIST);
		break;
	case SP_CALL_WRITE:
		claim_first(look, SP_USED_WRITTEN);
		break;
	case SP_CALL_MOVE:
	case SP_CALL_JOIN:
		claim_first(look, call->kind == SP_CALL_MOVE ? SP_USED_WRITTEN : SP_USED_STAT);
		claim_arg(look, call->dir2, call->path2, SP_USED_WRITTEN);
		break;
	case SP_CALL_ROOT:
		claim_first(look, SP_USED_STAT);
		look->t->claims.new_root = true;
		break;
	case SP_CALL_SPACE:
		space(look);
		break;
	case SP_CALL_RIGHTS:
		look->tracer->rights = true;
		break;
	case SP_CALL_CLONE:
		clone_old(look);
		break;
	case SP_CALL_CLONE3:
		clone3(look);
		break;
	case SP_CALL_REFUSE:
		break;
	}
}

/* Can the end of the call tell anything new? */
static bool matters(const struct sp_tracer *tracer, const struct sp_tracee *t)
{
	const struct sp_claims *claims = &t->claims;

	/* an exec that succeeds stops by itself */
	if (claims->execs)
		return false;
	if (claims->new_root || claims->opens)
		return true;
	for (size_t i = 0; i < claims->nr; i++) {
		const struct sp_claim *claim = &claims->all[i];
		unsigned uses = sp_uses_counting(t, claim->uses);

		if (claim->watch ||
		    (uses && !sp_records_has(&tracer->records, claim->name.host, uses)))
			return true;
	}
	return false;
}

/* To stop at the end of a call costs as much as at its beginning. */
static enum sp_outlook outlook(const struct look *look)
{
	const struct sp_claims *claims = &look->t->claims;

	if (claims->nr != 1 || claims->opens || claims->all[0].watch)
		return SP_OUTLOOK_NONE;
	return sp_foresee(look->tracer, look->call, look->args, &claims->all[0]);
}

bool sp_claims_make(struct sp_tracer *tracer, struct sp_tracee *t,
		    const struct sp_call *call, uint32_t arch, const uint64_t *args)
{
	uint64_t narrow[6];
	struct look look = { tracer, t, call, arch, args };

	/* the upper halves of registers mean nothing to a 32-bit process */
	if (!(arch & __AUDIT_ARCH_64BIT)) {
		for (size_t i = 0; i < 6; i++)
			narrow[i] = (uint32_t)args[i];
		look.args = narrow;
	}
	sp_claims_reset(&t->claims);
	make_claims(&look);
	if (!matters(tracer, t))
		return false;
	switch (outlook(&look)) {
	case SP_OUTLOOK_WORKS:
		sp_claims_note(tracer, t);
		return false;
	case SP_OUTLOOK_FAILS:
		return false;
	case SP_OUTLOOK_NONE:
		break;
	}
	return true;
}
