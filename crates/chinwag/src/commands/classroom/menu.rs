//! What the menu asks, and what an answer to it means. Pure: no terminal, no network.

use chinwag_classroom::address::{Destination, Host, parse_port};

/// The menu, as the first programs show it, without its last line.
pub(super) const MENU: &str = "\n***** Menu *****\n\
    1. Send message\n\
    2. Query connected peers\n\
    3. Connect to active peers\n\
    0. Quit";

/// Where in the menu somebody is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Menu {
    /// At the choice.
    #[default]
    Choice,
    /// Sending: at the address.
    Address,
    /// Sending: at the port.
    Port { host: Host },
    /// Sending: at the text.
    Text { to: Destination },
}

/// What an answer leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The next question.
    Ask,
    /// The same question again, for this reason.
    AskAgain(String),
    /// Send this text.
    Send { to: Destination, text: String },
    /// Show who was heard.
    Query,
    /// Connect to everybody who was heard.
    Connect,
    /// Say `exit` to everybody and end.
    Quit,
}

impl Menu {
    /// The question.
    pub(super) fn prompt(&self) -> &'static str {
        match self {
            Self::Choice => "Enter choice: ",
            Self::Address => "Enter recipient's IP address: ",
            Self::Port { .. } => "Enter recipient's port number: ",
            Self::Text { .. } => "Enter your message: ",
        }
    }

    /// Takes an answer. Nothing is sent without a text: an empty one goes back to the choice.
    pub(super) fn answer(&mut self, line: &str) -> Step {
        match std::mem::take(self) {
            Self::Choice => self.choose(line.trim()),
            Self::Address => match Host::parse(line) {
                Ok(host) => self.go_to(Self::Port { host }),
                Err(error) => self.again(Self::Address, error.to_string()),
            },
            Self::Port { host } => match parse_port(line) {
                Ok(port) => self.go_to(Self::Text { to: Destination { host, port } }),
                Err(error) => self.again(Self::Port { host }, error.to_string()),
            },
            Self::Text { .. } if line.is_empty() => {
                self.again(Self::Choice, "nothing was typed, so nothing was sent".to_owned())
            }
            Self::Text { to } => Step::Send { to, text: line.to_owned() },
        }
    }

    fn choose(&mut self, choice: &str) -> Step {
        match choice {
            "1" => self.go_to(Self::Address),
            "2" => Step::Query,
            "3" => Step::Connect,
            "0" => Step::Quit,
            other => {
                self.again(Self::Choice, format!("{other:?} is not a choice: type 1, 2, 3 or 0"))
            }
        }
    }

    fn go_to(&mut self, next: Self) -> Step {
        *self = next;
        Step::Ask
    }

    fn again(&mut self, here: Self, reason: String) -> Step {
        *self = here;
        Step::AskAgain(reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sending_asks_three_times_and_corrects_on_the_way() {
        let mut menu = Menu::default();
        assert_eq!(menu.answer("1"), Step::Ask);
        assert_eq!(menu.prompt(), "Enter recipient's IP address: ");
        assert!(matches!(menu.answer("10.0.0"), Step::AskAgain(_)));
        assert_eq!(menu.answer(" 10.0.0.7 "), Step::Ask);
        assert_eq!(menu.prompt(), "Enter recipient's port number: ");
        assert!(matches!(menu.answer("70000"), Step::AskAgain(_)));
        assert_eq!(menu.answer("4001"), Step::Ask);
        assert_eq!(menu.prompt(), "Enter your message: ");
        let to = Destination::parse("10.0.0.7:4001").unwrap();
        assert_eq!(menu.answer(" hi "), Step::Send { to, text: " hi ".into() });
        assert_eq!(menu, Menu::Choice);
    }

    #[test]
    fn a_wrong_choice_is_asked_again_with_what_would_be_right() {
        let mut menu = Menu::default();
        for wrong in ["", "4", "send", "1 2", "\u{1b}[A"] {
            let Step::AskAgain(reason) = menu.answer(wrong) else { panic!("{wrong:?}") };
            assert!(reason.contains("type 1, 2, 3 or 0"));
        }
        assert_eq!(menu.answer(" 0 "), Step::Quit);
    }

    #[test]
    fn an_empty_message_is_not_sent() {
        let mut menu = Menu::Text { to: Destination::parse("10.0.0.7:4001").unwrap() };
        assert!(matches!(menu.answer(""), Step::AskAgain(_)));
        assert_eq!(menu, Menu::Choice);
    }
}
