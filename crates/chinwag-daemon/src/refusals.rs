//! What the node and the store decline, as the contract says it.

use std::path::Path;

use chinwag_api::error::{ApiError, Kind};
use chinwag_core::bundle::BundleError;
use chinwag_core::output::{GroupRefusal, Refusal};
use chinwag_core::store::StoreError;
use chinwag_store::OpenError;

use crate::node_thread::View;
use crate::{ids, people};

/// What to do about a full disk.
const MAKE_ROOM: &str =
    "make room on the disk: what was confirmed is there, and a daemon that runs goes on by itself";

/// What to do about a store that can't be read.
const RESTORE: &str = "nothing was replaced; put the files back, or restore a backup into another \
                       folder: chinwag restore FILE --data-dir DIR";

pub(crate) fn no_account() -> ApiError {
    ApiError::new(Kind::NoAccount, "there is no account here yet").hint("make one: chinwag init")
}

/// Nothing is done any more here: the node has ended, or is about to.
pub(crate) fn ended() -> ApiError {
    ApiError::new(Kind::Ended, "the node has ended before it came to this").hint("try it again")
}

/// Why a command was declined, with names in place of ids.
pub(crate) fn declined(refusal: &Refusal, view: &View<'_>) -> ApiError {
    let say = |kind, text: String| ApiError::new(kind, text);
    match refusal {
        Refusal::NoAccount => no_account(),
        Refusal::AccountExists => say(Kind::Refused, refusal.to_string())
            .hint("use another data folder for another account: --data-dir"),
        Refusal::OwnTicket | Refusal::TicketExpired | Refusal::Revoked => {
            say(Kind::Refused, refusal.to_string())
        }
        Refusal::NotOurDevice(device) => {
            let device = ids::device(*device);
            say(Kind::NotFound, format!("{device} is no other device of this account"))
        }
        Refusal::NoContact(account) => people::no_contact(view, *account),
        Refusal::NoRequest(account) => {
            let name = people::name(view, *account);
            say(Kind::NotFound, format!("there is no request of {name}"))
        }
        Refusal::NoEntry(id) => {
            say(Kind::NotFound, format!("there is no message {} here", ids::message(*id)))
        }
        Refusal::NotYours(id) => {
            say(Kind::Refused, format!("{} is not yours to change", ids::message(*id)))
        }
        Refusal::ClientIdUsed(id) => say(
            Kind::Refused,
            format!("this clientId was used for another message, {}", ids::message(*id)),
        )
        .hint("give each message its own"),
        Refusal::TooManyInvites(_) | Refusal::TooManyContacts(_) | Refusal::RequestTooLong(_) => {
            say(Kind::Limit, refusal.to_string())
        }
        Refusal::Group(why) => group(*why),
        Refusal::Body(error) => say(Kind::Limit, error.to_string()),
        Refusal::NoDevice(account) => {
            let name = people::name(view, *account);
            say(Kind::NotFound, format!("no device of {name} is known to seal a bundle for"))
                .hint("ask them for an introduction: chinwag bundle introduce")
        }
        Refusal::Introduction(error) => say(Kind::Refused, error.to_string()),
        Refusal::Bundle(error) => bundle(error),
        Refusal::Busy => say(Kind::Locked, refusal.to_string()),
    }
}

fn group(why: GroupRefusal) -> ApiError {
    let answer = |kind| ApiError::new(kind, why.to_string());
    match why {
        GroupRefusal::NotMember => answer(Kind::Refused)
            .hint("chinwag groups lists those you are in; only their members can let you in again"),
        GroupRefusal::Full | GroupRefusal::TooManyGroups | GroupRefusal::TooOftenChanged => {
            answer(Kind::Limit)
        }
        GroupRefusal::TooManyTickets => answer(Kind::Limit)
            .hint("chinwag group tickets GROUP lists them, chinwag group revoke GROUP TICKET takes one back"),
        GroupRefusal::NoTicket => {
            answer(Kind::NotFound).hint("chinwag group tickets GROUP lists those there are")
        }
        GroupRefusal::NotInvited => {
            answer(Kind::NotFound).hint("chinwag group invitations lists those there are")
        }
        _ => answer(Kind::Refused),
    }
}

fn bundle(error: &BundleError) -> ApiError {
    ApiError::new(Kind::Refused, error.to_string())
}

/// Why the data can't be opened.
pub(crate) fn cannot_open(error: &OpenError) -> ApiError {
    let mut text = error.to_string();
    // The cause of the cause says the same again.
    if let Some(cause) = std::error::Error::source(error) {
        text = format!("{text}: {cause}");
    }
    let kind = match error {
        OpenError::InUse(_) => Kind::Locked,
        OpenError::File { source, .. } => match source.kind() {
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                Kind::Refused
            }
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Kind::Limit,
            std::io::ErrorKind::NotFound => Kind::NotFound,
            std::io::ErrorKind::NotADirectory => Kind::Usage,
            _ => Kind::Internal,
        },
        OpenError::BadBackup(_) => Kind::Usage,
        _ => Kind::Internal,
    };
    if kind == Kind::Limit || is_full(&text) {
        return ApiError::new(Kind::Limit, text).hint(MAKE_ROOM);
    }
    if is_damaged(&text) {
        return ApiError::new(kind, format!("the store is damaged: {text}")).hint(RESTORE);
    }
    if text.contains("readonly database") {
        let text = format!("the data folder or a file in it is not to be written: {text}");
        return ApiError::new(Kind::Refused, text)
            .hint("permit it to yourself (chmod u+w), or name another folder with --data-dir");
    }
    let answer = ApiError::new(kind, text);
    match error {
        OpenError::Missing(_)
        | OpenError::WrongKey(_)
        | OpenError::Damaged(_)
        | OpenError::Database { .. } => answer.hint(RESTORE),
        OpenError::BadBackup(_) => {
            answer.hint("nothing was restored: take another copy of it, or another backup")
        }
        _ => answer,
    }
}

/// There is no room on the disk where the store is.
pub(crate) fn full(folder: &Path) -> ApiError {
    let text = format!("cannot open the store: the disk is full, where {} is", folder.display());
    ApiError::new(Kind::Limit, text).hint(MAKE_ROOM)
}

/// The store failed while it was looked at.
pub(crate) fn unreadable(error: &StoreError) -> ApiError {
    if is_full(&error.0) {
        // A limit that somebody can do something about.
        return ApiError::new(Kind::Limit, error.to_string()).hint(MAKE_ROOM);
    }
    if is_damaged(&error.0) {
        let text = format!("the store is damaged: {}", error.0);
        return ApiError::new(Kind::Internal, text).hint(RESTORE);
    }
    ApiError::new(Kind::Internal, error.to_string())
}

/// Whether this is what the database or the store says of what is not as it was written.
pub(crate) fn is_damaged(text: &str) -> bool {
    ["is malformed", "is not a database", "in the store is damaged"]
        .iter()
        .any(|s| text.contains(s))
}

/// Whether this is what the database says of a full disk.
pub(crate) fn is_full(text: &str) -> bool {
    text.contains("disk is full")
}
