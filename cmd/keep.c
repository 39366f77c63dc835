/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/keep.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cmd/commands.h"
#include "cmd/told.h"
#include "store/store.h"

struct keep {
	struct result_sink results; /* first */
	struct obs_sink maps;
	struct result_sink *next;
	struct store *store;
	pthread_mutex_t lock;
};

static void
put_result(struct result_sink *self, const struct result *r)
{
	struct keep *k = (struct keep *)(void *)self;
	struct result_sink *store = store_results(k->store);

	pthread_mutex_lock(&k->lock);
	store->put(store, r);
	pthread_mutex_unlock(&k->lock);
	k->next->put(k->next, r);
}

static void
put_map(struct obs_sink *self, const struct observation *o)
{
	struct keep *k = (struct keep *)(void *)((char *)self - offsetof(struct keep, maps));

	pthread_mutex_lock(&k->lock);
	store_map(k->store, o);
	pthread_mutex_unlock(&k->lock);
}

static int
know_inputs(char **paths, int n, struct store_input *inputs)
{
	for (int i = 0; i < n; i++) {
		inputs[i].name = paths[i];
		if (store_sha256(paths[i], inputs[i].sha256, &inputs[i].bytes) != 0)
			return command_fail(ERR_IO, "cannot read %s: %s", paths[i],
			                    strerror(errno));
	}
	return 0;
}

static int
begin(struct keep *k, const struct store_options *opt, char **paths, int n)
{
	struct store_input *inputs = calloc((size_t)n, sizeof *inputs);
	int rc;

	if (inputs == NULL)
		abort();
	rc = know_inputs(paths, n, inputs);
	if (rc == 0) {
		rc = store_open(opt, &k->store);
		if (rc == 0)
			rc = store_begin(k->store, inputs, (size_t)n);
		if (rc != 0)
			rc = command_fail(rc, "%s", store_why(k->store));
	}
	free(inputs);
	return rc;
}

int
keep_open(const char *url, bool clear_addresses, char **paths, int n, struct keep **out)
{
	const struct store_options opt = { .url = url, .write = true,
		.clear_addresses = clear_addresses, .protocol_name = told_protocol };
	struct keep *k = calloc(1, sizeof *k);
	int rc;

	if (k == NULL)
		abort();
	pthread_mutex_init(&k->lock, NULL);
	k->results.put = put_result;
	k->maps.put = put_map;
	*out = k;
	rc = begin(k, &opt, paths, n);
	if (rc != 0) {
		keep_close(k);
		*out = NULL;
	}
	return rc;
}

struct result_sink *
keep_results(struct keep *k, struct result_sink *next)
{
	k->next = next;
	return &k->results;
}

struct obs_sink *
keep_maps(struct keep *k)
{
	return &k->maps;
}

void
keep_traffic(void *keep, const struct store_traffic *t)
{
	struct keep *k = keep;

	store_traffic(k->store, t);
}

int
keep_commit(struct keep *k, const struct store_said *said)
{
	int rc = store_commit(k->store, said);

	return rc == 0 ? 0 : command_fail(rc, "%s", store_why(k->store));
}

void
keep_close(struct keep *k)
{
	if (k == NULL)
		return;
	store_close(k->store);
	pthread_mutex_destroy(&k->lock);
	free(k);
}
