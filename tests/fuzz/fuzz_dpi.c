/*
 * Any packets of one flow for the library's second opinion: it ends with a verdict, after so many
 * packets at the latest, and reads nothing but what it is shown.
 *
 *   length (2) | packet, again
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "probe/dpi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* True: it is settled. The packet is a block of its own, so that over-reads show. */
static bool
show(struct dpi *d, struct dpi_flow **flow, struct reader *in, unsigned i)
{
	uint32_t len = reader_be16(in);
	struct dpi_verdict v;
	uint8_t *block;
	bool settled;

	if (len > reader_left(in))
		len = (uint32_t)reader_left(in);
	block = malloc(len > 0 ? len : 1);
	if (len > 0)
		memcpy(block, reader_take(in, len), len);
	settled = dpi_packet(d, flow, block, len, (int64_t)i * 1000000, &v);
	free(block);
	if (settled) {
		char name[DPI_NAME];

		assert(*flow == NULL && v.confidence < DPI_CONFIDENCES);
		dpi_name(d, v.app, v.master, name);
	}
	return settled;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dpi *d;
	struct dpi_flow *flow = NULL;
	struct reader in = reader_over(data, size);
	struct dpi_verdict v;
	bool settled = false;
	unsigned i = 0;

	if (d == NULL)
		d = dpi_new();
	if (d == NULL)
		return 0;
	for (; !settled && reader_left(&in) > 2; i++)
		settled = show(d, &flow, &in, i);
	assert(settled || i < DPI_PACKETS_ALL);
	if (!settled)
		dpi_give_up(d, &flow, &v);
	assert(flow == NULL);
	return 0;
}
