/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/prefix.h"

#include <arpa/inet.h>
#include <stdlib.h>

bool
prefix_address(const char *text, uint8_t addr[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (inet_pton(AF_INET, text, addr + 12) == 1) {
		memcpy(addr, mapped, sizeof mapped);
		return true;
	}
	return inet_pton(AF_INET6, text, addr) == 1;
}

/* Its bits from n on: zero in first? Then ones in last. */
static bool
close_range(struct prefix *p, unsigned n)
{
	for (unsigned i = 0; i < 16; i++) {
		unsigned kept = n >= 8 * (i + 1) ? 8 : n > 8 * i ? n - 8 * i : 0;
		uint8_t behind = (uint8_t)(0xff >> kept);

		if ((p->first[i] & behind) != 0)
			return false;
		p->last[i] = p->first[i] | behind;
	}
	return true;
}

bool
prefix_parse(const char *text, struct prefix *p)
{
	char address[PREFIX_TEXT], *end;
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	unsigned long n, most;

	if (len >= sizeof address)
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	if (!prefix_address(address, p->first))
		return false;
	most = strchr(address, ':') != NULL ? 128 : 32;
	n = most;
	if (slash != NULL) {
		n = strtoul(slash + 1, &end, 10);
		if (slash[1] < '0' || slash[1] > '9' || *end != '\0' || n > most)
			return false;
	}
	return close_range(p, (unsigned)(128 - most + n));
}
