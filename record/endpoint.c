/* SPDX-License-Identifier: Apache-2.0 */
#include "record/endpoint.h"

#include <arpa/inet.h>
#include <string.h>

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

struct endpoint
endpoint_ipv4(uint32_t addr, uint16_t port)
{
	struct endpoint e = { .port = port };

	memcpy(e.addr, mapped, sizeof mapped);
	for (int i = 0; i < 4; i++)
		e.addr[12 + i] = (uint8_t)(addr >> (24 - 8 * i));
	return e;
}

struct endpoint
endpoint_ipv6(const uint8_t addr[16], uint16_t port)
{
	struct endpoint e = { .port = port };

	memcpy(e.addr, addr, sizeof e.addr);
	return e;
}

static const uint8_t discard[8] = { 0x01 };

struct endpoint
endpoint_pseudonym(uint64_t key, uint16_t port)
{
	struct endpoint e = { .port = port };

	memcpy(e.addr, discard, sizeof discard);
	for (int i = 0; i < 8; i++)
		e.addr[8 + i] = (uint8_t)(key >> (56 - 8 * i));
	return e;
}

bool
endpoint_is_pseudonym(const struct endpoint *e)
{
	return memcmp(e->addr, discard, sizeof discard) == 0;
}

bool
endpoint_is_ipv4(const struct endpoint *e)
{
	return memcmp(e->addr, mapped, sizeof mapped) == 0;
}

/* Appends :port by hand: record/ calls no printf. */
static size_t
put_port(char *text, size_t at, uint16_t port)
{
	char digits[5];
	size_t n = 0;

	if (port == 0)
		return at;
	for (unsigned v = port; v > 0; v /= 10)
		digits[n++] = (char)('0' + v % 10);
	text[at++] = ':';
	while (n > 0)
		text[at++] = digits[--n];
	text[at] = '\0';
	return at;
}

static size_t
put_pseudonym(const struct endpoint *e, char text[ENDPOINT_TEXT_MAX])
{
	static const char digits[] = "0123456789abcdef";
	size_t at = 0;

	text[at++] = 'p';
	text[at++] = '-';
	for (int i = 8; i < 16; i++) {
		text[at++] = digits[e->addr[i] >> 4];
		text[at++] = digits[e->addr[i] & 15];
	}
	text[at] = '\0';
	return put_port(text, at, e->port);
}

static bool
read_pseudonym(const char *host, struct endpoint *e)
{
	uint64_t key = 0;

	if (strlen(host) != 18 || host[0] != 'p' || host[1] != '-')
		return false;
	for (host += 2; *host != '\0'; host++) {
		if (*host >= '0' && *host <= '9')
			key = key << 4 | (uint64_t)(*host - '0');
		else if (*host >= 'a' && *host <= 'f')
			key = key << 4 | (uint64_t)(*host - 'a' + 10);
		else
			return false;
	}
	*e = endpoint_pseudonym(key, 0);
	return true;
}

size_t
endpoint_format(const struct endpoint *e, char text[ENDPOINT_TEXT_MAX])
{
	size_t at = 0;
	bool bracket = !endpoint_is_ipv4(e) && e->port != 0;

	if (endpoint_is_pseudonym(e))
		return put_pseudonym(e, text);
	if (bracket)
		text[at++] = '[';
	if (endpoint_is_ipv4(e))
		inet_ntop(AF_INET, e->addr + 12, text, ENDPOINT_TEXT_MAX);
	else
		inet_ntop(AF_INET6, e->addr, text + at, ENDPOINT_TEXT_MAX - 8);
	at = strlen(text);
	if (bracket)
		text[at++] = ']';
	text[at] = '\0';
	return put_port(text, at, e->port);
}

/* Decimal port up to the end of text; 0 where it is none. */
static uint16_t
read_port(const char *text)
{
	unsigned v = 0;

	for (; *text >= '0' && *text <= '9' && v <= UINT16_MAX; text++)
		v = v * 10 + (unsigned)(*text - '0');
	return *text == '\0' && v <= UINT16_MAX ? (uint16_t)v : 0;
}

bool
endpoint_parse(const char *text, struct endpoint *e)
{
	char host[ENDPOINT_TEXT_MAX];
	const char *from = text, *upto, *port = NULL;
	uint8_t addr[16];
	struct endpoint got;

	if (*text == '[') {
		from = text + 1;
		upto = strchr(text, ']');
		if (upto == NULL || (upto[1] != ':' && upto[1] != '\0'))
			return false;
		port = upto[1] == ':' ? upto + 2 : NULL;
	} else {
		upto = strchr(text, ':');
		if (upto == NULL || strchr(upto + 1, ':') != NULL)
			upto = text + strlen(text);
		else
			port = upto + 1;
	}
	if ((size_t)(upto - from) >= sizeof host)
		return false;
	memcpy(host, from, (size_t)(upto - from));
	host[upto - from] = '\0';
	if (inet_pton(AF_INET, host, addr) == 1)
		got = endpoint_ipv4((uint32_t)addr[0] << 24 | (uint32_t)addr[1] << 16 |
		                        (uint32_t)addr[2] << 8 | addr[3], 0);
	else if (inet_pton(AF_INET6, host, addr) == 1)
		got = endpoint_ipv6(addr, 0);
	else if (!read_pseudonym(host, &got))
		return false;
	got.port = port ? read_port(port) : 0;
	if (port != NULL && got.port == 0)
		return false;
	*e = got;
	return true;
}
