/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/auditing.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cmd/commands.h"
#include "cmd/told.h"

static struct audit *
new_audit(const struct auditor *a)
{
	return audit_new(&(struct audit_options){ .networks = a->networks, .rules = a->rules,
		.own_name = told_protocol });
}

int
auditing_open(struct auditor *a, const struct auditing *opt)
{
	char why[NETWORKS_WHY];
	int rc = 0;

	memset(a, 0, sizeof *a);
	if (opt->rules != NULL)
		rc = rules_read(opt->rules, &a->rules, why);
	if (rc == 0)
		rc = networks_read(opt->as_table, opt->own_prefixes, &a->networks, why);
	if (rc != 0)
		return command_fail(rc, "%s", why);
	a->account.rules = a->rules;
	a->audit = new_audit(a);
	a->step = new_audit(a);
	return 0;
}

void
auditing_put(struct auditor *a, const struct observation *o)
{
	audit_sink(a->audit)->put(audit_sink(a->audit), o);
	audit_sink(a->step)->put(audit_sink(a->step), o);
}

void
auditing_close(struct auditor *a)
{
	audit_free(a->audit);
	audit_free(a->step);
	networks_free(a->networks);
	rules_free(a->rules);
	free(a->app);
	free(a->texts);
}

void
auditing_step(struct auditor *a, int64_t t_ns, int64_t step_ns,
              void (*put)(void *ctx, const struct store_traffic *t), void *ctx)
{
	size_t n;
	const struct audit_row *row = audit_rows(a->step, &n);
	char text[8];

	for (size_t i = 0; i < n; i++) {
		struct store_traffic t = { .t_ns = t_ns, .step_ns = step_ns,
			.from_as = row[i].class.from_as, .to_as = row[i].class.to_as,
			.bytes = row[i].bytes, .packets = row[i].packets, .flows = row[i].flows };

		audit_name(a->step, &row[i].class, t.protocol);
		snprintf(t.confidence, sizeof t.confidence, "%s",
		         dpi_confidence_name(row[i].class.confidence));
		snprintf(t.transport, sizeof t.transport, "%s",
		         audit_transport(row[i].class.transport, text));
		snprintf(t.locality, sizeof t.locality, "%s",
		         locality_name(row[i].class.locality));
		put(ctx, &t);
	}
	audit_clear(a->step);
}

void
auditing_reload(struct auditor *a, const struct auditing *opt)
{
	struct networks *fresh;
	char why[NETWORKS_WHY];

	if (networks_read(opt->as_table, opt->own_prefixes, &fresh, why) != 0) {
		log_say(LOG_WARNING, "%s; the networks stay as they were", why);
		return;
	}
	audit_networks(a->audit, fresh);
	audit_networks(a->step, fresh);
	networks_free(a->networks);
	a->networks = fresh;
	log_say(LOG_WARNING, "the networks were read again: %zu ranges", networks_ranges(fresh));
}

/* --- sums of rows by one of their fields -------------------------------------------------- */

static void
add(struct report_traffic *t, size_t *n, const char *name, const struct audit_row *row)
{
	size_t i = 0;

	while (i < *n && strcmp(t[i].name, name) != 0)
		i++;
	if (i == *n)
		t[(*n)++] = (struct report_traffic){ .name = name };
	t[i].packets += row->packets;
	t[i].bytes += row->bytes;
}

static void
add_app(struct auditor *a, size_t *n, const struct audit_row *row)
{
	const char *confidence = dpi_confidence_name(row->class.confidence);
	char name[DPI_NAME];
	size_t i = 0;

	audit_name(a->audit, &row->class, name);
	while (i < *n &&
	       (strcmp(a->app[i].name, name) != 0 || a->app[i].confidence != confidence))
		i++;
	if (i == *n) {
		strcpy(a->texts[i], name);
		a->app[(*n)++] = (struct report_app){ .name = a->texts[i],
			.confidence = confidence };
	}
	a->app[i].packets += row->packets;
	a->app[i].bytes += row->bytes;
	a->app[i].flows += row->flows;
}

static void
add_pair(struct auditor *a, size_t *n, const struct audit_row *row)
{
	size_t i = 0;

	while (i < *n && (a->pair[i].from_as != row->class.from_as ||
	                  a->pair[i].to_as != row->class.to_as))
		i++;
	if (i == AUDITING_TOP)
		return; /* rows come with the most bytes first */
	if (i == *n)
		a->pair[(*n)++] = (struct report_pair){ .from_as = row->class.from_as,
			.to_as = row->class.to_as };
	a->pair[i].packets += row->packets;
	a->pair[i].bytes += row->bytes;
}

static void *
array(void *old, size_t n, size_t size)
{
	void *made = calloc(n + 1, size);

	free(old);
	if (made == NULL)
		abort();
	return made;
}

static int
most_bytes(const void *x, const void *y)
{
	const struct report_app *a = x, *b = y;

	return (a->bytes < b->bytes) - (a->bytes > b->bytes);
}

void
auditing_tell(struct auditor *a, struct report_input *in)
{
	size_t n, apps = 0, transports = 0, localities = 0, pairs = 0;
	const struct audit_row *row = audit_rows(a->audit, &n);

	a->app = array(a->app, n, sizeof *a->app);
	a->texts = array(a->texts, n, sizeof *a->texts);
	for (size_t i = 0; i < n; i++) {
		uint8_t transport = row[i].class.transport;

		add_app(a, &apps, &row[i]);
		add(a->transport, &transports, audit_transport(transport, a->names[transport]),
		    &row[i]);
		add(a->locality, &localities, locality_name(row[i].class.locality), &row[i]);
		add_pair(a, &pairs, &row[i]);
	}
	if (apps > 1)
		qsort(a->app, apps, sizeof *a->app, most_bytes);
	in->by_transport = a->transport;
	in->n_by_transport = transports;
	in->by_locality = a->locality;
	in->n_by_locality = localities;
	in->apps = a->app;
	in->n_apps = apps;
	in->pairs = a->pair;
	in->n_pairs = pairs;
}
