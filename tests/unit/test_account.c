/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "probe/account.h"
#include "probe/audit.h"
#include "record/observation.h"

#define S_NS INT64_C(1000000000)
#define MAX 64

struct told {
	struct obs_sink sink; /* first */
	struct observation o[MAX];
	unsigned n;
	uint64_t bytes;
};

static void
put(struct obs_sink *self, const struct observation *o)
{
	struct told *t = (struct told *)self;

	assert_int_equal(o->kind, OBS_FLOW);
	assert_true(t->n < MAX);
	t->bytes += o->u.flow.bytes + o->u.flow.reply_bytes;
	t->o[t->n++] = *o;
}

static struct endpoint
host(uint32_t i, uint16_t port)
{
	return endpoint_ipv4(0x0a000000 + i, port);
}

static void
packet(struct account *a, struct endpoint from, struct endpoint to, uint8_t own, uint64_t bytes,
       int64_t t_ns)
{
	account_packet(a, &(struct account_packet){ .src = &from, .dst = &to, .transport = 17,
		.own = own, .sum = { 1, bytes }, .t_ns = t_ns });
}

static void
a_flow_is_told_once_with_both_ways(void **state)
{
	struct told t = { .sink.put = put };
	struct account *a = account_new(&(struct account_options){ .no_dpi = true }, &t.sink);

	(void)state;
	packet(a, host(2, 5), host(1, 9), 0, 100, S_NS);
	packet(a, host(1, 9), host(2, 5), 0, 50, 2 * S_NS);
	packet(a, host(2, 5), host(1, 9), 3, 25, 3 * S_NS);
	account_end(a);
	assert_int_equal(t.n, 1);
	assert_int_equal(t.o[0].peer.port, 5); /* who began it */
	assert_int_equal(t.o[0].u.flow.bytes, 125);
	assert_int_equal(t.o[0].u.flow.reply_bytes, 50);
	assert_int_equal(t.o[0].u.flow.packets, 2);
	assert_int_equal(t.o[0].u.flow.first_ns, S_NS);
	assert_int_equal(t.o[0].t_ns, 3 * S_NS);
	assert_int_equal(t.o[0].protocol, 3);
	assert_int_equal(t.o[0].u.flow.confidence, DPI_OWN);
	assert_int_equal(t.o[0].u.flow.began, 1);
	account_free(a);
}

static void
a_long_flow_is_told_in_parts(void **state)
{
	struct told t = { .sink.put = put };
	struct account *a = account_new(&(struct account_options){ .no_dpi = true }, &t.sink);

	(void)state;
	for (int64_t s = 0; s <= 50; s++)
		packet(a, host(1, 5), host(2, 9), 0, 10, s * S_NS);
	account_end(a);
	assert_true(t.n >= 3);
	assert_int_equal(t.bytes, 510);
	for (unsigned i = 0; i < t.n; i++)
		assert_int_equal(t.o[i].u.flow.began, i == 0);
	account_free(a);
}

static void
a_silent_flow_is_over_and_a_full_table_tells_whom_it_drops(void **state)
{
	struct told t = { .sink.put = put };
	struct account *a = account_new(&(struct account_options){ .no_dpi = true, .slots = 4 },
	                                &t.sink);

	(void)state;
	packet(a, host(1, 5), host(2, 9), 0, 10, 0);
	packet(a, host(1, 6), host(2, 9), 0, 10, ACCOUNT_IDLE_NS + S_NS);
	assert_int_equal(t.n, 1);
	for (uint16_t port = 10; port < 20; port++)
		packet(a, host(1, port), host(2, 9), 0, 10, ACCOUNT_IDLE_NS + 2 * S_NS);
	assert_int_equal(account_counts(a).evicted, 7);
	account_end(a);
	assert_int_equal(t.bytes, 120);
	assert_int_equal(account_counts(a).flows, 12);
	account_free(a);
}

static struct rules *
rules(const char *text, int wanted, const char *says)
{
	char path[] = "rules-XXXXXX", why[RULES_WHY] = "";
	int fd = mkstemp(path);
	struct rules *r;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_int_equal(rules_read(path, &r, why), wanted);
	unlink(path);
	if (says != NULL && strstr(why, says) == NULL)
		fail_msg("'%s' does not say '%s'", why, says);
	return r;
}

static void
the_user_s_rules_fit_ports_and_prefixes_of_both_families(void **state)
{
	struct rules *r = rules("# ours\nudp 7000-7010 Our swarm\nany 2001:db8::/32  Lab\n"
	                        "tcp 80 Web\n", 0, NULL);
	struct endpoint v6 = endpoint_ipv6((const uint8_t[16]){ 0x20, 1, 0x0d, 0xb8 }, 1);
	struct endpoint other = host(1, 2), swarm = host(2, 7005), web = host(2, 80);
	uint16_t app;

	(void)state;
	assert_true(rules_find(r, 17, &other, &swarm, &app));
	assert_string_equal(rules_name(r, app), "Our swarm");
	assert_false(rules_find(r, 6, &other, &swarm, &app));
	assert_true(rules_find(r, 6, &v6, &other, &app));
	assert_string_equal(rules_name(r, app), "Lab");
	assert_true(rules_find(r, 6, &web, &other, &app));
	assert_false(rules_find(r, 17, &web, &other, &app));
	assert_null(rules_name(r, 80));
	rules_free(r);
	rules("udp 7000\n", ERR_CONFIG, ":1: a rule has three parts");
	rules("udp 1 A\nsctp 7000 X\n", ERR_CONFIG, ":2: 'sctp'");
	rules("udp 0-5 X\n", ERR_CONFIG, "neither ports");
	rules("udp 9-5 X\n", ERR_CONFIG, "neither ports");
	rules("udp 65536 X\n", ERR_CONFIG, "neither ports");
	rules("any 10.0.0.1/8 X\n", ERR_CONFIG, "neither ports");
}

static void
classes_add_up_each_way(void **state)
{
	struct audit *a = audit_new(&(struct audit_options){ .networks = NULL });
	struct told t = { .sink.put = put };
	struct account *flows = account_new(&(struct account_options){ .no_dpi = true }, &t.sink);
	const struct audit_row *row;
	uint64_t bytes = 0, began = 0;
	size_t n;

	(void)state;
	for (uint16_t port = 1; port <= 20; port++) {
		packet(flows, host(1, port), host(2, 9), 0, 100, S_NS);
		packet(flows, host(2, 9), host(1, port), 0, 10, S_NS);
	}
	account_end(flows);
	for (unsigned i = 0; i < t.n; i++)
		audit_sink(a)->put(audit_sink(a), &t.o[i]);
	row = audit_rows(a, &n);
	for (size_t i = 0; i < n; i++) {
		bytes += row[i].bytes;
		began += row[i].flows;
	}
	assert_int_equal(bytes, 2200);
	assert_int_equal(began, 20);
	audit_clear(a);
	audit_rows(a, &n);
	assert_int_equal(n, 0);
	account_free(flows);
	audit_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flow_is_told_once_with_both_ways),
		cmocka_unit_test(a_long_flow_is_told_in_parts),
		cmocka_unit_test(a_silent_flow_is_over_and_a_full_table_tells_whom_it_drops),
		cmocka_unit_test(the_user_s_rules_fit_ports_and_prefixes_of_both_families),
		cmocka_unit_test(classes_add_up_each_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
