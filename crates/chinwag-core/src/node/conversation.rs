//! Conversations: what is here of them, and what others are known to have and to have read.

use std::collections::BTreeMap;

use chinwag_crypto::{Hash, Hasher, Label};

use super::Node;
use super::group::Group;
use crate::body::{Body, Content, Kind};
use crate::entry::{Parents, Place, Position, Seq, Tip};
use crate::env::Env;
use crate::fork::Fork;
use crate::ids::{AccountId, ConversationId, DeviceId, EntryId};
use crate::log::Base;
use crate::store::{Store, StoreError};
use crate::sync::frontier::Frontier;

const DIGEST: Label = Label::new("chinwag/history-digest/1");

/// Who is in a conversation, besides ourselves.
#[derive(Debug)]
pub(super) enum With {
    /// Nobody: it is that of our own devices.
    Ourselves,
    /// One other account.
    Other(AccountId),
    /// Whoever is a member.
    Group(Box<Group>),
}

/// A conversation of two, of an account with itself, or of a group.
#[derive(Debug)]
pub(super) struct Conversation {
    /// Who is in it.
    pub(super) with: With,
    /// What is here.
    pub(super) here: Frontier,
    /// The last entry of each log before its first gap.
    pub(super) tips: BTreeMap<DeviceId, Tip>,
    /// The highest rank of all that is here.
    pub(super) highest_rank: Option<u64>,
    /// What each device is known to have.
    pub(super) receipts: BTreeMap<DeviceId, Frontier>,
    /// What each account is known to have read.
    pub(super) reads: BTreeMap<AccountId, Frontier>,
    /// The logs that were forked: from there on they do not count.
    pub(super) forks: BTreeMap<DeviceId, Fork>,
    /// Of logs that were cut off, the last entry that counts.
    pub(super) cuts: BTreeMap<DeviceId, Tip>,
    /// How long bodies stay after they were read, in seconds, and which entry says so; 0: for
    /// ever.
    pub(super) lifetime: Option<(Position, u32)>,
}

impl Conversation {
    fn new(with: With) -> Self {
        Self {
            with,
            here: Frontier::default(),
            tips: BTreeMap::new(),
            highest_rank: None,
            receipts: BTreeMap::new(),
            reads: BTreeMap::new(),
            forks: BTreeMap::new(),
            cuts: BTreeMap::new(),
            lifetime: None,
        }
    }

    /// The accounts that are members now, our own left aside.
    pub(super) fn others(&self, own: AccountId) -> Vec<AccountId> {
        match &self.with {
            With::Ourselves => Vec::new(),
            With::Other(account) => vec![*account],
            With::Group(group) => {
                group.state().members.keys().filter(|member| **member != own).copied().collect()
            }
        }
    }

    /// Whether another account is a member.
    pub(super) fn has(&self, other: AccountId) -> bool {
        match &self.with {
            With::Ourselves => false,
            With::Other(account) => *account == other,
            With::Group(group) => group.state().members.contains_key(&other),
        }
    }

    /// What our own log is checked against: there is no gap in it.
    pub(super) fn base(&self, author: DeviceId) -> Base {
        self.tips.get(&author).map_or(Base::Empty, |tip| Base::Head(*tip))
    }

    /// Whether something is here that comes after a gap in its log.
    pub(super) fn has_gaps(&self) -> bool {
        self.here.iter().any(|(_, ranges)| ranges.highest().map_or(0, Seq::get) > ranges.height())
    }

    /// Where the next entry of a log goes.
    pub(super) fn next_place(&self, author: DeviceId) -> Place {
        let tip = self.tips.get(&author);
        tip.and_then(|tip| Place::following(tip.seq, tip.id)).unwrap_or(Place::First)
    }

    /// What an author has seen of the others: of those that count.
    pub(super) fn parents(&self, author: DeviceId) -> Parents {
        let counts = |device: &DeviceId| *device != author && !self.forks.contains_key(device);
        Parents::new(self.tips.iter().filter(|(device, _)| counts(device)).map(|(_, tip)| tip.id))
    }

    /// The rank of an entry that is written now: above all that is here.
    pub(super) fn next_rank(&self, now_ms: u64) -> u64 {
        self.highest_rank.map_or(now_ms, |rank| rank.saturating_add(1).max(now_ms))
    }

    /// How many seconds after it was read the body of a new entry stays; 0: for ever.
    pub(super) fn lifetime_s(&self) -> u32 {
        self.lifetime.map_or(0, |(_, lifetime_s)| lifetime_s)
    }

    /// Takes a change of settings into account: the one that stands last counts.
    pub(super) fn set(&mut self, position: Position, content: &Content) {
        if let Content::Settings(settings) = content
            && self.group().is_none()
            && let Some(lifetime_s) = settings.lifetime_s()
            && self.lifetime.is_none_or(|(decided, _)| decided < position)
        {
            self.lifetime = Some((position, lifetime_s));
        }
    }
}

/// How long bodies stay, as the settings say that are kept and shown: the last of those that set it.
fn lifetime_in(
    store: &dyn Store,
    id: ConversationId,
) -> Result<Option<(Position, u32)>, StoreError> {
    let mut before = None;
    while let Some(entry) = store.latest_before(id, Kind::SETTINGS, before)? {
        let content = content_of(entry.header.kind, entry.body.as_deref());
        if let Some(Content::Settings(settings)) = content
            && let Some(lifetime_s) = settings.lifetime_s()
        {
            return Ok(Some((entry.position(), lifetime_s)));
        }
        before = Some(entry.position());
    }
    Ok(None)
}

/// What an entry says, if its body is here and can be read.
pub(super) fn content_of(kind: Kind, body: Option<&[u8]>) -> Option<Content> {
    Body::from_bytes(kind, body?).ok().map(|body| body.content().clone())
}

impl Node {
    pub(super) fn add_conversation(&mut self, id: ConversationId, with: With) {
        self.conversations.entry(id).or_insert_with(|| Conversation::new(with));
    }

    /// The conversation with an account: with our own, the one of our devices.
    pub(super) fn conversation_with(&self, account: AccountId) -> Option<ConversationId> {
        let own = self.account()?;
        let is_own = own == account;
        Some(if is_own { ConversationId::own(own) } else { ConversationId::direct(own, account) })
    }

    /// Brings what the store has of the conversations into memory: of all, or of one.
    pub(super) fn load_conversations(
        &mut self,
        env: &mut Env<'_>,
        only: Option<ConversationId>,
    ) -> Result<(), StoreError> {
        let is_wanted = |id: ConversationId| only.is_none_or(|only| only == id);
        for (id, frontier) in env.store.frontiers()? {
            if !self.conversations.contains_key(&id) && !self.load_group(env, id)? {
                self.dormant.insert(id);
            }
            let Some(conversation) = self.conversations.get_mut(&id).filter(|_| is_wanted(id))
            else {
                continue;
            };
            for (author, ranges) in frontier.iter() {
                // No entry ranks below one before it in its log.
                let top = ranges.highest().map(|seq| env.store.tip(id, author, seq)).transpose()?;
                let rank = top.flatten().map(|tip| tip.rank);
                conversation.highest_rank = conversation.highest_rank.max(rank);
                let Some(height) = Seq::new(ranges.height()) else { continue };
                if let Some(tip) = env.store.tip(id, author, height)? {
                    conversation.tips.insert(author, tip);
                }
            }
            conversation.here = frontier;
            if conversation.group().is_none() {
                conversation.lifetime = lifetime_in(env.store, id)?;
            }
        }
        for (id, device, frontier) in env.store.receipts()? {
            if Some(device) == self.device() {
                self.load_complete(env, id, &frontier)?;
            } else if let Some(conversation) =
                self.conversations.get_mut(&id).filter(|_| is_wanted(id))
            {
                conversation.receipts.insert(device, frontier);
            }
        }
        for (id, account, frontier) in env.store.reads()? {
            if let Some(conversation) = self.conversations.get_mut(&id).filter(|_| is_wanted(id)) {
                conversation.reads.insert(account, frontier);
            }
        }
        for fork in env.store.forks()? {
            if let Some(conversation) = self.conversations.get_mut(&fork.conversation()) {
                conversation.forks.insert(fork.author(), fork);
            }
        }
        self.leave_out_what_waits();
        self.refresh_groups(env)?;
        // What was revoked while it was not here was cut off nowhere.
        if only.is_some() { self.heed_revocations(env, only) } else { self.refresh_cuts(env) }
    }

    /// A change of settings takes effect.
    pub(super) fn set(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
        position: Position,
        content: &Content,
    ) -> Result<(), StoreError> {
        let Some(conversation) = self.conversations.get_mut(&id) else { return Ok(()) };
        let had_none = conversation.lifetime.is_none();
        conversation.set(position, content);
        let is_first = had_none && conversation.lifetime.is_some();
        if is_first { self.begin_what_has_begun(env, id) } else { Ok(()) }
    }

    /// Takes entries of a log out of what is shown, from a place on, and out of the settings.
    pub(super) fn hide(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
        author: DeviceId,
        from: Seq,
    ) -> Result<(), StoreError> {
        env.store.hide(id, author, from)?;
        if let Some(conversation) = self.conversations.get_mut(&id)
            && conversation.group().is_none()
        {
            conversation.lifetime = lifetime_in(env.store, id)?;
        }
        let is_own = self.account().map(ConversationId::own) == Some(id);
        if is_own { self.hold_anew(env) } else { Ok(()) }
    }

    /// The conversations that an account is a member of.
    pub(super) fn shared_with(&self, account: AccountId) -> Vec<ConversationId> {
        let is_ours = self.account() == Some(account);
        let shared = self.conversations.iter().filter(|(_, c)| is_ours || c.has(account));
        shared.map(|(id, _)| *id).collect()
    }

    /// How many entries of a log count at most: those before a fork, and those that a revocation
    /// leaves. 0 for whoever is no member's device.
    pub(super) fn limit(&self, id: ConversationId, author: DeviceId) -> u64 {
        self.account_of(id, author).map_or(0, |account| self.limit_as(id, account, author))
    }

    /// How many entries of a log count at most as those of an account.
    pub(super) fn limit_as(&self, id: ConversationId, account: AccountId, author: DeviceId) -> u64 {
        let fork = self.conversations.get(&id).and_then(|c| c.forks.get(&author));
        let before_fork = fork.map_or(u64::MAX, |fork| fork.at().get() - 1);
        let log = self.accounts.get(&account);
        let Some(device) = log.and_then(|log| log.device(author)) else { return 0 };
        let left =
            device.revoked.map_or(u64::MAX, |heights| heights.get(&id).copied().unwrap_or(0));
        before_fork.min(left)
    }

    /// How many entries of a log are here without a gap, and count: of a group, those that are
    /// complete.
    pub(super) fn height(&self, id: ConversationId, author: DeviceId) -> u64 {
        let complete = self.group_in(id).map_or(u64::MAX, |group| group.complete.height(author));
        self.kept(id, author).min(complete)
    }

    /// How many entries of a log are here without a gap, but for those that are cut off.
    pub(super) fn kept(&self, id: ConversationId, author: DeviceId) -> u64 {
        let here = self.conversations.get(&id).map_or(0, |c| c.here.height(author));
        here.min(self.limit(id, author))
    }

    /// What is here of a conversation, and counts.
    pub(super) fn frontier(&self, id: ConversationId) -> Frontier {
        let mut frontier = Frontier::default();
        for (author, ranges) in self.conversations.get(&id).iter().flat_map(|c| c.here.iter()) {
            let complete =
                self.group_in(id).map_or(u64::MAX, |group| group.complete.height(author));
            let ranges = ranges.at_most(self.limit(id, author).min(complete));
            ranges.iter().for_each(|range| frontier.insert(author, range));
        }
        frontier
    }

    /// The last entry of a log that counts.
    pub(super) fn head(&self, id: ConversationId, author: DeviceId) -> Option<EntryId> {
        let conversation = self.conversations.get(&id)?;
        let height = self.height(id, author);
        let complete = conversation.group().and_then(|group| group.complete.tip(author));
        let known = [conversation.tips.get(&author), conversation.cuts.get(&author), complete];
        // One of them is at that height: cuts are found again whenever one may have moved.
        known.into_iter().flatten().find(|tip| tip.seq.get() == height).map(|tip| tip.id)
    }

    /// The entry at a place of a log, in short; the last one from memory.
    pub(super) fn tip_at(
        &self,
        store: &dyn Store,
        id: ConversationId,
        author: DeviceId,
        seq: Seq,
    ) -> Result<Option<Tip>, StoreError> {
        let last = self.conversations.get(&id).and_then(|c| c.tips.get(&author)).copied();
        match last.filter(|tip| tip.seq == seq) {
            Some(tip) => Ok(Some(tip)),
            None => store.tip(id, author, seq),
        }
    }

    /// The digest of a conversation: its authors, how much of each counts, and its last entry.
    pub(super) fn digest_of_conversation(
        &self,
        store: &dyn Store,
        id: ConversationId,
    ) -> Result<Option<Hash>, StoreError> {
        let Some(conversation) = self.conversations.get(&id) else { return Ok(None) };
        let mut hasher = Hasher::new(DIGEST);
        hasher.update(id.as_bytes());
        for (author, _) in conversation.here.iter() {
            let Some(height) = Seq::new(self.height(id, author)) else { continue };
            let Some(tip) = self.tip_at(store, id, author, height)? else { continue };
            hasher.update(author.as_bytes());
            hasher.update(&height.get().to_be_bytes());
            hasher.update(tip.id.as_bytes());
        }
        let is_of_somebody = |author: &DeviceId| self.account_of(id, *author).is_some();
        for (author, fork) in conversation.forks.iter().filter(|(of, _)| is_of_somebody(of)) {
            hasher.update(author.as_bytes());
            hasher.update(&fork.at().get().to_be_bytes());
        }
        Ok(Some(hasher.finish()))
    }
}
