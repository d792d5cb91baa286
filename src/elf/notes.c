/*
 * Notes: build id, ABI tag, GNU properties, and all others as they are.  They are
 * found through PT_NOTE, so that a file without section headers has them too.
 */
#include <string.h>

#include "base/vec.h"
#include "elf/reader.h"

#define BUILD_ID_MAX 256	/* bytes; 16 or 20 as a rule */
#define NOTE_SECTION_MAX 512

struct list {
	size_t left;		/* bytes of notes that may still be read */
	struct sp_elf_note *notes;
	size_t notes_nr, notes_alloc;
};

static void list_release(struct list *list)
{
	free(list->notes);
}

static size_t pad(size_t n, size_t align)
{
	return (n + align - 1) & ~(align - 1);
}

/*
 * The notes of one segment.  Fields are padded to 4 bytes, or to 8 in segments
 * aligned so (gABI, as the GNU linkers read it for .note.gnu.property).
 */
static void parse(const struct sp_reader *r, const uint8_t *data, size_t len,
		  size_t align, struct sp_arena *arena, struct list *list)
{
	size_t at = 0;

	while (len - at >= 12 && list->notes_nr < SP_ELF_NOTES_MAX) {
		size_t name_len = sp_reader_u32(r, data + at);
		size_t desc_len = sp_reader_u32(r, data + at + 4);
		size_t desc = pad(12 + name_len, align);

		if (desc > len - at || desc_len > len - at - desc)
			return;
		*SP_VEC_PUSH(list->notes) = (struct sp_elf_note){
			.owner = sp_arena_strndup(
				arena, (const char *)data + at + 12,
				strnlen((const char *)data + at + 12, name_len)),
			.type = sp_reader_u32(r, data + at + 8),
			.desc = sp_arena_memdup(arena, data + at + desc, desc_len),
			.desc_len = desc_len,
		};
		desc = pad(desc + desc_len, align);
		at += desc < len - at ? desc : len - at;
	}
}

/* Is segment i part of another that is read as notes?  Of several PT_NOTE that
 * overlap the first counts; PT_GNU_PROPERTY is, as a rule, part of a PT_NOTE. */
static bool read_before(const struct sp_reader *r, size_t i)
{
	const Elf64_Phdr *p = &r->phdrs[i];

	for (size_t k = 0; k < r->phdrs_nr; k++) {
		const Elf64_Phdr *q = &r->phdrs[k];

		if (q->p_type == p->p_type ? k >= i : q->p_type != PT_NOTE)
			continue;
		if (p->p_offset >= q->p_offset &&
		    p->p_offset - q->p_offset < q->p_filesz)
			return true;
	}
	return false;
}

static int read_segment(const struct sp_reader *r, const Elf64_Phdr *p,
			struct sp_arena *arena, struct list *list, struct sp_err *err)
{
	sp_autofree uint8_t *data = NULL;
	size_t len = p->p_filesz < list->left ? (size_t)p->p_filesz : list->left;

	list->left -= len;
	data = sp_malloc(len);
	if (sp_reader_bytes(r, "notes", p->p_offset, data, len, err))
		return -1;
	parse(r, data, len, p->p_align == 8 ? 8 : 4, arena, list);
	return 0;
}

static const char *hex(struct sp_arena *arena, const uint8_t *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char *s = sp_arena_alloc(arena, 2 * len + 1);

	for (size_t i = 0; i < len; i++) {
		s[2 * i] = digits[data[i] >> 4];
		s[2 * i + 1] = digits[data[i] & 15];
	}
	return s;
}

/* An array of type, size, bytes padded to a word. */
static void read_properties(const struct sp_reader *r, const struct sp_elf_note *note,
			    struct sp_elf *elf)
{
	bool x86 = elf->machine == EM_X86_64 || elf->machine == EM_386;
	uint32_t features = x86 ? GNU_PROPERTY_X86_FEATURE_1_AND :
				  GNU_PROPERTY_AARCH64_FEATURE_1_AND;
	size_t at = 0, left = note->desc_len;

	if (!x86 && elf->machine != EM_AARCH64)
		return;
	while (left >= 12) {
		uint32_t type = sp_reader_u32(r, note->desc + at);
		size_t size = sp_reader_u32(r, note->desc + at + 4);

		if (size > left - 8)
			return;
		if (size == 4 && type == features)
			elf->features = sp_reader_u32(r, note->desc + at + 8);
		if (size == 4 && x86 && type == GNU_PROPERTY_X86_ISA_1_NEEDED)
			elf->isa_needed = sp_reader_u32(r, note->desc + at + 8);
		size = 8 + pad(size, r->bits == 64 ? 8 : 4);
		if (size > left)
			return;
		at += size;
		left -= size;
	}
}

static void understand(const struct sp_reader *r, const struct sp_elf_note *note,
		       struct sp_elf *elf)
{
	if (strcmp(note->owner, "GNU") != 0)
		return;
	if (note->type == NT_GNU_BUILD_ID && note->desc_len > 0 &&
	    note->desc_len <= BUILD_ID_MAX && !elf->build_id) {
		elf->build_id = hex(&elf->arena, note->desc, note->desc_len);
	} else if (note->type == NT_GNU_ABI_TAG && note->desc_len >= 16) {
		elf->has_abi_tag = true;
		elf->abi_os = sp_reader_u32(r, note->desc);
		for (size_t i = 0; i < 3; i++)
			elf->kernel[i] = sp_reader_u32(r, note->desc + 4 + 4 * i);
	} else if (note->type == NT_GNU_PROPERTY_TYPE_0) {
		read_properties(r, note, elf);
	}
}

int sp_notes_build_id(const struct sp_reader *r, const Elf64_Shdr *sh,
		      struct sp_elf *elf, struct sp_err *err)
{
	SP_CLEANUP(list_release) struct list list = { .left = NOTE_SECTION_MAX };
	Elf64_Phdr range = { .p_offset = sh->sh_offset, .p_filesz = sh->sh_size,
			     .p_align = sh->sh_addralign };

	if (elf->build_id || read_segment(r, &range, &elf->arena, &list, err))
		return elf->build_id ? 0 : -1;
	for (size_t i = 0; i < list.notes_nr; i++)
		if (list.notes[i].type == NT_GNU_BUILD_ID)
			understand(r, &list.notes[i], elf);
	return 0;
}

int sp_notes_read(struct sp_reader *r, struct sp_elf *elf, struct sp_err *err)
{
	SP_CLEANUP(list_release) struct list list = { .left = SP_ELF_NOTE_BYTES_MAX };
	struct sp_err damage = { 0 };

	for (size_t i = 0; i < r->phdrs_nr; i++) {
		const Elf64_Phdr *p = &r->phdrs[i];

		if ((p->p_type != PT_NOTE && p->p_type != PT_GNU_PROPERTY) ||
		    p->p_filesz == 0 || read_before(r, i))
			continue;
		/* One damaged segment does not hide the others. */
		if (read_segment(r, p, &elf->arena, &list, &damage) &&
		    damage.code != SP_EPROGRAM) {
			*err = damage;
			return -1;
		}
	}
	if (list.notes_nr)
		elf->notes = sp_arena_memdup(&elf->arena, list.notes,
					     list.notes_nr * sizeof(*list.notes));
	elf->notes_nr = list.notes_nr;
	for (size_t i = 0; i < elf->notes_nr; i++)
		understand(r, &elf->notes[i], elf);
	return 0;
}
