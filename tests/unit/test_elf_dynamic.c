/*
 * Dynamic sections that lie, in files made by hand: each lie has its message.
 */
#include "elf/reader.h"

#include "elf_files.h"

static void order_and_repeats(void)
{
	struct maker m;

	maker_init(&m, 64, false);
	maker_dyn(&m, DT_NEEDED, maker_string(&m, "libb.so"));
	maker_dyn(&m, DT_RPATH, maker_string(&m, "/first"));
	maker_dyn(&m, DT_NEEDED, maker_string(&m, "liba.so"));
	maker_dyn(&m, DT_SONAME, maker_string(&m, "one"));
	maker_dyn(&m, DT_NEEDED, maker_string(&m, "libb.so"));
	maker_dyn(&m, DT_RPATH, maker_string(&m, "/last"));
	maker_dyn(&m, DT_SONAME, maker_string(&m, "two\n\xff"));
	maker_dyn(&m, DT_RUNPATH, 0);
	maker_dyn(&m, DT_FLAGS, DF_TEXTREL | DF_ORIGIN);
	maker_dyn(&m, DT_NULL, 0);
	maker_dyn(&m, DT_NEEDED, 99999);
	struct blob b = maker_finish(&m);
	struct sp_elf *elf = must_read(&b, "a dynamic section");

	is_int((long long)elf->needed_nr, 3, "needed names, repeated or not");
	is_str(elf->needed[0], "libb.so", "the first in the file");
	is_str(elf->needed[1], "liba.so", "the second");
	is_str(elf->rpath, "/last", "the last search path counts");
	is_str(elf->runpath, "", "an empty search path is not an absent one");
	is_str(elf->soname, "two\n\xff", "the last soname, byte for byte");
	ok(elf->textrel && elf->dt_flags == (DF_TEXTREL | DF_ORIGIN), "flags");
	ok(elf->has_dynamic && elf->filters_nr == 0, "the rest");
	sp_elf_free(elf);
	blob_free(&b);
}

/* Each case gets one more entry, then what it does to the finished file. */
static void lies(void)
{
	static const struct {
		const char *text;
		uint64_t tag, value;
	} cases[] = {
		{ "dynamic section: DT_STRTAB at 0x99999 lies outside the file", DT_STRTAB,
		  0x99999 },
		{ "dynamic section: DT_STRTAB at 0xffffffffffffffff lies", DT_STRTAB, -1ull },
		{ "dynamic section: DT_STRSZ is 65536, but only 6656 bytes follow", DT_STRSZ,
		  65536 },
		{ "DT_STRSZ is 18446744073709551615", DT_STRSZ, -1ull },
		{ "dynamic section: DT_NEEDED: points at byte 1024 of the dynamic string "
		  "table, which has 1024", DT_NEEDED, MAKER_STRINGS_LEN },
		{ "dynamic section: DT_NEEDED: points at byte 1844674407370955", DT_NEEDED,
		  -1ull },
		{ "dynamic section: DT_SONAME: points at", DT_SONAME, 5000 },
		{ "dynamic section: DT_RPATH: points at", DT_RPATH, 5000 },
		{ "dynamic section: DT_RUNPATH: points at", DT_RUNPATH, 5000 },
		{ "dynamic section: DT_FILTER: points at", DT_FILTER, 5000 },
		{ "dynamic section: DT_AUXILIARY: points at", DT_AUXILIARY, 5000 },
		{ "dynamic section: DT_NEEDED: the string at byte 1000 of the dynamic string "
		  "table has no end", DT_NEEDED, 1000 },
		{ "symbol versions: DT_VERNEED at 0x1 lies outside the file", DT_VERNEED, 1 },
		{ "symbol versions: DT_VERDEF at 0x1 lies outside the file", DT_VERDEF, 1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct maker m;

		maker_init(&m, 64, false);
		memset(m.data + MAKER_STRINGS + 1000, 'x', 24);
		maker_dyn(&m, cases[i].tag, cases[i].value);
		struct blob b = maker_finish(&m);
		is_refused(&b, cases[i].text, cases[i].text);
		blob_free(&b);
	}
}

static void string_tables(void)
{
	struct maker m;
	struct blob b;

	maker_init(&m, 64, false);
	m.dyns = 0;
	maker_dyn(&m, DT_NEEDED, 1);
	maker_dyn(&m, DT_NULL, 0);
	b = maker_finish(&m);
	is_refused(&b, "dynamic section: DT_NEEDED: there is no string table", "no DT_STRTAB");
	blob_free(&b);

	m.dyns = 0;
	maker_dyn(&m, DT_VERNEED, MAKER_FREE + MAKER_BASE);
	b = maker_finish(&m);
	is_refused(&b, "symbol versions: there is no string table", "no DT_STRTAB either");
	blob_free(&b);

	m.dyns = 0;
	maker_dyn(&m, DT_NEEDED, 1);
	maker_dyn(&m, DT_STRTAB, MAKER_STRINGS + MAKER_BASE);
	b = maker_finish(&m);
	is_refused(&b, "which has 0", "no DT_STRSZ");
	blob_free(&b);

	m.dyns = 0;
	maker_dyn(&m, DT_DEBUG, 0);
	maker_dyn(&m, DT_NULL, 0);
	b = maker_finish(&m);
	sp_elf_free(must_read(&b, "a section that asks for no string"));
	ok(true, "needs no string table");
	blob_free(&b);
}

/* PT_DYNAMIC itself. */
static void places(void)
{
	struct maker m;
	struct blob b;

	maker_init(&m, 64, false);
	b = maker_finish(&m);
	uint8_t *phdr = b.data + MAKER_PHDRS + sizeof(Elf64_Phdr);
	put_number(phdr + offsetof(Elf64_Phdr, p_vaddr), 8, false, 0x5000000);
	is_refused(&b, "dynamic section: its address 0x5000000 lies outside the file",
		   "an address that is nowhere");
	put_number(phdr + offsetof(Elf64_Phdr, p_filesz), 8, false, 0);
	is_refused(&b, "is this a file of debugging symbols?", "and no bytes");
	blob_free(&b);

	maker_init(&m, 64, false);
	for (size_t i = 0; i < 30; i++)
		maker_dyn(&m, DT_DEBUG, 0);
	b = maker_finish(&m);
	is_refused(&b, "dynamic section: has no end mark (DT_NULL)", "no DT_NULL");
	blob_free(&b);

	/* The loader goes by the address, not by the offset. */
	maker_init(&m, 64, false);
	maker_dyn(&m, DT_SONAME, maker_string(&m, "by-address"));
	b = maker_finish(&m);
	phdr = b.data + MAKER_PHDRS + sizeof(Elf64_Phdr);
	put_number(phdr + offsetof(Elf64_Phdr, p_offset), 8, false, 0x1800);
	struct sp_elf *elf = must_read(&b, "an offset that lies");
	is_str(elf->soname, "by-address", "is not looked at");
	sp_elf_free(elf);
	blob_free(&b);
}

/* A dynamic section of nr entries with one tag, in a file as large as it takes. */
static struct blob many(uint64_t tag, uint64_t value, size_t nr, size_t strings)
{
	struct maker m;

	maker_init(&m, 64, false);
	struct blob small = maker_finish(&m), b = { .fail_after = -1 };

	b.len = MAKER_LEN + (nr + 3) * 16 + strings;
	b.data = sp_calloc(b.len + 1, 1);
	memcpy(b.data, small.data, small.len);
	blob_free(&small);
	for (size_t i = 0; i < 2; i++) {
		uint8_t *p = b.data + MAKER_PHDRS + i * sizeof(Elf64_Phdr);

		put_number(p + offsetof(Elf64_Phdr, p_filesz), 8, false, b.len);
		put_number(p + offsetof(Elf64_Phdr, p_memsz), 8, false, b.len);
	}
	put_number(b.data + MAKER_PHDRS + sizeof(Elf64_Phdr) + offsetof(Elf64_Phdr, p_vaddr),
		   8, false, MAKER_LEN + MAKER_BASE);
	uint8_t *dyn = b.data + MAKER_LEN;
	put_number(dyn, 8, false, DT_STRTAB);
	put_number(dyn + 8, 8, false, MAKER_LEN + (nr + 3) * 16 + MAKER_BASE);
	put_number(dyn + 16, 8, false, DT_STRSZ);
	put_number(dyn + 24, 8, false, strings);
	for (size_t i = 0; i < nr; i++) {
		put_number(dyn + 32 + 16 * i, 8, false, tag);
		put_number(dyn + 40 + 16 * i, 8, false, value);
	}
	memset(b.data + b.len - strings, 'n', strings - 1);
	return b;
}

static void limits(void)
{
	struct blob b = many(DT_NEEDED, 0, SP_ELF_NEEDED_MAX, 4);
	struct sp_elf *elf = must_read(&b, "as many needed names as are allowed");

	is_int((long long)elf->needed_nr, SP_ELF_NEEDED_MAX, "all are there");
	is_str(elf->needed[SP_ELF_NEEDED_MAX - 1], "nnn", "the last one");
	sp_elf_free(elf);
	blob_free(&b);

	b = many(DT_NEEDED, 0, SP_ELF_NEEDED_MAX + 1, 4);
	is_refused(&b, "DT_NEEDED: 4097 entries, expected 4096 at most", "one more");
	blob_free(&b);

	b = many(DT_DEBUG, 0, SP_ELF_DYNAMIC_MAX + 100, 4);
	is_refused(&b, "more than 65536 entries", "too many entries");
	blob_free(&b);

	/* 4096 times one name of 60 kB would be 240 MB of names. */
	b = many(DT_NEEDED, 0, SP_ELF_NEEDED_MAX, 60000);
	is_refused(&b, "its strings amount to more than", "many uses of one long name");
	blob_free(&b);

	b = many(DT_RUNPATH, 0, 1, SP_ELF_STRING_MAX);
	elf = must_read(&b, "the longest search path");
	is_int((long long)strlen(elf->runpath), SP_ELF_STRING_MAX - 1, "its length");
	sp_elf_free(elf);
	blob_free(&b);

	b = many(DT_RUNPATH, 0, 1, SP_ELF_STRING_MAX + 1);
	is_refused(&b, "dynamic section: DT_RUNPATH: the string at byte 0", "a longer one");
	blob_free(&b);

	b = many(DT_RUNPATH, 5, 1, 3 * SP_ELF_TABLE_MAX);
	is_refused(&b, "has no end", "the same in a large table");
	blob_free(&b);
}

int main(void)
{
	order_and_repeats();
	lies();
	string_tables();
	places();
	limits();
	return test_done();
}
