-- The audit chain. Its head is kept beside it, so that rows missing at the end are found as well.
CREATE TABLE chain (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    chain_id TEXT NOT NULL,
    head_seq INTEGER NOT NULL,
    head_hash BLOB NOT NULL CHECK (length(head_hash) = 32)
) STRICT;

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    previous_hash BLOB NOT NULL CHECK (length(previous_hash) = 32),
    body BLOB NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TRIGGER audit_follows_head BEFORE INSERT ON audit
WHEN NOT EXISTS (SELECT 1 FROM chain WHERE head_seq + 1 = NEW.seq AND head_hash = NEW.previous_hash)
BEGIN
    SELECT RAISE(ABORT, 'an audit row must follow the head of the chain');
END;

CREATE TRIGGER audit_moves_head AFTER INSERT ON audit
BEGIN
    UPDATE chain SET head_seq = NEW.seq, head_hash = NEW.hash;
END;

CREATE TRIGGER audit_is_final BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'an audit row cannot be changed');
END;

CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'an audit row cannot be deleted');
END;

CREATE TRIGGER chain_only_advances BEFORE UPDATE ON chain
WHEN NEW.id <> OLD.id OR NEW.chain_id <> OLD.chain_id OR NEW.head_seq <> OLD.head_seq + 1
BEGIN
    SELECT RAISE(ABORT, 'the head of the chain only advances');
END;

CREATE TRIGGER chain_is_kept BEFORE DELETE ON chain
BEGIN
    SELECT RAISE(ABORT, 'the chain cannot be deleted');
END;

-- Messages that the broker has not acknowledged; each belongs to exactly one audit row.
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY REFERENCES audit (seq),
    kind TEXT NOT NULL,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    priority INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX outbox_by_turn ON outbox (priority, seq);

-- The gallery. BLOBs are AES-256-GCM records; data keys are wrapped by the gallery key.
CREATE TABLE gallery_key (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    check_value BLOB NOT NULL
) STRICT;

CREATE TABLE person (
    subject TEXT PRIMARY KEY,
    wrapped_key BLOB NOT NULL,
    label BLOB NOT NULL,
    consent_note BLOB NOT NULL,
    created TEXT NOT NULL
) STRICT;

CREATE TABLE template (
    id INTEGER PRIMARY KEY,
    subject TEXT NOT NULL REFERENCES person (subject) ON DELETE CASCADE,
    model_id TEXT NOT NULL,
    model_digest TEXT NOT NULL,
    recipe_digest TEXT NOT NULL,
    precision_class TEXT NOT NULL,
    vector BLOB NOT NULL
) STRICT;

CREATE INDEX template_by_person ON template (subject, model_id);

CREATE TABLE crop (
    id INTEGER PRIMARY KEY,
    subject TEXT NOT NULL REFERENCES person (subject) ON DELETE CASCADE,
    picture BLOB NOT NULL
) STRICT;

CREATE INDEX crop_by_person ON crop (subject);
