/*
 * Feeds files to a fuzz target without a fuzzer: each as it is, cut short at many
 * lengths, and with single bytes changed.  What is changed is the same in every run.
 *
 *	replay_NAME FILE...
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_LIMIT (4u << 20)
#define CUTS 64
#define CHANGES 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A generator that is the same on every machine (Lehmer's, modulus 2^31 - 1). */
static uint32_t next(uint32_t *state)
{
	*state = (uint32_t)(*state * 48271ull % 2147483647u);
	return *state;
}

/* A copy of exactly the size, so that the sanitizer sees one byte too many. */
static void feed(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		exit(1);
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void feed_cut(const uint8_t *data, size_t size)
{
	size_t step = size / CUTS ? size / CUTS : 1;

	for (size_t len = 0; len < size; len += step)
		feed(data, len);
}

/* Headers decide most, so half of the changes hit the first bytes. */
static void feed_changed(uint8_t *data, size_t size)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
	uint32_t state = 1;

	for (int i = 0; size && i < CHANGES; i++) {
		size_t range = i % 2 && size > 512 ? 512 : size;
		size_t at = next(&state) % range;
		uint8_t old = data[at];

		data[at] = values[next(&state) % sizeof(values)];
		feed(data, size);
		data[at] = old;
	}
}

static int replay(const char *path)
{
	static uint8_t data[SIZE_LIMIT];
	FILE *file = fopen(path, "rb");

	if (!file) {
		perror(path);
		return 1;
	}
	size_t size = fread(data, 1, sizeof(data), file);
	fclose(file);
	printf("%s: %zu bytes\n", path, size);
	fflush(stdout);
	feed(data, size);
	feed_cut(data, size);
	feed_changed(data, size);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= replay(argv[i]);
	return failed;
}
