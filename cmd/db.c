/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cmd/commands.h"
#include "cmd/told.h"
#include "store/store.h"

struct db {
	const char *store;
};

const struct option_row db_options[] = {
	{ .name = "store", .type = OPTION_STRING, .arg = "URL", .group = "Database",
	  .text = "the database, as sqlite:PATH", .offset = offsetof(struct db, store) },
	{ .name = NULL },
};

static int
run(struct store *s, const char *what, bool json)
{
	if (strcmp(what, "info") == 0)
		return store_info(s, stdout, json);
	if (strcmp(what, "check") == 0)
		return store_check(s, stdout);
	return 0; /* migrate: opening it for writing did it */
}

static int
work(const struct db *opt, const char *what, bool json)
{
	struct store_options o = { .url = opt->store, .protocol_name = told_protocol,
		.write = strcmp(what, "migrate") == 0 };
	struct store *s;
	int rc = store_open(&o, &s);

	if (rc == 0)
		rc = run(s, what, json);
	if (rc == 0 && o.write)
		printf("%s: the schema is up to date\n", opt->store);
	if (rc != 0)
		rc = command_fail(rc, "%s", store_why(s));
	store_close(s);
	return rc;
}

int
cmd_db(const struct command_row *row, int argc, char **argv)
{
	static const char *const whats[] = { "migrate", "info", "check" };
	struct global global = { 0 };
	struct db opt = { 0 };
	char **args;
	int n, rc = command_begin(row, argc, argv, &opt, &global, &args, &n);
	size_t i = 0;

	if (rc != 0)
		return rc - 1;
	while (i < 3 && strcmp(args[0], whats[i]) != 0)
		i++;
	if (i == 3)
		rc = err_exit_status(options_complain(row, "'%s' is none of migrate, info, check",
		                                      args[0]));
	else if (opt.store == NULL)
		rc = err_exit_status(options_complain(row,
		                                      "no --store (write --store sqlite:PATH)"));
	else
		rc = work(&opt, args[0], global.json);
	free(args);
	return rc;
}
