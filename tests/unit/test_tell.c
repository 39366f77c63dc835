/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "record/result.h"
#include "tests/unit/synth.h"

#define TELL_EVERY 50
#define MAX 4096

/* What is final, in the order that it came; and what was told before. */
struct run {
	struct result_sink sink; /* first */
	struct inference *inference;
	bool tells;
	unsigned since, n, early;
	struct result last[MAX];
	struct result_session seen; /* of those told early, the one with the most maps */
};

static void
take(struct result_sink *self, const struct result *r)
{
	struct run *run = (struct run *)(void *)self;

	if (!r->final) {
		run->early += r->kind == RESULT_SESSION;
		if (r->kind == RESULT_SESSION && r->u.session.maps >= run->seen.maps)
			run->seen = r->u.session;
	} else if (r->kind != RESULT_LAG) {
		assert_true(run->n < MAX);
		run->last[run->n++] = *r;
	}
}

static void
put(void *ctx, const struct observation *o)
{
	struct run *run = ctx;

	inference_put(run->inference, o);
	if (run->tells && ++run->since % TELL_EVERY == 0)
		inference_tell(run->inference, INT64_MIN, true);
}

static struct run *
infer(bool tells)
{
	static struct synth w;
	struct run *run = calloc(1, sizeof *run);
	struct inference_options opt;
	void *memory;

	assert_non_null(run);
	synth_init(&w, 8);
	for (int i = 0; i < 8; i++) {
		struct synth_viewer *v = synth_add(&w, 0, 1000 + i * 1500);

		v->delay_ms = 50 + (int64_t)synth_draw(&w, 400);
		v->cut_ms = 22000 + (int64_t)synth_draw(&w, 8000);
		v->cut_until_ms = v->cut_ms + 3500;
	}
	synth_options(&w, &opt);
	memory = calloc(1, inference_size(&opt));
	assert_non_null(memory);
	run->sink.put = take;
	run->tells = tells;
	run->inference = inference_init(memory, &opt, &run->sink);
	synth_run(&w, put, run);
	inference_end(run->inference);
	free(memory);
	return run;
}

static void
same_estimate(const struct estimate *a, const struct estimate *b)
{
	assert_int_equal(a->lo_ns, b->lo_ns);
	assert_int_equal(a->best_ns, b->best_ns);
	assert_int_equal(a->hi_ns, b->hi_ns);
}

static void
same_session(const struct result_session *a, const struct result_session *b)
{
	same_estimate(&a->joined, &b->joined);
	same_estimate(&a->playing, &b->playing);
	same_estimate(&a->left, &b->left);
	same_estimate(&a->stall_time, &b->stall_time);
	assert_int_equal(a->played_ns, b->played_ns);
	assert_int_equal(a->stalls, b->stalls);
	assert_int_equal(a->chunks_passed, b->chunks_passed);
	assert_int_equal(a->end, b->end);
}

static void
same_result(const struct result *a, const struct result *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->t_ns, b->t_ns);
	assert_true(endpoint_same(&a->peer, &b->peer));
	if (a->kind == RESULT_SESSION)
		same_session(&a->u.session, &b->u.session);
	if (a->kind == RESULT_EVENT)
		same_estimate(&a->u.event.at, &b->u.event.at);
	if (a->kind == RESULT_RETRIEVAL)
		assert_int_equal(a->u.retrieval.held, b->u.retrieval.held);
}

static void
what_is_told_meanwhile_changes_nothing(void **state)
{
	struct run *quiet = infer(false), *telling = infer(true);

	(void)state;
	assert_int_equal(quiet->early, 0);
	assert_true(telling->early > 100);
	assert_int_equal(quiet->n, telling->n);
	for (unsigned i = 0; i < quiet->n; i++)
		same_result(&quiet->last[i], &telling->last[i]);
	free(quiet);
	free(telling);
}

static void
who_is_still_there_is_told_as_open(void **state)
{
	struct run *run = infer(true);

	(void)state;
	assert_int_equal(run->seen.end, END_OPEN);
	assert_true(estimate_known(&run->seen.joined));
	assert_true(run->seen.maps > 0);
	free(run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_told_meanwhile_changes_nothing),
		cmocka_unit_test(who_is_still_there_is_told_as_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
