/*
 * A truth log, a zero byte, a report or events: read, scored and written out. What
 * is written must be JSON, and no more may be found than there was.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "report/score_json.h"
#include "report/score_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct load
copy_of(const uint8_t *data, size_t len)
{
	struct load l = { malloc(len ? len : 1), len };

	if (l.text == NULL)
		abort();
	if (len > 0)
		memcpy(l.text, data, len);
	return l;
}

static void
check_count(const struct score_count *c)
{
	if (c->found > c->truth || c->wrong > c->inferred)
		abort();
}

static void
check_json(const char *text, size_t len)
{
	struct json_reader r = json_reader_over(text, len);

	if (json_next(&r) != JSON_OBJECT || !json_skip(&r) || json_next(&r) != JSON_END)
		abort();
}

static void
check_score(const struct truth *truth, const struct claims *claims)
{
	struct score_source of = { "truth", "report", truth, claims, 5000000000 };
	struct score score;
	char *text = NULL;
	size_t len = 0;
	FILE *out;

	score_compute(&score, truth, claims, of.tolerance_ns);
	for (int i = 0; i < SCORE_LENGTHS; i++)
		check_count(&score.stalls[i].count);
	check_count(&score.reboots);
	check_count(&score.skips);
	check_count(&score.switches);
	check_count(&score.exits);
	out = open_memstream(&text, &len);
	if (out == NULL)
		abort();
	score_json_write(out, &score, &of);
	fflush(out);
	check_json(text, len);
	score_text_write(out, &score, &of, true);
	fclose(out);
	free(text);
	score_free(&score);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
	size_t first = zero ? (size_t)(zero - data) : size;
	struct load truth_text = copy_of(data, first);
	struct load claims_text = copy_of(data + first + (zero != NULL),
	                                  size - first - (zero != NULL));
	struct truth truth;
	struct claims claims;
	char why[LOAD_WHY];

	if (truth_parse(&truth, &truth_text, "truth", why) == 0) {
		if (claims_parse(&claims, &claims_text, "report", why) == 0) {
			check_score(&truth, &claims);
			claims_free(&claims);
		}
		truth_free(&truth);
	}
	load_free(&truth_text);
	load_free(&claims_text);
	return 0;
}
