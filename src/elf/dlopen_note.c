/*
 * .note.dlopen: choosing the notes.  Reading notes is notes.c's, reading JSON is not
 * this layer's.
 */
#include "elf/dlopen_note.h"

#include <string.h>

void sp_elf_dlopen_notes(const struct sp_elf *elf,
			 void (*visit)(void *ctx, const char *json, size_t len), void *ctx)
{
	for (size_t i = 0; i < elf->notes_nr; i++) {
		const struct sp_elf_note *note = &elf->notes[i];
		const char *json = (const char *)note->desc;
		size_t len;

		if (note->type != SP_ELF_DLOPEN_NOTE_TYPE ||
		    strcmp(note->owner, "FDO") != 0)
			continue;
		/* The text has its NUL, and may be padded with more. */
		len = strnlen(json, note->desc_len);
		if (len > 0 && len <= SP_ELF_DLOPEN_JSON_MAX)
			visit(ctx, json, len);
	}
}
