//! The store that the node writes: the core's trait over one connection.
//!
//! Everything is in a transaction: the node's, or one of its own. After a fault below the database
//! (a disk that fails or is full, a damaged file) nothing is answered any more: what was
//! acknowledged is on the disk, and the way to it is to open the store again.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chinwag_core::body::Kind;
use chinwag_core::entry::{Position, Seq, Tip};
use chinwag_core::event_log::{Logged, LoggedEvent};
use chinwag_core::fork::Fork;
use chinwag_core::identity::SignedOperation;
use chinwag_core::ids::{AccountId, ClientId, ConversationId, DeviceId, EntryId, PrekeyId};
use chinwag_core::log::CheckedRun;
use chinwag_core::membership::GroupTicket;
use chinwag_core::store::{
    Asked, Contact, Invitation, Invite, Local, Prekey, Request, Store, StoreError, StoredEntry,
};
use chinwag_core::sync::frontier::Frontier;
use chinwag_core::sync::ranges::Range;
use chinwag_core::ticket::Ticket;
use chinwag_core::time::Wall;
use chinwag_crypto::{SealPublic, Secret, Signature};
use rusqlite::backup::Backup;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::drafts::{self, Draft};
use crate::events::{self, Reached};
use crate::fault::{Fault, OpenError};
use crate::folder::Folder;
use crate::notify::{self, Notify};
use crate::reader::Reader;
use crate::search::{Found, Query};
use crate::testing::Knobs;
use crate::{backup, connection, delivery, entries, people, schema, search, witness};

/// The node's store.
pub struct SqliteStore {
    // Before the folder: the database is closed before the folder's lock goes.
    connection: Connection,
    home: Home,
    is_in_transaction: bool,
    /// Why nothing is answered any more.
    broken: OnceCell<StoreError>,
    failing: Option<Failing>,
}

/// What there was to say when a store was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Whether it is a copy: its device may be alive elsewhere, or have written more than it
    /// knows. It says so each time until another device's seed is
    /// [put](Store::put_local) into it.
    pub is_copy: bool,
}

/// Where a database is.
enum Home {
    Memory,
    File { database: PathBuf, key: Secret<32>, _folder: Option<Folder> },
}

/// A commit that is going to fail, for a test.
struct Failing {
    /// After how many others.
    left: u32,
    /// Told to the hook that SQLite asks before it commits.
    is_now: Arc<AtomicBool>,
}

impl SqliteStore {
    /// Opens the store in a folder, and makes it if there is none. The folder is ours until the
    /// store is dropped.
    ///
    /// The witness is a file outside of the folder that notices if the folder is put back from an
    /// older copy. A store that was opened with one is to be opened with it always: without, only
    /// a backup is noticed.
    pub fn open(
        folder: &Path,
        witness: Option<&Path>,
        key: &Secret<32>,
    ) -> Result<(Self, Opened), OpenError> {
        let folder = Folder::take(folder)?;
        let database = folder.database();
        let mut connection = connection::writer(&database, key, &Knobs::default())?;
        schema::migrate(&mut connection)?;
        let is_copy = witness::count_opening(&connection, witness)?;
        let home = Home::File { database, key: again(key), _folder: Some(folder) };
        Ok((Self::new(connection, home), Opened { is_copy }))
    }

    /// The same for a store that is known to have been made: one that is not there, or is empty, is an
    /// error and not made anew.
    pub fn open_existing(
        folder: &Path,
        witness: Option<&Path>,
        key: &Secret<32>,
    ) -> Result<(Self, Opened), OpenError> {
        let database = folder.join(crate::folder::DATABASE);
        let len = std::fs::metadata(&database).map_or(0, |file| file.len());
        if len == 0 {
            // Whoever is about to make it has the lock.
            let taken = Folder::take(folder)?;
            return Err(OpenError::Missing(taken.database()));
        }
        Self::open(folder, witness, key)
    }

    /// Opens a database that a test has set up, without a folder and a lock.
    pub fn open_with(
        database: &Path,
        key: &Secret<32>,
        knobs: &Knobs<'_>,
    ) -> Result<Self, OpenError> {
        let mut connection = connection::writer(database, key, knobs)?;
        schema::migrate(&mut connection)?;
        let home = Home::File { database: database.to_owned(), key: again(key), _folder: None };
        Ok(Self::new(connection, home))
    }

    /// A store that is only in memory: for the simulator, which opens thousands.
    pub fn in_memory() -> Result<Self, OpenError> {
        let mut connection = connection::in_memory()?;
        schema::migrate(&mut connection)?;
        Ok(Self::new(connection, Home::Memory))
    }

    fn new(connection: Connection, home: Home) -> Self {
        let (broken, failing) = (OnceCell::new(), None);
        Self { connection, home, is_in_transaction: false, broken, failing }
    }

    /// A second store in memory with the same content: for the simulator, as a backup. An error:
    /// there is a transaction.
    pub fn copy(&self) -> Result<Self, StoreError> {
        if self.is_in_transaction {
            return Err(StoreError("cannot copy the store within a transaction".to_owned()));
        }
        let doing = "copy the store";
        let opened = |error: OpenError| StoreError(format!("cannot {doing}: {error}"));
        let mut copy = connection::in_memory().map_err(opened)?;
        self.read(doing, |db| {
            let backup = Backup::new(db, &mut copy)?;
            backup.step(-1)?;
            Ok(())
        })?;
        Ok(Self::new(copy, Home::Memory))
    }

    /// A connection for screens. An error: the store is in memory.
    pub fn reader(&self) -> Result<Reader, OpenError> {
        let (database, key) = self.file()?;
        Reader::of(database, key)
    }

    /// Writes a backup to a file, with a key of its own; there is a new file, or none. The backup
    /// is of what was committed when it began, and is a [copy](Opened::is_copy). Put into an empty
    /// folder under the name [`DATABASE`](crate::DATABASE) it is a store. An error: it can't be
    /// written, or the store is in memory.
    pub fn backup(&self, to: &Path, key: &Secret<32>) -> Result<(), OpenError> {
        let (database, own_key) = self.file()?;
        backup::write(database, own_key, to, key, Box::new(|| false))
    }

    /// The same for the store in a folder, which its owner has open and goes on writing: on a
    /// connection of its own. As soon as `is_over` says so it ends with an error, and there is no
    /// file; it is asked every millisecond or so.
    pub fn backup_beside(
        folder: &Path,
        own_key: &Secret<32>,
        to: &Path,
        key: &Secret<32>,
        is_over: impl FnMut() -> bool + Send + 'static,
    ) -> Result<(), OpenError> {
        let database = folder.join(crate::folder::DATABASE);
        backup::write(&database, own_key, to, key, Box::new(is_over))
    }

    /// Puts a backup back: reads it with its key, and writes a database with another one at a path
    /// where there is none. It stays a [copy](Opened::is_copy). An error: it does not open, is damaged
    /// ([`OpenError::BadBackup`]), or the database can't be written; then there is none.
    pub fn put_back(
        backup: &Path,
        backup_key: &Secret<32>,
        to: &Path,
        key: &Secret<32>,
    ) -> Result<(), OpenError> {
        backup::put_back(backup, backup_key, to, key)
    }

    /// Puts up to `max` more entries into the index for search, and says how many there were:
    /// fewer if there are no more. For when there is nothing else to do.
    pub fn index_some(&mut self, max: usize) -> Result<usize, StoreError> {
        self.write("index texts", |db| search::index_some(db, max))
    }

    /// Where devices were last reached.
    pub fn reached(&self) -> Result<Vec<Reached>, StoreError> {
        self.read("read where devices are", events::reached)
    }

    /// Notes where a device was reached.
    pub fn put_reached(&mut self, reached: &Reached) -> Result<(), StoreError> {
        self.write("note where a device is", |db| events::put_reached(db, reached))
    }

    /// How much is told of a conversation.
    pub fn notify(&self, conversation: ConversationId) -> Result<Notify, StoreError> {
        self.read("read how much is told", |db| notify::of(db, conversation))
    }

    /// Sets how much is told of a conversation, which is one that is here.
    pub fn put_notify(
        &mut self,
        conversation: ConversationId,
        notify: Notify,
    ) -> Result<(), StoreError> {
        self.write("set how much is told", |db| notify::put(db, conversation, notify))
    }

    /// Of the newest `looked_at` entries of a part of a log those texts, and of edits what they are of, that
    /// have this byte in them, the newest first.
    pub fn texts_with(
        &self,
        conversation: ConversationId,
        author: DeviceId,
        range: Range,
        byte: u8,
        looked_at: usize,
    ) -> Result<Vec<EntryId>, StoreError> {
        self.read("look through texts", |db| {
            entries::texts_with(db, conversation, author, range, byte, looked_at)
        })
    }

    /// What was typed and not sent.
    pub fn drafts(&self) -> Result<Vec<Draft>, StoreError> {
        self.read("read drafts", drafts::all)
    }

    /// Keeps what was typed in a conversation instead of what was kept of it; an empty text removes it.
    /// False: there is no room for it ([`DRAFT_MAX`](crate::DRAFT_MAX) and the other limits), and nothing
    /// was changed.
    pub fn put_draft(&mut self, draft: &Draft) -> Result<bool, StoreError> {
        self.write("keep a draft", |db| drafts::put(db, draft))
    }

    /// Texts with these words, the newest first.
    pub fn search(&self, query: &Query<'_>) -> Result<Found, StoreError> {
        self.read("search", |db| search::search(db, query))
    }

    /// Writes what was committed from the log into the database, and empties the log. For when
    /// there is nothing else to do; a reader may keep it from emptying it, and is not waited for: a
    /// backup may take minutes.
    pub fn checkpoint(&mut self) -> Result<(), StoreError> {
        self.read("write the log into the database", |db| {
            connection::without_waiting(db, || {
                Ok(db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
            })
        })
    }

    /// Reads everything and checks that it fits together. An error: it does not, or can't be read.
    pub fn check(&self) -> Result<(), StoreError> {
        self.read("check the store", |db| {
            let found: String = db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
            if found == "ok" { Ok(()) } else { Err(Fault::damaged("a page", found)) }
        })
    }

    /// For tests: makes a commit fail, the next one for 0, the one after it for 1. The transaction
    /// is really rolled back by the database.
    pub fn fail_commit_in(&mut self, commits: u32) -> Result<(), StoreError> {
        let is_now = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&is_now);
        self.failing = Some(Failing { left: commits, is_now });
        let hook = move || asked.swap(false, Ordering::Relaxed);
        let hooked = self.connection.commit_hook(Some(hook));
        hooked.map_err(|error| self.failed("set up a failing commit", &error.into()))
    }

    fn file(&self) -> Result<(&Path, &Secret<32>), OpenError> {
        match &self.home {
            Home::File { database, key, .. } => Ok((database, key)),
            Home::Memory => Err(OpenError::Database {
                doing: "open a store again that is only in memory",
                source: rusqlite::Error::InvalidPath(PathBuf::new()),
            }),
        }
    }

    fn read<T>(
        &self,
        doing: &'static str,
        read: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        self.must_be_whole()?;
        read(&self.connection).map_err(|fault| self.failed(doing, &fault))
    }

    /// Changes something within the node's transaction, or in one of its own.
    fn write<T>(
        &mut self,
        doing: &'static str,
        write: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        self.must_be_whole()?;
        let written = if self.is_in_transaction {
            write(&self.connection)
        } else {
            alone(&self.connection, write)
        };
        written.map_err(|fault| self.failed(doing, &fault))
    }

    fn must_be_whole(&self) -> Result<(), StoreError> {
        self.broken.get().map_or(Ok(()), |why| Err(why.clone()))
    }

    fn failed(&self, doing: &'static str, fault: &Fault) -> StoreError {
        let error = match fault {
            Fault::Refused(why) => StoreError(why.clone()),
            _ => StoreError(format!("cannot {doing}: {fault}")),
        };
        if fault.is_final() {
            let text = format!("it has to be opened again: {}", error.0);
            // The first one is the reason for all that come after it.
            let _ = self.broken.set(StoreError(text));
        }
        error
    }

    fn run(&self, doing: &'static str, sql: &str) -> Result<(), StoreError> {
        let ran = self.connection.prepare_cached(sql).and_then(|mut s| s.execute([]));
        ran.map(drop).map_err(|error| self.failed(doing, &error.into()))
    }

    /// Whether this commit is the one that a test makes fail. Then SQLite's hook knows it as well.
    fn is_to_fail(&mut self) -> bool {
        match &mut self.failing {
            Some(Failing { left: 0, is_now }) => {
                is_now.store(self.is_in_transaction, Ordering::Relaxed);
                self.failing = None;
                true
            }
            Some(failing) => {
                failing.left -= 1;
                false
            }
            None => false,
        }
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SqliteStore(..)")
    }
}

fn again(key: &Secret<32>) -> Secret<32> {
    Secret::new(*key.expose())
}

fn alone<T>(
    connection: &Connection,
    write: impl FnOnce(&Connection) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let written = write(&transaction)?;
    transaction.commit()?;
    Ok(written)
}

impl Store for SqliteStore {
    fn begin(&mut self) -> Result<(), StoreError> {
        self.must_be_whole()?;
        if self.is_in_transaction {
            return Err(StoreError("a transaction within another".to_owned()));
        }
        self.run("begin a transaction", "BEGIN IMMEDIATE")?;
        self.is_in_transaction = true;
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.must_be_whole()?;
        let is_to_fail = self.is_to_fail();
        let committed = match (self.is_in_transaction, is_to_fail) {
            (true, _) => self.run("commit", "COMMIT"),
            (false, true) => Err(StoreError("a commit that a test makes fail".to_owned())),
            (false, false) => Ok(()),
        };
        if committed.is_err() {
            self.rollback();
        }
        self.is_in_transaction = false;
        committed
    }

    fn rollback(&mut self) {
        // SQLite may have done it itself.
        if std::mem::take(&mut self.is_in_transaction) && !self.connection.is_autocommit() {
            let rolled_back = self.run("take back a transaction", "ROLLBACK");
            if let Err(error) = rolled_back {
                let _ = self.broken.set(error);
            }
        }
    }

    fn local(&self) -> Result<Option<Local>, StoreError> {
        self.read("read who we are", people::local)
    }

    fn put_local(&mut self, local: &Local) -> Result<(), StoreError> {
        self.write("note who we are", |db| people::put_local(db, local))
    }

    fn prekeys(&self) -> Result<Vec<Prekey>, StoreError> {
        self.read("read our prekeys", people::prekeys)
    }

    fn put_prekey(&mut self, prekey: &Prekey) -> Result<(), StoreError> {
        self.write("note a prekey", |db| people::put_prekey(db, prekey))
    }

    fn remove_prekey(&mut self, id: PrekeyId) -> Result<(), StoreError> {
        self.write("destroy a prekey", |db| people::remove_prekey(db, id))
    }

    fn peer_prekeys(&self, device: DeviceId) -> Result<Vec<SealPublic>, StoreError> {
        self.read("read a device's prekeys", |db| people::peer_prekeys(db, device))
    }

    fn put_peer_prekeys(
        &mut self,
        device: DeviceId,
        prekeys: &[SealPublic],
    ) -> Result<(), StoreError> {
        self.write("note a device's prekeys", |db| people::put_peer_prekeys(db, device, prekeys))
    }

    fn operations(&self) -> Result<Vec<SignedOperation>, StoreError> {
        self.read("read account logs", people::operations)
    }

    fn add_operation(&mut self, operation: &SignedOperation) -> Result<(), StoreError> {
        self.write("add to an account log", |db| people::add_operation(db, operation))
    }

    fn contacts(&self) -> Result<Vec<Contact>, StoreError> {
        self.read("read contacts", people::contacts)
    }

    fn put_contact(&mut self, contact: &Contact) -> Result<(), StoreError> {
        self.write("note a contact", |db| people::put_contact(db, contact))
    }

    fn remove_contact(&mut self, account: AccountId) -> Result<(), StoreError> {
        self.write("forget a contact", |db| people::remove_contact(db, account))
    }

    fn invites(&self) -> Result<Vec<Invite>, StoreError> {
        self.read("read invites", people::invites)
    }

    fn put_invite(&mut self, invite: &Invite) -> Result<(), StoreError> {
        self.write("note an invite", |db| people::put_invite(db, invite))
    }

    fn remove_invite(&mut self, secret: &[u8; 16]) -> Result<(), StoreError> {
        self.write("remove an invite", |db| people::remove_invite(db, secret))
    }

    fn tickets(&self) -> Result<Vec<Ticket>, StoreError> {
        self.read("read tickets", people::tickets)
    }

    fn put_ticket(&mut self, ticket: &Ticket) -> Result<(), StoreError> {
        self.write("note a ticket", |db| people::put_ticket(db, ticket))
    }

    fn remove_ticket(&mut self, device: DeviceId) -> Result<(), StoreError> {
        self.write("remove a ticket", |db| people::remove_ticket(db, device))
    }

    fn requests(&self) -> Result<Vec<Request>, StoreError> {
        self.read("read requests", people::requests)
    }

    fn put_request(&mut self, request: &Request) -> Result<(), StoreError> {
        self.write("note a request", |db| people::put_request(db, request))
    }

    fn remove_request(&mut self, account: AccountId) -> Result<(), StoreError> {
        self.write("remove a request", |db| people::remove_request(db, account))
    }

    fn invitations(&self) -> Result<Vec<Invitation>, StoreError> {
        self.read("read invitations", people::invitations)
    }

    fn put_invitation(&mut self, invitation: &Invitation) -> Result<(), StoreError> {
        self.write("note an invitation", |db| people::put_invitation(db, invitation))
    }

    fn remove_invitation(&mut self, group: ConversationId) -> Result<(), StoreError> {
        self.write("remove an invitation", |db| people::remove_invitation(db, group))
    }

    fn group_tickets(&self) -> Result<Vec<GroupTicket>, StoreError> {
        self.read("read tickets to groups", people::group_tickets)
    }

    fn put_group_ticket(&mut self, ticket: &GroupTicket) -> Result<(), StoreError> {
        self.write("note a ticket to a group", |db| people::put_group_ticket(db, ticket))
    }

    fn remove_group_ticket(&mut self, group: ConversationId) -> Result<(), StoreError> {
        self.write("remove a ticket to a group", |db| people::remove_group_ticket(db, group))
    }

    fn asked(&self) -> Result<Vec<Asked>, StoreError> {
        self.read("read whom we asked", people::asked)
    }

    fn put_asked(&mut self, asked: &Asked) -> Result<(), StoreError> {
        self.write("note whom we ask", |db| people::put_asked(db, asked))
    }

    fn remove_asked(&mut self, device: DeviceId) -> Result<(), StoreError> {
        self.write("remove whom we asked", |db| people::remove_asked(db, device))
    }

    fn frontiers(&self) -> Result<Vec<(ConversationId, Frontier)>, StoreError> {
        self.read("read what is here", entries::frontiers)
    }

    fn tip(
        &self,
        conversation: ConversationId,
        author: DeviceId,
        seq: Seq,
    ) -> Result<Option<Tip>, StoreError> {
        self.read("read an entry", |db| entries::tip(db, conversation, author, seq))
    }

    fn append(&mut self, run: &CheckedRun) -> Result<(), StoreError> {
        self.write("add entries", |db| entries::append(db, run))
    }

    fn entries(
        &self,
        conversation: ConversationId,
        author: DeviceId,
        range: Range,
        count: usize,
        bytes: usize,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        self.read("read a log", |db| {
            entries::entries(db, conversation, author, range, count, bytes)
        })
    }

    fn entry(&self, id: EntryId) -> Result<Option<StoredEntry>, StoreError> {
        self.read("read an entry", |db| entries::entry(db, id))
    }

    fn entries_beginning(&self, prefix: &[u8]) -> Result<Vec<EntryId>, StoreError> {
        self.read("look for an entry", |db| entries::beginning(db, prefix))
    }

    fn count_shown(
        &self,
        conversation: ConversationId,
        author: DeviceId,
        range: Range,
        max: usize,
    ) -> Result<usize, StoreError> {
        self.read("count entries", |db| entries::count_shown(db, conversation, author, range, max))
    }

    fn put_signature(&mut self, id: EntryId, signature: &Signature) -> Result<(), StoreError> {
        self.write("keep a signature", |db| entries::put_signature(db, id, signature))
    }

    fn delete_body(&mut self, id: EntryId) -> Result<(), StoreError> {
        self.write("delete a body", |db| entries::delete_body(db, id))
    }

    fn hide(
        &mut self,
        conversation: ConversationId,
        author: DeviceId,
        from: Seq,
    ) -> Result<(), StoreError> {
        self.write("hide a log", |db| entries::hide(db, conversation, author, from))
    }

    fn forget_from(
        &mut self,
        conversation: ConversationId,
        author: DeviceId,
        from: Seq,
    ) -> Result<(), StoreError> {
        self.write("forget the end of a log", |db| {
            entries::forget_from(db, conversation, author, from)
        })
    }

    fn timeline(
        &self,
        conversation: ConversationId,
        before: Option<Position>,
        count: usize,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        self.read("read a conversation", |db| entries::timeline(db, conversation, before, count))
    }

    fn timeline_after(
        &self,
        conversation: ConversationId,
        after: Position,
        count: usize,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        self.read("read a conversation", |db| {
            entries::timeline_after(db, conversation, after, count)
        })
    }

    fn references_after(
        &self,
        of: EntryId,
        after: Option<Position>,
        count: usize,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        self.read("read what refers to an entry", |db| entries::references(db, of, after, count))
    }

    fn last_changes(&self, of: EntryId) -> Result<Vec<StoredEntry>, StoreError> {
        self.read("read how an entry was changed", |db| entries::last_changes(db, of))
    }

    fn latest_before(
        &self,
        conversation: ConversationId,
        kind: Kind,
        before: Option<Position>,
    ) -> Result<Option<StoredEntry>, StoreError> {
        self.read("read the newest of a kind", |db| entries::latest(db, conversation, kind, before))
    }

    fn forks(&self) -> Result<Vec<Fork>, StoreError> {
        self.read("read forks", delivery::forks)
    }

    fn put_fork(&mut self, fork: &Fork) -> Result<(), StoreError> {
        self.write("note a fork", |db| delivery::put_fork(db, fork))
    }

    fn receipts(&self) -> Result<Vec<(ConversationId, DeviceId, Frontier)>, StoreError> {
        self.read("read receipts", delivery::receipts)
    }

    fn put_receipt(
        &mut self,
        conversation: ConversationId,
        device: DeviceId,
        frontier: &Frontier,
    ) -> Result<(), StoreError> {
        self.write("note a receipt", |db| delivery::put_receipt(db, conversation, device, frontier))
    }

    fn reads(&self) -> Result<Vec<(ConversationId, AccountId, Frontier)>, StoreError> {
        self.read("read what was read", delivery::reads)
    }

    fn put_read(
        &mut self,
        conversation: ConversationId,
        account: AccountId,
        frontier: &Frontier,
    ) -> Result<(), StoreError> {
        self.write("note what was read", |db| {
            delivery::put_read(db, conversation, account, frontier)
        })
    }

    fn said(&self, client_id: ClientId) -> Result<Option<EntryId>, StoreError> {
        self.read("read what was said under a name", |db| events::said(db, client_id))
    }

    fn put_said(&mut self, client_id: ClientId, entry: EntryId) -> Result<(), StoreError> {
        self.write("note what was said under a name", |db| events::put_said(db, client_id, entry))
    }

    fn log_event(&mut self, at: Wall, event: &Logged) -> Result<(), StoreError> {
        self.write("note what happened", |db| events::log_event(db, at, event))
    }

    fn events(&self, after: u64, count: usize) -> Result<Vec<LoggedEvent>, StoreError> {
        self.read("read what happened", |db| events::events(db, after, count))
    }

    fn event_numbers(&self) -> Result<Option<(u64, u64)>, StoreError> {
        self.read("read what happened", events::event_numbers)
    }

    fn forget_events(&mut self, up_to: u64) -> Result<(), StoreError> {
        self.write("forget what happened", |db| events::forget_events(db, up_to))
    }

    fn put_expiry(&mut self, id: EntryId, due: Wall) -> Result<(), StoreError> {
        self.write("note what disappears", |db| delivery::put_expiry(db, id, due))
    }

    fn next_expiry(&self) -> Result<Option<Wall>, StoreError> {
        self.read("read what disappears", delivery::next_expiry)
    }

    fn expired(&self, now: Wall, count: usize) -> Result<Vec<EntryId>, StoreError> {
        self.read("read what disappears", |db| delivery::expired(db, now, count))
    }
}
