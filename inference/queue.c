/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/queue.h"

#include "base/int64.h"

#define MS_NS 1000000
#define DELAY_NS (10 * MS_NS)  /* to where it queues */
#define USUAL_NS (10 * MS_NS)  /* for a copy, when nothing queues */
#define JITTER_NS (40 * MS_NS) /* copies of several senders, not quite in order */
#define LATE_NS (60 * MS_NS)   /* it waited: it came only after the map */
#define ROUNDS 24

static void
order(struct queue_copy *copy, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		struct queue_copy x = copy[i];
		uint32_t at = i;

		for (; at > 0 && copy[at - 1].sent_ns > x.sent_ns; at--)
			copy[at] = copy[at - 1];
		copy[at] = x;
	}
}

/* When the last of n copies has come, if the line was idle before and needs each_ns. */
static int64_t
served(const struct queue_copy *copy, uint32_t n, int64_t each_ns)
{
	int64_t at = INT64_MIN;

	for (uint32_t i = 0; i < n; i++)
		at = max64(copy[i].sent_ns + DELAY_NS, at) + each_ns;
	return at;
}

/* The largest time for one, up to most_ns, with which what needs it has come by to_ns. */
static int64_t
longest(const struct queue_copy *copy, uint32_t n, int64_t to_ns, int64_t most_ns)
{
	int64_t lo = 0, hi = most_ns;

	for (int i = 0; i < ROUNDS && hi - lo > MS_NS; i++) {
		int64_t mid = lo + (hi - lo) / 2;

		if (served(copy, n, mid) <= to_ns)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

static int64_t
between(int64_t at, int64_t from_ns, int64_t to_ns)
{
	return min64(max64(at, from_ns), to_ns);
}

static void
date(struct queue_copy *c, int64_t lo_ns, int64_t best_ns, int64_t hi_ns, int64_t from_ns,
     int64_t to_ns)
{
	int64_t least_ns = max64(from_ns, min64(c->sent_ns, to_ns));

	c->came.best = between(max64(best_ns, c->sent_ns + DELAY_NS), least_ns, to_ns);
	c->came.lo = between(lo_ns - JITTER_NS, least_ns, c->came.best);
	c->came.hi = between(hi_ns + JITTER_NS, c->came.best, to_ns);
}

/* Nothing waited: each came soon after it was sent. */
static void
came_at_once(struct queue_copy *copy, uint32_t n, int64_t from_ns, int64_t to_ns)
{
	int64_t at = INT64_MIN;

	for (uint32_t i = 0; i < n; i++) {
		at = max64(copy[i].sent_ns + DELAY_NS, at) + USUAL_NS;
		date(&copy[i], at, at, at, from_ns, to_ns);
	}
}

/* They waited, nobody knows since when: spread over the time. */
static void
came_sometime(struct queue *q, struct queue_copy *copy, uint32_t n, bool waits,
              int64_t from_ns, int64_t to_ns)
{
	for (uint32_t i = 0; i < n; i++)
		date(&copy[i], from_ns, from_ns + (to_ns - from_ns) / (2 * n) * (2 * i + 1),
		     to_ns, from_ns, to_ns);
	*q = (struct queue){ .n = waits, .anchor_ns = copy[n - 1].came.best, .loose = true };
}

/* The line has been busy since the anchor: one came behind the other. False: it cannot
 * have been so. */
static bool
came_in_turn(struct queue *q, struct queue_copy *copy, uint32_t n, bool waits, int64_t from_ns,
             int64_t to_ns)
{
	int64_t before = q->n - 1; /* that came up to now */
	int64_t hi_ns = (to_ns - q->anchor_ns) / (before + n), lo_ns = 0, each_ns;

	if (from_ns > q->anchor_ns)
		lo_ns = (from_ns - q->anchor_ns) / (before + 1);
	if (waits)
		lo_ns = max64(lo_ns, (to_ns - q->anchor_ns) / (before + n + 1));
	if (q->hi_ns > 0) {
		lo_ns = max64(lo_ns, q->lo_ns);
		hi_ns = min64(hi_ns, q->hi_ns);
	}
	if (lo_ns > hi_ns + JITTER_NS / (before + n))
		return false;
	hi_ns = max64(hi_ns, lo_ns);
	each_ns = lo_ns + (hi_ns - lo_ns) / 2;
	for (uint32_t i = 0; i < n; i++) {
		int64_t place = before + i + 1;
		bool loose = q->loose;

		date(&copy[i], loose ? from_ns : q->anchor_ns + place * lo_ns,
		     q->anchor_ns + place * each_ns, loose ? to_ns : q->anchor_ns + place * hi_ns,
		     from_ns, to_ns);
	}
	q->lo_ns = lo_ns;
	q->hi_ns = hi_ns;
	q->n += n;
	return true;
}

/* The line begins to fill with these. */
static void
came_first(struct queue *q, struct queue_copy *copy, uint32_t n, int64_t next_ns,
           int64_t from_ns, int64_t to_ns)
{
	int64_t hi_ns = longest(copy, n, to_ns, to_ns - from_ns), lo_ns = USUAL_NS, at, lo, hi;

	if (next_ns < to_ns) /* and that has not come */
		lo_ns = min64(max64((to_ns - next_ns) / (n + 1), USUAL_NS), hi_ns);
	at = lo = hi = INT64_MIN;
	for (uint32_t i = 0; i < n; i++) {
		int64_t sent_ns = copy[i].sent_ns + DELAY_NS;

		if (sent_ns > at)
			*q = (struct queue){ .anchor_ns = sent_ns, .n = 1 };
		at = max64(sent_ns, at) + lo_ns + (hi_ns - lo_ns) / 2;
		lo = max64(sent_ns, lo) + lo_ns;
		hi = max64(sent_ns, hi) + hi_ns;
		date(&copy[i], lo, at, hi, from_ns, to_ns);
		q->n++;
	}
	q->lo_ns = lo_ns;
	q->hi_ns = hi_ns;
}

void
queue_serve(struct queue *q, struct queue_copy *copy, uint32_t n, int64_t next_ns,
            int64_t from_ns, int64_t to_ns)
{
	bool waits = next_ns < to_ns - DELAY_NS - JITTER_NS, waited;

	if (n == 0) {
		if (!waits)
			q->n = 0;
		return;
	}
	order(copy, n);
	waited = copy[0].sent_ns + DELAY_NS + LATE_NS < from_ns;
	if (q->n > 0 && !came_in_turn(q, copy, n, waits, from_ns, to_ns))
		came_sometime(q, copy, n, waits, from_ns, to_ns);
	else if (q->n == 0 && waited)
		came_sometime(q, copy, n, waits, from_ns, to_ns);
	else if (q->n == 0 && waits)
		came_first(q, copy, n, next_ns, from_ns, to_ns);
	else if (q->n == 0)
		came_at_once(copy, n, from_ns, to_ns);
	if (!waits)
		q->n = 0;
}
