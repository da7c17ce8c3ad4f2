-- What the gate remembers of failures, as it was at one moment of one start. A new gate has none.
CREATE TABLE limits (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    boot_id TEXT NOT NULL,
    saved_ns INTEGER NOT NULL,
    record TEXT NOT NULL,
    unlocks INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO limits (id, boot_id, saved_ns, record) VALUES (1, '', 0, '{}');

-- What stands above every decision. A row that is missing is a lockdown.
CREATE TABLE posture (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    posture TEXT NOT NULL CHECK (posture IN ('normal', 'lockdown', 'out_of_service'))
) STRICT;

INSERT INTO posture (id, posture) VALUES (1, 'normal');
