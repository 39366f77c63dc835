/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/live.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"

#define TEXT_BYTES 1024
#define BATCH 4096     /* packets between two looks at the clock */
#define WAIT_MS 100    /* the kernel hands on what it has at least so often */
#define AGAIN_NS INT64_C(1000000000)
#define MS_NS INT64_C(1000000)

struct live {
	struct live_options opt;
	struct probe *probe; /* borrowed */
	pcap_t *pcap;        /* NULL: not open, or down */
	enum link_type link;
	struct live_counts counts;
	struct pcap_stat before; /* of this opening, when last asked */
	int64_t again_ns;        /* when to try to open it */
	int64_t asked_ns;        /* when the counts were */
	char text[TEXT_BYTES];
};

struct live *
live_new(const struct live_options *opt, struct probe *probe)
{
	struct live *l = calloc(1, sizeof *l);

	if (l == NULL)
		abort();
	l->opt = *opt;
	l->probe = probe;
	return l;
}

void
live_free(struct live *l)
{
	if (l == NULL)
		return;
	if (l->pcap != NULL)
		pcap_close(l->pcap);
	free(l);
}

const char *
live_text(const struct live *l)
{
	return l->text;
}

static int fail(struct live *l, int err, const char *form, ...)
    __attribute__((format(printf, 3, 4)));

static int
fail(struct live *l, int err, const char *form, ...)
{
	va_list args;

	va_start(args, form);
	vsnprintf(l->text, sizeof l->text, form, args);
	va_end(args);
	if (l->pcap != NULL)
		pcap_close(l->pcap);
	l->pcap = NULL;
	return err;
}

static int
fail_activate(struct live *l, int code)
{
	const char *name = l->opt.interface, *why = pcap_geterr(l->pcap);

	switch (code) {
	case PCAP_ERROR_PERM_DENIED:
		return fail(l, ERR_PERMISSION,
		            "%s: no permission to capture (run as root, or once: setcap "
		            "cap_net_raw,cap_net_admin+eip on this program)", name);
	case PCAP_ERROR_NO_SUCH_DEVICE:
		return fail(l, ERR_IO, "cannot open %s: no such device (list them with "
		                       "'swarmscope probe -D')", name);
	case PCAP_ERROR_IFACE_NOT_UP:
		return fail(l, ERR_IO, "cannot open %s: it is down (ip link set %s up)", name,
		            name);
	default:
		return fail(l, ERR_IO, "cannot open %s: %s", name,
		            why[0] != '\0' ? why : pcap_statustostr(code));
	}
}

static int
set_filter(struct live *l)
{
	struct bpf_program program;

	if (l->opt.filter == NULL)
		return 0;
	if (pcap_compile(l->pcap, &program, l->opt.filter, 1, PCAP_NETMASK_UNKNOWN) != 0)
		return fail(l, ERR_USAGE, "filter '%s': %s (see man pcap-filter)", l->opt.filter,
		            pcap_geterr(l->pcap));
	if (pcap_setfilter(l->pcap, &program) != 0) {
		pcap_freecode(&program);
		return fail(l, ERR_IO, "cannot set the filter on %s: %s", l->opt.interface,
		            pcap_geterr(l->pcap));
	}
	pcap_freecode(&program);
	return 0;
}

static int
check_link(struct live *l)
{
	int dlt = pcap_datalink(l->pcap);
	const char *name = pcap_datalink_val_to_name(dlt);

	if (link_from_dlt(dlt, &l->link))
		return 0;
	return fail(l, ERR_LINK_TYPE, "%s: link type %s (%d) is not supported", l->opt.interface,
	            name ? name : "unknown", dlt);
}

int
live_open(struct live *l)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	int code;

	l->pcap = pcap_create(l->opt.interface, why);
	if (l->pcap == NULL)
		return fail(l, ERR_IO, "cannot open %s: %s", l->opt.interface, why);
	pcap_set_snaplen(l->pcap, (int)l->opt.snap);
	pcap_set_promisc(l->pcap, l->opt.promiscuous);
	pcap_set_buffer_size(l->pcap, (int)l->opt.buffer);
	pcap_set_timeout(l->pcap, WAIT_MS);
	pcap_set_tstamp_precision(l->pcap, PCAP_TSTAMP_PRECISION_NANO);
	code = pcap_activate(l->pcap);
	if (code < 0)
		return fail_activate(l, code);
	memset(&l->before, 0, sizeof l->before);
	l->asked_ns = clock_wall_ns();
	if (pcap_setnonblock(l->pcap, 1, why) != 0)
		return fail(l, ERR_IO, "cannot open %s: %s", l->opt.interface, why);
	code = set_filter(l);
	return code != 0 ? code : check_link(l);
}

static void
take(u_char *ctx, const struct pcap_pkthdr *head, const u_char *bytes)
{
	struct live *l = (struct live *)(void *)ctx;
	int64_t t_ns = (int64_t)head->ts.tv_sec * 1000000000;

	t_ns += pcap_get_tstamp_precision(l->pcap) == PCAP_TSTAMP_PRECISION_NANO ?
	        head->ts.tv_usec : head->ts.tv_usec * 1000;
	l->counts.delivered++;
	probe_packet(l->probe, l->link, t_ns, bytes, head->caplen, head->len);
}

/* It went away: what happens until it is back is a gap, which open_again tells. */
static int
lose(struct live *l)
{
	char why[PCAP_ERRBUF_SIZE];

	snprintf(why, sizeof why, "%s", pcap_geterr(l->pcap));
	live_counts(l);
	l->counts.outages++;
	l->again_ns = clock_monotonic_ns() + AGAIN_NS;
	return fail(l, ERR_IO, "%s: %s (it is opened again when it is back)", l->opt.interface,
	            why);
}

static void
open_again(struct live *l)
{
	int64_t since = l->asked_ns;

	if (clock_monotonic_ns() < l->again_ns)
		return;
	l->again_ns = clock_monotonic_ns() + AGAIN_NS;
	if (live_open(l) == 0)
		probe_gap(l->probe, since, 0);
}

/* True: a signal came. */
static bool
wait(struct live *l)
{
	struct pollfd p = { .fd = l->pcap != NULL ? pcap_get_selectable_fd(l->pcap) : -1,
		.events = POLLIN };

	return poll(&p, 1, WAIT_MS) < 0 && errno == EINTR;
}

int
live_run(struct live *l, int64_t for_ns)
{
	int64_t end = clock_monotonic_ns() + for_ns;
	int n = 0;

	while (clock_monotonic_ns() < end) {
		if (l->pcap == NULL)
			open_again(l);
		if (l->pcap != NULL)
			n = pcap_dispatch(l->pcap, BATCH, take, (u_char *)l);
		if (n < 0)
			return lose(l);
		if ((n == 0 || l->pcap == NULL) && wait(l))
			return 0;
	}
	return 0;
}

struct live_counts
live_counts(struct live *l)
{
	struct pcap_stat now;
	uint32_t dropped, by_device;

	if (l->pcap == NULL || pcap_stats(l->pcap, &now) != 0)
		return l->counts;
	/* Counted modulo 2^32; received ones include the dropped ones. */
	dropped = now.ps_drop - l->before.ps_drop;
	by_device = now.ps_ifdrop - l->before.ps_ifdrop;
	l->counts.received += now.ps_recv - l->before.ps_recv;
	l->counts.dropped += dropped;
	l->counts.interface_dropped += by_device;
	if (dropped > 0 || by_device > 0)
		probe_gap(l->probe, l->asked_ns, (uint64_t)dropped + by_device);
	l->before = now;
	l->asked_ns = clock_wall_ns();
	return l->counts;
}

int
live_list(void (*put)(void *ctx, const char *name, const char *about), void *ctx, char why[256])
{
	pcap_if_t *all;

	if (pcap_findalldevs(&all, why) != 0)
		return ERR_IO;
	for (pcap_if_t *i = all; i != NULL; i = i->next)
		put(ctx, i->name, i->description);
	pcap_freealldevs(all);
	return 0;
}
