//! Writing: our own entries.

use super::Node;
use super::commands::Reply;
use crate::body::{Body, BodyError, Content, Kind, Text, body_hash};
use crate::entry::{Header, sign};
use crate::env::Env;
use crate::ids::{AccountId, ConversationId, EntryId};
use crate::log::{CheckedEntry, CheckedRun, Run};
use crate::output::{Answer, Refusal};
use crate::store::{StoreError, StoredEntry};
use crate::time::ClaimedTime;
use crate::wire::codec::Encode as _;
use crate::wire::limits::{LIVE_BYTES_MAX, RUN_MAX};

impl Node {
    /// Says something to a contact, or to our own devices.
    pub(super) fn say(&mut self, env: &mut Env<'_>, to: AccountId, content: Content) -> Reply {
        let Some(own) = self.account() else { return Ok(Err(Refusal::NoAccount)) };
        if to != own && !self.is_contact(to) {
            return Ok(Err(Refusal::NoContact(to)));
        }
        match self.conversation_with(to) {
            Some(id) => self.write_and_answer(env, id, content),
            None => Ok(Err(Refusal::NoContact(to))),
        }
    }

    pub(super) fn edit(&mut self, env: &mut Env<'_>, of: EntryId, text: Text) -> Reply {
        match self.own_message(env, of)? {
            Ok(id) => self.write_and_answer(env, id, Content::Edit { of, text }),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    pub(super) fn retract(&mut self, env: &mut Env<'_>, of: EntryId) -> Reply {
        match self.own_message(env, of)? {
            Ok(id) => self.write_and_answer(env, id, Content::Retraction { of }),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    pub(super) fn react(
        &mut self,
        env: &mut Env<'_>,
        to: EntryId,
        emoji: String,
        is_on: bool,
    ) -> Reply {
        match self.message_here(env, to)? {
            Ok(entry) => {
                let content = Content::Reaction { to, is_on, emoji };
                self.write_and_answer(env, entry.header.conversation, content)
            }
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    fn message_here(
        &mut self,
        env: &mut Env<'_>,
        id: EntryId,
    ) -> Result<Result<StoredEntry, Refusal>, StoreError> {
        if self.own.is_none() {
            return Ok(Err(Refusal::NoAccount));
        }
        let is_message = |entry: &StoredEntry| {
            let is_ours = self.conversations.contains_key(&entry.header.conversation);
            is_ours && entry.header.kind.is_message() && self.may_write(entry.header.conversation)
        };
        Ok(env.store.entry(id)?.filter(is_message).ok_or(Refusal::NoEntry(id)))
    }

    /// Whether we may write in a conversation: in a group, whether we are a member.
    fn may_write(&self, id: ConversationId) -> bool {
        let own = self.account();
        self.group(id).is_none_or(|state| own.is_some_and(|own| state.role(own).is_some()))
    }

    /// The conversation of a message that our account wrote.
    fn own_message(
        &mut self,
        env: &mut Env<'_>,
        id: EntryId,
    ) -> Result<Result<ConversationId, Refusal>, StoreError> {
        Ok(self.message_here(env, id)?.and_then(|entry| {
            let is_ours = self.is_ours(entry.header.author);
            if is_ours { Ok(entry.header.conversation) } else { Err(Refusal::NotYours(id)) }
        }))
    }

    fn write_and_answer(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
        content: Content,
    ) -> Reply {
        if self.group(id).is_some() {
            return self.write_in_group(env, id, content);
        }
        let written = self.write(env, id, content)?;
        Ok(written.map(Answer::Entry).map_err(Refusal::from))
    }

    /// Writes an entry. It is signed, and handed to everybody who is connected, at the end of the
    /// batch, together with what is written after it: see [`sign_written`](Self::sign_written).
    pub(super) fn write(
        &mut self,
        env: &mut Env<'_>,
        conversation: ConversationId,
        content: Content,
    ) -> Result<Result<EntryId, BodyError>, StoreError> {
        match Body::new(env.random(), content) {
            Ok(body) => self.write_body(env, conversation, &body).map(Ok),
            Err(error) => Ok(Err(error)),
        }
    }

    /// Writes an entry with this body.
    pub(super) fn write_body(
        &mut self,
        env: &mut Env<'_>,
        conversation: ConversationId,
        body: &Body,
    ) -> Result<EntryId, StoreError> {
        self.find_named(env, conversation)?;
        self.name_all_operations(env, conversation)?;
        self.write_one(env, conversation, body)
    }

    /// Writes an entry with this body, and nothing before it.
    pub(super) fn write_one(
        &mut self,
        env: &mut Env<'_>,
        conversation: ConversationId,
        body: &Body,
    ) -> Result<EntryId, StoreError> {
        let (kind, body) = (body.content().kind(), body.to_bytes());
        let (Some(own), Some(state)) = (&self.own, self.conversations.get(&conversation)) else {
            return Err(StoreError("a conversation that is not there".to_owned()));
        };
        let is_group = state.group().is_some();
        let header = Header {
            conversation,
            author: own.device,
            place: state.next_place(own.device),
            parents: if is_group {
                self.to_name(conversation, own.device).0
            } else {
                state.parents(own.device)
            },
            rank: state.next_rank(env.wall.get()),
            claimed: ClaimedTime::from(env.wall),
            lifetime_s: if kind.is_message() { state.lifetime_s() } else { 0 },
            kind,
            // A body is within half a mebibyte.
            body_len: u32::try_from(body.len()).unwrap_or(u32::MAX),
            body_hash: body_hash(&body),
        };
        let (author, base) = (own.device, state.base(own.device));
        let run = CheckedRun::written(header, body, base)
            .map_err(|fault| StoreError(format!("our own log is wrong: {fault}")))?;
        let Some(entry) = run.entries().first().cloned() else { return Err(nothing_written()) };
        let id = entry.id();
        if self.written.get(&conversation).is_some_and(|written| !written.has_room_for(&entry)) {
            self.sign_written(env)?;
        }
        self.written.entry(conversation).or_default().push(entry);
        self.accept(env, conversation, author, &run, None)?;
        if kind == Kind::MEMBERSHIP {
            // It can be handed on alone.
            self.sign_written(env)?;
        }
        Ok(id)
    }

    /// Signs what was written since the last time, the last entry of each log for all before it, and
    /// hands it to everybody who is connected. It is done before anything of the batch is kept for
    /// good, and before our devices change: there is never an end of a log without a signature.
    pub(super) fn sign_written(&mut self, env: &mut Env<'_>) -> Result<(), StoreError> {
        for (conversation, written) in std::mem::take(&mut self.written) {
            let (Some(own), Some(last)) = (&self.own, written.entries.last()) else {
                return Err(nothing_written());
            };
            let (author, last) = (own.device, last.id());
            let signature = sign(&own.device_key, last);
            env.store.put_signature(last, &signature)?;
            let entries = written.entries.into_iter().map(CheckedEntry::into_parts).collect();
            self.hand_to_all(conversation, author, &Run { entries, signature }, None);
        }
        Ok(())
    }
}

/// What we wrote into one log, and have not signed yet.
#[derive(Debug, Default)]
pub(super) struct Written {
    entries: Vec<CheckedEntry>,
    /// The length of what is sent of them.
    bytes: usize,
}

impl Written {
    /// Whether an entry can be signed together with these: what is new goes out in pieces that are
    /// in nobody's way.
    fn has_room_for(&self, entry: &CheckedEntry) -> bool {
        let bytes = self.bytes.saturating_add(len(entry)).saturating_add(AROUND);
        self.entries.len() < RUN_MAX && bytes <= LIVE_BYTES_MAX
    }

    fn push(&mut self, entry: CheckedEntry) {
        self.bytes = self.bytes.saturating_add(len(&entry));
        self.entries.push(entry);
    }
}

/// At most so many bytes are in a message beside its entries, and beside header and body of each.
const AROUND: usize = 256;
const AROUND_ENTRY: usize = 8;

/// The bytes of an entry in a message, at most.
fn len(entry: &CheckedEntry) -> usize {
    let header = entry.header().to_bytes().len().saturating_add(AROUND_ENTRY);
    header.saturating_add(entry.body().map_or(0, <[u8]>::len))
}

fn nothing_written() -> StoreError {
    StoreError("an entry was written into no log".to_owned())
}
