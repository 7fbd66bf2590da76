//! What is known of whoever one talks with, for the part of the screen right of the conversation.

use chinwag_api::method::{ConversationDigest, Nothing, OneConversation, PeerList};
use chinwag_api::model::{Digest, Id, Peer};

use super::App;
use super::windows::PeersView;
use crate::actions::Act;
use crate::msg::{Ask, Effect, Tag};

/// What is shown there.
#[derive(Debug, Default)]
pub struct Details {
    /// Whether it is wanted.
    pub is_open: bool,
    /// All devices and the ways to them.
    pub peers: PeersView,
    /// Rows above what is seen of it, and how many rows there are and are seen, as it was drawn last in the
    /// place of the messages; without: it was drawn beside them, and all of it that fits is seen.
    pub scrolled: usize,
    /// How many rows there are, and how many are seen.
    pub drawn: Option<(usize, usize)>,
    /// What both compare; of another conversation until it was told.
    digest: Option<Digest>,
    /// Of which conversation it was asked for and holds still. None: of none.
    holds_for: Option<Id>,
}

impl Details {
    /// What both compare of a conversation, if it was told.
    pub fn digest(&self, conversation: &str) -> Option<&Digest> {
        self.digest.as_ref().filter(|digest| digest.conversation == conversation)
    }

    /// The devices of somebody, and the ways to them.
    pub fn devices<'a>(&'a self, contact: &'a str) -> impl Iterator<Item = &'a Peer> {
        self.peers.peers.iter().filter(move |peer| peer.contact == contact)
    }

    /// Moves what is seen of it, if it stands in the place of the messages.
    pub(super) fn scroll(&mut self, act: Act) -> bool {
        let Some((all, seen)) = self.drawn.filter(|_| self.is_open) else { return false };
        let page = seen.max(1).cast_signed();
        let by = match act {
            Act::PageUp => -page,
            Act::PageDown => page,
            Act::LineUp => -1,
            Act::LineDown => 1,
            Act::Top => isize::MIN,
            _ => isize::MAX,
        };
        self.scrolled = self.scrolled.saturating_add_signed(by).min(all.saturating_sub(seen));
        true
    }

    /// Takes what both compare.
    pub(super) fn told_digest(&mut self, digest: Digest) {
        self.digest = Some(digest);
    }

    /// Something was said or changed: what was compared is another by now.
    pub(super) fn has_changed(&mut self, conversation: &str) {
        if self.holds_for.as_deref() == Some(conversation) {
            self.holds_for = None;
        }
    }
}

impl App {
    /// Shows the details, or no longer.
    pub(super) fn toggle_details(&mut self) -> Vec<Effect> {
        self.details.is_open = !self.details.is_open;
        self.details.holds_for = None;
        (self.details.scrolled, self.details.drawn) = (0, None);
        if self.details.is_open {
            let key = self.options.keymap.key(Act::ToggleDetails);
            self.say(format!("what is known of whoever one talks with; {key} closes it"));
        }
        self.look_after_details()
    }

    /// Asks for what is shown of whoever one talks with, as often as it may be another.
    pub(super) fn look_after_details(&mut self) -> Vec<Effect> {
        if !self.details.is_open || self.lost.is_some() {
            return Vec::new();
        }
        let mut effects = vec![Ask::of::<PeerList>(Tag::Peers, Nothing {})];
        let current = self.chats.current().filter(|chat| !chat.is_classroom());
        let current = current.map(|chat| chat.id().to_owned());
        if let Some(conversation) = current
            && self.details.holds_for.as_ref() != Some(&conversation)
        {
            self.details.holds_for = Some(conversation.clone());
            let params = OneConversation { conversation };
            effects.push(Ask::of::<ConversationDigest>(Tag::DigestBeside, params));
        }
        effects
    }
}
