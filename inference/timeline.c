/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/timeline.h"

#include <string.h>

#define SAMPLES 24 /* marks compared pairwise */
#define FEW_SAMPLES 3
#define NEAR_CHUNKS 64
#define FAR_CHUNKS 256
#define ON_LINE_NS 50000000 /* a chunk this near the line, + its duration, is on it */
#define STEP_MAX_NS 60000000000 /* a longer step is a source that stopped */

void
timeline_init(struct timeline *t)
{
	memset(t->marked, 0, sizeof t->marked); /* the rest of a place is valid if marked */
	t->newest = t->oldest = t->marks = 0;
	t->chunk = ESTIMATE_UNKNOWN;
}

bool
timeline_known(const struct timeline *t, uint64_t chunk, int64_t *source_ns)
{
	uint32_t i = chunk % TIMELINE_CHUNKS;

	if (!t->marked[i] || t->id[i] != chunk)
		return false;
	*source_ns = t->source_ns[i];
	return true;
}

enum timeline_answer
timeline_mark(struct timeline *t, uint64_t chunk, int64_t source_ns)
{
	uint32_t i = chunk % TIMELINE_CHUNKS;
	int64_t known_ns;

	if (timeline_known(t, chunk, &known_ns))
		return known_ns == source_ns ? TIMELINE_KNOWN : TIMELINE_CONFLICT;
	if (t->marks > 0 && chunk < t->newest && t->newest - chunk >= TIMELINE_CHUNKS)
		return TIMELINE_CONFLICT;
	t->id[i] = chunk;
	t->source_ns[i] = source_ns;
	t->marked[i] = 1;
	if (t->marks == 0 || chunk > t->newest)
		t->newest = chunk;
	if (t->marks == 0 || chunk < t->oldest)
		t->oldest = chunk;
	if (t->newest - t->oldest >= TIMELINE_CHUNKS)
		t->oldest = t->newest - TIMELINE_CHUNKS + 1;
	t->marks++;
	return TIMELINE_NEW;
}

/* The marked chunk nearest to this one, within reach; false if none is. */
static bool
nearest(const struct timeline *t, uint64_t chunk, uint64_t *found, int64_t *source_ns)
{
	for (uint64_t d = 1; d <= NEAR_CHUNKS && chunk > t->oldest && chunk < t->newest; d++) {
		if (timeline_known(t, chunk - d, source_ns)) {
			*found = chunk - d;
			return true;
		}
		if (timeline_known(t, chunk + d, source_ns)) {
			*found = chunk + d;
			return true;
		}
	}
	*found = chunk > t->newest ? t->newest : t->oldest;
	return timeline_known(t, *found, source_ns);
}

static bool
is_far(int64_t ns)
{
	return ns < -TIMELINE_FAR_NS || ns > TIMELINE_FAR_NS;
}

bool
timeline_at(const struct timeline *t, uint64_t chunk, int64_t *source_ns)
{
	uint64_t near;
	int64_t near_ns, by_ns;

	if (timeline_known(t, chunk, source_ns))
		return true;
	if (t->marks == 0 || !nearest(t, chunk, &near, &near_ns))
		return false;
	if (!estimate_known(&t->chunk))
		return false;
	if (__builtin_mul_overflow((int64_t)(chunk - near), t->chunk.best_ns, &by_ns) ||
	    __builtin_add_overflow(near_ns, by_ns, &by_ns) || is_far(by_ns))
		return false;
	*source_ns = by_ns;
	return true;
}

bool
timeline_on(const struct timeline *t, uint64_t chunk, int64_t clock_ns, int64_t *at_ns)
{
	int64_t ns;

	if (!timeline_at(t, chunk, &ns) || __builtin_add_overflow(ns, clock_ns, &ns) ||
	    ns < 0 || is_far(ns))
		return false;
	*at_ns = ns;
	return true;
}

/* How far off the line a chunk may be: chunks differ in duration, and the line is
 * the less certain the farther the chunk is from what is marked. */
static int64_t
tolerance(const struct timeline *t, uint64_t chunk)
{
	uint64_t apart = chunk > t->newest ? chunk - t->newest :
	                 chunk < t->oldest ? t->oldest - chunk : 0;
	int64_t off_ns = ON_LINE_NS + t->chunk.best_ns, more_ns;

	if (apart > TIMELINE_CHUNKS ||
	    __builtin_mul_overflow((int64_t)apart, t->chunk.hi_ns - t->chunk.lo_ns, &more_ns) ||
	    more_ns > TIMELINE_OFF_NS)
		return TIMELINE_OFF_NS;
	off_ns += more_ns;
	return off_ns < TIMELINE_OFF_NS ? off_ns : TIMELINE_OFF_NS;
}

int64_t
timeline_off(const struct timeline *t, uint64_t chunk, int64_t source_ns)
{
	int64_t at_ns, off_ns, slope_ns;

	if (timeline_known(t, chunk, &at_ns))
		return at_ns == source_ns ? 0 : INT64_MAX;
	if (t->marks < 2 || !timeline_at(t, chunk, &at_ns)) {
		if (!timeline_known(t, t->newest, &at_ns) ||
		    __builtin_sub_overflow(source_ns, at_ns, &off_ns))
			return INT64_MAX;
		slope_ns = off_ns / (int64_t)(chunk - t->newest);
		return slope_ns >= TIMELINE_LEAST_NS && slope_ns <= TIMELINE_MOST_NS ?
		           TIMELINE_OFF_NS : INT64_MAX;
	}
	if (__builtin_sub_overflow(source_ns, at_ns, &off_ns))
		return INT64_MAX;
	off_ns = off_ns < 0 ? -off_ns : off_ns;
	return off_ns <= tolerance(t, chunk) ? off_ns + 1 : INT64_MAX;
}

/* Mean step between the marks around a chunk that has none near; 0: unknown. */
static int64_t
step_between(const struct timeline *t, uint64_t chunk)
{
	uint64_t first = chunk, last = chunk;
	int64_t first_ns, last_ns;

	if (t->marks == 0 || chunk <= t->oldest || chunk > t->newest)
		return 0;
	for (first--; !timeline_known(t, first, &first_ns); first--)
		if (chunk - first > FAR_CHUNKS || first == t->oldest)
			return 0;
	for (; !timeline_known(t, last, &last_ns); last++)
		if (last - chunk > FAR_CHUNKS || last == t->newest)
			return 0;
	if (last - first <= NEAR_CHUNKS || last_ns <= first_ns ||
	    last_ns - first_ns >= STEP_MAX_NS)
		return 0;
	return (last_ns - first_ns) / (int64_t)(last - first);
}

int64_t
timeline_step(const struct timeline *t, uint64_t chunk)
{
	int64_t this_ns, before_ns, step_ns;

	if (chunk > 0 && timeline_known(t, chunk, &this_ns) &&
	    timeline_known(t, chunk - 1, &before_ns) &&
	    !__builtin_sub_overflow(this_ns, before_ns, &step_ns) && step_ns > 0 &&
	    step_ns < STEP_MAX_NS)
		return step_ns;
	step_ns = step_between(t, chunk);
	return step_ns > 0 ? step_ns : estimate_known(&t->chunk) ? t->chunk.best_ns : 0;
}

static void
sort(int64_t *v, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		int64_t x = v[i];
		uint32_t at = i;

		for (; at > 0 && v[at - 1] > x; at--)
			v[at] = v[at - 1];
		v[at] = x;
	}
}

/* The marked chunk at or shortly before this one. */
static bool
marked_before(const struct timeline *t, uint64_t *chunk, int64_t *ns)
{
	for (uint64_t d = 0; d < NEAR_CHUNKS && d <= *chunk - t->oldest; d++)
		if (timeline_known(t, *chunk - d, ns)) {
			*chunk -= d;
			return true;
		}
	return false;
}

/* Marked chunks spread evenly over what is kept; near: or shortly before those places. */
static uint32_t
sample(const struct timeline *t, bool near, uint64_t chunk[SAMPLES], int64_t ns[SAMPLES])
{
	uint64_t range = t->newest - t->oldest;
	uint64_t steps = range < SAMPLES - 1 ? range : SAMPLES - 1;
	uint32_t n = 0;

	for (uint64_t i = 0; i <= steps; i++) {
		uint64_t c = t->oldest + (steps ? range * i / steps : 0);

		if (near ? marked_before(t, &c, &ns[n]) && (n == 0 || chunk[n - 1] != c) :
		           timeline_known(t, c, &ns[n]))
			chunk[n++] = c;
	}
	return n;
}

void
timeline_estimate(struct timeline *t)
{
	uint64_t chunk[SAMPLES];
	int64_t ns[SAMPLES], slope[SAMPLES * SAMPLES / 2], by_ns, each_ns;
	uint64_t apart = (t->newest - t->oldest) / 3 + 1;
	uint32_t n = t->marks ? sample(t, false, chunk, ns) : 0, slopes = 0;

	if (t->marks > 0 && n < FEW_SAMPLES) /* marks come seldom */
		n = sample(t, true, chunk, ns);

	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = i + 1; j < n; j++)
			if (chunk[j] - chunk[i] >= apart &&
			    !__builtin_sub_overflow(ns[j], ns[i], &by_ns)) {
				each_ns = by_ns / (int64_t)(chunk[j] - chunk[i]);
				if (by_ns > 0 && each_ns < STEP_MAX_NS)
					slope[slopes++] = each_ns;
			}
	if (slopes == 0)
		return;
	sort(slope, slopes);
	if (slope[slopes / 2] <= 0)
		return;
	t->chunk = estimate_of(slope[slopes / 40], slope[slopes / 2],
	                       slope[slopes - 1 - slopes / 40], 0);
}
