/*
 * The functions of a Go program, by name.
 *
 * Every Go program carries a table of its functions for stack traces (pclntab), which
 * stays when symbols and sections are stripped.  The linker keeps what can be reached,
 * so the names tell what a program may do: with crypto/x509.loadSystemRoots in it, it
 * may look for CA certificates.
 */
#ifndef SP_ELF_GOFUNCS_H
#define SP_ELF_GOFUNCS_H

#include "elf/elf.h"

#define SP_ELF_GO_FUNCTIONS_MAX 2000000
#define SP_ELF_GO_NAME_MAX 4096		/* bytes; longer names are left out */

/*
 * Visit the names in the table, in no order that means anything: "os/user.Lookup",
 * "os/exec.(*Cmd).Start"; with type parameters "main.Map[...]", or since Go 1.21 with the
 * types in full.  From Go 1.16 on functions that exist only inlined into others are among
 * them.  Names are whole, may come twice, and are valid during the call only.
 *
 * Knows the tables of Go 1.2 and later, for all machines.  A file without such a table,
 * and one whose table is damaged, visits nothing, or what comes before the damage, and
 * succeeds: only a failing read is a failure.
 */
SP_CHECKED int sp_elf_go_functions(const struct sp_elf *elf, struct sp_file *file,
				   void (*visit)(void *ctx, const char *name), void *ctx,
				   struct sp_err *err);

#endif
