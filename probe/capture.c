/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/capture.h"

#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/zio.h"
#include "probe/pages.h"
#include "probe/records.h"

#define TEXT_BYTES 6144
#define FILE_HEAD  24u

enum { MAGIC = 0xa1b2c3d4, MAGIC_NANO = 0xa1b23c4d };

struct capture {
	struct zio *zio; /* owned; NULL when closed */
	pcap_t *pcap;    /* over zio's FILE, which it closes; owned */
	struct records *records; /* instead, of a plain pcap; owned */
	uint64_t packets;
	uint64_t size;
	enum link_type link;
	bool ended;
	size_t bytes; /* of this allocation */
	char text[TEXT_BYTES];
	char path[];
};

struct capture *
capture_new(const char *path)
{
	size_t len = strlen(path) + 1, bytes = sizeof(struct capture) + len;
	struct capture *c = pages_new(1, bytes);

	c->bytes = bytes;
	memcpy(c->path, path, len);
	return c;
}

void
capture_free(struct capture *c)
{
	if (c == NULL)
		return;
	capture_close(c);
	pages_free(c, 1, c->bytes);
}

static int fail(struct capture *c, int err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int
fail(struct capture *c, int err, const char *fmt, ...)
{
	const char *name = strcmp(c->path, "-") == 0 ? "standard input" : c->path;
	int n = snprintf(c->text, sizeof c->text, "%s: ", name);
	va_list args;

	if (n < 0 || (size_t)n > sizeof c->text / 2)
		n = 0; /* a path longer than the system takes */
	va_start(args, fmt);
	vsnprintf(c->text + n, sizeof c->text - (size_t)n, fmt, args);
	va_end(args);
	c->ended = true;
	return err;
}

static int
fail_errno(struct capture *c, int error)
{
	if (error == EACCES || error == EPERM)
		return fail(c, ERR_PERMISSION, "%s (make it readable for this user)",
		            strerror(error));
	if (error == ENOENT)
		return fail(c, ERR_IO, "%s (check the name)", strerror(error));
	return fail(c, ERR_IO, "%s (check the file and its medium)", strerror(error));
}

/* libpcap has no error codes, only texts. */
static bool
says(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* The compressed stream under the capture cannot be read on. */
static int
fail_compressed(struct capture *c)
{
	if (zio_error(c->zio) == ERR_TRUNCATED)
		return fail(c, ERR_TRUNCATED,
		            "its compressed data end early, after %" PRIu64
		            " packets (what came before is used)",
		            c->packets);
	if (zio_error(c->zio) == ERR_LIMIT)
		return fail(c, ERR_LIMIT,
		            "compressed with a window of more than 128 MiB "
		            "(decompress it with 'zstd -d --long=31')");
	return fail(c, ERR_DAMAGED,
	            "its compressed data are damaged after %" PRIu64
	            " packets (what came before is used)",
	            c->packets);
}

static int
fail_open(struct capture *c, const char *text)
{
	if (zio_error(c->zio) == ERR_IO)
		return fail_errno(c, errno);
	if (zio_error(c->zio) == ERR_LIMIT)
		return fail_compressed(c);
	if (zio_error(c->zio) == ERR_DAMAGED)
		return fail(c, ERR_NOT_CAPTURE,
		            "its compressed data are damaged, nothing can be read (get it again)");
	if (zio_error(c->zio) != 0 || says(text, "truncated"))
		return fail(c, ERR_NOT_CAPTURE,
		            "ends inside its file header, nothing can be read (capture again)");
	return fail(c, ERR_NOT_CAPTURE,
	            "not a capture: %s (give pcap or pcapng, plain, .gz or .zst)", text);
}

static int
fail_next(struct capture *c, const char *text)
{
	if (zio_error(c->zio) == ERR_IO)
		return fail_errno(c, errno);
	if (zio_error(c->zio) != 0)
		return fail_compressed(c);
	if (says(text, "truncated"))
		return fail(c, ERR_TRUNCATED,
		            "ends in the middle of a packet, after %" PRIu64
		            " packets (what came before is used)",
		            c->packets);
	if (says(text, "an interface has a type"))
		return fail(c, ERR_LINK_TYPE,
		            "its interfaces have different link types "
		            "(capture each interface into a file of its own)");
	if (says(text, "an interface has a snapshot length"))
		return fail(c, ERR_LINK_TYPE,
		            "its interfaces have different snapshot lengths "
		            "(convert it with 'editcap -F pcap')");
	return fail(c, ERR_DAMAGED,
	            "damaged after %" PRIu64 " packets: %s (what came before is used)", c->packets,
	            text);
}

static int
check_link(struct capture *c)
{
	int dlt = pcap_datalink(c->pcap);
	const char *name = pcap_datalink_val_to_name(dlt);

	if (link_from_dlt(dlt, &c->link))
		return 0;
	return fail(c, ERR_LINK_TYPE,
	            "link type %s (%d) is not supported "
	            "(capture on Ethernet, PPP, HDLC, Linux cooked, raw IP or loopback)",
	            name ? name : "unknown", dlt);
}

/* An empty file is told apart from one of a wrong kind by its first byte. */
static int
check_first_byte(struct capture *c, FILE *f)
{
	int byte = getc(f);

	if (byte != EOF) {
		ungetc(byte, f);
		return 0;
	}
	if (zio_error(c->zio) != 0)
		return fail_open(c, "");
	return fail(c, ERR_NOT_CAPTURE,
	            "empty, not a capture (capture again; tcpdump -U writes at once)");
}

/* As many of the first bytes as there are. */
static size_t
read_head(struct capture *c, uint8_t head[FILE_HEAD])
{
	size_t len = 0;
	int64_t got = 1;

	while (got > 0 && len < FILE_HEAD) {
		got = zio_read(c->zio, head + len, FILE_HEAD - len);
		len += got > 0 ? (size_t)got : 0;
	}
	return len;
}

static bool
has_magic(const uint8_t head[FILE_HEAD], uint32_t magic)
{
	uint32_t first;

	memcpy(&first, head, sizeof first);
	return first == magic || first == __builtin_bswap32(magic);
}

/* A plain pcap's header is libpcap's to understand; of what follows only version 2.4
 * is ours. True: c->records is there. */
static bool
try_records(struct capture *c, uint8_t head[FILE_HEAD])
{
	char text[PCAP_ERRBUF_SIZE];
	FILE *f = fmemopen(head, FILE_HEAD, "rb");
	pcap_t *pcap = f ? pcap_fopen_offline(f, text) : NULL;
	bool ours;

	if (pcap == NULL) {
		if (f != NULL)
			fclose(f);
		return false;
	}
	ours = pcap_major_version(pcap) == 2 && pcap_minor_version(pcap) == 4 &&
	       link_from_dlt(pcap_datalink(pcap), &c->link);
	if (ours)
		c->records = records_new(c->zio, pcap_is_swapped(pcap),
		                         has_magic(head, MAGIC_NANO),
		                         (uint32_t)pcap_snapshot(pcap));
	pcap_close(pcap);
	return ours;
}

static int
start(struct capture *c)
{
	char text[PCAP_ERRBUF_SIZE] = "";
	uint8_t head[FILE_HEAD];
	size_t len;
	FILE *f;
	int err;

	if (zio_open(c->path, &c->zio) != 0)
		return fail_errno(c, errno);
	c->size = zio_size(c->zio);
	len = read_head(c, head);
	if (len == FILE_HEAD && (has_magic(head, MAGIC) || has_magic(head, MAGIC_NANO)) &&
	    try_records(c, head))
		return 0;
	zio_unread(c->zio, head, len);
	f = zio_file(c->zio);
	err = check_first_byte(c, f);
	if (err != 0)
		return err;
	c->pcap = pcap_fopen_offline_with_tstamp_precision(f, PCAP_TSTAMP_PRECISION_NANO, text);
	return c->pcap != NULL ? check_link(c) : fail_open(c, text);
}

int
capture_open(struct capture *c)
{
	int err;

	capture_close(c);
	c->packets = 0;
	c->ended = false;
	err = start(c);
	if (err != 0)
		capture_close(c);
	return err;
}

void
capture_close(struct capture *c)
{
	if (c->pcap != NULL)
		pcap_close(c->pcap);
	c->pcap = NULL;
	records_free(c->records);
	c->records = NULL;
	zio_close(c->zio);
	c->zio = NULL;
	c->ended = true;
}

/* The file's unsigned 32 bits of seconds come out of libpcap with a sign; what
 * no clock can have said is put out of range, to be counted there. */
static int64_t
time_of(const struct pcap_pkthdr *h)
{
	int64_t s = h->ts.tv_sec;

	if (s < 0 && s >= INT32_MIN)
		s += INT64_C(1) << 32;
	if (s < 0 || s > UINT32_MAX)
		return INT64_MAX;
	return s * 1000000000 + h->ts.tv_usec;
}

static int
fail_record(struct capture *c, int err)
{
	char text[80];

	snprintf(text, sizeof text, "a packet of %" PRIu32 " bytes",
	         records_bad_length(c->records));
	return fail_next(c, err == ERR_DAMAGED && zio_error(c->zio) == 0 ? text : "truncated");
}

static int
next_records(struct capture *c, struct capture_packet *packets, int max)
{
	int got = records_next(c->records, packets, max);

	if (got > 0) {
		c->packets += (uint64_t)got;
		return got;
	}
	c->ended = true;
	return got == 0 ? 0 : fail_record(c, got);
}

int
capture_next(struct capture *c, struct capture_packet *packets, int max)
{
	struct pcap_pkthdr *h;
	const u_char *bytes;

	if (c->ended)
		return 0;
	if (c->records != NULL)
		return next_records(c, packets, max);
	switch (pcap_next_ex(c->pcap, &h, &bytes)) {
	case 1:
		packets->t_ns = time_of(h);
		packets->bytes = bytes;
		packets->captured = h->caplen < h->len ? h->caplen : h->len;
		packets->wire_len = h->len;
		c->packets++;
		return 1;
	case PCAP_ERROR_BREAK:
		c->ended = true;
		return 0;
	}
	return fail_next(c, pcap_geterr(c->pcap));
}

const char *
capture_path(const struct capture *c)
{
	return c->path;
}

const char *
capture_text(const struct capture *c)
{
	return c->text;
}

enum link_type
capture_link(const struct capture *c)
{
	return c->link;
}

bool
capture_can_reopen(const struct capture *c)
{
	return c->size > 0 && strcmp(c->path, "-") != 0;
}

uint64_t
capture_position(const struct capture *c)
{
	return c->zio != NULL && c->size > 0 ? zio_position(c->zio) : 0;
}

uint64_t
capture_size(const struct capture *c)
{
	return c->size;
}

const char *
capture_library(void)
{
	return pcap_lib_version();
}
