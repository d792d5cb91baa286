/*
 * Checked ranges of an ELF file: header, addresses, strings, search.  What needs
 * to know class or byte order is in elf.c.
 */
#include "elf/reader.h"

#include <inttypes.h>
#include <string.h>

#define SEARCH_BLOCK (64 * 1024)
#define SEARCH_NEEDLE_MAX 64
#define BLOCK_ALIGN 1024	/* what comes just before is likely to be asked for too */

/* Where the block for an offset begins.  The last one ends with the file: section names
 * and headers stand there, the names first, and are asked for the other way round. */
static uint64_t block_start(const struct sp_reader *r, uint64_t offset)
{
	if (r->size > SP_READER_BLOCK && offset >= r->size - SP_READER_BLOCK)
		return r->size - SP_READER_BLOCK;
	return offset - offset % BLOCK_ALIGN;
}

/* Read len bytes out of a block that is kept, or is from now on. */
static int from_block(const struct sp_reader *r, uint64_t offset, void *buf, size_t len,
		      size_t *ret_len, struct sp_err *err)
{
	struct sp_blocks *b = r->blocks;
	size_t i = 0;

	while (i < SP_READER_BLOCKS && (offset < b->block[i].offset ||
			  offset + len > b->block[i].offset + b->block[i].len))
		i++;
	if (i == SP_READER_BLOCKS) {
		i = b->next++ % SP_READER_BLOCKS;
		b->block[i].offset = block_start(r, offset);
		b->block[i].len = 0;
		/* a read beyond the end would only learn where that is */
		uint64_t left = r->size - b->block[i].offset;
		if (sp_file_pread(r->file, b->block[i].data,
				  left < SP_READER_BLOCK ? (size_t)left : SP_READER_BLOCK,
				  b->block[i].offset, &b->block[i].len, err))
			return -1;
	}
	size_t skip = (size_t)(offset - b->block[i].offset);
	size_t avail = b->block[i].len > skip ? b->block[i].len - skip : 0;

	*ret_len = len < avail ? len : avail;
	memcpy(buf, b->block[i].data + skip, *ret_len);
	return 0;
}

int sp_reader_bytes(const struct sp_reader *r, const char *what, uint64_t offset,
		    void *buf, size_t len, struct sp_err *err)
{
	size_t got = 0;

	if (offset > r->size || len > r->size - offset)
		return sp_err_set(err, SP_EPROGRAM,
				  "%s: %zu bytes at offset %" PRIu64
				  " lie outside the file, which has %" PRIu64,
				  what, len, offset, r->size);
	bool small = r->blocks && len <= SP_READER_BLOCK - BLOCK_ALIGN;
	if (small ? from_block(r, offset, buf, len, &got, err) :
		    sp_file_pread(r->file, buf, len, offset, &got, err))
		return sp_err_wrap(err, "%s", what);
	if (got < len)
		return sp_err_set(err, SP_EPROGRAM,
				  "%s: the file ended early, at byte %" PRIu64, what,
				  offset + got);
	return 0;
}

static int check_header(struct sp_reader *r, struct sp_err *err)
{
	const Elf64_Ehdr *h = &r->header;
	size_t entry = sp_reader_record_size(r, SP_REC_PHDR);

	if (h->e_version != EV_CURRENT)
		return sp_err_set(err, SP_EPROGRAM, "ELF version is %u, expected %d",
				  h->e_version, EV_CURRENT);
	/* Core files may have more segments than the header can count, and those
	 * of relocatable files mean nothing: neither is looked into. */
	if (h->e_type == ET_CORE || h->e_type == ET_REL || h->e_phnum == 0)
		return 0;
	if (h->e_phnum > SP_ELF_PHDRS_MAX)
		return sp_err_set(err, SP_EPROGRAM,
				  "%u program headers, expected %d at most",
				  h->e_phnum, SP_ELF_PHDRS_MAX);
	if (h->e_phentsize != entry)
		return sp_err_set(err, SP_EPROGRAM,
				  "program headers of %u bytes, expected %zu",
				  h->e_phentsize, entry);
	r->phdrs_nr = h->e_phnum;
	return 0;
}

static int read_header(struct sp_reader *r, struct sp_err *err)
{
	unsigned char ident[EI_NIDENT];

	if (r->size < 4)
		return sp_err_set(err, SP_EPROGRAM, "not an ELF file: only %" PRIu64
				  " bytes long", r->size);
	if (sp_reader_bytes(r, "ELF header", 0, ident, 4, err))
		return -1;
	if (memcmp(ident, ELFMAG, SELFMAG) != 0)
		return sp_err_set(err, SP_EPROGRAM,
				  "not an ELF file: it does not begin with \\x7f" "ELF");
	if (sp_reader_bytes(r, "ELF header", 0, ident, sizeof(ident), err))
		return -1;
	if (ident[EI_CLASS] != ELFCLASS32 && ident[EI_CLASS] != ELFCLASS64)
		return sp_err_set(err, SP_EPROGRAM,
				  "ELF class is %u, expected 1 (32 bit) or 2 (64 bit)",
				  ident[EI_CLASS]);
	if (ident[EI_DATA] != ELFDATA2LSB && ident[EI_DATA] != ELFDATA2MSB)
		return sp_err_set(err, SP_EPROGRAM, "ELF byte order is %u, expected "
				  "1 (little-endian) or 2 (big-endian)", ident[EI_DATA]);
	r->bits = ident[EI_CLASS] == ELFCLASS64 ? 64 : 32;
	r->big_endian = ident[EI_DATA] == ELFDATA2MSB;
	if (sp_reader_records(r, SP_REC_EHDR, "ELF header", 0, 1, &r->header, err))
		return -1;
	return check_header(r, err);
}

/* The kernel maps what lies behind the end of a file, and the program dies of
 * SIGBUS when it gets there: better said now. */
static int check_segment(const struct sp_reader *r, size_t i, struct sp_err *err)
{
	const Elf64_Phdr *p = &r->phdrs[i];

	if (p->p_type != PT_LOAD)
		return 0;
	if (p->p_offset > r->size || p->p_filesz > r->size - p->p_offset)
		return sp_err_set(err, SP_EPROGRAM,
				  "segment %zu: %" PRIu64 " bytes at offset %" PRIu64
				  " lie outside the file, which has %" PRIu64
				  " (cut short?)", i, p->p_filesz, p->p_offset, r->size);
	if (p->p_filesz > p->p_memsz)
		return sp_err_set(err, SP_EPROGRAM,
				  "segment %zu: larger in the file (%" PRIu64
				  " bytes) than in memory (%" PRIu64 ")",
				  i, p->p_filesz, p->p_memsz);
	if (p->p_vaddr + p->p_memsz < p->p_vaddr)
		return sp_err_set(err, SP_EPROGRAM,
				  "segment %zu: %" PRIu64 " bytes at address 0x%" PRIx64
				  " go beyond the last address", i, p->p_memsz, p->p_vaddr);
	return 0;
}

int sp_reader_open(struct sp_reader *r, struct sp_file *file, struct sp_arena *arena,
		   struct sp_err *err)
{
	return sp_reader_open_with(r, file, NULL, arena, err);
}

int sp_reader_open_with(struct sp_reader *r, struct sp_file *file,
			struct sp_blocks *blocks, struct sp_arena *arena,
			struct sp_err *err)
{
	*r = (struct sp_reader){ .file = file, .blocks = blocks, .size = file->st.size };
	/* their data need not be cleared */
	for (size_t i = 0; blocks && i < SP_READER_BLOCKS; i++)
		blocks->block[i].offset = blocks->block[i].len = 0;
	if (blocks)
		blocks->next = 0;
	if (read_header(r, err))
		return -1;
	if (!r->phdrs_nr)
		return 0;
	r->phdrs = sp_arena_alloc(arena, r->phdrs_nr * sizeof(*r->phdrs));
	if (sp_reader_records(r, SP_REC_PHDR, "program headers", r->header.e_phoff,
			      r->phdrs_nr, r->phdrs, err))
		return -1;
	for (size_t i = 0; i < r->phdrs_nr; i++)
		if (check_segment(r, i, err))
			return -1;
	return 0;
}

bool sp_reader_locate(const struct sp_reader *r, uint64_t address,
		      uint64_t *ret_offset, uint64_t *ret_avail)
{
	for (size_t i = 0; i < r->phdrs_nr; i++) {
		const Elf64_Phdr *p = &r->phdrs[i];

		if (p->p_type != PT_LOAD || address < p->p_vaddr ||
		    address - p->p_vaddr >= p->p_filesz)
			continue;
		*ret_offset = p->p_offset + (address - p->p_vaddr);
		*ret_avail = p->p_filesz - (address - p->p_vaddr);
		return true;
	}
	return false;
}

int sp_reader_entry(const struct sp_reader *r, const char *tag, uint64_t address,
		    uint64_t i, size_t size, size_t nr, uint64_t *ret, struct sp_err *err)
{
	uint64_t offset, avail;

	if (!sp_reader_locate(r, address, &offset, &avail))
		return sp_err_set(err, SP_EPROGRAM, "dynamic symbols: %s at 0x%" PRIx64
				  " lies outside the file", tag, address);
	if (i > avail / size || nr > avail / size - i)
		return sp_err_set(err, SP_EPROGRAM, "dynamic symbols: entry %" PRIu64
				  " of %s lies outside the file", i + nr - 1, tag);
	*ret = offset + i * size;
	return 0;
}

int sp_reader_entries(const struct sp_reader *r, const char *tag, uint64_t address,
		      uint64_t i, size_t size, size_t nr, void *buf, struct sp_err *err)
{
	uint64_t offset;

	if (sp_reader_entry(r, tag, address, i, size, nr, &offset, err))
		return -1;
	return sp_reader_bytes(r, tag, offset, buf, nr * size, err);
}

/* The first needle in buf, at a multiple of align from the range's start. */
static bool find_in(const char *buf, size_t len, uint64_t base, const char *needle,
		    size_t needle_len, size_t align, uint64_t *ret)
{
	for (const char *p = buf; (p = memmem(p, len - (size_t)(p - buf), needle,
					      needle_len)); p++)
		if ((base + (uint64_t)(p - buf)) % align == 0) {
			*ret = base + (uint64_t)(p - buf);
			return true;
		}
	return false;
}

int sp_reader_search(const struct sp_reader *r, uint64_t offset, uint64_t len,
		     const char *needle, size_t align, bool *ret_found,
		     uint64_t *ret_at, struct sp_err *err)
{
	size_t needle_len = strlen(needle), kept = 0;
	char *buf = NULL;
	uint64_t at, hit;
	int rc = 0;

	*ret_found = false;
	if (offset >= r->size)
		return 0;
	if (len > r->size - offset)
		len = r->size - offset;
	buf = sp_malloc(SEARCH_NEEDLE_MAX +
			(len < SEARCH_BLOCK ? (size_t)len : SEARCH_BLOCK));
	/* at counts from the range's start; a needle may lie across two blocks, so
	 * the last bytes of each are kept in front of the next. */
	for (at = 0; at < len && !*ret_found;) {
		size_t n = len - at < SEARCH_BLOCK ? (size_t)(len - at) : SEARCH_BLOCK;

		rc = sp_reader_bytes(r, "search", offset + at, buf + kept, n, err);
		if (rc)
			break;
		if (find_in(buf, kept + n, at - kept, needle, needle_len, align, &hit)) {
			*ret_found = true;
			*ret_at = offset + hit;
		}
		at += n;
		n += kept;
		kept = n < needle_len - 1 ? n : needle_len - 1;
		memmove(buf, buf + n - kept, kept);
	}
	free(buf);
	return rc;
}

static int unterminated(const struct sp_strings *s, const char *where, uint64_t at,
			struct sp_err *err)
{
	return sp_err_set(err, SP_EPROGRAM,
			  "%s: the string at byte %" PRIu64 " of the %s has no end "
			  "within the table's %" PRIu64 " bytes or within %d bytes",
			  where, at, s->what, s->size, SP_ELF_STRING_MAX);
}

/* One string of a table too large to keep, read in pieces that grow. */
static int get_from_large(struct sp_strings *s, const struct sp_reader *r,
			  const char *where, uint64_t at, struct sp_err *err)
{
	size_t have = 0, step = 256;

	if (!s->data)
		s->data = sp_malloc(SP_ELF_STRING_MAX);
	while (have < SP_ELF_STRING_MAX) {
		uint64_t left = s->size - at - have;
		size_t n = SP_ELF_STRING_MAX - have;

		n = n < step ? n : step;
		n = n < left ? n : (size_t)left;
		if (n == 0)
			break;
		if (sp_reader_bytes(r, s->what, s->offset + at + have, s->data + have,
				    n, err))
			return -1;
		if (memchr(s->data + have, '\0', n))
			return 0;
		have += n;
		step *= 4;
	}
	return unterminated(s, where, at, err);
}

int sp_strings_get(struct sp_strings *s, const struct sp_reader *r, const char *where,
		   uint64_t at, const char **ret, struct sp_err *err)
{
	if (at >= s->size)
		return sp_err_set(err, SP_EPROGRAM,
				  "%s: points at byte %" PRIu64 " of the %s, "
				  "which has %" PRIu64, where, at, s->what, s->size);
	if (s->ends) {
		*ret = s->data + at;
		return 0;
	}
	if (s->size > (s->whole_max ? s->whole_max : SP_ELF_TABLE_MAX)) {
		if (get_from_large(s, r, where, at, err))
			return -1;
		*ret = s->data;
		return 0;
	}
	if (!s->data) {
		sp_autofree char *data = sp_malloc((size_t)s->size);

		if (sp_reader_bytes(r, s->what, s->offset, data, (size_t)s->size, err))
			return -1;
		s->data = sp_steal_ptr(&data);
		s->ends = s->size <= SP_ELF_STRING_MAX && !s->data[s->size - 1];
	}
	size_t max = s->size - at < SP_ELF_STRING_MAX ? (size_t)(s->size - at) :
						       SP_ELF_STRING_MAX;
	if (strnlen(s->data + at, max) == max)
		return unterminated(s, where, at, err);
	*ret = s->data + at;
	return 0;
}

int sp_strings_charge(struct sp_strings *s, const char *string, size_t limit,
		      struct sp_err *err)
{
	s->charged += strlen(string) + 1;
	if (s->charged > limit)
		return sp_err_set(err, SP_EPROGRAM,
				  "%s: its strings amount to more than %zu bytes, "
				  "counted as often as they are used", s->what, limit);
	return 0;
}

void sp_strings_keep_whole(struct sp_strings *s)
{
	if (s->whole_max && s->size > s->whole_max) {
		free(s->data);
		s->data = NULL;
	}
	s->whole_max = 0;
}

void sp_strings_release(struct sp_strings *s)
{
	free(s->data);
	*s = (struct sp_strings){ 0 };
}
