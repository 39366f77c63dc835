/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/records.h"

#include <string.h>

#include "base/err.h"
#include "probe/pages.h"

#define HEAD_BYTES   16u
#define BUFFER_BYTES (2 * RECORDS_MAX) /* so a record fits behind any rest */

_Static_assert(BUFFER_BYTES >= RECORDS_MAX + HEAD_BYTES, "the longest record fits");

struct records {
	struct zio *zio; /* borrowed */
	bool swapped, nanoseconds, ended;
	uint32_t snap;
	uint32_t bad_length;
	size_t at, len; /* of the buffer: bytes not yet handed out are at..len */
	uint8_t buffer[BUFFER_BYTES];
};

struct records *
records_new(struct zio *zio, bool swapped, bool nanoseconds, uint32_t snap)
{
	struct records *r = pages_new(1, sizeof *r);

	r->zio = zio;
	r->swapped = swapped;
	r->nanoseconds = nanoseconds;
	r->snap = snap;
	return r;
}

void
records_free(struct records *r)
{
	pages_free(r, 1, sizeof *r);
}

/* Reads on until n bytes are there: 1; 0 when the file ends before; or an error. */
static int
fill(struct records *r, size_t n)
{
	memmove(r->buffer, r->buffer + r->at, r->len - r->at);
	r->len -= r->at;
	r->at = 0;
	while (r->len < n && !r->ended) {
		int64_t got = zio_read(r->zio, r->buffer + r->len, sizeof r->buffer - r->len);

		if (got < 0)
			return (int)got;
		r->ended = got == 0;
		r->len += (size_t)got;
	}
	return r->len >= n;
}

static uint32_t
number(const struct records *r, const uint8_t *at)
{
	uint32_t n;

	memcpy(&n, at, sizeof n);
	return r->swapped ? __builtin_bswap32(n) : n;
}

/* Nobody has checked that the fraction is less than a second. */
static int64_t
time_of(const struct records *r, const uint8_t *head)
{
	int64_t fraction = number(r, head + 4);

	return number(r, head) * INT64_C(1000000000) +
	       (r->nanoseconds ? fraction : fraction * 1000);
}

/* Is the next record whole in the buffer? Answers like fill(). */
static int
have(struct records *r, size_t n)
{
	return r->len - r->at >= n ? 1 : fill(r, n);
}

static uint32_t
least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Takes the record off that lies whole at r->at. */
static void
take(struct records *r, uint32_t captured, struct capture_packet *packet)
{
	const uint8_t *head = r->buffer + r->at;

	r->at += HEAD_BYTES + captured;
	packet->t_ns = time_of(r, head);
	packet->bytes = head + HEAD_BYTES;
	packet->wire_len = number(r, head + 12);
	packet->captured = least(least(captured, r->snap), packet->wire_len);
}

static uint32_t
captured_length(const struct records *r)
{
	return number(r, r->buffer + r->at + 8);
}

/* Reads on, if need be, until a whole record lies at r->at: 1, else like records_next. */
static int
need_record(struct records *r)
{
	uint32_t captured;
	int got = have(r, HEAD_BYTES);

	if (got != 1)
		return got == 0 && r->len > r->at ? ERR_TRUNCATED : got;
	captured = captured_length(r);
	if (captured > RECORDS_MAX) {
		r->bad_length = captured;
		return ERR_DAMAGED;
	}
	got = have(r, HEAD_BYTES + captured);
	return got == 0 ? ERR_TRUNCATED : got;
}

/* The same without reading on. */
static bool
have_record(const struct records *r)
{
	size_t left = r->len - r->at;
	uint32_t captured;

	if (left < HEAD_BYTES)
		return false;
	captured = captured_length(r);
	return captured <= RECORDS_MAX && captured <= left - HEAD_BYTES;
}

int
records_next(struct records *r, struct capture_packet *packets, int max)
{
	int got = need_record(r), n = 0;

	if (got != 1)
		return got;
	do
		take(r, captured_length(r), &packets[n++]);
	while (n < max && have_record(r));
	return n;
}

uint32_t
records_bad_length(const struct records *r)
{
	return r->bad_length;
}
