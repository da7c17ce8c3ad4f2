-- Who is enrolled is signed as a whole. A mark is a keyed hash over all rows of a person; NULL: enrolled before there were
-- any, and served only after 'edge-gate people accept'.
ALTER TABLE person ADD COLUMN mark BLOB CHECK (mark IS NULL OR length(mark) = 16);
ALTER TABLE person ADD COLUMN basis TEXT NOT NULL DEFAULT 'not_recorded';
ALTER TABLE person ADD COLUMN consented TEXT;
ALTER TABLE person ADD COLUMN retain_until TEXT;

CREATE TABLE gallery_manifest (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    body BLOB NOT NULL,
    signature BLOB NOT NULL CHECK (length(signature) = 64)
) STRICT;

-- A crop's nonce gets a column before the picture, so that crops can be counted off without reading them.
DROP INDEX crop_by_person;
ALTER TABLE crop RENAME TO crop_before;

CREATE TABLE crop (
    id INTEGER PRIMARY KEY,
    subject TEXT NOT NULL REFERENCES person (subject) ON DELETE CASCADE,
    nonce BLOB NOT NULL,
    picture BLOB NOT NULL
) STRICT;

INSERT INTO crop (id, subject, nonce, picture)
SELECT id, subject, substr(picture, 1, 12), substr(picture, 13) FROM crop_before;

DROP TABLE crop_before;

CREATE INDEX crop_by_person ON crop (subject);
