/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/inputs.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "probe/pages.h"

struct input {
	struct capture *capture;    /* owned */
	struct capture_packet next; /* unless asleep */
	int64_t next_ns, first_ns;
	int error;   /* met when it was added, not yet told */
	bool asleep; /* closed until its first packet's turn */
	bool ended;
};

struct inputs {
	struct input all[INPUTS_MAX]; /* in the order of arguments */
	size_t n;
	struct input *heap[INPUTS_MAX]; /* those with a next packet, the first on top */
	size_t waiting;                 /* inputs in the heap */
	size_t open;                    /* inputs that are open */
	size_t told;                    /* inputs whose error, if any, was told */
	bool given;                     /* the top's packet is with the caller */
	const char *text;               /* a capture's, or limit_text */
	char limit_text[256];
};

struct inputs *
inputs_new(void)
{
	struct inputs *in = pages_new(1, sizeof *in);

	in->text = "";
	return in;
}

void
inputs_free(struct inputs *in)
{
	if (in == NULL)
		return;
	for (size_t i = 0; i < in->n; i++)
		capture_free(in->all[i].capture);
	pages_free(in, 1, sizeof *in);
}

static bool
goes_before(const struct input *a, const struct input *b)
{
	int names;

	if (a->next_ns != b->next_ns)
		return a->next_ns < b->next_ns;
	if (a->first_ns != b->first_ns)
		return a->first_ns < b->first_ns;
	names = strcmp(capture_path(a->capture), capture_path(b->capture));
	return names != 0 ? names < 0 : a < b;
}

static void
heap_swap(struct inputs *in, size_t i, size_t j)
{
	struct input *t = in->heap[i];

	in->heap[i] = in->heap[j];
	in->heap[j] = t;
}

static void
heap_push(struct inputs *in, struct input *input)
{
	size_t i = in->waiting++;

	in->heap[i] = input;
	for (; i > 0 && goes_before(in->heap[i], in->heap[(i - 1) / 2]); i = (i - 1) / 2)
		heap_swap(in, i, (i - 1) / 2);
}

/* The top's time has changed. */
static void
heap_settle(struct inputs *in)
{
	for (size_t i = 0, child; (child = 2 * i + 1) < in->waiting; i = child) {
		if (child + 1 < in->waiting && goes_before(in->heap[child + 1], in->heap[child]))
			child++;
		if (!goes_before(in->heap[child], in->heap[i]))
			return;
		heap_swap(in, i, child);
	}
}

static void
heap_pop(struct inputs *in)
{
	in->heap[0] = in->heap[--in->waiting];
	heap_settle(in);
}

static int
end_input(struct inputs *in, struct input *input, int got)
{
	if (got < 0)
		in->text = capture_text(input->capture);
	capture_close(input->capture);
	in->open--;
	input->ended = true;
	return got;
}

/* Reads the input's next packet; at its end it is closed. */
static int
read_next(struct inputs *in, struct input *input)
{
	int got = capture_next(input->capture, &input->next, 1);

	if (got != 1)
		return end_input(in, input, got);
	input->next_ns = input->next.t_ns;
	return 1;
}

static int
open_input(struct inputs *in, struct input *input)
{
	int err = capture_open(input->capture);

	if (err != 0) {
		in->text = capture_text(input->capture);
		input->ended = true;
		return err;
	}
	in->open++;
	return read_next(in, input);
}

static int
refuse(struct inputs *in, const char *path)
{
	snprintf(in->limit_text, sizeof in->limit_text,
	         "%.150s: one input too many, the limit is %u (join some with mergecap)", path,
	         INPUTS_MAX);
	in->text = in->limit_text;
	return ERR_LIMIT;
}

int
inputs_add(struct inputs *in, const char *path)
{
	struct input *input = &in->all[in->n];
	int got;

	if (in->n == INPUTS_MAX)
		return refuse(in, path);
	in->n++;
	input->capture = capture_new(path);
	got = open_input(in, input);
	if (got == ERR_TRUNCATED || got == ERR_DAMAGED)
		input->error = got;
	else if (got < 0)
		return got;
	if (got != 1)
		return 0;
	input->first_ns = input->next_ns;
	if (in->open > INPUTS_OPEN && capture_can_reopen(input->capture)) {
		capture_close(input->capture);
		in->open--;
		input->asleep = true;
	}
	heap_push(in, input);
	return 0;
}

/* Errors met when inputs were added, one a call. */
static int
tell_error(struct inputs *in)
{
	while (in->told < in->n) {
		struct input *input = &in->all[in->told++];

		if (input->error != 0) {
			in->text = capture_text(input->capture);
			return input->error;
		}
	}
	return 0;
}

/* Puts the top where its next packet belongs, or takes it out at its end. */
static int
replace_top(struct inputs *in, int got)
{
	if (got == 1)
		heap_settle(in);
	else
		heap_pop(in);
	return got;
}

/* The last input: nothing is to be put in order, so nothing need be kept. */
static int
read_last(struct inputs *in, struct capture_packet *packets, int max, enum link_type *link)
{
	struct input *input = in->heap[0];
	int got = capture_next(input->capture, packets, max);

	if (got < 1) {
		in->given = false;
		heap_pop(in);
		return end_input(in, input, got);
	}
	*link = capture_link(input->capture);
	return got;
}

int
inputs_next(struct inputs *in, struct capture_packet *packets, int max, enum link_type *link)
{
	int err;

	if (in->given && in->waiting == 1 && in->told == in->n)
		return read_last(in, packets, max, link);
	err = tell_error(in);
	if (err < 0)
		return err;
	if (in->given)
		err = replace_top(in, read_next(in, in->heap[0]));
	in->given = false;
	while (err >= 0 && in->waiting > 0 && in->heap[0]->asleep) {
		in->heap[0]->asleep = false;
		err = replace_top(in, open_input(in, in->heap[0]));
	}
	if (err < 0)
		return err;
	if (in->waiting == 0)
		return 0;
	*packets = in->heap[0]->next;
	*link = capture_link(in->heap[0]->capture);
	in->given = true;
	return 1;
}

const char *
inputs_text(const struct inputs *in)
{
	return in->text;
}

void
inputs_progress(const struct inputs *in, uint64_t *done, uint64_t *total)
{
	*done = *total = 0;
	for (size_t i = 0; i < in->n; i++) {
		const struct input *input = &in->all[i];
		uint64_t size = capture_size(input->capture);

		*done += input->ended ? size : capture_position(input->capture);
		*total += size;
	}
}
