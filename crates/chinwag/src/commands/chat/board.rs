//! The messages that a chat has shown: their numbers, and how far ours have come. Pure.

use std::collections::BTreeMap;

use chinwag_api::model::{Id, Message, MessageState};

use super::input::Which;

/// Messages that keep their number; those of long ago lose it.
const MESSAGES_MAX: usize = 10_000;

/// What was shown so far.
#[derive(Debug, Default)]
pub(super) struct Board {
    /// By number.
    shown: BTreeMap<usize, Shown>,
    numbers: BTreeMap<Id, usize>,
    last: usize,
}

#[derive(Debug)]
struct Shown {
    id: Id,
    /// How far it has come, if it is ours.
    state: Option<MessageState>,
    /// How far we said that it has come.
    said: Option<MessageState>,
}

impl Board {
    /// The number of a message, and whether it is a new one.
    pub(super) fn number(&mut self, id: &str, state: Option<MessageState>) -> (usize, bool) {
        if let Some(&number) = self.numbers.get(id) {
            return (number, false);
        }
        self.last += 1;
        self.shown.insert(self.last, Shown { id: id.to_owned(), state, said: state });
        self.numbers.insert(id.to_owned(), self.last);
        if self.shown.len() > MESSAGES_MAX
            && let Some((_, oldest)) = self.shown.pop_first()
        {
            self.numbers.remove(&oldest.id);
        }
        (self.last, true)
    }

    /// The same for one that we have just sent here, of which nothing was said yet.
    pub(super) fn number_sent(&mut self, id: &str, state: MessageState) -> usize {
        let (number, _) = self.number(id, Some(state));
        if let Some(shown) = self.shown.get_mut(&number) {
            shown.said = None;
        }
        number
    }

    /// The number of a message that was shown.
    pub(super) fn number_of(&self, id: &str) -> Option<usize> {
        self.numbers.get(id).copied()
    }

    /// Whether this is known as a message of ours.
    pub(super) fn is_ours(&self, id: &str) -> bool {
        let shown = self.number_of(id).and_then(|number| self.shown.get(&number));
        shown.is_some_and(|shown| shown.state.is_some())
    }

    /// A sentence in which messages are named as they were shown: by their numbers.
    pub(super) fn in_numbers(&self, sentence: &str) -> String {
        let named = |word: &str| match self.number_of(word) {
            Some(number) => format!("message {number}"),
            None => word.to_owned(),
        };
        sentence.split(' ').map(named).collect::<Vec<_>>().join(" ")
    }

    /// The id of a message as somebody named it.
    pub(super) fn id(&self, which: &Which) -> Option<Id> {
        match which {
            Which::Number(number) => self.shown.get(number).map(|shown| shown.id.clone()),
            Which::Id(id) => Some(id.clone()),
        }
    }

    /// The last message of ours.
    pub(super) fn last_of_ours(&self) -> Option<Id> {
        let ours = self.shown.values().rev().find(|shown| shown.state.is_some());
        ours.map(|shown| shown.id.clone())
    }

    /// Ours up to this one have come so far.
    pub(super) fn came(&mut self, through: &str, state: MessageState) {
        let Some(&last) = self.numbers.get(through) else { return };
        for shown in self.shown.range_mut(..=last).map(|(_, shown)| shown) {
            shown.state = shown.state.map(|before| before.max(state));
        }
    }

    /// A message as it is now.
    pub(super) fn note(&mut self, message: &Message) {
        let Some(number) = self.numbers.get(&message.id) else { return };
        if let Some(shown) = self.shown.get_mut(number) {
            shown.state = message.state.max(shown.state);
        }
    }

    /// What is to be said of how far ours have come: `#3–#5 delivered`. Those that are only saved
    /// are left out, unless somebody has waited for long enough.
    pub(super) fn news(&mut self, has_waited: bool) -> Vec<String> {
        let mut news: Vec<(usize, usize, MessageState)> = Vec::new();
        for (&number, shown) in &mut self.shown {
            let Some(state) = shown.state else { continue };
            let is_worth_it = has_waited || state >= MessageState::Delivered;
            if shown.said.is_some_and(|said| said >= state) || !is_worth_it {
                continue;
            }
            shown.said = Some(state);
            match news.last_mut() {
                Some((_, to, before)) if *before == state => *to = number,
                _ => news.push((number, number, state)),
            }
        }
        news.into_iter().map(|(from, to, state)| in_words(from, to, state)).collect()
    }

    /// Messages of ours that nobody else has.
    pub(super) fn undelivered(&self) -> usize {
        let is_undelivered =
            |shown: &&Shown| shown.state.is_some_and(|state| state < MessageState::Delivered);
        self.shown.values().filter(is_undelivered).count()
    }
}

fn in_words(from: usize, to: usize, state: MessageState) -> String {
    let which = if from == to { format!("#{from}") } else { format!("#{from} to #{to}") };
    format!("{which} {}", crate::show::message::state(state))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_names_messages_as_they_were_shown() {
        let mut board = Board::default();
        board.number("msg_a", None);
        board.number("msg_b", None);
        let sentence = board.in_numbers("msg_b is not yours to change; msg_c neither");
        assert_eq!(sentence, "message 2 is not yours to change; msg_c neither");
    }

    #[test]
    fn a_message_keeps_its_number() {
        let mut board = Board::default();
        assert_eq!(board.number("a", None), (1, true));
        assert_eq!(board.number("b", None), (2, true));
        assert_eq!(board.number("a", None), (1, false));
        assert_eq!(board.id(&Which::Number(2)), Some("b".into()));
        assert_eq!(board.id(&Which::Number(3)), None);
    }

    #[test]
    fn how_far_ours_have_come_is_said_once_and_together() {
        let mut board = Board::default();
        board.number_sent("a", MessageState::Saved);
        board.number("theirs", None);
        board.number_sent("b", MessageState::Saved);
        board.number_sent("c", MessageState::Saved);
        assert_eq!(board.news(false), [""; 0], "it may be delivered in a moment");
        board.came("b", MessageState::Delivered);
        assert_eq!(board.news(false), ["#1 to #3 delivered"]);
        assert_eq!(board.news(true), ["#4 saved"]);
        assert_eq!(board.news(true), [""; 0]);
        assert_eq!(board.undelivered(), 1);
        board.came("c", MessageState::Read);
        assert_eq!(board.news(false), ["#1 to #4 read"]);
        board.came("c", MessageState::Delivered);
        assert_eq!(board.news(true), [""; 0], "nothing goes back");
    }

    #[test]
    fn what_is_shown_with_its_state_is_not_said_again() {
        let mut board = Board::default();
        board.number("a", Some(MessageState::Delivered));
        assert_eq!(board.news(true), [""; 0]);
        board.came("a", MessageState::Read);
        assert_eq!(board.news(false), ["#1 read"]);
    }

    #[test]
    fn the_oldest_messages_lose_their_number() {
        let mut board = Board::default();
        for n in 0..=MESSAGES_MAX {
            board.number(&n.to_string(), None);
        }
        assert_eq!(board.id(&Which::Number(1)), None);
        assert_eq!(board.id(&Which::Number(2)), Some("1".into()));
    }
}
