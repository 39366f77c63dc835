/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "store/backend.h"

static int
note(struct store *s, const struct store_migration *m)
{
	char sql[512], checksum[STORE_SHA256_HEX];

	store_sha256_text(m->sql, checksum);
	snprintf(sql, sizeof sql,
	         "INSERT INTO schema_version VALUES (%d, '%s', '%s', %lld);"
	         "PRAGMA user_version = %d; PRAGMA application_id = %d",
	         m->version, m->name, checksum, (long long)(clock_wall_ns() / 1000), m->version,
	         STORE_APPLICATION);
	return store_run(s, sql, "writing its schema");
}

static int
migrate(struct store *s)
{
	int64_t at = 0;
	int rc = store_run(s, "BEGIN IMMEDIATE", "taking the writer's place");

	if (rc == 0) /* another may have been faster */
		rc = store_number(s, "PRAGMA user_version", &at);
	for (const struct store_migration *m = store_migrations; rc == 0 && m->version; m++) {
		if (m->version <= at)
			continue;
		rc = store_run(s, m->sql, "writing its schema");
		if (rc == 0)
			rc = note(s, m);
	}
	if (rc == 0)
		return store_run(s, "COMMIT", "writing its schema");
	if (s->db != NULL)
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

int
store_schema(struct store *s)
{
	int64_t version, application, tables;
	int rc = store_number(s, "PRAGMA user_version", &version);

	if (rc == 0)
		rc = store_number(s, "PRAGMA application_id", &application);
	if (rc == 0)
		rc = store_number(s, "SELECT count(*) FROM sqlite_schema", &tables);
	if (rc != 0)
		return rc;
	if (application != STORE_APPLICATION && tables > 0)
		return store_fail(s, ERR_STORE,
		                  "%s is another program's database (name a file of its own)",
		                  s->path);
	if (version > STORE_VERSION)
		return store_fail(s, ERR_STORE,
		                  "%s has schema %lld, this program knows %d (use the "
		                  "newer program)",
		                  s->path, (long long)version, STORE_VERSION);
	if (version == STORE_VERSION)
		return 0;
	if (!s->opt.write)
		return store_fail(s, ERR_STORE,
		                  "%s has schema %lld, this program wants %d (run "
		                  "'swarmscope db migrate "
		                  "--store sqlite:%s')", s->path, (long long)version, STORE_VERSION,
		                  s->path);
	return migrate(s);
}

static const char *const tables[] = { "vantage", "input", "channel", "session", "event",
	"retrieval", "retrieval_group", "came", "lag", "map_snapshot",
	"traffic", "probe_status" };

int
store_info(struct store *s, FILE *out, bool json)
{
	int64_t version, pages, size, n;
	char sql[64];
	int rc = store_number(s, "PRAGMA user_version", &version);

	if (rc == 0)
		rc = store_number(s, "PRAGMA page_count", &pages);
	if (rc == 0)
		rc = store_number(s, "PRAGMA page_size", &size);
	if (rc != 0)
		return rc;
	fprintf(out, json ? "{\"schema_version\":%lld,\"bytes\":%lld,\"rows\":{"
	                  : "schema %lld, %lld bytes\n",
	        (long long)version, (long long)(pages * size));
	for (size_t i = 0; rc == 0 && i < sizeof tables / sizeof tables[0]; i++) {
		snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", tables[i]);
		rc = store_number(s, sql, &n);
		if (json)
			fprintf(out, "%s\"%s\":%lld", i ? "," : "", tables[i], (long long)n);
		else
			fprintf(out, "%-13s %10lld rows\n", tables[i], (long long)n);
	}
	if (json)
		fputs("}}\n", out);
	return rc;
}

/* One line, and whether it holds. */
static bool
said(FILE *out, bool ok, const char *what, const char *found)
{
	fprintf(out, "%-7s %s%s%s\n", ok ? "ok" : "FAILED", what, ok ? "" : ": ",
	        ok ? "" : found);
	return ok;
}

static bool
check_pragma(struct store *s, FILE *out, const char *sql, const char *what)
{
	sqlite3_stmt *q = NULL;
	int code = sqlite3_prepare_v2(s->db, sql, -1, &q, NULL);
	const char *text = NULL;
	bool ok;

	if (code == SQLITE_OK)
		code = sqlite3_step(q);
	if (code == SQLITE_ROW)
		text = (const char *)sqlite3_column_text(q, 0);
	ok = code == SQLITE_DONE || (text != NULL && strcmp(text, "ok") == 0);
	ok = said(out, ok, what, text ? text : sqlite3_errmsg(s->db));
	sqlite3_finalize(q);
	return ok;
}

static bool
check_migration(struct store *s, FILE *out, const struct store_migration *m)
{
	char sql[256], checksum[STORE_SHA256_HEX], what[128];
	int64_t same = 0;

	store_sha256_text(m->sql, checksum);
	snprintf(sql, sizeof sql,
	         "SELECT count(*) FROM schema_version WHERE version = %d AND checksum = '%s'",
	         m->version, checksum);
	snprintf(what, sizeof what, "migration %s is the program's", m->name);
	return said(out, store_number(s, sql, &same) == 0 && same == 1, what,
	            "another text was applied");
}

int
store_check(struct store *s, FILE *out)
{
	bool ok = check_pragma(s, out, "PRAGMA integrity_check(1)", "pages and indexes are sound");

	ok &= check_pragma(s, out, "PRAGMA foreign_key_check", "every row has its vantage");
	for (const struct store_migration *m = store_migrations; m->version; m++)
		ok &= check_migration(s, out, m);
	if (ok)
		return 0;
	return store_fail(s, ERR_STORE,
	                  "%s is not sound (put a copy back, or analyze the inputs "
	                  "into a new file)",
	                  s->path);
}
