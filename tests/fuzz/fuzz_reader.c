/*
 * The reader against a plain model, and the writer as its mirror.
 *
 *   n(1) operation(n) bytes...
 *
 * An operation's low three bits say which read; of take and sub the other five say
 * how many bytes. What was read without failing and written again must give the
 * same bytes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "base/writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum op { U8, BE16, BE32, BE64, LE16, LE32, LE64, TAKE };

struct model {
	const uint8_t *bytes;
	size_t at, len;
	bool failed;
};

static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* Bytes of the next n, most significant first or last; 0 and failed if too few. */
static uint64_t
model_number(struct model *m, size_t n, bool little)
{
	uint64_t v = 0;

	if (m->failed || m->len - m->at < n) {
		m->failed = true;
		m->at = m->len;
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)m->bytes[m->at + i] << 8 * (little ? i : n - 1 - i);
	m->at += n;
	return v;
}

static void
take(struct reader *r, struct model *m, struct writer *w, size_t n)
{
	bool fits = !m->failed && m->len - m->at >= n;
	struct reader sub = reader_sub(r, n);

	must(sub.failed == !fits && reader_left(&sub) == (fits ? n : 0));
	if (!fits) {
		m->failed = true;
		m->at = m->len;
		return;
	}
	must(n == 0 || memcmp(sub.pos, m->bytes + m->at, n) == 0);
	writer_bytes(w, sub.pos, n);
	m->at += n;
	must(reader_take(&sub, n + 1) == NULL && sub.failed && !r->failed);
}

static uint64_t
number(struct reader *r, struct writer *w, enum op op)
{
	uint64_t v = 0;

	switch (op) {
	case U8:
		writer_u8(w, (uint8_t)(v = reader_u8(r)));
		break;
	case BE16:
		writer_be16(w, (uint16_t)(v = reader_be16(r)));
		break;
	case BE32:
		writer_be32(w, (uint32_t)(v = reader_be32(r)));
		break;
	case BE64:
		writer_be64(w, v = reader_be64(r));
		break;
	case LE16:
		writer_le16(w, (uint16_t)(v = reader_le16(r)));
		break;
	case LE32:
		writer_le32(w, (uint32_t)(v = reader_le32(r)));
		break;
	case LE64:
		writer_le64(w, v = reader_le64(r));
		break;
	case TAKE:
		break;
	}
	return v;
}

static void
run(const uint8_t *ops, size_t n, const uint8_t *bytes, size_t len)
{
	static const size_t width[] = { 1, 2, 4, 8, 2, 4, 8 };
	struct model m = { .bytes = bytes, .len = len };
	struct reader r = reader_over(bytes, len);
	uint8_t *copy = malloc(len > 0 ? len : 1);
	struct writer w = writer_over(copy, len);

	must(copy != NULL);
	for (size_t i = 0; i < n && !m.failed; i++) {
		enum op op = (enum op)(ops[i] & 7);

		if (op == TAKE)
			take(&r, &m, &w, ops[i] >> 3);
		else
			must(model_number(&m, width[op], op >= LE16) == number(&r, &w, op) ||
			     m.failed);
		must(r.failed == m.failed && reader_left(&r) == m.len - m.at);
		must(m.failed || (writer_len(&w) == m.at && memcmp(copy, bytes, m.at) == 0));
	}
	must(!m.failed || (reader_u8(&r) == 0 && reader_take(&r, 0) == NULL));
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = size > 0 ? data[0] : 0, len;
	uint8_t *bytes;

	if (size < 1 || n > size - 1)
		return 0;
	len = size - 1 - n;
	bytes = malloc(len > 0 ? len : 1);
	must(bytes != NULL);
	memcpy(bytes, data + 1 + n, len);
	run(data + 1, n, bytes, len);
	free(bytes);
	return 0;
}
