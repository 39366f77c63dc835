-- Times are integer microseconds, UTC since 1970; _lo and _hi bound what _best says, NULL is
-- unknown or open. Peers are keyed hashes of addresses; address is NULL unless asked for.
-- SPDX-License-Identifier: Apache-2.0

CREATE TABLE schema_version (
	version INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	checksum TEXT NOT NULL,     -- SHA-256 of the migration
	applied_us INTEGER NOT NULL
) STRICT;

CREATE TABLE vantage (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,  -- "input:" and the SHA-256 of its inputs' SHA-256s
	first_us INTEGER, last_us INTEGER
) STRICT;

CREATE TABLE input (
	sha256 TEXT NOT NULL,
	vantage INTEGER NOT NULL REFERENCES vantage (id) ON DELETE CASCADE,
	place INTEGER NOT NULL,     -- among the inputs of one analysis
	name TEXT NOT NULL,         -- the file's, without its folders
	bytes INTEGER NOT NULL,
	PRIMARY KEY (vantage, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX input_by_sha256 ON input (sha256);

CREATE TABLE channel (
	id INTEGER NOT NULL,        -- hash of the key
	vantage INTEGER NOT NULL REFERENCES vantage (id) ON DELETE CASCADE,
	channel_key TEXT NOT NULL,  -- protocol:hex of the channel's id
	protocol TEXT NOT NULL,
	name TEXT,
	chunk_lo_us INTEGER, chunk_best_us INTEGER, chunk_hi_us INTEGER,
	bitrate_kbps INTEGER,
	head INTEGER,
	playhead_model TEXT NOT NULL,
	prebuffer_us INTEGER NOT NULL, prebuffer_bytes INTEGER NOT NULL,
	source_key INTEGER,         -- the source's peer key
	alias_of INTEGER,           -- the channel it was merged into
	known INTEGER NOT NULL,     -- peers that anybody has spoken of
	PRIMARY KEY (id, vantage)
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
	channel INTEGER NOT NULL,
	vantage INTEGER NOT NULL REFERENCES vantage (id) ON DELETE CASCADE,
	peer_key INTEGER NOT NULL,
	port INTEGER NOT NULL,
	run INTEGER NOT NULL,
	address TEXT,
	joined_lo_us INTEGER, joined_best_us INTEGER NOT NULL, joined_hi_us INTEGER,
	playing_lo_us INTEGER, playing_best_us INTEGER, playing_hi_us INTEGER,
	left_lo_us INTEGER, left_best_us INTEGER, left_hi_us INTEGER,
	startup_lo_us INTEGER, startup_best_us INTEGER, startup_hi_us INTEGER,
	switch_lo_us INTEGER, switch_best_us INTEGER, switch_hi_us INTEGER,
	switched_from INTEGER,
	stall_lo_us INTEGER, stall_best_us INTEGER, stall_hi_us INTEGER,
	stalls INTEGER NOT NULL, pauses INTEGER NOT NULL, skips INTEGER NOT NULL,
	skipped_chunks INTEGER NOT NULL, reboots INTEGER NOT NULL,
	played_us INTEGER NOT NULL,
	chunks_passed INTEGER NOT NULL, chunks_missed INTEGER NOT NULL,
	lag_us INTEGER, buffer_us INTEGER,
	mos REAL,
	maps INTEGER NOT NULL,
	end_reason TEXT NOT NULL,
	left_censored INTEGER NOT NULL, source INTEGER NOT NULL,
	PRIMARY KEY (channel, peer_key, port, run, vantage)
) STRICT, WITHOUT ROWID;
CREATE INDEX session_by_time ON session (channel, joined_best_us);

CREATE TABLE event (
	channel INTEGER NOT NULL,
	vantage INTEGER NOT NULL REFERENCES vantage (id) ON DELETE CASCADE,
	peer_key INTEGER NOT NULL,
	port INTEGER NOT NULL,
	run INTEGER NOT NULL,
	kind TEXT NOT NULL,
	ordinal INTEGER NOT NULL,
	at_lo_us INTEGER, at_best_us INTEGER, at_hi_us INTEGER,
	duration_lo_us INTEGER, duration_best_us INTEGER, duration_hi_us INTEGER,
	chunks INTEGER NOT NULL,
	PRIMARY KEY (channel, peer_key, port, run, kind, ordinal, vantage)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_by_time ON event (channel, kind, at_best_us);

CREATE TABLE retrieval (
	channel INTEGER NOT NULL,
	vantage INTEGER NOT NULL REFERENCES vantage (id) ON DELETE CASCADE,
	shard INTEGER NOT NULL,
	bucket INTEGER NOT NULL,    -- the last one: at the play deadline
	age_us INTEGER NOT NULL,
	held INTEGER NOT NULL, eligible INTEGER NOT NULL,
	PRIMARY KEY (channel, bucket, shard, vantage)
) STRICT, WITHOUT ROWID;

CREATE TABLE map_snapshot (
	channel INTEGER NOT NULL,
	vantage INTEGER NOT NULL REFERENCES vantage (id) ON DELETE CASCADE,
	peer_key INTEGER NOT NULL,
	port INTEGER NOT NULL,
	t_us INTEGER NOT NULL,
	first INTEGER NOT NULL,     -- chunk of the first bit
	width INTEGER NOT NULL,
	bits BLOB,                  -- lowest bit of the first byte first; NULL: all of them
	play INTEGER,
	PRIMARY KEY (channel, t_us, peer_key, port, vantage)
) STRICT, WITHOUT ROWID;
