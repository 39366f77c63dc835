/* SPDX-License-Identifier: Apache-2.0 */
#include "net/fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"

#define CONNECT_S 5L
#define AGAIN_S 2

struct body {
	char *bytes;
	size_t len;
};

static size_t
take(char *bytes, size_t size, size_t n, void *ctx)
{
	struct body *b = ctx;
	size_t len = size * n;
	char *more;

	if (b->len + len > FETCH_MOST || (more = realloc(b->bytes, b->len + len + 1)) == NULL)
		return 0;
	b->bytes = more;
	memcpy(b->bytes + b->len, bytes, len);
	b->len += len;
	b->bytes[b->len] = '\0';
	return len;
}

/* What every request has. NULL: there is no memory. */
static CURL *
begin(const char *url)
{
	CURL *c = curl_easy_init();

	if (c == NULL)
		return NULL;
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
	return c;
}

static struct curl_slist *
headers(const struct fetch *f)
{
	struct curl_slist *list = NULL;
	char line[512];

	if (f->body != NULL)
		list = curl_slist_append(list, "Content-Type: application/json");
	if (f->token != NULL) {
		snprintf(line, sizeof line, "Authorization: Bearer %s", f->token);
		list = curl_slist_append(list, line);
	}
	return list;
}

int
fetch(const struct fetch *f, char **body, long *status, char why[FETCH_WHY])
{
	CURL *c = begin(f->url);
	struct curl_slist *list = headers(f);
	struct body got = { .bytes = calloc(1, 1) };
	CURLcode code;

	if (c == NULL || got.bytes == NULL)
		abort();
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, f->method);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, f->timeout_s);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &got);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, list);
	if (f->body != NULL)
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, f->body);
	code = curl_easy_perform(c);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, status);
	curl_slist_free_all(list);
	curl_easy_cleanup(c);
	if (code == CURLE_OK) {
		*body = got.bytes;
		return 0;
	}
	free(got.bytes);
	snprintf(why, FETCH_WHY, "%s: %s", f->url, curl_easy_strerror(code));
	return code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ? ERR_USAGE :
	                                                                           ERR_IO;
}

/* --- a stream ----------------------------------------------------------------------------- */

struct stream {
	char *url;
	int to;
	bool ended;
};

static size_t
pass(char *bytes, size_t size, size_t n, void *ctx)
{
	struct stream *s = ctx;
	size_t len = size * n, done = 0;
	ssize_t got;

	while (done < len) {
		got = write(s->to, bytes + done, len - done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			s->ended = true;
			return 0;
		}
		done += (size_t)got;
	}
	return len;
}

static void *
run(void *ctx)
{
	struct stream *s = ctx;
	const struct timespec again = { .tv_sec = AGAIN_S };

	while (!s->ended) {
		CURL *c = begin(s->url);

		if (c == NULL)
			break;
		curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, pass);
		curl_easy_setopt(c, CURLOPT_WRITEDATA, s);
		curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
		curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L);
		curl_easy_perform(c);
		curl_easy_cleanup(c);
		if (!s->ended)
			nanosleep(&again, NULL);
	}
	close(s->to);
	free(s->url);
	free(s);
	return NULL;
}

bool
fetch_stream(const char *url, int to)
{
	struct stream *s = calloc(1, sizeof *s);
	sigset_t all, before;
	pthread_t thread;
	int err;

	if (s == NULL || (s->url = strdup(url)) == NULL)
		abort();
	s->to = to;
	sigfillset(&all); /* signals are the others' to take; a closed pipe is an error */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&thread, NULL, run, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err != 0)
		return false;
	pthread_detach(thread);
	return true;
}
