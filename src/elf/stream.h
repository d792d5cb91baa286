/*
 * Ranges of a file in passing: those too large to hold, handed on in blocks.
 *
 * Only the elf layer includes this.  A reader of blocks looks at data and says how
 * many of its bytes it is done with; the others come again at the head of the next
 * block, so that what lies across two blocks is seen whole:
 *
 *	static size_t take(void *ctx, const char *data, size_t len, bool last)
 *	{
 *		...
 *		return last ? len : start_of_what_is_unfinished;
 *	}
 */
#ifndef SP_ELF_STREAM_H
#define SP_ELF_STREAM_H

#include "elf/reader.h"

#define SP_STREAM_KEEP 8192		/* most bytes that may come again */
#define SP_STREAM_STOP SIZE_MAX		/* says: no more blocks */

/* last: nothing follows in this range.  data is valid during the call only. */
typedef size_t sp_stream_fn(void *ctx, const char *data, size_t len, bool last);

/* len bytes at offset, which must lie inside the file; what names them in messages.
 * *ret_stopped, unless ret_stopped is NULL: fn said SP_STREAM_STOP. */
SP_CHECKED int sp_stream_range(const struct sp_reader *r, const char *what,
			       uint64_t offset, uint64_t len, sp_stream_fn *fn, void *ctx,
			       bool *ret_stopped, struct sp_err *err);

/*
 * The constants of a program, one range after the other: segments that it may neither
 * write nor execute.  Old linkers put constants among the code: where there is no
 * such segment, those that may not be written, and where there is none of these either,
 * all.  The names that the dynamic linker reads (dynamic strings, interpreter) are no
 * constants of the program: they come as zeros.  Never more bytes than the file has,
 * however often its segments overlap.
 */
SP_CHECKED int sp_stream_constants(const struct sp_reader *r, sp_stream_fn *fn, void *ctx,
				   struct sp_err *err);

#endif
