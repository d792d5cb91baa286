/*
 * Copying.  Destinations that fetch blobs themselves do so on several threads; the
 * others are fed one blob after the other, all at once.
 */
#include "transport/copy.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "image/checked.h"
#include "transport/registry.h"

#define BLOCK_BYTES (256 * 1024)
#define TELL_MS 100		/* between two words on progress */

/* One run: work for the threads, and what became of it. */
struct copy {
	struct sp_graph *graph;
	struct sp_dest *const *dests;
	size_t dests_nr;
	const struct sp_transport_options *options;
	struct sp_source source;	/* counts what is read from graph->source */
	uint64_t total;			/* bytes of all blobs, for each that takes */
	atomic_ullong done;
	pthread_mutex_t lock;		/* of what follows */
	size_t next;			/* job: blob and destination */
	bool follow;			/* now those that follow another one */
	bool failed;
	struct sp_err err;		/* the first one */
	int event;			/* tells that a thread has ended */
};

/* --- counting --- */

struct counter {
	struct sp_blob_reader reader;
	struct sp_blob_reader *inner;
	struct copy *copy;
	uint64_t counted;
};

static int counter_read(struct sp_blob_reader *reader, void *buf, size_t len, size_t *ret_len,
			struct sp_err *err)
{
	struct counter *c = (struct counter *)reader;

	if (c->copy->options && c->copy->options->cancelled && *c->copy->options->cancelled)
		return sp_err_set(err, SP_ECANCELLED, "cancelled");
	if (c->inner->read(c->inner, buf, len, ret_len, err))
		return -1;
	c->counted += *ret_len;
	atomic_fetch_add(&c->copy->done, *ret_len);
	return 0;
}

static void counter_close(struct sp_blob_reader *reader)
{
	struct counter *c = (struct counter *)reader;

	c->inner->close(c->inner);
	free(c);
}

static int counting_open(struct sp_source *source, const struct sp_digest *digest,
			 struct sp_blob_reader **ret, struct sp_err *err)
{
	struct copy *copy = (struct copy *)((char *)source - offsetof(struct copy, source));
	struct sp_blob_reader *inner;
	struct counter *c;

	if (copy->graph->source.open_blob(&copy->graph->source, digest, &inner, err))
		return -1;
	c = sp_calloc(1, sizeof(*c));
	c->reader = (struct sp_blob_reader){ counter_read, counter_close };
	c->inner = inner;
	c->copy = copy;
	*ret = &c->reader;
	return 0;
}

static void tell(struct copy *c)
{
	const struct sp_transport_options *o = c->options;
	uint64_t done = atomic_load(&c->done);

	if (o && o->progress && c->total)
		o->progress(o->progress_ctx, &(struct sp_progress){
			.phase = "copy", .done = done < c->total ? done : c->total,
			.total = c->total });
}

/* --- destinations that take --- */

/* The next blob and destination; false if there is no more to do. */
static bool next_job(struct copy *c, const struct sp_desc **blob, struct sp_dest **dest)
{
	bool found = false;

	pthread_mutex_lock(&c->lock);
	while (!found && !c->failed && c->next < c->graph->blobs_nr * c->dests_nr) {
		*blob = &c->graph->blobs[c->next / c->dests_nr];
		*dest = c->dests[c->next % c->dests_nr];
		c->next++;
		found = sp_dest_can_take(*dest) && sp_dest_follows(*dest) == c->follow;
	}
	pthread_mutex_unlock(&c->lock);
	return found;
}

static void *work(void *ctx)
{
	struct copy *c = ctx;
	const struct sp_desc *blob;
	struct sp_dest *dest;
	uint64_t one = 1;

	while (next_job(c, &blob, &dest)) {
		struct sp_err err = { 0 };
		bool taken;

		if (sp_dest_take(dest, &c->source, blob, &taken, &err) == 0)
			continue;
		pthread_mutex_lock(&c->lock);
		if (!c->failed)
			c->err = err;
		c->failed = true;
		pthread_mutex_unlock(&c->lock);
	}
	if (write(c->event, &one, sizeof(one)) < 0)
		one = 0;
	return NULL;
}

static unsigned jobs(const struct copy *c)
{
	const struct sp_registry_options *r = c->options ? c->options->registry : NULL;
	unsigned n = r && r->jobs ? r->jobs : SP_COPY_JOBS;

	return c->graph->blobs_nr < n ? (unsigned)c->graph->blobs_nr : n;
}

static void wait_for(struct copy *c, unsigned threads)
{
	struct pollfd fd = { .fd = c->event, .events = POLLIN };

	while (threads) {
		uint64_t ended = 0;

		if (poll(&fd, 1, TELL_MS) > 0 && read(c->event, &ended, sizeof(ended)) > 0)
			threads -= ended < threads ? (unsigned)ended : threads;
		tell(c);
	}
}

static int take_all(struct copy *c, struct sp_err *err)
{
	unsigned wanted = jobs(c), started = 0;
	pthread_t *threads = sp_calloc(wanted + 1, sizeof(*threads));

	c->event = eventfd(0, EFD_CLOEXEC);
	if (c->event < 0) {
		free(threads);
		return sp_err_sys(err, SP_EFAIL, "cannot make an eventfd");
	}
	while (started < wanted && pthread_create(&threads[started], NULL, work, c) == 0)
		started++;
	if (!started)
		work(c);
	wait_for(c, started);
	for (unsigned i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	close(c->event);
	free(threads);
	if (c->failed)
		*err = c->err;
	return c->failed ? -1 : 0;
}

/* --- destinations that are fed --- */

static int feed(struct copy *c, const struct sp_desc *blob, struct sp_sink *sink, char *block,
		struct sp_err *err)
{
	struct sp_blob_reader *reader;
	bool has = false;
	size_t len = 1;
	int rc;

	if (sink->has && sink->has(sink, blob, &has, err))
		return -1;
	if (has)
		return 0;
	if (sp_checked_open(&c->source, blob, &reader, err))
		return -1;
	rc = sink->begin(sink, blob->size, err);
	while (!rc && len) {
		rc = reader->read(reader, block, BLOCK_BYTES, &len, err);
		if (!rc && len)
			rc = sink->write(sink, block, len, err);
		tell(c);
	}
	reader->close(reader);
	return rc ? rc : sink->end(sink, blob, err);
}

static int feed_all(struct copy *c, struct sp_sink *sink, struct sp_err *err)
{
	sp_autofree char *block = sp_malloc(BLOCK_BYTES);

	for (size_t i = 0; i < c->graph->blobs_nr; i++)
		if (feed(c, &c->graph->blobs[i], sink, block, err))
			return -1;
	return 0;
}

static int write_documents(struct copy *c, struct sp_sink *sink, struct sp_err *err)
{
	for (size_t i = 0; i < c->graph->documents_nr; i++) {
		const struct sp_graph_document *doc = &c->graph->documents[i];
		bool has = false;

		if (sink->has && sink->has(sink, &doc->desc, &has, err))
			return -1;
		if (!has && (sink->begin(sink, doc->text.len, err) ||
			     sink->write(sink, sp_buf_str(&doc->text), doc->text.len, err) ||
			     sink->end(sink, &doc->desc, err)))
			return -1;
	}
	return 0;
}

/* A sink of those destinations that take, or of those that do not, or of all. */
static struct sp_sink *tee_of(struct sp_dest *const *dests, size_t nr, bool fed_alone,
			      size_t *ret_nr)
{
	struct sp_sink **sinks = sp_calloc(nr + 1, sizeof(struct sp_sink *));
	struct sp_sink *tee;

	*ret_nr = 0;
	for (size_t i = 0; i < nr; i++)
		if (!fed_alone || !sp_dest_can_take(dests[i]))
			sinks[(*ret_nr)++] = sp_dest_sink(dests[i]);
	tee = sp_sink_tee_new(sinks, *ret_nr);
	free(sinks);
	return tee;
}

int sp_copy(struct sp_graph *graph, struct sp_dest *const *dests, size_t dests_nr,
	    const struct sp_transport_options *options, struct sp_err *err)
{
	struct copy c = { .graph = graph, .dests = dests, .dests_nr = dests_nr,
			  .options = options, .source = { .open_blob = counting_open } };
	size_t fed, all;
	struct sp_sink *some = tee_of(dests, dests_nr, true, &fed);
	struct sp_sink *every = tee_of(dests, dests_nr, false, &all);
	int rc = 0;

	pthread_mutex_init(&c.lock, NULL);
	for (size_t i = 0; i < graph->blobs_nr; i++)
		c.total += graph->blobs[i].size * (dests_nr - fed + (fed ? 1 : 0));
	if (fed < dests_nr)
		rc = take_all(&c, err);
	c.next = 0;
	c.follow = true;
	for (size_t i = 0; !rc && i < dests_nr; i++)
		if (sp_dest_follows(dests[i])) {
			rc = take_all(&c, err);
			break;
		}
	if (!rc && fed)
		rc = feed_all(&c, some, err);
	if (!rc)
		rc = write_documents(&c, every, err);
	sp_sink_tee_free(some);
	sp_sink_tee_free(every);
	pthread_mutex_destroy(&c.lock);
	return rc;
}
