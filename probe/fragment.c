/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/fragment.h"

#include <string.h>

#include "base/map.h"
#include "probe/pages.h"

#define UNIT       8u /* bytes: what fragment offsets count in */
#define UNITS      8192u
#define SLOT_BYTES (UNIT * UNITS)

/* Of each unit: 0 not seen, else 1 + its captured bytes. */
enum { UNIT_UNSEEN = 0, UNIT_WHOLE = 1 + UNIT };

/* Without padding, so that it can be hashed and compared as bytes. */
struct key {
	uint8_t src[16], dst[16];
	uint32_t id;
	uint32_t protocol; /* 0 in IPv6, where it is no part of the identity */
};

struct datagram {
	struct key key;
	int64_t first_ns;
	struct counts_sum sum;
	uint32_t slot;    /* of its units and bytes */
	uint32_t total;   /* bytes; 0 until the last fragment came */
	uint32_t highest; /* end of what was seen */
	uint32_t units_seen;
	bool cut; /* some of it was not captured */
	uint8_t protocol;
};

struct fragments {
	struct map *map; /* key -> datagram, the one begun first the oldest */
	size_t map_bytes;
	uint32_t slots, spare;
	uint32_t *slot; /* the first spare ones are free; these three and the
	                 * map are owned */
	uint8_t *unit;  /* UNITS a slot */
	uint8_t *bytes; /* SLOT_BYTES a slot */
	struct fragment_counts counts;
};

static void
sum_move(struct counts_sum *from, struct counts_sum *to, const struct counts_sum *what)
{
	from->packets -= what->packets;
	from->bytes -= what->bytes;
	to->packets += what->packets;
	to->bytes += what->bytes;
}

static void
give_up(struct fragments *f, const struct datagram *d)
{
	sum_move(&f->counts.waiting, &f->counts.lost, &d->sum);
	f->slot[f->spare++] = d->slot;
}

static void
make_room(void *ctx, const void *key, void *value)
{
	struct fragments *f = ctx;

	(void)key;
	give_up(f, value);
	f->counts.evicted++;
}

struct fragments *
fragments_new(uint32_t slots)
{
	struct fragments *f = pages_new(1, sizeof *f);

	f->map_bytes = map_size(slots, sizeof(struct key), sizeof(struct datagram));
	f->map = map_init(pages_new(1, f->map_bytes), slots, sizeof(struct key),
	                  sizeof(struct datagram), 0, make_room, f);
	f->slots = slots;
	f->slot = pages_new(slots, sizeof f->slot[0]);
	f->unit = pages_new(slots, UNITS);
	f->bytes = pages_new(slots, SLOT_BYTES);
	while (f->spare < slots) {
		f->slot[f->spare] = slots - 1 - f->spare;
		f->spare++;
	}
	return f;
}

void
fragments_free(struct fragments *f)
{
	if (f == NULL)
		return;
	pages_free(f->map, 1, f->map_bytes);
	pages_free(f->slot, f->slots, sizeof f->slot[0]);
	pages_free(f->unit, f->slots, UNITS);
	pages_free(f->bytes, f->slots, SLOT_BYTES);
	pages_free(f, 1, sizeof *f);
}

static struct key
key_of(const struct ip_packet *ip)
{
	struct key key = { .id = ip->id, .protocol = ip->v6 ? 0 : ip->protocol };

	memcpy(key.src, ip->src.addr, sizeof key.src);
	memcpy(key.dst, ip->dst.addr, sizeof key.dst);
	return key;
}

static bool
is_late(const struct datagram *d, int64_t t_ns)
{
	return t_ns - d->first_ns > FRAGMENT_TIMEOUT_NS || d->first_ns - t_ns > FRAGMENT_TIMEOUT_NS;
}

static struct datagram *
begin(struct fragments *f, const struct key *key, const struct ip_packet *ip, int64_t t_ns)
{
	struct datagram *d = map_put(f->map, key, NULL);

	d->key = *key;
	d->slot = f->slot[--f->spare];
	d->first_ns = t_ns;
	d->protocol = ip->protocol;
	memset(f->unit + (size_t)d->slot * UNITS, UNIT_UNSEEN, UNITS);
	return d;
}

/* The datagram's length is what its last fragment says; nothing lies past it. */
static bool
fits(const struct datagram *d, uint32_t end, bool more)
{
	if (!more && d->highest > end)
		return false;
	return d->total == 0 || (more ? end <= d->total : end == d->total);
}

static bool
is_sound(const struct ip_packet *ip)
{
	uint32_t len = ip->payload.wire_len;

	return len > 0 && (!ip->more || len % UNIT == 0) && len <= FRAGMENT_MAX_BYTES &&
	       ip->offset + len <= FRAGMENT_MAX_BYTES;
}

static uint8_t
unit_mark(uint32_t i, uint32_t captured)
{
	uint32_t at = i * UNIT;

	if (captured >= at + UNIT)
		return UNIT_WHOLE;
	return (uint8_t)(1 + (captured > at ? captured - at : 0));
}

/* Copies the units that had not come before; answers how many. */
static uint32_t
place_fresh(uint8_t *unit, uint8_t *bytes, const uint8_t *from, uint32_t captured, uint32_t len)
{
	uint32_t fresh = 0;

	for (uint32_t i = 0, at = 0; at < len; i++, at += UNIT) {
		uint32_t n = captured > at ? captured - at : 0;

		if (unit[i] != UNIT_UNSEEN)
			continue;
		if (n > 0)
			memcpy(bytes + at, from + at, n < UNIT ? n : UNIT);
		unit[i] = unit_mark(i, captured);
		fresh++;
	}
	return fresh;
}

/* Fragments mostly come in order: then nothing of this one has come before. */
static uint32_t
place_all(uint8_t *unit, uint8_t *bytes, const uint8_t *from, uint32_t captured, uint32_t len)
{
	uint32_t units = (len + UNIT - 1) / UNIT;

	if (captured > 0)
		memmove(bytes, from, captured); /* may lie in the slot that was just freed */
	memset(unit, UNIT_WHOLE, captured / UNIT);
	for (uint32_t i = captured / UNIT; i < units; i++)
		unit[i] = unit_mark(i, captured);
	return units;
}

static void
place(struct fragments *f, struct datagram *d, const struct ip_packet *ip)
{
	struct reader in = ip->payload.in;
	uint32_t len = ip->payload.wire_len, captured = (uint32_t)reader_left(&in), fresh;
	uint8_t *unit = f->unit + (size_t)d->slot * UNITS + ip->offset / UNIT;
	uint8_t *bytes = f->bytes + (size_t)d->slot * SLOT_BYTES + ip->offset;
	const uint8_t *from = reader_take(&in, captured);

	if (ip->offset >= d->highest)
		fresh = place_all(unit, bytes, from, captured, len);
	else
		fresh = place_fresh(unit, bytes, from, captured, len);
	f->counts.overlaps += fresh < (len + UNIT - 1) / UNIT;
	d->units_seen += fresh;
	d->cut |= captured < len;
}

static uint32_t
captured_from_start(const struct fragments *f, const struct datagram *d)
{
	const uint8_t *unit = f->unit + (size_t)d->slot * UNITS;
	uint32_t i = 0, len;

	if (!d->cut)
		return d->total;
	while (i < UNITS && unit[i] == UNIT_WHOLE)
		i++;
	len = i * UNIT;
	if (i < UNITS && unit[i] != UNIT_UNSEEN)
		len += unit[i] - 1u;
	return len < d->total ? len : d->total;
}

static void
finish(struct fragments *f, const struct datagram *d, struct fragment_done *done)
{
	const struct key key = d->key;

	done->payload = part_over(f->bytes + (size_t)d->slot * SLOT_BYTES,
	                          captured_from_start(f, d), d->total);
	done->protocol = d->protocol;
	done->sum = d->sum;
	f->counts.waiting.packets -= d->sum.packets;
	f->counts.waiting.bytes -= d->sum.bytes;
	f->counts.completed++;
	f->slot[f->spare++] = d->slot;
	map_del(f->map, &key);
}

/* This fragment's datagram, which may have to be begun. */
static struct datagram *
locate(struct fragments *f, const struct ip_packet *ip, int64_t t_ns)
{
	struct key key = key_of(ip);
	struct datagram *d = map_peek(f->map, &key);

	if (d != NULL && !is_late(d, t_ns))
		return d;
	if (d != NULL) {
		give_up(f, d);
		f->counts.expired++;
		map_del(f->map, &key);
	}
	return begin(f, &key, ip, t_ns);
}

static void
account(struct fragments *f, struct datagram *d, const struct counts_sum *sum)
{
	d->sum.packets += sum->packets;
	d->sum.bytes += sum->bytes;
	f->counts.waiting.packets += sum->packets;
	f->counts.waiting.bytes += sum->bytes;
}

enum fragment_verdict
fragments_add(struct fragments *f, const struct ip_packet *ip, int64_t t_ns,
              const struct counts_sum *sum, struct fragment_done *done)
{
	uint32_t end = ip->offset + ip->payload.wire_len;
	struct datagram *d;

	f->counts.seen++;
	if (!is_sound(ip))
		return FRAGMENT_BAD;
	d = locate(f, ip, t_ns);
	if (!fits(d, end, ip->more))
		return FRAGMENT_BAD;
	place(f, d, ip);
	account(f, d, sum);
	if (ip->offset == 0)
		d->protocol = ip->protocol;
	if (!ip->more)
		d->total = end;
	if (end > d->highest)
		d->highest = end;
	if (d->total == 0 || d->units_seen < (d->total + UNIT - 1) / UNIT)
		return FRAGMENT_WAITING;
	finish(f, d, done);
	return FRAGMENT_COMPLETE;
}

void
fragments_end(struct fragments *f)
{
	struct datagram *d;

	while ((d = map_oldest(f->map, NULL)) != NULL) {
		const struct key key = d->key;

		give_up(f, d);
		f->counts.incomplete++;
		map_del(f->map, &key);
	}
}

const struct fragment_counts *
fragments_counts(const struct fragments *f)
{
	return &f->counts;
}
