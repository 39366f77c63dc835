/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/reader.h"
#include "base/writer.h"

static const uint8_t bytes[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

static void
numbers_read_in_both_byte_orders(void **state)
{
	struct reader r = reader_over(bytes, 15);

	(void)state;
	assert_int_equal(reader_u8(&r), 1);
	assert_int_equal(reader_be16(&r), 0x0203);
	assert_int_equal(reader_be32(&r), 0x04050607);
	assert_true(reader_be64(&r) == UINT64_C(0x08090a0b0c0d0e0f));
	assert_int_equal(reader_left(&r), 0);
	r = reader_over(bytes, 14);
	assert_int_equal(reader_le16(&r), 0x0201);
	assert_int_equal(reader_le32(&r), 0x06050403);
	assert_true(reader_le64(&r) == UINT64_C(0x0e0d0c0b0a090807));
	assert_false(r.failed);
}

static void
a_read_past_the_end_gives_zero_and_stays_failed(void **state)
{
	struct reader r = reader_over(bytes, 3);

	(void)state;
	assert_int_equal(reader_be32(&r), 0);
	assert_true(r.failed);
	assert_int_equal(reader_left(&r), 0);
	assert_int_equal(reader_u8(&r), 0);
	assert_null(reader_take(&r, 0));
	assert_true(r.failed);
}

static void
a_read_up_to_the_end_does_not_fail(void **state)
{
	struct reader r = reader_over(bytes, 4);

	(void)state;
	assert_int_equal(reader_be32(&r), 0x01020304);
	assert_non_null(reader_take(&r, 0));
	assert_false(r.failed);
	assert_null(reader_take(&r, 1));
	assert_true(r.failed);
}

static void
lengths_do_not_wrap(void **state)
{
	struct reader r = reader_over(bytes, 4);

	(void)state;
	reader_u8(&r);
	assert_null(reader_take(&r, SIZE_MAX));
	assert_true(r.failed);
}

static void
nothing_may_be_read_of_nothing(void **state)
{
	struct reader r = reader_over(NULL, 0);

	(void)state;
	reader_take(&r, 0);
	assert_false(r.failed);
	assert_int_equal(reader_u8(&r), 0);
	assert_true(r.failed);
}

static void
a_sub_reader_cannot_leave_its_part(void **state)
{
	struct reader r = reader_over(bytes, 16), sub = reader_sub(&r, 2);

	(void)state;
	assert_int_equal(reader_left(&r), 14);
	assert_int_equal(reader_be32(&sub), 0);
	assert_true(sub.failed);
	assert_false(r.failed);
	assert_int_equal(reader_u8(&r), 3);
}

static void
a_sub_reader_that_does_not_fit_is_failed_and_empty(void **state)
{
	struct reader r = reader_over(bytes, 4), sub = reader_sub(&r, 5);

	(void)state;
	assert_true(r.failed && sub.failed);
	assert_int_equal(reader_left(&sub), 0);
	assert_int_equal(reader_u8(&sub), 0);
}

static void
what_is_written_reads_back(void **state)
{
	uint8_t buf[32];
	struct writer w = writer_over(buf, sizeof buf);
	struct reader r;

	(void)state;
	writer_u8(&w, 0xfe);
	writer_be16(&w, 0x1234);
	writer_be32(&w, 0xdeadbeef);
	writer_be64(&w, UINT64_C(0x0123456789abcdef));
	writer_le16(&w, 0x1234);
	writer_le32(&w, 0xdeadbeef);
	writer_le64(&w, UINT64_C(0x0123456789abcdef));
	writer_bytes(&w, "abc", 3);
	assert_int_equal(writer_len(&w), 32);
	assert_false(w.failed);
	r = reader_over(buf, writer_len(&w));
	assert_int_equal(reader_u8(&r), 0xfe);
	assert_int_equal(reader_be16(&r), 0x1234);
	assert_int_equal(reader_be32(&r), 0xdeadbeef);
	assert_true(reader_be64(&r) == UINT64_C(0x0123456789abcdef));
	assert_int_equal(reader_le16(&r), 0x1234);
	assert_int_equal(reader_le32(&r), 0xdeadbeef);
	assert_true(reader_le64(&r) == UINT64_C(0x0123456789abcdef));
	assert_memory_equal(reader_take(&r, 3), "abc", 3);
}

static void
a_write_that_does_not_fit_writes_nothing_and_stays_failed(void **state)
{
	uint8_t buf[4] = { 9, 9, 9, 9 };
	struct writer w = writer_over(buf, 3);

	(void)state;
	writer_be32(&w, 0);
	assert_true(w.failed);
	writer_u8(&w, 1);
	writer_bytes(&w, "", 0);
	assert_null(writer_give(&w, 0));
	assert_int_equal(writer_len(&w), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(buf[i], 9);
}

static void
a_write_up_to_the_end_does_not_fail(void **state)
{
	uint8_t buf[4] = { 9, 9, 9, 9 };
	struct writer w = writer_over(buf, 3);

	(void)state;
	writer_bytes(&w, "xyz", 3);
	assert_false(w.failed);
	assert_null(writer_give(&w, SIZE_MAX));
	assert_true(w.failed);
	assert_int_equal(buf[3], 9);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_read_in_both_byte_orders),
		cmocka_unit_test(a_read_past_the_end_gives_zero_and_stays_failed),
		cmocka_unit_test(a_read_up_to_the_end_does_not_fail),
		cmocka_unit_test(lengths_do_not_wrap),
		cmocka_unit_test(nothing_may_be_read_of_nothing),
		cmocka_unit_test(a_sub_reader_cannot_leave_its_part),
		cmocka_unit_test(a_sub_reader_that_does_not_fit_is_failed_and_empty),
		cmocka_unit_test(what_is_written_reads_back),
		cmocka_unit_test(a_write_that_does_not_fit_writes_nothing_and_stays_failed),
		cmocka_unit_test(a_write_up_to_the_end_does_not_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
