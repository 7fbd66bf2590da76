-- Of which conversations less than everything is told to whoever looks elsewhere: 1, only what names us;
-- 2, nothing. A conversation without a row: everything.
CREATE TABLE notify (
    conversation BLOB PRIMARY KEY CHECK (length(conversation) = 32),
    level INTEGER NOT NULL CHECK (level IN (1, 2))
) STRICT, WITHOUT ROWID;
