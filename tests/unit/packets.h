/*
 * packets - hand-built packets and captures for the tests of probe/.
 *
 * A packet is built from the inside out: payload, UDP, IP, link, each call
 * putting its header before what is there. Headers are plain and correct; a test
 * that wants a wrong one patches bytes afterwards.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_UNIT_PACKETS_H
#define TESTS_UNIT_PACKETS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PACKETS_MAX      70000u
#define PACKETS_HEADROOM 512u

struct packet {
	uint8_t space[PACKETS_HEADROOM + PACKETS_MAX];
	uint8_t *bytes; /* its start, in space */
	uint32_t len;
};

/* A new packet that holds this payload and nothing else. */
void packet_begin(struct packet *p, const void *payload, size_t len);
/* The same with len bytes 0, 1, 2, ... 255, 0, ... */
void packet_begin_counting(struct packet *p, size_t len);

/* Any header of n bytes before what is there. */
void packet_put(struct packet *p, const void *header, size_t n);

void packet_udp(struct packet *p, uint16_t from, uint16_t to);
/* 10.0.0.from -> 10.0.0.to; fragment: offset in bytes, more as in the header. */
void packet_ipv4(struct packet *p, uint8_t from, uint8_t to, uint8_t protocol);
void packet_ipv4_fragment(struct packet *p, uint8_t from, uint8_t to, uint16_t id, uint32_t offset,
                          int more);
/* 2001:db8::from -> 2001:db8::to */
void packet_ipv6(struct packet *p, uint8_t from, uint8_t to, uint8_t next);
void packet_ethernet(struct packet *p, uint16_t type);

/* All four: Ethernet, IPv4, UDP from 10.0.0.from:5000+from. */
void packet_whole(struct packet *p, uint8_t from, uint8_t to, const void *payload, size_t len);

/* A fragment, in Ethernet, of the bytes of ip_payload from offset on. */
void packet_piece(struct packet *p, uint16_t id, const struct packet *ip_payload, uint32_t offset,
                  uint32_t len);

/* pcap with nanosecond stamps; dlt as in the file format (LINKTYPE_). A record is a
 * packet's header alone. */
void packets_pcap_header(FILE *f, uint32_t linktype);
void packets_pcap_record(FILE *f, int64_t t_ns, uint32_t captured, uint32_t wire_len);
void packets_pcap_packet(FILE *f, int64_t t_ns, const void *bytes, uint32_t captured,
                         uint32_t wire_len);

#endif
