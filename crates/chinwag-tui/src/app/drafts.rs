//! What is typed and not sent: kept by the daemon, so that it is there again after a restart, and nowhere
//! in the clear.

use std::collections::BTreeMap;

use chinwag_api::method::{DraftSet, SetDraft};
use chinwag_api::model::{Draft, Id};
use jiff::Timestamp;

use super::{About, App};
use crate::composer::Composer;
use crate::msg::{Ask, Effect, Tag};

/// How often what is typed is kept, in seconds.
const KEPT_EVERY_S: i64 = 2;

/// Words, and what they are for. Without words it is for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Kept {
    text: String,
    about: About,
}

impl Kept {
    fn of(text: String, about: About) -> Self {
        if text.is_empty() { Self::default() } else { Self { text, about } }
    }
}

impl From<Draft> for Kept {
    fn from(draft: Draft) -> Self {
        let about = match (draft.edits, draft.reply_to) {
            (Some(id), _) => About::Edit(id),
            (None, Some(id)) => About::Reply(id),
            (None, None) => About::New,
        };
        Self::of(draft.text, about)
    }
}

/// What the daemon keeps of what is typed.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    /// Whether it was told: before, nothing is kept, so that nothing that is kept is lost.
    is_told: bool,
    /// As it is kept.
    kept: BTreeMap<Id, Kept>,
    /// What was found at the beginning and waits for its conversation.
    found: BTreeMap<Id, Kept>,
    /// What was given and not confirmed. Nothing else is given meanwhile: it might come before it.
    under_way: usize,
    /// When something was kept last.
    last: Timestamp,
}

impl App {
    /// The daemon tells what it keeps.
    pub(super) fn told_drafts(&mut self, told: Vec<Draft>) {
        let told = told.into_iter().map(|draft| (draft.conversation.clone(), draft.into()));
        let mut told: BTreeMap<Id, Kept> = told.collect();
        if std::mem::replace(&mut self.drafts.is_told, true) {
            // What others keep meanwhile is theirs.
            for (id, kept) in &mut self.drafts.kept {
                *kept = told.remove(id).unwrap_or_default();
            }
            return;
        }
        self.drafts.found.clone_from(&told);
        self.drafts.kept = told;
        self.put_drafts_back();
    }

    /// What was found goes where it was typed, before what was typed there meanwhile.
    pub(super) fn put_drafts_back(&mut self) {
        let mut found = std::mem::take(&mut self.drafts.found);
        for chat in self.chats.all_mut() {
            let Some(Kept { text, about }) = found.remove(chat.id()) else { continue };
            let typed = chat.composer.text();
            let is_edit = matches!(about, About::Edit(_)) || matches!(chat.about, About::Edit(_));
            if typed.is_empty() {
                chat.composer = Composer::with(&text);
                chat.about = about;
            } else if is_edit {
                // Words for two messages are not put into one: those of before can be had again.
                chat.remember(text);
            } else {
                chat.composer = Composer::with(&format!("{text}\n{typed}"));
                if chat.about == About::New {
                    chat.about = about;
                }
            }
        }
        self.drafts.found = found;
    }

    /// A draft was kept, or could not be.
    pub(super) fn draft_answered(&mut self) {
        self.drafts.under_way = self.drafts.under_way.saturating_sub(1);
    }

    /// Whether something was given to be kept and not confirmed, or is typed and can't be given yet, because
    /// the daemon has not told what it keeps.
    pub fn is_keeping(&self) -> bool {
        let is_draft = |chat: &super::Chat| !chat.composer.is_empty() && !chat.is_classroom();
        let is_typed = || self.chats.all().iter().any(is_draft);
        self.drafts.under_way > 0 || (!self.drafts.is_told && is_typed())
    }

    /// Keeps what is typed, if it is time.
    pub(super) fn keep_drafts_now_and_then(&mut self) -> Vec<Effect> {
        if self.now.as_second() - self.drafts.last.as_second() < KEPT_EVERY_S {
            return Vec::new();
        }
        self.keep_drafts()
    }

    /// Keeps what is typed and was not kept yet, and what it is for. Of the classroom nothing is kept.
    pub fn keep_drafts(&mut self) -> Vec<Effect> {
        let drafts = &mut self.drafts;
        if !drafts.is_told || drafts.under_way > 0 || self.lost.is_some() {
            return Vec::new();
        }
        let mut effects = Vec::new();
        for chat in self.chats.all().iter().filter(|chat| !chat.is_classroom()) {
            let id = chat.id();
            if drafts.found.contains_key(id) {
                continue;
            }
            let now = if chat.composer.is_empty() {
                Kept::default()
            } else {
                Kept::of(chat.composer.text(), chat.about.clone())
            };
            if drafts.kept.get(id).map_or(now == Kept::default(), |kept| *kept == now) {
                continue;
            }
            let (reply_to, edits) = match &now.about {
                About::New => (None, None),
                About::Reply(id) => (Some(id.clone()), None),
                About::Edit(id) => (None, Some(id.clone())),
            };
            let (conversation, text) = (id.to_owned(), now.text.clone());
            drafts.kept.insert(id.to_owned(), now);
            let params = SetDraft { conversation, text, reply_to, edits };
            effects.push(Ask::of::<DraftSet>(Tag::Draft, params));
        }
        drafts.under_way = effects.len();
        if !effects.is_empty() {
            drafts.last = self.now;
        }
        effects
    }
}
