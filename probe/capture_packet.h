/*
 * capture_packet - one packet as a capture has it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PROBE_CAPTURE_PACKET_H
#define PROBE_CAPTURE_PACKET_H

#include <stdint.h>

struct capture_packet {
	int64_t t_ns;         /* UTC, since 1970 */
	const uint8_t *bytes; /* valid until the capture's next packet is asked for */
	uint32_t captured;    /* <= wire_len */
	uint32_t wire_len;
};

#endif
