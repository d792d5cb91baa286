/*
 * The processes and threads that are traced, and what can be read from them.
 */
#include "trace/tracee.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/mem.h"

#define PAGE 4096u		/* or more: only how much is read at a time */

static struct sp_tracee **place_of(struct sp_tracees *all, pid_t tid)
{
	struct sp_tracee **at = &all->buckets[(unsigned)tid % SP_TRACEE_BUCKETS];

	while (*at && (*at)->tid != tid)
		at = &(*at)->next;
	return at;
}

struct sp_tracee *sp_tracee_find(const struct sp_tracees *all, pid_t tid)
{
	struct sp_tracee *t = all->buckets[(unsigned)tid % SP_TRACEE_BUCKETS];

	while (t && t->tid != tid)
		t = t->next;
	return t && !t->ended ? t : NULL;
}

struct sp_tracee *sp_tracee_add(struct sp_tracees *all, pid_t tid)
{
	struct sp_tracee **at = place_of(all, tid);

	if (!*at) {
		*at = sp_calloc(1, sizeof(**at));
		(*at)->tid = tid;
		all->nr++;
	} else if ((*at)->ended) {
		/* whoever made the last with this number was killed and told nothing */
		(*at)->ended = (*at)->inside = false;
		all->nr++;
	}
	return *at;
}

void sp_claims_reset(struct sp_claims *claims)
{
	for (size_t i = 0; i < claims->nr; i++)
		free(claims->all[i].name.host);
	claims->nr = 0;
	sp_buf_reset(&claims->via);
	claims->opens = 0;
	claims->execs = claims->new_root = false;
}

static void forget(struct sp_tracees *all, struct sp_tracee **at)
{
	struct sp_tracee *gone = *at;

	*at = gone->next;
	if (!gone->ended)
		all->nr--;
	sp_claims_reset(&gone->claims);
	sp_buf_release(&gone->claims.via);
	free(gone);
}

struct sp_tracee *sp_tracee_tell(struct sp_tracees *all, pid_t tid)
{
	struct sp_tracee **at = place_of(all, tid), *t = *at;

	if (t && t->ended) {
		forget(all, at);
		return NULL;
	}
	if (t) {
		t->told = true;
		return NULL;
	}
	t = sp_tracee_add(all, tid);
	t->told = true;
	return t;
}

void sp_tracee_end(struct sp_tracees *all, pid_t tid)
{
	struct sp_tracee **at = place_of(all, tid), *t = *at;

	if (!t || t->ended)
		return;
	if (t->told) {
		forget(all, at);
		return;
	}
	t->ended = true;
	t->in_call = false;
	t->program = NULL;
	sp_claims_reset(&t->claims);
	all->nr--;
}

void sp_tracees_release(struct sp_tracees *all)
{
	for (size_t i = 0; i < SP_TRACEE_BUCKETS; i++)
		while (all->buckets[i])
			forget(all, &all->buckets[i]);
}

/* Word by word, where the quick way is not permitted. */
static int peek(pid_t tid, uint64_t at, char *buf, size_t len)
{
	for (size_t done = 0; done < len;) {
		uint64_t word_at = (at + done) & ~(uint64_t)(sizeof(long) - 1);
		size_t skip = (size_t)(at + done - word_at), n = sizeof(long) - skip;

		errno = 0;
		long word = ptrace(PTRACE_PEEKDATA, tid, (void *)(uintptr_t)word_at, NULL);
		if (errno)
			return -errno;
		if (n > len - done)
			n = len - done;
		memcpy(buf + done, (char *)&word + skip, n);
		done += n;
	}
	return 0;
}

int sp_tracee_read(pid_t tid, uint64_t at, void *buf, size_t len)
{
	struct iovec here = { buf, len }, there = { (void *)(uintptr_t)at, len };
	ssize_t n = process_vm_readv(tid, &here, 1, &there, 1, 0);

	if (n == (ssize_t)len)
		return 0;
	if (n < 0 && (errno == EPERM || errno == ENOSYS))
		return peek(tid, at, buf, len);
	return n < 0 ? -errno : -EFAULT;
}

int sp_tracee_write(pid_t tid, uint64_t at, const void *data, size_t len)
{
	struct iovec here = { (void *)(uintptr_t)data, len };
	struct iovec there = { (void *)(uintptr_t)at, len };
	ssize_t n = process_vm_writev(tid, &here, 1, &there, 1, 0);

	return n == (ssize_t)len ? 0 : n < 0 ? -errno : -EFAULT;
}

int sp_tracee_string(pid_t tid, uint64_t at, char *buf, size_t size)
{
	for (size_t done = 0; done < size;) {
		/* not across a page: the next one may not be there.  Most names are
		 * short, so begin with little. */
		size_t n = PAGE - (size_t)((at + done) % PAGE), most = done ? PAGE : 256;

		n = n < most ? n : most;
		n = n < size - done ? n : size - done;
		int rc = sp_tracee_read(tid, at + done, buf + done, n);
		if (rc)
			return rc;
		if (memchr(buf + done, '\0', n))
			return 0;
		done += n;
	}
	return -ENAMETOOLONG;
}

int sp_tracee_link(pid_t tid, const char *what, char *buf, size_t size)
{
	static const char gone[] = " (deleted)";
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", tid, what);
	ssize_t n = readlink(path, buf, size - 1);
	if (n < 0)
		return -errno;
	buf[n] = '\0';
	/* "pipe:[1]", "(unreachable)/x", "/x (deleted)": nothing that has a name */
	if (buf[0] != '/')
		return -ENOENT;
	if ((size_t)n > sizeof(gone) && strcmp(buf + n - (sizeof(gone) - 1), gone) == 0 &&
	    access(buf, F_OK))
		return -ENOENT;
	return (size_t)n >= size - 1 ? -ENAMETOOLONG : 0;
}

int sp_tracee_fd(pid_t tid, int fd, char *buf, size_t size)
{
	char what[32];

	snprintf(what, sizeof(what), "fd/%d", fd);
	return sp_tracee_link(tid, what, buf, size);
}

int sp_tracee_family(pid_t tid, pid_t *ret_process, pid_t *ret_parent)
{
	char path[64], text[2048];
	sp_autoclose int fd = -1;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	const char *process = strstr(text, "\nTgid:"), *parent = strstr(text, "\nPPid:");
	if (!process || !parent)
		return -ENOENT;
	*ret_process = (pid_t)strtol(process + 6, NULL, 10);
	*ret_parent = (pid_t)strtol(parent + 6, NULL, 10);
	return 0;
}
