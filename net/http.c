/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "net/stream.h"

#define TARGET_MOST 2048u /* bytes of a path with its query */
#define HEADERS_MOST 8192u
#define BACKLOG 4096
#define KEPT_MOST 512u
#define KEPT_BYTES ((size_t)32 << 20)

/* An answer that may be given again. */
struct kept {
	uint64_t hash; /* of what was asked */
	char *asked;
	char etag[24];
	struct MHD_Response *response;
};

struct http {
	struct MHD_Daemon *daemon;
	struct kept kept[KEPT_MOST];
	unsigned n_kept;
	size_t kept_bytes;
	int64_t state; /* of which they are */
	struct http_options opt;
	struct stream *stream; /* owned; NULL: none */
	uint16_t port;
	bool loopback;
};

/* A request under way. */
struct call {
	char *target; /* NULL: too long */
	bool begun, long_body;
	char *body;   /* len bytes so far */
	size_t len;
};

static const char *const fixed[][2] = {
	{ "Content-Security-Policy",
	  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
	  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
	  "require-trusted-types-for 'script'; trusted-types 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Cache-Control", "no-cache" },
	{ "Vary", "Accept-Encoding" },
};

static void
put_headers(struct MHD_Response *r)
{
	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
		MHD_add_response_header(r, fixed[i][0], fixed[i][1]);
}

static struct MHD_Response *
response_of(const struct http_answer *a, const char *etag)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(
	    a->len, (void *)(uintptr_t)a->body,
	    a->owned ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);

	if (r == NULL)
		return NULL;
	put_headers(r);
	if (a->type != NULL)
		MHD_add_response_header(r, "Content-Type", a->type);
	if (a->gzip)
		MHD_add_response_header(r, "Content-Encoding", "gzip");
	if (etag != NULL)
		MHD_add_response_header(r, "ETag", etag);
	if (a->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(r, "Allow", "GET, HEAD");
	if (a->status == MHD_HTTP_SERVICE_UNAVAILABLE)
		MHD_add_response_header(r, "Retry-After", "5");
	return r;
}

static enum MHD_Result
send_answer(struct MHD_Connection *c, const struct http_answer *a, const char *etag)
{
	struct MHD_Response *r = response_of(a, etag);
	enum MHD_Result sent;

	if (r == NULL)
		return MHD_NO;
	sent = MHD_queue_response(c, a->status, r);
	MHD_destroy_response(r);
	return sent;
}

/* A fault that is found here, before any handler. */
static enum MHD_Result
refuse(struct MHD_Connection *c, unsigned status, const char *problem)
{
	struct http_answer a = { .status = status, .type = "application/problem+json",
		.body = problem, .len = strlen(problem) };

	return send_answer(c, &a, NULL);
}

static enum MHD_Result
send_stream(struct stream *s, struct MHD_Connection *c)
{
	struct MHD_Response *r = stream_response(s, c);
	enum MHD_Result sent;

	if (r == NULL)
		return MHD_NO;
	put_headers(r);
	MHD_add_response_header(r, "Content-Type", "text/event-stream");
	sent = MHD_queue_response(c, MHD_HTTP_OK, r);
	MHD_destroy_response(r);
	return sent;
}

/* --- checks ------------------------------------------------------------------------------- */

static const char *
header(struct MHD_Connection *c, const char *name)
{
	return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

/* Is it a name or number of this machine alone? A page elsewhere whose name was made to
 * point here sends its own. */
static bool
is_local(const char *host)
{
	static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		size_t n = strlen(names[i]);
		const char *port = host + n + 1;

		if (strncasecmp(host, names[i], n) != 0)
			continue;
		if (host[n] == '\0' ||
		    (host[n] == ':' && strspn(port, "0123456789") == strlen(port)))
			return true;
	}
	return strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.:") == strlen(host);
}

static bool
same_tag(const char *wanted, const char *etag)
{
	return wanted != NULL && (strcmp(wanted, "*") == 0 || strstr(wanted, etag) != NULL);
}

static void
put_tag(const struct http_answer *a, char etag[24])
{
	snprintf(etag, 24, "\"%016llx\"",
	         (unsigned long long)hash_bytes(a->body, a->len, a->gzip));
}

/* --- answers that are kept ---------------------------------------------------------------- */

static void
forget(struct http *h)
{
	for (unsigned i = 0; i < h->n_kept; i++) {
		free(h->kept[i].asked);
		MHD_destroy_response(h->kept[i].response); /* those under way live on */
	}
	h->n_kept = 0;
	h->kept_bytes = 0;
}

static uint64_t
hash_of(const char *target, bool gzip)
{
	return hash_bytes(target, strlen(target), gzip);
}

static const struct kept *
find(struct http *h, const char *target, bool gzip)
{
	uint64_t hash = hash_of(target, gzip);
	int64_t state;

	if (h->opt.state == NULL)
		return NULL;
	state = h->opt.state(h->opt.ctx);
	if (state != h->state)
		forget(h);
	h->state = state;
	for (unsigned i = 0; i < h->n_kept; i++)
		if (h->kept[i].hash == hash && strcmp(h->kept[i].asked, target) == 0)
			return &h->kept[i];
	return NULL;
}

/* True: it is, and the response with it. */
static bool
keep(struct http *h, const char *target, bool gzip, const struct kept *answer, size_t len)
{
	struct kept *k;

	if (h->opt.state == NULL || len > KEPT_BYTES / 4)
		return false;
	if (h->n_kept == KEPT_MOST || h->kept_bytes + len > KEPT_BYTES)
		forget(h);
	k = &h->kept[h->n_kept];
	*k = *answer;
	k->asked = strdup(target);
	if (k->asked == NULL)
		return false;
	k->hash = hash_of(target, gzip);
	h->kept_bytes += len;
	h->n_kept++;
	return true;
}

static enum MHD_Result
send_kept(struct MHD_Connection *c, const struct kept *k)
{
	struct http_answer same = { .status = MHD_HTTP_NOT_MODIFIED, .body = "" };

	if (same_tag(header(c, "If-None-Match"), k->etag))
		return send_answer(c, &same, k->etag);
	return MHD_queue_response(c, MHD_HTTP_OK, k->response);
}

/* Answers, and keeps it. */
static enum MHD_Result
send_new(struct http *h, struct MHD_Connection *c, const char *target,
         const struct http_request *q, const struct http_answer *a)
{
	enum MHD_Result sent;
	struct kept k = { .asked = NULL };

	put_tag(a, k.etag);
	k.response = response_of(a, k.etag);
	if (k.response == NULL)
		return MHD_NO;
	sent = send_kept(c, &k);
	if (!keep(h, target, q->gzip, &k, a->len))
		MHD_destroy_response(k.response);
	return sent;
}

static bool
is_own(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *i =
	    MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (i == NULL)
		return false;
	memcpy(&v4, i->client_addr, sizeof v4);
	if (v4.sin_family == AF_INET)
		return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
	memcpy(&v6, i->client_addr, sizeof v6);
	return v4.sin_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

static struct http_request
request_of(struct MHD_Connection *c, const char *method, const struct call *call)
{
	static const char bearer[] = "Bearer ";
	const char *accepts = header(c, "Accept-Encoding"), *token = header(c, "Authorization");
	struct http_request q = { .method = strcmp(method, "HEAD") == 0 ? "GET" : method,
		.body = call->body != NULL ? call->body : "", .own = is_own(c),
		.gzip = accepts != NULL && strstr(accepts, "gzip") != NULL };

	if (token != NULL && strncmp(token, bearer, sizeof bearer - 1) == 0)
		q.token = token + sizeof bearer - 1;
	return q;
}

static enum MHD_Result
serve(struct http *h, struct MHD_Connection *c, const char *method, const struct call *call)
{
	struct http_request q = request_of(c, method, call);
	struct http_answer a = { .status = MHD_HTTP_INTERNAL_SERVER_ERROR };
	const char *target = call->target;
	bool reads = strcmp(q.method, "GET") == 0;
	const struct kept *k = reads ? find(h, target, q.gzip) : NULL;
	char path[TARGET_MOST + 1], *query;

	if (k != NULL)
		return send_kept(c, k);
	strcpy(path, target);
	query = strchr(path, '?');
	if (query != NULL) {
		*query = '\0';
		q.query = query + 1;
	}
	q.path = path;
	if (reads && h->stream != NULL && strcmp(path, h->opt.stream) == 0)
		return send_stream(h->stream, c);
	h->opt.handler(h->opt.ctx, &q, &a);
	return reads && a.status == MHD_HTTP_OK ? send_new(h, c, target, &q, &a) :
	                                          send_answer(c, &a, NULL);
}

/* Some bytes of a body: kept up to the limit, else passed over. */
static void
take_body(const struct http *h, struct call *call, const char *bytes, size_t len)
{
	char *more;

	if (h->opt.body_most == 0)
		return;
	if (call->len + len > h->opt.body_most ||
	    (more = realloc(call->body, call->len + len + 1)) == NULL) {
		call->long_body = true;
		return;
	}
	call->body = more;
	memcpy(call->body + call->len, bytes, len);
	call->len += len;
	call->body[call->len] = '\0';
}

static bool
is_known(const struct http *h, const char *method)
{
	static const char *const known[] = { "GET", "HEAD", "PUT", "DELETE" };

	for (size_t i = 0; i < (h->opt.body_most > 0 ? 4 : 2); i++)
		if (strcmp(method, known[i]) == 0)
			return true;
	return false;
}

static enum MHD_Result
on_request(void *ctx, struct MHD_Connection *c, const char *url, const char *method,
           const char *version, const char *upload, size_t *upload_len, void **state)
{
	struct http *h = ctx;
	struct call *call = *state;
	const char *host = header(c, "Host");

	(void)url;
	(void)version;
	if (call == NULL)
		return MHD_NO;
	if (*upload_len > 0) {
		take_body(h, call, upload, *upload_len);
		*upload_len = 0;
		return MHD_YES;
	}
	if (!call->begun) { /* the headers; the answer comes with the next call */
		call->begun = true;
		return MHD_YES;
	}
	if (call->target == NULL)
		return refuse(c, MHD_HTTP_URI_TOO_LONG,
		              "{\"type\":\"/problems/too-long\",\"title\":\"Address too long\","
		              "\"status\":414,\"detail\":\"at most 2048 bytes\"}");
	if (h->loopback && (host == NULL || !is_local(host)))
		return refuse(c, MHD_HTTP_MISDIRECTED_REQUEST,
		              "{\"type\":\"/problems/host\",\"title\":\"Not this host\","
		              "\"status\":421,\"detail\":\"this server listens for its own "
		              "machine only: use http://127.0.0.1 or localhost\"}");
	if (call->long_body)
		return refuse(c, MHD_HTTP_CONTENT_TOO_LARGE,
		              "{\"type\":\"/problems/too-long\",\"title\":\"Body too long\","
		              "\"status\":413}");
	if (!is_known(h, method))
		return refuse(c, MHD_HTTP_METHOD_NOT_ALLOWED,
		              "{\"type\":\"/problems/method\",\"title\":\"Method not allowed\","
		              "\"status\":405,\"detail\":\"use GET or HEAD\"}");
	return serve(h, c, method, call);
}

/* The target as it came: MHD's own would have lost the difference of / and %2F. */
static void *
on_target(void *ctx, const char *target, struct MHD_Connection *c)
{
	struct call *call = calloc(1, sizeof *call);

	(void)ctx;
	(void)c;
	if (call != NULL && strlen(target) <= TARGET_MOST)
		call->target = strdup(target);
	return call;
}

static void
on_done(void *ctx, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode code)
{
	struct call *call = *state;

	(void)ctx;
	(void)c;
	(void)code;
	if (call != NULL) {
		free(call->target);
		free(call->body);
	}
	free(call);
	*state = NULL;
}

/* --- listening ---------------------------------------------------------------------------- */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static bool
read_address(const struct http_options *opt, union address *to, socklen_t *len, bool *loopback)
{
	memset(to, 0, sizeof *to);
	if (inet_pton(AF_INET, opt->address, &to->v4.sin_addr) == 1) {
		to->v4.sin_family = AF_INET;
		*len = sizeof to->v4;
		*loopback = ntohl(to->v4.sin_addr.s_addr) >> 24 == 127;
		return true;
	}
	to->v6.sin6_family = AF_INET6;
	*len = sizeof to->v6;
	if (inet_pton(AF_INET6, opt->address, &to->v6.sin6_addr) != 1)
		return false;
	*loopback = IN6_IS_ADDR_LOOPBACK(&to->v6.sin6_addr);
	return true;
}

static uint16_t *
port_of(union address *at)
{
	return at->any.sa_family == AF_INET ? &at->v4.sin_port : &at->v6.sin6_port;
}

/* A listening socket on the first port that is free, or -1 and errno. */
static int
listen_on(const struct http_options *opt, union address *at, socklen_t len)
{
	int one = 1, fd = -1;

	for (unsigned i = 0; fd < 0 && i < opt->ports && opt->port + i <= UINT16_MAX; i++) {
		*port_of(at) = htons((uint16_t)(opt->port + i));
		fd = socket(at->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (fd < 0)
			return -1;
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
		if (bind(fd, &at->any, len) == 0 && listen(fd, BACKLOG) == 0)
			break;
		one = errno;
		close(fd);
		errno = one;
		one = 1;
		fd = -1;
		if (errno != EADDRINUSE)
			break;
	}
	return fd;
}

static int
fail_listen(const struct http_options *opt, char why[HTTP_WHY])
{
	if (errno == EADDRINUSE) {
		snprintf(why, HTTP_WHY, "%s port %u is taken (name another with --listen, or let "
		                        "--port-search find the next free one)",
		         opt->address, opt->port);
		return ERR_STORE;
	}
	snprintf(why, HTTP_WHY, "cannot listen on %s port %u: %s", opt->address, opt->port,
	         strerror(errno));
	return errno == EACCES ? ERR_PERMISSION : errno == EADDRNOTAVAIL ? ERR_USAGE : ERR_IO;
}

static struct MHD_Daemon *
start(struct http *h, int fd)
{
	return MHD_start_daemon(
	    MHD_USE_EPOLL_INTERNAL_THREAD |
	        (h->stream != NULL ? MHD_ALLOW_SUSPEND_RESUME : 0), 0, NULL, NULL, on_request, h,
	    MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_URI_LOG_CALLBACK, on_target, NULL,
	    MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL,
	    MHD_OPTION_CONNECTION_LIMIT, h->opt.connections,
	    MHD_OPTION_CONNECTION_TIMEOUT, h->opt.timeout_s,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADERS_MOST,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
}

int
http_start(const struct http_options *opt, struct http **out, char why[HTTP_WHY])
{
	struct http *h = calloc(1, sizeof *h);
	union address at;
	socklen_t len;
	int fd;

	*out = NULL;
	if (h == NULL)
		abort();
	h->opt = *opt;
	if (!read_address(opt, &at, &len, &h->loopback)) {
		snprintf(why, HTTP_WHY, "'%s' is no address (write 127.0.0.1 or ::1)",
		         opt->address);
		free(h);
		return ERR_USAGE;
	}
	fd = listen_on(opt, &at, len);
	if (fd < 0) {
		free(h);
		return fail_listen(opt, why);
	}
	if (getsockname(fd, &at.any, &len) == 0)
		h->port = ntohs(*port_of(&at));
	if (opt->stream != NULL)
		h->stream = stream_new();
	h->daemon = start(h, fd);
	if (h->daemon == NULL) {
		snprintf(why, HTTP_WHY, "cannot start the server: %s", strerror(errno));
		close(fd);
		stream_free(h->stream);
		free(h);
		return ERR_IO;
	}
	*out = h;
	return 0;
}

uint16_t
http_port(const struct http *h)
{
	return h->port;
}

void
http_publish(struct http *h, const char *event, const char *data)
{
	if (h->stream != NULL)
		stream_publish(h->stream, event, data);
}

/* Those who listen are told that it is over, as far as they take it. */
static void
end_stream(struct stream *s)
{
	const struct timespec rest = { 0, 10000000 };

	stream_end(s);
	for (int i = 0; i < 30 && stream_listeners(s) > 0; i++)
		nanosleep(&rest, NULL);
}

void
http_stop(struct http *h)
{
	if (h == NULL)
		return;
	if (h->stream != NULL)
		end_stream(h->stream);
	MHD_stop_daemon(h->daemon);
	stream_free(h->stream);
	forget(h);
	free(h);
}
