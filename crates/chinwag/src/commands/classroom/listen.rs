//! `chinwag classroom listen`: what arrives, as lines for a person or as JSON for a program.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::time::SystemTime;

use chinwag_classroom::{Dialect, Incoming, Listener, Sender};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::identity::{self, Settings};
use super::session::{Signals, farewell, greet};
use super::{bind_failure, words};
use crate::exit::{Exit, Failure};
use crate::output;

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
    let mut show = |incoming: &Incoming| {
        if jsonl {
            say(&output::json(&words::heard_json(incoming)))
        } else {
            say(&words::heard(incoming, own))
        }
    };
    if jsonl {
        say(&output::json(&listening(address)));
    } else {
        say(&format!("Server listening on {address}..."));
    }
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
    let exit = until_ended(incoming, &mut signals, &mut show).await;
    drop(listener);
    tokio::select! {
        () = say_goodbye(&sender, greeted) => Ok(exit),
        abort = signals.received() => Ok(abort),
    }
}

async fn until_ended(
    mut incoming: mpsc::Receiver<Incoming>,
    signals: &mut Signals,
    show: &mut impl FnMut(&Incoming) -> bool,
) -> Exit {
    loop {
        tokio::select! {
            exit = signals.received() => return exit,
            Some(heard) = incoming.recv() => if !show(&heard) { return Exit::Done },
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

/// One line on standard output; false when nobody reads it any more.
fn say(line: &str) -> bool {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).is_ok()
}
