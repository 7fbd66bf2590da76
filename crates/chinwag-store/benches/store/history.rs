//! What a device writes into a conversation, signed.

use chinwag_core::body::{Body, Content, SALT_LEN, Text, body_hash};
use chinwag_core::entry::{Header, Parents, Place, Seq, sign};
use chinwag_core::ids::{ConversationId, DeviceId, EntryId};
use chinwag_core::log::{Base, CheckedRun, Run};
use chinwag_core::time::ClaimedTime;
use chinwag_crypto::{Secret, SigningKey};

/// A device that writes one log.
pub(crate) struct Author {
    key: SigningKey,
    pub(crate) conversation: ConversationId,
    last: Option<(Seq, EntryId)>,
}

impl Author {
    pub(crate) fn new(device: u8, conversation: u8) -> Self {
        let key = SigningKey::from_seed(&Secret::new([device; 32]));
        Self { key, conversation: ConversationId::from_bytes([conversation; 32]), last: None }
    }

    pub(crate) fn id(&self) -> DeviceId {
        DeviceId::new(self.key.public())
    }

    /// A run of these messages, the first of this rank.
    pub(crate) fn run(&mut self, rank: u64, messages: impl Iterator<Item = String>) -> Run {
        let entries = messages.zip(rank..).map(|(message, rank)| self.entry(rank, message));
        let entries = entries.collect();
        let signature = sign(&self.key, self.last.unwrap().1);
        Run { entries, signature }
    }

    fn entry(&mut self, rank: u64, message: String) -> (Header, Option<Vec<u8>>) {
        let content = Content::Text(Text { text: message, ..Text::default() });
        let kind = content.kind();
        let body = Body::new([9; SALT_LEN], content).unwrap().to_bytes();
        let header = Header {
            conversation: self.conversation,
            author: self.id(),
            place: self.last.map_or(Place::First, |(s, id)| Place::following(s, id).unwrap()),
            parents: Parents::default(),
            rank,
            claimed: ClaimedTime::new(rank),
            lifetime_s: 0,
            kind,
            body_len: u32::try_from(body.len()).unwrap(),
            body_hash: body_hash(&body),
        };
        self.last = Some((header.seq(), header.id()));
        (header, Some(body))
    }

    pub(crate) fn checked(
        &mut self,
        rank: u64,
        messages: impl Iterator<Item = String>,
    ) -> CheckedRun {
        let run = self.run(rank, messages);
        run.check(self.conversation, self.id(), Base::Unknown).unwrap()
    }
}
