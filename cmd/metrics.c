/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/metrics.h"

#include <inttypes.h>
#include <stddef.h>

#include "proto/proto.h"

/* A counter of each interface, or of the decoder as a whole. */
struct counter {
	const char *name, *help, *label; /* label: what else the value is told by, or NULL */
	size_t offset;
};

#define LIVE(member) offsetof(struct live_counts, member)
#define DECODED(member) offsetof(struct counts, member)

static const struct counter of_interface[] = {
	{ "capture_packets_total", "Packets decoded.", NULL, LIVE(delivered) },
	{ "capture_dropped_packets_total", "Packets that there was no room for, by where.",
	  "reason=\"kernel\"", LIVE(dropped) },
	{ "capture_dropped_packets_total", NULL, "reason=\"device\"", LIVE(interface_dropped) },
	{ "capture_outages_total", "Times that the interface went away.", NULL, LIVE(outages) },
	{ "capture_clock_steps_total", "Times that the clock was set.", NULL, LIVE(steps) },
	{ NULL, NULL, NULL, 0 },
};

static const struct counter of_decoder[] = {
	{ "capture_bytes_total", "Bytes on the wire.", NULL, DECODED(total.bytes) },
	{ "capture_cut_packets_total", "Packets that the snap length cut.", NULL,
	  DECODED(snapped.packets) },
	{ "undecodable_packets_total", "Packets whose headers contradict themselves.", NULL,
	  DECODED(class[COUNTS_UNDECODABLE].packets) },
	{ "stream_gaps_total", "Holes in TCP streams that nothing filled.", NULL,
	  DECODED(stream_gaps) },
	{ "evictions_total", "Entries that had to make room in a full table.", "table=\"flows\"",
	  DECODED(flows_evicted) },
	{ "evictions_total", NULL, "table=\"streams\"", DECODED(streams_evicted) },
	{ "evictions_total", NULL, "table=\"fragments\"", DECODED(fragments_evicted) },
	{ "evictions_total", NULL, "table=\"account\"", DECODED(account_evicted) },
	{ "flows_total", "Flows of all traffic.", NULL, DECODED(account_flows) },
	{ NULL, NULL, NULL, 0 },
};

static uint64_t
at(const void *base, size_t offset)
{
	return *(const uint64_t *)(const void *)((const char *)base + offset);
}

static void
begin(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP swarmscope_%s %s\n# TYPE swarmscope_%s %s\n", name, help, name, type);
}

/* Backslash, quote and line feed. */
static void
put_label(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\\' || *text == '"')
			putc('\\', out);
		putc(*text, out);
	}
}

static void
write_interfaces(FILE *out, const struct metrics *m)
{
	for (const struct counter *c = of_interface; c->name != NULL; c++) {
		if (c->help != NULL)
			begin(out, c->name, "counter", c->help);
		for (unsigned i = 0; i < m->n; i++) {
			fprintf(out, "swarmscope_%s{interface=\"", c->name);
			put_label(out, m->interface[i]);
			fprintf(out, "\"%s%s} %" PRIu64 "\n", c->label ? "," : "",
			        c->label ? c->label : "", at(&m->probe.live[i], c->offset));
		}
	}
}

static void
write_decoder(FILE *out, const struct metrics *m)
{
	for (const struct counter *c = of_decoder; c->name != NULL; c++) {
		if (c->help != NULL)
			begin(out, c->name, "counter", c->help);
		fprintf(out, "swarmscope_%s", c->name);
		if (c->label != NULL)
			fprintf(out, "{%s}", c->label);
		fprintf(out, " %" PRIu64 "\n", at(&m->probe.decoded, c->offset));
	}
}

static void
write_protocols(FILE *out, const struct metrics *m)
{
	begin(out, "swarm_bytes_total", "counter", "Bytes of flows that a decoder knows.");
	for (const struct proto *const *p = proto_table; *p != NULL; p++)
		fprintf(out, "swarmscope_swarm_bytes_total{protocol=\"%s\"} %" PRIu64 "\n",
		        (*p)->name, m->probe.decoded.protocol[(*p)->id].sum.bytes);
	begin(out, "malformed_messages_total", "counter",
	      "Messages in known flows that break their protocol's rules.");
	for (const struct proto *const *p = proto_table; *p != NULL; p++) {
		const uint64_t *bad = m->probe.decoded.protocol[(*p)->id].bad;

		fprintf(out, "swarmscope_malformed_messages_total{protocol=\"%s\"} %" PRIu64 "\n",
		        (*p)->name, bad[COUNTS_BROKEN] + bad[COUNTS_SHORT] + bad[COUNTS_FOREIGN]);
	}
}

static void
write_one(FILE *out, const char *name, const char *type, const char *help, uint64_t value)
{
	begin(out, name, type, help);
	fprintf(out, "swarmscope_%s %" PRIu64 "\n", name, value);
}

void
metrics_write(FILE *out, const struct metrics *m)
{
	begin(out, "build_info", "gauge", "What runs here.");
	fprintf(out, "swarmscope_build_info{version=\"%s\"} 1\n", m->version);
	write_interfaces(out, m);
	write_decoder(out, m);
	write_protocols(out, m);
	write_one(out, "observations_total", "counter", "What peers' messages and flows said.",
	          m->probe.observations);
	write_one(out, "observations_lost_total", "counter",
	          "Observations for which inference or database had no room.", m->probe.lost);
	write_one(out, "store_rows_total", "counter", "Rows written.", m->store.rows);
	write_one(out, "store_transactions_total", "counter", "Transactions tried.",
	          m->store.transactions);
	write_one(out, "store_failures_total", "counter", "Transactions that failed.",
	          m->store.failures);
	write_one(out, "store_unwritten_bytes", "gauge", "Results that wait in memory.",
	          m->store.waiting);
	begin(out, "store_write_seconds", "gauge", "How long the last transaction took.");
	fprintf(out, "swarmscope_store_write_seconds %.6f\n", (double)m->store.took_ns / 1e9);
}
