/*
 * stream - server-sent events to all who listen, inside net/http.
 *
 *   stream_publish --> a log of the last STREAM_LOG bytes --> each listener at its own pace
 *
 * A listener that falls behind by more than the log goes on with the newest event. Source: HTML
 * Living Standard, 9.2.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <microhttpd.h>

#define STREAM_LOG 65536u

struct stream;

struct stream *stream_new(void);
void stream_free(struct stream *s); /* when no listener is left */

/* Any thread: an event of this name; data is one line. */
void stream_publish(struct stream *s, const char *event, const char *data);

/* An endless response for this connection, in the server's thread; NULL: no memory. */
struct MHD_Response *stream_response(struct stream *s, struct MHD_Connection *c);

/* Lets all listeners end. */
void stream_end(struct stream *s);

unsigned stream_listeners(struct stream *s);

#endif
