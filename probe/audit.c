/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "probe/ip.h"
#include "probe/pages.h"

enum { ICMP = 1, ICMPV6 = 58 };

struct audit {
	struct obs_sink sink; /* first */
	struct audit_options opt;
	struct map *map; /* audit_class -> place in row; owned */
	size_t map_bytes;
	struct dpi *dpi; /* for names; NULL: none */
	struct audit_row *row; /* AUDIT_ROWS of them and one a protocol more */
	struct audit_row *sorted;
	size_t n;
};

_Static_assert(sizeof(struct audit_class) == 16, "classes have no padding");

static void put(struct obs_sink *self, const struct observation *o);

static void
begin(struct audit *a)
{
	a->n = 0;
	a->map = map_init(pages_new(1, a->map_bytes), AUDIT_ROWS, sizeof(struct audit_class),
	                  sizeof(uint32_t), 0, NULL, NULL);
}

struct audit *
audit_new(const struct audit_options *opt)
{
	struct audit *a = pages_new(1, sizeof *a);

	a->sink.put = put;
	a->opt = *opt;
	a->map_bytes = map_size(AUDIT_ROWS, sizeof(struct audit_class), sizeof(uint32_t));
	a->row = pages_new(AUDIT_ROWS, sizeof *a->row);
	a->sorted = pages_new(AUDIT_ROWS, sizeof *a->row);
	begin(a);
	return a;
}

void
audit_free(struct audit *a)
{
	if (a == NULL)
		return;
	dpi_free(a->dpi);
	pages_free(a->map, 1, a->map_bytes);
	pages_free(a->row, AUDIT_ROWS, sizeof *a->row);
	pages_free(a->sorted, AUDIT_ROWS, sizeof *a->row);
	pages_free(a, 1, sizeof *a);
}

void
audit_clear(struct audit *a)
{
	memset(a->row, 0, a->n * sizeof *a->row);
	pages_free(a->map, 1, a->map_bytes);
	begin(a);
}

void
audit_networks(struct audit *a, const struct networks *networks)
{
	a->opt.networks = networks;
}

struct obs_sink *
audit_sink(struct audit *a)
{
	return &a->sink;
}

/* The row of a class. When nearly all are taken, AS numbers are left out; when all are, what is
 * known of it too. */
static struct audit_row *
row_of(struct audit *a, struct audit_class class)
{
	uint32_t *place = map_get(a->map, &class);
	bool fresh;

	if (place == NULL && a->n >= AUDIT_ROWS - AUDIT_ROWS / 8)
		class.from_as = class.to_as = 0;
	if (place == NULL && a->n >= AUDIT_ROWS - 1)
		memset(&class, 0, sizeof class);
	place = map_put(a->map, &class, &fresh);
	if (fresh) {
		*place = (uint32_t)a->n++;
		a->row[*place].class = class;
	}
	return &a->row[*place];
}

static void
add(struct audit *a, struct audit_class class, uint64_t bytes, uint64_t packets, bool began)
{
	struct audit_row *row;

	if (packets == 0 && !began)
		return;
	row = row_of(a, class);
	row->bytes += bytes;
	row->packets += packets;
	row->flows += began;
}

static void
put(struct obs_sink *self, const struct observation *o)
{
	struct audit *a = (struct audit *)(void *)self;
	struct place from = { 0, PLACE_UNKNOWN }, to = from;
	struct audit_class class;

	if (o->kind != OBS_FLOW)
		return;
	if (a->opt.networks != NULL) {
		from = networks_find(a->opt.networks, o->peer.addr);
		to = networks_find(a->opt.networks, o->to.addr);
	}
	class = (struct audit_class){ from.as, to.as, o->u.flow.app, o->u.flow.master,
		o->protocol, o->u.flow.confidence, o->u.flow.transport,
		(uint8_t)locality_of(from, to) };
	if (class.own != 0)
		class.app = class.master = 0; /* what the library thought meanwhile */
	add(a, class, o->u.flow.bytes, o->u.flow.packets, o->u.flow.began);
	class.from_as = to.as;
	class.to_as = from.as;
	class.locality = (uint8_t)locality_of(to, from);
	add(a, class, o->u.flow.reply_bytes, o->u.flow.reply_packets, false);
}

static int
by_bytes(const void *x, const void *y)
{
	const struct audit_row *a = x, *b = y;

	if (a->bytes != b->bytes)
		return a->bytes < b->bytes ? 1 : -1;
	return memcmp(&a->class, &b->class, sizeof a->class);
}

const struct audit_row *
audit_rows(struct audit *a, size_t *n)
{
	memcpy(a->sorted, a->row, a->n * sizeof *a->row);
	if (a->n > 1)
		qsort(a->sorted, a->n, sizeof *a->sorted, by_bytes);
	*n = a->n;
	return a->sorted;
}

void
audit_name(struct audit *a, const struct audit_class *class, char name[DPI_NAME])
{
	const char *known = class->own != 0 ? a->opt.own_name(class->own) :
	                                      rules_name(a->opt.rules, class->app);

	if (known != NULL)
		snprintf(name, DPI_NAME, "%s", known);
	else if (a->dpi == NULL && class->app != 0)
		a->dpi = dpi_new(); /* only who asks for names pays for them */
	if (known == NULL)
		dpi_name(a->dpi, class->app, class->master, name);
}

const char *
audit_transport(uint8_t transport, char text[8])
{
	static const struct { uint8_t number; const char *name; } known[] = {
		{ IP_TCP, "tcp" }, { IP_UDP, "udp" }, { ICMP, "icmp" }, { ICMPV6, "icmp6" },
	};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i].number == transport)
			return known[i].name;
	snprintf(text, 8, "%u", transport);
	return text;
}
