//! The rim: reads the terminal, asks the daemon, and does what was said.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::time::Duration;

use chinwag_api::client::{CallError, Client, Events};
use chinwag_api::method::{EventsSubscribe, Subscribe};
use crossterm::event::{Event as Input, EventStream, MouseButton, MouseEvent, MouseEventKind};
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_stream::StreamExt as _;

use crate::app::App;
use crate::layout::Layout;
use crate::msg::{Ask, Effect, Mouse, Msg, Written};
use crate::notify::{Notice, Notify};
use crate::options::{Options, Reloaded};
use crate::terminal::{Screen, is_multiplexed};
use crate::view;

/// How often the clock is told.
pub(crate) const TICK: Duration = Duration::from_millis(250);

/// How long drawing waits for more to happen, while much happens. Half of what a key press may take.
const FRAME: Duration = Duration::from_millis(8);

/// After how long the daemon is tried again.
pub(crate) const AGAIN: Duration = Duration::from_millis(500);

/// How long what is typed may take to be kept when somebody leaves.
const KEEPING: Duration = Duration::from_secs(2);

/// Answers that wait to be taken.
pub(crate) const ANSWERS_MAX: usize = 256;

/// Two connections to a node: for requests, and for what it tells, so that no answer waits behind
/// events.
#[derive(Debug)]
pub struct Link {
    /// For requests.
    pub client: Client,
    /// What the first connection tells: nothing.
    pub unheard: Events,
    /// For events.
    pub listener: Client,
    /// What is told.
    pub events: Events,
}

/// Finds the node, or runs it, as often as it is asked: the node may end.
pub trait Connect {
    /// Connects. An error is shown, and it is tried again.
    fn connect(&self) -> impl Future<Output = Result<Link, String>>;

    /// Reads the config again. An error: it is wrong, or there is none.
    fn reload(&self) -> Result<Reloaded, String> {
        Err("there is no config to be read here".to_owned())
    }

    /// Keeps and heeds what was typed of whose relay may be used. An error: it makes no sense, or can't be kept.
    fn choose_relay(&self, _typed: &str) -> impl Future<Output = Result<(), String>> {
        std::future::ready(Err("there is no config to be written here".to_owned()))
    }

    /// Ends when somebody outside wants the config read again. Nothing is lost that was wanted while
    /// nobody waited for it.
    fn reload_wanted(&self) -> impl Future<Output = ()> {
        std::future::pending()
    }
}

/// Why the client ended other than it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The terminal can't be used.
    #[error("the terminal can't be used: {0}")]
    Terminal(#[from] io::Error),
    /// There is no account, and nobody at a terminal who could be asked for a name.
    #[error("there is no account here yet")]
    NoAccount,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Somebody left.
    Left,
    /// Somebody outside asked for it.
    Asked,
}

/// Runs the client until somebody leaves, or `end` comes.
pub async fn run(
    options: Options,
    connect: &impl Connect,
    end: impl Future<Output = ()>,
) -> Result<Ended, RunError> {
    let run = format!("tui-{}-{}", std::process::id(), Timestamp::now().as_nanosecond());
    let mut options = options;
    options.joined_emoji &= !is_multiplexed();
    let mut screen = Screen::take(options.extended_keys)?;
    screen.mouse(options.mouse)?;
    let mut rim = Rim {
        app: App::new(options, Timestamp::now(), run),
        link: None,
        answers: mpsc::channel(ANSWERS_MAX),
        cursor: None,
        title: String::new(),
    };
    let layout = rim.app.options.layout.clone();
    let before = layout.as_deref().map(Layout::read).unwrap_or_default();
    rim.app.set_layout(before);
    let ended = rim.live(&mut screen, connect, end).await;
    if let Some(path) = layout.filter(|_| rim.app.layout() != before) {
        rim.app.layout().write(&path);
    }
    rim.keep_drafts().await;
    ended
}

struct Rim {
    app: App,
    link: Option<Link>,
    answers: (mpsc::Sender<Msg>, mpsc::Receiver<Msg>),
    /// Where to go on hearing.
    cursor: Option<String>,
    title: String,
}

/// What came.
enum Came {
    Msg(Msg),
    Link(Result<Link, String>),
    Gone,
    End,
}

impl Rim {
    async fn live(
        &mut self,
        screen: &mut Screen,
        connect: &impl Connect,
        end: impl Future<Output = ()>,
    ) -> Result<Ended, RunError> {
        let mut end = std::pin::pin!(end);
        let mut keys = EventStream::new();
        let mut connecting = std::pin::pin!(connect_after(connect, Duration::ZERO));
        let mut tick = Instant::now();
        let mut drawn = Instant::now();
        let mut is_stale = true;
        loop {
            if is_stale && drawn.elapsed() >= FRAME {
                screen.draw(|frame| view::draw(frame, &mut self.app))?;
                self.tell_title(screen)?;
                (drawn, is_stale) = (Instant::now(), false);
            }
            let is_linked = self.link.is_some();
            let came = tokio::select! {
                biased;
                () = &mut end => Came::End,
                () = connect.reload_wanted() => Came::Msg(reloaded(connect)),
                input = keys.next() => match input {
                    Some(Ok(input)) => match msg(input) {
                        Some(msg) => Came::Msg(msg),
                        None => continue,
                    },
                    // The terminal is gone.
                    Some(Err(_)) | None => Came::End,
                },
                Some(answer) = self.answers.1.recv() => Came::Msg(answer),
                event = next_event(&mut self.link), if is_linked => match event {
                    Some(event) => {
                        if event.cursor.is_some() {
                            self.cursor.clone_from(&event.cursor);
                        }
                        Came::Msg(Msg::Event(Box::new(event)))
                    }
                    None => Came::Gone,
                },
                found = &mut connecting, if !is_linked => Came::Link(found),
                () = sleep_until(tick) => {
                    tick = Instant::now() + TICK;
                    Came::Msg(Msg::Tick(Timestamp::now()))
                }
                () = sleep_until(drawn + FRAME), if is_stale => continue,
            };
            let msg = match came {
                Came::Msg(msg) => msg,
                Came::End => return Ok(Ended::Asked),
                Came::Gone => {
                    self.link = None;
                    connecting.set(connect_after(connect, Duration::ZERO));
                    Msg::Lost("it has ended".to_owned())
                }
                Came::Link(Err(why)) => {
                    connecting.set(connect_after(connect, AGAIN));
                    Msg::Lost(why)
                }
                Came::Link(Ok(link)) => match subscribe(&link, &mut self.cursor).await {
                    Ok(()) => {
                        self.link = Some(link);
                        Msg::Connected
                    }
                    Err(error) => {
                        connecting.set(connect_after(connect, AGAIN));
                        Msg::Lost(error.to_string())
                    }
                },
            };
            is_stale = true;
            // Keys after this one may be for an editor.
            let mut effects = VecDeque::from(self.app.update(msg));
            while let Some(effect) = effects.pop_front() {
                if effect == Effect::Reload {
                    effects.extend(self.app.update(reloaded(connect)));
                } else if let Effect::ChooseRelay(typed) = &effect {
                    let chosen = connect.choose_relay(typed).await;
                    effects.extend(self.app.update(Msg::Chosen(chosen)));
                } else if let Some(ended) = self.obey(effect, screen, &mut keys).await? {
                    return Ok(ended);
                }
            }
        }
    }

    /// Keeps what is typed and not sent, before everything ends.
    async fn keep_drafts(&mut self) {
        let Some(client) = self.link.as_ref().map(|link| link.client.clone()) else { return };
        let keeping = async {
            // What is under way is answered before what comes after it is asked.
            while self.app.is_keeping()
                && let Some(answer) = self.answers.1.recv().await
            {
                self.app.update(answer);
            }
            for effect in self.app.keep_drafts() {
                if let Effect::Ask(ask) = effect {
                    let _ = client.call_raw(ask.method, ask.params).await;
                }
            }
        };
        // Whoever leaves is not kept waiting by a node that does not answer.
        let _ = tokio::time::timeout(KEEPING, keeping).await;
    }

    async fn obey(
        &mut self,
        effect: Effect,
        screen: &mut Screen,
        keys: &mut EventStream,
    ) -> Result<Option<Ended>, RunError> {
        match effect {
            Effect::Ask(request) => ask(self.link.as_ref(), &self.answers.0, request),
            Effect::Notify(notice) => {
                match self.app.options.notifications.channel {
                    Notify::None => {}
                    Notify::Bell => screen.bell()?,
                    Notify::Terminal => screen.notify(&notice.words())?,
                }
                tell_program(&self.app, notice);
            }
            Effect::Copy(text) => screen.copy(&text)?,
            Effect::Edit(text) => {
                let edited = self.edit(&text, screen, keys).await?;
                self.app.update(Msg::Edited(edited));
            }
            Effect::Write { what, path } => write(self.link.as_ref(), &self.answers.0, what, path),
            // Before this is asked.
            Effect::Reload | Effect::ChooseRelay(_) => {}
            Effect::Redraw => screen.clear()?,
            Effect::Mouse(is_on) => screen.mouse(is_on)?,
            Effect::Suspend => suspend(screen, keys).await?,
            Effect::Quit => return Ok(Some(Ended::Left)),
        }
        Ok(None)
    }

    /// Opens the person's editor with a text. `None`: it ended with an error.
    async fn edit(
        &mut self,
        text: &str,
        screen: &mut Screen,
        keys: &mut EventStream,
    ) -> Result<Option<String>, RunError> {
        screen.give_back();
        // Two may not read the keys.
        drop(std::mem::replace(keys, EventStream::new()));
        let text = text.to_owned();
        let edited = tokio::task::spawn_blocking(move || crate::editor::edit(&text)).await;
        *keys = EventStream::new();
        screen.take_again()?;
        match edited {
            Ok(Ok(text)) => Ok(Some(text)),
            Ok(Err(error)) => {
                self.app.wrong(error.to_string());
                Ok(None)
            }
            Err(_) => Ok(None),
        }
    }

    fn tell_title(&mut self, screen: &mut Screen) -> io::Result<()> {
        if !self.app.options.title {
            return Ok(());
        }
        let title = match self.app.chats.unread_and_told() {
            0 => "chinwag".to_owned(),
            unread => format!("chinwag ({unread})"),
        };
        if title != self.title {
            screen.title(&title)?;
            self.title = title;
        }
        Ok(())
    }
}

/// What the config says now.
pub(crate) fn reloaded(connect: &impl Connect) -> Msg {
    Msg::Reloaded(connect.reload().map(Box::new))
}

/// Gives a notice to the program that is set for it. That it fails is nothing that whoever chats has to
/// know each time: it is tried out beside.
pub(crate) fn tell_program(app: &App, notice: Notice) {
    let command = app.options.notifications.command.clone();
    if !command.is_empty() {
        tokio::task::spawn_blocking(move || notice.give_to(&command));
    }
}

/// From now on events are told, from where they were heard last.
pub(crate) async fn subscribe(link: &Link, cursor: &mut Option<String>) -> Result<(), CallError> {
    let after = cursor.clone();
    let subscribed = link.listener.call::<EventsSubscribe>(Subscribe { after }).await;
    let subscribed = match subscribed {
        // The cursor is another node's: what was missed is read anew.
        Err(CallError::Api(_)) if cursor.is_some() => {
            link.listener.call::<EventsSubscribe>(Subscribe { after: None }).await
        }
        other => other,
    };
    *cursor = Some(subscribed?.cursor);
    Ok(())
}

/// Asks the daemon; the answer comes as a message.
pub(crate) fn ask(link: Option<&Link>, answers: &mpsc::Sender<Msg>, ask: Ask) {
    let answers = answers.clone();
    let client = link.map(|link| link.client.clone());
    tokio::spawn(async move {
        let answer = match client {
            Some(client) => client.call_raw(ask.method, ask.params).await,
            None => Err(CallError::Gone),
        };
        // Nobody waits for an answer any more when the client has ended.
        let _ = answers.send(Msg::Answer(ask.tag, answer)).await;
    });
}

/// Writes something to a file; how it went comes as a message.
pub(crate) fn write(link: Option<&Link>, answers: &mpsc::Sender<Msg>, what: Written, path: String) {
    let answers = answers.clone();
    let client = link.map(|link| link.client.clone());
    tokio::spawn(async move {
        let said = crate::files::write(client, what, path).await;
        // Nobody waits for it any more when the client has ended.
        let _ = answers.send(said).await;
    });
}

pub(crate) async fn next_event(link: &mut Option<Link>) -> Option<chinwag_api::event::Event> {
    match link {
        Some(link) => link.events.next().await,
        None => std::future::pending().await,
    }
}

pub(crate) async fn connect_after(connect: &impl Connect, pause: Duration) -> Result<Link, String> {
    sleep(pause).await;
    connect.connect().await
}

fn msg(input: Input) -> Option<Msg> {
    match input {
        Input::Key(key) => Some(Msg::Key(key)),
        Input::Paste(text) => Some(Msg::Paste(text)),
        Input::Resize(..) => Some(Msg::Resize),
        Input::FocusGained => Some(Msg::Focus(true)),
        Input::FocusLost => Some(Msg::Focus(false)),
        Input::Mouse(mouse) => self::mouse(mouse).map(Msg::Mouse),
    }
}

fn mouse(event: MouseEvent) -> Option<Mouse> {
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => {
            Some(Mouse::Click { column: event.column, row: event.row })
        }
        MouseEventKind::ScrollUp => Some(Mouse::WheelUp),
        MouseEventKind::ScrollDown => Some(Mouse::WheelDown),
        _ => None,
    }
}

/// A process that is stopped is stopped by then.
#[cfg(unix)]
const STOPS_WITHIN: Duration = Duration::from_millis(300);

/// Gives the terminal to the shell, and takes it again when we are called back.
#[cfg(unix)]
async fn suspend(screen: &mut Screen, keys: &mut EventStream) -> io::Result<()> {
    use rustix::process::{Signal, getpid, kill_process};
    use tokio::signal::unix::{SignalKind, signal};
    let mut resumed = signal(SignalKind::from_raw(Signal::CONT.as_raw()))?;
    screen.give_back();
    drop(std::mem::replace(keys, EventStream::new()));
    kill_process(getpid(), Signal::TSTP)?;
    // Where no shell of this terminal waits for us, the system does not stop us, and nobody calls back.
    let _ = tokio::time::timeout(STOPS_WITHIN, resumed.recv()).await;
    *keys = EventStream::new();
    screen.take_again()
}

#[cfg(not(unix))]
async fn suspend(screen: &mut Screen, _keys: &mut EventStream) -> io::Result<()> {
    screen.clear()
}
