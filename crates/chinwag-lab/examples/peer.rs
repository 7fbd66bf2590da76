//! A node for any driver that compares peers by lines: commands on standard input, answers on standard
//! output (`docs/performance.md` has the list).
//!
//! The daemon runs within this process, so that what it costs is this process's; everything is asked of
//! it through the API, as any user interface asks. What it does for a message is what it always does: it
//! is on the disk at both ends before it counts as delivered, and that is what counts as acknowledged
//! here.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what can't go on ends, and the driver sees it"
)]

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chinwag_api::client::{Client, Events};
use chinwag_api::event::What;
use chinwag_api::method::{
    AccountCreate, AddContact, ContactAdd, ContactList, CreateAccount, CreateInvite,
    EventsSubscribe, InviteCreate, MessageSend, Nothing, SendMessage, Subscribe,
};
use chinwag_api::model::{ContactState, Id, MessageState};
use chinwag_daemon::{Daemon, LogLevel, Settings};
use rustix::time::{ClockId, clock_gettime};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// The number of the message that greets.
const GREETING: u64 = 1 << 39;

/// The first number of messages that need no acknowledgement.
const UNACKED: u64 = 1 << 40;

/// Bytes of a message that greets.
const GREETING_LEN: usize = 100;

/// How long an acknowledgement may take before a message counts as lost.
const LOST_AFTER: Duration = Duration::from_secs(2);

fn main() {
    let (name, dir) = arguments();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(run(name, dir));
}

/// `--name NAME --dir DIR`; others are left alone.
fn arguments() -> (String, PathBuf) {
    let args: Vec<String> = std::env::args().collect();
    let after = |flag: &str| {
        let at = args.iter().position(|arg| arg == flag)?;
        args.get(at + 1).cloned()
    };
    let (name, dir) = (after("--name"), after("--dir"));
    let (Some(name), Some(dir)) = (name, dir) else { panic!("usage: peer --name NAME --dir DIR") };
    (name, dir.into())
}

async fn run(name: String, dir: PathBuf) {
    let settings = Settings {
        state_dir: None,
        data_dir: dir.join("data"),
        lan: false,
        bind: vec!["127.0.0.1:0".parse().unwrap()],
        relays: Vec::new(),
        relay_certificates: None,
        is_daemon: true,
        log: LogLevel::default(),
        classroom: None,
    };
    let daemon = Daemon::start(settings).await.expect("a daemon");
    let (client, _) = daemon.client();
    let account = CreateAccount { name, device_name: Some("peer".to_owned()) };
    client.call::<AccountCreate>(account).await.expect("an account");
    let (contacts, known) = watch::channel(Vec::new());
    let heard = Arc::new(Mutex::new(Heard::default()));
    let (listener, events) = daemon.client();
    listener.call::<EventsSubscribe>(Subscribe::default()).await.expect("events");
    tokio::spawn(listen(listener, events, contacts, Arc::clone(&heard)));
    let invite = CreateInvite { reusable: true, expires_in_s: None };
    let ticket = client.call::<InviteCreate>(invite).await.expect("a ticket").ticket;
    answer(&format!("READY {ticket}"));
    let mut peer = Peer { client, contacts: known, heard, next: 1 };
    let mut lines = lines();
    while let Some(line) = lines.recv().await {
        if !peer.obey(&line).await {
            break;
        }
    }
    daemon.stop().await;
}

fn lines() -> mpsc::UnboundedReceiver<String> {
    let (line, lines) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for typed in std::io::stdin().lines().map_while(Result::ok) {
            if line.send(typed).is_err() {
                return;
            }
        }
    });
    lines
}

fn answer(line: &str) {
    let mut out = std::io::stdout().lock();
    // Nobody reads it: then standard input ends too.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// The clock that all processes of this machine share, in nanoseconds.
fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    u64::try_from(now.tv_sec).unwrap() * 1_000_000_000 + u64::try_from(now.tv_nsec).unwrap()
}

/// `M NUMBER SENT_NS xxx…`, so long.
fn message(number: u64, len: usize) -> String {
    let begin = format!("M {number} {} ", now_ns());
    format!("{begin:x<len$}")
}

/// What was heard since somebody asked: number, when it was sent, and when it came.
#[derive(Default)]
struct Heard {
    rows: Vec<(u64, u64, u64)>,
    has_said_first: bool,
}

impl Heard {
    fn hear(&mut self, text: &str) {
        let came = now_ns();
        let mut words = text.split(' ');
        let is_message = words.next() == Some("M");
        let mut number = || words.next()?.parse().ok();
        let (Some(seq), Some(sent)) = (number(), number()) else { return };
        if !is_message {
            return;
        }
        if !std::mem::replace(&mut self.has_said_first, true) {
            answer(&format!("FIRST {came}"));
        }
        self.rows.push((seq, sent, came));
    }
}

/// Notes what is heard, and who can be sent to.
async fn listen(
    client: Client,
    mut events: Events,
    contacts: watch::Sender<Vec<Id>>,
    heard: Arc<Mutex<Heard>>,
) {
    while let Some(event) = events.next().await {
        match event.what {
            What::Message { message } if !message.author.is_me => {
                heard.lock().unwrap().hear(message.text.as_deref().unwrap_or_default());
            }
            What::Contact { .. } | What::Peer { .. } => {
                let all = client.call::<ContactList>(Nothing {}).await.expect("contacts");
                let is_up = |state, connected| state == ContactState::Contact && connected;
                let up = all.into_iter().filter(|c| is_up(c.state, c.connected)).map(|c| c.id);
                let up: Vec<Id> = up.collect();
                let count = up.len();
                if contacts.send_replace(up).len() != count {
                    answer(&format!("UP {count}"));
                }
            }
            _ => {}
        }
    }
}

struct Peer {
    client: Client,
    contacts: watch::Receiver<Vec<Id>>,
    heard: Arc<Mutex<Heard>>,
    next: u64,
}

impl Peer {
    /// Does what a line says. False: it was the last.
    async fn obey(&mut self, line: &str) -> bool {
        let mut words: VecDeque<&str> = line.split_whitespace().collect();
        let command = words.pop_front();
        let mut number = || words.pop_front().and_then(|word| word.parse::<f64>().ok());
        match command {
            Some("DIAL") => self.dial(line.trim_start_matches("DIAL").trim()).await,
            Some("GREET") => self.greet().await,
            Some("LAT") => {
                let [count, len, max_s] = [number(), number(), number()].map(Option::unwrap);
                self.latencies(whole(count), whole(len), Duration::from_secs_f64(max_s)).await;
            }
            Some("THR") => {
                let [count, len, window, max_s] =
                    [number(), number(), number(), number()].map(Option::unwrap);
                let within = Duration::from_secs_f64(max_s);
                self.many(whole(count), whole(len), whole(window), within).await;
            }
            Some("BCAST") => {
                let [count, len, gap_us] = [number(), number(), number()].map(Option::unwrap);
                let gap = Duration::from_secs_f64(gap_us / 1e6);
                self.broadcast(whole(count), whole(len), gap).await;
            }
            Some("FILE") => answer(r#"RESULT {"bytes":0,"ns":0,"ok":false}"#),
            Some("DUMP") => self.dump(),
            Some("QUIT") => return false,
            _ => {}
        }
        true
    }

    async fn dial(&self, ticket: &str) {
        let params = AddContact { ticket: ticket.to_owned(), called: None, text: None };
        self.client.call::<ContactAdd>(params).await.expect("the ticket is taken");
    }

    /// The first who can be sent to, as soon as there is one.
    async fn first(&mut self) -> Id {
        let contacts = self.contacts.wait_for(|contacts| !contacts.is_empty()).await;
        contacts.expect("who listens runs on").first().expect("there is one").clone()
    }

    async fn greet(&mut self) {
        let to = self.first().await;
        send(&self.client, to, message(GREETING, GREETING_LEN), None).await;
    }

    async fn latencies(&mut self, count: usize, len: usize, within: Duration) {
        let (to, begun) = (self.first().await, now_ns());
        let (mut took, mut lost) = (Vec::new(), 0);
        while took.len() < count && now_ns() - begun < nanos(within) {
            let text = message(self.number(), len);
            let sent = now_ns();
            if send(&self.client, to.clone(), text, Some(MessageState::Delivered)).await {
                took.push((now_ns() - sent).to_string());
            } else {
                lost += 1;
            }
        }
        answer(&format!(r#"RESULT {{"rtt_ns":[{}],"lost":{lost}}}"#, took.join(",")));
    }

    async fn many(&mut self, count: usize, len: usize, window: usize, within: Duration) {
        let (to, begun) = (self.first().await, now_ns());
        let (mut sent, mut acked) = (0, 0);
        let mut under_way = JoinSet::new();
        while acked < count && now_ns() - begun < nanos(within) {
            while sent < count && under_way.len() < window {
                let (client, to) = (self.client.clone(), to.clone());
                let text = message(self.number(), len);
                under_way.spawn(async move {
                    send(&client, to, text, Some(MessageState::Delivered)).await
                });
                sent += 1;
            }
            if let Some(Ok(true)) = under_way.join_next().await {
                acked += 1;
            }
        }
        let ns = now_ns() - begun;
        while under_way.join_next().await.is_some() {}
        answer(&format!(r#"RESULT {{"acked":{acked},"sent":{sent},"ns":{ns}}}"#));
    }

    async fn broadcast(&mut self, count: usize, len: usize, gap: Duration) {
        self.first().await;
        let (to, begun) = (self.contacts.borrow().clone(), now_ns());
        for number in (UNACKED..).take(count) {
            let text = message(number, len);
            for to in &to {
                send(&self.client, to.clone(), text.clone(), None).await;
            }
            tokio::time::sleep(gap).await;
        }
        let ended = now_ns();
        answer(&format!(r#"RESULT {{"n":{count},"t0":{begun},"t1":{ended}}}"#));
    }

    fn dump(&self) {
        let rows = std::mem::take(&mut self.heard.lock().unwrap().rows);
        let mut written = String::new();
        for (number, sent, came) in rows {
            let comma = if written.is_empty() { "" } else { "," };
            write!(written, "{comma}[{number},{sent},{came}]").expect("a string takes everything");
        }
        answer(&format!(r#"RESULT {{"rows":[{written}]}}"#));
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }
}

/// Says something. True: it came as far as was asked, in time.
async fn send(client: &Client, to: Id, text: String, wait_for: Option<MessageState>) -> bool {
    let timeout_ms = Some(u64::try_from(LOST_AFTER.as_millis()).unwrap());
    let params = SendMessage {
        to,
        text,
        client_id: None,
        reply_to: None,
        wait_for,
        timeout_ms,
        require_verified: false,
    };
    let sent = client.call::<MessageSend>(params).await.expect("it is saved");
    wait_for.is_none_or(|state| sent.state >= state)
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap()
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of a driver: small, and not below zero"
)]
fn whole(number: f64) -> usize {
    number as usize
}
