/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/words.h"

#include <assert.h>
#include <string.h>

static union obs_buf buf;

struct endpoint
words_peer(unsigned host)
{
	return endpoint_ipv4(0x0a4d0000 + host, 6000);
}

struct observation *
words_say(enum obs_kind kind, int64_t ms, struct endpoint who, struct endpoint to)
{
	struct observation *o = obs_begin(&buf, kind, WORDS_T0_NS + ms * WORDS_MS_NS);

	o->peer = who;
	o->to = to;
	o->protocol = 1;
	return o;
}

struct observation *
words_mark(int64_t ms, struct endpoint from, struct endpoint to, uint64_t chunk,
           int64_t source_ns)
{
	struct observation *o = words_say(OBS_MARK, ms, from, to);

	o->offset = chunk;
	o->width = 1;
	o->flags = OBS_ALL;
	o->u.mark.source_ns = source_ns;
	return o;
}

struct observation *
words_transfer(int64_t ms, struct endpoint from, struct endpoint to, uint64_t chunk,
               uint32_t bytes)
{
	struct observation *o = words_say(OBS_TRANSFER, ms, to, from);

	o->offset = chunk;
	o->width = 1;
	o->flags = OBS_ALL;
	o->u.transfer.bytes = bytes;
	return o;
}

struct observation *
words_range(int64_t ms, struct endpoint who, struct endpoint to, uint64_t offset,
            uint32_t width)
{
	struct observation *o = words_say(OBS_BUFFER_MAP, ms, who, to);

	o->offset = offset;
	o->width = width;
	o->flags = OBS_ALL;
	return o;
}

struct observation *
words_map(int64_t ms, struct endpoint who, struct endpoint to, uint64_t offset,
          const char *bits)
{
	struct observation *o = words_say(OBS_BUFFER_MAP, ms, who, to);
	bool fits = obs_set_range(o, offset, (uint32_t)strlen(bits));

	assert(fits);
	for (uint32_t i = 0; bits[i] != '\0'; i++)
		if (bits[i] == '1')
			obs_set(o, i);
	return o;
}

struct observation *
words_channel(int64_t ms, uint64_t key, const char *id, const char *name)
{
	struct endpoint none = { { 0 }, 0 };
	struct observation *o = words_say(OBS_CHANNEL, ms, none, none);

	o->channel = key;
	o->u.channel.id_len = (uint8_t)strlen(id);
	o->u.channel.name_len = (uint8_t)strlen(name);
	memcpy(o->tail, id, strlen(id));
	memcpy(o->tail + strlen(id), name, strlen(name));
	o->tail_len = (uint32_t)(strlen(id) + strlen(name));
	return o;
}
