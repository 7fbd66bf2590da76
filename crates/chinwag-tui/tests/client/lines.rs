//! The client as lines: what is typed, and what is said then.

use chinwag_api::client::CallError;
use chinwag_api::error::{ApiError, Kind};
use chinwag_api::event::{Event, What};
use chinwag_api::model::{MessageState, Reaction};
use chinwag_tui::linear::Lines;
use chinwag_tui::msg::{Effect, Msg, Part, Tag};
use serde_json::{Value, json};

use crate::harness::{Desk, NOW, class, class_message, message, talk};

/// Somebody who hears lines, and types them.
struct Ear {
    lines: Lines,
    wanted: Vec<Effect>,
    heard: Vec<String>,
}

impl Ear {
    /// Ana, who talks with Bob.
    fn of_ana(messages: u32) -> Self {
        let desk = Desk::of_ana(chinwag_tui::theme::Theme::PLAIN, &talk(1..messages + 1));
        let lines = Lines::new(desk.app, true);
        let mut ear = Self { lines, wanted: Vec::new(), heard: Vec::new() };
        ear.tell(Msg::Tick(NOW.parse().unwrap()));
        ear
    }

    fn tell(&mut self, msg: Msg) {
        self.wanted.extend(self.lines.update(msg));
        self.heard.extend(self.lines.said());
    }

    fn hear(&mut self, what: What) {
        let event = Event { cursor: Some("1".to_owned()), at: NOW.to_owned(), what };
        self.tell(Msg::Event(Box::new(event)));
    }

    fn types(&mut self, line: &str) {
        self.wanted.extend(self.lines.typed(line));
        self.heard.extend(self.lines.said());
    }

    fn last(&self) -> &str {
        self.heard.last().unwrap()
    }

    #[track_caller]
    fn asked(&self, method: &str) -> &Value {
        let mut asks = self.wanted.iter().rev().filter_map(|effect| match effect {
            Effect::Ask(ask) if ask.method == method => Some(&ask.params),
            _ => None,
        });
        asks.next().unwrap_or_else(|| panic!("{method} was not asked: {:?}", self.wanted))
    }

    fn has_asked(&self, method: &str) -> bool {
        self.wanted.iter().any(|e| matches!(e, Effect::Ask(ask) if ask.method == method))
    }
}

#[test]
fn each_message_is_one_line_with_its_number_and_who_says_it() {
    let mut ear = Ear::of_ana(3);
    let last = ear.heard.iter().filter(|line| line.contains("number ")).count();
    assert_eq!(last, 3, "{:?}", ear.heard);
    ear.hear(What::Message { message: message(4, "Bob", "two\nlines") });
    assert_eq!(ear.last(), "4 Bob: two / lines");
    ear.hear(What::Message { message: message(5, "You", "hello") });
    assert_eq!(ear.last(), "5 You: hello");
    let mut elsewhere = message(6, "Carol", "psst");
    elsewhere.conversation = "conv_Carol".to_owned();
    ear.hear(What::Message { message: elsewhere });
    assert_eq!(ear.last(), "6 Carol, elsewhere: psst");
}

#[test]
fn what_becomes_of_a_message_is_said_in_words() {
    let mut ear = Ear::of_ana(1);
    ear.hear(What::Message { message: message(2, "You", "hello") });
    ear.hear(What::MessageState {
        conversation: "conv_Bob".into(),
        through: "msg_2".into(),
        state: MessageState::Delivered,
        contact: "ctc_Bob".into(),
        device: None,
        reach: None,
    });
    assert_eq!(ear.last(), "System: Message 2 is delivered.");
    let mut changed = message(2, "You", "hello there");
    changed.edited = true;
    ear.hear(What::MessageChanged { message: changed.clone() });
    assert_eq!(ear.last(), "2 You, with other words: hello there");
    changed.reactions =
        vec![Reaction { emoji: "👍".into(), by: vec!["Bob".into()], is_mine: false }];
    ear.hear(What::MessageChanged { message: changed.clone() });
    assert_eq!(ear.last(), "System: Reactions to message 2: 👍 Bob");
    changed.gone = Some("retracted".into());
    changed.text = None;
    ear.hear(What::MessageChanged { message: changed });
    assert_eq!(ear.last(), "System: Message 2 of You is gone: (taken back)");
}

#[test]
fn a_number_is_answered_reacted_to_changed_and_asked_about() {
    let mut ear = Ear::of_ana(5);
    ear.types("/reply 3 indeed");
    let sent = ear.asked("message.send");
    assert_eq!((&sent["replyTo"], &sent["text"]), (&json!("msg_3"), &json!("indeed")));
    ear.types("/react 3");
    assert_eq!(ear.asked("message.react")["id"], "msg_3");
    ear.types("/edit 4 number four");
    assert_eq!(ear.asked("message.edit")["text"], "number four");
    ear.types("/why 2");
    assert_eq!(ear.asked("message.why")["id"], "msg_2");
    ear.types("/edit 3 not mine");
    assert_eq!(ear.last(), "Error: only words of your own can be changed");
    ear.types("/reply 99 nothing");
    assert!(ear.last().starts_with("Error: which message?"), "{}", ear.last());
    ear.types("/retract 4");
    assert_eq!(ear.last(), "System: yes or no?");
    assert!(!ear.has_asked("message.retract"));
    ear.types("no");
    assert!(!ear.has_asked("message.retract"));
    ear.types("/retract 4");
    ear.types("yes");
    assert_eq!(ear.asked("message.retract")["id"], "msg_4");
}

#[test]
fn what_is_no_command_is_not_said_to_anybody() {
    let mut ear = Ear::of_ana(1);
    ear.types("/wohs my secret");
    assert!(!ear.has_asked("message.send"));
    assert!(ear.last().starts_with("Error: there is no command /wohs"), "{}", ear.last());
    ear.types("//slash");
    assert_eq!(ear.asked("message.send")["text"], "/slash");
    ear.types("plain words");
    assert_eq!(ear.asked("message.send")["text"], "plain words");
}

#[test]
fn a_list_has_numbers_and_a_number_chooses() {
    let mut ear = Ear::of_ana(1);
    ear.types("/chat");
    let rows: Vec<&String> = ear.heard.iter().filter(|line| line.starts_with("  ")).collect();
    assert_eq!(rows, ["  1. Bob", "  2. Carol  3 unread", "  3. Ana"]);
    ear.types("9");
    assert_eq!(ear.last(), "Error: there is no such line");
    ear.types("2");
    assert_eq!(ear.last(), "System: You are in the conversation with Carol; 3 unread.");
    assert!(!ear.has_asked("message.send"), "a number is not said to anybody");
    ear.types("2");
    assert_eq!(ear.asked("message.send")["text"], "2", "but it is where nothing is asked");
}

#[test]
fn what_was_before_comes_a_piece_at_a_time() {
    let mut ear = Ear::of_ana(40);
    assert_eq!(ear.heard.iter().filter(|line| line.contains("number ")).count(), 10);
    ear.types("/history");
    assert_eq!(ear.heard.iter().filter(|line| line.contains("number ")).count(), 30);
    assert!(ear.heard.iter().any(|line| line.ends_with(": number 11")), "{:?}", ear.heard);
    ear.types("/history");
    ear.types("/history");
    assert_eq!(ear.last(), "System: nothing is before that");
}

#[test]
fn a_found_message_is_listed_and_no_line_of_another_passes_for_one_of_ours() {
    let mut ear = Ear::of_ana(1);
    ear.types("/search needle");
    assert_eq!(ear.asked("message.search")["words"], "needle");
    let hit = message(9, "Bob", "a needle\nSystem: all is lost\u{1b}[31m");
    ear.tell(Msg::Answer(
        Tag::Found { question: 1 },
        Ok(json!({ "messages": [hit], "next": null })),
    ));
    assert!(ear.heard.iter().any(|line| line.starts_with("  1. ") && line.contains("needle")));
    ear.types("1");
    assert_eq!(ear.asked("message.list")["before"], "msg_9", "it is looked for where it stands");
    let hostile = message(10, "Bob", "x\nSystem: all is lost\u{1b}[31m\u{9b}0m");
    ear.hear(What::Message { message: hostile });
    assert!(ear.heard.iter().all(|line| !line.starts_with("System: all is lost")));
    ear.hear(What::Message { message: message(11, "System", "all is lost") });
    assert!(ear.last().ends_with(" \"System\": all is lost"), "{}", ear.last());
    assert!(ear.heard.iter().all(|line| !line.chars().any(char::is_control)), "{:?}", ear.heard);
}

#[test]
fn what_comes_in_the_classroom_says_so_in_every_line() {
    let mut ear = Ear::of_ana(1);
    // Somebody there calls themselves as a contact is called.
    let of = class("10.0.0.7:4001", "Bob");
    let said = class_message(9, &of, "give me the word\nSystem: it is safe");
    let heard = What::Classroom { conversation: Box::new(of.clone()), message: Some(said) };
    ear.hear(heard);
    assert_eq!(
        ear.last(),
        "2 Bob, in the classroom with 10.0.0.7:4001, not private: give me the word / System: it is safe"
    );
    ear.types("/chat Bob here it is");
    assert_eq!(ear.asked("message.send")["to"], "conv_Bob", "it is the contact who is meant");
    ear.types("/chat 10.0.0.7:4001");
    assert!(ear.last().starts_with("System: This is not private: "), "{}", ear.last());
    ear.types("no");
    assert_eq!(ear.asked("message.send")["to"], of.id);
    ear.types("/react 2");
    assert!(ear.last().starts_with("Error: the classroom knows plain messages alone"));
    let tag = ear.wanted.iter().rev().find_map(|effect| match effect {
        Effect::Ask(ask) if ask.method == "message.send" => Some(ask.tag.clone()),
        _ => None,
    });
    let error = ApiError::new(Kind::Unreachable, "not sent to 10.0.0.7:4001: nobody listens there");
    ear.tell(Msg::Answer(tag.unwrap(), Err(CallError::Api(error))));
    assert_eq!(ear.last(), "Error: not sent to 10.0.0.7:4001: nobody listens there");
}

#[test]
fn what_was_typed_and_not_sent_is_said_and_can_be_sent_from_an_editor() {
    let mut ear = Ear::of_ana(1);
    let drafts = json!([{ "conversation": "conv_Bob", "text": "half a\nthought\u{1b}[2J" }]);
    ear.tell(Msg::Answer(Tag::Drafts, Ok(drafts)));
    let said = "System: Typed here before and not sent: half a / thought␛[2J";
    assert!(ear.heard.iter().any(|line| line == said), "{:?}", ear.heard);
    ear.types("something else");
    assert_eq!(ear.asked("message.send")["text"], "something else", "what is typed is said");
    assert_eq!(ear.heard.iter().filter(|line| *line == said).count(), 1, "it is said once");
    ear.types("/editor");
    let edit = Effect::Edit("half a\nthought\u{1b}[2J".to_owned());
    assert_eq!(ear.wanted.last(), Some(&edit));
    ear.tell(Msg::Edited(Some("a whole\nthought\n".to_owned())));
    assert_eq!(ear.last(), "System: Send it? yes or no");
    assert_eq!(ear.asked("draft.set")["text"], "a whole\nthought");
    ear.tell(Msg::Answer(Tag::Draft, Ok(json!({}))));
    ear.types("no");
    assert_eq!(ear.asked("message.send")["text"], "something else", "it is not sent");
    ear.types("/editor");
    ear.tell(Msg::Edited(Some("a whole\nthought\n".to_owned())));
    ear.types("yes");
    assert_eq!(ear.asked("message.send")["text"], "a whole\nthought");
    assert_eq!(ear.asked("draft.set")["text"], "", "what is sent is no draft");
    // A yes that nobody asked for is said to somebody.
    ear.types("yes");
    assert_eq!(ear.asked("message.send")["text"], "yes");
}

#[test]
fn what_was_written_as_an_answer_is_sent_as_one() {
    let mut ear = Ear::of_ana(3);
    let draft = json!([{ "conversation": "conv_Bob", "text": "because", "replyTo": "msg_2" }]);
    ear.tell(Msg::Answer(Tag::Drafts, Ok(draft)));
    let said = "System: Typed here before and not sent, in answer to message 2: because";
    assert_eq!(ear.last().replace("/editor opens it, and then it can be sent.", ""), "System: ");
    assert!(ear.heard.iter().any(|line| line == said), "{:?}", ear.heard);
    ear.types("/editor");
    ear.tell(Msg::Edited(Some("because so".into())));
    ear.types("yes");
    let asked = ear.asked("message.send");
    assert_eq!((&asked["text"], &asked["replyTo"]), (&json!("because so"), &json!("msg_2")));
}

#[test]
fn a_ticket_is_a_line_and_no_picture() {
    let mut ear = Ear::of_ana(1);
    let ticket = json!({ "ticket": "chinwag:ABCDEF", "invite": "inv_1", "reusable": false,
        "expiresAt": null });
    ear.tell(Msg::Answer(Tag::Ticket, Ok(ticket)));
    assert!(ear.heard.iter().any(|line| line.trim() == "chinwag:ABCDEF"), "{:?}", ear.heard);
    let is_picture = |c: char| ('\u{2500}'..='\u{28ff}').contains(&c);
    assert!(!ear.heard.iter().any(|line| line.contains(is_picture)), "{:?}", ear.heard);
}

#[test]
fn a_ticket_that_is_typed_is_asked_about_and_not_said() {
    let mut ear = Ear::of_ana(1);
    let ticket = format!("chinwag1{}", "a2".repeat(40));
    ear.types(&ticket);
    assert!(!ear.has_asked("message.send"));
    assert!(
        ear.heard.iter().any(|line| line.contains("This is a ticket or a card")),
        "{:?}",
        ear.heard
    );
    ear.types("yes");
    assert_eq!(ear.asked("contact.add")["ticket"], ticket);
}

#[test]
fn what_was_missed_is_said_when_the_node_is_back() {
    let mut ear = Ear::of_ana(3);
    ear.tell(Msg::Lost("it has ended".to_owned()));
    assert!(ear.last().contains("not connected to the node (it has ended)"));
    ear.tell(Msg::Connected);
    let tag = Tag::Page { conversation: "conv_Bob".to_owned(), part: Part::Newest };
    let page = json!({ "messages": talk(1..6), "next": null });
    ear.tell(Msg::Answer(tag, Ok(page)));
    let said = ear.heard.iter().filter(|line| line.contains(": number ")).count();
    assert_eq!(said, 5, "each once: {:?}", ear.heard);
}

/// What is typed, and what is said then, as it stands on the screen.
struct Transcript {
    ear: Ear,
    text: String,
}

impl Transcript {
    fn new(ear: Ear) -> Self {
        let mut this = Self { ear, text: String::new() };
        this.note();
        this
    }

    fn note(&mut self) {
        for line in self.ear.heard.drain(..) {
            self.text.push_str(&line);
            self.text.push('\n');
        }
    }

    fn types(&mut self, line: &str) {
        self.text.extend(["> ", line, "\n"]);
        self.ear.types(line);
        self.note();
    }

    fn hears(&mut self, what: What) {
        self.ear.hear(what);
        self.note();
    }

    fn answer(&mut self, tag: Tag, value: Value) {
        self.ear.tell(Msg::Answer(tag, Ok(value)));
        self.note();
    }
}

fn talks_in_lines() -> String {
    let mut said = Transcript::new(Ear::of_ana(3));
    said.types("shall we walk?");
    let Some(Effect::Ask(ask)) = said
        .ear
        .wanted
        .iter()
        .rev()
        .find(|effect| matches!(effect, Effect::Ask(ask) if ask.method == "message.send"))
    else {
        panic!("nothing was sent");
    };
    let tag = ask.tag.clone();
    said.answer(tag, json!({ "id": "msg_10", "state": "saved", "isRepeated": false }));
    said.hears(What::Message { message: message(10, "You", "shall we walk?") });
    let came = |state| What::MessageState {
        conversation: "conv_Bob".into(),
        through: "msg_10".into(),
        state,
        contact: "ctc_Bob".into(),
        device: None,
        reach: None,
    };
    said.hears(came(MessageState::Delivered));
    said.hears(came(MessageState::Read));
    said.hears(What::Message { message: message(11, "Bob", "yes, @Ana!\nat eight?") });
    let mut changed = message(10, "You", "shall we walk?");
    changed.reactions =
        vec![Reaction { emoji: "👍".into(), by: vec!["Bob".into()], is_mine: false }];
    said.hears(What::MessageChanged { message: changed });
    said.types("/reply 5 at eight, by the canal");
    let mut answer = message(12, "You", "at eight, by the canal");
    answer.reply_to = Some(chinwag_api::model::Quote {
        id: "msg_11".into(),
        author: Some("Bob".into()),
        excerpt: Some("yes, @Ana!".into()),
    });
    said.hears(What::Message { message: answer });
    let mut elsewhere = message(13, "Carol", "psst");
    "conv_Carol".clone_into(&mut elsewhere.conversation);
    said.hears(What::Message { message: elsewhere });
    said.types("/mute Carol");
    let carol = chinwag_api::model::Conversation {
        notify: chinwag_api::model::NotifyLevel::None,
        ..crate::harness::chat("Carol")
    };
    said.answer(Tag::Told, serde_json::to_value(carol).unwrap());
    said.types("/retract 6");
    said.types("yes");
    let mut gone = message(12, "You", "");
    (gone.text, gone.gone) = (None, Some("retracted".into()));
    said.hears(What::MessageChanged { message: gone });
    said.types("/chat Carol");
    said.answer(
        Tag::Page { conversation: "conv_Carol".into(), part: Part::Newest },
        json!({ "messages": [], "next": null }),
    );
    said.types("/walk");
    said.types("/quit");
    said.text
}

#[test]
fn a_whole_conversation_reads_as_it_was_agreed_on() {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/screens/linear-lines.txt");
    let now = talks_in_lines();
    if std::env::var_os("CHINWAG_GOLDEN").is_some_and(|value| value == "rewrite") {
        std::fs::write(&path, &now).unwrap();
    }
    let agreed = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(now, agreed, "CHINWAG_GOLDEN=rewrite accepts this");
    assert!(!now.contains('\u{1b}'), "nothing that a terminal would obey");
}
