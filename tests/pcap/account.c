/*
 * Prints where the bytes of captures went: all files as one input.
 *
 *   account FILE...
 *
 * One line a figure, "name value", or "class NAME PACKETS BYTES"; the exit status is
 * err_exit_status()'s.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/err.h"
#include "probe/probe.h"

static void
drop(struct obs_sink *self, const struct observation *o)
{
	(void)self, (void)o;
}

static void
print(const char *name, uint64_t value)
{
	printf("%s %" PRIu64 "\n", name, value);
}

static void
print_classes(const struct counts *c)
{
	static const char *const names[COUNTS_CLASSES] = {
		[COUNTS_SWARM] = "swarm",
		[COUNTS_NOT_SWARM] = "not_swarm",
		[COUNTS_NOT_IP] = "not_ip",
		[COUNTS_CUT] = "cut",
		[COUNTS_UNDECODABLE] = "undecodable",
		[COUNTS_WAITING] = "waiting",
	};

	print("packets", c->total.packets);
	print("bytes", c->total.bytes);
	for (int i = 0; i < COUNTS_CLASSES; i++)
		printf("class %s %" PRIu64 " %" PRIu64 "\n", names[i], c->class[i].packets,
		       c->class[i].bytes);
}

static void
print_wraps(const struct counts *c)
{
	static const char *const names[WRAPS] = {
		[WRAP_VLAN] = "vlan",
		[WRAP_MPLS] = "mpls",
		[WRAP_PPPOE] = "pppoe",
		[WRAP_4IN4] = "4in4",
		[WRAP_6IN4] = "6in4",
		[WRAP_4IN6] = "4in6",
		[WRAP_6IN6] = "6in6",
		[WRAP_GRE] = "gre",
		[WRAP_VXLAN] = "vxlan",
		[WRAP_GTPU] = "gtpu",
	};

	for (int i = 0; i < WRAPS; i++)
		if (c->wraps[i] > 0)
			print(names[i], c->wraps[i]);
}

static void
print_bad(const struct counts *c)
{
	static const char *const names[COUNTS_BADS] = {
		[COUNTS_BAD_LINK] = "bad_link",
		[COUNTS_BAD_TUNNEL] = "bad_tunnel",
		[COUNTS_TOO_DEEP] = "too_deep",
		[COUNTS_BAD_IP] = "bad_ip",
		[COUNTS_BAD_UDP] = "bad_udp",
		[COUNTS_BAD_TCP] = "bad_tcp",
		[COUNTS_BAD_FRAGMENT] = "bad_fragment",
		[COUNTS_LOST_FRAGMENT] = "lost_fragment",
	};

	for (int i = 0; i < COUNTS_BADS; i++)
		if (c->bad[i] > 0)
			print(names[i], c->bad[i]);
}

static void
print_protocols(const struct counts *c)
{
	for (const struct proto *const *row = proto_table; *row != NULL; row++) {
		const struct counts_protocol *k = &c->protocol[(*row)->id];

		printf("%s packets %" PRIu64 " bytes %" PRIu64 " flows %" PRIu64
		       " observed %" PRIu64 " other %" PRIu64 " cut %" PRIu64,
		       (*row)->name, k->sum.packets, k->sum.bytes, k->flows, k->observed, k->other,
		       k->cut);
		printf(" broken %" PRIu64 " short %" PRIu64 " foreign %" PRIu64 " doubtful %" PRIu64
		       "\n",
		       k->bad[COUNTS_BROKEN], k->bad[COUNTS_SHORT], k->bad[COUNTS_FOREIGN],
		       k->doubtful);
	}
}

int
main(int argc, char **argv)
{
	struct obs_sink sink = { drop };
	struct probe *p = probe_new(NULL, &sink);
	const struct counts *c;
	int err = 0;

	for (int i = 1; i < argc && err == 0; i++)
		err = probe_add_file(p, argv[i]);
	if (err == 0)
		err = probe_run(p);
	c = probe_counts(p);
	print_classes(c);
	print_wraps(c);
	print_bad(c);
	print_protocols(c);
	print("observations", c->observations);
	print("fragments", c->fragments);
	print("reassembled", c->reassembled);
	print("backwards", c->backwards);
	print("jumps", c->jumps);
	for (size_t i = 0; i < probe_warnings(p); i++)
		fprintf(stderr, "%s\n", probe_warning(p, i));
	if (err != 0)
		fprintf(stderr, "%s\n", probe_error_text(p));
	probe_free(p);
	return err_exit_status(err);
}
