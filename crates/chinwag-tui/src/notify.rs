//! What is told of something that nobody looks at: of what, at what hours, and how much of it.
//!
//! Who it is from and what it says are two switches, both off: a notification is read by whoever walks by.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chinwag_api::model::Id;
use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// Characters of a name, and of a text, that are told.
const SENDER_TOLD: usize = 40;
const TEXT_TOLD: usize = 200;

/// Commands that run at once; what comes while they do is not told by one.
const COMMANDS_MAX: usize = 4;

/// How long a command may run.
const COMMAND_WITHIN: Duration = Duration::from_secs(10);

/// How often it is looked whether it has ended.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What makes a noise when something comes that nobody looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Notify {
    /// Nothing.
    None,
    /// The bell of the terminal.
    #[default]
    Bell,
    /// A notification of the terminal (OSC 9).
    Terminal,
}

/// Of what something can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A message.
    Message,
    /// A message with our name behind an `@`, or with one of the [words](Rules::words).
    Mention,
    /// A stranger who would like to become a contact.
    Request,
    /// Somebody who has become one.
    Contact,
    /// Somebody who lets us into a group.
    Invitation,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Message, Self::Mention, Self::Request, Self::Contact, Self::Invitation];
}

/// What the config says of notifications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// What makes a noise.
    pub channel: Notify,
    /// Of what.
    pub on: Vec<Kind>,
    /// Words that make a message one for us, as our name behind an `@` does.
    pub words: Vec<String>,
    /// Whether it says who it is from.
    pub sender: bool,
    /// Whether it says what was said.
    pub content: bool,
    /// When nothing is told.
    pub quiet: Option<Quiet>,
    /// A program that is told as well, with its arguments; empty: none.
    pub command: Vec<String>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            channel: Notify::default(),
            on: Kind::ALL.to_vec(),
            words: Vec::new(),
            sender: false,
            content: false,
            quiet: None,
            command: Vec::new(),
        }
    }
}

/// Hours of the day in which nothing is told; they may go over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Quiet {
    from: Time,
    to: Time,
}

impl TryFrom<String> for Quiet {
    type Error = String;

    fn try_from(written: String) -> Result<Self, String> {
        let fault = || format!("{written:?} are no hours: write them like \"22:00-07:00\"");
        let (from, to) = written.split_once('-').ok_or_else(fault)?;
        let time = |text: &str| Time::strptime("%H:%M", text.trim()).map_err(|_| fault());
        Ok(Self { from: time(from)?, to: time(to)? })
    }
}

impl From<Quiet> for String {
    fn from(quiet: Quiet) -> Self {
        format!("{}-{}", quiet.from.strftime("%H:%M"), quiet.to.strftime("%H:%M"))
    }
}

impl Quiet {
    /// Whether it is quiet now. From an hour to the same hour is the whole day.
    fn is_now(self, now: Timestamp, zone: &TimeZone) -> bool {
        let time = now.to_zoned(zone.clone()).time();
        if self.from < self.to {
            (self.from..self.to).contains(&time)
        } else {
            time >= self.from || time < self.to
        }
    }
}

/// What is told, as far as the rules let it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// Of what.
    pub kind: Kind,
    /// When, in RFC 3339.
    pub at: String,
    /// Where, if it is in a conversation.
    pub conversation: Option<Id>,
    /// Who it is from, if that is told.
    pub sender: Option<String>,
    /// What was said, if that is told.
    pub text: Option<String>,
}

impl Rules {
    /// What is told of something now, if anything is.
    pub fn notice(
        &self,
        kind: Kind,
        (now, zone): (Timestamp, &TimeZone),
        conversation: Option<Id>,
        sender: &str,
        text: Option<&str>,
    ) -> Option<Notice> {
        let is_quiet = self.quiet.is_some_and(|quiet| quiet.is_now(now, zone));
        if is_quiet || !self.on.contains(&kind) {
            return None;
        }
        let sender = chinwag_text::safe::person(sender, SENDER_TOLD);
        let text = text.map(|text| chinwag_text::safe::short(text, TEXT_TOLD));
        Some(Notice {
            kind,
            at: format!("{now:.3}"),
            conversation,
            sender: self.sender.then_some(sender),
            text: text.filter(|_| self.content),
        })
    }
}

impl Notice {
    /// In one line.
    pub fn words(&self) -> String {
        let what = match self.kind {
            Kind::Message => "a new message",
            Kind::Mention => "a message for you",
            Kind::Request => "somebody would like to become a contact",
            Kind::Contact => "a new contact",
            Kind::Invitation => "somebody invites you to a group",
        };
        match (&self.sender, &self.text) {
            (Some(sender), Some(text)) => format!("Chinwag: {sender}: {text}"),
            (Some(sender), None) => format!("Chinwag: {what} ({sender})"),
            (None, Some(text)) => format!("Chinwag: {what}: {text}"),
            (None, None) => format!("Chinwag: {what}"),
        }
    }

    /// Gives it to a program on its standard input, as one JSON object on a line, and sees to it that the
    /// program ends. Blocks until it has. An error: it could not be started, or failed.
    pub fn give_to(&self, command: &[String]) -> Result<(), String> {
        static RUNNING: AtomicUsize = AtomicUsize::new(0);
        let Some((program, args)) = command.split_first() else { return Ok(()) };
        if RUNNING.fetch_add(1, Ordering::Relaxed) >= COMMANDS_MAX {
            RUNNING.fetch_sub(1, Ordering::Relaxed);
            return Ok(());
        }
        let given = self.run(program, args);
        RUNNING.fetch_sub(1, Ordering::Relaxed);
        given.map_err(|error| format!("{program:?}: {error}"))
    }

    fn run(&self, program: &str, args: &[String]) -> std::io::Result<()> {
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        let null = Stdio::null;
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::piped()).stdout(null()).stderr(null());
        let mut child = command.spawn()?;
        // A line of this length fits into every pipe, whether it is read or not.
        if let Some(mut input) = child.stdin.take() {
            let _ = input.write_all(line.as_bytes());
        }
        let deadline = Instant::now() + COMMAND_WITHIN;
        loop {
            match child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(std::io::Error::other(status.to_string())),
                None if Instant::now() >= deadline => {
                    child.kill()?;
                    child.wait()?;
                    return Err(std::io::Error::other("it did not end within 10 s"));
                }
                None => std::thread::sleep(LOOK_EVERY),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        format!("2026-11-26T{time}:00Z").parse().unwrap()
    }

    fn noticed(rules: &Rules, kind: Kind, time: &str) -> Option<String> {
        let now = (at(time), &TimeZone::UTC);
        let notice = rules.notice(kind, now, Some("conv_a".into()), "Bob", Some("come\nhere"));
        notice.map(|notice| notice.words())
    }

    #[test]
    fn nothing_is_said_of_whom_and_what_unless_it_is_wanted() {
        let said = |sender, content| {
            let rules = Rules { sender, content, ..Rules::default() };
            noticed(&rules, Kind::Message, "12:00").unwrap()
        };
        assert_eq!(said(false, false), "Chinwag: a new message");
        assert_eq!(said(true, false), "Chinwag: a new message (Bob)");
        assert_eq!(said(false, true), "Chinwag: a new message: come␊here");
        assert_eq!(said(true, true), "Chinwag: Bob: come␊here");
    }

    #[test]
    fn only_what_is_wanted_is_told() {
        let rules = Rules { on: vec![Kind::Mention], ..Rules::default() };
        assert!(noticed(&rules, Kind::Mention, "12:00").is_some());
        assert_eq!(noticed(&rules, Kind::Message, "12:00"), None);
    }

    #[test]
    fn quiet_hours_may_go_over_midnight() {
        let told = |hours: &str, time| {
            let quiet = Some(Quiet::try_from(hours.to_owned()).unwrap());
            noticed(&Rules { quiet, ..Rules::default() }, Kind::Message, time).is_some()
        };
        for (time, expected) in
            [("21:59", true), ("22:00", false), ("03:00", false), ("07:00", true)]
        {
            assert_eq!(told("22:00-07:00", time), expected, "{time}");
        }
        assert!(!told("12:00-13:30", "13:29") && told("12:00 - 13:30", "13:30"));
        assert!(!told("08:00-08:00", "03:00"), "the whole day");
        for wrong in ["", "22", "22:00", "25:00-07:00", "22:00-late"] {
            assert!(Quiet::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
        let quiet = Quiet::try_from("22:00-07:00".to_owned()).unwrap();
        assert_eq!(String::from(quiet), "22:00-07:00");
    }

    #[cfg(unix)]
    #[test]
    fn a_program_gets_one_object_on_its_standard_input() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("told").display().to_string();
        let rules = Rules { sender: true, ..Rules::default() };
        let now = (at("12:00"), &TimeZone::UTC);
        let notice = rules.notice(Kind::Mention, now, None, "Bob", Some("hi")).unwrap();
        let command = ["sh", "-c", "cat > \"$0\"", &file].map(str::to_owned);
        notice.give_to(&command).unwrap();
        let told = std::fs::read_to_string(&file).unwrap();
        assert_eq!(
            told,
            "{\"kind\":\"mention\",\"at\":\"2026-11-26T12:00:00.000Z\",\"conversation\":null,\
             \"sender\":\"Bob\",\"text\":null}\n"
        );
        let fails = notice.give_to(&["sh".to_owned(), "-c".to_owned(), "exit 3".to_owned()]);
        assert!(fails.unwrap_err().contains("exit status: 3"));
        assert!(notice.give_to(&["/no/such/program".to_owned()]).is_err());
    }
}
