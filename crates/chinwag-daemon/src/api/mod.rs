//! What can be asked of the daemon, one function a method. Each looks, or gives a command, and says how
//! it went in the words of the contract.

mod account;
mod audience;
mod bundles;
mod classroom;
mod contacts;
mod conversations;
mod drafts;
mod events;
mod group_tickets;
mod groups;
mod messages;
mod peers;
mod system;
mod why;

pub(crate) use account::seed_of;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chinwag_api::error::{ApiError, INVALID_PARAMS, Kind, METHOD_NOT_FOUND};
use chinwag_api::method::{self, Method};
use chinwag_core::output::Answer;
use chinwag_core::time::Wall;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot, watch};

use crate::backups::Backups;
use crate::classroom::Classroom;
use crate::doctor::Moment;
use crate::home::Home;
use crate::node_thread::NodeThread;
use crate::searcher::Searcher;
use crate::seats::Seat;
use crate::shared::Shared;

/// Everything that the methods need. Copies share it.
#[derive(Clone)]
pub(crate) struct Api {
    /// If it is enabled.
    pub(crate) classroom: Option<Arc<Classroom>>,
    pub(crate) node: NodeThread,
    pub(crate) shared: Arc<Shared>,
    pub(crate) searcher: Searcher,
    pub(crate) backups: Backups,
    pub(crate) facts: Arc<Facts>,
    pub(crate) ending: watch::Sender<bool>,
    /// Whether the node is being ended: what is asked now is not done any more.
    pub(crate) closing: watch::Sender<bool>,
}

/// What does not change while the daemon runs.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) home: Home,
    pub(crate) is_daemon: bool,
    pub(crate) lan: bool,
    pub(crate) bind: Vec<SocketAddr>,
    pub(crate) since: Wall,
    /// The same moment, by a clock that nobody sets as well.
    pub(crate) begun: Moment,
}

/// Where a connection's own events go, for methods that start some.
#[derive(Debug)]
pub(crate) struct Tell {
    pub(crate) events: mpsc::Sender<Value>,
    /// When the request that started them has its answer: nothing is told before.
    pub(crate) is_answered: oneshot::Receiver<()>,
    pub(crate) seat: Arc<Seat>,
}

macro_rules! dispatch {
    ($api:ident, $name:ident, $params:ident, $tell:ident, { $($method:ident => $run:expr,)* }) => {
        match $name {
            $(method::$method::NAME => {
                let run = $run;
                let params = read::<method::$method>($params)?;
                write::<method::$method>(run($api, params).await?)
            })*
            method::EventsSubscribe::NAME => {
                let params = read::<method::EventsSubscribe>($params)?;
                write::<method::EventsSubscribe>(events::subscribe($api, params, $tell).await?)
            }
            _ => Err(ApiError::protocol(
                METHOD_NOT_FOUND,
                format!("there is no method {:?}; chinwag schema lists them", $name),
            )),
        }
    };
}

impl Api {
    /// Returns when the node is being ended.
    pub(crate) async fn until_closing(&self) {
        // The sender lives as long as this does.
        let _ = self.closing.subscribe().wait_for(|is_closing| *is_closing).await;
    }

    /// Does what is asked for. What is given to the node is given when this is first polled, so that
    /// requests whose futures are polled in turn take effect in turn.
    pub(crate) async fn call(
        self,
        method: String,
        params: Value,
        tell: Tell,
    ) -> Result<Value, ApiError> {
        let begun = std::time::Instant::now();
        let answer = self.answer(&method, params, tell).await;
        // A name that is none of ours may say anything.
        let method = method::NAMES.iter().find(|known| **known == method).unwrap_or(&"unknown");
        let took_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        tracing::debug!(method, took_us, is_done = answer.is_ok(), "called");
        answer
    }

    async fn answer(self, method: &str, params: Value, tell: Tell) -> Result<Value, ApiError> {
        let (api, name) = (self, method);
        dispatch!(api, name, params, tell, {
            SystemHello => system::hello,
            SystemStatus => system::status,
            SystemExamine => system::examine,
            SystemShutdown => system::shutdown,
            RelayChoose => system::choose_relays,
            AccountCreate => account::create,
            AccountRestore => account::restore,
            AccountShow => account::show,
            AccountCard => contacts::card,
            AccountRename => account::rename,
            AccountWords => account::words,
            DeviceList => account::devices,
            DeviceRevoke => account::revoke,
            InviteCreate => contacts::invite,
            InviteList => contacts::invites,
            InviteRevoke => contacts::revoke_invite,
            ContactList => contacts::list,
            ContactAdd => contacts::add,
            ContactRename => contacts::rename,
            ContactBlock => contacts::block,
            ContactUnblock => contacts::unblock,
            ContactSafetyNumber => contacts::safety_number,
            ContactVerify => contacts::verify,
            RequestList => contacts::requests,
            RequestAccept => contacts::accept,
            RequestDecline => contacts::decline,
            PeerList => peers::list,
            PeerConnect => peers::connect,
            NearbyList => peers::nearby,
            ConversationList => conversations::list,
            ConversationMarkRead => conversations::mark_read,
            ConversationNotify => conversations::notify,
            ConversationDigest => conversations::digest,
            ConversationDisappear => conversations::disappear,
            GroupCreate => groups::create,
            GroupShow => groups::show,
            GroupInvite => groups::invite,
            GroupInvitations => groups::invitations,
            GroupJoin => groups::join,
            GroupDecline => groups::decline,
            GroupCreateTicket => group_tickets::create,
            GroupTickets => group_tickets::list,
            GroupRevokeTicket => group_tickets::revoke,
            GroupUseTicket => group_tickets::take,
            GroupJoinings => group_tickets::joinings,
            GroupLeave => groups::leave,
            GroupRemove => groups::remove,
            GroupSetRole => groups::set_role,
            GroupChange => groups::alter,
            ClassroomConnect => classroom::connect,
            MessageSend => messages::send,
            MessageEdit => messages::edit,
            MessageReact => messages::react,
            MessageRetract => messages::retract,
            MessageList => messages::list,
            MessageGet => messages::get,
            MessageSearch => messages::search,
            MessageWhy => why::why,
            MessageAudience => audience::of_message,
            TypingSet => conversations::typing,
            DraftSet => drafts::set,
            DraftList => drafts::list,
            EventsList => events::list,
            BundleExport => bundles::export,
            BundleIntroduce => bundles::introduce,
            BundleImport => bundles::import,
            BackupCreate => bundles::backup,
        })
    }
}

fn read<M: Method>(params: Value) -> Result<M::Params, ApiError> {
    let params = if params.is_null() { Value::Object(serde_json::Map::new()) } else { params };
    serde_json::from_value(params).map_err(|error| {
        ApiError::protocol(
            INVALID_PARAMS,
            format!("the parameters of {} are wrong: {error}", M::NAME),
        )
    })
}

fn write<M: Method>(answer: M::Answer) -> Result<Value, ApiError> {
    serde_json::to_value(answer).map_err(|error| ApiError::new(Kind::Internal, error.to_string()))
}

/// An answer that the node does not give to such a command.
fn unexpected(answer: &Answer) -> ApiError {
    ApiError::new(Kind::Internal, format!("an answer that does not fit: {answer:?}"))
}

/// A time that somebody gave, within reason.
fn patience(timeout_ms: Option<u64>, usual: Duration) -> Duration {
    /// Nobody waits for longer in one request.
    const LONGEST: Duration = Duration::from_hours(24);
    timeout_ms.map_or(usual, Duration::from_millis).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use chinwag_api::method::NAMES;

    /// The table of the contract and what is done here are the same.
    #[test]
    fn every_method_of_the_contract_is_done_here() {
        let here = include_str!("mod.rs");
        for name in NAMES {
            let (noun, verb) = name.split_once('.').unwrap();
            let upper = |word: &str| word[..1].to_uppercase() + &word[1..];
            let method = upper(noun) + &upper(verb);
            let is_here = here.contains(&format!(" {method} =>")) || method == "EventsSubscribe";
            assert!(is_here, "{name}");
        }
    }
}
