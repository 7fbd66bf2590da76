//! A hash of everything that went into and came out of the nodes of a life. Equal seeds have equal
//! traces; if not, something looked at the world past its arguments.

use chinwag_core::input::{Command, Input};
use chinwag_core::output::{Answer, Event, Lane, Output};

/// The hash so far: FNV-1a over words of eight bytes. It has to be fast, and to tell apart what
/// nobody chose in order to deceive it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trace(u64);

impl Default for Trace {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Trace {
    /// The hash.
    pub(crate) const fn get(self) -> u64 {
        self.0
    }

    /// Adds a number.
    pub(crate) fn number(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(0x0100_0000_01b3).rotate_left(23);
    }

    /// Adds bytes.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        for word in bytes.chunks(8) {
            let mut eight = [0; 8];
            eight.iter_mut().zip(word).for_each(|(to, from)| *to = *from);
            self.number(u64::from_le_bytes(eight));
        }
        self.number(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    }

    /// Adds an input.
    pub(crate) fn input(&mut self, input: &Input) {
        match input {
            Input::Command(token, command) => {
                self.number(1);
                self.number(token.0);
                self.command(command);
            }
            Input::Connected { link, device, is_dialled } => {
                self.number(2);
                self.number(u64::from(*is_dialled));
                self.number(link.0);
                self.bytes(device.as_bytes());
            }
            Input::Disconnected { link } => {
                self.number(3);
                self.number(link.0);
            }
            Input::Frame { link, bytes } => {
                self.number(4);
                self.number(link.0);
                self.bytes(bytes);
            }
            Input::Tick => self.number(5),
        }
    }

    fn command(&mut self, command: &Command) {
        match command {
            Command::Say { to, .. } => self.bytes(to.as_bytes()),
            Command::Redeem(ticket) => self.bytes(&ticket.secret),
            Command::Init { name, .. } => self.bytes(name.as_str().as_bytes()),
            Command::Invite { is_reusable, .. } => self.number(u64::from(*is_reusable)),
            Command::Import(bytes) => self.bytes(bytes),
            other => self.bytes(format!("{other:?}").as_bytes()),
        }
    }

    /// Adds an output.
    pub(crate) fn output(&mut self, output: &Output) {
        match output {
            Output::Reply(token, reply) => {
                self.number(6);
                self.number(token.0);
                match reply {
                    Ok(Answer::Entry(id) | Answer::SaidBefore(id)) => self.bytes(id.as_bytes()),
                    Ok(Answer::Ticket(ticket)) => self.bytes(&ticket.secret),
                    Ok(Answer::GroupTicket(ticket)) => self.bytes(&ticket.seed),
                    Ok(Answer::Account(account)) => self.bytes(account.as_bytes()),
                    Ok(Answer::Done) => self.number(0),
                    Ok(Answer::Introduction(bytes)) => self.bytes(bytes),
                    Ok(Answer::Bundles(bundles)) => {
                        for (_, bytes) in bundles {
                            self.bytes(bytes);
                        }
                    }
                    Err(refusal) => self.bytes(refusal.to_string().as_bytes()),
                }
            }
            Output::Send { link, lane, bytes } => {
                self.number(7);
                self.number(link.0);
                self.number(u64::from(*lane == Lane::Bulk));
                self.bytes(bytes);
            }
            Output::Dial { device, .. } => {
                self.number(8);
                self.bytes(device.as_bytes());
            }
            Output::Close { link, why } => {
                self.number(9);
                self.number(link.0);
                self.bytes(format!("{why:?}").as_bytes());
            }
            Output::Rename { device } => {
                self.number(10);
                self.bytes(device.as_bytes());
            }
            Output::Event(event) => self.event(event),
        }
    }

    fn event(&mut self, event: &Event) {
        match event {
            Event::Contact { account } => self.bytes(account.as_bytes()),
            Event::Entry { id, .. } => self.bytes(id.as_bytes()),
            Event::Delivered { author, height, to, .. } => {
                self.bytes(author.as_bytes());
                self.number(*height);
                self.bytes(to.as_bytes());
            }
            other => self.bytes(format!("{other:?}").as_bytes()),
        }
    }
}
