-- The first schema.
--
-- Numbers of 64 bits without a sign (places in a log, ranks, times) are kept shifted down by 2^63,
-- so that they sort as they should. What the core has an encoding for is kept in that encoding.

-- About this store itself. One row.
CREATE TABLE store (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    -- Random; a witness that names another one is another store's.
    id BLOB NOT NULL CHECK (length(id) = 16),
    -- How often it was opened beside a witness.
    openings INTEGER NOT NULL,
    -- Whether the device in here may be alive elsewhere.
    is_copy INTEGER NOT NULL CHECK (is_copy IN (0, 1)),
    -- Entries up to this number are in the index of texts.
    indexed_to INTEGER NOT NULL
) STRICT;

INSERT INTO store (one, id, openings, is_copy, indexed_to) VALUES (1, randomblob(16), 0, 0, 0);

-- Who we are. One row, once that is decided.
CREATE TABLE local (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    account_seed BLOB NOT NULL,
    device_seed BLOB NOT NULL
) STRICT;

-- Our keys that bundles are sealed to.
CREATE TABLE prekeys (
    id BLOB PRIMARY KEY,
    seed BLOB NOT NULL,
    made INTEGER NOT NULL,
    -- The device whose one bundle it is for; without one it is in a certificate.
    only_for BLOB
) STRICT, WITHOUT ROWID;

-- Keys for one bundle each that other devices gave us, end to end in their order.
CREATE TABLE peer_prekeys (
    device BLOB PRIMARY KEY,
    keys BLOB NOT NULL
) STRICT;

-- Signed operations of all accounts, in the order in which they were added.
CREATE TABLE operations (
    number INTEGER PRIMARY KEY,
    operation BLOB NOT NULL
) STRICT;

-- Contacts, and who is blocked.
CREATE TABLE contacts (
    account BLOB PRIMARY KEY,
    called TEXT,
    is_contact INTEGER NOT NULL,
    is_verified INTEGER NOT NULL,
    is_blocked INTEGER NOT NULL,
    -- The position of the entry that says so.
    decided_rank INTEGER NOT NULL,
    decided_seq INTEGER NOT NULL,
    decided_id BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Invitations that are not used up.
CREATE TABLE invites (
    secret BLOB PRIMARY KEY,
    expires INTEGER,
    is_reusable INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Tickets that were redeemed here and not yet answered.
CREATE TABLE tickets (
    device BLOB PRIMARY KEY,
    ticket BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Requests of strangers.
CREATE TABLE requests (
    account BLOB PRIMARY KEY,
    device BLOB NOT NULL,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    received INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Whom we asked, and who has not answered.
CREATE TABLE asked (
    device BLOB PRIMARY KEY,
    account BLOB NOT NULL,
    -- Encoded addresses end to end.
    addresses BLOB NOT NULL,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Conversations of which there are logs. The number stands for the id in larger tables.
CREATE TABLE conversations (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE
) STRICT;

-- An author's log in a conversation.
CREATE TABLE logs (
    number INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL REFERENCES conversations (number),
    author BLOB NOT NULL,
    -- From this place on nothing of it is shown.
    hidden_from INTEGER,
    UNIQUE (conversation, author)
) STRICT;

-- Which places of a log are here: ranges that neither overlap nor touch, both ends included. It
-- says what the entries say; counting a million of them would take as long as reading them.
CREATE TABLE ranges (
    log INTEGER NOT NULL REFERENCES logs (number),
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (log, first)
) STRICT, WITHOUT ROWID;

-- Entries, numbered as they arrived.
CREATE TABLE entries (
    number INTEGER PRIMARY KEY,
    log INTEGER NOT NULL REFERENCES logs (number),
    -- The log's conversation; here for the indexes.
    conversation INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    -- Whether its kind has a line of its own in a conversation.
    has_line INTEGER NOT NULL,
    -- Whether its log is hidden from here or before.
    is_hidden INTEGER NOT NULL,
    -- The entry that it is about, if it came with a body that says so.
    target BLOB,
    id BLOB NOT NULL,
    header BLOB NOT NULL,
    -- The author's, where this was the last of a run.
    signature BLOB,
    -- The last column: a long one goes on in pages of its own. Without: it was deleted.
    body BLOB
) STRICT;

CREATE UNIQUE INDEX entries_by_place ON entries (log, seq);

-- Eight bytes of a hash are nearly always enough, and a quarter of the size: this index is in
-- random order, so each new entry touches another page of it.
CREATE INDEX entries_by_id ON entries (substr(id, 1, 8));

-- What is shown of a conversation.
CREATE INDEX entries_by_position ON entries (conversation, rank, seq)
    WHERE has_line = 1 AND is_hidden = 0;

-- The newest of a kind. Texts (kind 1) are most of what there is, and found by position.
CREATE INDEX entries_by_kind ON entries (conversation, kind, rank, seq)
    WHERE kind <> 1 AND is_hidden = 0;

-- Edits, reactions and retractions of an entry.
CREATE INDEX entries_by_target ON entries (target, rank, seq)
    WHERE target IS NOT NULL AND is_hidden = 0;

-- When bodies are to be deleted.
CREATE TABLE expiries (
    entry INTEGER PRIMARY KEY REFERENCES entries (number),
    due INTEGER NOT NULL,
    id BLOB NOT NULL
) STRICT;

CREATE INDEX expiries_by_due ON expiries (due, id);

-- Proofs of forks, one for a log.
CREATE TABLE forks (
    conversation BLOB NOT NULL,
    author BLOB NOT NULL,
    fork BLOB NOT NULL,
    PRIMARY KEY (conversation, author)
) STRICT;

-- What other devices have.
CREATE TABLE receipts (
    conversation BLOB NOT NULL,
    device BLOB NOT NULL,
    frontier BLOB NOT NULL,
    PRIMARY KEY (conversation, device)
) STRICT, WITHOUT ROWID;

-- What accounts have read.
CREATE TABLE reads (
    conversation BLOB NOT NULL,
    account BLOB NOT NULL,
    frontier BLOB NOT NULL,
    PRIMARY KEY (conversation, account)
) STRICT, WITHOUT ROWID;

-- The words of texts and edits, for search, by the number of the entry with a minus before it: the
-- newest comes first. The text itself is in the entry's body, so it is not kept here again; to
-- delete a row one has to say what was in it. Each text has one more word, of private-use
-- characters, which stands for its conversation.
--
-- Beginnings that are not in the index are put together from all words that have them, each to its
-- end; longer ones than these are begun by words that are seldom said.
CREATE VIRTUAL TABLE texts USING fts5 (
    text,
    content = '',
    columnsize = 0,
    detail = none,
    prefix = '2 3 4 5 6 7 8',
    tokenize = 'unicode61 remove_diacritics 2'
);

-- A deleted text leaves nothing behind in the index.
INSERT INTO texts (texts, rank) VALUES ('secure-delete', 1);
