/* SPDX-License-Identifier: Apache-2.0 */
#include "record/sso.h"

#include <string.h>

#include "base/err.h"
#include "record/codec.h"

#define BODY_MAX (10u + SSO_MAX_VANTAGE) /* bytes of a head's body, as we write it */

static const uint8_t magic[4] = { 'S', 'S', 'O', '1' };

_Static_assert(SSO_BLOCK_BYTES <= BLOCKFILE_MAX_RAW, "a block fits its space");
_Static_assert(BODY_MAX <= BLOCKFILE_MAX_BODY, "a head fits");

static struct blockfile_head
make_head(const struct sso_meta *meta, uint8_t body[BODY_MAX])
{
	struct blockfile_head head = { .version = SSO_VERSION, .body = body };
	struct writer w = writer_over(body, BODY_MAX);
	size_t len = strnlen(meta->vantage, SSO_MAX_VANTAGE);

	memcpy(head.magic, magic, sizeof magic);
	writer_le64(&w, (uint64_t)meta->start_ns);
	writer_u8(&w, meta->clock);
	writer_u8(&w, (uint8_t)len);
	writer_bytes(&w, meta->vantage, len);
	head.len = (uint16_t)writer_len(&w);
	return head;
}

/* What follows the vantage is a newer version's. */
static int
read_head(const struct blockfile_head *head, struct sso_meta *out)
{
	struct reader r = reader_over(head->body, head->len);
	struct sso_meta meta;
	const uint8_t *vantage;
	size_t len;

	memset(&meta, 0, sizeof meta);
	meta.start_ns = (int64_t)reader_le64(&r);
	meta.clock = reader_u8(&r);
	len = reader_u8(&r);
	vantage = reader_take(&r, len);
	if (r.failed || meta.clock >= SSO_CLOCKS)
		return ERR_DAMAGED;
	memcpy(meta.vantage, vantage, len);
	*out = meta;
	return 0;
}

static void
put(struct obs_sink *self, const struct observation *o)
{
	sso_writer_put((struct sso_writer *)self, o);
}

static void
begin(struct sso_writer *w, struct blockfile_writer *file)
{
	memset(w, 0, sizeof *w);
	w->sink.put = put;
	w->file = file;
}

int
sso_writer_open(struct sso_writer *w, const char *path, const struct sso_meta *meta)
{
	uint8_t body[BODY_MAX];
	struct blockfile_head head = make_head(meta, body);
	struct blockfile_writer *file;
	int err = blockfile_create(&file, path, &head);

	if (err == 0)
		begin(w, file);
	return err;
}

int
sso_writer_append(struct sso_writer *w, const char *path, const struct sso_meta *meta)
{
	uint8_t body[BODY_MAX];
	struct blockfile_head head = make_head(meta, body);
	struct blockfile_writer *file;
	struct sso_meta there;
	int err = blockfile_append(&file, path, &head);

	if (err != 0)
		return err;
	err = read_head(blockfile_written(file), &there);
	if (err == 0 && (there.clock != meta->clock || strcmp(there.vantage, meta->vantage) != 0))
		err = ERR_USAGE;
	if (err != 0) {
		blockfile_abandon(file);
		return err;
	}
	begin(w, file);
	return 0;
}

int
sso_writer_flush(struct sso_writer *w)
{
	if (w->err == 0)
		w->err = blockfile_put(w->file, (uint64_t)w->first_ns, w->count);
	w->count = 0;
	return w->err;
}

/* Does an observation of this time belong to a later block than the one open? */
static bool
is_full(const struct sso_writer *w, size_t used, int64_t t_ns)
{
	uint64_t since_ns = (uint64_t)t_ns - (uint64_t)w->first_ns;

	return used + CODEC_MAX > SSO_BLOCK_BYTES ||
	       (t_ns > w->first_ns && since_ns >= SSO_BLOCK_NS);
}

int
sso_writer_put(struct sso_writer *w, const struct observation *o)
{
	struct writer *space = blockfile_space(w->file);

	if (w->count > 0 && is_full(w, writer_len(space), o->t_ns))
		sso_writer_flush(w);
	if (w->err != 0)
		return w->err;
	if (!codec_encode(o, space)) {
		w->refused++;
		return 0;
	}
	if (w->count++ == 0)
		w->first_ns = o->t_ns;
	return 0;
}

void
sso_writer_abandon(struct sso_writer *w)
{
	blockfile_abandon(w->file);
	w->file = NULL;
}

int
sso_writer_close(struct sso_writer *w)
{
	int err = sso_writer_flush(w);

	if (err != 0) {
		sso_writer_abandon(w);
		return err;
	}
	err = blockfile_close(w->file);
	w->file = NULL;
	return err;
}

int
sso_reader_open(struct sso_reader *r, const char *path)
{
	struct blockfile_reader *file;
	struct sso_meta meta;
	int err = blockfile_open(&file, path, magic, SSO_VERSION);

	if (err != 0)
		return err;
	err = read_head(blockfile_head(file), &meta);
	if (err != 0) {
		blockfile_free(file);
		return err;
	}
	*r = (struct sso_reader){ .file = file, .meta = meta };
	r->block = reader_over(NULL, 0);
	return 0;
}

static int
next_block(struct sso_reader *r)
{
	struct blockfile_block block;
	int rc;

	r->malformed += r->left > 0 ? 1 : 0; /* it promised more than it held */
	r->left = 0;
	rc = blockfile_next(r->file, &block);
	if (rc == 1) {
		r->block = block.raw;
		r->left = block.count;
	}
	return rc;
}

int
sso_reader_next(struct sso_reader *r, union obs_buf *buf)
{
	int rc;

	for (;;) {
		enum codec_result got = codec_decode(&r->block, buf);

		if (got != CODEC_END && r->left > 0)
			r->left--;
		switch (got) {
		case CODEC_RECORD:
			return 1;
		case CODEC_SKIPPED:
			r->skipped++;
			break;
		case CODEC_SHORT:
			r->block = reader_over(NULL, 0);
			r->malformed++;
			break;
		case CODEC_MALFORMED:
			r->malformed++;
			break;
		case CODEC_END:
			rc = next_block(r);
			if (rc != 1)
				return rc;
			break;
		}
	}
}

uint64_t
sso_reader_lost(const struct sso_reader *r)
{
	return blockfile_lost(r->file);
}

void
sso_reader_close(struct sso_reader *r)
{
	blockfile_free(r->file);
	r->file = NULL;
}
