/*
 * Growable byte strings.
 */
#include "base/buf.h"

#include <malloc.h>

#include "test.h"

int main(void)
{
	struct sp_buf buf = { 0 };

	mallopt(M_PERTURB, 0x5a);	/* fresh memory is not zero */
	is_str(sp_buf_str(&buf), "", "an empty one is an empty string");
	sp_buf_reserve(&buf, 100);
	is_str(sp_buf_str(&buf), "", "also when room was made");
	sp_buf_release(&buf);
	sp_buf_add(&buf, NULL, 0);
	is_str(sp_buf_str(&buf), "", "and when nothing was added");
	sp_buf_addstr(&buf, "abc");
	sp_buf_addch(&buf, 'd');
	sp_buf_addf(&buf, "%d%s", 5, "ef");
	is_str(buf.data, "abcd5ef", "strings, characters, formats");
	is_int((long long)buf.len, 7, "its length is without the NUL");
	sp_buf_addf(&buf, "%s", "");
	is_int((long long)buf.len, 7, "an empty format adds nothing");
	sp_buf_add(&buf, "\0x", 2);
	ok(buf.len == 9 && memcmp(buf.data, "abcd5ef\0x", 10) == 0, "a NUL is a byte");
	sp_buf_reset(&buf);
	ok(buf.len == 0 && *buf.data == '\0' && buf.alloc, "reset keeps the memory");
	for (int i = 0; i < 100000; i++)
		sp_buf_addch(&buf, (char)('a' + i % 26));
	ok(buf.len == 100000 && buf.data[99999] == 'a' + 99999 % 26 && !buf.data[100000],
	   "it grows");
	memcpy(sp_buf_reserve(&buf, 3), "xyz", 3);
	is_int((long long)buf.len, 100000, "reserving changes no length");
	char *taken = sp_buf_detach(&buf);
	ok(taken && !buf.data && !buf.len && !buf.alloc, "what is detached is gone");
	free(taken);
	taken = sp_buf_detach(&buf);
	is_str(taken, "", "detaching nothing gives an empty string");
	free(taken);
	sp_buf_reset(&buf);
	sp_buf_release(&buf);
	return test_done();
}
