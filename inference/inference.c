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
	struct peers *peers;
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

size_t
inference_size(const struct inference_options *opt)
{
	return rounded(sizeof(struct inference)) + rounded(channels_size(opt)) +
	       peers_size(opt);
}

static void
to_peers(struct obs_sink *self, const struct observation *o)
{
	struct inference *inf = (struct inference *)self;

	peers_put(inf->peers, o);
}

struct inference *
inference_init(void *mem, const struct inference_options *opt, struct result_sink *out)
{
	struct inference *inf = mem;
	uint8_t *at = (uint8_t *)mem + rounded(sizeof *inf);

	inf->between.put = to_peers;
	inf->opt = *opt;
	inf->newest_ns = INT64_MIN;
	inf->channels = channels_init(at, &inf->opt, &inf->between);
	inf->peers = peers_init(at + rounded(channels_size(opt)), &inf->opt, out);
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
inference_end(struct inference *inf)
{
	channels_end(inf->channels);
	peers_end(inf->peers);
}

struct inference_counts
inference_counts(const struct inference *inf)
{
	struct inference_counts c = inf->counts;

	c.channels_evicted = channels_evicted(inf->channels);
	c.unassigned = channels_unassigned(inf->channels);
	c.peers_evicted = peers_evicted(inf->peers);
	return c;
}
