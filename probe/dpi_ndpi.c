/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/dpi.h"

#include <ndpi_api.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 2048u /* bytes of a packet; no dissector wants more of one */
#define TAIL 64u    /* zeros behind it: dissectors read on where they should not */
#define MS_NS 1000000

enum { HOP_BY_HOP = 0, TCP = 6, UDP = 17, ROUTING = 43, ICMPV6 = 58, DESTINATION = 60 };

struct dpi {
	struct ndpi_detection_module_struct *module;
	uint8_t packet[SHOWN + TAIL];
};

struct dpi_flow {
	struct ndpi_flow_struct *flow;
	unsigned packets, filled; /* shown; of these with a payload */
	uint8_t protocol, version; /* of those shown; the library leaks when they change */
};

struct dpi *
dpi_new(void)
{
	struct dpi *d = calloc(1, sizeof *d);
	NDPI_PROTOCOL_BITMASK all;

	if (d == NULL)
		abort();
	if (ndpi_get_api_version() == NDPI_API_VERSION)
		d->module = ndpi_init_detection_module(ndpi_no_prefs);
	if (d->module == NULL) {
		free(d);
		return NULL;
	}
	NDPI_BITMASK_SET_ALL(all);
	ndpi_set_protocol_detection_bitmask2(d->module, &all);
	ndpi_finalize_initialization(d->module);
	return d;
}

void
dpi_free(struct dpi *d)
{
	if (d == NULL)
		return;
	ndpi_exit_detection_module(d->module);
	free(d);
}

/* --- what may be shown -------------------------------------------------------------------- */

static unsigned
be16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* Of the transport header and what follows, so much on the wire and so much captured: do the
 * lengths fit? */
static bool
transport_fits(unsigned protocol, const uint8_t *p, size_t wire, size_t captured)
{
	if (protocol == TCP)
		return captured >= 20 && (p[12] >> 4) >= 5 && (size_t)(p[12] >> 4) * 4 <= captured;
	if (protocol == UDP)
		return captured >= 8 && be16(p + 4) >= 8 && be16(p + 4) <= wire;
	return true;
}

/* What is shown of a packet: its IP header, and what follows skip bytes behind it. */
struct view {
	size_t head, skip;
	size_t wire, captured; /* behind both */
	uint8_t protocol;
};

/* Fragments are not shown. */
static bool
view4(const uint8_t *ip, size_t len, struct view *v)
{
	size_t total = be16(ip + 2);

	v->head = (size_t)(ip[0] & 15) * 4;
	v->skip = 0;
	v->protocol = ip[9];
	if (v->head < 20 || v->head > len || total < v->head || (be16(ip + 6) & 0x3fff) != 0)
		return false;
	v->wire = total - v->head;
	v->captured = (total < len ? total : len) - v->head;
	return true;
}

/* Extension headers but those of fragments and of IPsec are left out: the library's own way
 * through them is not to be trusted. */
static bool
skip_extensions(const uint8_t *ip, struct view *v)
{
	while (v->protocol == HOP_BY_HOP || v->protocol == ROUTING || v->protocol == DESTINATION) {
		const uint8_t *h = ip + v->head + v->skip;
		size_t n = v->captured >= 8 ? (size_t)(h[1] + 1) * 8 : 0;

		if (n == 0 || n > v->captured || v->skip + n > SHOWN)
			return false;
		v->protocol = h[0];
		v->skip += n;
		v->wire -= n;
		v->captured -= n;
	}
	return v->protocol == TCP || v->protocol == UDP || v->protocol == ICMPV6;
}

static bool
view6(const uint8_t *ip, size_t len, struct view *v)
{
	v->head = 40;
	v->skip = 0;
	if (len < v->head)
		return false;
	v->protocol = ip[6];
	v->wire = be16(ip + 4);
	v->captured = v->wire < len - v->head ? v->wire : len - v->head;
	return skip_extensions(ip, v);
}

static bool
view(const uint8_t *ip, size_t len, struct view *v)
{
	bool sound = len >= 20 && (ip[0] >> 4 == 4 ? view4(ip, len, v) :
	                           ip[0] >> 4 == 6 && view6(ip, len, v));

	return sound && transport_fits(v->protocol, ip + v->head + v->skip, v->wire, v->captured);
}

static void
put_be16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* A copy whose lengths say what it has; answers how much that is. */
static size_t
copy(struct dpi *d, const uint8_t *ip, const struct view *v)
{
	size_t n = v->captured < SHOWN - v->head ? v->captured : SHOWN - v->head;

	memcpy(d->packet, ip, v->head);
	memcpy(d->packet + v->head, ip + v->head + v->skip, n);
	memset(d->packet + v->head + n, 0, TAIL);
	if (ip[0] >> 4 == 4) {
		put_be16(d->packet + 2, v->head + n);
	} else {
		d->packet[6] = v->protocol;
		put_be16(d->packet + 4, n);
	}
	if (v->protocol == UDP && n < v->wire)
		put_be16(d->packet + v->head + 4, n);
	return v->head + n;
}

/* Is there anything behind the transport header? */
static bool
has_payload(const struct dpi *d, const struct view *v, size_t n)
{
	if (v->protocol == TCP)
		return n > v->head + (size_t)(d->packet[v->head + 12] >> 4) * 4;
	return v->protocol != UDP || n > v->head + 8;
}

/* --- verdicts ----------------------------------------------------------------------------- */

static uint8_t
confidence_of(const struct ndpi_flow_struct *f)
{
	switch (f->confidence) {
	case NDPI_CONFIDENCE_MATCH_BY_PORT:
		return DPI_PORT;
	case NDPI_CONFIDENCE_MATCH_BY_IP:
		return DPI_ADDRESS;
	case NDPI_CONFIDENCE_DPI_CACHE:
		return DPI_CACHE;
	case NDPI_CONFIDENCE_DPI:
		return DPI_PAYLOAD;
	default:
		return DPI_NOTHING;
	}
}

static void
settle(struct dpi_flow **flow, ndpi_protocol p, struct dpi_verdict *v)
{
	bool known = p.app_protocol != NDPI_PROTOCOL_UNKNOWN;

	v->app = known ? p.app_protocol : p.master_protocol;
	v->master = known ? p.master_protocol : 0;
	v->confidence = v->app == 0 ? DPI_NOTHING : confidence_of((*flow)->flow);
	ndpi_free_flow((*flow)->flow);
	free(*flow);
	*flow = NULL;
}

static void
begin(struct dpi_flow **flow)
{
	*flow = calloc(1, sizeof **flow);
	if (*flow == NULL)
		abort();
	(*flow)->flow = ndpi_flow_malloc(SIZEOF_FLOW_STRUCT);
	if ((*flow)->flow == NULL)
		abort();
	memset((*flow)->flow, 0, SIZEOF_FLOW_STRUCT);
}

/* Is it of the protocols that the first one was of? */
static bool
is_of(struct dpi_flow *flow, const struct view *shown, uint8_t version)
{
	if (flow->version == 0) {
		flow->version = version;
		flow->protocol = shown->protocol;
	}
	return flow->version == version && flow->protocol == shown->protocol;
}

bool
dpi_packet(struct dpi *d, struct dpi_flow **flow, const uint8_t *ip, size_t len, int64_t t_ns,
           struct dpi_verdict *v)
{
	struct view shown;
	ndpi_protocol p;
	size_t n;

	if (*flow == NULL)
		begin(flow);
	if (view(ip, len, &shown) && is_of(*flow, &shown, ip[0] >> 4)) {
		n = copy(d, ip, &shown);
		(*flow)->filled += has_payload(d, &shown, n);
		p = ndpi_detection_process_packet(d->module, (*flow)->flow, d->packet,
		                                  (unsigned short)n, (uint64_t)(t_ns / MS_NS));
		if (p.app_protocol != NDPI_PROTOCOL_UNKNOWN &&
		    !ndpi_extra_dissection_possible(d->module, (*flow)->flow)) {
			settle(flow, p, v);
			return true;
		}
	}
	if (++(*flow)->packets < DPI_PACKETS_ALL && (*flow)->filled < DPI_PACKETS)
		return false;
	dpi_give_up(d, flow, v);
	return true;
}

void
dpi_give_up(struct dpi *d, struct dpi_flow **flow, struct dpi_verdict *v)
{
	uint8_t guessed;

	*v = (struct dpi_verdict){ 0, 0, DPI_NOTHING };
	if (*flow == NULL)
		return;
	settle(flow, ndpi_detection_giveup(d->module, (*flow)->flow, 1, &guessed), v);
}

void
dpi_name(const struct dpi *d, uint16_t app, uint16_t master, char name[DPI_NAME])
{
	ndpi_protocol p = { .master_protocol = master, .app_protocol = app };

	if (d == NULL || app == 0)
		strcpy(name, "Unknown");
	else
		ndpi_protocol2name(d->module, p, name, DPI_NAME);
}

const char *
dpi_library(void)
{
	static char text[48];

	snprintf(text, sizeof text, "nDPI %s", ndpi_revision());
	return text;
}
