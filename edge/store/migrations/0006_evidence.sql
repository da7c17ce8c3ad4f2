-- Faces of denied attempts, where the site keeps any. A key an hour; a key that is deleted takes its pictures along.
CREATE TABLE evidence_key (
    hour TEXT PRIMARY KEY,
    wrapped_key BLOB NOT NULL,
    expires TEXT NOT NULL
) STRICT;

CREATE TABLE evidence (
    id TEXT PRIMARY KEY,
    hour TEXT NOT NULL REFERENCES evidence_key (hour) ON DELETE CASCADE,
    attempt TEXT NOT NULL,
    reason TEXT NOT NULL,
    subject TEXT,
    taken TEXT NOT NULL,
    picture BLOB NOT NULL
) STRICT;

CREATE INDEX evidence_by_hour ON evidence (hour);
