-- Tickets to groups that were taken here, until they have let us in: one for a group.
CREATE TABLE group_tickets (
    grp BLOB PRIMARY KEY CHECK (length(grp) = 32),
    ticket BLOB NOT NULL
) STRICT, WITHOUT ROWID;
