/*
 * The table of system calls against the kernel's headers, and the filter, interpreted.
 */
#include "trace/calls.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include "test.h"

/* What the filter answers, by the rules of bpf(4) for the instructions it uses. */
static uint32_t answer_args(const struct sock_filter *code, size_t nr, uint32_t arch,
			    uint32_t call, uint64_t arg0, uint64_t arg3)
{
	struct seccomp_data data = {
		.arch = arch, .nr = (int)call, .args = { arg0, 0, 0, arg3 },
	};
	uint32_t a = 0;

	for (size_t pc = 0; pc < nr; pc++) {
		const struct sock_filter *in = &code[pc];

		switch (in->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&a, (char *)&data + in->k, sizeof(a));
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= in->k;
			break;
		case BPF_JMP | BPF_JA:
			pc += in->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == in->k ? in->jt : in->jf;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			pc += a & in->k ? in->jt : in->jf;
			break;
		case BPF_RET | BPF_K:
			return in->k;
		default:
			return 0xbad;
		}
	}
	return 0xbad;
}

static uint32_t answer(const struct sock_filter *code, size_t nr, uint32_t arch, uint32_t call,
		       uint64_t arg0)
{
	return answer_args(code, nr, arch, call, arg0, 0);
}

static const struct sp_call *call_named(const char *name)
{
	for (size_t i = 0; i < sp_calls_nr; i++)
		if (strcmp(sp_calls[i].name, name) == 0)
			return &sp_calls[i];
	return NULL;
}

/* Every number of a column that a header knows is the header's. */
static void check_column(enum sp_abi abi, const char *compiler, const char *header)
{
	char command[512], line[256], name[128];
	int known = 0, wrong = 0;
	long nr;

	snprintf(command, sizeof(command),
		 "echo '#include <%s>' | %s -E -dM - 2>/dev/null", header, compiler);
	FILE *pipe = popen(command, "r");
	while (pipe && fgets(line, sizeof(line), pipe)) {
		if (sscanf(line, "#define __NR3264_%127s %ld", name, &nr) != 2 &&
		    sscanf(line, "#define __NR_%127s %ld", name, &nr) != 2 &&
		    sscanf(line, "#define __NR_%127s (__NR_SYSCALL_BASE + %ld", name, &nr) != 2)
			continue;
		/* the generic table has one name for what it has in two widths */
		if (abi == SP_ABI_GENERIC && strcmp(name, "fstatat") == 0)
			snprintf(name, sizeof(name), "newfstatat");
		const struct sp_call *call = call_named(name);
		if (!call)
			continue;
		known++;
		if (call->nr[abi] != nr) {
			note("%s: %d, not %ld", name, call->nr[abi], nr);
			wrong++;
		}
	}
	if (pipe)
		pclose(pipe);
	if (!known)
		skip("%s has no %s", compiler, header);
	else
		ok(known > 30 && !wrong, "%d numbers of %s, %s", known, compiler, header);
}

static void table(void)
{
	int bad = 0;

	check_column(SP_ABI_X86_64, "cc", "asm/unistd_64.h");
	check_column(SP_ABI_I386, "cc", "asm/unistd_32.h");
	check_column(SP_ABI_ARM, "arm-linux-gnueabihf-gcc", "asm/unistd.h");
	check_column(SP_ABI_GENERIC, "aarch64-linux-gnu-gcc", "asm/unistd.h");
	for (size_t i = 0; i < sp_calls_nr; i++) {
		const struct sp_call *c = &sp_calls[i];

		/* a number twice in a column would hide the second call */
		for (size_t k = 0; k < i; k++)
			for (int abi = 0; abi < SP_ABI_NR; abi++)
				bad += c->nr[abi] >= 0 && c->nr[abi] == sp_calls[k].nr[abi];
		bad += c->dir > 5 || c->path > 5 || c->dir2 > 5 || c->path2 > 5 || c->more > 5;
	}
	is_int(bad, 0, "no number twice, no argument there cannot be");
}

static void filter(void)
{
	struct sock_filter code[SP_CALLS_FILTER_MAX];
	size_t nr = sp_calls_filter(code);

	if (!nr) {
		skip("no filter for this machine");
		return;
	}
	ok(nr <= SP_CALLS_FILTER_MAX, "%zu instructions", nr);
#if defined(__x86_64__)
	uint32_t x64 = AUDIT_ARCH_X86_64, i386 = AUDIT_ARCH_I386;
	const struct sp_call *openat = call_named("openat"), *clone = call_named("clone");
	uint32_t stop = SECCOMP_RET_TRACE | (uint32_t)(openat - sp_calls);

	is_int(answer(code, nr, x64, 257, 0), stop, "openat");
	is_int(answer(code, nr, i386, 295, 0), stop, "of 32-bit processes");
	is_int(answer(code, nr, x64, 0x40000000 | 257, 0), stop, "of x32 processes");
	is_int(answer(code, nr, i386, 257, 0), SECCOMP_RET_ALLOW, "the same number elsewhere");
	is_int(answer(code, nr, x64, 0, 0), SECCOMP_RET_ALLOW, "read");
	is_int(answer(code, nr, x64, 9999, 0), SECCOMP_RET_ALLOW, "what is not known yet");
	is_int(answer(code, nr, AUDIT_ARCH_ARM, 5, 0), SECCOMP_RET_ALLOW, "another machine");
	is_int(answer(code, nr, x64, 425, 0), SECCOMP_RET_ERRNO | ENOSYS, "io_uring_setup");
	is_int(answer(code, nr, x64, 56, 0x11), SECCOMP_RET_ALLOW, "an ordinary clone");
	is_int(answer(code, nr, x64, 56, 0x00800011),
	       SECCOMP_RET_TRACE | (uint32_t)(clone - sp_calls), "one that would not be traced");
	is_int(answer(code, nr, x64, 56, CLONE_NEWUSER | 0x11),
	       SECCOMP_RET_TRACE | (uint32_t)(clone - sp_calls), "one that gets other rights");
	stop = SECCOMP_RET_TRACE | (uint32_t)(call_named("newfstatat") - sp_calls);
	is_int(answer_args(code, nr, x64, 262, 3, 0), stop, "a name from a descriptor");
	is_int(answer_args(code, nr, x64, 262, 3, AT_EMPTY_PATH), SECCOMP_RET_ALLOW,
	       "a descriptor, as fstat(3) has it");
	is_int(answer_args(code, nr, x64, 262, (uint32_t)AT_FDCWD, AT_EMPTY_PATH), stop,
	       "but not the current directory");
	is_int(answer_args(code, nr, x64, 262, 3, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW), stop,
	       "nor with other flags");
	ok(sp_call_find(x64, 257, (size_t)(openat - sp_calls)) == openat, "found by its index");
	ok(sp_call_find(i386, 295, 0) == openat, "or without");
	ok(sp_call_find(x64, 0x40000000 | 257, SIZE_MAX) == openat, "x32");
	ok(!sp_call_find(x64, 0, 3), "read is none of them");
	ok(!sp_call_find(1, 257, 3), "nor are those of unknown machines");
#endif
}

int main(void)
{
	table();
	filter();
	return test_done();
}
