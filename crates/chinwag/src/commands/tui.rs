//! The terminal client: what runs when no command is named.

use std::io::IsTerminal;
use std::sync::OnceLock;

use chinwag_tui::driver::{self, Connect, Ended, Link, RunError};
use chinwag_tui::linear::{self, Input};
use chinwag_tui::notify::Rules;
use chinwag_tui::options::{Options, Reloaded};
use chinwag_tui::theme::Theme;
use tokio::sync::Notify;

use super::block_on;
use crate::args::Global;
use crate::config::{self, Ambiguous, EmojiAs, Live, Mode, Motion, Notifications, RelayText};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::node::{Need, Node, until_done};
use crate::output;
use crate::relays::{self, Choice};
use crate::terminal::signals::Wish;

/// The file of the data folder in which the client keeps which parts of its screen are shown.
const LAYOUT: &str = "client-layout.json";

/// Runs the client, on the daemon if one runs, and otherwise with a node in this process.
pub(crate) fn run(global: &Global, is_linear: bool) -> Result<Exit, Failure> {
    let mut context = Context::unwarned(global)?;
    context.is_in_class = true;
    let is_linear = is_linear || wants_lines(&context);
    if is_linear {
        output::warn(&context.warnings);
        context.warnings.clear();
    }
    block_on(live(global, &context, is_linear))
}

/// Whether lines are wanted without the flag: by the config, by who can't see a screen, or by a terminal
/// that has none.
fn wants_lines(context: &Context) -> bool {
    let is = |name: &str, wanted: &str| std::env::var_os(name).is_some_and(|value| value == wanted);
    context.ui.mode == Mode::Linear || is("CHINWAG_ACCESSIBLE", "1") || is("TERM", "dumb")
}

async fn live(global: &Global, context: &Context, is_linear: bool) -> Result<Exit, Failure> {
    let options = options(context)?;
    context.unlocker.take_given().await?;
    until_done(context, Need::Node, async |node, signals| {
        let mut exit = Exit::Done;
        let chosen = OnceLock::new();
        let way = Way { node, global, context, chosen, reload: Notify::new() };
        let end = async {
            loop {
                match signals.wished().await {
                    Wish::Reload => way.reload.notify_one(),
                    Wish::End(asked) => {
                        exit = asked;
                        return;
                    }
                }
            }
        };
        let ended = if is_linear {
            let is_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
            let input = if is_terminal { Input::Terminal } else { Input::Program };
            linear::run(options, input, &way, end).await
        } else {
            driver::run(options, &way, end).await
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
    let theme = Theme::named(&ui.theme, &context.themes).unwrap_or_default();
    let Notifications { on, words, sender, content, quiet, command } = ui.notifications.clone();
    let rules = Rules { channel: ui.notify, on, words, sender, content, quiet, command };
    Ok(Options {
        theme: if context.has_colours() { theme } else { Theme::PLAIN },
        themes: context.themes.clone(),
        keymap: ui.bound().map_err(|error| Failure::new(Exit::Usage, error))?,
        notifications: rules,
        title: ui.title,
        extended_keys: ui.extended_keys,
        mouse: ui.mouse,
        ambiguous_wide: ui.ambiguous == Ambiguous::Wide,
        shortcodes: ui.emoji == EmojiAs::Shortcodes,
        layout: context.data_dir().ok().map(|folder| folder.join(LAYOUT)),
        motion: ui.motion == Motion::On,
        zone: context.clock().zone,
        dates: context.dates,
        warnings: context.warnings.clone(),
        relay_question: if context.asks_for_relays() { relays::question() } else { Vec::new() },
        ..Options::default()
    })
}

/// The way to the node, and to the config, for the client.
struct Way<'a> {
    node: &'a Node,
    global: &'a Global,
    /// As it was when the program began: what can't change while it runs is as it was then.
    context: &'a Context,
    /// The relays that were chosen since, and are heeded already.
    chosen: OnceLock<Vec<RelayText>>,
    /// Somebody wants the config read again.
    reload: Notify,
}

impl Way<'_> {
    fn read_again(&self) -> Result<Reloaded, Failure> {
        let now = Context::unwarned(self.global)?;
        let mut before = self.context.in_file.clone();
        if let Some(chosen) = self.chosen.get() {
            before.relays.clone_from(chosen);
        }
        let changed = config::changed(&before, &now.in_file);
        let fixed = changed.iter().filter(|key| key.live != Live::Client);
        let fixed = fixed.map(|key| key.name.to_owned()).collect();
        Ok(Reloaded { options: options(&now)?, fixed })
    }
}

impl Connect for Way<'_> {
    async fn connect(&self) -> Result<Link, String> {
        let [requests, events] =
            self.node.connect().await.map_err(|failure| failure.error.to_string())?;
        let (client, unheard) = requests;
        let (listener, events) = events;
        Ok(Link { client, unheard, listener, events })
    }

    fn reload(&self) -> Result<Reloaded, String> {
        self.read_again().map_err(|failure| failure.in_one_line())
    }

    async fn choose_relay(&self, typed: &str) -> Result<(), String> {
        let choice: Choice = typed.parse()?;
        // As the config is now: it may have been written since the program began.
        let now = Context::unwarned(self.global).map_err(|failure| failure.in_one_line())?;
        let settled = relays::settle(&now, self.node, Some(&choice)).await;
        settled.map_err(|failure| failure.in_one_line())?;
        let relays = choice.relays().into_iter().map(RelayText).collect();
        let _ = self.chosen.set(relays);
        Ok(())
    }

    async fn reload_wanted(&self) {
        self.reload.notified().await;
    }
}
