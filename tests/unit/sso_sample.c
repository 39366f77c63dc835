/*
 * sso_sample FILE       writes an .sso file with every kind of observation
 * sso_sample --layout   prints the codec's tables, one name a line, as sso_reader.sh
 *                       reads them out of schemas/observation.md
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "record/codec.h"
#include "record/sso.h"

#define START_NS INT64_C(1795469677900000001)

static struct sso_writer file;

static struct observation *
begin(union obs_buf *buf, enum obs_kind kind)
{
	struct observation *o = obs_begin(buf, kind, START_NS + (int64_t)kind * 1000000000);

	o->channel = UINT64_MAX;
	o->peer_id = 7;
	o->vantage = 2;
	o->origin = OBS_ACTIVE;
	o->protocol = 1;
	o->peer = endpoint_ipv4(0x0a4d0005, 6000);
	return o;
}

static void
put_sets(union obs_buf *buf)
{
	struct observation *o = begin(buf, OBS_BUFFER_MAP);

	obs_set_range(o, 1000, 19);
	for (uint32_t i = 0; i < 19; i += i == 3 ? 5 : 1)
		obs_set(o, i);
	o->flags = OBS_HAS_PLAY | OBS_MINUS_ACKED;
	o->u.map.play = 1002;
	o->u.map.window = 50;
	sso_writer_put(&file, o);

	o = begin(buf, OBS_BUFFER_MAP);
	o->u.map.substreams = 2;
	o->tail_len = 17;
	memset(o->tail, 0, o->tail_len);
	o->tail[1] = 1;
	o->tail[8] = 9;
	o->tail[16] = 2;
	sso_writer_put(&file, o);

	o = begin(buf, OBS_HAVE);
	o->flags = OBS_ALL;
	o->offset = UINT64_MAX - 16;
	o->width = 16;
	sso_writer_put(&file, o);

	o = begin(buf, OBS_REQUEST);
	o->action = OBS_GRANTED;
	obs_set_range(o, 5, 0);
	sso_writer_put(&file, o);
}

static void
put_chunks(union obs_buf *buf)
{
	static const uint8_t v6[16] = { 0x20, 1, 0x0d, 0xb8, [15] = 1 };
	struct observation *o = begin(buf, OBS_TRANSFER);

	o->offset = 1003;
	o->width = 1;
	o->to = endpoint_ipv6(v6, 443);
	o->flags = OBS_RETRANSMISSION;
	o->u.transfer.bytes = 16384;
	o->u.transfer.hops = UINT16_MAX;
	sso_writer_put(&file, o);

	o = begin(buf, OBS_MARK);
	o->offset = 1003;
	o->u.mark.source_ns = -1;
	o->u.mark.error_ns = 500;
	sso_writer_put(&file, o);

	o = begin(buf, OBS_VERIFY);
	o->offset = 1003;
	o->action = OBS_BAD;
	sso_writer_put(&file, o);
}

static void
put_peers(union obs_buf *buf)
{
	struct observation *o = begin(buf, OBS_CONTACTS);
	struct endpoint named = endpoint_ipv4(0xc0000201, 80);
	struct endpoint v6 = { .addr = { 0x20, 1, [15] = 2 }, .port = 65535 };

	obs_add_contact(o, &named);
	obs_add_contact(o, &v6);
	sso_writer_put(&file, o);

	o = begin(buf, OBS_PARTNER);
	o->action = OBS_DECLINED;
	o->to = named;
	sso_writer_put(&file, o);

	o = begin(buf, OBS_JOIN);
	o->action = OBS_BOOTSTRAP;
	o->flags = OBS_SOURCE;
	sso_writer_put(&file, o);

	o = begin(buf, OBS_LEAVE);
	o->action = OBS_CLOSED;
	sso_writer_put(&file, o);
}

static void
put_rest(union obs_buf *buf)
{
	struct observation *o = begin(buf, OBS_CHANNEL);

	o->u.channel.chunk_lo_ns = 108000000;
	o->u.channel.chunk_ns = 108600000;
	o->u.channel.chunk_hi_ns = 109200000;
	o->u.channel.prebuffer_ns = 2000000000;
	o->u.channel.clock_ns = INT64_MIN;
	o->u.channel.head = 1018;
	o->u.channel.alias_of = 3;
	o->u.channel.prebuffer_bytes = 4;
	o->u.channel.bitrate_kbps = 1200;
	o->u.channel.id_bits = 31;
	o->u.channel.id_len = 3;
	o->u.channel.name_len = 6;
	o->tail_len = 9;
	memcpy(o->tail, "\x01\x02\xff" "sønd1", 9);
	sso_writer_put(&file, o);

	o = begin(buf, OBS_FLOW);
	o->u.flow.packets = 10;
	o->u.flow.bytes = 15000;
	o->u.flow.first_ns = START_NS;
	o->u.flow.reply_packets = 9;
	o->u.flow.reply_bytes = 900;
	o->u.flow.app = 300;
	o->u.flow.master = 5;
	o->u.flow.began = 1;
	o->u.flow.transport = 17;
	o->u.flow.confidence = 6;
	sso_writer_put(&file, o);

	o = begin(buf, OBS_GAP);
	o->u.gap.from_ns = START_NS;
	o->u.gap.packets = 11;
	o->u.gap.bytes = 12;
	o->u.gap.cause = OBS_GAP_STREAM;
	sso_writer_put(&file, o);
}

static void
print_layout(void)
{
	for (unsigned kind = 0; kind < OBS_KINDS; kind++) {
		size_t n;
		const struct codec_field *f = codec_fields(kind, &n);

		printf("kind %u %s\n", kind, kind ? obs_kind_name(kind) : "head");
		for (size_t i = 0; i < n; i++)
			printf("%s %s\n", f[i].name, codec_type_name((enum codec_type)f[i].type));
		for (unsigned i = 0; kind == 0 && i < OBS_ACTIONS; i++)
			printf("action %u %s\n", i, obs_action_name(i));
	}
}

int
main(int argc, char **argv)
{
	static const struct sso_meta meta = { .start_ns = START_NS, .vantage = "sample" };
	union obs_buf buf;

	if (argc != 2)
		return 2;
	if (strcmp(argv[1], "--layout") == 0) {
		print_layout();
		return 0;
	}
	if (sso_writer_open(&file, argv[1], &meta) != 0)
		return 1;
	put_sets(&buf);
	put_chunks(&buf);
	put_peers(&buf);
	put_rest(&buf);
	return sso_writer_close(&file) != 0 || file.refused != 0;
}
