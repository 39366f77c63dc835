/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/fragment.h"

#include <string.h>

#include "base/hash.h"
#include "probe/lru.h"
#include "probe/pages.h"

#define UNIT 8u /* bytes: what fragment offsets count in */
#define UNITS 8192u
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
	uint32_t total;      /* bytes; 0 until the last fragment came */
	uint32_t highest;    /* end of what was seen */
	uint32_t units_seen;
	bool cut;            /* some of it was not captured */
	uint8_t protocol;
};

struct fragments {
	struct lru lru;            /* never touched: the oldest is the first begun */
	struct datagram *datagram; /* one a slot; all three owned */
	uint8_t *unit;             /* UNITS a slot */
	uint8_t *bytes;            /* SLOT_BYTES a slot */
	struct fragment_counts counts;
};

struct fragments *
fragments_new(uint32_t slots)
{
	struct fragments *f = pages_new(1, sizeof *f);

	lru_init(&f->lru, slots);
	f->datagram = pages_new(slots, sizeof f->datagram[0]);
	f->unit = pages_new(slots, UNITS);
	f->bytes = pages_new(slots, SLOT_BYTES);
	return f;
}

void
fragments_free(struct fragments *f)
{
	uint32_t slots;

	if (f == NULL)
		return;
	slots = f->lru.slots;
	pages_free(f->datagram, slots, sizeof f->datagram[0]);
	pages_free(f->unit, slots, UNITS);
	pages_free(f->bytes, slots, SLOT_BYTES);
	lru_fini(&f->lru);
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

static void
sum_move(struct counts_sum *from, struct counts_sum *to, const struct counts_sum *what)
{
	from->packets -= what->packets;
	from->bytes -= what->bytes;
	to->packets += what->packets;
	to->bytes += what->bytes;
}

static void
give_up(struct fragments *f, uint32_t slot)
{
	sum_move(&f->counts.waiting, &f->counts.lost, &f->datagram[slot].sum);
}

static uint32_t
find(struct fragments *f, const struct key *key, uint64_t hash)
{
	uint32_t slot = lru_first(&f->lru, hash);

	while (slot != LRU_NONE && memcmp(&f->datagram[slot].key, key, sizeof *key) != 0)
		slot = lru_next(&f->lru, slot);
	return slot;
}

static bool
is_late(const struct datagram *d, int64_t t_ns)
{
	return t_ns - d->first_ns > FRAGMENT_TIMEOUT_NS ||
	       d->first_ns - t_ns > FRAGMENT_TIMEOUT_NS;
}

static uint32_t
begin(struct fragments *f, const struct key *key, uint64_t hash, const struct ip_packet *ip,
      int64_t t_ns)
{
	uint32_t slot = lru_victim(&f->lru);
	bool evicted;

	if (slot != LRU_NONE)
		give_up(f, slot);
	slot = lru_add(&f->lru, hash, &evicted);
	f->counts.evicted += evicted;
	f->datagram[slot] = (struct datagram){
		.key = *key,
		.first_ns = t_ns,
		.protocol = ip->protocol,
	};
	memset(f->unit + (size_t)slot * UNITS, UNIT_UNSEEN, UNITS);
	return slot;
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
		memcpy(bytes, from, captured);
	memset(unit, UNIT_WHOLE, captured / UNIT);
	for (uint32_t i = captured / UNIT; i < units; i++)
		unit[i] = unit_mark(i, captured);
	return units;
}

static void
place(struct fragments *f, uint32_t slot, const struct ip_packet *ip)
{
	struct datagram *d = &f->datagram[slot];
	struct reader in = ip->payload.in;
	uint32_t len = ip->payload.wire_len, captured = (uint32_t)reader_left(&in), fresh;
	uint8_t *unit = f->unit + (size_t)slot * UNITS + ip->offset / UNIT;
	uint8_t *bytes = f->bytes + (size_t)slot * SLOT_BYTES + ip->offset;
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
captured_from_start(const struct fragments *f, uint32_t slot)
{
	const struct datagram *d = &f->datagram[slot];
	const uint8_t *unit = f->unit + (size_t)slot * UNITS;
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
finish(struct fragments *f, uint32_t slot, struct fragment_done *done)
{
	struct datagram *d = &f->datagram[slot];

	done->payload = part_over(f->bytes + (size_t)slot * SLOT_BYTES,
	                          captured_from_start(f, slot), d->total);
	done->protocol = d->protocol;
	done->sum = d->sum;
	f->counts.waiting.packets -= d->sum.packets;
	f->counts.waiting.bytes -= d->sum.bytes;
	f->counts.completed++;
	lru_remove(&f->lru, slot);
}

/* The slot of this fragment's datagram, which may have to be begun. */
static uint32_t
locate(struct fragments *f, const struct ip_packet *ip, int64_t t_ns)
{
	struct key key = key_of(ip);
	uint64_t hash = hash_bytes(&key, sizeof key, 0);
	uint32_t slot = find(f, &key, hash);

	if (slot != LRU_NONE && is_late(&f->datagram[slot], t_ns)) {
		give_up(f, slot);
		f->counts.expired++;
		lru_remove(&f->lru, slot);
		slot = LRU_NONE;
	}
	return slot != LRU_NONE ? slot : begin(f, &key, hash, ip, t_ns);
}

static void
account(struct fragments *f, struct datagram *d, uint32_t frame_bytes)
{
	d->sum.packets++;
	d->sum.bytes += frame_bytes;
	f->counts.waiting.packets++;
	f->counts.waiting.bytes += frame_bytes;
}

enum fragment_verdict
fragments_add(struct fragments *f, const struct ip_packet *ip, int64_t t_ns,
              uint32_t frame_bytes, struct fragment_done *done)
{
	uint32_t end = ip->offset + ip->payload.wire_len, slot;
	struct datagram *d;

	f->counts.seen++;
	if (!is_sound(ip))
		return FRAGMENT_BAD;
	slot = locate(f, ip, t_ns);
	d = &f->datagram[slot];
	if (!fits(d, end, ip->more))
		return FRAGMENT_BAD;
	place(f, slot, ip);
	account(f, d, frame_bytes);
	if (ip->offset == 0)
		d->protocol = ip->protocol;
	if (!ip->more)
		d->total = end;
	if (end > d->highest)
		d->highest = end;
	if (d->total == 0 || d->units_seen < (d->total + UNIT - 1) / UNIT)
		return FRAGMENT_WAITING;
	finish(f, slot, done);
	return FRAGMENT_COMPLETE;
}

void
fragments_end(struct fragments *f)
{
	uint32_t slot;

	while ((slot = lru_oldest(&f->lru)) != LRU_NONE) {
		give_up(f, slot);
		f->counts.incomplete++;
		lru_remove(&f->lru, slot);
	}
}

const struct fragment_counts *
fragments_counts(const struct fragments *f)
{
	return &f->counts;
}
