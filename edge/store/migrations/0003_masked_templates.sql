-- Templates of occluded copies, for the patch certificate: one row a picture and family of masks. BLOBs are
-- AES-256-GCM records of float32 (masks, d). People enrolled before have none.
CREATE TABLE masked_template (
    id INTEGER PRIMARY KEY,
    subject TEXT NOT NULL REFERENCES person (subject) ON DELETE CASCADE,
    family TEXT NOT NULL,
    picture INTEGER NOT NULL,
    model_id TEXT NOT NULL,
    model_digest TEXT NOT NULL,
    recipe_digest TEXT NOT NULL,
    precision_class TEXT NOT NULL,
    vectors BLOB NOT NULL
) STRICT;

CREATE INDEX masked_template_by_person ON masked_template (subject, family, picture);
