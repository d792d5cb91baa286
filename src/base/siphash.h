/*
 * A hash for tables whose keys are written by others: whoever does not know its key
 * cannot have many names meet in one place.
 */
#ifndef SP_BASE_SIPHASH_H
#define SP_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/* The key of this process, which no input knows.  Never fails. */
void sp_siphash_key(uint64_t ret_key[2]);

/* SipHash-1-3 of len bytes under a key.  It differs by key and by byte order of the
 * machine, so it must decide nothing that is seen. */
uint64_t sp_siphash(const uint64_t key[2], const void *bytes, size_t len);

/* The same of a number and the bytes behind it. */
uint64_t sp_siphash_pair(const uint64_t key[2], uint64_t number, const void *bytes, size_t len);

#endif
