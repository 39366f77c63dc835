/*
 * Rows a second into the database by the store, and by bare SQLite with the same rows,
 * schema and settings in one transaction. Medians of the runs asked for (default 3).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "record/result.h"
#include "store/backend.h"

#define SESSIONS 50000u
#define EVENTS 4u
#define MAPS 100000u
#define WIDTH 240u
#define RUNS_MOST 15
#define S_NS INT64_C(1000000000)
#define T0_NS (1800000000 * S_NS)

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const char *
protocol_name(unsigned id)
{
	return id == 1 ? "mesh" : NULL;
}

static void
put_viewer(struct result_sink *to, uint32_t i)
{
	int64_t t_ns = T0_NS + (int64_t)i * 1000000;
	struct result r = { .kind = RESULT_SESSION, .channel = 7, .protocol = 1, .run = 1,
		.final = true, .peer = endpoint_ipv4(0x0a000000 + i, 7000) };

	r.u.session.joined = r.u.session.playing = r.u.session.left = estimate_at(t_ns);
	r.u.session.startup = r.u.session.stall_time = estimate_at(S_NS);
	r.u.session.switch_delay = ESTIMATE_UNKNOWN;
	to->put(to, &r);
	r.kind = RESULT_EVENT;
	for (uint32_t e = 0; e < EVENTS; e++) {
		r.u.event = (struct result_event){ .at = estimate_at(t_ns),
			.duration = estimate_at(S_NS), .ordinal = e, .event = EVENT_STALL };
		to->put(to, &r);
	}
}

static void
put_map(struct store *s, uint32_t i)
{
	union obs_buf buf;
	struct observation *o = obs_begin(&buf, OBS_BUFFER_MAP, T0_NS + i / 1000 * S_NS);

	o->channel = 7;
	o->peer = endpoint_ipv4(0x0a000000 + i % 1000, 7000);
	obs_set_range(o, 1000 + i / 1000 * 4, WIDTH);
	for (uint32_t k = 0; k < WIDTH; k += 1 + i % 3)
		obs_set(o, k);
	store_map(s, o);
}

static void
must(int rc, const struct store *s)
{
	if (rc == 0)
		return;
	fprintf(stderr, "bench_store: %s\n", store_why(s));
	exit(1);
}

static void
fresh(const char *path)
{
	char name[256];

	snprintf(name, sizeof name, "%s-wal", path);
	unlink(name);
	snprintf(name, sizeof name, "%s-shm", path);
	unlink(name);
	unlink(path);
}

static double
by_store(const char *path, uint64_t *rows)
{
	char url[256];
	const struct store_options opt = { .url = url, .write = true,
		.protocol_name = protocol_name };
	struct store_input input = { .sha256 = "00", .name = "made" };
	struct store *s;
	double from, took;

	fresh(path);
	snprintf(url, sizeof url, "sqlite:%s", path);
	must(store_open(&opt, &s), s);
	from = seconds();
	must(store_begin(s, &input, 1), s);
	for (uint32_t i = 0; i < SESSIONS; i++)
		put_viewer(store_results(s), i);
	for (uint32_t i = 0; i < MAPS; i++)
		put_map(s, i);
	must(store_commit(s, &(struct store_said){ .first_ns = T0_NS, .last_ns = T0_NS }), s);
	took = seconds() - from;
	*rows = store_rows(s);
	store_close(s);
	return took;
}

/* Rows of a table of the first database, held in memory. */
struct rows {
	sqlite3_value **v;
	size_t n, columns;
};

static void
run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return;
	fprintf(stderr, "bench_store: %s: %s\n", sql, sqlite3_errmsg(db));
	exit(1);
}

static struct rows
read_rows(sqlite3 *db, const char *table)
{
	struct rows r = { NULL, 0, 0 };
	char sql[128];
	sqlite3_stmt *q;
	size_t room = 0;

	snprintf(sql, sizeof sql, "SELECT * FROM %s", table);
	sqlite3_prepare_v2(db, sql, -1, &q, NULL);
	r.columns = (size_t)sqlite3_column_count(q);
	while (sqlite3_step(q) == SQLITE_ROW) {
		if (r.n == room) {
			room = room ? 2 * room : 1024;
			r.v = realloc(r.v, room * r.columns * sizeof *r.v);
		}
		for (size_t c = 0; c < r.columns; c++)
			r.v[r.n * r.columns + c] =
			    sqlite3_value_dup(sqlite3_column_value(q, (int)c));
		r.n++;
	}
	sqlite3_finalize(q);
	return r;
}

/* In an order that is not the key's own, as results come. */
static void
insert(sqlite3 *db, const char *table, const struct rows *r)
{
	char sql[512];
	sqlite3_stmt *q;
	int at = snprintf(sql, sizeof sql, "INSERT OR REPLACE INTO %s VALUES (?", table);

	for (size_t c = 1; c < r->columns; c++)
		at += snprintf(sql + at, sizeof sql - (size_t)at, ",?");
	snprintf(sql + at, sizeof sql - (size_t)at, ")");
	sqlite3_prepare_v2(db, sql, -1, &q, NULL);
	for (size_t i = 0; i < r->n; i++) {
		size_t row = i * 7919 % r->n;

		for (size_t c = 0; c < r->columns; c++)
			sqlite3_bind_value(q, (int)c + 1, r->v[row * r->columns + c]);
		sqlite3_step(q);
		sqlite3_reset(q);
	}
	sqlite3_finalize(q);
}

static const char *const tables[] = { "session", "event", "map_snapshot" };

static double
by_sqlite(const char *path, const char *from_path)
{
	struct rows rows[3];
	sqlite3 *from_db, *db;
	double from, took;

	fresh(path);
	sqlite3_open(from_path, &from_db);
	for (int i = 0; i < 3; i++)
		rows[i] = read_rows(from_db, tables[i]);
	sqlite3_close(from_db);
	sqlite3_open(path, &db);
	run(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
	for (const struct store_migration *m = store_migrations; m->version; m++)
		run(db, m->sql);
	from = seconds();
	run(db, "BEGIN IMMEDIATE");
	for (int i = 0; i < 3; i++)
		insert(db, tables[i], &rows[i]);
	run(db, "COMMIT");
	took = seconds() - from;
	sqlite3_close(db);
	for (int i = 0; i < 3; i++) {
		for (size_t k = 0; k < rows[i].n * rows[i].columns; k++)
			sqlite3_value_free(rows[i].v[k]);
		free(rows[i].v);
	}
	return took;
}

static int
by_size(const void *a, const void *b)
{
	return (*(const double *)a > *(const double *)b) -
	       (*(const double *)a < *(const double *)b);
}

int
main(int argc, char **argv)
{
	int runs = argc > 1 ? atoi(argv[1]) : 3;
	double ours[RUNS_MOST], bare[RUNS_MOST];
	uint64_t rows = 0;

	if (runs < 1 || runs > RUNS_MOST)
		return 2;
	for (int i = 0; i < runs; i++) {
		ours[i] = by_store("bench-ours.db", &rows);
		bare[i] = by_sqlite("bench-bare.db", "bench-ours.db");
	}
	qsort(ours, (size_t)runs, sizeof *ours, by_size);
	qsort(bare, (size_t)runs, sizeof *bare, by_size);
	printf("store: %.0f rows/s; bare SQLite, the same rows: %.0f/s; %.2f of it\n",
	       (double)rows / ours[runs / 2], (double)rows / bare[runs / 2],
	       bare[runs / 2] / ours[runs / 2]);
	fresh("bench-ours.db");
	fresh("bench-bare.db");
	unlink("bench-ours.db.key");
	return 0;
}
