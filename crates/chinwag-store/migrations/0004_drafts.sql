-- What was typed to somebody and not sent yet. It is for the clients of this device only.
CREATE TABLE drafts (
    conversation BLOB PRIMARY KEY,
    text TEXT NOT NULL
) STRICT;
