-- Groups that somebody let us into, until we join or for as long as it is remembered that we do not.

CREATE TABLE invitations (
    grp BLOB PRIMARY KEY CHECK (length(grp) = 32),
    inviter BLOB NOT NULL CHECK (length(inviter) = 32),
    creation BLOB NOT NULL,
    received INTEGER NOT NULL,
    answer INTEGER CHECK (answer IN (0, 1))
) STRICT, WITHOUT ROWID;
