/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "tests/unit/toy.h"

static char dir[] = "test_probe.XXXXXX";
struct scene scene;

static void
digest_put(struct obs_sink *self, const struct observation *o)
{
	struct digest *g = (struct digest *)self;

	g->value = hash_bytes(o, obs_size(o), g->value);
	g->n++;
	g->gaps += o->kind == OBS_GAP;
	memcpy(&g->last, o, obs_size(o));
}

void
scene_anew(void)
{
	static const struct decode_options options = { .protocols = toy_table };

	probe_free(scene.probe);
	scene.digest = (struct digest){ .sink.put = digest_put };
	scene.probe = probe_new(&options, &scene.digest.sink);
}

int
scene_begin(void **state)
{
	(void)state;
	strcpy(dir + sizeof dir - 7, "XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	scene_anew();
	return 0;
}

int
scene_end(void **state)
{
	char command[64];

	(void)state;
	probe_free(scene.probe);
	scene.probe = NULL;
	snprintf(command, sizeof command, "rm -r %s", dir);
	return system(command);
}

const char *
scene_path(const char *name)
{
	static char text[4][64];
	static unsigned next;
	char *t = text[next++ % 4];

	snprintf(t, sizeof text[0], "%s/%s", dir, name);
	return t;
}

FILE *
scene_create(const char *name)
{
	FILE *f = fopen(scene_path(name), "wb");

	assert_non_null(f);
	return f;
}

void
scene_build(unsigned n, struct packet *p)
{
	static struct packet inner;
	uint8_t code = n % 11 == 10 ? TOY_MALFORMED : TOY_OBSERVED;
	uint8_t payload[64] = { 'T', 'O', 'Y', code };

	if (n % 5 == 4) {
		packet_whole(p, (uint8_t)n, 1, "not of theirs", 13);
		return;
	}
	if (n % 5 < 3) {
		packet_whole(p, (uint8_t)(n % 7), (uint8_t)(n % 3 + 7), payload, 10 + n % 50);
		return;
	}
	packet_begin_counting(&inner, 200);
	memcpy(inner.bytes, payload, 4);
	packet_udp(&inner, 5001, 5002);
	packet_piece(p, (uint16_t)(n / 10), &inner, n % 10 < 5 ? 104 : 0, 104);
}

int64_t
scene_time(unsigned n)
{
	return INT64_C(1800000000123456789) + n / 2 * INT64_C(1000000);
}

void
scene_write_some(const char *name, unsigned from, unsigned to, unsigned step, uint32_t snap)
{
	static struct packet pkt;
	FILE *f = scene_create(name);

	packets_pcap_header(f, LINKTYPE_ETHERNET);
	for (unsigned n = from; n < to; n += step) {
		scene_build(n, &pkt);
		packets_pcap_packet(f, scene_time(n), pkt.bytes, pkt.len < snap ? pkt.len : snap,
		                    pkt.len);
	}
	fclose(f);
}

void
scene_write(const char *name, unsigned from, unsigned to, uint32_t snap)
{
	scene_write_some(name, from, to, 1, snap);
}

uint64_t
scene_bytes(unsigned to)
{
	static struct packet pkt;
	uint64_t sum = 0;

	for (unsigned n = 0; n < to; n++) {
		scene_build(n, &pkt);
		sum += pkt.len;
	}
	return sum;
}

void
scene_assert_conserved(uint64_t packets, uint64_t bytes)
{
	const struct counts *c = probe_counts(scene.probe);
	struct counts_sum sum = { 0, 0 };

	for (int i = 0; i < COUNTS_CLASSES; i++) {
		sum.packets += c->class[i].packets;
		sum.bytes += c->class[i].bytes;
	}
	assert_int_equal(c->total.packets, packets);
	assert_int_equal(c->total.bytes, bytes);
	assert_int_equal(sum.packets, packets);
	assert_int_equal(sum.bytes, bytes);
	assert_int_equal(c->class[COUNTS_WAITING].packets, 0);
}

void
scene_compress(const char *name, const char *program)
{
	char command[128];

	snprintf(command, sizeof command, "%s -q %s", program, scene_path(name));
	assert_int_equal(system(command), 0);
}
