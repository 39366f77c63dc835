/* SPDX-License-Identifier: Apache-2.0 */
#include "dashboard/kept.h"

#include <stdlib.h>
#include <string.h>

#define S_NS INT64_C(1000000000)

static size_t
padded(const struct observation *o)
{
	return (obs_size(o) + 7) / 8 * 8;
}

static const struct observation *
at(const struct kept *k, size_t place)
{
	return (const struct observation *)(const void *)(k->bytes + place);
}

/* Every other second goes. */
static void
thin(struct kept *k)
{
	size_t to = 0;

	k->step_s *= 2;
	for (size_t from = 0, n; from < k->used; from += n) {
		n = padded(at(k, from));
		if (at(k, from)->t_ns / S_NS % k->step_s != 0)
			continue;
		memmove(k->bytes + to, k->bytes + from, n);
		to += n;
	}
	k->used = to;
}

static void
put(struct obs_sink *self, const struct observation *o)
{
	struct kept *k = (struct kept *)(void *)self;
	size_t n = padded(o);

	if (o->t_ns / S_NS % k->step_s != 0)
		return;
	while (k->used + n > KEPT_BYTES)
		thin(k);
	if (k->used + n > k->room) {
		k->room = k->room > 0 ? 2 * k->room : 1 << 16;
		k->bytes = realloc(k->bytes, k->room);
		if (k->bytes == NULL)
			abort();
	}
	memset(k->bytes + k->used + n - 8, 0, 8);
	memcpy(k->bytes + k->used, o, obs_size(o));
	k->used += n;
}

void
kept_init(struct kept *k)
{
	*k = (struct kept){ .sink.put = put, .step_s = 1 };
}

void
kept_fini(struct kept *k)
{
	free(k->bytes);
	*k = (struct kept){ .bytes = NULL };
}

static int
by_peer(const void *a, const void *b)
{
	const struct observation *x = *(const struct observation *const *)a;
	const struct observation *y = *(const struct observation *const *)b;
	int d = memcmp(x->peer.addr, y->peer.addr, sizeof x->peer.addr);

	if (d == 0)
		d = (x->peer.port > y->peer.port) - (x->peer.port < y->peer.port);
	return d ? d : (x->t_ns > y->t_ns) - (x->t_ns < y->t_ns);
}

static size_t
select_maps(const struct kept *k, uint64_t channel, int64_t from_ns, int64_t to_ns,
            const struct observation ***all)
{
	const struct observation **found = NULL;
	size_t n = 0, room = 0;

	for (size_t place = 0; place < k->used; place += padded(at(k, place))) {
		const struct observation *o = at(k, place);

		if (o->channel != channel || o->t_ns <= from_ns || o->t_ns > to_ns)
			continue;
		if (n == room) {
			room = room > 0 ? 2 * room : 256;
			found = realloc(found, room * sizeof *found);
			if (found == NULL)
				abort();
		}
		found[n++] = o;
	}
	*all = found;
	return n;
}

bool
kept_maps(void *kept, uint64_t channel, int64_t t_ns, int64_t back_ns, struct obs_sink *to)
{
	const struct observation **all;
	size_t n = select_maps(kept, channel, t_ns - back_ns, t_ns, &all);

	if (n > 1)
		qsort(all, n, sizeof *all, by_peer);
	for (size_t i = 0; i < n; i++) /* the last of each peer */
		if (i + 1 == n || !endpoint_same(&all[i]->peer, &all[i + 1]->peer))
			to->put(to, all[i]);
	free(all);
	return true;
}
