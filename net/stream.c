/* SPDX-License-Identifier: Apache-2.0 */
#include "net/stream.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PART 4096u /* bytes handed on at a time */

struct listener {
	struct stream *of;
	struct MHD_Connection *connection;
	uint64_t at; /* bytes ever published that it has had */
	bool waits;  /* suspended */
	struct listener *next;
};

struct stream {
	pthread_mutex_t lock; /* of everything */
	struct listener *first;
	unsigned n;
	uint64_t total, newest; /* bytes ever published; where the newest event begins */
	bool ending;
	char log[STREAM_LOG];
};

struct stream *
stream_new(void)
{
	struct stream *s = calloc(1, sizeof *s);

	if (s == NULL)
		abort();
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

void
stream_free(struct stream *s)
{
	if (s == NULL)
		return;
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* All that wait go on. */
static void
wake(struct stream *s)
{
	for (struct listener *l = s->first; l != NULL; l = l->next) {
		if (l->waits)
			MHD_resume_connection(l->connection);
		l->waits = false;
	}
}

void
stream_publish(struct stream *s, const char *event, const char *data)
{
	char text[STREAM_LOG / 4];
	int n = snprintf(text, sizeof text, "event: %s\ndata: %s\n\n", event, data);

	if (n < 0 || (size_t)n >= sizeof text)
		return;
	pthread_mutex_lock(&s->lock);
	s->newest = s->total;
	for (int i = 0; i < n; i++)
		s->log[s->total++ % STREAM_LOG] = text[i];
	wake(s);
	pthread_mutex_unlock(&s->lock);
}

void
stream_end(struct stream *s)
{
	pthread_mutex_lock(&s->lock);
	s->ending = true;
	wake(s);
	pthread_mutex_unlock(&s->lock);
}

unsigned
stream_listeners(struct stream *s)
{
	unsigned n;

	pthread_mutex_lock(&s->lock);
	n = s->n;
	pthread_mutex_unlock(&s->lock);
	return n;
}

/* --- the server's thread ------------------------------------------------------------------ */

static ssize_t
read_log(void *ctx, uint64_t pos, char *to, size_t most)
{
	struct listener *l = ctx;
	struct stream *s = l->of;
	ssize_t n = 0;

	(void)pos;
	pthread_mutex_lock(&s->lock);
	if (s->total - l->at > STREAM_LOG)
		l->at = s->newest;
	while (l->at < s->total && (size_t)n < most)
		to[n++] = s->log[l->at++ % STREAM_LOG];
	if (n == 0 && s->ending) {
		n = MHD_CONTENT_READER_END_OF_STREAM;
	} else if (n == 0) {
		l->waits = true;
		MHD_suspend_connection(l->connection);
	}
	pthread_mutex_unlock(&s->lock);
	return n;
}

static void
forget(void *ctx)
{
	struct listener *l = ctx, **at;
	struct stream *s = l->of;

	pthread_mutex_lock(&s->lock);
	for (at = &s->first; *at != l; at = &(*at)->next)
		continue;
	*at = l->next;
	s->n--;
	pthread_mutex_unlock(&s->lock);
	free(l);
}

struct MHD_Response *
stream_response(struct stream *s, struct MHD_Connection *c)
{
	struct listener *l = calloc(1, sizeof *l);
	struct MHD_Response *r;

	if (l == NULL)
		return NULL;
	l->of = s;
	l->connection = c;
	r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PART, read_log, l, forget);
	if (r == NULL) {
		free(l);
		return NULL;
	}
	pthread_mutex_lock(&s->lock);
	l->at = s->newest;
	l->next = s->first;
	s->first = l;
	s->n++;
	pthread_mutex_unlock(&s->lock);
	return r;
}
