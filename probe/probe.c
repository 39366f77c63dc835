/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/probe.h"

#include "base/err.h"
#include "probe/inputs.h"
#include "probe/pages.h"

#define BATCH 64 /* packets at a time */

struct probe {
	struct decode *decode;           /* owned */
	struct inputs *inputs;           /* owned */
	const char *warning[INPUTS_MAX]; /* the inputs' texts */
	size_t warnings;
};

struct probe *
probe_new(const struct decode_options *options, struct obs_sink *out)
{
	struct probe *p = pages_new(1, sizeof *p);

	p->decode = decode_new(options, out);
	p->inputs = inputs_new();
	return p;
}

void
probe_free(struct probe *p)
{
	if (p == NULL)
		return;
	decode_free(p->decode);
	inputs_free(p->inputs);
	pages_free(p, 1, sizeof *p);
}

int
probe_add_file(struct probe *p, const char *path)
{
	return inputs_add(p->inputs, path);
}

static void
warn(struct probe *p)
{
	p->warning[p->warnings++] = inputs_text(p->inputs); /* one an input at most */
	decode_gap(p->decode, OBS_GAP_FILE, INT64_MAX, 0);
}

static void
give(struct probe *p, enum link_type link, const struct capture_packet *packet)
{
	probe_packet(p, link, packet->t_ns, packet->bytes, packet->captured, packet->wire_len);
}

int
probe_step(struct probe *p, uint64_t max_packets)
{
	struct capture_packet packets[BATCH];
	enum link_type link;
	int got = 1;

	for (uint64_t n = 0; n < max_packets; n += got > 0 ? (uint64_t)got : 1) {
		int max = max_packets - n < BATCH ? (int)(max_packets - n) : BATCH;

		got = inputs_next(p->inputs, packets, max, &link);
		if (got == ERR_TRUNCATED || got == ERR_DAMAGED)
			warn(p);
		else if (got <= 0)
			break;
		for (int i = 0; i < got; i++)
			give(p, link, &packets[i]);
	}
	if (got == 0)
		probe_end(p);
	return got > 0 || got == ERR_TRUNCATED || got == ERR_DAMAGED ? 1 : got;
}

int
probe_run(struct probe *p)
{
	int more;

	do
		more = probe_step(p, UINT64_MAX);
	while (more > 0);
	return more;
}

void
probe_packet(struct probe *p, enum link_type link, int64_t t_ns, const void *bytes, size_t captured,
             uint32_t wire_len)
{
	decode_packet(p->decode, link, t_ns, bytes, captured, wire_len);
}

void
probe_gap(struct probe *p, int64_t from_ns, uint64_t packets)
{
	decode_gap(p->decode, OBS_GAP_DROPPED, from_ns, packets);
}

void
probe_end(struct probe *p)
{
	decode_end(p->decode);
}

const struct counts *
probe_counts(struct probe *p)
{
	return decode_counts(p->decode);
}

void
probe_progress(const struct probe *p, uint64_t *done, uint64_t *total)
{
	inputs_progress(p->inputs, done, total);
}

const char *
probe_error_text(const struct probe *p)
{
	return inputs_text(p->inputs);
}

size_t
probe_warnings(const struct probe *p)
{
	return p->warnings;
}

const char *
probe_warning(const struct probe *p, size_t i)
{
	return p->warning[i];
}

const char *
probe_library(void)
{
	return capture_library();
}
