/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PyPPSPP's tracker: one JSON object a frame.
 *
 *   to it    {"type":"register" | "unregister" | "get_peers", "swarm_id":hex,
 *             "endpoint":[address, port]}
 *   from it  {"type":"other_peers", "swarm_id":hex, "details":[[address, port], ...]}
 *            {"type":"new_node" | "remove_node", "swarm_id":hex, "endpoint":[address, port]}
 */
#include <string.h>

#include "base/json.h"
#include "proto/ppspp.h"

enum what { NOTHING, REGISTER, UNREGISTER, GET_PEERS, OTHER_PEERS, NEW_NODE, REMOVE_NODE };

struct told {
	enum what what;
	uint8_t swarm_id[PPSPP_MAX_SWARM_ID];
	size_t swarm_id_len;
	union obs_buf contacts; /* what endpoint or details list */
};

static enum what
what_of(const struct json_reader *j)
{
	static const struct { const char *name; enum what what; } type[] = {
		{ "register", REGISTER }, { "unregister", UNREGISTER }, { "get_peers", GET_PEERS },
		{ "other_peers", OTHER_PEERS }, { "new_node", NEW_NODE },
		{ "remove_node", REMOVE_NODE },
	};

	for (size_t i = 0; i < sizeof type / sizeof type[0]; i++)
		if (json_is(j, type[i].name))
			return type[i].what;
	return NOTHING;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
read_swarm(const struct json_reader *j, struct told *t)
{
	if (j->len == 0 || j->len % 2 != 0 || j->len / 2 > sizeof t->swarm_id)
		return false;
	for (size_t i = 0; i < j->len; i += 2) {
		int high = hex_digit(j->text[i]), low = hex_digit(j->text[i + 1]);

		if (high < 0 || low < 0)
			return false;
		t->swarm_id[i / 2] = (uint8_t)(high << 4 | low);
	}
	t->swarm_id_len = j->len / 2;
	return true;
}

/* The rest of [address, port], behind its bracket. */
static bool
read_endpoint(struct json_reader *j, struct told *t)
{
	char text[ENDPOINT_TEXT_MAX];
	struct endpoint e;
	int64_t port;

	if (json_next(j) != JSON_STRING || json_text(j, text, sizeof text) >= sizeof text ||
	    !endpoint_parse(text, &e))
		return false;
	if (json_next(j) != JSON_NUMBER || !json_int64(j, &port) || port < 0 || port > UINT16_MAX)
		return false;
	e.port = (uint16_t)port;
	obs_add_contact(&t->contacts.o, &e); /* those past the most are left out */
	return json_next(j) == JSON_ARRAY_END;
}

static bool
read_details(struct json_reader *j, struct told *t)
{
	enum json_token token;

	if (json_next(j) != JSON_ARRAY)
		return false;
	while ((token = json_next(j)) == JSON_ARRAY)
		if (!read_endpoint(j, t))
			return false;
	return token == JSON_ARRAY_END;
}

static bool
read_member(struct json_reader *j, struct told *t)
{
	if (json_is(j, "type")) {
		if (json_next(j) != JSON_STRING)
			return false;
		t->what = what_of(j);
		return true;
	}
	if (json_is(j, "swarm_id"))
		return json_next(j) == JSON_STRING && read_swarm(j, t);
	if (json_is(j, "endpoint"))
		return json_next(j) == JSON_ARRAY && read_endpoint(j, t);
	if (json_is(j, "details"))
		return read_details(j, t);
	return json_skip(j);
}

static bool
read_object(struct json_reader *j, struct told *t)
{
	enum json_token token;

	if (json_next(j) != JSON_OBJECT)
		return false;
	while ((token = json_next(j)) == JSON_KEY)
		if (!read_member(j, t))
			return false;
	return token == JSON_OBJECT_END && json_next(j) == JSON_END && t->what != NOTHING &&
	       t->swarm_id_len > 0;
}

static void
tell_channel(struct ppspp_read *r, const struct told *t)
{
	union obs_buf buf;
	struct observation *o = ppspp_begin(r, &buf, OBS_CHANNEL);

	o->peer = o->to = (struct endpoint){ .port = 0 };
	o->u.channel.id_bits = 32;
	o->u.channel.id_len = (uint8_t)t->swarm_id_len;
	o->tail_len = (uint32_t)t->swarm_id_len;
	memcpy(o->tail, t->swarm_id, t->swarm_id_len);
	ppspp_put(r, o);
}

static void
tell_peer(struct ppspp_read *r, const struct told *t, enum obs_kind kind, enum obs_action action)
{
	union obs_buf buf;
	struct observation *o = ppspp_begin(r, &buf, kind);

	o->action = (uint8_t)action;
	if (t->contacts.o.u.contacts.n > 0)
		o->peer = obs_contact(&t->contacts.o, 0);
	ppspp_put(r, o);
}

static void
tell_contacts(struct ppspp_read *r, struct told *t)
{
	struct observation *o = &t->contacts.o;

	o->channel = r->channel->swarm;
	ppspp_put(r, o);
}

static void
tell(struct ppspp_read *r, struct told *t)
{
	tell_channel(r, t);
	switch (t->what) {
	case REGISTER:
		tell_peer(r, t, OBS_JOIN, OBS_REGISTERED);
		break;
	case UNREGISTER:
		tell_peer(r, t, OBS_LEAVE, OBS_GOODBYE);
		break;
	case OTHER_PEERS:
	case NEW_NODE:
		tell_contacts(r, t);
		break;
	case GET_PEERS:
	case REMOVE_NODE: /* old news: who left has said so, or fell silent */
	case NOTHING:
		break;
	}
}

enum proto_verdict
ppspp_tracker(struct ppspp_read *r)
{
	struct json_reader j = json_reader_over((const char *)r->in.pos, reader_left(&r->in));
	struct ppspp_channel channel;
	struct told t;

	ppspp_channel_usual(&channel);
	r->channel = &channel;
	t.what = NOTHING;
	t.swarm_id_len = 0;
	ppspp_begin(r, &t.contacts, OBS_CONTACTS);
	if (ppspp_wire_left(r) > reader_left(&r->in))
		return r->flow->known ? PROTO_SHORT : PROTO_NOT_MINE;
	if (!read_object(&j, &t))
		return r->flow->known ? PROTO_MALFORMED : PROTO_NOT_MINE;
	channel.swarm = obs_id_hash(t.swarm_id, t.swarm_id_len);
	tell(r, &t);
	return PROTO_OBSERVED;
}
