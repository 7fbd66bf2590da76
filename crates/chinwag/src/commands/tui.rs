//! The terminal client: what runs when no command is named.

use chinwag_tui::driver::{self, Connect, Ended, Link};
use chinwag_tui::options::Options;
use chinwag_tui::theme::Theme;

use super::block_on;
use crate::args::Global;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::node::{Need, Node, until_done};

/// Runs the client, on the daemon if one runs, and otherwise with a node in this process.
pub(crate) fn run(global: &Global) -> Result<Exit, Failure> {
    let context = Context::new(global)?;
    block_on(live(&context))
}

async fn live(context: &Context) -> Result<Exit, Failure> {
    let theme = if context.has_colours() { Theme::default() } else { Theme::PLAIN };
    let options = Options { theme, ..Options::default() };
    until_done(context, Need::Node, async |node, signals| {
        let mut exit = Exit::Done;
        let end = async { exit = signals.received().await };
        let ended = driver::run(options, &Way(node), end).await;
        match ended.map_err(|error| Failure::new(Exit::Internal, error))? {
            Ended::Left => Ok(Exit::Done),
            Ended::Asked => Ok(exit),
        }
    })
    .await
}

/// The way to the node, for the client.
struct Way<'a>(&'a Node);

impl Connect for Way<'_> {
    async fn connect(&self) -> Result<Link, String> {
        let [requests, events] =
            self.0.connect().await.map_err(|failure| failure.error.to_string())?;
        let (client, unheard) = requests;
        let (listener, events) = events;
        Ok(Link { client, unheard, listener, events })
    }
}
