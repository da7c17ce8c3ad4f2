-- Messages of the outbox get an age, the broker's last refusal, and a place aside for those that it never takes.
-- created_ms is a wall clock's time, moved along where that clock was set: see edge.store.outbox_upkeep.
DROP INDEX outbox_by_turn;

ALTER TABLE outbox RENAME TO outbox_before;

CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY REFERENCES audit (seq),
    kind TEXT NOT NULL,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    priority INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    created_ms INTEGER NOT NULL,
    refusal TEXT NOT NULL DEFAULT '',
    is_aside INTEGER NOT NULL DEFAULT 0 CHECK (is_aside IN (0, 1))
) STRICT;

INSERT INTO outbox (seq, kind, topic, payload, priority, attempts, created_ms)
SELECT
    seq, kind, topic, payload,
    CASE kind WHEN 'decision' THEN 0 WHEN 'anomaly' THEN 1 ELSE 2 END,
    attempts,
    CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)
FROM outbox_before;

DROP TABLE outbox_before;

CREATE INDEX outbox_by_turn ON outbox (is_aside, priority, seq, kind);

-- Closed segments of the audit chain: rows that moved to a file, and the hash that the next row goes on from.
CREATE TABLE audit_segment (
    first_seq INTEGER PRIMARY KEY CHECK (first_seq > 0),
    last_seq INTEGER NOT NULL CHECK (last_seq >= first_seq),
    last_hash BLOB NOT NULL CHECK (length(last_hash) = 32),
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32)
) STRICT;

CREATE TRIGGER audit_segment_follows BEFORE INSERT ON audit_segment
WHEN NEW.first_seq <> 1 + coalesce((SELECT last_seq FROM audit_segment ORDER BY first_seq DESC LIMIT 1), 0)
    OR NOT EXISTS (SELECT 1 FROM audit WHERE seq = NEW.last_seq AND hash = NEW.last_hash)
    OR NOT EXISTS (SELECT 1 FROM audit WHERE seq = NEW.last_seq + 1 AND previous_hash = NEW.last_hash)
BEGIN
    SELECT RAISE(ABORT, 'a segment ends at a row of the chain that another follows, and begins where the last ended');
END;

CREATE TRIGGER audit_segment_is_final BEFORE UPDATE ON audit_segment
BEGIN
    SELECT RAISE(ABORT, 'a closed segment cannot be changed');
END;

CREATE TRIGGER audit_segment_is_kept BEFORE DELETE ON audit_segment
BEGIN
    SELECT RAISE(ABORT, 'a closed segment cannot be forgotten');
END;

DROP TRIGGER audit_is_kept;

CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
WHEN OLD.seq > coalesce((SELECT last_seq FROM audit_segment ORDER BY first_seq DESC LIMIT 1), 0)
BEGIN
    SELECT RAISE(ABORT, 'an audit row cannot be deleted before its segment is closed');
END;
