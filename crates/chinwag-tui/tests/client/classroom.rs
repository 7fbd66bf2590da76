//! The classroom at the client: never taken for what is private.

use chinwag_api::client::CallError;
use chinwag_api::error::{ApiError, Kind};
use chinwag_api::event::What;
use chinwag_api::model::Conversation;
use chinwag_tui::msg::{Effect, Msg, Part, Tag};
use chinwag_tui::theme::Theme;
use serde_json::{json, to_value};

use crate::harness::{Desk, chat, class, class_message, talk};

fn red() -> Conversation {
    class("10.0.0.7:4001", "red")
}

/// Ana, and somebody in the classroom who has said something.
fn ana_in_class() -> Desk {
    let mut desk = Desk::of_ana(Theme::PLAIN, &talk(1..6));
    says(&mut desk, &red(), 10, "anybody here?");
    desk
}

fn says(desk: &mut Desk, of: &Conversation, n: u32, text: &str) {
    let message = Some(class_message(n, of, text));
    desk.hear(What::Classroom { conversation: Box::new(of.clone()), message });
}

/// Opens the conversation with red, with what was said there.
fn opens(desk: &mut Desk) {
    desk.types("/chat 10.0.0.7:4001");
    desk.press("Enter");
    let messages = [class_message(10, &red(), "anybody here?")];
    let page = json!({ "messages": messages, "next": null });
    desk.answer(Tag::Page { conversation: red().id, part: Part::Newest }, page);
    desk.wanted.clear();
}

fn names(desk: &Desk) -> Vec<String> {
    desk.app.chats.all().iter().map(|chat| chat.name(40)).collect()
}

fn sending(desk: &Desk) -> Tag {
    let asks = desk.wanted.iter().rev().filter_map(|effect| match effect {
        Effect::Ask(ask) if ask.method == "message.send" => Some(ask.tag.clone()),
        _ => None,
    });
    asks.into_iter().next().expect("something was sent")
}

#[test]
fn its_conversations_stay_below_all_that_are_private() {
    let mut desk = ana_in_class();
    assert_eq!(names(&desk), ["Bob", "Carol", "Ana", "10.0.0.7:4001 red"]);
    says(&mut desk, &class("10.0.0.8:4001", "blue"), 11, "hello");
    says(&mut desk, &red(), 12, "hello");
    let all = ["Bob", "Carol", "Ana", "10.0.0.7:4001 red", "10.0.0.8:4001 blue"];
    assert_eq!(names(&desk), all);
    let screen = desk.screen(80, 24);
    let row = |text: &str| screen.lines().position(|row| row.contains(text)).unwrap();
    assert!(row("Ana") < row("─ not private ─"), "{screen}");
    assert!(row("─ not private ─") < row("4! red 10.0"), "{screen}");
    // Whoever gets so far down in a list that is too long sees the mark of each.
    desk.types("/chat 10.0.0.8:4001");
    desk.press("Enter");
    assert!(desk.screen(80, 4).contains("5!>blue 10.0"), "{}", desk.screen(80, 4));
}

#[test]
fn where_one_types_it_says_that_it_is_not_private() {
    let mut desk = ana_in_class();
    assert!(!desk.screen(80, 24).contains("not private>"));
    opens(&mut desk);
    desk.types("hello");
    let screen = desk.screen(80, 24);
    assert!(screen.contains("not private> hello"), "{screen}");
    assert!(screen.contains("not private: anybody can read and forge it"), "{screen}");
    assert!(desk.screen(30, 12).contains("! hello"));
}

#[test]
fn nobody_there_is_meant_by_a_name_that_they_gave_themselves() {
    let mut desk = Desk::of_ana(Theme::PLAIN, &talk(1..6));
    says(&mut desk, &class("10.0.0.7:4001", "Carol"), 10, "it is me");
    says(&mut desk, &class("10.0.0.8:4001", "Dora"), 11, "it is me");
    desk.types("/chat Carol the word is clepsydra");
    desk.press("Enter");
    assert_eq!(desk.asked("message.send")["to"], "conv_Carol");
    desk.wanted.clear();
    for line in ["/chat Dora the word", "/chat 10.0.0.8:4001 Dora the word", "/chat Dor"] {
        desk.types(line);
        desk.press("Enter");
        desk.press("Ctrl+c");
        let sent = desk.wanted.iter().filter_map(|effect| match effect {
            Effect::Ask(ask) if ask.method == "message.send" => ask.params["to"].as_str(),
            _ => None,
        });
        // Whoever names the address means it.
        let expected = usize::from(line.contains("10.0.0.8"));
        assert_eq!(sent.count(), expected, "{line}");
        desk.wanted.clear();
    }
}

#[test]
fn an_address_that_somebody_claims_from_elsewhere_is_another_conversation_and_says_so() {
    let mut desk = ana_in_class();
    let mut liar = red();
    liar.id += "/10.0.0.9";
    liar.classroom.as_mut().unwrap().origin = Some("10.0.0.9".into());
    says(&mut desk, &liar, 11, "send it here");
    assert!(names(&desk).contains(&"10.0.0.9 as 10.0.0.7:4001 red".to_owned()));
    // The address means the one who is there.
    desk.types("/chat 10.0.0.7:4001");
    desk.press("Enter");
    assert_eq!(desk.app.chats.current().unwrap().id(), red().id);
}

#[test]
fn what_did_not_go_is_not_lost_and_goes_again_when_it_is_asked_for() {
    let mut desk = ana_in_class();
    opens(&mut desk);
    desk.types("hello");
    desk.press("Enter");
    assert!(desk.screen(80, 24).contains("sending: hello"));
    let tag = sending(&desk);
    let error = ApiError::new(Kind::Unreachable, "nobody listens there");
    desk.tell(Msg::Answer(tag, Err(CallError::Api(error))));
    assert!(desk.screen(80, 24).contains("failed: nobody listens there: hello"));
    desk.wanted.clear();
    desk.press("Enter");
    assert_eq!(desk.asked("message.send")["text"], "hello");
    let sent = json!({ "id": "cmsg_20", "state": "delivered", "isRepeated": false });
    desk.answer(sending(&desk), sent);
    let mut ours = class_message(20, &red(), "hello");
    (ours.author.is_me, ours.state) = (true, Some(chinwag_api::model::MessageState::Delivered));
    let conversation = Box::new(red());
    desk.hear(What::Classroom { conversation, message: Some(ours) });
    let screen = desk.screen(80, 24);
    assert_eq!(screen.matches("hello").count(), 1, "{screen}");
}

#[test]
fn nothing_goes_out_a_second_time_because_the_node_was_started_again() {
    let mut desk = ana_in_class();
    opens(&mut desk);
    desk.types("hello");
    desk.press("Enter");
    desk.tell(Msg::Lost("it has ended".to_owned()));
    desk.wanted.clear();
    desk.tell(Msg::Connected);
    desk.answer(Tag::Hello, json!({"api": "1", "version": "0.1.0", "hasAccount": true}));
    assert!(!desk.has_asked("message.send"));
    let screen = desk.screen(120, 24);
    assert!(screen.contains("failed: the node ended meanwhile"), "{screen}");
}

#[test]
fn nothing_that_only_contacts_know_is_tried_there() {
    let mut desk = ana_in_class();
    opens(&mut desk);
    desk.types("half a thought");
    // No typing is told, and no draft kept.
    let later = jiff::Timestamp::from_second(desk.app.now.as_second() + 60).unwrap();
    desk.answer(Tag::Drafts, json!([]));
    desk.tell(Msg::Tick(later));
    assert!(!desk.has_asked("typing.set") && !desk.has_asked("draft.set"));
    desk.press("Ctrl+c");
    for key in ["r", "+", "e", "d"] {
        desk.press("Up");
        desk.press(key);
        assert!(desk.screen(80, 24).contains("the classroom knows plain messages alone"), "{key}");
        desk.press("Esc");
    }
    assert!(!desk.has_asked("message.react") && !desk.has_asked("message.retract"));
}

#[test]
fn it_is_read_where_it_is_looked_at() {
    let mut desk = ana_in_class();
    says(&mut desk, &red(), 11, "hello");
    assert_eq!(desk.app.chats.unread().0, 5, "three of Carol's, two there");
    opens(&mut desk);
    says(&mut desk, &red(), 12, "you");
    assert_eq!(desk.asked("conversation.markRead")["conversation"], red().id);
    assert_eq!(desk.app.chats.unread().0, 3);
}

#[test]
fn who_is_there_is_listed_and_whoever_is_not_can_be_connected_to() {
    let mut desk = ana_in_class();
    desk.types("/classroom");
    desk.press("Enter");
    let screen = desk.screen(80, 24);
    assert!(screen.contains("The classroom: not private"), "{screen}");
    desk.press("Enter");
    assert_eq!(desk.app.chats.current().unwrap().id(), red().id);
    desk.types("/classroom 10.0.0.8:4001");
    desk.press("Enter");
    assert_eq!(desk.asked("classroom.connect")["address"], "10.0.0.8:4001");
    let blue = class("10.0.0.8:4001", "");
    desk.answer(Tag::InClass, to_value(&blue).unwrap());
    assert_eq!(desk.app.chats.current().unwrap().id(), blue.id);
}

#[test]
fn a_conversation_that_is_not_kept_any_more_goes_and_the_first_contact_is_still_the_first() {
    let mut desk = ana_in_class();
    desk.hear(What::ClassroomChanged {});
    assert_eq!(desk.asked("conversation.list")["classroom"], true);
    let mut own = chat("Ana");
    "self".clone_into(&mut own.kind);
    desk.answer(Tag::Conversations, to_value([&own, &red()]).unwrap());
    assert_eq!(names(&desk), ["Ana", "10.0.0.7:4001 red"]);
    assert!(desk.app.chats.are_empty(), "nobody to talk with in private");
}

#[test]
fn a_flood_of_changes_asks_for_one_page_at_a_time_and_once_more_at_its_end() {
    let mut desk = ana_in_class();
    opens(&mut desk);
    for _ in 0..100 {
        desk.hear(What::ClassroomChanged {});
    }
    let pages = |desk: &Desk| {
        let is_page = |e: &&Effect| matches!(e, Effect::Ask(ask) if ask.method == "message.list");
        desk.wanted.iter().filter(is_page).count()
    };
    assert_eq!(pages(&desk), 1);
    let tag = Tag::Page { conversation: red().id, part: Part::Newest };
    desk.answer(tag.clone(), json!({ "messages": [], "next": null }));
    assert_eq!(pages(&desk), 2);
    desk.answer(tag, json!({ "messages": [], "next": null }));
    assert_eq!(pages(&desk), 2);
}
