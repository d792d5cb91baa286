/*
 * Growable typed arrays.
 */
#include "base/vec.h"

#include "test.h"

int main(void)
{
	struct pair { int a; char *b; };
	struct { struct pair *pairs; size_t pairs_nr, pairs_alloc; } s = { 0 };
	bool kept = true, zeroed = true;

	for (int i = 0; i < 1000; i++) {
		struct pair *p = SP_VEC_PUSH(s.pairs);

		zeroed &= p->a == 0 && p->b == NULL;
		*p = (struct pair){ i, (char *)"x" };
	}
	for (int i = 0; i < 1000; i++)
		kept &= s.pairs[i].a == i;
	is_int((long long)s.pairs_nr, 1000, "all are counted");
	ok(zeroed, "a new one is zeroed, in old memory too");
	ok(kept, "and the old ones move with the array");
	s.pairs_nr = 5;
	ok(SP_VEC_PUSH(s.pairs)->a == 0, "what was dropped is not seen again");
	free(s.pairs);
	return test_done();
}
