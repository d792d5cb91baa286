/*
 * SipHash-1-3: against values of another implementation, and its use for pairs.
 */
#include "base/siphash.h"

#include "test.h"

/* What CPython 3.11 calls hash(b"...") where PYTHONHASHSEED=0 makes the key zero. */
static void test_values(void)
{
	static const struct { const char *text; uint64_t want; } rows[] = {
		{ "a", UINT64_C(0x407448d2b89b1813) },
		{ "1234567", UINT64_C(0xa33d651594fdae81) },
		{ "12345678", UINT64_C(0x3489982430560a87) },
		{ "123456789abcdefg!", UINT64_C(0xc831a33f0e00f45e) },
	};
	static const uint64_t zero[2];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		ok(sp_siphash(zero, rows[i].text, strlen(rows[i].text)) == rows[i].want,
		   "the hash of %s", rows[i].text);
}

int main(void)
{
	static const uint64_t key[2] = { 1, 2 }, other[2] = { 1, 3 };
	uint64_t number, secret[2], again[2];
	char bytes[8 + 3];

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	test_values();
#else
	skip("the values are those of the other byte order");
#endif
	number = 77;
	memcpy(bytes, &number, 8);
	memcpy(bytes + 8, "xyz", 3);
	ok(sp_siphash_pair(key, number, "xyz", 3) == sp_siphash(key, bytes, sizeof(bytes)),
	   "a pair is the number's bytes and the others");
	ok(sp_siphash_pair(key, 78, "xyz", 3) != sp_siphash_pair(key, 77, "xyz", 3),
	   "another number is another pair");
	ok(sp_siphash(key, "xyz", 3) != sp_siphash(other, "xyz", 3), "another key is another hash");
	ok(sp_siphash(key, "xyz", 3) != sp_siphash(key, "xyz\0", 4), "a zero byte counts");
	sp_siphash_key(secret);
	sp_siphash_key(again);
	ok(memcmp(secret, again, sizeof(secret)) == 0, "a process has one key");
	ok(secret[0] | secret[1], "which is some");
	return test_done();
}
