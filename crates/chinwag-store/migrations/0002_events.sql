-- What happened, for whoever was not looking; and what was said under which name.

-- Kept in order; the newest is never removed, so that no number is used twice. It says which thing an
-- event is about and nothing of what that thing says.
CREATE TABLE events (
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    event BLOB NOT NULL
) STRICT;

-- Which entry was written under a client id.
CREATE TABLE said (
    client_id BLOB PRIMARY KEY,
    entry BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Where other devices were last reached, and when: for whoever dials.
CREATE TABLE addresses (
    device BLOB PRIMARY KEY,
    -- Encoded addresses end to end.
    addresses BLOB NOT NULL,
    heard INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

