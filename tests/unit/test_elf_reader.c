/*
 * Checked ranges: addresses, strings of small and large tables, search, headers
 * that lie, reads that fail.
 */
#include "elf/reader.h"

#include "elf_files.h"

static struct sp_reader reader_of(struct blob *b, struct sp_file *file,
				  struct sp_arena *arena)
{
	struct sp_err err = { 0 };
	struct sp_reader r;

	*file = blob_file(b);
	if (sp_reader_open(&r, file, arena, &err)) {
		printf("Bail out! %s\n", err.msg);
		exit(1);
	}
	return r;
}

static void records(void)
{
	for (int i = 0; i < 4; i++) {
		int bits = i & 1 ? 64 : 32;
		bool big = i & 2;
		struct sp_arena arena = { 0 };
		struct sp_err err = { 0 };
		struct sp_file file;
		struct maker m;
		Elf64_Dyn dyn[2];
		Elf64_Rela rela;

		maker_init(&m, bits, big);
		/* A relocation of symbol 0x123 and type 7. */
		maker_put(&m, MAKER_FREE + maker_word(&m), maker_word(&m),
			  bits == 64 ? 0x12300000007ull : 0x12307);
		maker_put(&m, MAKER_FREE + 0x100, 2, 0x1234);
		maker_put(&m, MAKER_FREE + 0x103, 4, 0x12345678);
		maker_put(&m, MAKER_FREE + 0x109, 8, 0x123456789abcdef0ull);
		struct blob b = maker_finish(&m);
		struct sp_reader r = reader_of(&b, &file, &arena);

		note("%d bit, %s-endian", bits, big ? "big" : "little");
		is_int(r.bits, bits, "the class");
		is_int(r.big_endian, big, "the byte order");
		is_int((long long)r.phdrs_nr, 2, "program headers");
		is_int((long long)r.phdrs[1].p_offset, MAKER_DYNAMIC, "an offset");
		is_int(r.phdrs[1].p_flags, PF_R, "flags, which are elsewhere in each class");
		ok(!sp_reader_records(&r, SP_REC_DYN, "x", MAKER_DYNAMIC, 2, dyn, &err) &&
		   dyn[0].d_tag == DT_STRTAB && dyn[1].d_un.d_val == MAKER_STRINGS_LEN,
		   "records of the dynamic section");
		ok(!sp_reader_records(&r, SP_REC_REL, "x", MAKER_FREE, 1, &rela, &err) &&
		   ELF64_R_SYM(rela.r_info) == 0x123 && ELF64_R_TYPE(rela.r_info) == 7,
		   "a relocation without addend");
		ok(!sp_reader_records(&r, SP_REC_RELA, "x", MAKER_FREE, 1, &rela, &err) &&
		   ELF64_R_SYM(rela.r_info) == 0x123, "a relocation with one");
		is_int(sp_reader_u16(&r, b.data + MAKER_FREE + 0x100), 0x1234, "16 bits");
		is_int(sp_reader_u32(&r, b.data + MAKER_FREE + 0x103), 0x12345678,
		       "32 bits, not aligned");
		is_int((long long)sp_reader_u64(&r, b.data + MAKER_FREE + 0x109),
		       0x123456789abcdef0ll, "64 bits, not aligned");
		ok(sp_reader_records(&r, SP_REC_DYN, "the table", MAKER_LEN - 4, 1, dyn,
				     &err) && strstr(err.msg, "the table: "),
		   "records outside the file are refused");
		sp_arena_release(&arena);
		blob_free(&b);
	}
}

static void addresses(void)
{
	struct sp_arena arena = { 0 };
	uint64_t offset, avail;
	struct sp_file file;
	struct maker m;

	maker_init(&m, 64, false);
	struct blob b = maker_finish(&m);
	struct sp_reader r = reader_of(&b, &file, &arena);

	ok(sp_reader_locate(&r, MAKER_BASE, &offset, &avail) && offset == 0 &&
	   avail == MAKER_LEN, "the first byte of a segment");
	ok(sp_reader_locate(&r, MAKER_BASE + 0x123, &offset, &avail) && offset == 0x123 &&
	   avail == MAKER_LEN - 0x123, "one in the middle");
	ok(sp_reader_locate(&r, MAKER_BASE + MAKER_LEN - 1, &offset, &avail) && avail == 1,
	   "the last one");
	ok(!sp_reader_locate(&r, MAKER_BASE + MAKER_LEN, &offset, &avail), "one behind it");
	ok(!sp_reader_locate(&r, MAKER_BASE - 1, &offset, &avail), "one before it");
	ok(!sp_reader_locate(&r, UINT64_MAX, &offset, &avail), "the last address there is");
	sp_arena_release(&arena);
	blob_free(&b);
}

static struct blob large_blob(size_t len)
{
	struct maker m;

	maker_init(&m, 64, false);
	struct blob small = maker_finish(&m), b = { .fail_after = -1 };

	b.data = sp_calloc(len + 1, 1);
	b.len = len;
	memcpy(b.data, small.data, small.len);
	blob_free(&small);
	return b;
}

static void strings(void)
{
	struct blob b = large_blob(4 * SP_ELF_TABLE_MAX);
	struct sp_arena arena = { 0 };
	struct sp_err err = { 0 };
	struct sp_file file;
	struct sp_reader r = reader_of(&b, &file, &arena);
	const char *s;

	for (int i = 0; i < 2; i++) {
		uint64_t size = i ? 3 * SP_ELF_TABLE_MAX : 200 * 1024;
		struct sp_strings t = { .what = "names", .offset = 0x2000, .size = size };

		memset(b.data + 0x2000, 'a', size);
		memcpy(b.data + 0x2000 + 5, "short", 6);
		b.data[0x2000 + 2000] = '\0';
		b.data[0x2000 + 2001 + SP_ELF_STRING_MAX - 1] = '\0';
		note("a table of %llu bytes", (unsigned long long)size);
		ok(!sp_strings_get(&t, &r, "x", 5, &s, &err) && strcmp(s, "short") == 0,
		   "a string");
		ok(!sp_strings_get(&t, &r, "x", 11, &s, &err) && strlen(s) == 1989,
		   "one that takes several reads");
		ok(!sp_strings_get(&t, &r, "x", 2001, &s, &err) &&
		   strlen(s) == SP_ELF_STRING_MAX - 1, "the longest that is allowed");
		b.data[0x2000 + 2001 + SP_ELF_STRING_MAX - 1] = 'a';
		sp_strings_release(&t);
		t = (struct sp_strings){ .what = "names", .offset = 0x2000, .size = size };
		ok(sp_strings_get(&t, &r, "x", 2001, &s, &err) &&
		   strstr(err.msg, "has no end"), "a longer one");
		ok(sp_strings_get(&t, &r, "x", size - 4, &s, &err) &&
		   strstr(err.msg, "has no end"), "one that goes beyond the table");
		ok(sp_strings_get(&t, &r, "who asks", size, &s, &err) &&
		   strncmp(err.msg, "who asks: points at byte", 24) == 0,
		   "one outside the table");
		ok(sp_strings_get(&t, &r, "x", UINT64_MAX, &s, &err), "one far outside");
		ok(!sp_strings_charge(&t, "1234", 10, &err) &&
		   !sp_strings_charge(&t, "1234", 10, &err) &&
		   sp_strings_charge(&t, "", 10, &err), "what is copied is counted");
		sp_strings_release(&t);
	}
	sp_arena_release(&arena);
	blob_free(&b);
}

static void search(void)
{
	struct blob b = large_blob(300 * 1024);
	struct sp_arena arena = { 0 };
	struct sp_err err = { 0 };
	struct sp_file file;
	struct sp_reader r = reader_of(&b, &file, &arena);
	uint64_t at = 0;
	bool found;

	ok(!sp_reader_search(&r, 0x2000, UINT64_MAX, "needle", 1, &found, &at, &err) &&
	   !found, "what is not there");
	/* Across the border of blocks, wherever that is. */
	int missed = 0;
	for (size_t i = 65536 - 8; i < 65536 + 2; i++) {
		memcpy(b.data + 0x2000 + i, "needle", 6);
		if (sp_reader_search(&r, 0x2000, b.len, "needle", 1, &found, &at, &err) ||
		    !found || at != 0x2000 + i)
			missed++;
		if (sp_reader_search(&r, 0x2000, i + 5, "needle", 1, &found, &at, &err) ||
		    found)
			missed++;
		memset(b.data + 0x2000 + i, 0, 6);
	}
	is_int(missed, 0, "needles across the border of two blocks");
	memcpy(b.data + 0x3001, "needle", 6);
	memcpy(b.data + 0x23010, "needle", 6);
	ok(!sp_reader_search(&r, 0x2000, b.len, "needle", 16, &found, &at, &err) && found &&
	   at == 0x23010, "one that is aligned comes behind one that is not");
	ok(!sp_reader_search(&r, b.len - 2, 100, "needle", 1, &found, &at, &err) && !found &&
	   !sp_reader_search(&r, b.len + 2, 100, "needle", 1, &found, &at, &err) && !found,
	   "ranges at and behind the end");
	sp_arena_release(&arena);
	blob_free(&b);
}

static void headers(void)
{
	static const struct {
		size_t at, size;
		uint64_t value;
		const char *text;
	} lies[] = {
		{ 0, 1, 'X', "not an ELF file: it does not begin with" },
		{ EI_CLASS, 1, 3, "ELF class is 3" },
		{ EI_DATA, 1, 0, "ELF byte order is 0" },
		{ offsetof(Elf64_Ehdr, e_version), 4, 2, "ELF version is 2, expected 1" },
		{ offsetof(Elf64_Ehdr, e_phnum), 2, 513, "513 program headers, expected 512" },
		{ offsetof(Elf64_Ehdr, e_phentsize), 2, 32, "program headers of 32 bytes" },
		{ offsetof(Elf64_Ehdr, e_phoff), 8, MAKER_LEN, "program headers: " },
		{ offsetof(Elf64_Ehdr, e_phoff), 8, UINT64_MAX - 20, "program headers: " },
		{ MAKER_PHDRS + offsetof(Elf64_Phdr, p_filesz), 8, MAKER_LEN + 1,
		  "segment 0: 8193 bytes at offset 0 lie outside the file" },
		{ MAKER_PHDRS + offsetof(Elf64_Phdr, p_offset), 8, UINT64_MAX, "segment 0: " },
		{ MAKER_PHDRS + offsetof(Elf64_Phdr, p_memsz), 8, 5, "larger in the file" },
		{ MAKER_PHDRS + offsetof(Elf64_Phdr, p_vaddr), 8, UINT64_MAX - 5,
		  "go beyond the last address" },
	};
	struct maker m;

	maker_init(&m, 64, false);
	struct blob good = maker_finish(&m);
	sp_elf_free(must_read(&good, "the good one"));
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		struct blob b = blob_copy(&good);

		put_number(b.data + lies[i].at, lies[i].size, false, lies[i].value);
		is_refused(&b, lies[i].text, lies[i].text);
		blob_free(&b);
	}
	for (size_t len = 0; len < 4; len++) {
		struct blob b = blob_new(good.data, len);

		is_refused(&b, "not an ELF file: only", "a few bytes");
		blob_free(&b);
	}
	blob_free(&good);
}

/* A file that was larger when it was opened, and reads that fail or are short. */
static void reads(void)
{
	struct sp_elf *elf = NULL;
	struct sp_err err = { 0 };
	struct maker m;
	int wrong = 0;

	maker_init(&m, 64, false);
	maker_dyn(&m, DT_NEEDED, maker_string(&m, "libx.so"));
	struct blob b = maker_finish(&m);
	struct sp_file file = blob_file(&b);

	file.st.size += 4096;
	b.len = MAKER_STRINGS;
	ok(sp_elf_read(&file, &elf, &err) && err.code == SP_EPROGRAM &&
	   strstr(err.msg, "the file ended early"), "a file that became shorter");
	b.len = MAKER_LEN;
	b.step = 1;
	elf = must_read(&b, "a file in reads of one byte");
	is_str(elf->needed[0], "libx.so", "short reads are continued");
	sp_elf_free(elf);
	b.step = 0;
	for (long n = 0;; n++) {
		b.fail_after = n;
		elf = blob_read(&b, &err);
		if (elf)
			break;
		wrong += err.code != SP_EFAIL || !strstr(err.msg, strerror(EIO));
	}
	ok(b.fail_after >= 0, "with enough reads it works");
	is_int(wrong, 0, "no read that fails is passed over");
	sp_elf_free(elf);
	blob_free(&b);
}

/* Blocks that are kept give what the file has, wherever a range begins or ends. */
static void blocks(void)
{
	struct sp_arena arena = { 0 };
	struct sp_err err = { 0 };
	struct sp_blocks kept;
	struct sp_reader r;
	struct blob b = large_blob(40 * 1024);

	for (size_t i = MAKER_FREE; i < b.len; i++)
		b.data[i] = (uint8_t)(i * 2654435761u >> 24);
	struct sp_file file = blob_file(&b);
	bool same = sp_reader_open_with(&r, &file, &kept, &arena, &err) == 0;

	for (uint32_t i = 0, at = 7; same && i < 4000; i++) {
		char got[SP_READER_BLOCK + 100];

		at = at * 1103515245u + 12345;
		size_t len = (at >> 8) % (i % 3 ? 100 : sizeof(got));
		uint64_t offset = (at >> 4) % (b.len + 1 - len);
		same = !sp_reader_bytes(&r, "x", offset, got, len, &err) &&
		       memcmp(got, b.data + offset, len) == 0;
	}
	ok(same, "with blocks that are kept, the same bytes");
	ok(sp_reader_bytes(&r, "x", b.len - 1, (char[2]){ 0 }, 2, &err) == -1 &&
	   strstr(err.msg, "outside the file"), "none beyond the end");
	b.fail_after = 0;
	ok(sp_reader_open_with(&r, &file, &kept, &arena, &err) == -1, "a read that fails");
	blob_free(&b);
	sp_arena_release(&arena);
}

int main(void)
{
	blocks();
	records();
	addresses();
	strings();
	search();
	headers();
	reads();
	return test_done();
}
