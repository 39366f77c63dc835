/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/proto.h"

#include <string.h>

const struct proto *const proto_table[] = {
	&proto_grapes,
	&proto_mesh,
	&proto_ppspp,
	&proto_pyppspp,
	/* new protocol: one line here, one file, one capture in tests/pcap */
	NULL,
};

const struct proto *
proto_by_id(unsigned id)
{
	for (const struct proto *const *p = proto_table; *p != NULL; p++)
		if ((unsigned)(*p)->id == id)
			return *p;
	return NULL;
}

const struct proto *
proto_by_name(const char *name)
{
	for (const struct proto *const *p = proto_table; *p != NULL; p++)
		if (strcmp((*p)->name, name) == 0)
			return *p;
	return NULL;
}

uint32_t
proto_sync(const struct proto *p, const void *state, const uint8_t *bytes, uint32_t end,
           uint32_t len)
{
	uint32_t at = 0;

	while (p->sync != NULL && at < end) {
		const uint8_t *next = memchr(bytes + at, p->sync_byte, end - at);

		if (next == NULL)
			break;
		at = (uint32_t)(next - bytes);
		if (p->sync(state, reader_over(next, len - at)))
			return at;
		at++;
	}
	return end;
}
