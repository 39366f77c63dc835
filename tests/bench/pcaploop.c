/*
 * pcaploop - the reference: libpcap's own loop over a capture, which counts
 * packets and bytes and does nothing else.
 *
 *   pcaploop [-b] FILE      -b: read through 256 KiB of buffer
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct totals {
	uint64_t packets, bytes;
};

static void
count(u_char *user, const struct pcap_pkthdr *head, const u_char *bytes)
{
	struct totals *totals = (struct totals *)(void *)user;

	(void)bytes;
	totals->packets++;
	totals->bytes += head->len;
}

static pcap_t *
open_capture(const char *path, int buffered, char why[PCAP_ERRBUF_SIZE])
{
	static char buffer[256 * 1024];
	FILE *file;

	if (!buffered)
		return pcap_open_offline(path, why);
	file = fopen(path, "rb");
	if (file == NULL) {
		snprintf(why, PCAP_ERRBUF_SIZE, "%s: cannot be opened", path);
		return NULL;
	}
	setvbuf(file, buffer, _IOFBF, sizeof buffer);
	return pcap_fopen_offline(file, why);
}

int
main(int argc, char **argv)
{
	int buffered = argc == 3 && strcmp(argv[1], "-b") == 0;
	struct totals totals = { 0 };
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *pcap;
	int status;

	if (argc != 2 + buffered) {
		fprintf(stderr, "usage: pcaploop [-b] FILE\n");
		return 2;
	}
	pcap = open_capture(argv[argc - 1], buffered, why);
	if (pcap == NULL) {
		fprintf(stderr, "pcaploop: %s\n", why);
		return 1;
	}
	status = pcap_loop(pcap, -1, count, (u_char *)&totals);
	pcap_close(pcap);
	printf("%llu packets %llu bytes\n", (unsigned long long)totals.packets,
	       (unsigned long long)totals.bytes);
	return status == 0 ? 0 : 1;
}
