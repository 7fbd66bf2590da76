//! `listen`: what happens, as lines for a person or as JSON for a program.

use std::time::Duration;

use crate::args::messages::Listen;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::node::{Heard, Need, Node, until_done};
use crate::output;
use crate::show::event;
use crate::show::message::Style;
use crate::terminal::printer::Printer;
use crate::terminal::signals::Signals;

/// How long a pipe may stand still before the program ends without its last lines.
const STANDSTILL_MAX: Duration = Duration::from_secs(1);

pub(super) async fn run(context: &Context, args: Listen) -> Result<Exit, Failure> {
    until_done(context, Need::Account, async |node, signals| {
        let mut heard = node.hear(args.after).await?;
        context.remark("chinwag: listening; Ctrl-C ends it");
        let printer = Printer::new(|line: String| output::try_to_say(&line));
        let style = context.style();
        let done = print_events(node, &mut heard, signals, &printer, args.jsonl, style).await;
        printer.finish(STANDSTILL_MAX).await;
        output::written("", printer.what_came())?;
        done
    })
    .await
}

/// Prints events, of one node after the other. While nobody takes what is printed, events wait, and signals don't.
async fn print_events(
    node: &Node,
    heard: &mut Heard,
    signals: &mut Signals,
    printer: &Printer<String>,
    jsonl: bool,
    style: Style,
) -> Result<Exit, Failure> {
    loop {
        let permits = printer.permits();
        let next = async { (permits.acquire_owned().await, heard.next().await) };
        tokio::select! {
            exit = signals.received() => return Ok(exit),
            () = printer.gone() => return Ok(Exit::Done),
            (permit, event) = next => {
                let Some(event) = event else {
                    tokio::select! {
                        exit = signals.received() => return Ok(exit),
                        again = node.hear_on(heard) => again?,
                    }
                    continue;
                };
                let line = if jsonl {
                    let raw = serde_json::to_value(&event);
                    raw.ok().map(|raw| output::json(&raw))
                } else {
                    let style = Style { clock: style.clock.later(), ..style.clone() };
                    event::line(&event, &style)
                };
                if let Some(line) = line {
                    printer.print(line, permit.ok());
                }
            }
        }
    }
}
