-- A vantage that is written while it is read; all traffic that it saw; what its probe missed.
-- SPDX-License-Identifier: Apache-2.0

CREATE TABLE change_log (
	vantage INTEGER PRIMARY KEY REFERENCES vantage (id) ON DELETE CASCADE,
	written_us INTEGER NOT NULL -- when it last was
) STRICT;

-- All traffic by class. Bytes and packets of one direction, flows where the sender began them.
CREATE TABLE traffic (
	vantage INTEGER NOT NULL REFERENCES vantage (id) ON DELETE CASCADE,
	t_us INTEGER NOT NULL,      -- the step's beginning
	step_us INTEGER NOT NULL,
	protocol TEXT NOT NULL,     -- of the application
	confidence TEXT NOT NULL,   -- what that rests on
	transport TEXT NOT NULL,
	from_as INTEGER NOT NULL, to_as INTEGER NOT NULL, -- 0 unknown
	locality TEXT NOT NULL,     -- inside, out, in, outside, unknown
	bytes INTEGER NOT NULL, packets INTEGER NOT NULL, flows INTEGER NOT NULL,
	PRIMARY KEY (vantage, t_us, protocol, confidence, transport, from_as, to_as, locality)
) STRICT, WITHOUT ROWID;

-- A probe's counters since its start.
CREATE TABLE probe_status (
	vantage INTEGER NOT NULL REFERENCES vantage (id) ON DELETE CASCADE,
	t_us INTEGER NOT NULL,
	packets INTEGER NOT NULL, bytes INTEGER NOT NULL,
	dropped INTEGER NOT NULL,            -- by the kernel: no room
	interface_dropped INTEGER NOT NULL,
	lost_observations INTEGER NOT NULL,  -- the ring was full
	undecodable INTEGER NOT NULL, cut INTEGER NOT NULL,
	stream_gaps INTEGER NOT NULL, evicted INTEGER NOT NULL,
	outages INTEGER NOT NULL,
	PRIMARY KEY (vantage, t_us)
) STRICT, WITHOUT ROWID;
