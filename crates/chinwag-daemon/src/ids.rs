//! Ids as the contract writes them: a prefix that says what they name, and 52 letters and digits.

use chinwag_api::error::{ApiError, Kind};
use chinwag_core::ids::{AccountId, ConversationId, DeviceId, EntryId};
use data_encoding::BASE32_NOPAD;

/// Letters of the beginning of an id that do for the whole, if it is the only one that begins so.
pub(crate) const PREFIX_MIN: usize = 8;

pub(crate) fn account(id: AccountId) -> String {
    written("ctc_", id.as_bytes())
}

pub(crate) fn device(id: DeviceId) -> String {
    written("dev_", id.as_bytes())
}

pub(crate) fn conversation(id: ConversationId) -> String {
    written("conv_", id.as_bytes())
}

pub(crate) fn message(id: EntryId) -> String {
    written("msg_", id.as_bytes())
}

/// What ids of tickets to groups begin with.
pub(crate) const GROUP_TICKET: &str = "gtk_";

/// The ticket to a group that this operation made. It is no secret: all members have it.
pub(crate) fn group_ticket(id: EntryId) -> String {
    written(GROUP_TICKET, id.as_bytes()).chars().take(20).collect()
}

/// The invite with this secret, without the secret: whoever reads the id can't use it.
pub(crate) fn invite(secret: &[u8; 16]) -> String {
    let label = chinwag_crypto::Label::new("chinwag/invite-id/1");
    let id = chinwag_crypto::hash(label, secret);
    written("inv_", id.as_bytes()).chars().take(20).collect()
}

fn written(prefix: &str, bytes: &[u8]) -> String {
    prefix.to_owned() + &BASE32_NOPAD.encode(bytes).to_ascii_lowercase()
}

/// The key of the device with this id, as its 32 bytes. An error: it is none.
pub fn device_key(text: &str) -> Result<[u8; 32], ApiError> {
    parse_device(text).map(|device| *device.as_bytes())
}

pub(crate) fn parse_device(text: &str) -> Result<DeviceId, ApiError> {
    let device = whole("dev_", text).and_then(|bytes| DeviceId::from_bytes(&bytes).ok());
    device.ok_or_else(|| ApiError::new(Kind::Usage, format!("{text:?} is no device's id")))
}

pub(crate) fn parse_account(text: &str) -> Option<AccountId> {
    AccountId::from_bytes(&whole("ctc_", text)?).ok()
}

/// Whether this may be the beginning of an account's id that does for the whole.
pub(crate) fn is_beginning_of_account(text: &str) -> bool {
    text.strip_prefix("ctc_").is_some_and(|letters| letters.len() >= PREFIX_MIN)
}

/// Whether this may be the beginning of a conversation's id that does for the whole.
pub(crate) fn is_beginning_of_conversation(text: &str) -> bool {
    text.strip_prefix("conv_").is_some_and(|letters| letters.len() >= PREFIX_MIN)
}

pub(crate) fn parse_conversation(text: &str) -> Option<ConversationId> {
    whole("conv_", text).map(ConversationId::from_bytes)
}

/// A message's id, or the beginning of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    Whole(EntryId),
    /// The bytes that are certain, and the letters.
    Beginning(Vec<u8>, String),
}

pub(crate) fn parse_message(text: &str) -> Result<Named, ApiError> {
    let letters = text.trim().to_ascii_lowercase();
    let letters = letters.strip_prefix("msg_").unwrap_or(&letters);
    if let Some(bytes) = whole("", letters) {
        return Ok(Named::Whole(EntryId::from_bytes(bytes)));
    }
    let wrong = || {
        let message = format!("{text:?} is no message's id, nor the beginning of one");
        let hint = format!("give at least {PREFIX_MIN} letters of it, as the history shows them");
        ApiError::new(Kind::Usage, message).hint(hint)
    };
    if !(PREFIX_MIN..52).contains(&letters.len()) {
        return Err(wrong());
    }
    // Eight letters are five bytes, without a rest.
    let certain: String = letters.chars().take(PREFIX_MIN).collect();
    let bytes =
        BASE32_NOPAD.decode(certain.to_ascii_uppercase().as_bytes()).map_err(|_| wrong())?;
    Ok(Named::Beginning(bytes, letters.to_owned()))
}

/// Whether a message's id begins with these letters.
pub(crate) fn begins(id: EntryId, letters: &str) -> bool {
    message(id).strip_prefix("msg_").is_some_and(|whole| whole.starts_with(letters))
}

fn whole(prefix: &str, text: &str) -> Option<[u8; 32]> {
    let letters = text.trim().strip_prefix(prefix)?;
    let bytes = BASE32_NOPAD.decode(letters.to_ascii_uppercase().as_bytes()).ok()?;
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_comes_back_from_what_was_written() {
        let id = EntryId::from_bytes([7; 32]);
        assert_eq!(parse_message(&message(id)).unwrap(), Named::Whole(id));
        let conversation_id = ConversationId::from_bytes([9; 32]);
        assert_eq!(parse_conversation(&conversation(conversation_id)), Some(conversation_id));
    }

    #[test]
    fn the_beginning_of_an_id_does_from_eight_letters_on() {
        let id = EntryId::from_bytes([7; 32]);
        let text = message(id);
        assert!(
            matches!(parse_message(&text[..12]).unwrap(), Named::Beginning(bytes, _) if bytes == [7; 5])
        );
        assert!(matches!(parse_message(&text[4..20]).unwrap(), Named::Beginning(..)));
        assert!(begins(id, &text[4..15]));
        assert!(parse_message(&text[..11]).is_err());
        for wrong in ["", "msg_", "msg_0000000000", "hello world", "msg_\u{202e}aaaaaaaa"] {
            assert!(parse_message(wrong).is_err(), "{wrong}");
        }
    }
}
