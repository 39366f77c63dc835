/*
 * known - how many peers of a channel anybody has spoken of.
 *
 * Senders, receivers and the contacts that peers and trackers tell; each address and port
 * once. A bit for each, by hash; the number follows from the bits that are still clear
 * (linear counting: Whang et al., TODS 15(2), 1990): right to a peer for some hundreds,
 * to 1 % for ten thousand.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef INFERENCE_KNOWN_H
#define INFERENCE_KNOWN_H

#include "record/observation.h"

#define KNOWN_WORDS 1024u

struct known {
	uint64_t bits[KNOWN_WORDS];
};

/* o is of the channel. */
void known_note(struct known *k, const struct observation *o);

uint32_t known_count(const struct known *k);

#endif
