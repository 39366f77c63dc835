/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/decode.h"

#include <assert.h>
#include <string.h>

#include "probe/account.h"
#include "probe/flow.h"
#include "probe/fragment.h"
#include "probe/ip.h"
#include "probe/pages.h"
#include "probe/stranger.h"
#include "probe/stream.h"
#include "probe/tunnel.h"

#define MAX_ROWS PROTO_IDS

struct decode {
	struct obs_sink sink;              /* first: decoders put here, we count */
	struct obs_sink *out;              /* the caller's */
	const struct proto *row[MAX_ROWS]; /* of UDP, in the table's order */
	unsigned rows;
	struct fragments *fragments; /* these three are owned */
	struct flows *flows;
	struct strangers *strangers;
	struct streams *streams;     /* TCP */
	struct account *account;     /* NULL: nobody asked for one */
	struct wraps wraps;
	struct counts counts; /* without what these four count */
	struct counts shown;  /* with it */
	int64_t last_ns;      /* of the packet before */
	enum counts_class class; /* of the packet at hand, and whose it is: enum proto_id */
	uint8_t own;
	uint16_t vantage;
	uint8_t origin;
	/* state of a flow on trial; zeros between two of them */
	_Alignas(16) uint8_t scratch[PROTO_MAX_STATE];
};

/* A packet on its way inwards. */
struct walk {
	struct ip_packet ip;
	int64_t t_ns;
	struct counts_sum sum;  /* of its frames */
	enum link_type inside;  /* what ip.payload starts with */
	bool in_ip;             /* an IP header was met */
	const uint8_t *l3;      /* the last IP header and what follows; NULL: no such packet */
	size_t l3_len;
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
	d->vantage = o->vantage;
	d->origin = o->origin;
	choose_rows(d, o);
	for (unsigned i = 0; i < d->rows; i++)
		if (d->row[i]->state_size > state_size)
			state_size = d->row[i]->state_size;
	d->flows = flows_new(o->flow_slots ? o->flow_slots : FLOW_SLOTS, state_size, o->hash_seed);
	d->fragments = fragments_new(o->fragment_slots ? o->fragment_slots : FRAGMENT_SLOTS);
	d->strangers = strangers_new();
	d->streams = streams_new(o->protocols ? o->protocols : proto_table, o->only,
	                         o->hash_seed, &d->counts, &d->sink);
	if (o->account != NULL) {
		struct account_options all = *o->account;

		all.seed = o->hash_seed;
		all.vantage = o->vantage;
		all.origin = o->origin;
		d->account = account_new(&all, out); /* a swarm's words are counted, flows not */
	}
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
	streams_free(d->streams);
	account_free(d->account);
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
	d->class = class;
	d->own = 0;
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
	d->own = (uint8_t)proto->id;
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

		verdict = ask(d, proto, d->scratch, g);
		if (verdict == PROTO_NOT_MINE)
			continue;
		if (verdict == PROTO_OBSERVED || verdict == PROTO_OTHER) {
			recognise(d, key, proto, high_opened);
			count_good(d, proto, verdict, g);
			memset(d->scratch, 0, proto->state_size);
			return;
		}
		memset(d->scratch, 0, proto->state_size);
		if (claimed == NULL)
			claimed = proto;
	}
	count_stranger(d, claimed, g);
}

static void
decode_datagram(struct decode *d, struct datagram *g)
{
	bool from_high, high_opened;
	struct flow_key key = flow_key(&g->meta.src, &g->meta.dst, &from_high);
	uint64_t hash = flows_hash(d->flows, &key);
	struct flow *flow = flows_find(d->flows, &key, hash);

	if (flow != NULL) {
		g->meta.reply = from_high != flow->high_opened;
		decode_known(d, flow, g);
		return;
	}
	high_opened = strangers_heard(d->strangers, hash, from_high);
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

static bool
open_tunnel(struct decode *d, struct walk *w, enum tunnel_verdict verdict)
{
	switch (verdict) {
	case TUNNEL_OPEN:
		return true;
	case TUNNEL_CLOSED:
		classify(d, COUNTS_NOT_SWARM, &w->sum);
		return false;
	case TUNNEL_CUT:
		classify(d, COUNTS_CUT, &w->sum);
		return false;
	case TUNNEL_BAD:
		classify_bad(d, COUNTS_BAD_TUNNEL, &w->sum);
		return false;
	case TUNNEL_DEEP:
		break;
	}
	classify_bad(d, COUNTS_TOO_DEEP, &w->sum);
	return false;
}

static bool
decode_udp_payload(struct decode *d, struct walk *w)
{
	struct datagram g = { .payload = &w->ip.payload, .sum = &w->sum };
	enum tunnel_verdict verdict = tunnel_open_udp(w->ip.dst.port, &w->ip.payload, &d->wraps,
	                                              &w->inside);

	if (verdict != TUNNEL_CLOSED)
		return open_tunnel(d, w, verdict);
	g.meta = (struct packet_meta){
		.t_ns = w->t_ns,
		.src = w->ip.src,
		.dst = w->ip.dst,
		.wire_len = w->ip.payload.wire_len,
		.vantage = d->vantage,
		.origin = d->origin,
		.transport = PROTO_UDP,
	};
	decode_datagram(d, &g);
	return false;
}

/* The UDP header: ports, length, checksum. A length of 0 is a segment that the
 * network card cut up after the capture. */
static bool
decode_udp(struct decode *d, struct walk *w)
{
	struct part *p = &w->ip.payload;
	const uint8_t *h = part_take(p, 8);
	uint32_t len;

	if (h == NULL) {
		lacking_udp(d, p, &w->sum);
		return false;
	}
	len = part_be16(h + 4) > 0 ? part_be16(h + 4) : p->wire_len + 8;
	if (len < 8 || len - 8 > p->wire_len) {
		classify_bad(d, COUNTS_BAD_UDP, &w->sum);
		return false;
	}
	part_trim(p, len - 8);
	w->ip.src.port = part_be16(h);
	w->ip.dst.port = part_be16(h + 2);
	return decode_udp_payload(d, w);
}

static bool
decode_tcp(struct decode *d, struct walk *w)
{
	const struct proto *proto = NULL;
	struct stream_packet p = {
		.meta = {
			.t_ns = w->t_ns,
			.src = w->ip.src,
			.dst = w->ip.dst,
			.vantage = d->vantage,
			.origin = d->origin,
			.transport = PROTO_TCP,
		},
		.payload = &w->ip.payload,
	};

	enum stream_verdict verdict = streams_packet(d->streams, &p, &proto);

	w->ip.src.port = p.meta.src.port;
	w->ip.dst.port = p.meta.dst.port;
	switch (verdict) {
	case STREAM_OURS:
		classify_swarm(d, proto, &w->sum);
		break;
	case STREAM_STRANGER:
		classify(d, COUNTS_NOT_SWARM, &w->sum);
		break;
	case STREAM_CUT:
		classify(d, COUNTS_CUT, &w->sum);
		break;
	case STREAM_BAD:
		classify_bad(d, COUNTS_BAD_TCP, &w->sum);
		break;
	}
	return false;
}

static bool
decode_whole(struct decode *d, struct walk *w)
{
	const struct ip_packet *ip = &w->ip;

	if (ip->protocol == IP_UDP)
		return decode_udp(d, w);
	if (ip->protocol == IP_TCP)
		return decode_tcp(d, w);
	return open_tunnel(d, w, tunnel_open_ip(ip->v6, ip->protocol, &w->ip.payload, &d->wraps,
	                                        &w->inside));
}

/* A datagram put together again; in IPv6 more headers may stand before UDP. */
static bool
decode_reassembled(struct decode *d, struct walk *w, const struct fragment_done *done)
{
	enum ip_verdict verdict;

	w->sum = done->sum;
	w->l3 = NULL;
	w->ip.payload = done->payload;
	w->ip.protocol = done->protocol;
	verdict = w->ip.v6 ? ip_skip_extensions(&w->ip) : IP_WHOLE;
	switch (verdict) {
	case IP_WHOLE:
		return decode_whole(d, w);
	case IP_CUT:
		classify(d, COUNTS_CUT, &w->sum);
		return false;
	case IP_FRAGMENT:
	case IP_BAD:
		break;
	}
	classify_bad(d, COUNTS_BAD_IP, &w->sum);
	return false;
}

static bool
decode_fragment(struct decode *d, struct walk *w)
{
	struct fragment_done done;

	if (!ip_may_be_udp(&w->ip)) {
		classify(d, COUNTS_NOT_SWARM, &w->sum);
		return false;
	}
	switch (fragments_add(d->fragments, &w->ip, w->t_ns, &w->sum, &done)) {
	case FRAGMENT_WAITING:
		return false;
	case FRAGMENT_COMPLETE:
		return decode_reassembled(d, w, &done);
	case FRAGMENT_BAD:
		break;
	}
	classify_bad(d, COUNTS_BAD_FRAGMENT, &w->sum);
	return false;
}

static bool
decode_ip(struct decode *d, enum ip_verdict verdict, struct walk *w)
{
	w->in_ip = true;
	switch (verdict) {
	case IP_WHOLE:
		return decode_whole(d, w);
	case IP_FRAGMENT:
		return decode_fragment(d, w);
	case IP_CUT:
		classify(d, COUNTS_CUT, &w->sum);
		return false;
	case IP_BAD:
		break;
	}
	classify_bad(d, COUNTS_BAD_IP, &w->sum);
	return false;
}

/* One IP header and what stands before it. True: there is a packet inside. */
static bool
decode_layer(struct decode *d, struct walk *w)
{
	enum link_verdict verdict = link_strip(w->inside, &w->ip.payload, &d->wraps);

	w->l3 = w->ip.payload.in.pos;
	w->l3_len = reader_left(&w->ip.payload.in);
	switch (verdict) {
	case LINK_HAS_IPV4:
		return decode_ip(d, ip_read4(&w->ip), w);
	case LINK_HAS_IPV6:
		return decode_ip(d, ip_read6(&w->ip), w);
	case LINK_NOT_IP:
		classify(d, w->in_ip ? COUNTS_NOT_SWARM : COUNTS_NOT_IP, &w->sum);
		return false;
	case LINK_CUT:
		classify(d, COUNTS_CUT, &w->sum);
		return false;
	case LINK_BAD:
		classify_bad(d, COUNTS_BAD_LINK, &w->sum);
		return false;
	case LINK_DEEP:
		break;
	}
	classify_bad(d, COUNTS_TOO_DEEP, &w->sum);
	return false;
}

static void
account(struct decode *d, const struct walk *w)
{
	account_packet(d->account, &(struct account_packet){ &w->ip.src, &w->ip.dst,
		w->ip.protocol, d->own, w->sum, w->l3, w->l3_len, w->t_ns });
}

void
decode_packet(struct decode *d, enum link_type link, int64_t t_ns, const void *bytes,
              size_t captured, uint32_t wire_len)
{
	struct walk w;

	w.t_ns = counts_packet(&d->counts, &d->last_ns, t_ns, wire_len);
	w.sum = (struct counts_sum){ 1, wire_len };
	w.inside = link;
	w.in_ip = false;
	if (captured < wire_len)
		counts_snapped(&d->counts, wire_len - captured);
	part_init(&w.ip.payload, bytes, captured, wire_len);
	d->wraps.depth = 0;
	d->class = COUNTS_WAITING;
	while (decode_layer(d, &w))
		continue;
	if (d->account != NULL && (d->class == COUNTS_SWARM || d->class == COUNTS_NOT_SWARM))
		account(d, &w);
}

void
decode_gap(struct decode *d, enum obs_gap_cause cause, int64_t from_ns, uint64_t packets)
{
	union obs_buf buf;
	struct observation *o = obs_begin(&buf, OBS_GAP, d->last_ns);

	if (d->counts.total.packets == 0)
		return;
	o->vantage = d->vantage;
	o->origin = d->origin;
	o->u.gap.from_ns = from_ns < d->last_ns ? from_ns : d->last_ns;
	o->u.gap.packets = packets;
	o->u.gap.cause = (uint8_t)cause;
	count_and_pass(&d->sink, o);
}

void
decode_end(struct decode *d)
{
	fragments_end(d->fragments);
	streams_end(d->streams);
	if (d->account != NULL)
		account_end(d->account);
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
	memcpy(c->wraps, d->wraps.count, sizeof c->wraps);
	c->fragments = f->seen;
	c->reassembled = f->completed;
	c->fragment_overlaps = f->overlaps;
	c->fragments_evicted = f->evicted;
	c->fragments_expired = f->expired;
	c->fragments_incomplete = f->incomplete;
	c->flows_evicted = flows_evicted(d->flows);
	c->streams_evicted = streams_evicted(d->streams);
	c->stream_gaps = streams_counts(d->streams)->gaps;
	c->stream_duplicates = streams_counts(d->streams)->duplicates;
	c->strangers_evicted = strangers_evicted(d->strangers);
	if (d->account != NULL) {
		c->account_flows = account_counts(d->account).flows;
		c->account_evicted = account_counts(d->account).evicted;
	}
	return c;
}
