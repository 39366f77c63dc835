/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/stream.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "probe/flow.h"
#include "probe/pages.h"
#include "record/observation.h"

#define HEAD_BYTES 20u
#define TRIAL_BYTES 65536u     /* of a stream in which no row has found anything */
#define MAX_BAD 8u             /* messages in a row; then a beginning is looked for */

/* One direction: the message that is being gathered. */
struct half {
	struct tcp_half tcp;
	const struct proto *row; /* whose message it is, with want */
	uint32_t want;   /* its length; 0 not yet known */
	uint32_t have;   /* bytes of it so far, cut ones too */
	uint32_t kept;   /* of these the first in frame */
	uint32_t tried;  /* bytes before anything was recognised */
	bool lost;       /* where a message begins is not known */
	uint8_t frame[STREAM_FRAME];
};

struct stream {
	struct flow_key key;
	const struct proto *proto; /* NULL: of none yet */
	uint8_t bad;
	bool high_opened, hopeless;
	struct half half[2]; /* by whether key.high sends */
	_Alignas(8) uint8_t state[PROTO_MAX_STATE];
};

/* What is looked at first, so that most packets of others touch no more. */
struct slot {
	uint64_t hash;
	int64_t heard_ns;
	bool used, ours, hopeless;
};

struct streams {
	struct tcp_sink sink; /* first: bytes of the connection at hand */
	struct slot *slot;     /* STREAM_SLOTS, as of: */
	struct stream *stream;
	struct tcp_block *block;
	struct tcp_pool pool;
	const struct proto *row[PROTO_IDS];
	unsigned rows;
	struct counts *counts;
	struct obs_sink *out;
	uint64_t seed, evicted;
	/* of the packet at hand */
	struct stream *at;
	struct half *to;
	struct packet_meta meta;
	_Alignas(8) uint8_t trial[PROTO_MAX_STATE];
};

static void on_bytes(struct tcp_sink *self, const uint8_t *bytes, uint32_t captured,
                     uint32_t wire_len);
static void on_gap(struct tcp_sink *self, uint32_t bytes);

struct streams *
streams_new(const struct proto *const *rows, const struct proto *only, uint64_t seed,
            struct counts *counts, struct obs_sink *out)
{
	struct streams *s = pages_new(1, sizeof *s);

	s->sink = (struct tcp_sink){ on_bytes, on_gap };
	s->slot = pages_new(STREAM_SLOTS, sizeof *s->slot);
	s->stream = pages_new(STREAM_SLOTS, sizeof *s->stream);
	s->block = pages_new(STREAM_BLOCKS, sizeof *s->block);
	tcp_pool_init(&s->pool, s->block, STREAM_BLOCKS);
	for (; *rows != NULL; rows++)
		if ((*rows)->transports & PROTO_TCP && (*rows)->frame != NULL &&
		    (only == NULL || only == *rows)) {
			assert(s->rows < PROTO_IDS && (*rows)->state_size <= PROTO_MAX_STATE);
			s->row[s->rows++] = *rows;
		}
	s->seed = seed;
	s->counts = counts;
	s->out = out;
	return s;
}

void
streams_free(struct streams *s)
{
	if (s == NULL)
		return;
	pages_free(s->slot, STREAM_SLOTS, sizeof *s->slot);
	pages_free(s->stream, STREAM_SLOTS, sizeof *s->stream);
	pages_free(s->block, STREAM_BLOCKS, sizeof *s->block);
	pages_free(s, 1, sizeof *s);
}

static void
tell_gap(struct streams *s, enum obs_gap_cause cause, uint32_t bytes)
{
	union obs_buf buf;
	struct observation *o = obs_begin(&buf, OBS_GAP, s->meta.t_ns);

	o->protocol = (uint8_t)s->at->proto->id;
	o->origin = s->meta.origin;
	o->vantage = s->meta.vantage;
	o->peer = s->meta.src;
	o->to = s->meta.dst;
	o->u.gap.from_ns = s->meta.t_ns;
	o->u.gap.bytes = bytes;
	o->u.gap.cause = (uint8_t)cause;
	s->out->put(s->out, o);
}

static void
begin_message(struct half *h)
{
	h->want = h->have = h->kept = 0;
}

static void
count_verdict(struct streams *s, enum proto_verdict verdict, bool cut)
{
	struct counts_protocol *c = &s->counts->protocol[s->at->proto->id];
	bool good = verdict == PROTO_OBSERVED || verdict == PROTO_OTHER;

	c->datagrams++;
	c->observed += verdict == PROTO_OBSERVED;
	c->other += verdict == PROTO_OTHER;
	c->cut += verdict == PROTO_SHORT && cut;
	c->bad[COUNTS_SHORT] += verdict == PROTO_SHORT && !cut;
	c->bad[COUNTS_FOREIGN] += verdict == PROTO_NOT_MINE;
	c->bad[COUNTS_BROKEN] += verdict == PROTO_MALFORMED;
	s->at->bad = good ? 0 : s->at->bad + 1;
}

static enum proto_verdict
decode(struct streams *s, const struct proto *proto, void *state, struct reader in,
       uint32_t wire_len)
{
	s->meta.wire_len = wire_len;
	return proto->decode(state, &s->meta, &in, s->out);
}

static void
recognise(struct streams *s, const struct proto *proto, enum proto_verdict verdict)
{
	s->at->proto = proto;
	memcpy(s->at->state, s->trial, proto->state_size);
	s->counts->protocol[proto->id].flows++;
	count_verdict(s, verdict, false);
}

/* A whole message of the row: what was kept of its wire_len bytes. */
static void
message(struct streams *s, const struct proto *proto, struct reader in, uint32_t wire_len)
{
	bool cut = reader_left(&in) < wire_len;
	enum proto_verdict verdict;

	if (s->at->proto != NULL) {
		count_verdict(s, decode(s, proto, s->at->state, in, wire_len), cut);
		if (s->at->bad < MAX_BAD)
			return;
		s->at->bad = 0;
		s->to->lost = true;
		return;
	}
	memset(s->trial, 0, proto->state_size);
	verdict = decode(s, proto, s->trial, in, wire_len);
	if (verdict == PROTO_OBSERVED || verdict == PROTO_OTHER)
		recognise(s, proto, verdict);
	else if (!cut)
		s->at->hopeless = true;
}

/* The row for which a message of known length begins here; NULL with *more: bytes are
 * needed to tell. */
static const struct proto *
row_of(const struct streams *s, struct reader head, uint32_t *len, bool *more)
{
	bool few = reader_left(&head) < PROTO_FRAME_HEAD;

	*more = false;
	for (unsigned i = 0; i < s->rows; i++) {
		const struct proto *proto = s->at->proto ? s->at->proto : s->row[i];
		int64_t n = proto->frame(s->at->state, head);

		*len = (uint32_t)n;
		if (n > 0 && n <= UINT32_MAX)
			return proto;
		*more |= n == 0 && few;
		if (s->at->proto != NULL)
			break;
	}
	return NULL;
}

/* The first place before end where a message may begin; end: none. */
static uint32_t
sync_at(const struct streams *s, const uint8_t *bytes, uint32_t end, uint32_t len)
{
	const struct proto *known = s->at->proto;

	for (unsigned i = 0; i < (known ? 1 : s->rows); i++)
		end = proto_sync(known ? known : s->row[i], s->at->state, bytes, end, len);
	return end;
}

/* Bytes in which a message's beginning is looked for. */
static bool
seek(struct streams *s, const uint8_t **bytes, uint32_t *n)
{
	struct half *h = s->to;
	uint32_t add = STREAM_FRAME - h->kept < *n ? STREAM_FRAME - h->kept : *n, at, end;

	memcpy(h->frame + h->kept, *bytes, add);
	h->kept += add;
	*bytes += add;
	*n -= add;
	end = h->kept > PROTO_FRAME_HEAD ? h->kept - PROTO_FRAME_HEAD : 0;
	at = sync_at(s, h->frame, end, h->kept);
	h->lost = at + PROTO_FRAME_HEAD >= h->kept;
	memmove(h->frame, h->frame + at, h->kept - at);
	h->kept -= at;
	h->have = h->kept;
	return !h->lost;
}

/* The head is gathered byte by byte until its row tells the length. */
static void
gather_head(struct streams *s, const uint8_t **bytes, uint32_t *n)
{
	struct half *h = s->to;
	uint32_t len = 0;
	bool more = true;

	while (*n > 0 && more && h->want == 0) {
		h->frame[h->kept++] = *(*bytes)++;
		h->have++;
		(*n)--;
		h->row = row_of(s, reader_over(h->frame, h->kept), &len, &more);
		h->want = h->row ? len : 0;
	}
	if (h->want == 0 && !more) {
		s->at->hopeless = s->at->proto == NULL;
		h->lost = true;
	}
}

/* n bytes of the message, the first given of them there. */
static void
gather(struct half *h, const uint8_t *bytes, uint32_t given, uint32_t n)
{
	uint32_t keep = given < STREAM_FRAME - h->kept ? given : STREAM_FRAME - h->kept;

	if (h->kept == h->have && keep > 0) {
		memcpy(h->frame + h->kept, bytes, keep);
		h->kept += keep;
	}
	h->have += n;
}

/* What seek found begins with a message. */
static void
found(struct streams *s)
{
	struct half *h = s->to;
	uint32_t n = h->kept, at = 0, len;
	bool more;

	while (at < n && !h->lost && !s->at->hopeless) {
		h->row = row_of(s, reader_over(h->frame + at, n - at), &len, &more);
		if (h->row == NULL && more)
			break;
		h->lost = h->row == NULL;
		at += h->lost;
		h->want = h->row != NULL && len > n - at ? len : 0;
		if (h->row == NULL || h->want > 0)
			break;
		message(s, h->row, reader_over(h->frame + at, len), len);
		at += len;
	}
	memmove(h->frame, h->frame + at, n - at);
	h->kept = h->have = n - at;
}

static void
skip_cut(struct streams *s)
{
	begin_message(s->to);
	s->to->lost = true;
}

static void
feed_message(struct streams *s, const uint8_t **bytes, uint32_t *given, uint32_t *n)
{
	struct half *h = s->to;
	uint32_t rest = h->want - h->have, now = rest < *n ? rest : *n;
	uint32_t there = now < *given ? now : *given;

	gather(h, *bytes, there, now);
	if (there > 0)
		*bytes += there;
	*given -= there;
	*n -= now;
	if (h->have < h->want)
		return;
	message(s, h->row, reader_over(h->frame, h->kept), h->want);
	begin_message(h);
}

static void
feed(struct streams *s, const uint8_t *bytes, uint32_t given, uint32_t n)
{
	struct half *h = s->to;

	while (n > 0 && !s->at->hopeless) {
		uint32_t before = given;

		if (h->want > 0) {
			feed_message(s, &bytes, &given, &n);
			continue;
		}
		if (given == 0) {
			skip_cut(s);
			return;
		}
		if (!h->lost)
			gather_head(s, &bytes, &given);
		else if (seek(s, &bytes, &given))
			found(s);
		n -= before - given;
	}
}

static void
on_bytes(struct tcp_sink *self, const uint8_t *bytes, uint32_t captured, uint32_t wire_len)
{
	struct streams *s = (struct streams *)self;

	if (s->at->proto == NULL && (s->to->tried += wire_len) > TRIAL_BYTES)
		s->at->hopeless = true;
	feed(s, bytes, captured, wire_len);
}

static void
on_gap(struct tcp_sink *self, uint32_t bytes)
{
	struct streams *s = (struct streams *)self;
	struct half *h = s->to;

	if (s->at->proto != NULL)
		tell_gap(s, OBS_GAP_STREAM, bytes);
	if (h->want > 0 && bytes > 0 && bytes < h->want - h->have) {
		h->have += bytes; /* inside a message: its rest is cut */
		return;
	}
	begin_message(h);
	h->lost = true;
}

static void
forget(struct streams *s, struct stream *t)
{
	tcp_drop(&t->half[0].tcp, &s->pool);
	tcp_drop(&t->half[1].tcp, &s->pool);
	begin_message(&t->half[0]);
	begin_message(&t->half[1]);
	t->half[0].lost = t->half[1].lost = false;
	t->half[0].tried = t->half[1].tried = 0;
	t->proto = NULL;
	t->hopeless = false;
	t->bad = 0;
}

static bool
is_worse(const struct slot *a, const struct slot *b)
{
	if (a->used != b->used)
		return !a->used;
	if (a->ours != b->ours)
		return !a->ours;
	return a->heard_ns < b->heard_ns;
}

static void
evict(struct streams *s, struct stream *t)
{
	struct packet_meta keep = s->meta;

	s->evicted++;
	s->at = t;
	s->meta.src = s->meta.dst = (struct endpoint){ .port = 0 };
	tell_gap(s, OBS_GAP_EVICTED, 0);
	s->meta = keep;
}

/* The connection; a new one takes a place if open. NULL: none. */
static struct slot *
find(struct streams *s, const struct flow_key *key, bool open)
{
	uint64_t hash = hash_key(key, sizeof *key, s->seed);
	struct slot *way = &s->slot[hash % (STREAM_SLOTS / STREAM_WAYS) * STREAM_WAYS];
	struct slot *worst = way;

	for (unsigned i = 0; i < STREAM_WAYS; i++) {
		if (way[i].used && way[i].hash == hash && /* nothing is at stake where no hope is */
		    (way[i].hopeless ||
		     memcmp(&s->stream[&way[i] - s->slot].key, key, sizeof *key) == 0))
			return &way[i];
		if (is_worse(&way[i], worst))
			worst = &way[i];
	}
	if (!open)
		return NULL;
	if (worst->ours)
		evict(s, &s->stream[worst - s->slot]);
	forget(s, &s->stream[worst - s->slot]);
	s->stream[worst - s->slot].key = *key;
	*worst = (struct slot){ .hash = hash, .used = true };
	return worst;
}

static bool
read_head(struct stream_packet *p, struct tcp_segment *seg, uint32_t *ack,
          enum stream_verdict *verdict)
{
	const uint8_t *h = part_take(p->payload, HEAD_BYTES);
	uint32_t options;

	if (h == NULL) {
		*verdict = part_lack(p->payload, HEAD_BYTES) == PART_CUT ? STREAM_CUT : STREAM_BAD;
		return false;
	}
	p->meta.src.port = part_be16(h);
	p->meta.dst.port = part_be16(h + 2);
	seg->seq = (uint32_t)part_be16(h + 4) << 16 | part_be16(h + 6);
	*ack = (uint32_t)part_be16(h + 8) << 16 | part_be16(h + 10);
	seg->flags = h[13];
	options = (h[12] >> 4) * 4u;
	if (options < HEAD_BYTES || options - HEAD_BYTES > p->payload->wire_len) {
		*verdict = STREAM_BAD;
		return false;
	}
	options -= HEAD_BYTES;
	if (part_take(p->payload, options) == NULL) { /* cut: what follows is, too */
		p->payload->in = reader_over(NULL, 0);
		p->payload->wire_len -= options;
	}
	seg->captured = (uint32_t)reader_left(&p->payload->in);
	seg->wire_len = p->payload->wire_len;
	seg->bytes = seg->captured ? p->payload->in.pos : NULL;
	seg->t_ns = p->meta.t_ns;
	return true;
}

/* Which side opened the connection, as far as its first packet tells. */
static void
open_stream(struct stream *t, const struct tcp_segment *seg, bool from_high)
{
	bool answer = (seg->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);

	t->high_opened = from_high != answer;
	if (!(seg->flags & TCP_SYN))
		t->half[0].lost = t->half[1].lost = true; /* seen from its middle on */
}

static void
turn(struct streams *s, struct stream *t, const struct packet_meta *meta, bool from_high)
{
	s->at = t;
	s->to = &t->half[from_high];
	s->meta = *meta;
	s->meta.reply = from_high != t->high_opened;
}

/* The same from the other side. */
static void
turn_back(struct streams *s, struct stream *t, const struct packet_meta *meta, bool from_high)
{
	struct packet_meta back = *meta;

	back.src = meta->dst;
	back.dst = meta->src;
	turn(s, t, &back, !from_high);
}

static void
run(struct streams *s, struct stream *t, const struct packet_meta *meta,
    const struct tcp_segment *seg, bool from_high, uint32_t ack)
{
	turn_back(s, t, meta, from_high);
	tcp_acked(&s->to->tcp, &s->pool, seg->t_ns, seg->flags & TCP_ACK, ack, &s->sink);
	turn(s, t, meta, from_high);
	tcp_segment(&s->to->tcp, &s->pool, seg, &s->sink);
	tcp_acked(&s->to->tcp, &s->pool, seg->t_ns, false, 0, &s->sink);
	if (!t->hopeless)
		return;
	tcp_drop(&t->half[0].tcp, &s->pool);
	tcp_drop(&t->half[1].tcp, &s->pool);
}

/* Another connection between the same ports? */
static bool
begins_anew(const struct slot *slot, const struct stream *t, const struct tcp_segment *seg,
            bool from_high)
{
	if ((seg->flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
		return false;
	return slot->hopeless || t->half[from_high].tcp.ended;
}

static const struct proto *
connection(struct streams *s, const struct stream_packet *p, const struct tcp_segment *seg,
           uint32_t ack)
{
	bool from_high;
	struct flow_key key = flow_key(&p->meta.src, &p->meta.dst, &from_high);
	struct slot *slot = find(s, &key, seg->wire_len > 0 || seg->flags & TCP_SYN);
	struct stream *t;

	if (slot == NULL)
		return NULL;
	slot->heard_ns = seg->t_ns;
	if (slot->hopeless && !(seg->flags & TCP_SYN))
		return NULL;
	t = &s->stream[slot - s->slot];
	if (begins_anew(slot, t, seg, from_high))
		forget(s, t);
	if (!t->half[0].tcp.started && !t->half[1].tcp.started)
		open_stream(t, seg, from_high);
	run(s, t, &p->meta, seg, from_high, ack);
	slot->hopeless = t->hopeless;
	slot->ours = t->proto != NULL;
	return t->proto;
}

enum stream_verdict
streams_packet(struct streams *s, struct stream_packet *p, const struct proto **proto)
{
	enum stream_verdict verdict = STREAM_STRANGER;
	struct tcp_segment seg;
	uint32_t ack;

	if (!read_head(p, &seg, &ack, &verdict))
		return verdict;
	s->meta = p->meta;
	*proto = s->rows > 0 ? connection(s, p, &seg, ack) : NULL;
	return *proto != NULL ? STREAM_OURS : STREAM_STRANGER;
}

void
streams_end(struct streams *s)
{
	for (uint32_t i = 0; i < STREAM_SLOTS; i++)
		for (unsigned high = 0; s->slot[i].used && high < 2; high++) {
			struct stream *t = &s->stream[i];
			struct packet_meta meta = s->meta;

			if (t->half[high].tcp.held == 0)
				continue;
			meta.t_ns = s->slot[i].heard_ns;
			meta.src = high ? flow_high(&t->key) : flow_low(&t->key);
			meta.dst = high ? flow_low(&t->key) : flow_high(&t->key);
			turn(s, t, &meta, high);
			tcp_end(&s->to->tcp, &s->pool, &s->sink);
		}
}

const struct tcp_counts *
streams_counts(const struct streams *s)
{
	return &s->pool.counts;
}

uint64_t
streams_evicted(const struct streams *s)
{
	return s->evicted;
}
