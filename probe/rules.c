/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/rules.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "probe/ip.h"
#include "probe/lines.h"
#include "probe/prefix.h"

struct rule {
	uint8_t transport;   /* 0: any */
	bool by_port;
	uint16_t from, to;   /* ports */
	struct prefix prefix;
	uint16_t name;       /* in names */
};

struct rules {
	struct rule rule[RULES_MAX];
	char name[RULES_MAX][RULES_NAME];
	unsigned n, names;
};

static bool
read_transport(const char *text, uint8_t *transport)
{
	static const struct { const char *name; uint8_t number; } known[] = {
		{ "any", 0 }, { "tcp", IP_TCP }, { "udp", IP_UDP },
	};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcasecmp(text, known[i].name) == 0) {
			*transport = known[i].number;
			return true;
		}
	return false;
}

/* N or N-M. */
static bool
read_ports(const char *text, struct rule *r)
{
	char *end;
	unsigned long from = strtoul(text, &end, 10), to = from;

	if (text[0] < '0' || text[0] > '9')
		return false;
	if (*end == '-' && end[1] >= '0' && end[1] <= '9')
		to = strtoul(end + 1, &end, 10);
	if (*end != '\0' || from < 1 || from > to || to > UINT16_MAX)
		return false;
	r->by_port = true;
	r->from = (uint16_t)from;
	r->to = (uint16_t)to;
	return true;
}

static uint16_t
name_of(struct rules *r, const char *text)
{
	unsigned i = 0;

	while (i < r->names && strcmp(r->name[i], text) != 0)
		i++;
	if (i == r->names)
		strcpy(r->name[r->names++], text);
	return (uint16_t)i;
}

static int
read_rule(struct rules *r, struct lines *l)
{
	struct rule *rule = &r->rule[r->n];
	size_t len;

	if (r->n == RULES_MAX)
		return lines_fail(l, "more than %u rules", RULES_MAX);
	if (l->fields < 3)
		return lines_fail(l, "a rule has three parts: udp 7000-7010 Our swarm");
	if (!read_transport(l->field[0], &rule->transport))
		return lines_fail(l, "'%.20s' is not any, tcp or udp", l->field[0]);
	if (!read_ports(l->field[1], rule) && !prefix_parse(l->field[1], &rule->prefix))
		return lines_fail(l, "'%.50s' is neither ports (7000-7010) nor a prefix "
		                  "(2001:db8::/32)", l->field[1]);
	len = strlen(l->field[2]);
	while (len > 0 && strchr(" \t", l->field[2][len - 1]) != NULL)
		l->field[2][--len] = '\0';
	if (len >= RULES_NAME)
		return lines_fail(l, "the name is longer than %u bytes", RULES_NAME - 1);
	rule->name = name_of(r, l->field[2]);
	r->n++;
	return 0;
}

int
rules_read(const char *path, struct rules **out, char why[RULES_WHY])
{
	struct rules *r = calloc(1, sizeof *r);
	struct lines l;
	int more, rc = lines_open(&l, path, why);

	if (r == NULL)
		abort();
	if (rc == 0) {
		while (rc == 0 && (more = lines_next(&l, " \t", 3)) != 0)
			rc = more < 0 ? more : read_rule(r, &l);
		lines_close(&l);
	}
	if (rc != 0) {
		free(r);
		r = NULL;
	}
	*out = r;
	return rc;
}

void
rules_free(struct rules *r)
{
	free(r);
}

static bool
fits(const struct rule *r, const struct endpoint *e)
{
	return r->by_port ? e->port >= r->from && e->port <= r->to :
	                    prefix_has(&r->prefix, e->addr);
}

bool
rules_find(const struct rules *r, uint8_t transport, const struct endpoint *a,
           const struct endpoint *b, uint16_t *app)
{
	for (unsigned i = 0; i < r->n; i++) {
		const struct rule *rule = &r->rule[i];

		if ((rule->transport != 0 && rule->transport != transport) ||
		    !(fits(rule, a) || fits(rule, b)))
			continue;
		*app = (uint16_t)(RULES_FIRST + rule->name);
		return true;
	}
	return false;
}

const char *
rules_name(const struct rules *r, uint16_t app)
{
	return r != NULL && app >= RULES_FIRST && app - RULES_FIRST < r->names ?
	           r->name[app - RULES_FIRST] : NULL;
}
