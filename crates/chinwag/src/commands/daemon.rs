//! `daemon` and `status`.

use chinwag_api::method::{Nothing, SystemStatus};
use chinwag_daemon::Daemon;

use super::answer;
use crate::args::{Global, Json};
use crate::config::{self, Live};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::node::{Need, closed, with};
use crate::output;
use crate::passphrase::{Asking, Lock};
use crate::show;
use crate::terminal::signals::{Signals, Wish};

/// Runs the daemon until a signal, or until somebody asks for the end.
pub(super) async fn run(global: &Global, context: &Context) -> Result<Exit, Failure> {
    let mut signals = Signals::new()?;
    let settings = context.settings(true)?;
    let unlocked = tokio::select! {
        unlocked = context.unlocker.unlock(&settings.data_dir, Asking::Allowed) => unlocked,
        exit = signals.received() => return Ok(exit),
    };
    if let Lock::Taken(error) = unlocked? {
        return Err(error.into());
    }
    let mut daemon = Daemon::start_with(settings, context.unlocker.key()).await?;
    let (client, _unheard) = daemon.client();
    let status = client.call::<SystemStatus>(Nothing {}).await?;
    let addresses: Vec<String> = status.addresses.iter().map(|a| output::one_line(a)).collect();
    let who = status.account.as_ref().map_or_else(
        || "no account yet: `chinwag init` makes one".to_owned(),
        |account| format!("as {}", show::people::name(&account.name)),
    );
    let addresses = match addresses.join(", ") {
        none if none.is_empty() => "listening nowhere yet".to_owned(),
        some => format!("listening on {some}"),
    };
    context.remark(&format!("chinwag: {addresses}, {who}"));
    context.remark("chinwag: the daemon runs; Ctrl-C ends it");
    let done = loop {
        let wish = tokio::select! {
            ended = daemon.ended() => break ended.map(|()| Exit::Done).map_err(Failure::from),
            wish = signals.wished() => wish,
        };
        match wish {
            Wish::Reload => read_again(global, context),
            Wish::End(exit) => break Ok(exit),
        }
    };
    context.remark("chinwag: ending");
    closed(daemon.stop(), &mut signals).await.map_or(done, Ok)
}

/// Reads the config again, and says what of it counts from now on. What is wrong changes nothing.
fn read_again(global: &Global, context: &Context) {
    let now = match Context::new(global) {
        Ok(now) => now,
        Err(failure) => {
            let why = output::one_line(&failure.in_one_line());
            return output::remark(&format!("chinwag: nothing was changed: {why}"));
        }
    };
    context.remark("chinwag: the config was read again");
    let mut fixed = Vec::new();
    for key in config::changed(&context.in_file, &now.in_file) {
        match key.live {
            Live::Client => {}
            Live::Daemon if chinwag_daemon::set_log_level(now.log()) => {}
            Live::Daemon | Live::Never => fixed.push(key.name),
        }
    }
    if !fixed.is_empty() {
        let fixed = fixed.join(", ");
        context.remark(&format!("chinwag: counts when the daemon is started again: {fixed}"));
    }
}

pub(super) async fn status(context: &Context, json: Json) -> Result<Exit, Failure> {
    let style = context.style();
    if let Some(status) = chinwag_daemon::untouched(&context.settings(false)?)? {
        let said = if json.json {
            let raw = serde_json::to_value(&status);
            output::json(&raw.map_err(|error| Failure::new(Exit::Internal, error))?)
        } else {
            show::account::status(&status, &style)
        };
        output::say(&said)?;
        return Ok(Exit::Done);
    }
    with(context, Need::Node, async |node| {
        answer::<SystemStatus>(node, Nothing {}, json, |status| {
            show::account::status(status, &style)
        })
        .await
    })
    .await
}
