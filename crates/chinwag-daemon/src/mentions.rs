//! Which messages name us. It is found by whoever reads, in what is said and what we are called now:
//! nothing of it is said between devices.

use std::collections::BTreeSet;

use chinwag_api::error::ApiError;
use chinwag_api::mention::mentions;
use chinwag_core::ids::{AccountId, ConversationId, EntryId};
use chinwag_core::timeline::Says;

use crate::node_thread::View;
use crate::refusals::unreadable;
use crate::{messages, people};

/// Unread messages that are counted.
const COUNTED_MAX: usize = 100;

/// The newest unread entries of a log among which they are looked for, and unread messages of a conversation
/// that are looked at closely: those with an `@` in them.
const LOOKED_AT: usize = 1_000;

/// Whether a text of somebody else names us.
pub(crate) fn name_us(view: &View<'_>, text: &str) -> bool {
    view.node.account().is_some_and(|own| !mentions(text, &people::name(view, own)).is_empty())
}

/// How many messages of others that were not read name us.
pub(crate) fn unread(view: &View<'_>, id: ConversationId) -> Result<u64, ApiError> {
    let own = people::own(view)?;
    let mut looked_at = BTreeSet::new();
    let mut count = 0;
    for (author, part) in people::unread_parts(view, id)? {
        let texts = view.kept()?.texts_with(id, author, part, b'@', LOOKED_AT);
        for text in texts.map_err(|error| unreadable(&error))? {
            if count == COUNTED_MAX || looked_at.len() == LOOKED_AT {
                break;
            }
            count += usize::from(looked_at.insert(text) && is_one(view, id, text, own)?);
        }
    }
    Ok(u64::try_from(count).unwrap_or(u64::MAX))
}

/// Whether a message is here, was not read, and names us as it is now. One that was edited may be of another
/// log than the edit that was found.
fn is_one(
    view: &View<'_>,
    id: ConversationId,
    text: EntryId,
    own: AccountId,
) -> Result<bool, ApiError> {
    let Some(entry) = messages::find(view, text)? else { return Ok(false) };
    let header = &entry.header;
    let is_unread = header.conversation == id
        && view.node.author_of(id, header.author) != Some(own)
        && view.node.read(id, header.author, own) < header.seq().get();
    if !is_unread {
        return Ok(false);
    }
    let says = messages::folded(view, &entry)?.says;
    Ok(matches!(&says, Says::Text(text) if name_us(view, &text.text)))
}
