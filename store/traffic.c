/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "store/backend.h"
#include "store/query.h"

#define US_NS 1000

static const char sums[] =
    "SELECT min(t_us), max(t_us + step_us), protocol, confidence, transport, locality, from_as, "
    "to_as, sum(bytes) AS most, sum(packets), sum(flows) FROM traffic WHERE vantage = "
    "ifnull(nullif(?1, 0), (SELECT vantage FROM traffic ORDER BY t_us DESC LIMIT 1)) "
    "AND t_us >= ?2 AND t_us < ?3 "
    "GROUP BY protocol, confidence, transport, locality, from_as, to_as "
    "ORDER BY most DESC LIMIT ?4";

static void
read_text(sqlite3_stmt *q, int column, char *to, size_t size)
{
	snprintf(to, size, "%s", (const char *)sqlite3_column_text(q, column));
}

static void
read_row(sqlite3_stmt *q, struct store_traffic *t)
{
	t->t_ns = sqlite3_column_int64(q, 0) * US_NS;
	t->step_ns = sqlite3_column_int64(q, 1) * US_NS - t->t_ns;
	read_text(q, 2, t->protocol, sizeof t->protocol);
	read_text(q, 3, t->confidence, sizeof t->confidence);
	read_text(q, 4, t->transport, sizeof t->transport);
	read_text(q, 5, t->locality, sizeof t->locality);
	t->from_as = (uint32_t)sqlite3_column_int64(q, 6);
	t->to_as = (uint32_t)sqlite3_column_int64(q, 7);
	t->bytes = (uint64_t)sqlite3_column_int64(q, 8);
	t->packets = (uint64_t)sqlite3_column_int64(q, 9);
	t->flows = (uint64_t)sqlite3_column_int64(q, 10);
}

int
store_traffic_sums(struct store *s, int64_t vantage, int64_t from_ns, int64_t to_ns, uint32_t most,
                   void (*put)(void *ctx, const struct store_traffic *t), void *ctx)
{
	sqlite3_stmt *q = NULL;
	struct store_traffic t;
	int code = sqlite3_prepare_v2(s->db, sums, -1, &q, NULL);

	if (code != SQLITE_OK)
		return store_fail_sqlite(s, "reading");
	sqlite3_bind_int64(q, 1, vantage);
	sqlite3_bind_int64(q, 2, from_ns / US_NS);
	sqlite3_bind_int64(q, 3, to_ns / US_NS);
	sqlite3_bind_int64(q, 4, most);
	while ((code = sqlite3_step(q)) == SQLITE_ROW) {
		read_row(q, &t);
		put(ctx, &t);
	}
	sqlite3_finalize(q);
	return code == SQLITE_DONE ? 0 : store_fail_sqlite(s, "reading");
}
