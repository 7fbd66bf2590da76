//! What an entry says: its body.
//!
//! A body is kept apart from its header, so that it can be deleted while the log still proves that
//! it was there. It begins with 16 random bytes: otherwise whoever keeps the header of a deleted
//! "yes" could find it again by hashing guesses.

use chinwag_crypto::{Hash, Label, hash};

use crate::identity::Name;
use crate::ids::{AccountId, EntryId};
use crate::membership;
use crate::wire::codec::{Decode, DecodeError, Encode, Reader, Writer};
use crate::wire::limits::{BODY_MAX, MENTIONS_MAX, REACTION_MAX, SETTING_MAX, SETTINGS_MAX};

const BODY: Label = Label::new("chinwag/body/1");

/// Bytes of the salt before the content.
pub const SALT_LEN: usize = 16;

/// What sort of thing an entry says. Kinds that are not known yet are kept and passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(u16);

impl Kind {
    /// A message of a person.
    pub const TEXT: Self = Self(1);
    /// A new text for an earlier message.
    pub const EDIT: Self = Self(2);
    /// A reaction to an earlier message, or its end.
    pub const REACTION: Self = Self(3);
    /// The wish that an earlier message be deleted everywhere.
    pub const RETRACTION: Self = Self(4);
    /// A change of the conversation's settings.
    pub const SETTINGS: Self = Self(5);
    /// What an account's devices share about somebody else's account.
    pub const CONTACT: Self = Self(6);
    /// An operation of a group: who is a member, what it is called.
    pub const MEMBERSHIP: Self = Self(7);
    /// For whom what follows in a log of a group is.
    pub const AUDIENCE: Self = Self(8);

    /// The kind with this number.
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// Whether an entry of this kind has a line of its own in a conversation. Others change how
    /// those are shown, or are not for a screen.
    pub const fn is_shown(self) -> bool {
        !matches!(
            self,
            Self::EDIT | Self::REACTION | Self::RETRACTION | Self::CONTACT | Self::AUDIENCE
        )
    }

    /// Whether an entry of this kind is something that a person said. It can be changed, reacted to
    /// and taken back, and it may disappear. Settings and operations of a group have a line of their
    /// own and stay.
    pub const fn is_message(self) -> bool {
        self.is_shown() && !matches!(self, Self::SETTINGS | Self::MEMBERSHIP)
    }

    /// Whether an entry of this kind says something about an earlier one.
    pub const fn is_reference(self) -> bool {
        matches!(self, Self::EDIT | Self::REACTION | Self::RETRACTION)
    }
}

/// A body: its salt and what it says. Its encoding is within [`BODY_MAX`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    salt: [u8; SALT_LEN],
    content: Content,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A message of a person.
    Text(Text),
    /// A new text for an earlier message of the same author.
    Edit {
        /// The message.
        of: EntryId,
        /// What it says now.
        text: Text,
    },
    /// A reaction to an earlier message.
    Reaction {
        /// The message.
        to: EntryId,
        /// Whether it begins or ends.
        is_on: bool,
        /// The emoji.
        emoji: String,
    },
    /// The wish that an earlier message of the same author be deleted everywhere.
    Retraction {
        /// The message.
        of: EntryId,
    },
    /// New values of settings, by number.
    Settings(Settings),
    /// What this account's devices are to make of another account.
    Contact(ContactChange),
    /// An operation of a group.
    Membership(Box<membership::Operation>),
    /// For whom what its author says in a group from here on is.
    Audience(membership::Audience),
    /// A kind that this version does not know.
    Unknown {
        /// Its number.
        kind: Kind,
        /// What it says.
        bytes: Vec<u8>,
    },
}

/// A text with what it refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// The message that it answers.
    pub reply_to: Option<EntryId>,
    /// Who is mentioned, in the order of their places.
    pub mentions: Vec<Mention>,
    /// The words.
    pub text: String,
}

/// Somebody mentioned in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mention {
    /// Who.
    pub account: AccountId,
    /// Where the mention begins, in Unicode scalar values.
    pub start: u32,
    /// How long it is, in Unicode scalar values.
    pub len: u32,
}

/// What an account's owner decided about another account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactChange {
    /// Who.
    pub account: AccountId,
    /// What they are called here, if not by their own name.
    pub called: Option<Name>,
    /// Whether they are a contact.
    pub is_contact: bool,
    /// Whether the safety number was compared.
    pub is_verified: bool,
    /// Whether they are kept from reaching us.
    pub is_blocked: bool,
}

/// New values of settings. What this version does not know is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings(Vec<(u16, Vec<u8>)>);

/// Why something can't be said in one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It is too long.
    #[error("a message of {0} bytes is over the limit of {BODY_MAX}")]
    TooLong(usize),
    /// It is not as the protocol wants it.
    #[error(transparent)]
    Wrong(#[from] DecodeError),
}

impl Body {
    /// A body that says this. The salt must be random.
    pub fn new(salt: [u8; SALT_LEN], content: Content) -> Result<Self, BodyError> {
        let kind = content.kind();
        let body = Self { salt, content };
        let bytes = body.to_bytes();
        if bytes.len() > BODY_MAX {
            return Err(BodyError::TooLong(bytes.len()));
        }
        // What can't be read back may not be written: limits, order of mentions, empty emoji.
        Self::from_bytes(kind, &bytes)?;
        Ok(body)
    }

    /// Reads a body of this kind.
    pub fn from_bytes(kind: Kind, bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > BODY_MAX {
            let found = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            return Err(DecodeError::OverLimit { what: "a body", found, max: BODY_MAX });
        }
        let mut from = Reader::new(bytes);
        let salt = from.array("a salt")?;
        let content = Content::decode(kind, &mut from)?;
        from.end()?;
        Ok(Self { salt, content })
    }

    /// The encoding.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.fixed(&self.salt);
        self.content.encode(&mut to);
        to.finish()
    }

    /// What it says.
    pub const fn content(&self) -> &Content {
        &self.content
    }
}

/// The entry that the body of a [reference](Kind::is_reference) is about. `None`: it is none, or
/// too short to be one.
pub fn target(kind: Kind, body: &[u8]) -> Option<EntryId> {
    if !kind.is_reference() {
        return None;
    }
    let id = body.get(SALT_LEN..SALT_LEN + 32)?;
    Some(EntryId::from_bytes(id.try_into().ok()?))
}

/// The hash by which a header names its body.
pub fn body_hash(bytes: &[u8]) -> Hash {
    hash(BODY, bytes)
}

impl Content {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Text(_) => Kind::TEXT,
            Self::Edit { .. } => Kind::EDIT,
            Self::Reaction { .. } => Kind::REACTION,
            Self::Retraction { .. } => Kind::RETRACTION,
            Self::Settings(_) => Kind::SETTINGS,
            Self::Contact(_) => Kind::CONTACT,
            Self::Membership(_) => Kind::MEMBERSHIP,
            Self::Audience(_) => Kind::AUDIENCE,
            Self::Unknown { kind, .. } => *kind,
        }
    }

    fn decode(kind: Kind, from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match kind {
            Kind::TEXT => Self::Text(Text::decode(from)?),
            Kind::EDIT => Self::Edit { of: entry(from)?, text: Text::decode(from)? },
            Kind::REACTION => Self::Reaction {
                to: entry(from)?,
                is_on: from.bool("a reaction's state")?,
                emoji: emoji(from)?,
            },
            Kind::RETRACTION => Self::Retraction { of: entry(from)? },
            Kind::SETTINGS => Self::Settings(Settings::decode(from)?),
            Kind::CONTACT => Self::Contact(ContactChange::decode(from)?),
            Kind::MEMBERSHIP => Self::Membership(Box::new(membership::Operation::decode(from)?)),
            Kind::AUDIENCE => Self::Audience(membership::Audience::decode(from)?),
            kind => {
                Self::Unknown { kind, bytes: from.fixed("a body", from.rest().len())?.to_vec() }
            }
        })
    }
}

impl Encode for Content {
    fn encode(&self, to: &mut Writer) {
        match self {
            Self::Text(text) => text.encode(to),
            Self::Edit { of, text } => {
                to.fixed(of.as_bytes());
                text.encode(to);
            }
            Self::Reaction { to: target, is_on, emoji } => {
                to.fixed(target.as_bytes());
                to.bool(*is_on);
                to.count_u8(emoji.len());
                to.fixed(emoji.as_bytes());
            }
            Self::Retraction { of } => to.fixed(of.as_bytes()),
            Self::Settings(settings) => settings.encode(to),
            Self::Contact(change) => change.encode(to),
            Self::Membership(operation) => operation.encode(to),
            Self::Audience(audience) => audience.encode(to),
            Self::Unknown { bytes, .. } => to.fixed(bytes),
        }
    }
}

fn entry(from: &mut Reader<'_>) -> Result<EntryId, DecodeError> {
    from.hash("an entry id").map(EntryId::new)
}

fn emoji(from: &mut Reader<'_>) -> Result<String, DecodeError> {
    let len = from.count_u8("a reaction", REACTION_MAX)?;
    match from.text("a reaction", len)? {
        "" => Err(DecodeError::NotCanonical { what: "an empty reaction" }),
        emoji => Ok(emoji.to_owned()),
    }
}

impl Encode for Text {
    fn encode(&self, to: &mut Writer) {
        to.bool(self.reply_to.is_some());
        if let Some(reply_to) = &self.reply_to {
            to.fixed(reply_to.as_bytes());
        }
        to.count_u8(self.mentions.len());
        for mention in &self.mentions {
            to.fixed(mention.account.as_bytes());
            to.u32(mention.start);
            to.u32(mention.len);
        }
        to.count_u32(self.text.len());
        to.fixed(self.text.as_bytes());
    }
}

impl Decode for Text {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let reply_to = if from.bool("a reply")? { Some(entry(from)?) } else { None };
        let count = from.count_u8("mentions", MENTIONS_MAX)?;
        let mentions = (0..count).map(|_| mention(from)).collect::<Result<Vec<_>, _>>()?;
        let len = from.count_u32("a text", BODY_MAX)?;
        let text = from.text("a text", len)?.to_owned();
        let chars = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
        if !are_in_place(&mentions, chars) {
            return Err(DecodeError::NotCanonical { what: "a mention" });
        }
        Ok(Self { reply_to, mentions, text })
    }
}

fn mention(from: &mut Reader<'_>) -> Result<Mention, DecodeError> {
    Ok(Mention {
        account: AccountId::new(from.key("a mentioned account")?),
        start: from.u32("a mention")?,
        len: from.u32("a mention")?,
    })
}

/// Mentions follow one another, do not overlap, are not empty and lie within the text.
fn are_in_place(mentions: &[Mention], chars: u64) -> bool {
    let mut free_from = 0_u64;
    mentions.iter().all(|mention| {
        let start = u64::from(mention.start);
        let end = start + u64::from(mention.len);
        let is_in_place = mention.len > 0 && start >= free_from && end <= chars;
        free_from = end;
        is_in_place
    })
}

impl Encode for ContactChange {
    fn encode(&self, to: &mut Writer) {
        to.fixed(self.account.as_bytes());
        to.bool(self.called.is_some());
        if let Some(called) = &self.called {
            called.encode(to);
        }
        to.bool(self.is_contact);
        to.bool(self.is_verified);
        to.bool(self.is_blocked);
    }
}

impl Decode for ContactChange {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let account = AccountId::new(from.key("an account")?);
        let called = if from.bool("a name's presence")? { Some(Name::decode(from)?) } else { None };
        Ok(Self {
            account,
            called,
            is_contact: from.bool("whether it is a contact")?,
            is_verified: from.bool("whether it is verified")?,
            is_blocked: from.bool("whether it is blocked")?,
        })
    }
}

impl Settings {
    const LIFETIME: u16 = 1;

    /// Messages disappear so many seconds after they are read; 0: never.
    #[must_use]
    pub fn with_lifetime(mut self, lifetime_s: u32) -> Self {
        self.0.retain(|(number, _)| *number != Self::LIFETIME);
        self.0.push((Self::LIFETIME, lifetime_s.to_be_bytes().to_vec()));
        self.0.sort_unstable();
        self
    }

    /// The new lifetime, if it changes.
    pub fn lifetime_s(&self) -> Option<u32> {
        let (_, value) = self.0.iter().find(|(number, _)| *number == Self::LIFETIME)?;
        Some(u32::from_be_bytes(value.as_slice().try_into().ok()?))
    }
}

impl Encode for Settings {
    fn encode(&self, to: &mut Writer) {
        to.count_u8(self.0.len());
        for (number, value) in &self.0 {
            to.u16(*number);
            to.count_u16(value.len());
            to.fixed(value);
        }
    }
}

impl Decode for Settings {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = from.count_u8("settings", SETTINGS_MAX)?;
        let mut settings: Vec<(u16, Vec<u8>)> = Vec::with_capacity(count);
        for _ in 0..count {
            let number = from.u16("a setting")?;
            let len = from.count_u16("a setting", SETTING_MAX)?;
            let is_wrong = number == Self::LIFETIME && len != 4;
            if is_wrong || settings.last().is_some_and(|(before, _)| *before >= number) {
                return Err(DecodeError::NotCanonical { what: "a setting" });
            }
            settings.push((number, from.fixed("a setting", len)?.to_vec()));
        }
        Ok(Self(settings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(words: &str) -> Content {
        Content::Text(Text { text: words.to_owned(), ..Text::default() })
    }

    #[test]
    fn a_text_of_the_limit_is_a_body_and_one_byte_more_is_not() {
        let overhead = SALT_LEN + 1 + 1 + 4;
        let fits = "x".repeat(BODY_MAX - overhead);
        assert!(Body::new([7; SALT_LEN], text(&fits)).is_ok());
        let over = Body::new([7; SALT_LEN], text(&(fits + "x")));
        assert_eq!(over, Err(BodyError::TooLong(BODY_MAX + 1)));
    }

    #[test]
    fn an_unknown_kind_is_kept_as_it_is() {
        let kind = Kind::new(999);
        let content = Content::Unknown { kind, bytes: b"from the future".to_vec() };
        let body = Body::new([7; SALT_LEN], content).unwrap();
        assert_eq!(Body::from_bytes(kind, &body.to_bytes()), Ok(body));
    }

    #[test]
    fn the_same_words_have_another_hash_with_another_salt() {
        let a = Body::new([1; SALT_LEN], text("yes")).unwrap();
        let b = Body::new([2; SALT_LEN], text("yes")).unwrap();
        assert_ne!(body_hash(&a.to_bytes()), body_hash(&b.to_bytes()));
    }

    #[test]
    fn a_reaction_needs_an_emoji() {
        let to = EntryId::from_bytes([3; 32]);
        let reaction = |emoji: &str| Content::Reaction { to, is_on: true, emoji: emoji.into() };
        assert!(Body::new([7; SALT_LEN], reaction("👩‍👩‍👧‍👦")).is_ok());
        assert!(Body::new([7; SALT_LEN], reaction("")).is_err());
        assert!(Body::new([7; SALT_LEN], reaction(&"x".repeat(REACTION_MAX + 1))).is_err());
    }

    #[test]
    fn a_setting_is_there_once_and_in_order() {
        let settings = Settings::default().with_lifetime(60).with_lifetime(3_600);
        assert_eq!(settings.lifetime_s(), Some(3_600));
        assert_eq!(Settings::from_bytes(&settings.to_bytes()), Ok(settings));
        let twice = [2, 0, 1, 0, 4, 0, 0, 0, 9, 0, 1, 0, 4, 0, 0, 0, 9];
        assert!(Settings::from_bytes(&twice).is_err());
    }
}
