/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/inference.h"

#include <string.h>

#include "inference/channel.h"
#include "inference/peers.h"
#include "inference/timeline.h"

#define MS_NS 1000000
#define CHUNKS_MAX (UINT64_MAX / 4) /* a larger chunk number is nobody's */

struct inference {
	struct obs_sink between; /* first: stage 1 puts here what stage 2 takes */
	struct inference_options opt;
	struct channels *channels;
	struct peers *peers[INFERENCE_SHARDS];
	struct obs_sink *const *spread; /* NULL: the shards are called here */
	struct inference_counts counts;
	int64_t newest_ns;
};

/* Constants of a player of MPEG-TS (mpv, ffmpeg's demuxer) as measured behind real
 * swarms; see doc/inference.md. */
void
inference_defaults(struct inference_options *opt)
{
	memset(opt, 0, sizeof *opt);
	opt->max_channels = 64;
	opt->max_peers = 16384;
	opt->shards = 1;
	opt->gone_ns = 10000 * (int64_t)MS_NS;
	opt->switch_ns = 10000 * (int64_t)MS_NS;
	opt->player = (struct player_model){
		.prebuffer_ns = 2000 * (int64_t)MS_NS,
		.key_wait_ns = 500 * MS_NS,
		.probe_bytes = 6000,
		.prebuffer_err_ns = 350 * MS_NS,
		.latency_ns = 100 * MS_NS,
		.latency_err_ns = 120 * MS_NS,
		.margin_ns = 900 * MS_NS,
		.margin_err_ns = 500 * MS_NS,
		.rebuffer_ns = 2000 * (int64_t)MS_NS,
		.rebuffer_err_ns = 250 * MS_NS,
	};
}

static size_t
rounded(size_t n)
{
	return (n + 63) / 64 * 64;
}

static uint32_t
shards(const struct inference_options *opt)
{
	return opt->shards < 1 ? 1 :
	       opt->shards > INFERENCE_SHARDS ? INFERENCE_SHARDS : opt->shards;
}

size_t
inference_size(const struct inference_options *opt)
{
	return rounded(sizeof(struct inference)) + rounded(channels_size(opt)) +
	       shards(opt) * rounded(peers_size(opt));
}

static void
to_shard(struct inference *inf, uint32_t shard, const struct observation *o)
{
	if (inf->spread != NULL)
		inf->spread[shard]->put(inf->spread[shard], o);
	else
		peers_put(inf->peers[shard], o);
}

/* What is of a channel or of nobody is for all. A chunk on its way, or what was lost there,
 * is for the shards of who sends and who gets it. */
static void
to_peers(struct obs_sink *self, const struct observation *o)
{
	struct inference *inf = (struct inference *)self;
	uint32_t of = peers_shard(&inf->opt, &o->peer), other;

	if (o->kind == OBS_CHANNEL || o->kind == OBS_MARK || endpoint_is_none(&o->peer)) {
		for (uint32_t i = 0; i < shards(&inf->opt); i++)
			to_shard(inf, i, o);
		return;
	}
	to_shard(inf, of, o);
	other = o->kind == OBS_TRANSFER || o->kind == OBS_GAP ? peers_shard(&inf->opt, &o->to) : of;
	if (other != of)
		to_shard(inf, other, o);
}

void
inference_expect(const struct inference *inf, const struct observation *o,
                 enum expect_stage stage)
{
	if (endpoint_is_none(&o->peer))
		return;
	channels_expect(inf->channels, o, stage);
	peers_expect(inf->peers[peers_shard(&inf->opt, &o->peer)], o, stage);
}

void
inference_spread(struct inference *inf, struct obs_sink *const to[],
                 struct result_sink *const out[])
{
	inf->spread = to;
	for (uint32_t i = 0; i < shards(&inf->opt); i++)
		peers_results(inf->peers[i], out[i]);
}

void
inference_shard_put(struct inference *inf, uint32_t shard, const struct observation *o)
{
	peers_put(inf->peers[shard], o);
}

void
inference_shard_end(struct inference *inf, uint32_t shard)
{
	peers_end(inf->peers[shard], inf->newest_ns);
}

struct inference *
inference_init(void *mem, const struct inference_options *opt, struct result_sink *out)
{
	struct inference *inf = mem;
	uint8_t *at = (uint8_t *)mem + rounded(sizeof *inf);

	inf->between.put = to_peers;
	inf->opt = *opt;
	inf->opt.shards = shards(opt);
	inf->newest_ns = INT64_MIN;
	inf->channels = channels_init(at, &inf->opt, &inf->between);
	at += rounded(channels_size(opt));
	for (uint32_t i = 0; i < shards(opt); i++)
		inf->peers[i] = peers_init(at + i * rounded(peers_size(opt)), &inf->opt, i, out);
	return inf;
}

static bool
is_time(int64_t ns)
{
	return ns >= 0 && ns <= TIMELINE_FAR_NS;
}

/* Nothing may be so far out that what is computed of it overflows, and only stage 1
 * lets nobody leave. */
static bool
is_believable(const struct observation *o)
{
	return is_time(o->t_ns) && o->offset <= CHUNKS_MAX &&
	       (o->kind != OBS_MARK || is_time(o->u.mark.source_ns)) &&
	       (o->kind != OBS_LEAVE || !endpoint_is_none(&o->peer));
}

void
inference_put(struct inference *inf, const struct observation *o)
{
	inf->counts.observations++;
	if (!is_believable(o)) {
		inf->counts.unbelievable++;
		return;
	}
	if (o->t_ns < inf->newest_ns)
		inf->counts.late++;
	else
		inf->newest_ns = o->t_ns;
	channels_put(inf->channels, o);
}

void
inference_seen(struct inference *inf, int64_t t_ns)
{
	if (is_time(t_ns) && t_ns > inf->newest_ns && inf->newest_ns != INT64_MIN)
		inf->newest_ns = t_ns;
}

void
inference_tell(struct inference *inf, int64_t since_ns, bool curves)
{
	for (uint32_t i = 0; inf->spread == NULL && i < shards(&inf->opt); i++)
		peers_tell(inf->peers[i], inf->newest_ns, since_ns, curves);
}

void
inference_end(struct inference *inf)
{
	channels_end(inf->channels);
	for (uint32_t i = 0; inf->spread == NULL && i < shards(&inf->opt); i++)
		inference_shard_end(inf, i);
}

struct inference_counts
inference_counts(const struct inference *inf)
{
	struct inference_counts c = inf->counts;

	c.channels_evicted = channels_evicted(inf->channels);
	c.unassigned = channels_unassigned(inf->channels);
	for (uint32_t i = 0; i < shards(&inf->opt); i++)
		c.peers_evicted += peers_evicted(inf->peers[i]);
	return c;
}
