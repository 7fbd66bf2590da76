//! The terminal client: what runs when no command is named.

use std::io::IsTerminal;

use chinwag_tui::driver::{self, Connect, Ended, Link, RunError};
use chinwag_tui::linear::{self, Input};
use chinwag_tui::options::Options;
use chinwag_tui::theme::Theme;

use super::block_on;
use crate::args::Global;
use crate::config::{Ambiguous, EmojiAs, Mode};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::node::{Need, Node, until_done};

/// The file of the data folder in which the client keeps which parts of its screen are shown.
const LAYOUT: &str = "client-layout.json";

/// Runs the client, on the daemon if one runs, and otherwise with a node in this process.
pub(crate) fn run(global: &Global, is_linear: bool) -> Result<Exit, Failure> {
    let mut context = Context::new(global)?;
    context.is_in_class = true;
    block_on(live(&context, is_linear || wants_lines(&context)))
}

/// Whether lines are wanted without the flag: by the config, by who can't see a screen, or by a terminal
/// that has none.
fn wants_lines(context: &Context) -> bool {
    let is = |name: &str, wanted: &str| std::env::var_os(name).is_some_and(|value| value == wanted);
    context.ui.mode == Mode::Linear || is("CHINWAG_ACCESSIBLE", "1") || is("TERM", "dumb")
}

async fn live(context: &Context, is_linear: bool) -> Result<Exit, Failure> {
    let options = options(context)?;
    until_done(context, Need::Node, async |node, signals| {
        let mut exit = Exit::Done;
        let end = async { exit = signals.received().await };
        let ended = if is_linear {
            let is_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
            let input = if is_terminal { Input::Terminal } else { Input::Program };
            linear::run(options, input, &Way(node), end).await
        } else {
            driver::run(options, &Way(node), end).await
        };
        match ended.map_err(failed)? {
            Ended::Left => Ok(Exit::Done),
            Ended::Asked => Ok(exit),
        }
    })
    .await
}

fn failed(error: RunError) -> Failure {
    match error {
        RunError::NoAccount => {
            Failure::new(Exit::NoAccount, error).hint("chinwag init --name NAME makes one")
        }
        error @ RunError::Terminal(_) => Failure::new(Exit::Internal, error),
    }
}

/// How the config wants the client.
fn options(context: &Context) -> Result<Options, Failure> {
    let ui = &context.ui;
    Ok(Options {
        theme: if context.has_colours() { ui.theme.0 } else { Theme::PLAIN },
        keymap: ui.bound().map_err(|error| Failure::new(Exit::Usage, error))?,
        notify: ui.notify.into(),
        title: ui.title,
        extended_keys: ui.extended_keys,
        mouse: ui.mouse,
        ambiguous_wide: ui.ambiguous == Ambiguous::Wide,
        shortcodes: ui.emoji == EmojiAs::Shortcodes,
        layout: context.data_dir().ok().map(|folder| folder.join(LAYOUT)),
        ..Options::default()
    })
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
