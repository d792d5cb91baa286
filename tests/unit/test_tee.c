/*
 * The sink that feeds several.
 */
#include "tiny_image.h"

/* A sink that writes down what it is told, and fails when it shall. */
struct memo {
	struct sp_sink sink;
	char mark;		/* has what has this letter in its type */
	struct sp_buf text;
	char fail_at;
};

static int note_step(struct sp_sink *sink, char step, const void *data, size_t len,
		     struct sp_err *err)
{
	struct memo *memo = (struct memo *)sink;

	if (memo->fail_at == step)
		return sp_err_set(err, SP_EOUTPUT, "full");
	sp_buf_addch(&memo->text, step);
	sp_buf_add(&memo->text, data, len);
	return 0;
}

static int memo_begin(struct sp_sink *sink, uint64_t hint, struct sp_err *err)
{
	(void)hint;
	return note_step(sink, '<', "", 0, err);
}

static int memo_write(struct sp_sink *sink, const void *data, size_t len,
		      struct sp_err *err)
{
	return note_step(sink, '+', data, len, err);
}

static int memo_end(struct sp_sink *sink, const struct sp_desc *desc, struct sp_err *err)
{
	return note_step(sink, '>', desc->media_type, 1, err);
}

static int memo_has(struct sp_sink *sink, const struct sp_desc *desc, bool *ret,
		    struct sp_err *err)
{
	*ret = strchr(desc->media_type, ((struct memo *)sink)->mark);
	return ((struct memo *)sink)->fail_at == '?' ?
		       sp_err_set(err, SP_ENETWORK, "gone") : 0;
}

#define MEMO { .sink = { .begin = memo_begin, .write = memo_write, .end = memo_end } }

int main(void)
{
	struct memo a = MEMO, b = MEMO;
	struct sp_sink *list[] = { &a.sink, &b.sink };
	struct sp_sink *tee = sp_sink_tee_new(list, 2);
	struct sp_desc desc = { .media_type = "type" };
	struct sp_err err = { 0 };
	bool has = true;

	ok(tee->has(tee, &desc, &has, &err) == 0 && !has, "sinks that cannot tell have nothing");
	a.sink.has = b.sink.has = memo_has;
	a.mark = 't';
	b.mark = 'x';
	ok(tee->has(tee, &desc, &has, &err) == 0 && !has, "one that has it is not enough");
	b.mark = 'y';
	ok(tee->has(tee, &desc, &has, &err) == 0 && has, "all have it");
	a.fail_at = '?';
	ok(tee->has(tee, &desc, &has, &err) == -1 && err.code == SP_ENETWORK,
	   "a question that fails is a failure");
	err = (struct sp_err){ 0 };
	a.fail_at = 0;
	list[0] = list[1] = NULL;
	ok(tee->begin(tee, 0, &err) == 0 && tee->write(tee, "ab", 2, &err) == 0 &&
	   tee->write(tee, "c", 1, &err) == 0 && tee->end(tee, &desc, &err) == 0,
	   "a blob goes through");
	is_str(sp_buf_str(&a.text), "<+ab+c>t", "the first gets all of it");
	is_str(sp_buf_str(&b.text), "<+ab+c>t", "and so does the second");
	for (const char *p = "<+>"; *p; p++) {
		err = (struct sp_err){ 0 };
		b.fail_at = *p;
		bool failed = tee->begin(tee, 0, &err) || tee->write(tee, "", 0, &err) ||
			      tee->end(tee, &desc, &err);

		ok(failed && err.code == SP_EOUTPUT, "a failure at %c is passed on", *p);
		is_str(err.msg, "full", "with its message");
	}
	sp_sink_tee_free(tee);
	sp_sink_tee_free(NULL);
	sp_buf_release(&a.text);
	sp_buf_release(&b.text);
	return test_done();
}
