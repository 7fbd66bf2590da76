//! What a reader sees of a conversation: texts as they were changed last, and who reacts to them
//! how. Folded twice: from what a store shows, with the fold that screens use, and from the model.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_core::body::{Body, Content, Kind};
use chinwag_core::entry::Position;
use chinwag_core::ids::{AccountId, ConversationId, EntryId};
use chinwag_core::store::{Store, StoredEntry};
use chinwag_core::timeline::{Says, fold};

use crate::model::Written;
use crate::network::Who;
use crate::sim::World;

/// One message on a screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) id: EntryId,
    /// What it says now; `None`: that is gone.
    pub(crate) words: Option<String>,
    /// Who reacts how.
    pub(crate) reactions: BTreeSet<(AccountId, String)>,
}

/// What must be on a screen.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub(crate) shown: Shown,
    /// Whether its body may be gone, and may be here.
    pub(crate) disappears: bool,
    /// All that it ever said.
    pub(crate) ever: BTreeSet<String>,
}

/// What an entry says, if its body is here and can be read.
pub(crate) fn content_of(entry: &StoredEntry) -> Option<Content> {
    let body = Body::from_bytes(entry.header.kind, entry.body.as_deref()?).ok()?;
    Some(body.content().clone())
}

impl World<'_> {
    /// What somebody's store shows, the oldest first.
    pub(crate) fn shown(&self, who: Who, id: ConversationId) -> Vec<Shown> {
        let store = self.store(who);
        let timeline = store.timeline(id, None, usize::MAX).unwrap_or_default();
        let texts = timeline.iter().rev().filter(|entry| entry.header.kind == Kind::TEXT);
        texts.map(|entry| self.message(who, entry)).collect()
    }

    fn message(&self, who: Who, entry: &StoredEntry) -> Shown {
        let references = self.store(who).references(entry.id, usize::MAX).unwrap_or_default();
        let folded = fold(entry, &references, |device| self.account_of(device));
        let words = match folded.says {
            Says::Text(text) => Some(text.text),
            _ => None,
        };
        let reactions = folded.reactions.into_iter().flat_map(|(emoji, accounts)| {
            accounts.into_iter().map(move |account| (account, emoji.clone()))
        });
        Shown { id: entry.id, words, reactions: reactions.collect() }
    }
}

/// What must be shown of these, the oldest first.
pub(crate) fn expected<'a>(written: impl Iterator<Item = &'a Written>) -> Vec<Expected> {
    let in_order: BTreeMap<Position, &Written> = written.map(|w| (w.position, w)).collect();
    let mut all: Vec<Expected> = Vec::new();
    let mut places: BTreeMap<EntryId, (usize, AccountId)> = BTreeMap::new();
    for written in in_order.values() {
        if let Content::Text(text) = &written.content {
            places.insert(written.id, (all.len(), written.account));
            all.push(Expected {
                shown: Shown {
                    id: written.id,
                    words: Some(text.text.clone()),
                    reactions: BTreeSet::new(),
                },
                disappears: written.lifetime_s > 0,
                ever: BTreeSet::from([text.text.clone()]),
            });
        }
    }
    let mut retracted = BTreeSet::new();
    for written in in_order.values() {
        apply(written, &mut all, &places, &mut retracted);
    }
    for place in retracted {
        all[place].shown.words = None;
        all[place].disappears = false;
    }
    all
}

fn apply(
    written: &Written,
    all: &mut [Expected],
    places: &BTreeMap<EntryId, (usize, AccountId)>,
    retracted: &mut BTreeSet<usize>,
) {
    match &written.content {
        Content::Edit { of, text } => {
            if let Some((place, _)) = places.get(of).filter(|(_, by)| *by == written.account) {
                all[*place].shown.words = Some(text.text.clone());
                all[*place].ever.insert(text.text.clone());
            }
        }
        Content::Retraction { of } => {
            if let Some((place, _)) = places.get(of).filter(|(_, by)| *by == written.account) {
                retracted.insert(*place);
            }
        }
        Content::Reaction { to, is_on, emoji } => {
            if let Some((place, _)) = places.get(to) {
                let reaction = (written.account, emoji.clone());
                let reactions = &mut all[*place].shown.reactions;
                let _ =
                    if *is_on { reactions.insert(reaction) } else { reactions.remove(&reaction) };
            }
        }
        _ => {}
    }
}

impl Expected {
    /// Whether this is shown as it must be.
    pub(crate) fn fits(&self, shown: &Shown) -> bool {
        let words = match &shown.words {
            words if !self.disappears => *words == self.shown.words,
            // An edit of it may be gone before it is.
            Some(words) => self.ever.contains(words),
            None => true,
        };
        // What was said of a message goes with it.
        let reactions = match shown.words {
            // Who has deleted it hands on the reactions to it without their bodies.
            Some(_) => self.disappears || self.shown.reactions == shown.reactions,
            None => shown.reactions.is_empty(),
        };
        words && reactions && self.shown.id == shown.id
    }

    /// Whether this is shown as it may be where changes of it, or all of it, may be gone.
    pub(crate) fn may_be_without_changes(&self, shown: &Shown) -> bool {
        let words = shown.words.as_ref();
        let is_retracted = self.shown.words.is_none();
        words.is_none_or(|words| !is_retracted && self.ever.contains(words))
            && self.shown.id == shown.id
    }
}
