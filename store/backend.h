/*
 * backend - a store's inside, shared by its files only.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef STORE_BACKEND_H
#define STORE_BACKEND_H

#include <limits.h>
#include <sqlite3.h>

#include "base/siphash.h"
#include "record/sketch.h"
#include "store/store.h"

#define STORE_APPLICATION 0x53574d53 /* "SWMS" */
#define STORE_VERSION 3              /* the newest migration */
#define STORE_WHY 1024

enum store_statement {
	PUT_CHANNEL, PUT_SESSION, PUT_EVENT, PUT_RETRIEVAL, PUT_MAP, PUT_LAG,
	PUT_CAME, PUT_GROUP, PUT_TRAFFIC, PUT_PROBE, STATEMENTS
};

struct store {
	struct result_sink sink; /* first */
	struct store_options opt;
	char path[PATH_MAX];
	sqlite3 *db;
	sqlite3_stmt *put[STATEMENTS];
	uint8_t key[SIPHASH_KEY];
	int64_t vantage;
	struct store_lag {
		uint64_t channel;
		struct sketch sketch;
		bool changed;
	} *lags;                 /* of the vantage, until it is committed */
	size_t n_lags;
	uint64_t rows;
	bool writing, live;
	int failed;              /* first err since store_begin */
	char why[STORE_WHY];
};

struct store_migration {
	int version;
	const char *name, *sql;
};

extern const struct store_migration store_migrations[]; /* version 0 ends them */

/* Notes what went wrong, with the database's own words where it has any. */
int store_fail(struct store *s, int err, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
int store_fail_sqlite(struct store *s, const char *what);

/* Of an address its keyed hash, of a pseudonym the hash that it is. */
int64_t store_peer_key(const struct store *s, const struct endpoint *peer);

int store_run(struct store *s, const char *sql, const char *what);
int store_number(struct store *s, const char *sql, int64_t *n);

/* The schema: applies what is missing, or says that it is newer or foreign. */
int store_schema(struct store *s);

/* Reads or makes the file of the key that hides addresses. */
int store_read_key(struct store *s);

/* The statements of the table, and what is told of a vantage as a whole. */
int store_prepare(struct store *s);
void store_put_lags(struct store *s);
int store_put_said(struct store *s, const struct store_said *said);

void store_sha256_text(const char *text, char hex[STORE_SHA256_HEX]);

#endif
