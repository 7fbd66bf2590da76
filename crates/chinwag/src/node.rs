//! The node that a command speaks with: the daemon of this data folder if one runs, and otherwise
//! one in this process, for as long as the command needs it.
//!
//! Requests and events have a connection each, so that a command that is slow to show events never
//! waits for an answer behind them.

use std::time::Duration;

use chinwag_api::client::{Client, Events};
use chinwag_api::event::{Event, What};
use chinwag_api::method::{
    AccountCreate, CreateAccount, EventsSubscribe, Hello, Method, Nothing, Subscribe, SystemHello,
    SystemStatus,
};
use chinwag_daemon::Daemon;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use crate::commands::account;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::terminal::ask;
use crate::terminal::signals::Signals;

/// What a command needs of the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// An account: without one, it is made now if there is somebody to ask.
    Account,
    /// Nothing but the node.
    Node,
}

/// A connection to the node.
#[derive(Debug)]
pub(crate) struct Node {
    client: Client,
    // The other end stops when nobody could hear it; nothing is ever told on this connection.
    _unheard: Events,
    /// The node in this process, if it is here. It ends with the command.
    here: Option<Daemon>,
    data_dir: std::path::PathBuf,
}

/// What happens, as it is told.
pub(crate) struct Heard {
    events: Events,
    // Keeps the connection.
    _client: Client,
}

impl Heard {
    /// The next event. `None`: the node is gone.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        self.events.next().await
    }
}

/// Runs a command with a node, and ends the node afterwards if it is in this process. A signal ends
/// the command.
pub(crate) async fn with(
    context: &Context,
    need: Need,
    command: impl AsyncFnOnce(&Node) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let mut signals = Signals::new()?;
    until_done(context, need, async |node| {
        tokio::select! {
            done = command(node) => done,
            exit = signals.received() => Ok(exit),
        }
    })
    .await
}

/// The same for a command that hears signals itself.
pub(crate) async fn until_done(
    context: &Context,
    need: Need,
    command: impl AsyncFnOnce(&Node) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let node = Node::open(context).await?;
    let prepared = match need {
        Need::Account => node.need_account(context).await,
        Need::Node => Ok(()),
    };
    let done = match prepared {
        Ok(()) => command(&node).await,
        Err(failure) => Err(failure),
    };
    node.close().await;
    done
}

impl Node {
    async fn open(context: &Context) -> Result<Self, Failure> {
        let settings = context.settings(false)?;
        let data_dir = settings.data_dir.clone();
        if let Some((client, unheard)) = chinwag_daemon::attach(&data_dir).await? {
            context.detail("chinwag: the daemon does it");
            return Ok(Self { client, _unheard: unheard, here: None, data_dir });
        }
        context.detail("chinwag: no daemon runs, so it is done here");
        let daemon = Daemon::start(settings).await?;
        let (client, unheard) = daemon.client();
        Ok(Self { client, _unheard: unheard, here: Some(daemon), data_dir })
    }

    async fn close(self) {
        if let Some(daemon) = self.here {
            daemon.stop().await;
        }
    }

    /// Whether the node ends with this command.
    pub(crate) fn is_here(&self) -> bool {
        self.here.is_some()
    }

    /// Asks, and waits for the answer.
    pub(crate) async fn call<M: Method>(&self, params: M::Params) -> Result<M::Answer, Failure> {
        Ok(self.client.call::<M>(params).await?)
    }

    /// Asks, and gives the answer as it came, for a program.
    pub(crate) async fn raw<M: Method>(&self, params: M::Params) -> Result<Value, Failure> {
        let params =
            serde_json::to_value(params).map_err(|error| Failure::new(Exit::Internal, error))?;
        Ok(self.client.call_raw(M::NAME, params).await?)
    }

    /// Hears what happens from now on, or from a cursor on.
    pub(crate) async fn hear(&self, after: Option<String>) -> Result<Heard, Failure> {
        let (client, events) = self.another().await?;
        client.call::<EventsSubscribe>(Subscribe { after }).await?;
        Ok(Heard { events, _client: client })
    }

    /// A second connection to the same node.
    pub(crate) async fn another(&self) -> Result<(Client, Events), Failure> {
        if let Some(daemon) = &self.here {
            return Ok(daemon.client());
        }
        let attached = chinwag_daemon::attach(&self.data_dir).await?;
        attached.ok_or_else(|| Failure::saying(Exit::Internal, "the daemon is gone"))
    }

    async fn need_account(&self, context: &Context) -> Result<(), Failure> {
        let client = Some(format!("chinwag {}", env!("CARGO_PKG_VERSION")));
        if self.call::<SystemHello>(Hello { client }).await?.has_account {
            return Ok(());
        }
        if !ask::can_ask() {
            let failure = Failure::saying(Exit::Identity, "there is no account here yet");
            return Err(failure.hint("make one with `chinwag init --name NAME`"));
        }
        output::remark("There is no account here yet. It takes a name, and nothing else.");
        let name = account::ask_name().await?;
        let params = CreateAccount { name, device_name: None };
        let created = self.call::<AccountCreate>(params).await?;
        account::present(&created, context);
        Ok(())
    }

    /// Where no daemon runs: waits until contacts have everything that we wrote, but no longer than
    /// this. Then says so if they haven't.
    pub(crate) async fn linger(&self, context: &Context, linger: Duration) -> Result<(), Failure> {
        if !self.is_here() {
            return Ok(());
        }
        let deadline = Instant::now() + linger;
        let mut heard = self.hear(None).await?;
        while self.call::<SystemStatus>(Nothing {}).await?.undelivered > 0 {
            tokio::select! {
                event = next_that_matters(&mut heard) => if event.is_none() { break },
                () = sleep_until(deadline) => {
                    context.remark(
                        "chinwag: it is saved, and not everything is delivered yet: it goes out \
                         whenever chinwag runs",
                    );
                    break;
                }
            }
        }
        Ok(())
    }
}

/// The next event after which less may be undelivered.
async fn next_that_matters(heard: &mut Heard) -> Option<Event> {
    loop {
        let event = heard.next().await?;
        if matches!(event.what, What::MessageState { .. } | What::Peer { .. }) {
            return Some(event);
        }
    }
}

/// What a command says that ends before somebody was reached.
pub(crate) fn say_it_is_saved(context: &Context) {
    context.remark(
        "chinwag: it is saved, and not delivered yet: it goes out whenever chinwag runs \
         (`chinwag daemon` keeps it running)",
    );
}
