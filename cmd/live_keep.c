/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/live_keep.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/ring.h"
#include "cmd/commands.h"
#include "cmd/told.h"
#include "record/result.h"

#define ROOM ((size_t)1 << 24) /* bytes of results that wait for the thread */
#define SECOND_NS INT64_C(1000000000)
#define FORGET_NS (60 * SECOND_NS)
#define REST_NS 2000000

enum item_kind { ITEM_RESULT = 1, ITEM_MAP, ITEM_TRAFFIC, ITEM_PROBE };

/* Before each record, in the ring and in the batch; the next one is len further, rounded. */
struct item {
	uint32_t kind, len;
};

struct live_keep {
	struct result_sink results; /* first */
	struct obs_sink maps;
	struct live_keep_options opt;
	struct store *store;
	struct ring *ring;
	void *memory;
	pthread_t thread;
	bool started;
	atomic_bool ending;
	pthread_mutex_t lock; /* of what follows */
	struct store_said said;
	struct live_keep_status status;
	/* the thread's own */
	uint8_t *batch;
	size_t used, room;
	bool again; /* the batch was tried before */
	int64_t wrote_ns, forgot_ns;
	int last; /* err of the last transaction */
};

/* --- into the ring ------------------------------------------------------------------------ */

static void
rest(void)
{
	const struct timespec t = { 0, REST_NS };

	nanosleep(&t, NULL);
}

static void
put_item(struct live_keep *k, enum item_kind kind, const void *bytes, size_t len)
{
	const struct item head = { kind, (uint32_t)len };
	uint8_t *place;

	while ((place = ring_reserve(k->ring, (uint32_t)(sizeof head + len))) == NULL)
		rest();
	memcpy(place, &head, sizeof head);
	memcpy(place + sizeof head, bytes, len);
	ring_commit(k->ring);
}

static void
put_result(struct result_sink *self, const struct result *r)
{
	put_item((struct live_keep *)(void *)self, ITEM_RESULT, r, sizeof *r);
}

static void
put_map(struct obs_sink *self, const struct observation *o)
{
	struct live_keep *k =
	    (struct live_keep *)(void *)((char *)self - offsetof(struct live_keep, maps));

	put_item(k, ITEM_MAP, o, obs_size(o));
}

void
live_keep_traffic(struct live_keep *k, const struct store_traffic *t)
{
	put_item(k, ITEM_TRAFFIC, t, sizeof *t);
}

void
live_keep_probe(struct live_keep *k, const struct store_probe *p)
{
	put_item(k, ITEM_PROBE, p, sizeof *p);
}

struct result_sink *
live_keep_results(struct live_keep *k)
{
	return &k->results;
}

struct obs_sink *
live_keep_maps(struct live_keep *k)
{
	return &k->maps;
}

/* --- out of it ---------------------------------------------------------------------------- */

static size_t
rounded(size_t len)
{
	return (len + 7) / 8 * 8;
}

static void
keep_item(struct live_keep *k, const void *item, uint32_t len)
{
	if (k->used + rounded(len) > k->room) {
		k->room = k->room > 0 ? 2 * k->room : (size_t)1 << 20;
		k->batch = realloc(k->batch, k->room);
		if (k->batch == NULL)
			abort();
	}
	memcpy(k->batch + k->used, item, len);
	k->used += rounded(len);
}

/* True: something was there. */
static bool
drain(struct live_keep *k)
{
	const void *item;
	uint32_t len;
	bool any = false;

	while (k->used < LIVE_KEEP_BATCH && (item = ring_next(k->ring, &len)) != NULL) {
		keep_item(k, item, len);
		ring_release(k->ring);
		any = true;
	}
	return any;
}

/* Samples of lag are taken by the store even if the transaction fails. */
static void
put_batch(struct live_keep *k)
{
	struct result_sink *to = store_results(k->store);

	for (size_t at = 0; at < k->used;) {
		const struct item *head = (const void *)(k->batch + at);
		const void *bytes = head + 1;
		const struct result *r = bytes;

		if (head->kind == ITEM_MAP)
			store_map(k->store, bytes);
		else if (head->kind == ITEM_TRAFFIC)
			store_traffic(k->store, bytes);
		else if (head->kind == ITEM_PROBE)
			store_probe(k->store, bytes);
		else if (!k->again || r->kind != RESULT_LAG)
			to->put(to, r);
		at += rounded(sizeof *head + head->len);
	}
}

static int
flush(struct live_keep *k)
{
	struct store_said said;
	int rc;

	pthread_mutex_lock(&k->lock);
	said = k->said;
	said.report = said.report != NULL ? strdup(said.report) : NULL;
	pthread_mutex_unlock(&k->lock);
	rc = store_flush(k->store, said.report != NULL ? &said : NULL);
	free((void *)(uintptr_t)said.report);
	return rc;
}

/* Said once when it begins to fail, and once when it is over. */
static void
tell(struct live_keep *k, int rc)
{
	if (rc != 0 && k->last == 0)
		log_say(LOG_ERROR, "%s (tried again each second; what comes meanwhile waits in "
		        "memory)", store_why(k->store));
	if (rc == 0 && k->last != 0)
		log_say(LOG_WARNING, "results are written again");
	k->last = rc;
}

static void
write_batch(struct live_keep *k)
{
	int64_t began_ns = clock_monotonic_ns();
	int rc = store_resume(k->store);

	if (rc == 0) {
		put_batch(k);
		k->again = true;
		rc = flush(k);
	}
	tell(k, rc);
	k->wrote_ns = clock_monotonic_ns();
	if (rc == 0) {
		k->used = 0;
		k->again = false;
	}
	pthread_mutex_lock(&k->lock);
	k->status.rows = store_rows(k->store);
	k->status.transactions++;
	k->status.failures += rc != 0;
	k->status.failing = rc != 0;
	k->status.waiting = k->used;
	k->status.took_ns = k->wrote_ns - began_ns;
	pthread_mutex_unlock(&k->lock);
}

static void
forget(struct live_keep *k)
{
	int64_t now_ns = clock_wall_ns();

	if (k->last != 0 || clock_monotonic_ns() - k->forgot_ns < FORGET_NS)
		return;
	k->forgot_ns = clock_monotonic_ns();
	if (store_forget(k->store, now_ns - k->opt.maps_ns, now_ns - k->opt.sessions_ns) != 0)
		log_say(LOG_WARNING, "%s", store_why(k->store));
}

static void *
run(void *arg)
{
	struct live_keep *k = arg;

	k->forgot_ns = clock_monotonic_ns() - FORGET_NS;
	for (;;) {
		bool over = ring_over(k->ring);

		if (drain(k))
			continue;
		if (over)
			break;
		if (k->used >= LIVE_KEEP_BATCH && k->last != 0 && atomic_load(&k->ending)) {
			k->used = 0; /* else nobody would ever end */
			k->again = false;
		}
		if (k->used > 0 && clock_monotonic_ns() - k->wrote_ns >= SECOND_NS)
			write_batch(k);
		forget(k);
		rest();
	}
	write_batch(k); /* also without results: what is said of all */
	return NULL;
}

/* --- its life ----------------------------------------------------------------------------- */

int
live_keep_open(const struct live_keep_options *opt, struct live_keep **out)
{
	const struct store_options o = { .url = opt->url, .write = true,
		.clear_addresses = opt->clear_addresses, .protocol_name = told_protocol };
	struct live_keep *k = calloc(1, sizeof *k);
	int rc;

	*out = k;
	if (k == NULL)
		abort();
	k->opt = *opt;
	k->results.put = put_result;
	k->maps.put = put_map;
	pthread_mutex_init(&k->lock, NULL);
	k->memory = malloc(ring_size(ROOM));
	if (k->memory == NULL)
		abort();
	k->ring = ring_init(k->memory, ROOM);
	rc = store_open(&o, &k->store);
	if (rc == 0)
		rc = store_begin_live(k->store, opt->vantage);
	return rc == 0 ? 0 : command_fail(rc, "%s", store_why(k->store));
}

int
live_keep_start(struct live_keep *k)
{
	k->started = pthread_create(&k->thread, NULL, run, k) == 0;
	return k->started ? 0 : command_fail(ERR_IO, "cannot start a thread");
}

void
live_keep_say(struct live_keep *k, const struct store_said *said)
{
	pthread_mutex_lock(&k->lock);
	free((void *)(uintptr_t)k->said.report);
	k->said = *said;
	k->said.report = strdup(said->report);
	pthread_mutex_unlock(&k->lock);
}

struct live_keep_status
live_keep_status(struct live_keep *k)
{
	struct live_keep_status status;

	pthread_mutex_lock(&k->lock);
	status = k->status;
	pthread_mutex_unlock(&k->lock);
	return status;
}

void
live_keep_ending(struct live_keep *k)
{
	atomic_store(&k->ending, true);
}

int
live_keep_close(struct live_keep *k)
{
	int rc = 0;

	if (k == NULL)
		return 0;
	ring_close(k->ring);
	if (k->started) {
		pthread_join(k->thread, NULL);
		if (k->last != 0)
			rc = command_fail(k->last, "%s; the last results are lost",
			                  store_why(k->store));
	}
	store_close(k->store);
	free((void *)(uintptr_t)k->said.report);
	free(k->batch);
	free(k->memory);
	pthread_mutex_destroy(&k->lock);
	free(k);
	return rc;
}
