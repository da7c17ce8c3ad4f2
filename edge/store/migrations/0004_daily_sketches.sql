-- Days of granted attempts in three numbers a statistic: how many, their mean, their spread. No embeddings.
CREATE TABLE daily_sketch (
    day TEXT NOT NULL CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    statistic TEXT NOT NULL,
    count INTEGER NOT NULL CHECK (count > 0),
    mean REAL NOT NULL,
    squares REAL NOT NULL CHECK (squares >= 0),
    PRIMARY KEY (day, statistic)
) STRICT;

-- Days of which it was told that they are unusual: once each.
CREATE TABLE drift_told (
    day TEXT PRIMARY KEY CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]')
) STRICT;
