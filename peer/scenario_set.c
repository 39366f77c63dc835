/*
 * A scenario from text: one table of names, kinds, ranges and places.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "peer/scenario.h"

#include <assert.h>
#include <string.h>

enum kind { COUNT, TIME_MS, TIME_S, RATE, SHARE, NAMED, YES, NOT_YES, TEXT };

struct field {
	const char *name;
	enum kind kind;
	uint16_t at, size;        /* in the struct it belongs to */
	uint64_t least, most;     /* in the unit that is kept */
	const char *const *names; /* NAMED: in the order of the enum, NULL-terminated */
};

#define FIELD(type, member) offsetof(type, member), sizeof(((type *)0)->member)
#define S(member) FIELD(struct scenario, member)
#define CH(member) FIELD(struct scenario_channel, member)
#define CL(member) FIELD(struct scenario_class, member)
#define ST(member) FIELD(struct scenario_step, member)
#define DAY_MS 86400000u
#define GBIT 10000000u /* kbit/s: the fastest line */

static const char *const attacks[] = { "none", "polluter", "liar", NULL };
static const char *const sessions[] = { "stay", "exponential", "impatient", NULL };
static const char *const policies[] = { "skip", "freeze", NULL };
static const char *const offsets[] = { "play", "oldest", "head", NULL };
static const char *const map_offsets[] = { "play", "oldest", "head", "by-seed", NULL };
static const char *const signings[] = { "digest", "ed25519", NULL };
static const char *const whats[] = { "join", "leave", "crash", "switch", "limit_down",
	"limit_up", "outage", "origin_up", NULL };

static const struct field scenario_fields[] = {
	{ "name", TEXT, S(name), 0, 0, NULL },
	{ "about", TEXT, S(about), 0, 0, NULL },
	{ "start", COUNT, S(start_s), 0, 9000000000u, NULL },
	{ "duration", TIME_MS, S(duration_ms), 1000, DAY_MS, NULL },
	{ "viewers.count", COUNT, S(peers), 0, SCENARIO_PEERS, NULL },
	{ "viewers.at_most", COUNT, S(max_peers), 1, SCENARIO_PEERS, NULL },
	{ "viewers.first", TIME_MS, S(first_join_ms), 0, DAY_MS, NULL },
	{ "viewers.over", TIME_MS, S(ramp_ms), 0, DAY_MS, NULL },
	{ "viewers.per_minute", COUNT, S(arrivals_per_min), 0, 100000, NULL },
	{ "viewers.sessions", NAMED, S(sessions), 0, 0, sessions },
	{ "viewers.mean", TIME_S, S(mean_s), 1, 36000, NULL },
	{ "viewers.short_mean", TIME_S, S(short_mean_s), 1, 36000, NULL },
	{ "viewers.short_share", SHARE, S(short_ppm), 0, SCENARIO_MILLION, NULL },
	{ "viewers.crash", SHARE, S(crash_ppm), 0, SCENARIO_MILLION, NULL },
	{ "viewers.zap_every", TIME_S, S(zap_mean_s), 0, 36000, NULL },
	{ "peers.partners", COUNT, S(partners), 1, ENGINE_PARTNERS, NULL },
	{ "peers.max_partners", COUNT, S(max_partners), 1, ENGINE_PARTNERS, NULL },
	{ "peers.map_period", TIME_MS, S(map_period_ms), 50, 60000, NULL },
	{ "peers.lag", TIME_MS, S(lag_ms), 500, 110000, NULL },
	{ "peers.prebuffer", TIME_MS, S(prebuffer_ms), 10, 60000, NULL },
	{ "peers.resume", TIME_MS, S(resume_ms), 10, 60000, NULL },
	{ "peers.give_up", TIME_MS, S(give_up_ms), 0, DAY_MS, NULL },
	{ "peers.reboot_after", TIME_MS, S(reboot_ms), 0, DAY_MS, NULL },
	{ "peers.behind", TIME_MS, S(behind_ms), 0, 60000, NULL },
	{ "peers.policy", NAMED, S(policy), 0, 0, policies },
	{ "peers.offset", NAMED, S(offset), 0, 0, offsets },
	{ "peers.tell_play", NOT_YES, S(hide_play), 0, 0, NULL },
	{ "peers.signing", NAMED, S(signing), 0, 0, signings },
	{ "view.share", SHARE, S(view.fraction_ppm), 0, SCENARIO_MILLION, NULL },
	{ "view.map_period", TIME_MS, S(view.map_period_ms), 0, 600000, NULL },
	{ "view.map_offset", NAMED, S(view.map_offset), 0, 0, map_offsets },
	{ "view.loss", SHARE, S(view.loss_ppm), 0, SCENARIO_MILLION, NULL },
	{ "view.chunks", YES, S(view.chunks), 0, 0, NULL },
	{ NULL, COUNT, 0, 0, 0, 0, NULL },
};

static const struct field channel_fields[] = {
	{ "name", TEXT, CH(name), 0, 0, NULL },
	{ "bitrate", RATE, CH(bitrate_kbps), 1, 100000, NULL },
	{ "chunk", TIME_MS, CH(chunk_ms), 10, 10000, NULL },
	{ "origin_up", RATE, CH(origin_up_kbps), 1, GBIT, NULL },
	{ "origin_partners", COUNT, CH(origin_partners), 1, ENGINE_PARTNERS, NULL },
	{ NULL, COUNT, 0, 0, 0, 0, NULL },
};

static const struct field class_fields[] = {
	{ "name", TEXT, CL(name), 0, 0, NULL },
	{ "share", COUNT, CL(share), 0, 1000000, NULL },
	{ "up", RATE, CL(up_kbps), 1, GBIT, NULL },
	{ "down", RATE, CL(down_kbps), 1, GBIT, NULL },
	{ "latency", TIME_MS, CL(latency_ms), 0, 5000, NULL },
	{ "loss", SHARE, CL(loss_ppm), 0, SCENARIO_MILLION, NULL },
	{ "nat", SHARE, CL(nat_ppm), 0, SCENARIO_MILLION, NULL },
	{ "attack", NAMED, CL(attack), 0, 0, attacks },
	{ NULL, COUNT, 0, 0, 0, 0, NULL },
};

static const struct field step_fields[] = {
	{ "what", NAMED, ST(what), 0, 0, whats },
	{ "at", TIME_MS, ST(at_ms), 0, DAY_MS, NULL },
	{ "for", TIME_MS, ST(for_ms), 0, DAY_MS, NULL },
	{ "viewers", COUNT, ST(n), 0, SCENARIO_PEERS, NULL },
	{ "rate", RATE, ST(kbps), 1, GBIT, NULL },
	{ NULL, COUNT, 0, 0, 0, 0, NULL },
};

struct unit {
	const char *name;
	uint32_t times; /* of the unit that is kept */
};

static const struct unit times_ms[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 },
	{ "h", 3600000 }, { "", 1000 }, { NULL, 0 } };
static const struct unit times_s[] = { { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "", 1 },
	{ NULL, 0 } };
static const struct unit rates[] = { { "kbit/s", 1 }, { "Mbit/s", 1000 },
	{ "Gbit/s", 1000000 }, { NULL, 0 } };
static const struct unit shares[] = { { "%", 10000 }, { "", 1000000 }, { NULL, 0 } };
static const struct unit counts[] = { { "", 1 }, { NULL, 0 } };

static const struct unit *
units_of(enum kind kind)
{
	switch (kind) {
	case TIME_MS:
		return times_ms;
	case TIME_S:
		return times_s;
	case RATE:
		return rates;
	case SHARE:
		return shares;
	case COUNT:
	case NAMED:
	case YES:
	case NOT_YES:
	case TEXT:
		break;
	}
	return counts;
}

/* Digits and at most six after a point, as millionths; *rest is what follows. */
static bool
read_millionths(const char *text, uint64_t *value, const char **rest)
{
	uint64_t v = 0, scale = 1000000;
	const char *p = text;

	for (; *p >= '0' && *p <= '9' && p - text < 11; p++)
		v = v * 10 + (uint64_t)(*p - '0');
	if (p == text)
		return false;
	v *= scale;
	if (*p == '.')
		for (p++; *p >= '0' && *p <= '9' && scale > 1; p++)
			v += (uint64_t)(*p - '0') * (scale /= 10);
	*value = v;
	*rest = p;
	return true;
}

static const char *
set_number(void *to, const struct field *f, const char *text)
{
	const struct unit *u = units_of(f->kind);
	const char *rest;
	uint64_t v;
	uint32_t narrow;

	if (!read_millionths(text, &v, &rest))
		return "not a number";
	while (*rest == ' ')
		rest++;
	for (; u->name != NULL && strcmp(u->name, rest) != 0; u++)
		;
	if (u->name == NULL)
		return f->kind == RATE ? "the unit is none of kbit/s, Mbit/s, Gbit/s"
		                       : "an unknown unit";
	if (v > UINT64_MAX / u->times)
		return "too large";
	v *= u->times;
	if (v % 1000000 != 0)
		return "finer than the unit that counts";
	v /= 1000000;
	if (v < f->least || v > f->most)
		return v < f->least ? "too small" : "too large";
	narrow = (uint32_t)v;
	memcpy(to, f->size == sizeof v ? (const void *)&v : (const void *)&narrow, f->size);
	return NULL;
}

static const char *
set_named(void *to, const struct field *f, const char *text)
{
	unsigned i;

	for (i = 0; f->names[i] != NULL; i++) {
		if (strcmp(f->names[i], text) != 0)
			continue;
		memcpy(to, &i, f->size);
		return NULL;
	}
	return "none of the names that are known here";
}

static const char *
set_yes(bool *to, const char *text, bool meaning)
{
	bool yes = strcmp(text, "yes") == 0 || strcmp(text, "true") == 0;

	if (!yes && strcmp(text, "no") != 0 && strcmp(text, "false") != 0)
		return "neither yes nor no";
	*to = yes == meaning;
	return NULL;
}

static const char *
set_text(char *to, const struct field *f, const char *text)
{
	if (strlen(text) >= f->size)
		return "too long";
	memcpy(to, text, strlen(text) + 1);
	return NULL;
}

static const char *
set_field(void *base, const struct field *fields, const char *name, const char *text)
{
	const struct field *f = fields;
	uint8_t *to;

	while (f->name != NULL && strcmp(f->name, name) != 0)
		f++;
	if (f->name == NULL)
		return "no such name";
	to = (uint8_t *)base + f->at;
	switch (f->kind) {
	case NAMED:
		return set_named(to, f, text);
	case YES:
	case NOT_YES:
		return set_yes((bool *)to, text, f->kind == YES);
	case TEXT:
		return set_text((char *)to, f, text);
	case COUNT:
	case TIME_MS:
	case TIME_S:
	case RATE:
	case SHARE:
		break;
	}
	return set_number(to, f, text);
}

/* "3].up" -> 3, "up". Elements come in order; a new one begins as first is. */
static const char *
set_element(void *list, uint32_t *n, uint32_t most, size_t size, const void *first,
            const struct field *fields, const char *path, const char *text)
{
	_Alignas(8) uint8_t one[128];
	uint32_t i = 0;
	const char *p = path, *wrong;
	uint8_t *at;

	assert(size <= sizeof one);
	for (; *p >= '0' && *p <= '9' && p - path < 4; p++)
		i = i * 10 + (uint32_t)(*p - '0');
	if (p == path || p[0] != ']' || p[1] != '.')
		return "a list of maps belongs here";
	if (i >= most || i > *n)
		return i >= most ? "the list is too long" : "an element before it is missing";
	at = (uint8_t *)list + i * size;
	memcpy(one, i < *n ? at : first, size);
	wrong = set_field(one, fields, p + 2, text);
	if (wrong != NULL)
		return wrong;
	memcpy(at, one, size);
	if (i >= *n)
		*n = i + 1;
	return NULL;
}

const char *
scenario_set(struct scenario *s, const char *path, const char *text)
{
	static const struct scenario_step no_step = { 0 };
	struct scenario preset;

	scenario_defaults(&preset);
	if (strncmp(path, "channels[", 9) == 0)
		return set_element(s->channels, &s->n_channels, SCENARIO_CHANNELS,
		                   sizeof s->channels[0], &preset.channels[0], channel_fields,
		                   path + 9, text);
	if (strncmp(path, "classes[", 8) == 0)
		return set_element(s->classes, &s->n_classes, SCENARIO_CLASSES,
		                   sizeof s->classes[0], &preset.classes[0], class_fields,
		                   path + 8, text);
	if (strncmp(path, "timeline[", 9) == 0)
		return set_element(s->steps, &s->n_steps, SCENARIO_STEPS, sizeof s->steps[0],
		                   &no_step, step_fields, path + 9, text);
	return set_field(s, scenario_fields, path, text);
}
