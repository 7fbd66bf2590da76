//! The menu as a running program: one loop in which the keyboard, the network and what we set
//! going meet.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::time::{Duration, SystemTime};

use chinwag_classroom::address::{Destination, parse_port};
use chinwag_classroom::limits::{FAREWELL_MAX, GREET_TIMEOUT};
use chinwag_classroom::{
    Act, BindError, Delivery, Dialect, Heard, Incoming, Listener, Peers, SendError, Sender, Team,
};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::identity::{self, Settings};
use super::menu::{MENU, Menu, Step};
use super::words::Own;
use super::{bind_failure, words};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::terminal::console::{Console, Typed};
use crate::terminal::printer::Permit;
use crate::terminal::signals::Signals;
use chinwag_text::words::PEER;

/// How long the menu waits for the outcome of what was asked, so that it stands above the menu.
/// What takes longer is reported when it is known.
const OUTCOME_WAIT: Duration = Duration::from_millis(300);

/// How long what arrived before we left may take to be shown.
const LAST_WORDS_MAX: Duration = Duration::from_secs(1);

/// Runs the menu until somebody quits.
pub(super) async fn run(settings: Settings) -> Result<Exit, Failure> {
    let mut signals = Signals::new()?;
    let mut console = Console::open();
    console.print(words::NOT_PRIVATE);
    let exit = match start(&mut console, &mut signals, &settings).await? {
        Started::Quit(exit) => exit,
        Started::Listening { listener, incoming, sender, own } => {
            let (reports, reported) = mpsc::unbounded_channel();
            let mut chat = Chat {
                console,
                menu: Menu::default(),
                sender,
                own,
                peers: Peers::new(),
                greetings: JoinSet::new(),
                gone: BTreeSet::new(),
                reports,
                running: 0,
                menu_due: None,
                leaving: None,
                leave_by: None,
            };
            chat.greet(settings.bootstrap);
            chat.show_menu();
            let exit = chat.run(incoming, reported, signals, listener).await;
            console = chat.console;
            exit
        }
    };
    console.finish().await?;
    Ok(exit)
}

/// How the start went.
enum Started {
    Listening { listener: Listener, incoming: mpsc::Receiver<Incoming>, sender: Sender, own: Own },
    Quit(Exit),
}

/// Asks for what was not given, and listens.
async fn start(
    console: &mut Console,
    signals: &mut Signals,
    settings: &Settings,
) -> Result<Started, Failure> {
    let team = match &settings.team {
        Some(team) => team.clone(),
        None => match ask_team(console, signals).await {
            Ok(team) => team,
            Err(exit) => return Ok(Started::Quit(exit)),
        },
    };
    let own = settings.own();
    if settings.address.is_none() && own.default_route.is_none() {
        console.print("No network found: only programs on this machine can reach us.");
    }
    loop {
        let port = match settings.port {
            Some(port) => port,
            None => match ask_port(console, signals).await {
                Ok(port) => port,
                Err(exit) => return Ok(Started::Quit(exit)),
            },
        };
        match Listener::bind(settings.address, port.get()) {
            Ok((listener, incoming)) => {
                let me = identity::claim(own.announced, port.get(), &team);
                console.print(&format!("Server listening on {}...", me.address));
                let sender = Sender::new(me);
                return Ok(Started::Listening { listener, incoming, sender, own });
            }
            Err(error @ (BindError::InUse(_) | BindError::NotAllowed(_)))
                if settings.port.is_none() =>
            {
                console.print(&format!("{error}: enter another port"));
            }
            Err(error) => return Err(bind_failure(error)),
        }
    }
}

async fn ask_team(console: &mut Console, signals: &mut Signals) -> Result<Team, Exit> {
    loop {
        let typed = question(console, signals, "Enter your team name: ").await?;
        match Team::from_typed(&typed) {
            Ok(team) => {
                if team.as_str() != typed.trim() {
                    console.print(&format!("A team name is one word here: using {team}"));
                }
                return Ok(team);
            }
            Err(error) => console.print(&error.to_string()),
        }
    }
}

async fn ask_port(console: &mut Console, signals: &mut Signals) -> Result<NonZeroU16, Exit> {
    loop {
        let typed = question(console, signals, "Enter your port number: ").await?;
        match parse_port(&typed) {
            Ok(port) => return Ok(port),
            Err(error) => console.print(&error.to_string()),
        }
    }
}

/// One question and its answer; an error is how the program ends instead.
async fn question(
    console: &mut Console,
    signals: &mut Signals,
    prompt: &str,
) -> Result<String, Exit> {
    console.ask(prompt);
    tokio::select! {
        typed = console.typed() => match typed {
            Typed::Line(line) => Ok(line),
            Typed::NotTaken(_) => Ok(String::new()),
            Typed::Interrupt { .. } | Typed::End => Err(Exit::Done),
        },
        exit = signals.received() => match exit {
            Exit::Interrupted => Err(Exit::Done),
            exit => Err(exit),
        },
    }
}

/// What something that we set going says of itself.
enum Report {
    Line(String),
    Done,
}

/// What can happen to a chat.
enum Happening {
    Typed(Typed),
    Heard(Box<Incoming>, Permit),
    Reported(Report),
    MenuDue,
    /// What is still being sent has taken too long for somebody who leaves.
    TimeIsUp,
    Signal(Exit),
}

struct Chat {
    console: Console,
    menu: Menu,
    sender: Sender,
    own: Own,
    peers: Peers,
    /// Static peers that are being connected to, or list us because they were.
    greetings: JoinSet<Option<SocketAddr>>,
    /// Static peers that have said goodbye since.
    gone: BTreeSet<SocketAddr>,
    /// Unbounded in itself: what a person sets going, and a line for each peer it reaches.
    reports: mpsc::UnboundedSender<Report>,
    /// Things that were asked for and are not done.
    running: usize,
    /// When to show the menu again although something is not done.
    menu_due: Option<Instant>,
    /// How the program will end, once it has said goodbye. Interrupted: without.
    leaving: Option<Exit>,
    /// When it ends in any case.
    leave_by: Option<Instant>,
}

impl Chat {
    async fn run(
        &mut self,
        mut incoming: mpsc::Receiver<Incoming>,
        mut reported: mpsc::UnboundedReceiver<Report>,
        mut signals: Signals,
        listener: Listener,
    ) -> Exit {
        let exit = loop {
            match self.next(&mut incoming, &mut reported, &mut signals).await {
                Happening::Typed(typed) => self.typed(typed),
                Happening::Heard(heard, permit) => self.heard(&heard, permit),
                Happening::Reported(report) => self.reported(report),
                Happening::MenuDue => self.show_menu(),
                Happening::TimeIsUp => break self.leaving.unwrap_or(Exit::Done),
                Happening::Signal(Exit::Interrupted) => {
                    self.typed(Typed::Interrupt { cleared: false });
                }
                Happening::Signal(exit) if self.leaving.is_some() => break exit,
                Happening::Signal(exit) => self.leave(exit),
            }
            match self.leaving {
                Some(Exit::Interrupted) => break Exit::Interrupted,
                Some(exit) if self.running == 0 => break exit,
                _ => {}
            }
        };
        let Self { console, own, .. } = self;
        hear_the_rest(incoming, listener, |heard| console.print(&words::heard(heard, *own))).await;
        console.print("Bye.");
        exit
    }

    async fn next(
        &mut self,
        incoming: &mut mpsc::Receiver<Incoming>,
        reported: &mut mpsc::UnboundedReceiver<Report>,
        signals: &mut Signals,
    ) -> Happening {
        let permits = self.console.permits();
        let heard = async {
            match (permits.acquire_owned().await, incoming.recv().await) {
                (Ok(permit), Some(heard)) => Happening::Heard(Box::new(heard), permit),
                _ => std::future::pending().await,
            }
        };
        let menu_due = self.menu_due.unwrap_or_else(Instant::now);
        let leave_by = self.leave_by.unwrap_or_else(Instant::now);
        tokio::select! {
            exit = signals.received() => Happening::Signal(exit),
            Some(report) = reported.recv() => Happening::Reported(report),
            typed = self.console.typed() => Happening::Typed(typed),
            heard = heard => heard,
            () = sleep_until(menu_due), if self.menu_due.is_some() => Happening::MenuDue,
            () = sleep_until(leave_by), if self.leave_by.is_some() => Happening::TimeIsUp,
        }
    }

    fn typed(&mut self, typed: Typed) {
        match typed {
            Typed::Interrupt { .. } if self.leaving.is_some() => {
                self.leaving = Some(Exit::Interrupted);
            }
            // The editor prints the last lines only while it reads.
            Typed::Line(_) | Typed::NotTaken(_) if self.leaving.is_some() => {
                self.console.ask_no_more();
            }
            Typed::End if self.leaving.is_some() => {}
            Typed::NotTaken(why) => {
                self.console.print(&format!("that line is {why}: it was left out"));
                self.console.ask(self.menu.prompt());
            }
            Typed::Interrupt { .. } | Typed::End => self.leave(Exit::Done),
            Typed::Line(line) => self.answered(&line),
        }
    }

    fn answered(&mut self, line: &str) {
        match self.menu.answer(line) {
            Step::Ask => self.console.ask(self.menu.prompt()),
            Step::AskAgain(reason) => {
                self.console.print(&reason);
                self.console.ask(self.menu.prompt());
            }
            Step::Send { to, text } => self.send(to, text),
            Step::Query => {
                self.console.print(&words::peers(&self.peers, SystemTime::now(), self.own));
                self.show_menu();
            }
            Step::Connect => self.connect(),
            Step::Quit => self.leave(Exit::Done),
        }
    }

    fn show_menu(&mut self) {
        self.menu_due = None;
        if self.leaving.is_none() {
            self.console.print(MENU);
            self.console.ask(self.menu.prompt());
        }
    }

    fn heard(&mut self, incoming: &Incoming, permit: Permit) {
        let origin = incoming.origin.ip();
        match &incoming.heard {
            Heard::Message { peer, dialect, .. } | Heard::Connect { peer, dialect } => {
                self.peers.hear(peer, *dialect, origin, incoming.at);
                self.gone.remove(&peer.address);
            }
            Heard::Exit { peer, .. } => {
                self.peers.leave(peer, origin);
                self.gone.insert(peer.address);
            }
            Heard::Unfitting { .. } => {}
        }
        self.console.print_incoming(words::heard(incoming, self.own), permit);
    }

    fn reported(&mut self, report: Report) {
        match report {
            Report::Line(line) => self.console.print(&line),
            Report::Done => {
                self.running -= 1;
                if self.menu_due.is_some() || (self.running == 0 && !self.console.is_terminal()) {
                    self.show_menu();
                }
            }
        }
    }

    /// Notes that something was set going, and when the menu comes back: on a terminal soon, so
    /// that nobody waits for a peer that hangs; from a pipe when it is done, so that one thing
    /// follows the other.
    fn set_going(&mut self) -> mpsc::UnboundedSender<Report> {
        self.running += 1;
        self.menu_due = self.console.is_terminal().then(|| Instant::now() + OUTCOME_WAIT);
        self.reports.clone()
    }

    fn send(&mut self, to: Destination, text: String) {
        let port = to.port.get();
        let here = self.peers.iter().filter(|(address, _)| address.port() == port);
        let dialects: BTreeMap<_, _> = here.map(|(address, p)| (address, p.dialect)).collect();
        let sender = self.sender.clone();
        let reports = self.set_going();
        tokio::spawn(async move {
            let result = send(&sender, &to, &dialects, &text).await;
            report(&reports, Report::Line(words::sent(&to.to_string(), &result)));
            report(&reports, Report::Done);
        });
    }

    fn connect(&mut self) {
        if self.peers.is_empty() {
            self.console.print("No peers to connect to yet: nobody has sent us anything.");
            return self.show_menu();
        }
        let to: Vec<_> = self.peers.iter().map(|(address, p)| (address, p.dialect)).collect();
        let own = self.own;
        let shown = |(address, peer)| (address, words::peer(address, peer, own));
        let shown: BTreeMap<_, _> = self.peers.iter().map(shown).collect();
        let of = to.len();
        self.console.print(&format!("Connecting to {}...", PEER.count(of as u64)));
        let sender = self.sender.clone();
        let reports = self.set_going();
        tokio::spawn(async move {
            let mut connected = 0;
            let each = |address, result: Result<Delivery, SendError>| {
                connected += usize::from(result.is_ok());
                let name = shown.get(&address).map_or("", String::as_str);
                report(&reports, Report::Line(words::connected(name, &result)));
            };
            sender.tell_all(to, &Act::Connect, each).await;
            report(&reports, Report::Line(format!("Connected to {connected} of {of}.")));
            report(&reports, Report::Done);
        });
    }

    /// Says `connect` to the static peers, in the background: they are often away.
    fn greet(&mut self, peers: Vec<Destination>) {
        for to in peers {
            let sender = self.sender.clone().with_patience(GREET_TIMEOUT);
            let reports = self.reports.clone();
            self.greetings.spawn(async move {
                let (line, greeted) = greet(&sender, &to).await;
                report(&reports, Report::Line(line));
                greeted
            });
        }
    }

    /// Says `exit` to everybody who lists us, and then ends.
    fn leave(&mut self, exit: Exit) {
        if self.leaving.is_some() {
            return;
        }
        self.leaving = Some(exit);
        self.leave_by = Some(Instant::now() + FAREWELL_MAX);
        self.menu_due = None;
        self.console.ask_no_more();
        if self.running > 0 {
            self.console.print("Waiting for what is still being sent...");
        }
        let greetings = std::mem::take(&mut self.greetings);
        let to: BTreeMap<_, _> = self.peers.iter().map(|(a, peer)| (a, peer.dialect)).collect();
        if to.is_empty() && greetings.is_empty() {
            return;
        }
        if !to.is_empty() {
            self.console
                .print(&format!("Telling {} that we leave...", PEER.count(to.len() as u64)));
        }
        let (sender, gone) = (self.sender.clone(), std::mem::take(&mut self.gone));
        let of = to.len();
        self.running += 1;
        let reports = self.reports.clone();
        tokio::spawn(async move {
            let told = farewell(&sender, greetings, &gone, to).await;
            if of > 0 {
                report(&reports, Report::Line(format!("Told {told} of {of}.")));
            }
            report(&reports, Report::Done);
        });
    }
}

/// Sends a text to a host in the dialect in which one of its addresses was heard, or plainly.
async fn send(
    sender: &Sender,
    to: &Destination,
    dialects: &BTreeMap<SocketAddr, Dialect>,
    text: &str,
) -> Result<Delivery, SendError> {
    let addresses = sender.resolve(to).await?;
    let dialect = addresses.iter().find_map(|address| dialects.get(address));
    sender.send_text_to(addresses.clone(), dialect.copied().unwrap_or_default(), text).await
}

/// What was said before we stopped listening still counts: its senders have seen it arrive.
pub(super) async fn hear_the_rest(
    mut incoming: mpsc::Receiver<Incoming>,
    listener: Listener,
    mut hear: impl FnMut(&Incoming),
) {
    let stopping = tokio::spawn(listener.stop());
    let rest = async {
        while let Some(heard) = incoming.recv().await {
            hear(&heard);
        }
    };
    // Whoever still talks after that is not waited for.
    let _ = timeout(LAST_WORDS_MAX, rest).await;
    stopping.abort();
}

/// Connects to one static peer. The line that says how it went; its address if it lists us now.
pub(super) async fn greet(sender: &Sender, to: &Destination) -> (String, Option<SocketAddr>) {
    let said = sender.say_to(to, Dialect::Plain, &Act::Connect).await;
    let name = output::one_line(&to.to_string());
    match said {
        Ok((address, delivery)) => {
            let how = words::connected(&name, &Ok(delivery));
            (format!("Static peer {}", how.trim_start()), Some(address))
        }
        Err(error) => (format!("Static peer {name}: {}", words::reason(&error)), None),
    }
}

/// Says `exit` to all of these, and to the static peers that were connected to and are not gone,
/// within [`FAREWELL_MAX`]. How many of the former heard it.
pub(super) async fn farewell(
    sender: &Sender,
    mut greetings: JoinSet<Option<SocketAddr>>,
    gone: &BTreeSet<SocketAddr>,
    to: BTreeMap<SocketAddr, Dialect>,
) -> usize {
    let sender = sender.clone().with_patience(GREET_TIMEOUT).without_confirmation();
    let mut told = 0;
    let everybody = async {
        let each = |_, result: Result<Delivery, SendError>| told += usize::from(result.is_ok());
        let listed: BTreeSet<SocketAddr> = to.keys().copied().collect();
        sender.tell_all(to.into_iter().collect(), &Act::Exit, each).await;
        while let Some(greeted) = greetings.join_next().await {
            let Ok(Some(peer)) = greeted else { continue };
            if !gone.contains(&peer) && !listed.contains(&peer) {
                // It finds out by itself if this does not reach it.
                let _ = sender.tell(peer, Dialect::Plain, &Act::Exit).await;
            }
        }
    };
    // Those that were not reached by then find out by themselves.
    let _ = timeout(FAREWELL_MAX, everybody).await;
    told
}

/// The chat outlives what it sets going, but for an abort, and then nobody wants the report.
fn report(reports: &mpsc::UnboundedSender<Report>, report: Report) {
    let _ = reports.send(report);
}
