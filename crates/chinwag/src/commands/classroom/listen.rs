//! `chinwag classroom listen`: what arrives, as lines for a person or as JSON for a program.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use chinwag_classroom::{Dialect, Incoming, Listener, Sender};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::identity::{self, Settings};
use super::printer::Printer;
use super::session::{Signals, farewell, greet};
use super::{bind_failure, words};
use crate::exit::{Exit, Failure};
use crate::output;

/// How long a pipe may stand still before the program ends without its last lines.
const STANDSTILL_MAX: Duration = Duration::from_secs(1);

/// Listens until a signal, or until nobody reads what is printed. Static peers are greeted at
/// the start and told at the end; nothing else is sent.
pub(super) async fn run(settings: Settings, jsonl: bool) -> Result<Exit, Failure> {
    let Some(port) = settings.port else {
        let failure = Failure::saying(Exit::Usage, "listening needs a port");
        return Err(failure.hint("give one with --port, like --port 4000"));
    };
    eprintln!("chinwag: {}", words::NOT_PRIVATE);
    let mut signals = Signals::new()?;
    let (listener, incoming) =
        Listener::bind(settings.address, port.get()).map_err(bind_failure)?;
    let own = settings.own();
    let sender = Sender::new(identity::claim(own.announced, port.get(), &settings.team_or_user()?));
    let address = sender.me().address;
    let printer = Printer::new(|line: String| write_line(&line));
    if jsonl {
        printer.print(output::json(&listening(address)), None);
    } else {
        printer.print(format!("Server listening on {address}..."), None);
    }
    let in_words = |incoming: &Incoming| {
        if jsonl { output::json(&words::heard_json(incoming)) } else { words::heard(incoming, own) }
    };
    let (greetings, greeted) = mpsc::channel(settings.bootstrap.len().max(1));
    for to in settings.bootstrap {
        let (sender, greetings) = (sender.clone(), greetings.clone());
        tokio::spawn(async move {
            let (line, greeted) = greet(&sender, &to).await;
            eprintln!("chinwag: {line}");
            if let Some(greeted) = greeted {
                // Nobody waits for it any more: we are leaving.
                let _ = greetings.send(greeted).await;
            }
        });
    }
    drop(greetings);
    let exit = until_ended(incoming, &mut signals, &printer, in_words).await;
    drop(listener);
    printer.finish(STANDSTILL_MAX).await;
    tokio::select! {
        () = say_goodbye(&sender, greeted) => Ok(exit),
        abort = signals.received() => Ok(abort),
    }
}

/// Prints what arrives. While nobody takes what is printed, what arrives waits, and signals don't.
async fn until_ended(
    mut incoming: mpsc::Receiver<Incoming>,
    signals: &mut Signals,
    printer: &Printer<String>,
    in_words: impl Fn(&Incoming) -> String,
) -> Exit {
    loop {
        let room = printer.room();
        let heard = async { (room.acquire_owned().await, incoming.recv().await) };
        tokio::select! {
            exit = signals.received() => return exit,
            () = printer.gone() => return Exit::Done,
            (Ok(ticket), Some(heard)) = heard => printer.print(in_words(&heard), Some(ticket)),
        }
    }
}

async fn say_goodbye(sender: &Sender, mut greeted: mpsc::Receiver<SocketAddr>) {
    let mut to = BTreeMap::new();
    while let Ok(peer) = greeted.try_recv() {
        to.insert(peer, Dialect::Plain);
    }
    farewell(sender, to).await;
}

fn listening(address: SocketAddr) -> Value {
    let time = words::rfc3339(SystemTime::now());
    json!({ "kind": "listening", "time": time, "address": address.to_string() })
}

fn write_line(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
