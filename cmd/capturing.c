/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/capturing.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/err.h"
#include "cmd/commands.h"
#include "probe/confine.h"

/* a,b,c into names; 0 or an exit status. */
static int
split(const struct command_row *row, struct capturing *opt)
{
	char *rest = opt->names, *name;

	if (opt->interface == NULL || opt->interface[0] == '\0')
		return err_exit_status(options_complain(row, "which interface? (-i IFACE; "
		                                        "'swarmscope probe -D' lists them)"));
	if (strlen(opt->interface) >= sizeof opt->names)
		return err_exit_status(options_complain(row, "too many interfaces"));
	strcpy(opt->names, opt->interface);
	while ((name = strsep(&rest, ",")) != NULL) {
		if (name[0] == '\0')
			continue;
		if (opt->n == WORKER_INTERFACES)
			return err_exit_status(options_complain(row, "more than %u interfaces",
			                                        WORKER_INTERFACES));
		for (unsigned i = 0; i < opt->n; i++)
			if (strcmp(opt->name[i], name) == 0)
				return err_exit_status(options_complain(
				    row, "%s is named twice: its packets would be counted twice",
				    name));
		opt->name[opt->n++] = name;
	}
	return 0;
}

uint64_t
capturing_secret(void)
{
	uint64_t seed;

	if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
		abort();
	return seed;
}

int
capturing_open(const struct command_row *row, struct capturing *opt,
               const struct account_options *account, struct crew **out)
{
	struct worker_options o = {
		.interfaces = opt->name,
		.live = { .filter = opt->filter, .snap = (uint32_t)opt->snap,
			.buffer = (uint32_t)opt->buffer_mb << 20,
			.promiscuous = opt->promiscuous },
		.decode = { .hash_seed = capturing_secret(), .account = account },
	};
	char why[CONFINE_WHY];
	int rc = split(row, opt), err;

	if (rc != 0)
		return rc;
	if (opt->protocol != NULL && (o.decode.only = proto_by_name(opt->protocol)) == NULL)
		return err_exit_status(options_complain(row, "unknown protocol '%s' (see "
		                                        "'swarmscope version')", opt->protocol));
	o.n = opt->n;
	*out = crew_new(&o, (unsigned)opt->workers);
	err = crew_open(*out);
	if (err != 0)
		rc = command_fail(err, "%s", crew_text(*out));
	else if ((err = confine_user(opt->user, why)) != 0)
		rc = command_fail(err, "%s", why);
	if (rc != 0) {
		crew_free(*out);
		*out = NULL;
	}
	return rc;
}

int
capturing_start(struct crew *crew)
{
	char why[CONFINE_WHY];
	int err = confine_process(why);

	if (err != 0)
		return command_fail(err, "%s", why);
	err = crew_start(crew);
	return err == 0 ? 0 : command_fail(err, "%s", crew_text(crew));
}

struct live_counts
capturing_sum(const struct worker_status *s, unsigned interfaces)
{
	struct live_counts sum = { 0 };

	for (unsigned i = 0; i < interfaces; i++)
		live_counts_add(&sum, &s->live[i]);
	return sum;
}

void
capturing_tell(struct json_writer *w, const struct worker_status *s, unsigned interfaces)
{
	struct live_counts c = capturing_sum(s, interfaces);
	const struct counts *d = &s->decoded;

	json_put_uint(w, "received", c.received);
	json_put_uint(w, "packets", d->total.packets);
	json_put_uint(w, "bytes", d->total.bytes);
	json_put_uint(w, "dropped", c.dropped);
	json_put_uint(w, "interface_dropped", c.interface_dropped);
	json_put_uint(w, "lost_observations", s->lost);
	json_put_uint(w, "outages", c.outages);
	json_put_uint(w, "clock_steps", c.steps);
	json_put_uint(w, "swarm_bytes", d->class[COUNTS_SWARM].bytes);
	json_put_uint(w, "undecodable", d->class[COUNTS_UNDECODABLE].packets);
	json_put_uint(w, "cut", d->snapped.packets);
	json_put_uint(w, "stream_gaps", d->stream_gaps);
	json_put_uint(w, "evicted", d->flows_evicted + d->streams_evicted);
	json_put_uint(w, "observations", s->observations);
}

void
capturing_say(void *ctx, const char *text)
{
	(void)ctx;
	log_say(LOG_WARNING, "%s", text);
}
