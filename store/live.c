/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "store/backend.h"

#define US_NS 1000

/* Its id comes from its name: two processes that began in one instant would be one. */
int
store_begin_live(struct store *s, const char *name)
{
	char sql[512], hex[STORE_SHA256_HEX], head[17] = "";
	int rc;

	store_sha256_text(name, hex);
	memcpy(head, hex, 16);
	s->vantage = (int64_t)(strtoull(head, NULL, 16) >> 1);
	s->live = true;
	sqlite3_snprintf((int)sizeof sql, sql,
	                 "INSERT OR IGNORE INTO vantage (id, name) VALUES (%lld, %Q)",
	                 (long long)s->vantage, name);
	rc = store_run(s, sql, "writing the vantage");
	return rc == 0 ? store_prepare(s) : rc;
}

int
store_resume(struct store *s)
{
	s->failed = 0;
	s->writing = store_run(s, "BEGIN IMMEDIATE", "taking the writer's place") == 0;
	return s->failed;
}

int
store_flush(struct store *s, const struct store_said *said)
{
	int rc = s->failed;

	if (rc == 0)
		store_put_lags(s);
	if (s->failed == 0 && said != NULL)
		store_put_said(s, said);
	if (s->failed == 0)
		store_run(s, "COMMIT", "writing results");
	rc = s->failed;
	if (rc != 0 && s->db != NULL)
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	for (size_t i = 0; rc != 0 && i < s->n_lags; i++)
		s->lags[i].changed = true;
	s->writing = false;
	return rc;
}

/* Maps by their key, a channel at a time; sessions with their events. */
int
store_forget(struct store *s, int64_t maps_ns, int64_t sessions_ns)
{
	char sql[1024];

	s->failed = 0;
	snprintf(sql, sizeof sql,
	         "BEGIN IMMEDIATE;"
	         "DELETE FROM map_snapshot WHERE channel IN (SELECT id FROM channel) AND "
	         "t_us < %lld;"
	         "DELETE FROM event WHERE EXISTS (SELECT 1 FROM session s WHERE "
	         "s.channel = event.channel AND s.peer_key = event.peer_key AND "
	         "s.port = event.port AND s.run = event.run AND s.vantage = event.vantage AND "
	         "s.left_best_us < %lld);"
	         "DELETE FROM session WHERE left_best_us < %lld;"
	         "DELETE FROM traffic WHERE t_us < %lld;"
	         "DELETE FROM probe_status WHERE t_us < %lld;"
	         "COMMIT", (long long)(maps_ns / US_NS), (long long)(sessions_ns / US_NS),
	         (long long)(sessions_ns / US_NS), (long long)(sessions_ns / US_NS),
	         (long long)(sessions_ns / US_NS));
	if (store_run(s, sql, "forgetting what is old") == 0)
		return 0;
	if (s->db != NULL)
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return s->failed;
}
