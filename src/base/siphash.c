/*
 * SipHash (Aumasson and Bernstein, 2012) with one round a word and three at the end.
 */
#include "base/siphash.h"

#include <string.h>
#include <sys/auxv.h>

struct state {
	uint64_t v[4];
};

static inline uint64_t rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void round_of(struct state *s)
{
	uint64_t *v = s->v;

	v[0] += v[1], v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0], v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1], v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2], v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

static inline void take(struct state *s, uint64_t word)
{
	s->v[3] ^= word;
	round_of(s);
	s->v[0] ^= word;
}

static inline struct state begin(const uint64_t k[2])
{
	return (struct state){ {
		k[0] ^ UINT64_C(0x736f6d6570736575), k[1] ^ UINT64_C(0x646f72616e646f6d),
		k[0] ^ UINT64_C(0x6c7967656e657261), k[1] ^ UINT64_C(0x7465646279746573),
	} };
}

/* Up to eight bytes as a number. */
static inline uint64_t word_of(const char *at, size_t len)
{
	uint64_t word = 0;

	memcpy(&word, at, len < sizeof(word) ? len : sizeof(word));
	return word;
}

/* The bytes, and how many all were: the highest byte of the last word. */
static inline uint64_t end(struct state s, const char *at, size_t len, size_t all)
{
	for (; len >= 8; at += 8, len -= 8)
		take(&s, word_of(at, 8));
	take(&s, word_of(at, len) | (uint64_t)all << 56);
	s.v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		round_of(&s);
	return s.v[0] ^ s.v[1] ^ s.v[2] ^ s.v[3];
}

uint64_t sp_siphash(const uint64_t key[2], const void *bytes, size_t len)
{
	return end(begin(key), bytes, len, len);
}

uint64_t sp_siphash_pair(const uint64_t key[2], uint64_t number, const void *bytes, size_t len)
{
	struct state s = begin(key);

	take(&s, number);
	return end(s, bytes, len, len + sizeof(number));
}

void sp_siphash_key(uint64_t ret_key[2])
{
	/* 16 bytes that the kernel gives to each process */
	const void *random = (const void *)getauxval(AT_RANDOM);

	ret_key[0] = ret_key[1] = 0;
	if (random)
		memcpy(ret_key, random, 2 * sizeof(*ret_key));
}
