/*
 * A sink that feeds several others: a layer is made once, however many
 * destinations it goes to.
 */
#include "transport/transport.h"

#include <string.h>

struct tee {
	struct sp_sink sink;
	struct sp_sink **sinks;
	bool *has;		/* each of them: the blob that is to be written next */
	size_t nr;
};

static int tee_begin(struct sp_sink *sink, uint64_t hint, struct sp_err *err)
{
	struct tee *tee = (struct tee *)sink;

	for (size_t i = 0; i < tee->nr; i++)
		if (!tee->has[i] && tee->sinks[i]->begin(tee->sinks[i], hint, err))
			return -1;
	return 0;
}

static int tee_write(struct sp_sink *sink, const void *data, size_t len,
		     struct sp_err *err)
{
	struct tee *tee = (struct tee *)sink;

	for (size_t i = 0; i < tee->nr; i++)
		if (!tee->has[i] && tee->sinks[i]->write(tee->sinks[i], data, len, err))
			return -1;
	return 0;
}

static int tee_end(struct sp_sink *sink, const struct sp_desc *desc,
		   struct sp_err *err)
{
	struct tee *tee = (struct tee *)sink;

	for (size_t i = 0; i < tee->nr; i++)
		if (!tee->has[i] && tee->sinks[i]->end(tee->sinks[i], desc, err))
			return -1;
	memset(tee->has, 0, tee->nr);
	return 0;
}

/* Only if all have it; else it is written next, for those that lack it. */
static int tee_has(struct sp_sink *sink, const struct sp_desc *desc, bool *ret,
		   struct sp_err *err)
{
	struct tee *tee = (struct tee *)sink;
	bool all = true;

	for (size_t i = 0; i < tee->nr; i++) {
		tee->has[i] = false;
		if (tee->sinks[i]->has &&
		    tee->sinks[i]->has(tee->sinks[i], desc, &tee->has[i], err)) {
			memset(tee->has, 0, tee->nr);
			return -1;
		}
		all = all && tee->has[i];
	}
	if (all)
		memset(tee->has, 0, tee->nr);
	*ret = all && tee->nr;
	return 0;
}

struct sp_sink *sp_sink_tee_new(struct sp_sink *const *sinks, size_t nr)
{
	struct tee *tee = sp_calloc(1, sizeof(*tee));

	tee->sink = (struct sp_sink){ tee_begin, tee_write, tee_end, tee_has };
	tee->sinks = sp_calloc(nr ? nr : 1, sizeof(struct sp_sink *));
	memcpy(tee->sinks, sinks, nr * sizeof(struct sp_sink *));
	tee->has = sp_calloc(nr ? nr : 1, sizeof(bool));
	tee->nr = nr;
	return &tee->sink;
}

void sp_sink_tee_free(struct sp_sink *sink)
{
	struct tee *tee = (struct tee *)sink;

	if (!tee)
		return;
	free(tee->sinks);
	free(tee->has);
	free(tee);
}
