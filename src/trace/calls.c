/*
 * The system calls that take names of files, and the seccomp filter for them.
 */
#include "trace/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/sched.h>
#include <linux/seccomp.h>

/*
 * Numbers never change once a kernel was released with them: arch/x86/entry/syscalls,
 * arch/arm/tools/syscall.tbl and include/uapi/asm-generic/unistd.h of Linux.  x32 uses
 * those of x86-64 with a bit set.
 *
 * Columns: arguments dir, path, dir2, path2, more; then x86-64, i386, arm, generic.
 */
const struct sp_call sp_calls[] = {
	{ "stat", SP_CALL_STAT, -1, 0, -1, -1, -1, { 4, 106, 106, -1 } },
	{ "lstat", SP_CALL_LSTAT, -1, 0, -1, -1, -1, { 6, 107, 107, -1 } },
	{ "oldstat", SP_CALL_STAT, -1, 0, -1, -1, -1, { -1, 18, -1, -1 } },
	{ "oldlstat", SP_CALL_LSTAT, -1, 0, -1, -1, -1, { -1, 84, -1, -1 } },
	{ "stat64", SP_CALL_STAT, -1, 0, -1, -1, -1, { -1, 195, 195, -1 } },
	{ "lstat64", SP_CALL_LSTAT, -1, 0, -1, -1, -1, { -1, 196, 196, -1 } },
	{ "newfstatat", SP_CALL_STAT, 0, 1, -1, -1, 3, { 262, -1, -1, 79 } },
	{ "fstatat64", SP_CALL_STAT, 0, 1, -1, -1, 3, { -1, 300, 327, -1 } },
	{ "statx", SP_CALL_STAT, 0, 1, -1, -1, 2, { 332, 383, 397, 291 } },
	{ "access", SP_CALL_ACCESS, -1, 0, -1, -1, 1, { 21, 33, 33, -1 } },
	{ "faccessat", SP_CALL_ACCESS, 0, 1, -1, -1, 2, { 269, 307, 334, 48 } },
	{ "faccessat2", SP_CALL_FIND, 0, 1, -1, -1, 0, { 439, 439, 439, 439 } },
	{ "readlink", SP_CALL_LINK, -1, 0, -1, -1, 0, { 89, 85, 85, -1 } },
	{ "readlinkat", SP_CALL_LINK, 0, 1, -1, -1, 0, { 267, 305, 332, 78 } },
	{ "open", SP_CALL_OPEN, -1, 0, -1, -1, 1, { 2, 5, 5, -1 } },
	{ "openat", SP_CALL_OPEN, 0, 1, -1, -1, 2, { 257, 295, 322, 56 } },
	{ "creat", SP_CALL_CREAT, -1, 0, -1, -1, 0, { 85, 8, 8, -1 } },
	{ "openat2", SP_CALL_OPEN_HOW, 0, 1, -1, -1, 2, { 437, 437, 437, 437 } },
	{ "open_by_handle_at", SP_CALL_OPEN_HANDLE, -1, -1, -1, -1, 2, { 304, 342, 371, 265 } },
	{ "execve", SP_CALL_EXEC, -1, 0, -1, -1, 0, { 59, 11, 11, 221 } },
	{ "execveat", SP_CALL_EXEC, 0, 1, -1, -1, 0, { 322, 358, 387, 281 } },
	/* x32 has its own, for its own pointers */
	{ "execve", SP_CALL_EXEC, -1, 0, -1, -1, 0, { 520, -1, -1, -1 } },
	{ "execveat", SP_CALL_EXEC, 0, 1, -1, -1, 0, { 545, -1, -1, -1 } },
	{ "uselib", SP_CALL_FIND, -1, 0, -1, -1, 0, { 134, 86, 86, -1 } },
	{ "getdents", SP_CALL_LIST, 0, -1, -1, -1, 0, { 78, 141, 141, -1 } },
	{ "getdents64", SP_CALL_LIST, 0, -1, -1, -1, 0, { 217, 220, 217, 61 } },
	{ "readdir", SP_CALL_LIST, 0, -1, -1, -1, 0, { -1, 89, -1, -1 } },
	{ "chdir", SP_CALL_FIND, -1, 0, -1, -1, 0, { 80, 12, 12, 49 } },
	{ "statfs", SP_CALL_FIND, -1, 0, -1, -1, 0, { 137, 99, 99, 43 } },
	{ "statfs64", SP_CALL_FIND, -1, 0, -1, -1, 0, { -1, 268, 266, -1 } },
	{ "getxattr", SP_CALL_FIND, -1, 0, -1, -1, 0, { 191, 229, 229, 8 } },
	{ "lgetxattr", SP_CALL_FIND, -1, 0, -1, -1, 0, { 192, 230, 230, 9 } },
	{ "listxattr", SP_CALL_FIND, -1, 0, -1, -1, 0, { 194, 232, 232, 11 } },
	{ "llistxattr", SP_CALL_FIND, -1, 0, -1, -1, 0, { 195, 233, 233, 12 } },
	{ "setxattr", SP_CALL_FIND, -1, 0, -1, -1, 0, { 188, 226, 226, 5 } },
	{ "lsetxattr", SP_CALL_FIND, -1, 0, -1, -1, 0, { 189, 227, 227, 6 } },
	{ "removexattr", SP_CALL_FIND, -1, 0, -1, -1, 0, { 197, 235, 235, 14 } },
	{ "lremovexattr", SP_CALL_FIND, -1, 0, -1, -1, 0, { 198, 236, 236, 15 } },
	{ "getxattrat", SP_CALL_FIND, 0, 1, -1, -1, 0, { 464, 464, 464, 464 } },
	{ "listxattrat", SP_CALL_FIND, 0, 1, -1, -1, 0, { 465, 465, 465, 465 } },
	{ "setxattrat", SP_CALL_FIND, 0, 1, -1, -1, 0, { 463, 463, 463, 463 } },
	{ "removexattrat", SP_CALL_FIND, 0, 1, -1, -1, 0, { 466, 466, 466, 466 } },
	{ "chmod", SP_CALL_FIND, -1, 0, -1, -1, 0, { 90, 15, 15, -1 } },
	{ "fchmodat", SP_CALL_FIND, 0, 1, -1, -1, 0, { 268, 306, 333, 53 } },
	{ "fchmodat2", SP_CALL_FIND, 0, 1, -1, -1, 0, { 452, 452, 452, 452 } },
	{ "chown", SP_CALL_FIND, -1, 0, -1, -1, 0, { 92, 182, 182, -1 } },
	{ "lchown", SP_CALL_FIND, -1, 0, -1, -1, 0, { 94, 16, 16, -1 } },
	{ "chown32", SP_CALL_FIND, -1, 0, -1, -1, 0, { -1, 212, 212, -1 } },
	{ "lchown32", SP_CALL_FIND, -1, 0, -1, -1, 0, { -1, 198, 198, -1 } },
	{ "fchownat", SP_CALL_FIND, 0, 1, -1, -1, 0, { 260, 298, 325, 54 } },
	{ "utime", SP_CALL_FIND, -1, 0, -1, -1, 0, { 132, 30, -1, -1 } },
	{ "utimes", SP_CALL_FIND, -1, 0, -1, -1, 0, { 235, 271, 269, -1 } },
	{ "futimesat", SP_CALL_FIND, 0, 1, -1, -1, 0, { 261, 299, 326, -1 } },
	{ "utimensat", SP_CALL_FIND, 0, 1, -1, -1, 0, { 280, 320, 348, 88 } },
	{ "utimensat_time64", SP_CALL_FIND, 0, 1, -1, -1, 0, { -1, 412, 412, -1 } },
	{ "inotify_add_watch", SP_CALL_FIND, -1, 1, -1, -1, 0, { 254, 292, 317, 27 } },
	{ "name_to_handle_at", SP_CALL_FIND, 0, 1, -1, -1, 0, { 303, 341, 370, 264 } },
	{ "open_tree", SP_CALL_FIND, 0, 1, -1, -1, 0, { 428, 428, 428, 428 } },
	{ "truncate", SP_CALL_WRITE, -1, 0, -1, -1, 0, { 76, 92, 92, 45 } },
	{ "truncate64", SP_CALL_WRITE, -1, 0, -1, -1, 0, { -1, 193, 193, -1 } },
	{ "mkdir", SP_CALL_WRITE, -1, 0, -1, -1, 0, { 83, 39, 39, -1 } },
	{ "mkdirat", SP_CALL_WRITE, 0, 1, -1, -1, 0, { 258, 296, 323, 34 } },
	{ "mknod", SP_CALL_WRITE, -1, 0, -1, -1, 0, { 133, 14, 14, -1 } },
	{ "mknodat", SP_CALL_WRITE, 0, 1, -1, -1, 0, { 259, 297, 324, 33 } },
	{ "rmdir", SP_CALL_WRITE, -1, 0, -1, -1, 0, { 84, 40, 40, -1 } },
	{ "unlink", SP_CALL_WRITE, -1, 0, -1, -1, 0, { 87, 10, 10, -1 } },
	{ "unlinkat", SP_CALL_WRITE, 0, 1, -1, -1, 0, { 263, 301, 328, 35 } },
	{ "symlink", SP_CALL_WRITE, -1, 1, -1, -1, 0, { 88, 83, 83, -1 } },
	{ "symlinkat", SP_CALL_WRITE, 1, 2, -1, -1, 0, { 266, 304, 331, 36 } },
	{ "rename", SP_CALL_MOVE, -1, 0, -1, 1, 0, { 82, 38, 38, -1 } },
	{ "renameat", SP_CALL_MOVE, 0, 1, 2, 3, 0, { 264, 302, 329, 38 } },
	{ "renameat2", SP_CALL_MOVE, 0, 1, 2, 3, 0, { 316, 353, 382, 276 } },
	{ "link", SP_CALL_JOIN, -1, 0, -1, 1, 0, { 86, 9, 9, -1 } },
	{ "linkat", SP_CALL_JOIN, 0, 1, 2, 3, 0, { 265, 303, 330, 37 } },
	{ "chroot", SP_CALL_ROOT, -1, 0, -1, -1, 0, { 161, 61, 61, 51 } },
	{ "pivot_root", SP_CALL_ROOT, -1, 0, -1, -1, 0, { 155, 217, 218, 41 } },
	{ "unshare", SP_CALL_SPACE, -1, -1, -1, -1, 0, { 272, 310, 337, 97 } },
	{ "setns", SP_CALL_SPACE, -1, -1, -1, -1, 0, { 308, 346, 375, 268 } },
	{ "setuid", SP_CALL_RIGHTS, -1, -1, -1, -1, 0, { 105, 23, 23, 146 } },
	{ "setgid", SP_CALL_RIGHTS, -1, -1, -1, -1, 0, { 106, 46, 46, 144 } },
	{ "setreuid", SP_CALL_RIGHTS, -1, -1, -1, -1, 0, { 113, 70, 70, 145 } },
	{ "setregid", SP_CALL_RIGHTS, -1, -1, -1, -1, 0, { 114, 71, 71, 143 } },
	{ "setgroups", SP_CALL_RIGHTS, -1, -1, -1, -1, 0, { 116, 81, 81, 159 } },
	{ "setresuid", SP_CALL_RIGHTS, -1, -1, -1, -1, 0, { 117, 164, 164, 147 } },
	{ "setresgid", SP_CALL_RIGHTS, -1, -1, -1, -1, 0, { 119, 170, 170, 149 } },
	{ "setfsuid", SP_CALL_RIGHTS, -1, -1, -1, -1, 0, { 122, 138, 138, 151 } },
	{ "setfsgid", SP_CALL_RIGHTS, -1, -1, -1, -1, 0, { 123, 139, 139, 152 } },
	{ "setuid32", SP_CALL_RIGHTS, -1, -1, -1, -1, 0, { -1, 213, 213, -1 } },
	{ "setgid32", SP_CALL_RIGHTS, -1, -1, -1, -1, 0, { -1, 214, 214, -1 } },
	{ "setreuid32", SP_CALL_RIGHTS, -1, -1, -1, -1, 0, { -1, 203, 203, -1 } },
	{ "setregid32", SP_CALL_RIGHTS, -1, -1, -1, -1, 0, { -1, 204, 204, -1 } },
	{ "setgroups32", SP_CALL_RIGHTS, -1, -1, -1, -1, 0, { -1, 206, 206, -1 } },
	{ "setresuid32", SP_CALL_RIGHTS, -1, -1, -1, -1, 0, { -1, 208, 208, -1 } },
	{ "setresgid32", SP_CALL_RIGHTS, -1, -1, -1, -1, 0, { -1, 210, 210, -1 } },
	{ "setfsuid32", SP_CALL_RIGHTS, -1, -1, -1, -1, 0, { -1, 215, 215, -1 } },
	{ "setfsgid32", SP_CALL_RIGHTS, -1, -1, -1, -1, 0, { -1, 216, 216, -1 } },
	{ "capset", SP_CALL_RIGHTS, -1, -1, -1, -1, 0, { 126, 185, 185, 91 } },
	{ "landlock_restrict_self", SP_CALL_RIGHTS, -1, -1, -1, -1, 0, { 446, 446, 446, 446 } },
	{ "clone", SP_CALL_CLONE, -1, -1, -1, -1, 0, { 56, 120, 120, 220 } },
	{ "clone3", SP_CALL_CLONE3, -1, -1, -1, -1, 0, { 435, 435, 435, 435 } },
	{ "io_uring_setup", SP_CALL_REFUSE, -1, -1, -1, -1, 0, { 425, 425, 425, 425 } },
};
const size_t sp_calls_nr = sizeof(sp_calls) / sizeof(*sp_calls);

#define X32_BIT 0x40000000

/* The ways to call the kernel that this machine has. */
static const struct { uint32_t arch; enum sp_abi abi; } abis[] = {
#if defined(__x86_64__)
	{ AUDIT_ARCH_X86_64, SP_ABI_X86_64 },
	{ AUDIT_ARCH_I386, SP_ABI_I386 },
#elif defined(__i386__)
	{ AUDIT_ARCH_I386, SP_ABI_I386 },
#elif defined(__aarch64__)
	{ AUDIT_ARCH_AARCH64, SP_ABI_GENERIC },
	{ AUDIT_ARCH_ARM, SP_ABI_ARM },
#elif defined(__arm__) && defined(__ARM_EABI__)
	{ AUDIT_ARCH_ARM, SP_ABI_ARM },
#elif defined(__riscv) && __riscv_xlen == 64
	{ AUDIT_ARCH_RISCV64, SP_ABI_GENERIC },
#else
	{ 0, SP_ABI_NR },
#endif
};

struct code {
	struct sock_filter *at;
	size_t nr;
};

static void put(struct code *code, uint16_t op, uint8_t yes, uint8_t no, uint32_t k)
{
	code->at[code->nr++] = (struct sock_filter)BPF_JUMP(op, k, yes, no);
}

static void load(struct code *code, size_t offset)
{
	put(code, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

static void give(struct code *code, uint32_t answer)
{
	put(code, BPF_RET | BPF_K, 0, 0, answer);
}

/* The low half of an argument, where all flags of clone are. */
static size_t low_half(unsigned arg)
{
	return offsetof(struct seccomp_data, args) + arg * sizeof(uint64_t) +
	       (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0);
}

/* Answers for a call that may stop, by an argument; the number is loaded. */
static void put_clone(struct code *code, uint32_t stop)
{
	load(code, low_half(0));
	put(code, BPF_JMP | BPF_JSET | BPF_K, 0, 1,
	    CLONE_UNTRACED | CLONE_NEWNS | CLONE_NEWUSER);
	give(code, stop);
	give(code, SECCOMP_RET_ALLOW);
}

/*
 * fstat(3) of today is a stat of the name "" from a descriptor, which was opened by a
 * name before: a quarter of all stops.  A filter cannot read the name, so a file that is
 * named while these flags are set, and never opened, is missed.
 */
static void put_stat(struct code *code, const struct sp_call *call, uint32_t stop)
{
	load(code, low_half((unsigned)call->more));
	put(code, BPF_JMP | BPF_JEQ | BPF_K, 0, 3, AT_EMPTY_PATH);
	load(code, low_half((unsigned)call->dir));
	put(code, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, (uint32_t)AT_FDCWD);
	give(code, SECCOMP_RET_ALLOW);
	give(code, stop);
}

/* "If this is the call, answer"; the number is loaded. */
static void put_call(struct code *code, size_t i, enum sp_abi abi)
{
	const struct sp_call *call = &sp_calls[i];
	uint32_t stop = SECCOMP_RET_TRACE | (uint32_t)i;
	size_t jump = code->nr;

	put(code, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, (uint32_t)call->nr[abi]);
	if (call->kind == SP_CALL_CLONE)
		put_clone(code, stop);
	else if (call->kind == SP_CALL_STAT && call->more >= 0)
		put_stat(code, call, stop);
	else
		give(code, call->kind == SP_CALL_REFUSE ? SECCOMP_RET_ERRNO | ENOSYS : stop);
	code->at[jump].jf = (uint8_t)(code->nr - jump - 1);
}

static void put_abi(struct code *code, enum sp_abi abi)
{
	load(code, offsetof(struct seccomp_data, nr));
	if (abi == SP_ABI_X86_64)
		put(code, BPF_ALU | BPF_AND | BPF_K, 0, 0, ~(uint32_t)X32_BIT);
	for (size_t i = 0; i < sp_calls_nr; i++)
		if (sp_calls[i].nr[abi] >= 0)
			put_call(code, i, abi);
	give(code, SECCOMP_RET_ALLOW);
}

size_t sp_calls_filter(struct sock_filter code[SP_CALLS_FILTER_MAX])
{
	struct code c = { .at = code };

	if (abis[0].abi == SP_ABI_NR)
		return 0;
	for (size_t i = 0; i < sizeof(abis) / sizeof(*abis); i++) {
		size_t jump;

		load(&c, offsetof(struct seccomp_data, arch));
		put(&c, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, abis[i].arch);
		jump = c.nr;
		put(&c, BPF_JMP | BPF_JA, 0, 0, 0);
		put_abi(&c, abis[i].abi);
		code[jump].k = (uint32_t)(c.nr - jump - 1);
	}
	give(&c, SECCOMP_RET_ALLOW);
	return c.nr;
}

const struct sp_call *sp_call_find(uint32_t arch, uint64_t nr, size_t hint)
{
	enum sp_abi abi = SP_ABI_NR;

	for (size_t i = 0; i < sizeof(abis) / sizeof(*abis); i++)
		if (abis[i].arch == arch)
			abi = abis[i].abi;
	if (abi == SP_ABI_NR)
		return NULL;
	if (abi == SP_ABI_X86_64)
		nr &= ~(uint64_t)X32_BIT;
	/* a filter of the program's own may stop it as well, with data of its own */
	if (hint < sp_calls_nr && sp_calls[hint].nr[abi] == (int64_t)nr)
		return &sp_calls[hint];
	for (size_t i = 0; i < sp_calls_nr; i++)
		if (sp_calls[i].nr[abi] == (int64_t)nr)
			return &sp_calls[i];
	return NULL;
}
