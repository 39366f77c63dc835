/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/packets.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/writer.h"

void
packet_begin(struct packet *p, const void *payload, size_t len)
{
	assert(len <= PACKETS_MAX);
	p->bytes = p->space + PACKETS_HEADROOM;
	p->len = (uint32_t)len;
	if (len > 0)
		memcpy(p->bytes, payload, len);
}

void
packet_begin_counting(struct packet *p, size_t len)
{
	packet_begin(p, NULL, 0);
	assert(len <= PACKETS_MAX);
	for (size_t i = 0; i < len; i++)
		p->bytes[i] = (uint8_t)i;
	p->len = (uint32_t)len;
}

void
packet_put(struct packet *p, const void *header, size_t n)
{
	assert((size_t)(p->bytes - p->space) >= n);
	p->bytes -= n;
	p->len += (uint32_t)n;
	memcpy(p->bytes, header, n);
}

void
packet_udp(struct packet *p, uint16_t from, uint16_t to)
{
	uint8_t h[8];
	struct writer w = writer_over(h, sizeof h);

	writer_be16(&w, from);
	writer_be16(&w, to);
	writer_be16(&w, (uint16_t)(p->len + 8));
	writer_be16(&w, 0);
	packet_put(p, h, sizeof h);
}

static void
ipv4(struct packet *p, uint8_t from, uint8_t to, uint8_t protocol, uint16_t id, uint16_t frag)
{
	uint8_t h[20];
	struct writer w = writer_over(h, sizeof h);

	writer_be16(&w, 0x4500);
	writer_be16(&w, (uint16_t)(p->len + 20));
	writer_be16(&w, id);
	writer_be16(&w, frag);
	writer_u8(&w, 64);
	writer_u8(&w, protocol);
	writer_be16(&w, 0);
	writer_be32(&w, 0x0a000000u | from);
	writer_be32(&w, 0x0a000000u | to);
	packet_put(p, h, sizeof h);
}

void
packet_ipv4(struct packet *p, uint8_t from, uint8_t to, uint8_t protocol)
{
	ipv4(p, from, to, protocol, 0, 0);
}

void
packet_ipv4_fragment(struct packet *p, uint8_t from, uint8_t to, uint16_t id, uint32_t offset,
                     int more)
{
	ipv4(p, from, to, 17, id, (uint16_t)(offset / 8 | (more ? 0x2000u : 0)));
}

void
packet_ipv6(struct packet *p, uint8_t from, uint8_t to, uint8_t next)
{
	static const uint8_t net[15] = { 0x20, 0x01, 0x0d, 0xb8 };
	uint8_t h[40];
	struct writer w = writer_over(h, sizeof h);

	writer_be32(&w, 0x60000000);
	writer_be16(&w, (uint16_t)p->len);
	writer_u8(&w, next);
	writer_u8(&w, 64);
	writer_bytes(&w, net, sizeof net);
	writer_u8(&w, from);
	writer_bytes(&w, net, sizeof net);
	writer_u8(&w, to);
	packet_put(p, h, sizeof h);
}

void
packet_ethernet(struct packet *p, uint16_t type)
{
	uint8_t h[14] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };

	h[12] = (uint8_t)(type >> 8);
	h[13] = (uint8_t)type;
	packet_put(p, h, sizeof h);
}

void
packet_whole(struct packet *p, uint8_t from, uint8_t to, const void *payload, size_t len)
{
	packet_begin(p, payload, len);
	packet_udp(p, (uint16_t)(5000 + from), (uint16_t)(5000 + to));
	packet_ipv4(p, from, to, 17);
	packet_ethernet(p, 0x0800);
}

void
packet_piece(struct packet *p, uint16_t id, const struct packet *ip_payload, uint32_t offset,
             uint32_t len)
{
	assert(offset + len <= ip_payload->len);
	packet_begin(p, ip_payload->bytes + offset, len);
	packet_ipv4_fragment(p, 1, 2, id, offset, offset + len < ip_payload->len);
	packet_ethernet(p, 0x0800);
}

void
packets_pcap_header(FILE *f, uint32_t linktype)
{
	uint8_t h[24];
	struct writer w = writer_over(h, sizeof h);

	writer_le32(&w, 0xa1b23c4d);
	writer_le16(&w, 2);
	writer_le16(&w, 4);
	writer_le64(&w, 0);
	writer_le32(&w, 262144);
	writer_le32(&w, linktype);
	if (fwrite(h, sizeof h, 1, f) != 1)
		abort();
}

void
packets_pcap_record(FILE *f, int64_t t_ns, uint32_t captured, uint32_t wire_len)
{
	uint8_t h[16];
	struct writer w = writer_over(h, sizeof h);

	writer_le32(&w, (uint32_t)(t_ns / 1000000000));
	writer_le32(&w, (uint32_t)(t_ns % 1000000000));
	writer_le32(&w, captured);
	writer_le32(&w, wire_len);
	if (fwrite(h, sizeof h, 1, f) != 1)
		abort();
}

void
packets_pcap_packet(FILE *f, int64_t t_ns, const void *bytes, uint32_t captured, uint32_t wire_len)
{
	packets_pcap_record(f, t_ns, captured, wire_len);
	if (captured > 0 && fwrite(bytes, captured, 1, f) != 1)
		abort();
}
