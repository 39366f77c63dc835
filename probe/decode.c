/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/decode.h"

#include <assert.h>
#include <string.h>

#include "probe/flow.h"
#include "probe/fragment.h"
#include "probe/ip.h"
#include "probe/pages.h"
#include "probe/stranger.h"

#define MAX_ROWS PROTO_IDS

struct decode {
	struct obs_sink sink;              /* first: decoders put here, we count */
	struct obs_sink *out;              /* the caller's */
	const struct proto *row[MAX_ROWS]; /* of UDP, in the table's order */
	unsigned rows;
	struct fragments *fragments; /* these three are owned */
	struct flows *flows;
	struct strangers *strangers;
	struct counts counts; /* without what fragments, flows and strangers count */
	struct counts shown;  /* with it */
	int64_t last_ns;      /* of the packet before */
	uint64_t hash_seed;
	uint16_t vantage;
	uint8_t origin;
	_Alignas(16) uint8_t scratch[PROTO_MAX_STATE]; /* state of a flow on trial */
};

/* A UDP datagram on its way to the decoders. */
struct datagram {
	struct packet_meta meta;
	const struct part *payload;
	const struct counts_sum *sum; /* of its frames */
};

static void
count_and_pass(struct obs_sink *self, const struct observation *o)
{
	struct decode *d = (struct decode *)self;

	d->counts.observations++;
	d->out->put(d->out, o);
}

static void
choose_rows(struct decode *d, const struct decode_options *o)
{
	const struct proto *const *row = o->protocols ? o->protocols : proto_table;

	for (; *row != NULL; row++) {
		if (!((*row)->transports & PROTO_UDP) || (o->only && o->only != *row))
			continue;
		assert(d->rows < MAX_ROWS && (*row)->id < PROTO_IDS);
		d->row[d->rows++] = *row;
	}
}

struct decode *
decode_new(const struct decode_options *options, struct obs_sink *out)
{
	static const struct decode_options defaults;
	const struct decode_options *o = options ? options : &defaults;
	struct decode *d = pages_new(1, sizeof *d);
	size_t state_size = 0;

	d->sink.put = count_and_pass;
	d->out = out;
	d->hash_seed = o->hash_seed;
	d->vantage = o->vantage;
	d->origin = o->origin;
	choose_rows(d, o);
	for (unsigned i = 0; i < d->rows; i++)
		if (d->row[i]->state_size > state_size)
			state_size = d->row[i]->state_size;
	d->flows = flows_new(o->flow_slots ? o->flow_slots : FLOW_SLOTS, state_size, o->hash_seed);
	d->fragments = fragments_new(o->fragment_slots ? o->fragment_slots : FRAGMENT_SLOTS);
	d->strangers = strangers_new();
	return d;
}

void
decode_free(struct decode *d)
{
	if (d == NULL)
		return;
	fragments_free(d->fragments);
	flows_free(d->flows);
	strangers_free(d->strangers);
	pages_free(d, 1, sizeof *d);
}

static void
add(struct counts_sum *to, const struct counts_sum *what)
{
	to->packets += what->packets;
	to->bytes += what->bytes;
}

static void
classify(struct decode *d, enum counts_class class, const struct counts_sum *what)
{
	add(&d->counts.class[class], what);
}

static void
classify_bad(struct decode *d, enum counts_bad why, const struct counts_sum *what)
{
	classify(d, COUNTS_UNDECODABLE, what);
	d->counts.bad[why] += what->packets;
}

static void
classify_swarm(struct decode *d, const struct proto *proto, const struct counts_sum *what)
{
	classify(d, COUNTS_SWARM, what);
	add(&d->counts.protocol[proto->id].sum, what);
}

static enum proto_verdict
ask(struct decode *d, const struct proto *proto, void *state, const struct datagram *g)
{
	struct reader in = g->payload->in;

	return proto->decode(state, &g->meta, &in, &d->sink);
}

/* Counts a datagram that its flow's decoder has understood. */
static void
count_good(struct decode *d, const struct proto *proto, enum proto_verdict verdict,
           const struct datagram *g)
{
	struct counts_protocol *c = &d->counts.protocol[proto->id];

	c->datagrams++;
	if (verdict == PROTO_OBSERVED)
		c->observed++;
	else
		c->other++;
	classify_swarm(d, proto, g->sum);
}

static void
count_bad(struct decode *d, struct flow *flow, enum counts_reason why, const struct datagram *g)
{
	struct counts_protocol *c = &d->counts.protocol[flow->proto->id];

	c->datagrams++;
	c->bad[why]++;
	if (why == COUNTS_FOREIGN)
		classify(d, COUNTS_NOT_SWARM, g->sum);
	else
		classify_swarm(d, flow->proto, g->sum);
	if (++flow->bad < DECODE_MAX_BAD)
		return;
	c->forgotten++;
	flows_forget(d->flows, flow);
}

static void
count_cut(struct decode *d, const struct proto *proto, const struct datagram *g)
{
	d->counts.protocol[proto->id].datagrams++;
	d->counts.protocol[proto->id].cut++;
	classify_swarm(d, proto, g->sum);
}

static void
decode_known(struct decode *d, struct flow *flow, const struct datagram *g)
{
	bool cut = part_is_cut(g->payload);
	enum proto_verdict verdict;

	if (cut && reader_left(&g->payload->in) == 0) {
		count_cut(d, flow->proto, g);
		return;
	}
	verdict = ask(d, flow->proto, flow->state, g);
	switch (verdict) {
	case PROTO_OBSERVED:
	case PROTO_OTHER:
		flow->bad = 0;
		count_good(d, flow->proto, verdict, g);
		return;
	case PROTO_SHORT:
	case PROTO_NOT_MINE:
		if (cut)
			count_cut(d, flow->proto, g);
		else
			count_bad(d, flow, verdict == PROTO_SHORT ? COUNTS_SHORT : COUNTS_FOREIGN,
			          g);
		return;
	case PROTO_MALFORMED:
		count_bad(d, flow, COUNTS_BROKEN, g);
		return;
	}
}

/* What no decoder has understood: cut where that may be why, else not ours. */
static void
count_stranger(struct decode *d, const struct proto *claimed, const struct datagram *g)
{
	bool cut = part_is_cut(g->payload);

	if (claimed != NULL && !cut)
		d->counts.protocol[claimed->id].doubtful++;
	if (cut && (claimed != NULL || reader_left(&g->payload->in) == 0))
		classify(d, COUNTS_CUT, g->sum);
	else
		classify(d, COUNTS_NOT_SWARM, g->sum);
}

static void
recognise(struct decode *d, const struct flow_key *key, const struct proto *proto, bool high_opened)
{
	flows_add(d->flows, key, proto, d->scratch)->high_opened = high_opened;
	d->counts.protocol[proto->id].flows++;
}

static void
decode_unknown(struct decode *d, const struct flow_key *key, bool high_opened,
               const struct datagram *g)
{
	const struct proto *claimed = NULL;

	for (unsigned i = 0; i < d->rows && reader_left(&g->payload->in) > 0; i++) {
		const struct proto *proto = d->row[i];
		enum proto_verdict verdict;

		memset(d->scratch, 0, proto->state_size);
		verdict = ask(d, proto, d->scratch, g);
		if (verdict == PROTO_OBSERVED || verdict == PROTO_OTHER) {
			recognise(d, key, proto, high_opened);
			count_good(d, proto, verdict, g);
			return;
		}
		if (verdict != PROTO_NOT_MINE && claimed == NULL)
			claimed = proto;
	}
	count_stranger(d, claimed, g);
}

static void
decode_datagram(struct decode *d, struct datagram *g)
{
	bool from_high, high_opened;
	struct flow_key key = flow_key(&g->meta.src, &g->meta.dst, &from_high);
	struct flow *flow = flows_find(d->flows, &key);

	if (flow != NULL) {
		g->meta.reply = from_high != flow->high_opened;
		decode_known(d, flow, g);
		return;
	}
	high_opened = strangers_heard(d->strangers, flow_hash(&key, d->hash_seed), from_high);
	g->meta.reply = from_high != high_opened;
	decode_unknown(d, &key, high_opened, g);
}

static void
lacking_udp(struct decode *d, const struct part *p, const struct counts_sum *sum)
{
	if (part_lack(p, 8) == PART_CUT)
		classify(d, COUNTS_CUT, sum);
	else
		classify_bad(d, COUNTS_BAD_UDP, sum);
}

/* The UDP header: ports, length, checksum. A length of 0 is a segment that the
 * network card cut up after the capture. */
static void
decode_udp(struct decode *d, struct ip_packet *ip, int64_t t_ns,
           const struct counts_sum *sum)
{
	struct part *p = &ip->payload;
	const uint8_t *h = part_take(p, 8);
	struct datagram g;
	uint32_t len;

	if (h == NULL) {
		lacking_udp(d, p, sum);
		return;
	}
	len = part_be16(h + 4) > 0 ? part_be16(h + 4) : p->wire_len + 8;
	if (len < 8 || len - 8 > p->wire_len) {
		classify_bad(d, COUNTS_BAD_UDP, sum);
		return;
	}
	part_trim(p, len - 8);
	g.meta = (struct packet_meta){
		.t_ns = t_ns,
		.src = ip->src,
		.dst = ip->dst,
		.wire_len = len - 8,
		.vantage = d->vantage,
		.origin = d->origin,
		.transport = PROTO_UDP,
	};
	g.meta.src.port = part_be16(h);
	g.meta.dst.port = part_be16(h + 2);
	g.payload = p;
	g.sum = sum;
	decode_datagram(d, &g);
}

static void
decode_whole(struct decode *d, struct ip_packet *ip, int64_t t_ns,
             const struct counts_sum *sum)
{
	if (ip->protocol == IP_UDP)
		decode_udp(d, ip, t_ns, sum);
	else
		classify(d, COUNTS_NOT_SWARM, sum);
}

/* A datagram put together again; in IPv6 more headers may stand before UDP. */
static void
decode_reassembled(struct decode *d, struct ip_packet *ip, int64_t t_ns,
                   const struct fragment_done *done)
{
	enum ip_verdict verdict;

	ip->payload = done->payload;
	ip->protocol = done->protocol;
	verdict = ip->v6 ? ip_skip_extensions(ip) : IP_WHOLE;
	switch (verdict) {
	case IP_WHOLE:
		decode_whole(d, ip, t_ns, &done->sum);
		return;
	case IP_CUT:
		classify(d, COUNTS_CUT, &done->sum);
		return;
	case IP_FRAGMENT:
	case IP_BAD:
		classify_bad(d, COUNTS_BAD_IP, &done->sum);
		return;
	}
}

static void
decode_fragment(struct decode *d, struct ip_packet *ip, int64_t t_ns,
                const struct counts_sum *sum)
{
	struct fragment_done done;

	if (!ip_may_be_udp(ip)) {
		classify(d, COUNTS_NOT_SWARM, sum);
		return;
	}
	switch (fragments_add(d->fragments, ip, t_ns, (uint32_t)sum->bytes, &done)) {
	case FRAGMENT_WAITING:
		return;
	case FRAGMENT_COMPLETE:
		decode_reassembled(d, ip, t_ns, &done);
		return;
	case FRAGMENT_BAD:
		classify_bad(d, COUNTS_BAD_FRAGMENT, sum);
		return;
	}
}

static void
decode_ip(struct decode *d, enum ip_verdict verdict, struct ip_packet *ip, int64_t t_ns,
          const struct counts_sum *sum)
{
	switch (verdict) {
	case IP_WHOLE:
		decode_whole(d, ip, t_ns, sum);
		return;
	case IP_FRAGMENT:
		decode_fragment(d, ip, t_ns, sum);
		return;
	case IP_CUT:
		classify(d, COUNTS_CUT, sum);
		return;
	case IP_BAD:
		classify_bad(d, COUNTS_BAD_IP, sum);
		return;
	}
}

/* Counts the packet and its time; answers the time to go by. */
static int64_t
count_packet(struct decode *d, int64_t t_ns, uint32_t wire_len)
{
	struct counts *c = &d->counts;
	int64_t t = t_ns < 0 ? 0 : t_ns > DECODE_MAX_TIME_NS ? DECODE_MAX_TIME_NS : t_ns;

	c->bad_times += t != t_ns;
	c->backwards += c->total.packets > 0 && t < d->last_ns;
	if (c->total.packets == 0 || t < c->first_ns)
		c->first_ns = t;
	if (t > c->last_ns)
		c->last_ns = t;
	d->last_ns = t;
	c->total.packets++;
	c->total.bytes += wire_len;
	return t;
}

static void
count_snapped(struct decode *d, uint64_t bytes)
{
	d->counts.snapped.packets++;
	d->counts.snapped.bytes += bytes;
}

void
decode_packet(struct decode *d, enum link_type link, int64_t t_ns, const void *bytes,
              size_t captured, uint32_t wire_len)
{
	int64_t t = count_packet(d, t_ns, wire_len);
	const struct counts_sum sum = { 1, wire_len };
	struct ip_packet ip;

	if (captured < wire_len)
		count_snapped(d, wire_len - captured);
	part_init(&ip.payload, bytes, captured, wire_len);
	switch (link_strip(link, &ip.payload)) {
	case LINK_HAS_IPV4:
		decode_ip(d, ip_read4(&ip), &ip, t, &sum);
		return;
	case LINK_HAS_IPV6:
		decode_ip(d, ip_read6(&ip), &ip, t, &sum);
		return;
	case LINK_NOT_IP:
		classify(d, COUNTS_NOT_IP, &sum);
		return;
	case LINK_CUT:
		classify(d, COUNTS_CUT, &sum);
		return;
	case LINK_BAD:
		classify_bad(d, COUNTS_BAD_LINK, &sum);
		return;
	}
}

void
decode_gap(struct decode *d, enum obs_gap_cause cause)
{
	union obs_buf buf;
	struct observation *o = obs_begin(&buf, OBS_GAP, d->last_ns);

	if (d->counts.total.packets == 0)
		return;
	o->vantage = d->vantage;
	o->origin = d->origin;
	o->u.gap.from_ns = d->last_ns;
	o->u.gap.cause = (uint8_t)cause;
	count_and_pass(&d->sink, o);
}

void
decode_end(struct decode *d)
{
	fragments_end(d->fragments);
}

const struct counts *
decode_counts(struct decode *d)
{
	const struct fragment_counts *f = fragments_counts(d->fragments);
	struct counts *c = &d->shown;

	*c = d->counts;
	add(&c->class[COUNTS_WAITING], &f->waiting);
	add(&c->class[COUNTS_UNDECODABLE], &f->lost);
	c->bad[COUNTS_LOST_FRAGMENT] = f->lost.packets;
	c->fragments = f->seen;
	c->reassembled = f->completed;
	c->fragment_overlaps = f->overlaps;
	c->fragments_evicted = f->evicted;
	c->fragments_expired = f->expired;
	c->fragments_incomplete = f->incomplete;
	c->flows_evicted = flows_evicted(d->flows);
	c->strangers_evicted = strangers_evicted(d->strangers);
	return c;
}
