-- What a report needs besides, so that the rows alone give the same figures again.
-- SPDX-License-Identifier: Apache-2.0

ALTER TABLE vantage ADD COLUMN report TEXT;  -- of the input as a whole, as JSON
ALTER TABLE vantage ADD COLUMN prebuffer_us INTEGER; -- that players were taken to have
ALTER TABLE vantage ADD COLUMN prebuffer_from TEXT;
ALTER TABLE channel ADD COLUMN source_port INTEGER NOT NULL DEFAULT 0;
ALTER TABLE channel ADD COLUMN source_address TEXT;
ALTER TABLE channel ADD COLUMN skip_window INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN peer_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN startup_reasons INTEGER NOT NULL DEFAULT 0; -- bits: why so wide
ALTER TABLE session ADD COLUMN switch_reasons INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN stall_reasons INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN mos_delay REAL;
ALTER TABLE session ADD COLUMN mos_rate REAL;
ALTER TABLE session ADD COLUMN mos_count REAL;
ALTER TABLE event ADD COLUMN duration_reasons INTEGER NOT NULL DEFAULT 0;

-- Samples of playback lag in logarithmic bins, of all sessions.
CREATE TABLE lag (
	channel INTEGER NOT NULL,
	vantage INTEGER NOT NULL REFERENCES vantage (id) ON DELETE CASCADE,
	bin INTEGER NOT NULL,
	samples INTEGER NOT NULL,
	PRIMARY KEY (channel, bin, vantage)
) STRICT, WITHOUT ROWID;

-- Chunks that came to a viewer between two ages.
CREATE TABLE came (
	channel INTEGER NOT NULL,
	vantage INTEGER NOT NULL REFERENCES vantage (id) ON DELETE CASCADE,
	shard INTEGER NOT NULL,
	first INTEGER NOT NULL, last INTEGER NOT NULL,
	chunks INTEGER NOT NULL,
	PRIMARY KEY (channel, first, last, shard, vantage)
) STRICT, WITHOUT ROWID;

-- The retrieval curve of a group of viewers, for how far a sample may be off.
CREATE TABLE retrieval_group (
	channel INTEGER NOT NULL,
	vantage INTEGER NOT NULL REFERENCES vantage (id) ON DELETE CASCADE,
	shard INTEGER NOT NULL,
	viewers INTEGER NOT NULL,   -- which group
	bucket INTEGER NOT NULL,
	held INTEGER NOT NULL, eligible INTEGER NOT NULL,
	PRIMARY KEY (channel, viewers, bucket, shard, vantage)
) STRICT, WITHOUT ROWID;
