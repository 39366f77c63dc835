/* SPDX-License-Identifier: Apache-2.0 */
#include "swarm/uplink.h"

#include <stddef.h>

#define MS_NS INT64_C(1000000)
#define MORE 1.04 /* of the rate, a look */
#define LESS 0.85 /* of it is left where something is lost or waits too long */
#define USED 0.7  /* of it must be, for it to grow */
#define LOST_NS (1500 * MS_NS)
#define MINUTE_NS (60000 * MS_NS)

struct uplink
uplink_begin(uint32_t most_kbps, int64_t now)
{
	return (struct uplink){ .most_kbps = most_kbps, .kbps = most_kbps, .looked_ns = now,
		.waits_ns = INT64_MAX };
}

void
uplink_set_most(struct uplink *u, uint32_t kbps)
{
	u->most_kbps = kbps;
	u->kbps = kbps;
}

static struct uplink_way *
find(struct uplink *u, const struct endpoint *at)
{
	for (unsigned i = 0; i < UPLINK_WAYS; i++)
		if (u->way[i].used_ns != 0 && endpoint_same(&u->way[i].at, at))
			return &u->way[i];
	return NULL;
}

/* A new one takes a free place, or that of the one not used for longest. */
static struct uplink_way *
way_to(struct uplink *u, const struct endpoint *at, int64_t now)
{
	struct uplink_way *way = find(u, at), *oldest = &u->way[0];

	for (unsigned i = 1; way == NULL && i < UPLINK_WAYS; i++)
		if (u->way[i].used_ns < oldest->used_ns)
			oldest = &u->way[i];
	if (way == NULL) {
		way = oldest;
		*way = (struct uplink_way){ .at = *at, .minute_ns = now,
			.least_ns = { INT64_MAX, INT64_MAX } };
	}
	way->used_ns = now;
	return way;
}

bool
uplink_sent(struct uplink *u, const struct endpoint *to, uint32_t bytes, uint64_t nonce,
            int64_t now)
{
	struct uplink_way *way = way_to(u, to, now);

	u->bytes += bytes;
	u->chunk = bytes;
	if (way->nonce != 0 && now - way->asked_ns < LOST_NS)
		return false;
	u->lost += way->nonce != 0;
	way->nonce = nonce;
	way->asked_ns = now;
	return true;
}

static int64_t
least(struct uplink_way *way, int64_t trip_ns, int64_t now)
{
	if (now - way->minute_ns >= MINUTE_NS) {
		way->minute_ns = now;
		way->least_ns[1] = way->least_ns[0];
		way->least_ns[0] = INT64_MAX;
	}
	if (trip_ns < way->least_ns[0])
		way->least_ns[0] = trip_ns;
	return way->least_ns[0] < way->least_ns[1] ? way->least_ns[0] : way->least_ns[1];
}

bool
uplink_answer(struct uplink *u, const struct endpoint *from, uint64_t nonce, int64_t now)
{
	struct uplink_way *way = find(u, from);
	int64_t trip_ns, waits_ns;

	if (way == NULL || nonce == 0 || nonce != way->nonce)
		return false;
	way->nonce = 0;
	trip_ns = now - way->asked_ns;
	waits_ns = trip_ns - least(way, trip_ns, now);
	if (waits_ns < u->waits_ns)
		u->waits_ns = waits_ns;
	return true;
}

/* By how much the rate changes, from what this look saw. */
static double
factor(const struct uplink *u, double seconds)
{
	bool heard = u->waits_ns != INT64_MAX;

	if (u->lost > 0 || (heard && u->waits_ns > UPLINK_WAIT_NS))
		return LESS;
	if (!heard || (double)u->bytes * 8 / 1000 / seconds < USED * u->kbps)
		return 1;
	return MORE;
}

bool
uplink_look(struct uplink *u, int64_t now)
{
	int64_t since = now - u->looked_ns;

	if (since < UPLINK_LOOK_NS)
		return false;
	u->kbps *= factor(u, (double)since / 1e9);
	u->kbps = u->kbps < UPLINK_LEAST_KBPS ? UPLINK_LEAST_KBPS : u->kbps;
	u->kbps = u->kbps > u->most_kbps ? u->most_kbps : u->kbps;
	u->looked_ns = now;
	u->bytes = 0;
	u->lost = 0;
	u->waits_ns = INT64_MAX;
	return true;
}
