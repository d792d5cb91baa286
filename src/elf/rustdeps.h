/*
 * The crates of a Rust program: what cargo-auditable wrote down, or else what the
 * messages of panics give away.
 */
#ifndef SP_ELF_RUSTDEPS_H
#define SP_ELF_RUSTDEPS_H

#include "base/buf.h"
#include "elf/elf.h"

#define SP_ELF_RUST_DEPS_MAX (8 * 1024 * 1024)	/* compressed bytes */
#define SP_ELF_RUST_JSON_MAX (64 * 1024 * 1024)	/* the same when unpacked */
#define SP_ELF_RUST_CRATES_MAX 65536

/*
 * Append the section .dep-v0 to ret: JSON compressed by zlib, which is neither checked
 * nor unpacked here.  Nothing is appended for a file that has none, one that is damaged,
 * or one too large to be true; only a failing read is a failure.
 */
SP_CHECKED int sp_elf_rust_deps(const struct sp_elf *elf, struct sp_file *file,
				struct sp_buf *ret, struct sp_err *err);

/*
 * Visit each crate and version, once: those of .dep-v0 but for tools of the build, or, if
 * there is none, those that stand in a source path among the constants:
 * ".../registry/src/INDEX/CRATE-VERSION/" as cargo has it, and
 * ".../cargo/registry/CRATE-VERSION/" as Debian builds it.  Compiled in without a panic
 * that names its source, or with other paths, a crate is not seen.  Strings are valid
 * during the call only; only a failing read is a failure.
 */
SP_CHECKED int sp_elf_rust_crates(const struct sp_elf *elf, struct sp_file *file,
				  void (*visit)(void *ctx, const char *crate,
						const char *version),
				  void *ctx, struct sp_err *err);

#endif
