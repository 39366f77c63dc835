/*
 * A bare libmicrohttpd server that answers every request with the bytes of a file, in one
 * thread, as swarmscope serve is measured against.
 *
 *   barehttp FILE PORT
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static enum MHD_Result
answer(void *ctx, struct MHD_Connection *c, const char *url, const char *method,
       const char *version, const char *upload, size_t *upload_len, void **state)
{
	(void)url;
	(void)method;
	(void)version;
	(void)upload;
	(void)upload_len;
	if (*state == NULL) { /* the headers alone: an answer now would end the connection */
		*state = ctx;
		return MHD_YES;
	}
	return MHD_queue_response(c, MHD_HTTP_OK, ctx);
}

int
main(int argc, char **argv)
{
	FILE *in = argc == 3 ? fopen(argv[1], "r") : NULL;
	static char bytes[1 << 22];
	struct MHD_Response *r;
	size_t n;

	if (in == NULL) {
		fprintf(stderr, "usage: barehttp FILE PORT\n");
		return 2;
	}
	n = fread(bytes, 1, sizeof bytes, in);
	fclose(in);
	r = MHD_create_response_from_buffer(n, bytes, MHD_RESPMEM_PERSISTENT);
	MHD_add_response_header(r, "Content-Type", "application/json");
	if (MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, (uint16_t)atoi(argv[2]), NULL, NULL,
	                     answer, r, MHD_OPTION_END) == NULL)
		return 1;
	puts("up");
	fflush(stdout);
	pause();
	return 0;
}
