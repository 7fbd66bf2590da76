//! What a person does, and what comes of it.

use chinwag_api::client::CallError;
use chinwag_api::error::{ApiError, Kind};
use chinwag_api::event::What;
use chinwag_api::model::MessageState;
use chinwag_tui::msg::{Effect, Msg, Part, Tag};
use chinwag_tui::theme::Theme;
use serde_json::json;

use crate::harness::{Desk, account, message, talk};

fn ana() -> Desk {
    Desk::of_ana(Theme::TERMINAL, &talk(1..6))
}

#[test]
fn a_first_start_goes_from_a_name_over_the_words_to_a_ticket() {
    let mut desk = Desk::begun();
    desk.answer(Tag::Hello, json!({"api": "1", "version": "0.1.0", "hasAccount": false}));
    desk.press("Enter");
    assert!(!desk.has_asked("account.create"), "there is no name yet");
    desk.types(" Ana ");
    desk.press("Enter");
    assert_eq!(desk.asked("account.create")["name"], "Ana");
    let words = vec!["abandon"; 24];
    desk.answer(Tag::Created, json!({ "account": account(), "words": words }));
    assert!(desk.screen(80, 24).contains("24 abandon"));
    desk.press("Enter");
    // What to do next is to be chosen, at every size.
    for (columns, rows) in [(80, 24), (40, 12)] {
        let screen = desk.screen(columns, rows);
        for words in ["Your ticket for", "Paste a ticket", "People nearby", "The classroom"] {
            assert!(screen.contains(words), "{words}: {screen}");
        }
    }
    let own = json!([{ "id": "conv_Ana", "kind": "self", "contact": "ctc_Ana", "name": "Ana",
        "unread": 0, "disappearAfterS": 0, "last": null }]);
    desk.answer(Tag::Conversations, own);
    let page = Tag::Page { conversation: "conv_Ana".into(), part: Part::Newest };
    desk.answer(page, json!({ "messages": [], "next": null }));
    desk.press("Enter");
    assert!(desk.has_asked("invite.create"));
    desk.press("Esc");
    for (columns, rows) in [(80, 24), (40, 12)] {
        let screen = desk.screen(columns, rows).to_lowercase();
        for words in ["/invite", "paste", "/nearby", "/classroom", "f1 shows"] {
            assert!(screen.contains(words), "{words}: {screen}");
        }
    }
}

/// Somebody whose words were read just now.
fn newcomer() -> Desk {
    let mut desk = Desk::begun();
    desk.answer(Tag::Hello, json!({"api": "1", "version": "0.1.0", "hasAccount": false}));
    desk.answer(Tag::Created, json!({ "account": account(), "words": vec!["abandon"; 24] }));
    desk.press("Enter");
    desk
}

#[test]
fn the_first_thing_that_is_pasted_may_be_a_ticket() {
    let mut desk = newcomer();
    let ticket = format!("chinwag1{}", "a2".repeat(40));
    desk.tell(Msg::Paste(ticket.clone()));
    assert!(desk.screen(80, 24).contains("This is a ticket or a card"));
    desk.press("y");
    assert_eq!(desk.asked("contact.add")["ticket"], ticket);
}

#[test]
fn whoever_types_at_once_types_to_somebody() {
    let mut desk = newcomer();
    desk.types("/inv");
    let own = json!([{ "id": "conv_Ana", "kind": "self", "contact": "ctc_Ana", "name": "Ana",
        "unread": 0, "disappearAfterS": 0, "last": null }]);
    desk.answer(Tag::Conversations, own);
    assert_eq!(desk.app.chats.current().unwrap().composer.text(), "/inv");
}

#[test]
fn what_is_said_is_shown_at_once_and_then_where_it_is() {
    let mut desk = ana();
    desk.types("good morning");
    desk.press("Enter");
    let asked = desk.asked("message.send").clone();
    assert_eq!((&asked["to"], &asked["text"]), (&json!("conv_Bob"), &json!("good morning")));
    assert!(desk.screen(80, 24).contains("saving: good morning"));
    let client_id = asked["clientId"].as_str().unwrap().to_owned();
    let tag = Tag::Sent { conversation: "conv_Bob".into(), client_id };
    desk.answer(tag, json!({ "id": "msg_6", "state": "saved", "isRepeated": false }));
    desk.hear(What::Message { message: message(6, "You", "good morning") });
    let screen = desk.screen(80, 24);
    assert!(!screen.contains("saving:") && screen.contains("…"), "{screen}");
    assert_eq!(screen.matches("good morning").count(), 1);
    for (state, sign) in [(MessageState::Sent, "›"), (MessageState::Read, "✓✓")] {
        desk.hear(What::MessageState {
            conversation: "conv_Bob".into(),
            through: "msg_6".into(),
            state,
            contact: "ctc_Bob".into(),
            device: None,
            reach: None,
        });
        let screen = desk.screen(80, 24);
        let row = screen.lines().find(|row| row.contains("good morning")).unwrap();
        assert!(row.contains(sign), "{row}");
    }
}

#[test]
fn an_event_that_is_faster_than_the_answer_shows_no_message_twice() {
    let mut desk = ana();
    desk.types("hi");
    desk.press("Enter");
    let client_id = desk.asked("message.send")["clientId"].as_str().unwrap().to_owned();
    desk.hear(What::Message { message: message(6, "You", "hi") });
    let tag = Tag::Sent { conversation: "conv_Bob".into(), client_id };
    desk.answer(tag, json!({ "id": "msg_6", "state": "saved", "isRepeated": false }));
    assert!(!desk.screen(80, 24).contains("saving"));
}

#[test]
fn what_can_not_be_saved_says_why_and_is_sent_again_when_the_node_is_back() {
    let mut desk = ana();
    desk.types("keep me");
    desk.press("Enter");
    let client_id = desk.asked("message.send")["clientId"].as_str().unwrap().to_owned();
    let tag = Tag::Sent { conversation: "conv_Bob".into(), client_id: client_id.clone() };
    desk.tell(Msg::Answer(tag, Err(ApiError::new(Kind::Internal, "the disk is full").into())));
    assert!(desk.screen(80, 24).contains("failed: the disk is full: keep me"));
    desk.wanted.clear();
    desk.tell(Msg::Connected);
    desk.answer(Tag::Hello, json!({"api": "1", "version": "0.1.0", "hasAccount": true}));
    assert_eq!(desk.asked("message.send")["clientId"], json!(client_id), "the same sending");
}

#[test]
fn what_is_no_command_is_never_sent_as_a_message() {
    let mut desk = ana();
    desk.types("/wohs my secret");
    desk.press("Enter");
    assert!(!desk.has_asked("message.send"));
    assert!(desk.screen(100, 24).contains("there is no command /wohs"));
    let composer = &desk.app.chats.current().unwrap().composer;
    assert_eq!(composer.text(), "/wohs my secret", "and it is not lost");
    desk.press("Ctrl+c");
    desk.types("//slash");
    desk.press("Enter");
    assert_eq!(desk.asked("message.send")["text"], "/slash");
}

#[test]
fn a_paste_never_sends() {
    let mut desk = ana();
    desk.tell(Msg::Paste("one\ntwo\n".to_owned()));
    assert!(!desk.has_asked("message.send"));
    desk.press("Enter");
    assert_eq!(desk.asked("message.send")["text"], "one\ntwo\n");
}

#[test]
fn too_much_is_not_taken_and_nothing_that_was_typed_is_lost() {
    let mut desk = ana();
    desk.types("typed");
    desk.tell(Msg::Paste("x".repeat(1024 * 1024)));
    assert_eq!(desk.app.chats.current().unwrap().composer.text(), "typed");
    assert!(desk.screen(120, 24).contains("too many to paste"));
}

#[test]
fn ctrl_c_clears_first_and_leaves_only_when_nothing_is_typed() {
    let mut desk = ana();
    desk.types("half a thought");
    desk.press("Ctrl+c");
    assert!(!desk.wanted.contains(&Effect::Quit));
    desk.press("Ctrl+y");
    assert_eq!(desk.app.chats.current().unwrap().composer.text(), "half a thought");
    desk.press("Ctrl+c");
    desk.press("Ctrl+c");
    assert!(!desk.wanted.contains(&Effect::Quit), "it was cleared, and asked");
    desk.press("Ctrl+c");
    assert!(desk.wanted.contains(&Effect::Quit));
}

#[test]
fn leaving_is_asked_about_once_and_says_what_is_not_done() {
    let mut desk = ana();
    desk.types("on its way");
    desk.press("Enter");
    desk.press("Ctrl+q");
    assert!(!desk.wanted.contains(&Effect::Quit));
    assert!(desk.screen(80, 24).contains("press again to leave; a message is not saved yet"));
    // How much has not arrived is asked for, and matters where the node ends with us.
    let mut status = serde_json::to_value(desk.app.status.clone().unwrap()).unwrap();
    (status["isDaemon"], status["undelivered"]) = (json!(false), json!(2));
    desk.answer(Tag::Status { is_shown: false }, status);
    let screen = desk.screen(140, 24);
    assert!(screen.contains("2 messages are not delivered, and wait until"), "{screen}");
    // Whatever else is pressed means that one stays, and so does a while.
    desk.press("Alt+k");
    desk.press("Ctrl+q");
    assert!(!desk.wanted.contains(&Effect::Quit));
    let later = jiff::Timestamp::from_second(desk.app.now.as_second() + 9).unwrap();
    desk.tell(Msg::Tick(later));
    desk.press("Ctrl+q");
    assert!(!desk.wanted.contains(&Effect::Quit));
    desk.press("Ctrl+q");
    assert!(desk.wanted.contains(&Effect::Quit));
}

#[test]
fn a_command_to_leave_leaves_at_once() {
    let mut desk = ana();
    desk.types("/quit");
    desk.press("Enter");
    assert!(desk.wanted.contains(&Effect::Quit));
}

#[test]
fn a_message_is_answered_reacted_to_changed_and_taken_back() {
    let mut desk = ana();
    desk.press("Up");
    desk.press("r");
    desk.types("indeed");
    desk.press("Enter");
    assert_eq!(desk.asked("message.send")["replyTo"], "msg_5");
    desk.press("Up");
    desk.press("+");
    let react = desk.asked("message.react");
    assert_eq!((&react["id"], &react["emoji"]), (&json!("msg_5"), &json!("👍")));
    desk.press("Up");
    desk.press("e");
    desk.press("Ctrl+u");
    desk.types("number four");
    desk.press("Enter");
    let edit = desk.asked("message.edit");
    assert_eq!((&edit["id"], &edit["text"]), (&json!("msg_4"), &json!("number four")));
    desk.press("Up");
    desk.press("Up");
    desk.press("d");
    assert!(!desk.has_asked("message.retract"), "it asks first");
    assert!(desk.screen(80, 24).contains("y yes"));
    desk.press("y");
    assert_eq!(desk.asked("message.retract")["id"], "msg_4");
}

#[test]
fn the_words_of_others_can_not_be_changed() {
    let mut desk = ana();
    desk.press("Up");
    desk.press("e");
    assert!(desk.screen(80, 24).contains("only words of your own"));
    assert!(desk.app.chats.current().unwrap().composer.is_empty());
}

#[test]
fn whoever_types_loses_nothing_to_a_thousand_messages() {
    let mut desk = ana();
    let text = "a long thought that is typed while the other does not stop ";
    for (n, c) in (6..1_006).zip(text.chars().cycle()) {
        desk.types(&c.to_string());
        desk.hear(What::Message { message: message(n, "Bob", &format!("number {n}")) });
    }
    let typed: String = text.chars().cycle().take(1_000).collect();
    assert_eq!(desk.app.chats.current().unwrap().composer.text(), typed);
    assert!(desk.screen(80, 24).contains("number 1005"));
}

#[test]
fn whoever_reads_further_up_stays_there_whatever_comes() {
    let mut desk = Desk::of_ana(Theme::TERMINAL, &talk(1..60));
    desk.screen(80, 24);
    desk.press("PgUp");
    let before = desk.screen(80, 24);
    for n in 60..80 {
        desk.hear(What::Message { message: message(n, "Bob", &format!("number {n}")) });
    }
    let after = desk.screen(80, 24);
    let messages = |screen: &str| -> Vec<String> {
        screen.lines().filter(|row| row.contains("number")).map(str::to_owned).collect()
    };
    assert_eq!(messages(&before), messages(&after));
    assert!(after.contains("below is more"));
    let unread = desk.app.chats.current().unwrap().conversation.unread;
    assert_eq!(unread, 20, "what was not seen is not read");
    assert!(!desk.has_asked("conversation.markRead"));
    desk.press("Alt+End");
    assert!(desk.has_asked("conversation.markRead"));
}

#[test]
fn nothing_is_read_while_nobody_looks() {
    let mut desk = ana();
    desk.tell(Msg::Focus(false));
    desk.hear(What::Message { message: message(6, "Bob", "psst") });
    assert!(!desk.has_asked("conversation.markRead"));
    assert!(desk.wanted.iter().any(|effect| matches!(effect, Effect::Notify(_))));
    desk.tell(Msg::Focus(true));
    assert!(desk.has_asked("conversation.markRead"));
}

#[test]
fn older_messages_are_asked_for_before_one_comes_to_the_end_of_them() {
    let mut desk = Desk::of_ana(Theme::TERMINAL, &[]);
    desk.page(Part::Newest, &talk(200..300), true);
    desk.screen(80, 24);
    desk.wanted.clear();
    for _ in 0..4 {
        desk.press("PgUp");
    }
    assert_eq!(desk.asked("message.list")["before"], "msg_200");
    let before = desk.screen(80, 24);
    desk.page(Part::Older, &talk(100..200), true);
    assert_eq!(desk.screen(80, 24), before, "what is seen does not move");
    for _ in 0..40 {
        desk.press("PgUp");
    }
    assert!(desk.screen(80, 24).contains("number 100"));
}

#[test]
fn a_search_leads_to_the_place_and_marks_what_was_found() {
    let mut desk = ana();
    desk.press("Ctrl+s");
    desk.types("needle");
    let asked = desk.asked("message.search").clone();
    assert_eq!((&asked["words"], &asked["in"]), (&json!("needle"), &json!("conv_Bob")));
    let hit = message(2_000, "Bob", "a needle in the hay");
    let questions = u64::try_from("needle".len()).unwrap();
    // What answers an earlier question comes too late.
    let late = json!({ "messages": [message(1, "Bob", "a nee")], "next": null });
    desk.answer(Tag::Found { question: questions - 1 }, late);
    desk.answer(Tag::Found { question: questions }, json!({ "messages": [hit], "next": null }));
    let screen = desk.screen(100, 24);
    assert!(screen.contains("a needle in the hay") && !screen.contains("a nee\n"), "{screen}");
    desk.press("Enter");
    assert_eq!(desk.asked("message.list")["before"], "msg_2000");
    desk.page(Part::Before("msg_2000".into()), &talk(1_950..2_000), true);
    assert_eq!(desk.asked("message.list")["after"], "msg_1999");
    let mut after = vec![message(2_000, "Bob", "a needle in the hay")];
    after.extend(talk(2_001..2_050));
    desk.page(Part::After("msg_2000".into()), &after, true);
    let (buffer, _) = desk.buffer(100, 24);
    let found = (0..24).flat_map(|y| (0..100).map(move |x| (x, y)));
    let found: String = found
        .filter(|(x, _)| *x > 20)
        .map(|at| &buffer[at])
        .filter(|cell| cell.fg == ratatui::style::Color::Yellow)
        .map(ratatui::buffer::Cell::symbol)
        .collect();
    assert_eq!(found, "needle");
    assert_eq!(desk.app.chats.current().unwrap().timeline.selected().unwrap().id, "msg_2000");
}

#[test]
fn the_switcher_finds_a_conversation_by_a_few_letters() {
    let mut desk = ana();
    desk.press("Ctrl+p");
    desk.types("crl");
    desk.press("Enter");
    assert_eq!(desk.app.chats.current().unwrap().conversation.name, "Carol");
    desk.press("Alt+/");
    assert_eq!(desk.app.chats.current().unwrap().conversation.name, "Bob");
    desk.press("Alt+2");
    assert_eq!(desk.app.chats.current().unwrap().conversation.name, "Carol");
}

#[test]
fn what_is_typed_stays_with_its_conversation() {
    let mut desk = ana();
    desk.types("for Bob");
    desk.press("Alt+Down");
    assert!(desk.app.chats.current().unwrap().composer.is_empty());
    desk.press("Alt+Up");
    assert_eq!(desk.app.chats.current().unwrap().composer.text(), "for Bob");
}

#[test]
fn they_hear_that_one_types_and_that_one_does_not_any_more() {
    let mut desk = ana();
    desk.types("h");
    assert_eq!(desk.asked("typing.set")["on"], true);
    desk.wanted.clear();
    desk.types("ello");
    assert!(!desk.has_asked("typing.set"), "once is enough for a while");
    desk.press("Enter");
    assert_eq!(desk.asked("typing.set")["on"], false);
}

#[test]
fn a_late_message_has_the_order_asked_for() {
    let mut desk = ana();
    desk.hear(What::Message { message: message(2, "Bob", "written before") });
    // It is known under the same id already: nothing is out of order.
    assert!(!desk.has_asked("message.list"));
    let mut late = message(3, "Bob", "written before");
    late.id = "msg_late".to_owned();
    desk.hear(What::Message { message: late });
    assert!(desk.has_asked("message.list"));
}

#[test]
fn when_the_node_is_gone_it_is_said_until_it_is_back() {
    let mut desk = ana();
    desk.tell(Msg::Lost("it has ended".to_owned()));
    assert!(desk.screen(100, 24).contains("not connected to the node (it has ended)"));
    desk.types("still typing");
    desk.tell(Msg::Answer(Tag::Peers, Err(CallError::Gone)));
    desk.tell(Msg::Connected);
    assert!(!desk.screen(100, 24).contains("not connected to the node"));
    assert_eq!(desk.app.chats.current().unwrap().composer.text(), "still typing");
}

#[test]
fn a_name_is_completed_and_so_is_a_command() {
    let mut desk = ana();
    desk.types("/sea");
    desk.press("Tab");
    assert_eq!(desk.app.chats.current().unwrap().composer.text(), "/search ");
    desk.press("Ctrl+c");
    desk.types("ask @Car");
    desk.press("Tab");
    assert_eq!(desk.app.chats.current().unwrap().composer.text(), "ask @Carol ");
}

#[test]
fn what_was_sent_before_comes_back_with_ctrl_r() {
    let mut desk = ana();
    desk.types("first");
    desk.press("Enter");
    desk.types("draft");
    desk.press("Ctrl+r");
    assert_eq!(desk.app.chats.current().unwrap().composer.text(), "first");
    desk.press("Down");
    assert_eq!(desk.app.chats.current().unwrap().composer.text(), "draft");
}

#[test]
fn what_is_typed_before_anything_is_loaded_is_kept() {
    let mut desk = Desk::begun();
    desk.types("too ");
    desk.answer(Tag::Hello, json!({"api": "1", "version": "0.1.0", "hasAccount": true}));
    desk.types("early");
    let chats = [crate::harness::chat("Bob")];
    desk.answer(Tag::Conversations, serde_json::to_value(chats).unwrap());
    assert_eq!(desk.app.chats.current().unwrap().composer.text(), "too early");
}

#[test]
fn whoever_knows_vim_leaves_the_line_and_comes_back_to_it() {
    use chinwag_tui::actions::{Keymap, Keys};
    let mut desk = ana();
    desk.app.options.keymap = Keymap::new(Keys::Vim, []).unwrap();
    let typed = |desk: &Desk| desk.app.chats.current().unwrap().composer.text();
    desk.types("jk");
    assert_eq!(typed(&desk), "jk");
    desk.press("Esc");
    assert!(desk.screen(80, 24).contains("NORMAL"));
    desk.types("jz");
    assert_eq!(typed(&desk), "jk", "letters are no text now");
    desk.types("i!");
    assert_eq!(typed(&desk), "jk!");
    desk.press("Ctrl+c");
    desk.press("Esc");
    desk.types("kr");
    assert!(!desk.app.is_normal, "an answer is typed");
    desk.types("indeed");
    desk.press("Enter");
    assert_eq!(desk.asked("message.send")["replyTo"], "msg_5");
    desk.press("Esc");
    desk.types(":search");
    assert_eq!(typed(&desk), "/search");
    desk.press("Ctrl+c");
    desk.press("Esc");
    desk.types("gg");
    desk.press("G");
    desk.types("/");
    assert!(desk.screen(80, 24).contains("Search here"));
}

#[test]
fn whoever_knows_vim_cuts_and_copies_what_is_typed() {
    use chinwag_tui::actions::{Keymap, Keys};
    let mut desk = ana();
    desk.app.options.keymap = Keymap::new(Keys::Vim, []).unwrap();
    let typed = |desk: &Desk| desk.app.chats.current().unwrap().composer.text();
    desk.types("the quick brown fox");
    desk.press("Esc");
    desk.types("bbv");
    assert!(desk.screen(80, 24).contains("VISUAL"));
    desk.types("lllld");
    assert_eq!(typed(&desk), "the quick  fox");
    assert!(desk.screen(80, 24).contains("NORMAL"));
    desk.types("p");
    assert_eq!(typed(&desk), "the quick brown fox");
    // A part that was only begun to be chosen is left alone.
    desk.types("0vww");
    desk.press("Esc");
    assert!(desk.app.is_normal);
    desk.types("0dw");
    assert_eq!(typed(&desk), "quick brown fox");
    desk.types("dq");
    assert_eq!(typed(&desk), "quick brown fox", "what is no pair does nothing");
    desk.types("0cwslow");
    assert_eq!(typed(&desk), "slow brown fox");
    desk.press("Esc");
    desk.types("dd");
    assert_eq!(typed(&desk), "");
    // Where nothing is typed a message is chosen, and its keys are other ones.
    desk.types("v");
    assert!(desk.app.chats.current().unwrap().timeline.selected().is_some());
    desk.types("d");
    assert!(!desk.has_asked("message.retract"), "it asks first");
}

#[test]
fn what_somebody_does_is_said_as_that() {
    let mut desk = ana();
    desk.types("/me waves");
    desk.press("Enter");
    assert_eq!(desk.asked("message.send")["text"], "/me waves");
    desk.hear(What::Message { message: message(20, "You", "/me waves") });
    desk.hear(What::Message { message: message(21, "Bob", "/me waves\u{1b}[2J back") });
    desk.hear(What::Message { message: message(22, "Bob", "/meow") });
    let screen = desk.screen(80, 24);
    for row in ["You │ * Ana waves", "Bob │ * Bob waves␛[2J back", "Bob │ /meow"] {
        assert!(screen.contains(row), "{row}: {screen}");
    }
    desk.wanted.clear();
    desk.types("/me");
    desk.press("Enter");
    assert!(!desk.has_asked("message.send"));
}

#[test]
fn what_is_typed_and_not_sent_is_kept_now_and_then_and_found_again() {
    let mut desk = ana();
    let at = |s: i64| {
        let now: jiff::Timestamp = crate::harness::NOW.parse().unwrap();
        Msg::Tick(jiff::Timestamp::from_second(now.as_second() + s).unwrap())
    };
    desk.types("before anything is known");
    desk.tell(at(10));
    assert!(!desk.has_asked("draft.set"), "what is kept is not known yet");
    let drafts = json!([
        { "conversation": "conv_Bob", "text": "from the last time," },
        { "conversation": "conv_Carol", "text": "for Carol" },
    ]);
    desk.answer(Tag::Drafts, drafts);
    let typed = |desk: &Desk| desk.app.chats.current().unwrap().composer.text();
    assert_eq!(typed(&desk), "from the last time,\nbefore anything is known");
    desk.tell(at(12));
    let asked = desk.asked("draft.set").clone();
    assert_eq!(asked["text"], "from the last time,\nbefore anything is known");
    desk.wanted.clear();
    desk.types("!");
    desk.tell(at(20));
    assert!(!desk.has_asked("draft.set"), "one is under way");
    desk.answer(Tag::Draft, json!({}));
    desk.tell(at(21));
    assert!(desk.asked("draft.set")["text"].as_str().unwrap().ends_with("known!"));
    desk.answer(Tag::Draft, json!({}));
    desk.wanted.clear();
    desk.press("Enter");
    assert_eq!(desk.asked("draft.set")["text"], "", "what is sent is no draft");
    desk.answer(Tag::Draft, json!({}));
    desk.press("Alt+Down");
    assert_eq!(typed(&desk), "for Carol");
    desk.wanted.clear();
    desk.tell(at(30));
    assert!(!desk.has_asked("draft.set"), "nothing is new");
}

#[test]
fn a_half_made_change_and_a_half_made_answer_are_kept_as_what_they_are() {
    let later = |desk: &mut Desk, s: i64| {
        let now = jiff::Timestamp::from_second(desk.app.now.as_second() + s).unwrap();
        desk.tell(Msg::Tick(now));
    };
    let mut desk = ana();
    desk.answer(Tag::Drafts, json!([]));
    desk.press("Up");
    desk.press("Up");
    desk.press("e");
    desk.types(", or so");
    later(&mut desk, 10);
    let kept = desk.asked("draft.set").clone();
    assert!(kept["edits"].is_string() && kept["replyTo"].is_null(), "{kept}");
    // It is there again the next time, and changes that message.
    let mut next = ana();
    let draft = json!({ "conversation": "conv_Bob", "text": kept["text"], "edits": kept["edits"] });
    next.answer(Tag::Drafts, json!([draft]));
    assert!(next.screen(80, 24).contains("changing You: number 4"));
    next.press("Enter");
    let edited = next.asked("message.edit").clone();
    assert_eq!((&edited["id"], &edited["text"]), (&kept["edits"], &kept["text"]));
    assert!(!next.has_asked("message.send"));
    assert_eq!(next.asked("draft.set")["text"], "", "and then it is none any more");
    // So is an answer.
    let mut next = ana();
    let draft = json!({ "conversation": "conv_Bob", "text": "because", "replyTo": "msg_3" });
    next.answer(Tag::Drafts, json!([draft]));
    next.press("Enter");
    assert_eq!(next.asked("message.send")["replyTo"], "msg_3");
    // What is typed meanwhile does not get into the words of an old message.
    let mut next = ana();
    next.types("news");
    let draft = json!({ "conversation": "conv_Bob", "text": "old words", "edits": "msg_4" });
    next.answer(Tag::Drafts, json!([draft]));
    let typed = |desk: &Desk| desk.app.chats.current().unwrap().composer.text();
    assert_eq!(typed(&next), "news");
    next.press("Ctrl+r");
    assert_eq!(typed(&next), "old words");
}
