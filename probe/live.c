/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/live.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <pcap/pcap.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/err.h"

#define TEXT_BYTES 1024
#define WAIT_MS 100    /* the kernel hands on what it has at least so often */
#define AGAIN_NS INT64_C(1000000000)

struct live {
	struct live_options opt;
	struct probe *probe; /* borrowed */
	pcap_t *pcap;        /* the worker's; NULL: it is down */
	enum link_type link;
	struct live_counts counts;
	uint64_t device_before;  /* of device_missed, when last asked */
	int64_t asked_ns;        /* when the counts were; steady */
	int64_t set_ns;          /* what the clock has been set by */
	_Atomic uint64_t device_missed; /* as the owner last read it */
	_Atomic int64_t step_ns;        /* of the clock, for the owner to tell; 0: none */
	/* between the two threads: what went away, to be closed; what was opened, to be used */
	_Atomic(pcap_t *) gone, fresh;
	/* the owner's */
	int64_t again_ns; /* when to try to open it; 0: it is open */
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

static void
discard(pcap_t *p)
{
	if (p != NULL)
		pcap_close(p);
}

void
live_free(struct live *l)
{
	if (l == NULL)
		return;
	discard(l->pcap);
	discard(atomic_load(&l->gone));
	discard(atomic_load(&l->fresh));
	free(l);
}

const char *
live_text(const struct live *l)
{
	return l->text;
}

__attribute__((format(printf, 3, 4))) static int
fail(struct live *l, int err, const char *form, ...)
{
	va_list args;

	va_start(args, form);
	vsnprintf(l->text, sizeof l->text, form, args);
	va_end(args);
	return err;
}

static int
fail_activate(struct live *l, pcap_t *p, int code)
{
	const char *name = l->opt.interface, *why = pcap_geterr(p);

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
set_filter(struct live *l, pcap_t *p)
{
	struct bpf_program program;
	int code;

	if (l->opt.filter == NULL)
		return 0;
	if (pcap_compile(p, &program, l->opt.filter, 1, PCAP_NETMASK_UNKNOWN) != 0)
		return fail(l, ERR_USAGE, "filter '%s': %s (see man pcap-filter)", l->opt.filter,
		            pcap_geterr(p));
	code = pcap_setfilter(p, &program);
	pcap_freecode(&program);
	return code == 0 ? 0 : fail(l, ERR_IO, "cannot set the filter on %s: %s",
	                            l->opt.interface, pcap_geterr(p));
}

static int
check_link(struct live *l, pcap_t *p)
{
	int dlt = pcap_datalink(p);
	const char *name = pcap_datalink_val_to_name(dlt);

	if (link_from_dlt(dlt, &l->link))
		return 0;
	return fail(l, ERR_LINK_TYPE, "%s: link type %s (%d) is not supported", l->opt.interface,
	            name ? name : "unknown", dlt);
}

/* Never with reassembly by the kernel: it hides the fragments. */
static int
join_fanout(struct live *l, pcap_t *p)
{
	int group = l->opt.fanout | PACKET_FANOUT_HASH << 16;

	if (l->opt.fanout == 0 || setsockopt(pcap_fileno(p), SOL_PACKET, PACKET_FANOUT, &group,
	                                     sizeof group) == 0)
		return 0;
	return fail(l, ERR_IO, "cannot share %s among threads: %s (use --workers 1)",
	            l->opt.interface, strerror(errno));
}

static int
prepare(struct live *l, pcap_t *p)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	int code;

	pcap_set_snaplen(p, (int)l->opt.snap);
	pcap_set_promisc(p, l->opt.promiscuous);
	pcap_set_buffer_size(p, (int)l->opt.buffer);
	pcap_set_timeout(p, WAIT_MS);
	pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO);
	code = pcap_activate(p);
	if (code < 0)
		return fail_activate(l, p, code);
	if (pcap_setnonblock(p, 1, why) != 0)
		return fail(l, ERR_IO, "cannot open %s: %s", l->opt.interface, why);
	code = set_filter(l, p);
	if (code == 0)
		code = check_link(l, p);
	return code != 0 ? code : join_fanout(l, p);
}

static int
open_pcap(struct live *l, pcap_t **out)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	int rc;

	*out = pcap_create(l->opt.interface, why);
	if (*out == NULL)
		return fail(l, ERR_IO, "cannot open %s: %s", l->opt.interface, why);
	rc = prepare(l, *out);
	if (rc != 0) {
		pcap_close(*out);
		*out = NULL;
	}
	return rc;
}

/* Packets that the device had no room for. The owner reads them: it is a file. */
static void
look_at_device(struct live *l)
{
	unsigned long long missed;
	char path[128];
	FILE *in;

	snprintf(path, sizeof path, "/sys/class/net/%.64s/statistics/rx_missed_errors",
	         l->opt.interface);
	in = fopen(path, "re");
	if (in == NULL)
		return; /* no device of its own, such as "any" */
	if (fscanf(in, "%llu", &missed) == 1)
		atomic_store(&l->device_missed, missed);
	fclose(in);
}

int
live_open(struct live *l)
{
	l->asked_ns = clock_steady_ns();
	look_at_device(l);
	l->device_before = atomic_load(&l->device_missed);
	return open_pcap(l, &l->pcap);
}

/* --- the owner's -------------------------------------------------------------------------- */

bool
live_tend(struct live *l)
{
	pcap_t *gone = atomic_exchange(&l->gone, NULL), *fresh;
	int64_t step_ns;

	look_at_device(l);
	if (gone != NULL) {
		fail(l, ERR_IO, "%s: %s (it is opened again when it is back)", l->opt.interface,
		     pcap_geterr(gone));
		pcap_close(gone);
		l->again_ns = clock_monotonic_ns() + AGAIN_NS;
		return true;
	}
	step_ns = atomic_exchange(&l->step_ns, 0);
	if (step_ns != 0) {
		fail(l, 0, "%s: the clock was set by %.3f s; times go on as before (start again to "
		     "have the new time)", l->opt.interface, (double)step_ns / 1e9);
		return true;
	}
	if (l->again_ns == 0 || clock_monotonic_ns() < l->again_ns)
		return false;
	l->again_ns = clock_monotonic_ns() + AGAIN_NS;
	if (open_pcap(l, &fresh) != 0)
		return false;
	atomic_store(&l->fresh, fresh);
	l->again_ns = 0;
	fail(l, 0, "%s: is back", l->opt.interface);
	return true;
}

/* --- the worker's ------------------------------------------------------------------------- */

static void
take(u_char *ctx, const struct pcap_pkthdr *head, const u_char *bytes)
{
	struct live *l = (struct live *)(void *)ctx;
	int64_t t_ns = (int64_t)head->ts.tv_sec * 1000000000;

	t_ns += pcap_get_tstamp_precision(l->pcap) == PCAP_TSTAMP_PRECISION_NANO ?
	        head->ts.tv_usec : head->ts.tv_usec * 1000;
	l->counts.delivered++;
	t_ns -= l->set_ns;
	probe_packet(l->probe, l->link, t_ns, bytes, head->caplen, head->len);
}

/* It went away: what happens until it is back is a gap. */
static void
lose(struct live *l)
{
	live_count(l);
	l->counts.outages++;
	atomic_store(&l->gone, l->pcap);
	l->pcap = NULL;
}

static void
use_fresh(struct live *l)
{
	l->pcap = atomic_exchange(&l->fresh, NULL);
	if (l->pcap == NULL)
		return;
	probe_gap(l->probe, l->asked_ns, 0);
	l->asked_ns = clock_steady_ns();
}

bool
live_clock_was_set(int64_t wall_ns, int64_t steady_ns, int64_t *set_ns)
{
	int64_t by_ns = wall_ns - steady_ns - *set_ns;

	if (by_ns > -LIVE_STEP_NS && by_ns < LIVE_STEP_NS)
		return false;
	*set_ns += by_ns;
	return true;
}

/* What waits in the ring has times of before: it is near a gap, so little is made of it. */
static void
look_at_clock(struct live *l)
{
	int64_t before_ns = l->set_ns, steady_ns = clock_steady_ns(), wall_ns = clock_wall_ns();

	/* A pause between the two looks is no step. */
	if (clock_steady_ns() - steady_ns > LIVE_STEP_NS / 5 ||
	    !live_clock_was_set(wall_ns, steady_ns, &l->set_ns))
		return;
	l->counts.steps++;
	atomic_store(&l->step_ns, l->set_ns - before_ns);
	probe_gap(l->probe, l->asked_ns, 0);
}

int
live_take(struct live *l, int most)
{
	int n;

	look_at_clock(l);
	if (l->pcap == NULL)
		use_fresh(l);
	if (l->pcap == NULL)
		return 0;
	n = pcap_dispatch(l->pcap, most, take, (u_char *)l);
	if (n >= 0)
		return n;
	lose(l);
	return 0;
}

int
live_fd(const struct live *l)
{
	return l->pcap != NULL ? pcap_get_selectable_fd(l->pcap) : -1;
}

/* Since the last time: packets come out of the filter, and those of them dropped. libpcap's own
 * counting opens a file each time, which a worker may not. */
static bool
ask_kernel(struct live *l, uint64_t *received, uint64_t *dropped)
{
	struct tpacket_stats_v3 now = { 0 };
	socklen_t len = sizeof now;

	if (l->pcap == NULL || getsockopt(pcap_fileno(l->pcap), SOL_PACKET, PACKET_STATISTICS,
	                                  &now, &len) != 0)
		return false;
	*received = now.tp_packets;
	*dropped = now.tp_drops;
	return true;
}

struct live_counts
live_count(struct live *l)
{
	uint64_t received, dropped, missed = atomic_load(&l->device_missed), by_device;

	if (!ask_kernel(l, &received, &dropped))
		return l->counts;
	/* The device counts anew when it is made anew. */
	by_device = missed > l->device_before ? missed - l->device_before : 0;
	l->device_before = missed;
	l->counts.received += received;
	l->counts.dropped += dropped;
	l->counts.interface_dropped += by_device;
	if (dropped > 0 || by_device > 0)
		probe_gap(l->probe, l->asked_ns, dropped + by_device);
	l->asked_ns = clock_steady_ns();
	return l->counts;
}

void
live_counts_add(struct live_counts *to, const struct live_counts *what)
{
	to->received += what->received;
	to->delivered += what->delivered;
	to->dropped += what->dropped;
	to->interface_dropped += what->interface_dropped;
	to->outages += what->outages;
	to->steps += what->steps;
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
