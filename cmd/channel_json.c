/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/channel_json.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/json_text.h"

#define NS 1e9

void
channel_key_write(const uint8_t key[32], char text[65])
{
	for (int i = 0; i < 32; i++)
		snprintf(text + (size_t)2 * (size_t)i, 3, "%02x", key[i]);
}

bool
channel_key_read(const char *text, uint8_t key[32])
{
	if (strlen(text) != 64 || strspn(text, "0123456789abcdefABCDEF") != 64)
		return false;
	for (int i = 0; i < 32; i++) {
		char byte[3] = { text[2 * i], text[2 * i + 1], '\0' };

		key[i] = (uint8_t)strtoul(byte, NULL, 16);
	}
	return true;
}

bool
channel_id_read(const char *text, uint64_t *id)
{
	static const char scheme[] = "mesh:";
	size_t n = sizeof scheme - 1;

	if (strncmp(text, scheme, n) != 0 || strlen(text) != n + 16 ||
	    strspn(text + n, "0123456789abcdef") != 16)
		return false;
	*id = strtoull(text + n, NULL, 16);
	return true;
}

void
channel_json_write(struct json_writer *w, const struct channel_entry *e)
{
	char text[80], key[65];

	json_object(w);
	json_put_string(w, "name", e->name);
	snprintf(text, sizeof text, "mesh:%016" PRIx64, e->channel.id);
	json_put_string(w, "id", text);
	json_put_number(w, "chunk_s", (double)e->channel.chunk_ns / NS, 6);
	json_put_uint(w, "bitrate_kbps", e->channel.bitrate_kbps);
	channel_key_write(e->key, key);
	json_put_string(w, "key", key);
	json_key(w, "trackers");
	json_array(w);
	for (unsigned i = 0; i < e->n_trackers; i++) {
		endpoint_format(&e->trackers[i], text);
		json_string(w, text);
	}
	json_array_end(w);
	json_object_end(w);
}

char *
channel_json_text(const struct channel_entry *e)
{
	struct json_text t;

	json_text_begin(&t);
	channel_json_write(&t.w, e);
	return json_text_end(&t);
}

static const char *
read_trackers(struct json_reader *r, struct channel_entry *e)
{
	char text[ENDPOINT_TEXT_MAX];

	if (json_next(r) != JSON_ARRAY)
		return "trackers is no list";
	while (json_next(r) == JSON_STRING) {
		if (e->n_trackers == CHANNELS_TRACKERS)
			return "too many trackers";
		if (json_text(r, text, sizeof text) >= sizeof text ||
		    !endpoint_parse(text, &e->trackers[e->n_trackers]) ||
		    e->trackers[e->n_trackers].port == 0)
			return "a tracker is no ADDRESS:PORT";
		e->n_trackers++;
	}
	return r->last == JSON_ARRAY_END ? NULL : "trackers is no list of texts";
}

static const char *
read_text(struct json_reader *r, struct channel_entry *e, char field)
{
	char text[CHANNELS_NAME + 8];

	if (json_next(r) != JSON_STRING || json_text(r, text, sizeof text) >= sizeof text)
		return "a text is too long, or none";
	if (field == 'n' && strlen(text) >= CHANNELS_NAME)
		return "the name is too long";
	if (field == 'n')
		strcpy(e->name, text);
	else if (field == 'i' && !channel_id_read(text, &e->channel.id))
		return "id is not mesh: and 16 hex digits";
	else if (field == 'k' && !channel_key_read(text, e->key))
		return "key is not 64 hex digits";
	return NULL;
}

static const char *
read_number(struct json_reader *r, struct channel_entry *e, char field)
{
	double v;

	if (json_next(r) != JSON_NUMBER)
		return "a number is none";
	v = json_double(r);
	if (field == 'c' && !(v >= 0.01 && v <= 10))
		return "chunk_s is not between 0.01 and 10";
	if (field == 'b' && !(v >= 1 && v <= 1e6))
		return "bitrate_kbps is not between 1 and 1000000";
	if (field == 'c')
		e->channel.chunk_ns = (int64_t)(v * NS + 0.5);
	else
		e->channel.bitrate_kbps = (uint32_t)v;
	return NULL;
}

/* The value of the key that was just read. */
static const char *
read_field(struct json_reader *r, struct channel_entry *e)
{
	if (json_is(r, "name"))
		return read_text(r, e, 'n');
	if (json_is(r, "id"))
		return read_text(r, e, 'i');
	if (json_is(r, "key"))
		return read_text(r, e, 'k');
	if (json_is(r, "chunk_s"))
		return read_number(r, e, 'c');
	if (json_is(r, "bitrate_kbps"))
		return read_number(r, e, 'b');
	if (json_is(r, "trackers"))
		return read_trackers(r, e);
	return json_skip(r) ? NULL : "broken JSON";
}

/* A name stands in addresses of pages and streams. */
static bool
is_name(const char *name)
{
	for (const char *c = name; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) && strchr("-_.", *c) == NULL)
			return false;
	return name[0] != '\0' && name[0] != '.';
}

const char *
channel_json_read(const char *text, size_t len, struct channel_entry *e)
{
	struct json_reader r = json_reader_over(text, len);
	const char *wrong = NULL;

	*e = (struct channel_entry){ .n_trackers = 0 };
	if (json_next(&r) != JSON_OBJECT)
		return "no JSON object";
	while (wrong == NULL && json_next(&r) == JSON_KEY)
		wrong = read_field(&r, e);
	if (wrong != NULL)
		return wrong;
	if (r.last != JSON_OBJECT_END || json_next(&r) != JSON_END)
		return "broken JSON";
	if (!is_name(e->name))
		return "the name is not made of letters, digits, - _ .";
	if (e->channel.id == 0 || e->channel.chunk_ns == 0 || e->channel.bitrate_kbps == 0 ||
	    e->n_trackers == 0)
		return "id, chunk_s, bitrate_kbps or trackers are missing";
	e->channel.tracker = e->trackers[0];
	return NULL;
}
