/*
 * Libraries that an object says it opens by name: .note.dlopen, as systemd and others
 * write it (the ELF dlopen metadata specification of uapi-group.org).
 */
#ifndef SP_ELF_DLOPEN_NOTE_H
#define SP_ELF_DLOPEN_NOTE_H

#include "elf/elf.h"

#define SP_ELF_DLOPEN_NOTE_TYPE 0x407c0c0au
#define SP_ELF_DLOPEN_JSON_MAX 65536	/* bytes; longer notes are left out */

/*
 * Visit the text of each such note: a JSON array of objects with soname (an array, the
 * best first), priority, feature, description.  It is handed on as it is, which may be no
 * JSON at all; it is not empty, has no NUL inside, need not end in one, and lives as long
 * as elf.  Found by the kind of note, so that a file without section headers has them.
 */
void sp_elf_dlopen_notes(const struct sp_elf *elf,
			 void (*visit)(void *ctx, const char *json, size_t len), void *ctx);

#endif
