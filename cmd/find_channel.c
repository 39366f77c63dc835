/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/find_channel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cmd/channel_json.h"
#include "net/fetch.h"

#define TIMEOUT_S 10
#define URL_MOST 1024
#define FILE_MOST 8192

static void
url_of(const char *server, const char *name, char url[URL_MOST])
{
	size_t len = strlen(server);

	while (len > 0 && server[len - 1] == '/')
		len--;
	snprintf(url, URL_MOST, "%.*s/channels/%s", (int)len, server, name);
}

static int
read_entry(const char *from, const char *text, struct channel_entry *e, char why[FIND_WHY])
{
	const char *wrong = channel_json_read(text, strlen(text), e);

	if (wrong == NULL)
		return 0;
	snprintf(why, FIND_WHY, "%s tells no channel: %s", from, wrong);
	return ERR_CONFIG;
}

int
find_channel(const char *server, const char *name, struct channel_entry *e, char why[FIND_WHY])
{
	char url[URL_MOST], *body;
	const struct fetch f = { .url = url, .method = "GET", .timeout_s = TIMEOUT_S };
	long status;
	int err;

	url_of(server, name, url);
	err = fetch(&f, &body, &status, why);
	if (err != 0)
		return err == ERR_USAGE ? ERR_USAGE : ERR_STORE;
	if (status == 200) {
		err = read_entry(server, body, e, why);
	} else {
		snprintf(why, FIND_WHY, status == 404 ? "%s has no channel %s (see %s/channels)" :
		         "%s does not tell of channel %s (see %s/channels)", server, name, server);
		err = ERR_CONFIG;
	}
	free(body);
	return err;
}

int
find_channel_file(const char *path, struct channel_entry *e, char why[FIND_WHY])
{
	char text[FILE_MOST + 1];
	FILE *f = fopen(path, "r");
	size_t n;

	if (f == NULL) {
		snprintf(why, FIND_WHY, "cannot read %s: %s", path, strerror(errno));
		return ERR_IO;
	}
	n = fread(text, 1, FILE_MOST, f);
	fclose(f);
	text[n] = '\0';
	return read_entry(path, text, e, why);
}

int
tell_channel(const char *server, const char *token, const struct channel_entry *e, bool gone,
             char why[FIND_WHY])
{
	char url[URL_MOST], *body, *text = channel_json_text(e);
	const struct fetch f = { .url = url, .method = gone ? "DELETE" : "PUT",
		.body = gone ? NULL : text, .token = token, .timeout_s = TIMEOUT_S };
	long status;
	int err;

	url_of(server, e->name, url);
	err = fetch(&f, &body, &status, why);
	free(text);
	if (err != 0)
		return ERR_STORE;
	if (status != 200) {
		snprintf(why, FIND_WHY, "%s refuses the channel: %.300s", server, body);
		err = ERR_CONFIG;
	}
	free(body);
	return err;
}
