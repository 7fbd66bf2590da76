//! What follows from an entry that is new here: what it says about earlier ones, about settings,
//! and about contacts.

use super::Node;
use super::conversation::content_of;
use crate::body::{Content, Kind};
use crate::env::Env;
use crate::ids::{AccountId, ConversationId, EntryId};
use crate::log::CheckedEntry;
use crate::output::Event;
use crate::store::{StoreError, StoredEntry};
use crate::wire::limits::REFERENCES_MAX;

impl Node {
    /// Does what a new entry wants, and tells of it.
    pub(super) fn take_effect(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
        entry: &CheckedEntry,
    ) -> Result<(), StoreError> {
        let header = entry.header().clone();
        let author = self.account_of(id, header.author);
        let mut body = entry.body().map(<[u8]>::to_vec);
        if let Some(author) = author
            && self.was_retracted(env, entry, author)?
        {
            env.store.delete_body(entry.id())?;
            body = None;
        }
        let position = header.position(entry.id());
        let (kind, own) = (header.kind, self.account());
        self.tell(Event::Entry { id: entry.id(), header, body: body.clone() });
        let has_effect = matches!(kind, Kind::SETTINGS | Kind::RETRACTION | Kind::CONTACT);
        let content = if has_effect { content_of(kind, body.as_deref()) } else { None };
        match (content, author) {
            (Some(content @ Content::Settings(_)), _) => {
                if let Some(conversation) = self.conversations.get_mut(&id) {
                    conversation.set(position, &content);
                }
                Ok(())
            }
            (Some(Content::Retraction { of }), Some(author)) => self.retracted(env, id, of, author),
            (Some(Content::Contact(change)), author)
                if author == own && own.map(ConversationId::own) == Some(id) =>
            {
                self.changed(env, position, change)
            }
            _ => Ok(()),
        }
    }

    /// Whether the entry's author has taken it back: itself, or, if it is an edit, the message.
    fn was_retracted(
        &self,
        env: &Env<'_>,
        entry: &CheckedEntry,
        author: AccountId,
    ) -> Result<bool, StoreError> {
        let body = entry.body();
        let is_edit = entry.header().kind == Kind::EDIT;
        let of = match content_of(entry.header().kind, body.filter(|_| is_edit)) {
            Some(Content::Edit { of, .. }) => of,
            // Of one device alone a retraction can't come before what it retracts.
            _ if self.has_one_device(author) => return Ok(false),
            _ => entry.id(),
        };
        let references = env.store.references(of, REFERENCES_MAX)?;
        Ok(references.iter().any(|reference| self.is_retraction_by(reference, author)))
    }

    fn has_one_device(&self, account: AccountId) -> bool {
        self.accounts.get(&account).is_some_and(|log| log.device_count() <= 1)
    }

    /// Deletes what was retracted, and what it was changed to, if whoever retracts it wrote it.
    fn retracted(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
        of: EntryId,
        by: AccountId,
    ) -> Result<(), StoreError> {
        let Some(target) = env.store.entry(of)? else { return Ok(()) };
        let is_theirs = |entry: &StoredEntry| {
            entry.header.conversation == id && self.was_device_of(by, entry.header.author)
        };
        if !is_theirs(&target) || !target.header.kind.is_shown() {
            return Ok(());
        }
        let references = env.store.references(of, REFERENCES_MAX)?;
        let edits = references.into_iter().filter(|entry| entry.header.kind == Kind::EDIT);
        let edits: Vec<EntryId> = edits.filter(is_theirs).map(|entry| entry.id).collect();
        for edit in edits {
            env.store.delete_body(edit)?;
        }
        if target.body.is_some() {
            env.store.delete_body(of)?;
            self.tell(Event::Deleted { id: of });
        }
        Ok(())
    }
}
