/*
 * The keys of the objects that a reader of JSON is in.  Those of all objects that are
 * open stand in one stack, so that each object's own are the topmost ones.
 *
 *	size_t base = keys.keys_nr;		// an object opens
 *	sp_json_keys_push(&keys, "a", false, at);
 *	sp_json_keys_close(&keys, base, err);	// it closes: none was there twice
 *
 * Private to image/.
 */
#ifndef SP_IMAGE_JSON_KEYS_H
#define SP_IMAGE_JSON_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"

/* Initialise with { 0 }. */
struct sp_json_keys {
	struct sp_arena arena;
	struct sp_json_key {
		const char *name, *folded;
		size_t at;		/* byte in the document */
	} *keys;
	size_t keys_nr, keys_alloc;
};

/* Put a key on the stack; the copy of it that is returned lives as long as the stack.
 * exact: case counts, as it does where keys are the user's own. */
const char *sp_json_keys_push(struct sp_json_keys *keys, const char *name, bool exact,
			      size_t at);

/* Take the keys from base on off the stack.  SP_EVERIFY if two are equal. */
SP_CHECKED int sp_json_keys_close(struct sp_json_keys *keys, size_t base,
				  struct sp_err *err);
void sp_json_keys_release(struct sp_json_keys *keys);

#endif
