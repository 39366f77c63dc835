/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/scene.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

#include "base/hash.h"
#include "tests/unit/toy.h"

#define COMPRESS_MAX (1u << 20) /* bytes of a file */

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
	memset(dir + sizeof dir - 7, 'X', 6);
	if (mkdtemp(dir) == NULL)
		return -1;
	scene_anew();
	return 0;
}

/* The folder and what is in it, one level deep. */
static int
remove_folder(void)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	if (d == NULL)
		return -1;
	while ((entry = readdir(d)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			remove(scene_path(entry->d_name));
	closedir(d);
	return rmdir(dir);
}

int
scene_end(void **state)
{
	(void)state;
	probe_free(scene.probe);
	scene.probe = NULL;
	return remove_folder();
}

const char *
scene_path(const char *name)
{
	static char text[4][320];
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

static size_t
read_file(const char *name, uint8_t *bytes, size_t room)
{
	FILE *f = fopen(scene_path(name), "rb");
	size_t n;

	assert_non_null(f);
	n = fread(bytes, 1, room, f);
	fclose(f);
	assert_true(n < room);
	return n;
}

void
scene_compress_gzip(const char *name, const char *to)
{
	static uint8_t bytes[COMPRESS_MAX];
	unsigned n = (unsigned)read_file(name, bytes, sizeof bytes);
	gzFile out = gzopen(scene_path(to), "wb");

	assert_non_null(out);
	assert_int_equal(gzwrite(out, bytes, n), n);
	assert_int_equal(gzclose(out), Z_OK);
}

void
scene_compress_zstd(const char *name, const char *to)
{
	static uint8_t bytes[COMPRESS_MAX], packed[COMPRESS_MAX];
	size_t n = read_file(name, bytes, sizeof bytes);
	FILE *f = scene_create(to);

	n = ZSTD_compress(packed, sizeof packed, bytes, n, 3);
	assert_false(ZSTD_isError(n));
	assert_int_equal(fwrite(packed, 1, n, f), n);
	fclose(f);
}
