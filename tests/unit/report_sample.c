/* Writes what report/ writes of the sample swarm: document, events, score or empty.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/document.h"
#include "report/ndjson.h"
#include "report/score_json.h"
#include "tests/unit/swarm.h"

static void
write_document(bool empty)
{
	struct collect c;
	struct report r;

	collect_init(&c);
	if (!empty)
		swarm_put(&c.sink);
	collect_finish(&c);
	r = swarm_report(&c);
	if (empty)
		r.player = NULL;
	document_write(stdout, &r);
	collect_fini(&c);
}

static void
write_events(void)
{
	static const char *const files[] = { "a.pcap" };
	struct ndjson n;

	ndjson_init(&n, stdout, swarm_protocol);
	ndjson_start(&n, INT64_MIN, files, 1);
	swarm_put(&n.sink);
	ndjson_end(&n);
	ndjson_fini(&n);
}

static int
write_score(const char *truth_path, const char *report_path)
{
	struct truth truth;
	struct claims claims;
	struct score score;
	struct score_source of = { truth_path, report_path, &truth, &claims, 5000000000 };
	char why[LOAD_WHY];

	if (truth_read(&truth, truth_path, why) != 0 ||
	    claims_read(&claims, report_path, why) != 0) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	score_compute(&score, &truth, &claims, of.tolerance_ns);
	score_json_write(stdout, &score, &of);
	score_free(&score);
	truth_free(&truth);
	claims_free(&claims);
	return 0;
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "document";

	if (strcmp(what, "events") == 0)
		write_events();
	else if (strcmp(what, "score") == 0 && argc == 4)
		return write_score(argv[2], argv[3]);
	else
		write_document(strcmp(what, "empty") == 0);
	return 0;
}
