/*
 * codec - the one byte form of an observation: rings, .sso files and the bus.
 *
 *   u16 length | u8 kind | u8 version | head | fields of the kind | tail | more
 *
 * All little-endian; length counts the whole record. One table of fields gives
 * encoder, decoder and schemas/observation.md, which says what each means. What a
 * newer version adds stands after the tail and is passed over, as is a kind that
 * we do not know. The same observation always gives the same bytes, and a record
 * of our version that decodes encodes to the bytes it came from.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef RECORD_CODEC_H
#define RECORD_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/writer.h"
#include "record/observation.h"

#define CODEC_VERSION 1
#define CODEC_MAX 2304u /* bytes: no record that we write is longer */

enum codec_result {
	CODEC_RECORD,    /* *buf holds the observation */
	CODEC_SKIPPED,   /* whole, but of a kind or with a value that only a newer
	                  * version knows */
	CODEC_END,       /* no byte left */
	CODEC_SHORT,     /* the record is longer than what is left; nothing consumed */
	CODEC_MALFORMED, /* breaks a rule; consumed, with all that follows if its
	                  * length is the fault */
};

/* Does o keep the rules of schemas/observation.md? Decoders of the wire that
 * follow observation.h make no other. */
bool codec_valid(const struct observation *o);

/* False, and nothing written, when o is not valid or w has no room for it. */
bool codec_encode(const struct observation *o, struct writer *w);

/* Takes the next record; *buf is written with CODEC_RECORD only. */
enum codec_result codec_decode(struct reader *r, union obs_buf *buf);

enum codec_type { CODEC_U8, CODEC_U16, CODEC_U32, CODEC_U64, CODEC_I64, CODEC_ENDPOINT };

struct codec_field {
	const char *name; /* as in schemas/observation.md */
	uint16_t at;      /* in struct observation */
	uint8_t type;     /* enum codec_type */
};

/* The fields of a kind in their order, those of the head for kind 0. *n of them;
 * NULL past the last kind. */
const struct codec_field *codec_fields(unsigned kind, size_t *n);

const char *codec_type_name(enum codec_type type); /* "u8", ..., "endpoint" */

#endif
