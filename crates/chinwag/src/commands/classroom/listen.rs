//! `chinwag classroom listen`: what arrives, as lines for a person or as JSON for a program.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use chinwag_classroom::{Incoming, Listener, Sender};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::chat::{farewell, greet, hear_the_rest};
use super::identity::{self, Settings};
use super::{bind_failure, words};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::terminal::printer::Printer;
use crate::terminal::signals::Signals;

/// How long a pipe may stand still before the program ends without its last lines.
const STANDSTILL_MAX: Duration = Duration::from_secs(1);

/// Listens until a signal, or until nobody reads what is printed. Static peers are greeted at
/// the start and told at the end; nothing else is sent.
pub(super) async fn run(settings: Settings, jsonl: bool) -> Result<Exit, Failure> {
    let Some(port) = settings.port else {
        let failure = Failure::saying(Exit::Usage, "listening needs a port");
        return Err(failure.hint("give one with --port, like --port 4000"));
    };
    let mut signals = Signals::new()?;
    output::remark(&format!("chinwag: {}", words::NOT_PRIVATE));
    let (listener, mut incoming) =
        Listener::bind(settings.address, port.get()).map_err(bind_failure)?;
    let own = settings.own();
    let sender = Sender::new(identity::claim(own.announced, port.get(), &settings.team_or_user()?));
    let address = sender.me().address;
    let printer = Printer::new(|line: String| output::try_to_say(&line));
    if jsonl {
        printer.print(output::json(&listening(address)), None);
    } else {
        printer.print(format!("Server listening on {address}..."), None);
    }
    let in_words = |incoming: &Incoming| {
        if jsonl { output::json(&words::heard_json(incoming)) } else { words::heard(incoming, own) }
    };
    let mut greetings = JoinSet::new();
    for to in settings.bootstrap {
        let sender = sender.clone();
        greetings.spawn(async move {
            let (line, greeted) = greet(&sender, &to).await;
            output::remark(&format!("chinwag: {line}"));
            greeted
        });
    }
    let exit = until_ended(&mut incoming, &mut signals, &printer, in_words).await;
    hear_the_rest(incoming, listener, |heard| printer.print(in_words(heard), None)).await;
    printer.finish(STANDSTILL_MAX).await;
    let nobody = BTreeSet::new();
    let exit = tokio::select! {
        _ = farewell(&sender, greetings, &nobody, BTreeMap::new()) => exit,
        abort = signals.received() => abort,
    };
    output::written("", printer.what_came())?;
    Ok(exit)
}

/// Prints what arrives. While nobody takes what is printed, what arrives waits, and signals don't.
async fn until_ended(
    incoming: &mut mpsc::Receiver<Incoming>,
    signals: &mut Signals,
    printer: &Printer<String>,
    in_words: impl Fn(&Incoming) -> String,
) -> Exit {
    loop {
        let permits = printer.permits();
        let heard = async { (permits.acquire_owned().await, incoming.recv().await) };
        tokio::select! {
            exit = signals.received() => return exit,
            () = printer.gone() => return Exit::Done,
            (Ok(permit), Some(heard)) = heard => printer.print(in_words(&heard), Some(permit)),
        }
    }
}

fn listening(address: SocketAddr) -> Value {
    let time = words::rfc3339(SystemTime::now());
    json!({ "kind": "listening", "time": time, "address": address.to_string() })
}
