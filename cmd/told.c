/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/told.h"

#include <stdlib.h>

#include "report/document.h"

const char *
told_protocol(unsigned id)
{
	const struct proto *p = proto_by_id(id);

	return p ? p->name : NULL;
}

static uint64_t
malformed(const struct counts *c, const struct proto *p)
{
	const struct counts_protocol *n = &c->protocol[p->id];

	return n->bad[COUNTS_BROKEN] + n->bad[COUNTS_SHORT] + n->bad[COUNTS_FOREIGN];
}

static void
add_traffic(struct told *t, const char *name, struct counts_sum sum)
{
	if (sum.packets > 0)
		t->protocol[t->n_protocol++] =
		    (struct report_traffic){ name, sum.packets, sum.bytes };
}

static void
fill_rows(struct told *t, const struct counts *c)
{
	for (const struct proto *const *p = proto_table; *p != NULL; p++) {
		t->malformed[t->n_malformed++] =
		    (struct report_count){ (*p)->name, malformed(c, *p) };
		add_traffic(t, (*p)->name, c->protocol[(*p)->id].sum);
	}
	add_traffic(t, "other", c->class[COUNTS_NOT_SWARM]);
	add_traffic(t, "not-ip", c->class[COUNTS_NOT_IP]);
	add_traffic(t, "cut", c->class[COUNTS_CUT]);
	add_traffic(t, "undecodable", c->class[COUNTS_UNDECODABLE]);
}

void
told_fill(struct told *t, const struct told_about *about)
{
	const struct counts *c = about->counts;
	bool any = c->observations > 0 || c->total.packets > 0;

	t->n_malformed = t->n_protocol = 0;
	fill_rows(t, c);
	t->in = (struct report_input){
		.files = about->files, .n_files = about->n_files,
		.first_ns = any ? c->first_ns : INT64_MIN,
		.last_ns = any ? c->last_ns : INT64_MIN,
		.packets = c->total.packets,
		.bytes = c->total.bytes,
		.observations = c->observations,
		.cut = c->snapped.packets,
		.gaps = about->gaps,
		.not_swarm_bytes = c->class[COUNTS_NOT_SWARM].bytes,
		.malformed = t->malformed, .n_malformed = t->n_malformed,
		.by_protocol = t->protocol, .n_by_protocol = t->n_protocol,
	};
	t->report = (struct report){
		.results = about->results, .input = &t->in, .protocol_name = told_protocol,
		.player = about->player,
		.player_from = about->player->prebuffer_ns == 2000000000 ?
		                   "assumed" : "--player-prebuffer",
	};
}

char *
told_head(const struct told *t)
{
	char *head = NULL;
	size_t len;
	FILE *out = open_memstream(&head, &len);

	if (out == NULL)
		abort();
	document_head(out, &t->report);
	fclose(out);
	return head;
}
