"""The gate's memory, one SQLite file: audit chain, outbox, gallery. ``sqlite3`` lives here alone."""
