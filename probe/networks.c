/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/networks.h"

#include <maxminddb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "probe/lines.h"
#include "probe/ranges.h"

#define INSIDE 1u  /* in own: the side, and above it the AS plus one, if it is given */
#define OUTSIDE 2u
#define SIDES 3u

struct networks {
	struct ranges *table, *own; /* owned; NULL: none */
	MMDB_s mmdb;                /* instead of table */
	bool has_mmdb;
	uint32_t *as;  /* of what own tells: by value / SIDES */
	size_t n_as, room_as;
};

/* --- reading ------------------------------------------------------------------------------ */

static char *
trim(char *text)
{
	size_t len;

	text += strspn(text, " \t\"");
	len = strlen(text);
	while (len > 0 && strchr(" \t\"", text[len - 1]) != NULL)
		text[--len] = '\0';
	return text;
}

/* 15169 or AS15169. */
static bool
read_as(const char *text, uint32_t *as)
{
	char *end;
	unsigned long long n;

	if ((text[0] == 'A' || text[0] == 'a') && (text[1] == 'S' || text[1] == 's'))
		text += 2;
	n = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || n > UINT32_MAX)
		return false;
	*as = (uint32_t)n;
	return true;
}

/* A line of the table: a prefix, or two addresses. */
static int
read_range(struct networks *p, struct lines *l)
{
	struct prefix range;
	uint32_t as;
	int at = 1;

	if (l->fields < 2)
		return lines_fail(l, "a line is PREFIX,AS or START,END,AS");
	if (!prefix_parse(trim(l->field[0]), &range))
		return lines_fail(l, "'%.50s' is neither a prefix nor an address", l->field[0]);
	if (strchr(l->field[0], '/') == NULL && prefix_address(trim(l->field[1]), range.last))
		at = 2;
	if (memcmp(range.first, range.last, 16) > 0)
		return lines_fail(l, "the range ends before it begins");
	if (l->fields <= at || !read_as(trim(l->field[at]), &as))
		return lines_fail(l, "'%.50s' is no AS number", l->fields > at ? l->field[at] : "");
	if (as != 0)
		ranges_add(p->table, &range, as);
	return 0;
}

static uint32_t
own_value(struct networks *p, uint32_t side, uint32_t as)
{
	if (p->n_as == p->room_as) {
		p->room_as = p->room_as > 0 ? 2 * p->room_as : 64;
		p->as = realloc(p->as, p->room_as * sizeof *p->as);
		if (p->as == NULL)
			abort();
	}
	p->as[p->n_as] = as;
	return (uint32_t)p->n_as++ * SIDES + side;
}

static int
read_own(struct networks *p, struct lines *l)
{
	struct prefix range;
	uint32_t as = 0, side;

	if (l->fields < 2)
		return lines_fail(l, "a line is PREFIX,inside or PREFIX,outside[,AS]");
	if (!prefix_parse(trim(l->field[0]), &range))
		return lines_fail(l, "'%.50s' is no prefix (198.51.100.0/24, 2001:db8::/32)",
		                  l->field[0]);
	side = strcmp(trim(l->field[1]), "inside") == 0 ? INSIDE :
	       strcmp(trim(l->field[1]), "outside") == 0 ? OUTSIDE : 0;
	if (side == 0)
		return lines_fail(l, "'%.20s' is neither inside nor outside", l->field[1]);
	if (l->fields > 2 && !read_as(trim(l->field[2]), &as))
		return lines_fail(l, "'%.50s' is no AS number", l->field[2]);
	ranges_add(p->own, &range, own_value(p, side, as));
	return 0;
}

static int
read_file(struct networks *p, const char *path, int (*read)(struct networks *p, struct lines *l),
          char why[NETWORKS_WHY])
{
	struct lines l;
	int more, rc = lines_open(&l, path, why);

	if (rc != 0)
		return rc;
	while (rc == 0 && (more = lines_next(&l, ",", 4)) != 0)
		rc = more < 0 ? more : read(p, &l);
	lines_close(&l);
	return rc;
}

static int
open_mmdb(struct networks *p, const char *path, char why[NETWORKS_WHY])
{
	int code = MMDB_open(path, MMDB_MODE_MMAP, &p->mmdb);

	p->has_mmdb = code == MMDB_SUCCESS;
	if (p->has_mmdb)
		return 0;
	snprintf(why, NETWORKS_WHY, "cannot read %.150s: %s", path, MMDB_strerror(code));
	return ERR_IO;
}

/* Nobody's on the internet: of whoever sees them they are his own. */
static void
add_private(struct networks *p)
{
	static const char *const private[] = {
		"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10",
		"127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "fe80::/10", "::1",
	};
	struct prefix range;

	for (size_t i = 0; i < sizeof private / sizeof private[0]; i++)
		if (prefix_parse(private[i], &range))
			ranges_add(p->own, &range, own_value(p, INSIDE, 0));
}

static bool
is_mmdb(const char *path)
{
	size_t len = strlen(path);

	return len > 5 && strcmp(path + len - 5, ".mmdb") == 0;
}

int
networks_read(const char *table, const char *own, struct networks **out, char why[NETWORKS_WHY])
{
	struct networks *p = calloc(1, sizeof *p);
	int rc = 0;

	if (p == NULL)
		abort();
	p->table = ranges_new();
	p->own = ranges_new();
	own_value(p, 0, 0); /* value 0 is nobody's */
	if (table != NULL)
		rc = is_mmdb(table) ? open_mmdb(p, table, why) :
		                      read_file(p, table, read_range, why);
	if (rc == 0 && own != NULL)
		rc = read_file(p, own, read_own, why);
	else if (rc == 0)
		add_private(p);
	ranges_done(p->table);
	ranges_done(p->own);
	if (rc != 0) {
		networks_free(p);
		p = NULL;
	}
	*out = p;
	return rc;
}

void
networks_free(struct networks *p)
{
	if (p == NULL)
		return;
	ranges_free(p->table);
	ranges_free(p->own);
	if (p->has_mmdb)
		MMDB_close(&p->mmdb);
	free(p->as);
	free(p);
}

/* --- finding ------------------------------------------------------------------------------ */

/* Such a database has IPv4 addresses by themselves, not mapped. */
static MMDB_lookup_result_s
look_up(const struct networks *p, const uint8_t addr[16], int *code)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} to = { .v6 = { .sin6_family = AF_INET6 } };

	if (memcmp(addr, mapped, sizeof mapped) == 0) {
		to.v4.sin_family = AF_INET;
		memcpy(&to.v4.sin_addr, addr + 12, 4);
	} else {
		memcpy(&to.v6.sin6_addr, addr, 16);
	}
	return MMDB_lookup_sockaddr(&p->mmdb, &to.any, code);
}

static uint32_t
find_mmdb(const struct networks *p, const uint8_t addr[16])
{
	MMDB_lookup_result_s found;
	MMDB_entry_data_s data;
	int code;

	found = look_up(p, addr, &code);
	if (code != MMDB_SUCCESS || !found.found_entry ||
	    MMDB_get_value(&found.entry, &data, "autonomous_system_number", NULL) != MMDB_SUCCESS ||
	    !data.has_data || data.type != MMDB_DATA_TYPE_UINT32)
		return 0;
	return data.uint32;
}

struct place
networks_find(const struct networks *p, const uint8_t addr[16])
{
	uint32_t own = ranges_find(p->own, addr);
	struct place at = { p->has_mmdb ? find_mmdb(p, addr) : ranges_find(p->table, addr),
		PLACE_UNKNOWN };

	if (own % SIDES != 0) {
		at.side = own % SIDES == INSIDE ? PLACE_INSIDE : PLACE_OUTSIDE;
		if (p->as[own / SIDES] != 0)
			at.as = p->as[own / SIDES];
	} else if (at.as != 0) {
		at.side = PLACE_OUTSIDE;
	}
	return at;
}

size_t
networks_ranges(const struct networks *p)
{
	return ranges_count(p->table) + ranges_count(p->own);
}

enum locality
locality_of(struct place from, struct place to)
{
	if (from.side == PLACE_UNKNOWN || to.side == PLACE_UNKNOWN)
		return LOCALITY_UNKNOWN;
	if (from.side == PLACE_INSIDE)
		return to.side == PLACE_INSIDE ? LOCALITY_INSIDE : LOCALITY_OUT;
	return to.side == PLACE_INSIDE ? LOCALITY_IN : LOCALITY_TRANSIT;
}

const char *
locality_name(unsigned locality)
{
	static const char *const names[LOCALITIES] = {
		[LOCALITY_UNKNOWN] = "unknown", [LOCALITY_INSIDE] = "inside",
		[LOCALITY_OUT] = "out", [LOCALITY_IN] = "in", [LOCALITY_TRANSIT] = "transit",
	};

	return locality < LOCALITIES ? names[locality] : NULL;
}
