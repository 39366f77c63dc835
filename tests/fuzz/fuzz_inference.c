/*
 * Observations of every kind through both stages of inference.
 *
 *   id bits(1) skip window(1) rate(1) reserved(1)     then records of 40 bytes:
 *   kind(1) flags(1) peer(1) to(1) channel(1) how(1) substreams(1) action(1)
 *   time(8) offset(8) source time(8) width(2) bits(6)              little-endian
 *
 * how: bit 0 time is absolute, else signed milliseconds after the last; bit 1 offset
 * is absolute, else counts from the last; bit 2 source time is absolute, else it is
 * the chunk's on a line of 100 ms a chunk, off by source time; bit 3 the set is the
 * six bytes over and over, else all of it. Peer 0 is nobody. Tables are small, so
 * that short inputs fill them. Only observations that the codec would let pass go in;
 * whatever they are, each result must keep its own rules.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "inference/inference.h"
#include "record/codec.h"
#include "record/result.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RECORD 40u
#define MS_NS INT64_C(1000000)
#define EPOCH_NS INT64_C(1700000000000000000)
#define MAX_RECORDS 4096 /* a longer input shows nothing new */

enum how { TIME = 1, OFFSET = 2, SOURCE = 4, BITS = 8 };

struct state {
	int64_t t_ns;
	uint64_t offset;
	union obs_buf buf;
};

static void
must(bool kept)
{
	if (!kept)
		abort();
}

static void
check_estimate(const struct estimate *e)
{
	must(!estimate_known(e) || (e->lo_ns <= e->best_ns && e->best_ns <= e->hi_ns));
}

static void
check_session(const struct result_session *s)
{
	check_estimate(&s->joined);
	check_estimate(&s->playing);
	check_estimate(&s->left);
	check_estimate(&s->startup);
	check_estimate(&s->switch_delay);
	check_estimate(&s->stall_time);
	must(s->chunks_missed <= s->chunks_passed);
	must(s->played_ns >= 0);
	must(s->stall_time.best_ns >= 0);
	must(s->mos != s->mos || (s->mos >= 1 && s->mos <= 5));
}

static void
check(struct result_sink *self, const struct result *r)
{
	(void)self;
	switch ((enum result_kind)r->kind) {
	case RESULT_CHANNEL:
		check_estimate(&r->u.channel.chunk);
		must(r->u.channel.id_len <= OBS_MAX_CHANNEL_ID);
		break;
	case RESULT_SESSION:
		check_session(&r->u.session);
		break;
	case RESULT_EVENT:
		check_estimate(&r->u.event.at);
		check_estimate(&r->u.event.duration);
		break;
	case RESULT_RETRIEVAL:
		must(r->u.retrieval.held <= r->u.retrieval.eligible);
		must(r->u.retrieval.bucket <= RESULT_AGES);
		break;
	case RESULT_CAME:
		must(r->u.came.first <= r->u.came.last && r->u.came.last < RESULT_CELLS);
		break;
	case RESULT_GROUP:
		must(r->u.group.held <= r->u.group.eligible);
		must(r->u.group.group < RESULT_GROUPS && r->u.group.bucket <= RESULT_AGES);
		break;
	case RESULT_LAG:
	case RESULT_WARNING:
		break;
	}
}

static struct endpoint
peer(uint8_t n)
{
	struct endpoint e = { { 0 }, 0 };

	return n == 0 ? e : endpoint_ipv4(0x0a000000u + n / 2, (uint16_t)(6000 + n % 2));
}

/* What the kind holds besides. */
static void
fill(struct observation *o, uint8_t how, int64_t source_ns, uint8_t substreams,
     uint32_t width, const uint8_t bits[6])
{
	if (o->kind == OBS_MARK)
		o->u.mark.source_ns = how & SOURCE ? source_ns :
		    (int64_t)((uint64_t)EPOCH_NS + o->offset * 100 * MS_NS + (uint64_t)source_ns);
	if (o->kind == OBS_TRANSFER)
		o->u.transfer.bytes = (uint32_t)source_ns;
	if (o->kind == OBS_GAP)
		o->u.gap.cause = OBS_GAP_DROPPED;
	if (o->kind == OBS_CHANNEL) {
		o->u.channel.id_len = substreams;
		o->u.channel.name_len = bits[0];
		o->tail_len = (uint32_t)substreams + bits[0];
		memset(o->tail, bits[1], o->tail_len);
	}
	if (o->kind == OBS_BUFFER_MAP && substreams > 0) {
		o->u.map.substreams = substreams;
		if (substreams > OBS_MAX_SUBSTREAMS)
			return;
		o->tail_len = substreams * 8u + (substreams + 7u) / 8;
		memset(o->tail, 0, o->tail_len);
		return;
	}
	if (o->kind <= OBS_VERIFY)
		o->width = width;
	if (o->kind > OBS_REQUEST || !(how & BITS)) {
		o->flags |= o->kind <= OBS_REQUEST ? OBS_ALL : 0;
		return;
	}
	o->flags &= (uint16_t)~OBS_ALL;
	if (!obs_set_range(o, o->offset, width))
		return;
	for (uint32_t i = 0; i < width; i++)
		if (bits[i / 8 % 6] >> i % 8 & 1)
			obs_set(o, i);
}

static struct observation *
decode(struct state *s, struct reader *r)
{
	uint8_t kind = (uint8_t)(reader_u8(r) % OBS_KINDS), flags = reader_u8(r);
	uint8_t from = reader_u8(r), to = reader_u8(r), channel = reader_u8(r);
	uint8_t how = reader_u8(r), substreams = reader_u8(r), action = reader_u8(r);
	uint64_t time = reader_le64(r), offset = reader_le64(r), source = reader_le64(r);
	uint32_t width = reader_le16(r);
	const uint8_t *bits = reader_take(r, 6);
	struct observation *o;

	if (bits == NULL)
		return NULL;
	s->t_ns = how & TIME ? (int64_t)time :
	          (int64_t)((uint64_t)s->t_ns + (uint64_t)((int16_t)time * MS_NS));
	s->offset = how & OFFSET ? offset : s->offset + (uint64_t)(int64_t)(int16_t)offset;
	o = obs_begin(&s->buf, (enum obs_kind)kind, s->t_ns);
	o->flags = flags;
	o->peer = peer(from);
	o->to = peer(to);
	o->channel = channel % 4;
	o->protocol = channel / 4 % 2;
	o->action = action;
	o->offset = s->offset;
	fill(o, how, (int64_t)source, substreams, width, bits);
	return o;
}

static void
set_options(struct inference_options *opt, struct reader *r)
{
	static const uint8_t id_bits[] = { 0, 31, 32, 64 };
	static const double rates[] = { 0, 10, 1e-300, 1e300 };

	inference_defaults(opt);
	opt->max_channels = 3;
	opt->max_peers = 4;
	opt->id_bits[0] = opt->id_bits[1] = id_bits[reader_u8(r) % 4];
	opt->playhead[1].skip_window_chunks = reader_u8(r);
	opt->chunk_rate = rates[reader_u8(r) % 4];
	reader_u8(r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader in = reader_over(data, size);
	struct result_sink sink = { check };
	struct state state = { .t_ns = EPOCH_NS };
	struct inference_options opt;
	struct inference *inf;
	void *mem;

	set_options(&opt, &in);
	mem = calloc(1, inference_size(&opt));
	if (mem == NULL)
		abort();
	inf = inference_init(mem, &opt, &sink);
	for (int i = 0; i < MAX_RECORDS && reader_left(&in) >= RECORD; i++) {
		const struct observation *o = decode(&state, &in);

		if (codec_valid(o))
			inference_put(inf, o);
	}
	inference_end(inf);
	free(mem);
	return 0;
}
