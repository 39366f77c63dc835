/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/wait.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/err.h"
#include "base/json.h"
#include "cmd/commands.h"

bool
wait_split(const char *listen, char address[WAIT_ADDRESS], uint16_t *port)
{
	const char *colon = strrchr(listen, ':');
	size_t n;
	char *end;
	long number;

	if (colon == NULL || colon[1] == '\0')
		return false;
	number = strtol(colon + 1, &end, 10);
	if (*end != '\0' || number < 0 || number > UINT16_MAX)
		return false;
	*port = (uint16_t)number;
	n = (size_t)(colon - listen);
	if (n > 1 && listen[0] == '[' && listen[n - 1] == ']') {
		listen++;
		n -= 2;
	}
	if (n == 0 || n >= WAIT_ADDRESS)
		return false;
	memcpy(address, listen, n);
	address[n] = '\0';
	return true;
}

static sigset_t
ends(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	return signals;
}

void
wait_begin(void)
{
	sigset_t signals = ends();

	sigprocmask(SIG_BLOCK, &signals, NULL);
}

int
wait_for_end(int64_t duration_ns)
{
	sigset_t signals = ends();
	struct pollfd p = { .fd = signalfd(-1, &signals, SFD_CLOEXEC), .events = POLLIN };
	int n;

	if (p.fd < 0)
		return command_fail(ERR_IO, "cannot wait for signals: %s", strerror(errno));
	do
		n = poll(&p, 1, duration_ns > 0 ? (int)(duration_ns / 1000000) : -1);
	while (n < 0 && errno == EINTR);
	close(p.fd);
	return 0;
}

int
wait_serve(const struct http_options *http, const char *what, int64_t duration_ns)
{
	struct json_writer w = json_writer_to(stdout, false);
	char why[HTTP_WHY], url[WAIT_ADDRESS + 32];
	struct http *h;
	int rc;

	wait_begin();
	rc = http_start(http, &h, why);
	if (rc != 0)
		return command_fail(rc, "%s", why);
	snprintf(url, sizeof url, strchr(http->address, ':') ? "http://[%s]:%u" : "http://%s:%u",
	         http->address, http_port(h));
	json_object(&w);
	json_put_string(&w, "event", "start");
	json_put_string(&w, "what", what);
	json_put_string(&w, "url", url);
	json_object_end(&w);
	putchar('\n');
	fflush(stdout);
	rc = wait_for_end(duration_ns);
	http_stop(h);
	return rc;
}
