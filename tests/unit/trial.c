/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

void
trial_begin(struct trial *x)
{
	memset(x, 0, sizeof *x);
	strcpy(x->report, "{\"schema\":\"swarmscope/report/1\",\"sessions\":[");
}

void
trial_append(char *text, size_t room, const char *format, ...)
{
	size_t at = strlen(text);
	va_list ap;

	va_start(ap, format);
	assert_true((size_t)vsnprintf(text + at, room - at, format, ap) < room - at);
	va_end(ap);
}

void
trial_truly(struct trial *x, const char *peer, const char *run, const char *event, double t)
{
	trial_append(x->truth, sizeof x->truth,
	             "{\"t\":%.6f,\"event\":\"%s\",\"peer\":\"%s\",\"run\":\"%s\"}\n", t, event,
	             peer, run);
}

void
trial_true_run(struct trial *x, const char *peer, const char *run, double join, double play,
               double leave)
{
	trial_truly(x, peer, run, "join", join);
	trial_truly(x, peer, run, "first_packet", join + 0.5);
	trial_truly(x, peer, run, "play", play);
	trial_truly(x, peer, run, "leave", leave);
}

void
trial_true_stall(struct trial *x, const char *peer, const char *run, double from, double to)
{
	trial_truly(x, peer, run, "stall", from);
	trial_truly(x, peer, run, "resume", to);
}

static void
put_estimate(struct trial *x, const char *key, double best, double less, double more)
{
	trial_append(x->report, sizeof x->report, "\"%s\":", key);
	if (isnan(best))
		trial_append(x->report, sizeof x->report, "null,");
	else
		trial_append(x->report, sizeof x->report,
		             "{\"lo\":%.6f,\"best\":%.6f,\"hi\":%.6f},", best - less, best,
		             best + more);
}

void
trial_claim(struct trial *x, const char *peer, double joined, double playing, double left, size_t n,
            const struct moment *stalls, const char *extra)
{
	trial_append(x->report, sizeof x->report, "%s{",
	             x->report[strlen(x->report) - 1] == '}' ? "," : "");
	put_estimate(x, "joined", joined, 0, 0);
	put_estimate(x, "playing", playing, 0.25, 0.5);
	put_estimate(x, "startup_delay_s", playing - joined, 0.25, 0.5);
	put_estimate(x, "left", left, 0, 0);
	trial_append(x->report, sizeof x->report, "%s\"stalls\":[", extra);
	for (size_t i = 0; i < n; i++) {
		trial_append(x->report, sizeof x->report, "%s{", i ? "," : "");
		put_estimate(x, "at", stalls[i].at, 0.5, 0.5);
		put_estimate(x, "duration_s", stalls[i].s, 1, 1);
		trial_append(x->report, sizeof x->report, "\"x\":0}");
	}
	trial_append(x->report, sizeof x->report,
	             "],\"peer\":\"%s\",\"channel\":\"x:01\",\"run\":%.0f}", peer, joined);
}

void
trial_score(struct trial *x)
{
	struct load truth = { x->truth, strlen(x->truth) }, report;
	char why[LOAD_WHY] = "";

	trial_append(x->report, sizeof x->report, "]}");
	report = (struct load){ x->report, strlen(x->report) };
	if (truth_parse(&x->t, &truth, "truth", why) != 0 ||
	    claims_parse(&x->c, &report, "report", why) != 0)
		fail_msg("%s", why);
	score_compute(&x->s, &x->t, &x->c, 5000000000);
}

void
trial_end(struct trial *x)
{
	score_free(&x->s);
	truth_free(&x->t);
	claims_free(&x->c);
}
