//! What follows from an entry that is new here: what it says about earlier ones, about settings,
//! and about contacts.
//!
//! What is deleted is decided by which entries are here, and not by the order in which they came:
//! a message, when its author's account takes it back; an edit or a reaction, when the message is
//! here and its body is gone. Whichever comes last finds the others.

use super::Node;
use super::conversation::content_of;
use crate::body::{Content, Kind, target};
use crate::entry::Position;
use crate::env::Env;
use crate::ids::{AccountId, ConversationId, EntryId};
use crate::output::Event;
use crate::store::{StoreError, StoredEntry};

/// References looked at in one go: each may have a body of the greatest length.
const AT_ONCE: usize = 32;

impl Node {
    /// Does what a new entry wants, and tells of it. Late is what may come after what follows it in
    /// its own log.
    pub(super) fn take_effect(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
        entry: StoredEntry,
        is_late: bool,
    ) -> Result<(), StoreError> {
        let author = self.account_of(id, entry.header.author);
        let is_to_go = entry.body.is_some() && self.is_to_go(env, id, &entry, author, is_late)?;
        let StoredEntry { id: entry_id, header, mut body, .. } = entry;
        if is_to_go {
            env.store.delete_body(entry_id)?;
            body = None;
        }
        if body.is_none() && header.kind.is_message() {
            delete_references(env, id, entry_id)?;
        }
        let position = header.position(entry_id);
        let (kind, own) = (header.kind, self.account());
        self.tell(Event::Entry { id: entry_id, header, body: body.clone() });
        let has_effect = matches!(kind, Kind::SETTINGS | Kind::RETRACTION | Kind::CONTACT);
        let content = if has_effect { content_of(kind, body.as_deref()) } else { None };
        match (content, author) {
            (Some(content @ Content::Settings(_)), _) => self.set(env, id, position, &content),
            (Some(Content::Retraction { of }), Some(author)) => self.retracted(env, id, of, author),
            (Some(Content::Contact(change)), author)
                if author == own && own.map(ConversationId::own) == Some(id) =>
            {
                self.changed(env, position, change)
            }
            _ => Ok(()),
        }
    }

    /// Whether an entry's body must not stay, because of what is here already.
    fn is_to_go(
        &self,
        env: &Env<'_>,
        id: ConversationId,
        entry: &StoredEntry,
        author: Option<AccountId>,
        is_late: bool,
    ) -> Result<bool, StoreError> {
        let kind = entry.header.kind;
        match (author, kind) {
            (Some(author), kind) if kind.is_message() => {
                // Of one device alone a retraction can't come before what it retracts.
                if !is_late && self.has_one_device(author) {
                    return Ok(false);
                }
                self.was_retracted(env, id, entry.id, author)
            }
            (_, Kind::EDIT | Kind::REACTION) => {
                let of = entry.body.as_deref().and_then(|body| target(kind, body));
                let of = of.map(|of| env.store.entry(of)).transpose()?.flatten();
                Ok(of.is_some_and(|of| is_message_in(&of, id) && of.body.is_none()))
            }
            _ => Ok(false),
        }
    }

    /// Whether the account that wrote a message has taken it back.
    fn was_retracted(
        &self,
        env: &Env<'_>,
        id: ConversationId,
        of: EntryId,
        author: AccountId,
    ) -> Result<bool, StoreError> {
        let mut after = None;
        while let Some(references) = some_references(env, of, &mut after)? {
            let is_retraction = |entry: &StoredEntry| {
                entry.header.kind == Kind::RETRACTION
                    && entry.header.conversation == id
                    && self.was_device_of(author, entry.header.author)
                    && content_of(Kind::RETRACTION, entry.body.as_deref()).is_some()
            };
            if references.iter().any(is_retraction) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn has_one_device(&self, account: AccountId) -> bool {
        self.accounts.get(&account).is_some_and(|log| log.device_count() <= 1)
    }

    /// Deletes what was retracted, if whoever retracts it wrote it.
    fn retracted(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
        of: EntryId,
        by: AccountId,
    ) -> Result<(), StoreError> {
        let Some(message) = env.store.entry(of)? else { return Ok(()) };
        let is_theirs =
            is_message_in(&message, id) && self.was_device_of(by, message.header.author);
        if is_theirs { self.delete_message(env, &message) } else { Ok(()) }
    }

    /// Deletes the body of a message, and with it what was said about it: it would otherwise stay
    /// in an edit.
    pub(super) fn delete_message(
        &mut self,
        env: &mut Env<'_>,
        message: &StoredEntry,
    ) -> Result<(), StoreError> {
        if message.body.is_none() {
            return Ok(());
        }
        env.store.delete_body(message.id)?;
        delete_references(env, message.header.conversation, message.id)?;
        self.tell(Event::Deleted { id: message.id });
        Ok(())
    }
}

/// Deletes the bodies of all edits of and reactions to a message, whoever they are by. The
/// retractions stay: they are why.
fn delete_references(env: &mut Env<'_>, id: ConversationId, of: EntryId) -> Result<(), StoreError> {
    let mut after = None;
    while let Some(references) = some_references(env, of, &mut after)? {
        let goes = |entry: &&StoredEntry| {
            let is_of_kind = matches!(entry.header.kind, Kind::EDIT | Kind::REACTION);
            is_of_kind && entry.header.conversation == id && entry.body.is_some()
        };
        for entry in references.iter().filter(goes) {
            env.store.delete_body(entry.id)?;
        }
    }
    Ok(())
}

/// Whether an entry is a message of this conversation.
fn is_message_in(entry: &StoredEntry, id: ConversationId) -> bool {
    entry.header.conversation == id && entry.header.kind.is_message()
}

/// The next references of an entry, those after a position, which moves on. `None`: there are no
/// more.
fn some_references(
    env: &Env<'_>,
    of: EntryId,
    after: &mut Option<Position>,
) -> Result<Option<Vec<StoredEntry>>, StoreError> {
    let references = env.store.references_after(of, *after, AT_ONCE)?;
    let last = references.last().map(StoredEntry::position);
    *after = last.or(*after);
    Ok(last.map(|_| references))
}
