//! What the node and the store decline, as the contract says it.

use chinwag_api::error::{ApiError, Kind};
use chinwag_core::bundle::BundleError;
use chinwag_core::output::Refusal;
use chinwag_core::store::StoreError;
use chinwag_store::OpenError;

use crate::node_thread::View;
use crate::{ids, people};

pub(crate) fn no_account() -> ApiError {
    ApiError::new(Kind::NoAccount, "there is no account here yet").hint("make one: chinwag init")
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
        Refusal::NoContact(account) => {
            let name = people::name(view, *account);
            say(Kind::NotFound, format!("{name} is no contact"))
                .hint("chinwag contacts lists those who are")
        }
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
        Refusal::Group(why) => say(Kind::Refused, why.to_string()),
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
            std::io::ErrorKind::StorageFull => Kind::Limit,
            _ => Kind::Internal,
        },
        _ => Kind::Internal,
    };
    if is_full(&text) {
        let hint = "make room on the disk: what was confirmed is there, and it goes on by itself";
        return ApiError::new(Kind::Limit, text).hint(hint);
    }
    let answer = ApiError::new(kind, text);
    match error {
        OpenError::Missing(_)
        | OpenError::WrongKey(_)
        | OpenError::Damaged(_)
        | OpenError::Database { .. } => answer.hint(
            "nothing was replaced; put the files back, or restore a backup into another folder: \
             chinwag restore FILE --data-dir DIR",
        ),
        _ => answer,
    }
}

/// The store failed while it was looked at.
pub(crate) fn unreadable(error: &StoreError) -> ApiError {
    ApiError::new(kind_of(error), error.to_string())
}

/// A full disk is a limit that somebody can do something about; everything else is ours.
pub(crate) fn kind_of(error: &StoreError) -> Kind {
    if is_full(&error.0) { Kind::Limit } else { Kind::Internal }
}

/// Whether this is what the database says of a full disk.
fn is_full(text: &str) -> bool {
    text.contains("disk is full")
}
