//! Signs whatever it is asked to, with the key of one device: what a lying device can do, and no
//! more than that.

use chinwag_crypto::{Secret, SigningKey};

use crate::body::{Body, Content, SALT_LEN, Text, body_hash};
use crate::entry::{Header, Parents, Place, sign};
use crate::ids::{ConversationId, DeviceId};
use crate::log::Run;
use crate::store::Local;
use crate::time::ClaimedTime;

/// A device's key without the device's honesty.
#[derive(Debug)]
pub struct Forger(SigningKey);

impl Forger {
    /// One who has the keys of this device.
    pub fn of(local: &Local) -> Self {
        Self(SigningKey::from_seed(&Secret::new(local.device_seed)))
    }

    /// An entry that says it is `author`'s, signed by this device. `None`: these words are too
    /// long.
    pub fn run(
        &self,
        conversation: ConversationId,
        author: DeviceId,
        place: Place,
        rank: u64,
        words: &str,
    ) -> Option<Run> {
        let content = Content::Text(Text { text: words.to_owned(), ..Text::default() });
        self.entry(conversation, author, place, rank, 0, content)
    }

    /// An entry that says anything. `None`: it can't be said in one.
    pub fn entry(
        &self,
        conversation: ConversationId,
        author: DeviceId,
        place: Place,
        rank: u64,
        lifetime_s: u32,
        content: Content,
    ) -> Option<Run> {
        let parents = Parents::default();
        self.naming(parents, conversation, author, place, rank, lifetime_s, content)
    }

    /// An entry that says anything, and that its author had seen these. `None`: it can't be said in
    /// one.
    #[allow(clippy::too_many_arguments, reason = "what a header has")]
    pub fn naming(
        &self,
        parents: Parents,
        conversation: ConversationId,
        author: DeviceId,
        place: Place,
        rank: u64,
        lifetime_s: u32,
        content: Content,
    ) -> Option<Run> {
        let kind = content.kind();
        let body = Body::new([0; SALT_LEN], content).ok()?.to_bytes();
        let header = Header {
            conversation,
            author,
            place,
            parents,
            rank,
            claimed: ClaimedTime::default(),
            lifetime_s,
            kind,
            body_len: u32::try_from(body.len()).ok()?,
            body_hash: body_hash(&body),
        };
        let signature = sign(&self.0, header.id());
        Some(Run { entries: vec![(header, Some(body))], signature })
    }
}
