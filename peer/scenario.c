/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/scenario.h"

#include <string.h>

#define MAX_DATAGRAM 65000u /* bytes of a chunk's frame */

void
scenario_defaults(struct scenario *s)
{
	memset(s, 0, sizeof *s);
	strcpy(s->name, "unnamed");
	s->start_s = 1800000000;
	s->duration_ms = 120000;
	s->n_channels = 1;
	s->channels[0] = (struct scenario_channel){ "one", 400, 250, 4000, 16 };
	s->n_classes = 1;
	s->classes[0] = (struct scenario_class){ .name = "home", .share = 1, .up_kbps = 600,
		.down_kbps = 8000, .latency_ms = 20 };
	s->peers = 50;
	s->first_join_ms = 12000;
	s->ramp_ms = 20000;
	s->crash_ppm = 100000;
	s->mean_s = 300;
	s->short_mean_s = 20;
	s->short_ppm = 300000;
	s->partners = 12;
	s->max_partners = 16;
	s->map_period_ms = 1000;
	s->lag_ms = 7000;
	s->prebuffer_ms = 1000;
	s->resume_ms = 1000;
	s->give_up_ms = 2000;
	s->reboot_ms = 10000;
	s->behind_ms = 1000;
	s->view = (struct scenario_view){ .fraction_ppm = SCENARIO_MILLION, .chunks = true };
}

static const char *
check_channels(const struct scenario *s)
{
	if (s->n_channels == 0)
		return "no channel";
	for (uint32_t i = 0; i < s->n_channels; i++) {
		const struct scenario_channel *c = &s->channels[i];

		if (c->bitrate_kbps == 0 || c->chunk_ms == 0 || c->origin_up_kbps == 0)
			return "a channel's rate or chunk is zero";
		if ((uint64_t)c->bitrate_kbps * c->chunk_ms / 8 > MAX_DATAGRAM)
			return "a chunk does not fit a datagram of 65,000 bytes";
		if (c->origin_partners == 0 || c->origin_partners > ENGINE_PARTNERS)
			return "origin partners out of 1..32";
		if (s->lag_ms / c->chunk_ms >= WINDOW_SPAN / 2)
			return "the lag is longer than half the window";
		if (s->prebuffer_ms < c->chunk_ms || s->prebuffer_ms > s->lag_ms)
			return "prebuffer not between a chunk and the lag";
	}
	return NULL;
}

static const char *
check_classes(const struct scenario *s)
{
	uint64_t shares = 0;

	for (uint32_t i = 0; i < s->n_classes; i++) {
		const struct scenario_class *c = &s->classes[i];

		shares += c->share;
		if (c->up_kbps == 0 || c->down_kbps == 0)
			return "a class's rate is zero";
		if (c->loss_ppm > SCENARIO_MILLION || c->nat_ppm > SCENARIO_MILLION)
			return "a share is over 1";
	}
	return shares == 0 ? "no class has a share" : NULL;
}

static const char *
check_steps(const struct scenario *s)
{
	for (uint32_t i = 0; i < s->n_steps; i++) {
		if (s->steps[i].at_ms > s->duration_ms)
			return "a step lies after the end";
		if ((s->steps[i].what == STEP_LIMIT_DOWN || s->steps[i].what == STEP_LIMIT_UP ||
		     s->steps[i].what == STEP_ORIGIN_UP) && s->steps[i].kbps == 0)
			return "a step's rate is zero";
	}
	return NULL;
}

const char *
scenario_check(const struct scenario *s)
{
	const char *wrong = check_channels(s);

	if (wrong == NULL)
		wrong = check_classes(s);
	if (wrong == NULL)
		wrong = check_steps(s);
	if (wrong != NULL)
		return wrong;
	if (s->duration_ms == 0 || s->duration_ms > 86400000)
		return "duration out of 0..24 h";
	if (s->partners == 0 || s->partners > s->max_partners ||
	    s->max_partners > ENGINE_PARTNERS)
		return "partners out of 1..max_partners..32";
	if (s->map_period_ms == 0)
		return "the map period is zero";
	if (s->view.fraction_ppm > SCENARIO_MILLION || s->view.loss_ppm > SCENARIO_MILLION)
		return "a share of the view is over 1";
	if (scenario_peers(s) > SCENARIO_PEERS)
		return "more than 20,000 peers at once";
	return NULL;
}

uint32_t
scenario_arrivals(const struct scenario *s)
{
	uint64_t n = s->peers + (uint64_t)s->arrivals_per_min * s->duration_ms / 40000 + 64;

	for (uint32_t i = 0; i < s->n_steps; i++)
		if (s->steps[i].what == STEP_JOIN)
			n += s->steps[i].n;
	return n < SCENARIO_MILLION ? (uint32_t)n : SCENARIO_MILLION;
}

uint32_t
scenario_peers(const struct scenario *s)
{
	return s->max_peers > 0 ? s->max_peers : scenario_arrivals(s);
}

const char *
scenario_step_name(unsigned what)
{
	static const char *const names[STEP_WHATS] = {
		"join", "leave", "crash", "switch", "limit_down", "limit_up", "outage",
		"origin_up",
	};

	return what < STEP_WHATS ? names[what] : NULL;
}
