/*
 * The pool: a ring of blocks between the thread that reads and writes (the
 * caller) and a few that compress.
 *
 * A block goes through the ring by number.  Its bytes are hashed (in order, by one
 * thread at a time) and compressed (in any order, by all), then it is emitted (in
 * order, by the caller) and its place is used again.  The caller takes on the same
 * work whenever it would have to wait, so that n threads are n - 1 and the caller,
 * and none at all is a case like any other.
 */
#include "image/compress.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"

/* Blocks in the ring for each thread: one at work, one waiting its turn. */
#define SLOTS_PER_THREAD 2
#define SLOTS_MORE 2

struct slot {
	char *in, *out;			/* out NULL until it is needed */
	size_t in_len, out_room, out_len;
	bool packed;
};

struct helper {
	struct sp_pool *pool;
	pthread_t thread;
	void *context;			/* of the compressor */
};

struct sp_pool {
	const struct sp_compressor *compressor;	/* NULL: bytes pass as they are */
	int level;
	struct sp_hash *hash;
	int (*emit)(void *ctx, const void *data, size_t len, struct sp_err *);
	void *emit_ctx;

	struct slot *slots;
	unsigned slots_nr;
	size_t fill;			/* bytes in block number "filled" */

	/* helpers[0] stands for the caller and has no thread */
	struct helper helpers[SP_POOL_THREADS_MAX];
	unsigned wanted, running;
	bool started;

	/* Under the lock: how many blocks have been through each stage, and so
	 * the number of the next one.  The caller alone writes the first two, and
	 * reads them without the lock. */
	pthread_mutex_t lock;
	pthread_cond_t more_work, progress;
	uint64_t filled, emitted, taken, hashed;
	bool hashing, quit;
};

static unsigned cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	return (unsigned)CPU_COUNT(&set);
}

static unsigned clamp_threads(unsigned threads, bool compresses)
{
	/* without compression there is nothing to share but the hashing */
	unsigned max = compresses ? SP_POOL_THREADS_MAX : 2;

	if (threads == 0)
		threads = cpus();
	return threads > max ? max : threads < 1 ? 1 : threads;
}

struct sp_pool *sp_pool_new(const struct sp_compress *how, unsigned threads,
			    struct sp_hash *hash,
			    int (*emit)(void *ctx, const void *data, size_t len,
					struct sp_err *),
			    void *ctx)
{
	struct sp_pool *pool = sp_calloc(1, sizeof(*pool));

	pool->compressor = how->kind == SP_COMPRESS_GZIP ? &sp_gzip :
			   how->kind == SP_COMPRESS_ZSTD ? &sp_zstd : NULL;
	pool->level = how->level;
	pool->hash = hash;
	pool->emit = emit;
	pool->emit_ctx = ctx;
	pool->wanted = clamp_threads(threads, pool->compressor != NULL);
	pool->helpers[0].pool = pool;
	pool->slots_nr = SLOTS_PER_THREAD * pool->wanted + SLOTS_MORE;
	pool->slots = sp_calloc(pool->slots_nr, sizeof(*pool->slots));
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->more_work, NULL);
	pthread_cond_init(&pool->progress, NULL);
	return pool;
}

static struct slot *slot_of(struct sp_pool *pool, uint64_t block)
{
	return &pool->slots[block % pool->slots_nr];
}

static void hash_next(struct sp_pool *pool)
{
	struct slot *slot = slot_of(pool, pool->hashed);

	pool->hashing = true;
	pthread_mutex_unlock(&pool->lock);
	sp_hash_add(pool->hash, slot->in, slot->in_len);
	pthread_mutex_lock(&pool->lock);
	pool->hashing = false;
	pool->hashed++;
	pthread_cond_signal(&pool->progress);
}

/* Fill slot->out; out_len stays 0 when there is no memory for it. */
static void pack(struct helper *helper, struct slot *slot)
{
	const struct sp_compressor *compressor = helper->pool->compressor;

	slot->out_len = 0;
	if (!helper->context)
		helper->context = compressor->new_context(helper->pool->level);
	if (!helper->context)
		return;
	if (!slot->out) {
		slot->out_room = compressor->bound(helper->context, SP_BLOCK);
		slot->out = sp_malloc(slot->out_room);
	}
	slot->out_len = compressor->block(helper->context, slot->in, slot->in_len,
					  slot->out, slot->out_room);
}

static void pack_next(struct helper *helper)
{
	struct sp_pool *pool = helper->pool;
	struct slot *slot = slot_of(pool, pool->taken++);

	pthread_mutex_unlock(&pool->lock);
	pack(helper, slot);
	pthread_mutex_lock(&pool->lock);
	slot->packed = true;
	pthread_cond_signal(&pool->progress);
}

/*
 * Do one piece of work, if there is one; the lock is held before and after.
 * Hashing first: it must go in order and so is what others come to wait for, and
 * the bytes are still in a cache.
 */
static bool work(struct helper *helper)
{
	struct sp_pool *pool = helper->pool;

	if (pool->hash && !pool->hashing && pool->hashed < pool->filled)
		hash_next(pool);
	else if (pool->compressor && pool->taken < pool->filled)
		pack_next(helper);
	else
		return false;
	return true;
}

static void *help(void *arg)
{
	struct helper *helper = arg;
	struct sp_pool *pool = helper->pool;

	pthread_mutex_lock(&pool->lock);
	while (!pool->quit)
		if (!work(helper))
			pthread_cond_wait(&pool->more_work, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

/* Start the helpers.  Fewer than wanted, or none, is slower and nothing else. */
static void start(struct sp_pool *pool)
{
	sigset_t all, before;

	pool->started = true;
	/* signal handlers are for the threads of the program, not for ours */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (pool->running + 1 < pool->wanted) {
		struct helper *helper = &pool->helpers[pool->running + 1];

		helper->pool = pool;
		if (pthread_create(&helper->thread, NULL, help, helper))
			break;
		pool->running++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Emit the next block if it is ready.  1 if so, 0 if not yet, -1 on failure. */
static int emit_next(struct sp_pool *pool, struct sp_err *err)
{
	struct slot *slot = slot_of(pool, pool->emitted);
	const char *data = pool->compressor ? slot->out : slot->in;
	size_t len = pool->compressor ? slot->out_len : slot->in_len;
	int rc = 0;

	if (pool->emitted == pool->filled || (pool->compressor && !slot->packed))
		return 0;
	pthread_mutex_unlock(&pool->lock);
	if (pool->compressor && !slot->out_len)
		rc = sp_err_set(err, SP_EFAIL, "not enough memory to compress");
	else if (len)
		rc = pool->emit(pool->emit_ctx, data, len, err);
	pthread_mutex_lock(&pool->lock);
	slot->packed = false;
	pool->emitted++;
	return rc ? -1 : 1;
}

/* How many blocks are still in the ring. */
static uint64_t in_ring(const struct sp_pool *pool)
{
	uint64_t oldest = pool->emitted;

	if (pool->hash && pool->hashed < oldest)
		oldest = pool->hashed;
	return pool->filled - oldest;
}

/* Emit what is ready, and go on until no more than most blocks are in the ring. */
static int drain(struct sp_pool *pool, uint64_t most, struct sp_err *err)
{
	int rc;

	pthread_mutex_lock(&pool->lock);
	while ((rc = emit_next(pool, err)) > 0 || (rc == 0 && in_ring(pool) > most))
		if (rc == 0 && !work(&pool->helpers[0]))
			pthread_cond_wait(&pool->progress, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
	return rc;
}

/* Hand over the block that is being filled. */
static void submit(struct sp_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	slot_of(pool, pool->filled)->in_len = pool->fill;
	pool->filled++;
	pthread_cond_broadcast(&pool->more_work);
	pthread_mutex_unlock(&pool->lock);
	pool->fill = 0;
}

void *sp_pool_room(struct sp_pool *pool, size_t *ret_room)
{
	struct slot *slot = slot_of(pool, pool->filled);

	if (!slot->in)
		slot->in = sp_malloc(SP_BLOCK);
	*ret_room = SP_BLOCK - pool->fill;
	return slot->in + pool->fill;
}

int sp_pool_commit(struct sp_pool *pool, size_t len, struct sp_err *err)
{
	pool->fill += len;
	if (pool->fill < SP_BLOCK)
		return 0;
	/* a small input never comes here and needs no threads */
	if (!pool->started)
		start(pool);
	submit(pool);
	return drain(pool, pool->slots_nr - 1, err);
}

int sp_pool_finish(struct sp_pool *pool, struct sp_err *err)
{
	if (pool->fill || !pool->filled)
		submit(pool);
	return drain(pool, 0, err);
}

void sp_pool_free(struct sp_pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->quit = true;
	pthread_cond_broadcast(&pool->more_work);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned i = 0; i <= pool->running; i++) {
		if (i > 0)
			pthread_join(pool->helpers[i].thread, NULL);
		if (pool->compressor)
			pool->compressor->free_context(pool->helpers[i].context);
	}
	for (unsigned i = 0; i < pool->slots_nr; i++) {
		free(pool->slots[i].in);
		free(pool->slots[i].out);
	}
	free(pool->slots);
	pthread_cond_destroy(&pool->progress);
	pthread_cond_destroy(&pool->more_work);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

void sp_pool_freep(struct sp_pool **pool)
{
	sp_pool_free(*pool);
}
