//! What is shown of an entry: what it says now, after all that was said about it.
//!
//! A pure function of an entry and its references, in whatever order they are handed over. Whoever
//! has the same entries shows the same.

use std::collections::{BTreeMap, BTreeSet};

use crate::body::{Body, Content, Kind, Settings, Text};
use crate::entry::Position;
use crate::ids::{AccountId, DeviceId, EntryId};
use crate::store::StoredEntry;
use crate::time::ClaimedTime;

/// What is shown of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// What it says now.
    pub says: Says,
    /// What it answers: as it was written, an edit does not change that.
    pub reply_to: Option<EntryId>,
    /// When it was last changed, as its author says. `None`: never.
    pub edited: Option<ClaimedTime>,
    /// Who reacts to it with which emoji, now; no emoji is there without anybody.
    pub reactions: BTreeMap<String, BTreeSet<AccountId>>,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// A person's words.
    Text(Text),
    /// New values of settings.
    Settings(Settings),
    /// Something that this version does not know, or that can't be read.
    Unknown(Kind),
    /// Nothing any more: its author took it back.
    Retracted,
    /// Nothing any more: its time is over, or whoever handed it on had deleted it.
    Deleted,
}

/// Folds an entry with its [references](crate::store::Store::references). Of these are left aside
/// what is about another entry or of another conversation, edits and retractions by others than
/// the author's account, and all whose author is nobody's device. Of what remains the last in the
/// order counts: of all edits, and of the reactions of each account with each emoji.
pub fn fold(
    entry: &StoredEntry,
    references: &[StoredEntry],
    account_of: impl Fn(DeviceId) -> Option<AccountId>,
) -> Shown {
    let author = account_of(entry.header.author);
    let mut said = Said::default();
    for reference in references {
        let is_here = reference.header.conversation == entry.header.conversation;
        let (Some(by), true) = (account_of(reference.header.author), is_here) else { continue };
        said.take(entry.id, reference, by, author == Some(by));
    }
    said.shown(entry)
}

/// What was said about an entry.
#[derive(Default)]
struct Said {
    is_retracted: bool,
    edit: Option<(Position, ClaimedTime, Text)>,
    reactions: BTreeMap<(AccountId, String), (Position, bool)>,
}

impl Said {
    fn take(&mut self, about: EntryId, reference: &StoredEntry, by: AccountId, is_author: bool) {
        let position = reference.position();
        match content_of(reference) {
            Some(Content::Retraction { of }) if of == about => self.is_retracted |= is_author,
            Some(Content::Edit { of, text })
                if of == about
                    && is_author
                    && self.edit.as_ref().is_none_or(|(last, _, _)| *last < position) =>
            {
                self.edit = Some((position, reference.header.claimed, text));
            }
            Some(Content::Reaction { to, is_on, emoji }) if to == about => {
                let last = self.reactions.entry((by, emoji)).or_insert((position, is_on));
                if last.0 < position {
                    *last = (position, is_on);
                }
            }
            _ => {}
        }
    }

    fn shown(self, entry: &StoredEntry) -> Shown {
        let kind = entry.header.kind;
        let says = match (content_of(entry), &entry.body) {
            _ if self.is_retracted && kind.is_message() => Says::Retracted,
            (_, None) => Says::Deleted,
            (Some(Content::Text(text)), _) => Says::Text(text),
            (Some(Content::Settings(settings)), _) => Says::Settings(settings),
            _ => Says::Unknown(kind),
        };
        let (reply_to, edit) = match &says {
            Says::Text(text) => (text.reply_to, self.edit),
            _ => (None, None),
        };
        let is_gone = matches!(says, Says::Retracted | Says::Deleted);
        let mut reactions: BTreeMap<String, BTreeSet<AccountId>> = BTreeMap::new();
        for ((by, emoji), (_, is_on)) in self.reactions {
            if is_on && !is_gone {
                reactions.entry(emoji).or_default().insert(by);
            }
        }
        match edit {
            Some((_, claimed, text)) => {
                Shown { says: Says::Text(text), reply_to, edited: Some(claimed), reactions }
            }
            None => Shown { says, reply_to, edited: None, reactions },
        }
    }
}

/// What an entry says, if its body is here and can be read.
fn content_of(entry: &StoredEntry) -> Option<Content> {
    let body = Body::from_bytes(entry.header.kind, entry.body.as_deref()?);
    body.ok().map(|body| body.content().clone())
}
