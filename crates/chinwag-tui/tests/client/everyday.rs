//! What one does with it every day, in stories of one point each.

use chinwag_api::error::{ApiError, Kind};
use chinwag_api::event::What;
use chinwag_api::model::Request;
use chinwag_tui::app::Window;
use chinwag_tui::msg::{Effect, Mouse, Msg, Part, Tag, Written};
use chinwag_tui::theme::Theme;
use serde_json::{json, to_value};

use crate::harness::{Desk, account, chat, contact, message, talk};

fn ana() -> Desk {
    Desk::of_ana(Theme::TERMINAL, &talk(1..6))
}

/// A moment later.
fn later(desk: &mut Desk, ms: i64) {
    let now = jiff::Timestamp::from_millisecond(desk.app.now.as_millisecond() + ms).unwrap();
    desk.tell(Msg::Tick(now));
}

fn text(desk: &Desk) -> String {
    desk.app.chats.current().unwrap().composer.text()
}

#[test]
fn what_takes_longer_than_half_a_second_says_what_it_is_until_it_is_done() {
    let mut desk = ana();
    desk.types("/connect");
    desk.press("Enter");
    later(&mut desk, 250);
    assert!(!desk.screen(80, 24).contains("connecting"), "what is quick is not worth a word");
    later(&mut desk, 500);
    assert!(desk.screen(80, 24).contains("connecting to everybody…"));
    later(&mut desk, 9_000);
    assert!(desk.screen(80, 24).contains("connecting to everybody… 9 s"));
    desk.answer(Tag::Connected, json!([]));
    assert!(!desk.screen(80, 24).contains("connecting"));
}

#[test]
fn the_first_contact_is_who_one_talks_with() {
    let mut desk = Desk::with(Theme::TERMINAL);
    desk.answer(Tag::Hello, json!({"api": "1", "version": "0.1.0", "hasAccount": true}));
    let mut own = chat("Ana");
    "self".clone_into(&mut own.kind);
    desk.answer(Tag::Conversations, to_value([&own]).unwrap());
    desk.hear(What::Contact { contact: contact("Bob") });
    desk.answer(Tag::Conversations, to_value([&own, &chat("Bob")]).unwrap());
    assert_eq!(desk.app.chats.current().unwrap().conversation.name, "Bob");
    // The second takes nobody away from the first.
    desk.hear(What::Contact { contact: contact("Carol") });
    desk.answer(Tag::Conversations, to_value([own, chat("Bob"), chat("Carol")]).unwrap());
    assert_eq!(desk.app.chats.current().unwrap().conversation.name, "Bob");
}

#[test]
fn whoever_was_added_is_not_opened_over_what_is_being_typed() {
    let mut desk = ana();
    desk.types("half a");
    desk.answer(Tag::Added, to_value(contact("Carol")).unwrap());
    desk.answer(Tag::Conversations, to_value([chat("Bob"), chat("Carol")]).unwrap());
    assert_eq!(desk.app.chats.current().unwrap().conversation.name, "Bob");
    assert_eq!(text(&desk), "half a");
    // And not later either.
    desk.press("Ctrl+c");
    desk.answer(Tag::Conversations, to_value([chat("Bob"), chat("Carol")]).unwrap());
    assert_eq!(desk.app.chats.current().unwrap().conversation.name, "Bob");
}

#[test]
fn a_ticket_that_is_typed_is_used_and_not_said() {
    let mut desk = ana();
    let ticket = format!("chinwag1{}", "a2".repeat(40));
    desk.tell(Msg::Paste(ticket.clone()));
    desk.press("Enter");
    assert!(!desk.has_asked("message.send"));
    assert!(desk.screen(80, 24).contains("This is a ticket or a card"));
    desk.press("y");
    assert_eq!(desk.asked("contact.add")["ticket"], ticket);
    // Whoever means it can say it.
    desk.types(" ");
    desk.tell(Msg::Paste(ticket));
    desk.press("Enter");
    assert!(desk.has_asked("message.send"));
}

#[test]
fn a_card_is_made_where_a_card_is_wanted_and_nothing_where_it_is_not_understood() {
    let mut desk = ana();
    desk.types("/invite --card");
    desk.press("Enter");
    desk.asked("account.card");
    assert!(!desk.has_asked("invite.create"), "which would hold a secret");
    desk.answer(Tag::Card, json!({ "card": "chinwag1abcdefghijklmnop" }));
    let screen = desk.screen(80, 24);
    assert!(screen.contains("holds no secret") && screen.contains("chinwag1abcdef"), "{screen}");
    desk.press("Esc");
    desk.types("/invite bogus");
    desk.press("Enter");
    assert!(!desk.has_asked("invite.create"));
    desk.types("/add chinwag1abcdefghijklmnop as Bob --text it's me");
    desk.press("Enter");
    let asked = desk.asked("contact.add");
    assert_eq!((asked["as"].as_str(), asked["text"].as_str()), (Some("Bob"), Some("it's me")));
}

#[test]
fn the_name_of_an_emoji_becomes_it_where_it_is_typed() {
    let mut desk = ana();
    desk.types("done at 10:30:45 :tada:");
    assert_eq!(text(&desk), "done at 10:30:45 🎉");
    desk.press("Ctrl+c");
    desk.types("/react :+1:");
    assert_eq!(text(&desk), "/react 👍");
    desk.press("Ctrl+c");
    desk.types("so :hedgeh");
    desk.press("Tab");
    assert_eq!(text(&desk), "so 🦔");
}

#[test]
fn a_message_goes_to_whom_it_names() {
    let mut desk = ana();
    desk.types("/msg Carol the fox is back");
    desk.press("Enter");
    let sent = desk.asked("message.send").clone();
    assert_eq!((&sent["to"], &sent["text"]), (&json!("conv_Carol"), &json!("the fox is back")));
    assert_eq!(desk.app.chats.current().unwrap().conversation.name, "Carol");
    desk.types("/msg Dora hello");
    desk.press("Enter");
    assert!(desk.screen(80, 24).contains("no conversation fits \"Dora hello\""));
}

#[test]
fn messages_disappear_after_a_time_that_is_said() {
    let mut desk = ana();
    desk.types("/disappear 1d");
    desk.press("Enter");
    assert_eq!(desk.asked("conversation.disappear")["afterS"], 86_400);
    desk.types("/disappear never");
    desk.press("Enter");
    assert_eq!(desk.asked("conversation.disappear")["afterS"], 0);
    desk.types("/disappear soon");
    desk.press("Enter");
    assert!(desk.screen(80, 24).contains("give a time like 30m"));
    // What is set is asked for anew when it was set, here or there.
    desk.wanted.clear();
    let mut set = message(7, "Bob", "");
    "settings".clone_into(&mut set.kind);
    set.text = None;
    desk.hear(What::Message { message: set });
    assert!(desk.has_asked("conversation.list"));
}

#[test]
fn a_request_is_accepted_or_declined_where_it_is_shown() {
    let mut desk = ana();
    let request = Request {
        id: "ctc_Eve".into(),
        name: "Eve".into(),
        text: "we met".into(),
        received_at: "2026-11-26T11:00:00Z".into(),
        looks_like: Vec::new(),
    };
    desk.answer(Tag::Requests { is_shown: true }, to_value([&request]).unwrap());
    desk.press("Enter");
    assert!(desk.screen(80, 24).contains("y yes   n no   d decline"));
    desk.press("d");
    assert_eq!(desk.asked("request.decline")["contact"], "ctc_Eve");
    assert!(desk.app.window.is_none());
}

#[test]
fn what_is_unread_is_listed_and_opened() {
    let mut desk = ana();
    desk.types("/unreads");
    desk.press("Enter");
    let Some(Window::List(list)) = &desk.app.window else { panic!("no list") };
    assert_eq!(list.rows.len(), 1);
    desk.press("Enter");
    assert_eq!(desk.app.chats.current().unwrap().conversation.name, "Carol");
    desk.types("/close");
    desk.press("Enter");
    assert_eq!(desk.app.chats.current().unwrap().conversation.name, "Bob");
}

#[test]
fn devices_and_tickets_are_listed() {
    let mut desk = ana();
    desk.types("/devices");
    desk.press("Enter");
    assert!(desk.has_asked("device.list"));
    desk.answer(Tag::Devices, to_value([account().device]).unwrap());
    assert!(desk.screen(80, 24).contains("this one, dev_ana"));
    desk.press("Esc");
    desk.types("/invites");
    desk.press("Enter");
    assert!(desk.has_asked("invite.list"));
    desk.answer(Tag::Invites, json!([{"id": "inv_7", "reusable": true, "expiresAt": null}]));
    assert!(desk.screen(80, 24).contains("inv_7  for many, until it is taken back"));
}

#[test]
fn what_went_wrong_can_be_read_on_a_narrow_screen() {
    let mut desk = ana();
    let why = "the disk is full: nothing more can be saved until there is room on it";
    desk.app.wrong(why);
    let screen = desk.screen(40, 12);
    let rows: Vec<&str> = screen.lines().skip(10).map(str::trim).collect();
    assert_eq!(rows.join(" "), why);
}

#[test]
fn who_is_named_is_marked_and_nobody_else() {
    let mut desk = ana();
    desk.tell(Msg::Focus(false));
    desk.hear(What::Message { message: message(6, "Bob", "not you, @Anastasia") });
    desk.hear(What::Message { message: message(7, "Bob", "but you, @ana!") });
    assert_eq!(desk.app.chats.current().unwrap().conversation.unread_mentions, 1);
    let (buffer, _) = desk.buffer(80, 24);
    let cells = (0..24).flat_map(|y| (20..80).map(move |x| (x, y)));
    let marked = cells.map(|at| &buffer[at]).filter(|c| c.fg == ratatui::style::Color::Yellow);
    let marked: String = marked.map(ratatui::buffer::Cell::symbol).collect();
    assert!(marked.contains("@ana") && !marked.contains("@Ana"), "{marked}");
}

#[test]
fn a_fork_stays_written_above_the_conversation() {
    let mut desk = ana();
    let fork = What::Fork {
        conversation: "conv_Bob".into(),
        contact: "ctc_Bob".into(),
        device: "dev_Bob".into(),
    };
    desk.hear(fork);
    later(&mut desk, 60_000);
    assert!(desk.screen(80, 24).contains("a device wrote two different things"));
}

#[test]
fn whoever_reads_above_keeps_a_bounded_part_whatever_comes() {
    let mut desk = Desk::of_ana(Theme::TERMINAL, &[]);
    desk.page(Part::Newest, &talk(0..100), false);
    desk.screen(80, 24);
    desk.press("PgUp");
    let before = desk.screen(80, 24);
    for n in 100..6_000 {
        desk.hear(What::Message { message: message(n, "Bob", "more") });
    }
    assert!(desk.app.chats.current().unwrap().timeline.len() <= 4_000);
    let seen = |screen: &str| screen.lines().skip(1).take(20).collect::<Vec<_>>().join("\n");
    let numbers = |screen: &str| {
        let rows = seen(screen);
        rows.lines()
            .filter(|row| row.contains("number"))
            .map(|r| r[20..].to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(numbers(&desk.screen(80, 24)), numbers(&before));
    desk.press("Alt+End");
    assert!(desk.has_asked("message.list"));
}

#[test]
fn only_so_many_conversations_stay_loaded() {
    let mut desk = ana();
    let names: Vec<String> = (0..100).map(|n| format!("P{n}")).collect();
    let chats: Vec<_> = names.iter().map(|name| chat(name)).collect();
    desk.answer(Tag::Conversations, to_value(&chats).unwrap());
    for name in &names {
        desk.types(&format!("/chat {name}"));
        desk.press("Enter");
        let conversation = format!("conv_{name}");
        let page = Tag::Page { conversation, part: Part::Newest };
        desk.answer(page, json!({ "messages": talk(0..10), "next": null }));
    }
    let loaded = desk.app.chats.all().iter().filter(|chat| chat.timeline.is_loaded).count();
    assert_eq!(loaded, 32);
    desk.wanted.clear();
    desk.types("/chat P3");
    desk.press("Enter");
    assert_eq!(desk.asked("message.list")["conversation"], "conv_P3");
}

#[test]
fn nothing_is_under_way_any_more_when_the_node_is_gone() {
    let mut desk = ana();
    desk.types("/status");
    desk.press("Enter");
    assert!(desk.wanted.iter().any(|e| matches!(e, Effect::Ask(a) if a.method == "system.status")));
    desk.tell(Msg::Lost("it has ended".to_owned()));
    later(&mut desk, 5_000);
    assert!(desk.app.slow().is_none());
}

#[test]
fn a_page_up_takes_the_selection_along() {
    let mut desk = Desk::of_ana(Theme::TERMINAL, &talk(0..100));
    desk.screen(80, 24);
    desk.press("Up");
    desk.press("PgUp");
    let seen = desk.screen(80, 24);
    desk.press("y");
    let Some(Effect::Copy(copied)) = desk.wanted.last() else { panic!("{:?}", desk.wanted) };
    assert!(seen.lines().any(|row| row.ends_with(copied.as_str())), "{copied}:\n{seen}");
}

#[test]
fn what_was_not_read_begins_where_it_begins_also_beyond_a_page() {
    let mut desk = Desk::begun();
    desk.answer(Tag::Hello, json!({"api": "1", "version": "0.1.0", "hasAccount": true}));
    let mut bob = chat("Bob");
    bob.unread = 120;
    desk.answer(Tag::Conversations, to_value([bob]).unwrap());
    let others = |range: std::ops::Range<u32>| -> Vec<_> {
        range.map(|n| message(n, "Bob", &format!("number {n}"))).collect()
    };
    desk.page(Part::Newest, &others(200..300), true);
    desk.screen(80, 24);
    desk.press("Alt+u");
    desk.page(Part::Older, &others(100..200), true);
    desk.press("Alt+u");
    let screen = desk.screen(80, 24);
    let new = screen.lines().position(|row| row.contains("─ new ─")).unwrap();
    assert!(screen.lines().nth(new + 1).unwrap().ends_with("number 180"), "{screen}");
}

#[test]
fn whoever_reads_above_stays_there_when_much_has_come_meanwhile() {
    let mut desk = Desk::of_ana(Theme::TERMINAL, &[]);
    desk.page(Part::Newest, &talk(0..100), false);
    desk.screen(80, 24);
    desk.press("PgUp");
    desk.press("PgUp");
    let before = desk.screen(80, 24);
    desk.page(Part::Newest, &talk(5_000..5_100), true);
    assert_eq!(desk.screen(80, 24), before);
    desk.press("Alt+End");
    desk.page(Part::Newest, &talk(5_000..5_100), true);
    assert!(desk.screen(80, 24).contains("number 5099"));
}

#[test]
fn the_first_message_of_all_is_found_as_well() {
    let mut desk = ana();
    desk.press("Ctrl+s");
    desk.types("x");
    let hit = message(0, "Bob", "x marks the beginning");
    desk.answer(Tag::Found { question: 1 }, json!({ "messages": [hit], "next": null }));
    desk.press("Enter");
    desk.page(Part::Before("msg_0".into()), &[], false);
    assert_eq!(desk.asked("message.list")["after"], "msg_0");
    desk.page(Part::After("msg_0".into()), &talk(1..50), true);
    assert_eq!(desk.app.chats.current().unwrap().timeline.selected().unwrap().id, "msg_0");
    assert!(desk.screen(80, 24).contains("x marks the beginning"));
    // Once it was seen, nothing is marked any more.
    desk.press("Esc");
    assert!(desk.app.sought.is_empty());
}

#[test]
fn one_can_leave_from_every_window() {
    let mut desk = ana();
    desk.press("F1");
    desk.press("Ctrl+q");
    desk.press("Ctrl+q");
    assert!(desk.wanted.contains(&Effect::Quit));
}

#[test]
fn where_only_one_asks_no_name_is_needed() {
    let mut desk = ana();
    desk.types("/accept");
    desk.press("Enter");
    assert!(desk.screen(80, 24).contains("say who"));
    let request = |name: &str| Request {
        id: format!("ctc_{name}"),
        name: name.to_owned(),
        text: "we met".into(),
        received_at: "2026-11-26T11:00:00Z".into(),
        looks_like: Vec::new(),
    };
    let all = [request("Eve"), request("Fay")];
    desk.answer(Tag::Requests { is_shown: false }, to_value(&all[..1]).unwrap());
    desk.types("/accept");
    desk.press("Enter");
    assert_eq!(desk.asked("request.accept")["contact"], "ctc_Eve");
    desk.answer(Tag::Requests { is_shown: false }, to_value(&all).unwrap());
    desk.wanted.clear();
    desk.types("/decline");
    desk.press("Enter");
    assert!(desk.has_asked("request.list") && !desk.has_asked("request.decline"));
}

#[test]
fn whoever_was_added_and_is_not_reached_is_not_forgotten() {
    let mut desk = Desk::with(Theme::PLAIN);
    desk.answer(Tag::Hello, json!({"api": "1", "version": "0.1.0", "hasAccount": true}));
    let mut own = chat("Ana");
    "self".clone_into(&mut own.kind);
    desk.answer(Tag::Conversations, to_value([&own]).unwrap());
    let tag = Tag::Page { conversation: "conv_Ana".into(), part: Part::Newest };
    desk.answer(tag, json!({ "messages": [], "next": null }));
    let mut bob = contact("Bob");
    (bob.state, bob.conversation) = (chinwag_api::model::ContactState::Waiting, None);
    desk.answer(Tag::Added, to_value(bob).unwrap());
    later(&mut desk, 60_000);
    assert!(desk.screen(80, 24).contains("One was added and is not reached yet: /contacts"));
}

#[test]
fn the_way_to_whoever_one_talks_with_is_said_where_it_is_not_as_usual() {
    let mut desk = ana();
    let status = |desk: &mut Desk| desk.screen(80, 24).lines().last().unwrap().to_owned();
    assert!(status(&mut desk).ends_with("Bob: not connected"));
    let peer = |kind: &str| {
        json!([{ "contact": "ctc_Bob", "name": "Bob", "device": "dev_bob", "connected": true,
            "path": { "kind": kind, "address": "192.0.2.9:4433", "rttMs": 1.0,
                "since": "2026-11-26T11:40:00Z", "isDialled": true, "receivedBytes": 1, "sentBytes": 2 },
            "lastHeardAt": null, "lastFailure": null, "nextAttemptAt": null }])
    };
    desk.answer(Tag::Peers, peer("relay"));
    assert!(status(&mut desk).ends_with("Bob: connected by relay"));
    desk.answer(Tag::Peers, peer("direct"));
    assert!(status(&mut desk).ends_with("1 device connected"));
    // By which way somebody has come who comes is asked for.
    desk.wanted.clear();
    desk.hear(What::Peer {
        contact: "ctc_Bob".into(),
        name: "Bob".into(),
        device: "dev_bob".into(),
        connected: true,
    });
    assert!(desk.has_asked("peer.list"));
}

#[test]
fn whoever_is_near_is_told_to_somebody_who_knows_nobody_yet() {
    let mut desk = Desk::with(Theme::PLAIN);
    desk.answer(Tag::Hello, json!({"api": "1", "version": "0.1.0", "hasAccount": true}));
    let mut own = chat("Ana");
    "self".clone_into(&mut own.kind);
    desk.answer(Tag::Conversations, to_value([&own]).unwrap());
    let tag = Tag::Page { conversation: "conv_Ana".into(), part: Part::Newest };
    desk.answer(tag, json!({ "messages": [], "next": null }));
    later(&mut desk, 250);
    assert!(desk.has_asked("nearby.list"));
    let near = json!([{ "device": "dev_abcdefghijkl", "addresses": ["10.0.0.7:4433\u{1b}[2J"] }]);
    desk.answer(Tag::Nearby { is_shown: false }, near.clone());
    assert!(desk.screen(80, 24).contains("A device of somebody is on this network: /nearby"));
    desk.types("/nearby");
    desk.press("Enter");
    desk.answer(Tag::Nearby { is_shown: true }, near);
    let screen = desk.screen(80, 24);
    assert!(screen.contains("dev_abcdefghijkl  at 10.0.0.7:4433␛[2J"), "{screen}");
    // Whoever knows somebody is not asked for all the time.
    let mut desk = ana();
    later(&mut desk, 5_000);
    assert!(!desk.has_asked("nearby.list"));
}

#[test]
fn what_is_known_of_whoever_one_talks_with_stands_beside_it_and_keeps_up() {
    let mut desk = ana();
    desk.press("Alt+Shift+n");
    assert!(desk.has_asked("peer.list"));
    assert_eq!(desk.asked("conversation.digest")["conversation"], "conv_Bob");
    let digest = |of: &str, digest: &str| json!({ "conversation": of, "entries": 8, "logs": [], "digest": digest });
    desk.answer(Tag::DigestBeside, digest("conv_Bob", "0011-2233"));
    assert!(desk.screen(110, 24).contains("0011-2233"));
    // Where there is no room beside the messages it stands in their place, and can be gone through.
    let narrow = desk.screen(40, 12);
    assert!(!narrow.contains("number 5") && narrow.contains("rows 1 to"), "{narrow}");
    for _ in 0..3 {
        desk.press("PgDn");
        desk.screen(40, 12);
    }
    let narrow = desk.screen(40, 12);
    assert!(narrow.contains("0011-2233") && narrow.contains("8 entries"), "{narrow}");
    assert!(desk.screen(80, 24).contains("0011-2233"));
    assert!(!desk.screen(80, 24).contains("number 5"));
    // It is compared anew when something was said, and not otherwise.
    desk.wanted.clear();
    later(&mut desk, 3_000);
    assert!(desk.has_asked("peer.list") && !desk.has_asked("conversation.digest"));
    desk.hear(What::Message { message: message(9, "Bob", "one more") });
    later(&mut desk, 3_000);
    assert!(desk.has_asked("conversation.digest"));
    // What is of one conversation is never shown beside another.
    desk.types("/chat Carol");
    desk.press("Enter");
    assert_eq!(desk.asked("conversation.digest")["conversation"], "conv_Carol");
    let screen = desk.screen(110, 24);
    assert!(!screen.contains("0011-2233") && screen.contains("not verified"), "{screen}");
    desk.answer(Tag::DigestBeside, digest("conv_Bob", "4455-6677"));
    assert!(!desk.screen(110, 24).contains("4455-6677"));
    desk.press("Alt+Shift+n");
    desk.wanted.clear();
    later(&mut desk, 3_000);
    assert!(!desk.has_asked("peer.list"), "nothing is asked for that nobody sees");
    assert!(!desk.screen(110, 24).contains("not verified"));
}

#[test]
fn the_oldest_message_is_one_key_away_however_many_there_are() {
    let mut desk = Desk::of_ana(Theme::PLAIN, &[]);
    desk.page(Part::Newest, &talk(9_900..10_000), true);
    desk.screen(80, 24);
    desk.wanted.clear();
    desk.press("Alt+Home");
    assert_eq!(desk.asked("message.list")["after"], "");
    desk.page(Part::Oldest, &talk(0..100), true);
    let screen = desk.screen(80, 24);
    assert!(screen.contains("number 0") && screen.contains("below is more"), "{screen}");
    // A page of before that was still under way belongs to what was there before.
    desk.page(Part::Older, &talk(9_800..9_900), true);
    assert_eq!(desk.screen(80, 24), screen);
    for _ in 0..4 {
        desk.press("PgDn");
    }
    assert_eq!(desk.asked("message.list")["after"], "msg_99");
    desk.page(Part::Newer, &talk(100..200), true);
    desk.press("PgDn");
    assert!(desk.screen(80, 24).contains("number 100"), "{}", desk.screen(80, 24));
    desk.press("Alt+End");
    assert_eq!(desk.asked("message.list")["after"], json!(null));
    desk.page(Part::Newest, &talk(9_900..10_000), true);
    assert!(desk.screen(80, 24).contains("number 9999"));
}

/// Where a text stands on the screen, counted in cells.
fn place(desk: &mut Desk, text: &str) -> (u16, u16) {
    let screen = desk.screen(80, 24);
    let row = screen.lines().position(|row| row.contains(text)).expect(text);
    let line = screen.lines().nth(row).unwrap();
    let column = line[..line.find(text).unwrap()].chars().count();
    (u16::try_from(column).unwrap(), u16::try_from(row).unwrap())
}

fn clicks(desk: &mut Desk, text: &str) {
    let (column, row) = place(desk, text);
    desk.tell(Msg::Mouse(Mouse::Click { column, row }));
}

#[test]
fn the_mouse_does_nothing_until_it_is_asked_for() {
    let mut desk = ana();
    clicks(&mut desk, "Carol");
    assert_eq!(desk.app.chats.current().unwrap().conversation.name, "Bob");
    desk.press("Alt+m");
    assert!(desk.wanted.contains(&Effect::Mouse(true)));
    clicks(&mut desk, "Carol");
    assert_eq!(desk.app.chats.current().unwrap().conversation.name, "Carol");
    desk.press("Alt+m");
    assert!(desk.wanted.contains(&Effect::Mouse(false)));
    clicks(&mut desk, "Ana");
    assert_eq!(desk.app.chats.current().unwrap().conversation.name, "Carol");
}

#[test]
fn a_click_means_what_was_seen_there() {
    let mut desk = Desk::of_ana(Theme::TERMINAL, &talk(1..100));
    desk.press("Alt+m");
    clicks(&mut desk, "number 90");
    assert_eq!(desk.app.chats.current().unwrap().timeline.selected().unwrap().id, "msg_90");
    // Beside everything nothing is selected.
    desk.tell(Msg::Mouse(Mouse::Click { column: 79, row: 23 }));
    assert!(desk.app.chats.current().unwrap().timeline.selected().is_none());
    let before = desk.screen(80, 24);
    desk.tell(Msg::Mouse(Mouse::WheelUp));
    let above = desk.screen(80, 24);
    assert!(!above.contains("number 99") && above.contains("number 96"), "{above}");
    desk.tell(Msg::Mouse(Mouse::WheelDown));
    assert_eq!(desk.screen(80, 24), before);
    // A window lies over what is below it.
    let (column, row) = place(&mut desk, "Carol");
    desk.press("F1");
    desk.screen(80, 24);
    desk.tell(Msg::Mouse(Mouse::Click { column, row }));
    assert_eq!(desk.app.chats.current().unwrap().conversation.name, "Bob");
    desk.press("Esc");
    desk.press("Ctrl+p");
    clicks(&mut desk, "  Carol");
    assert!(desk.app.window.is_none());
    assert_eq!(desk.app.chats.current().unwrap().conversation.name, "Carol");
}

#[test]
fn no_recovery_word_is_missing_however_narrow_the_screen_is() {
    let mut desk = Desk::with(Theme::PLAIN);
    desk.answer(Tag::Hello, json!({"api": "1", "version": "0.1.0", "hasAccount": false}));
    let words: Vec<String> = (1..=24).map(|n| format!("w{n}x")).collect();
    desk.answer(Tag::Created, json!({ "account": account(), "words": words }));
    for (columns, rows) in [(40, 12), (80, 24), (64, 10), (30, 16), (14, 28)] {
        let screen = desk.screen(columns, rows);
        for word in &words {
            assert!(screen.contains(&format!(" {word}")), "{word} at {columns}x{rows}:\n{screen}");
        }
        assert!(screen.contains("Enter when"), "{screen}");
    }
    assert!(desk.screen(60, 6).contains("make the window larger"));
}

#[test]
fn what_can_never_be_saved_is_where_it_was_typed_and_the_rest_is_sent_again() {
    let mut desk = ana();
    let fails = |desk: &mut Desk, kind: Kind| {
        let client_id = desk.asked("message.send")["clientId"].as_str().unwrap().to_owned();
        let tag = Tag::Sent { conversation: "conv_Bob".into(), client_id };
        desk.tell(Msg::Answer(tag, Err(ApiError::new(kind, "it can't be").into())));
    };
    desk.types("to nobody");
    desk.press("Enter");
    fails(&mut desk, Kind::Refused);
    assert_eq!(text(&desk), "to nobody");
    assert!(!desk.screen(80, 24).contains("failed: "));
    desk.press("Ctrl+c");
    desk.types("to the disk");
    desk.press("Enter");
    fails(&mut desk, Kind::Internal);
    assert_eq!(text(&desk), "");
    assert!(desk.screen(120, 24).contains("to the disk (Enter sends it again)"));
    desk.wanted.clear();
    desk.press("Enter");
    assert_eq!(desk.asked("message.send")["text"], "to the disk");
}

#[test]
fn many_messages_make_one_noise() {
    let mut desk = ana();
    desk.tell(Msg::Focus(false));
    for n in 10..110 {
        desk.hear(What::Message { message: message(n, "Bob", "hey") });
    }
    let noises =
        |desk: &Desk| desk.wanted.iter().filter(|e| matches!(e, Effect::Notify(_))).count();
    assert_eq!(noises(&desk), 1);
    later(&mut desk, 3_000);
    desk.hear(What::Message { message: message(110, "Bob", "hey") });
    assert_eq!(noises(&desk), 2);
}

#[test]
fn a_pasted_sign_that_breaks_lines_is_kept_and_does_not_come_to_the_terminal() {
    let mut desk = ana();
    desk.tell(Msg::Paste("a\u{2028}b".to_owned()));
    assert_eq!(text(&desk), "a\u{2028}b");
    let screen = desk.screen(80, 24);
    assert!(!screen.contains('\u{2028}') && screen.contains("> a\u{fffd}b"), "{screen}");
}

#[test]
fn a_message_that_begins_with_a_slash_is_changed_and_nothing_is_done_by_it() {
    let mut desk = ana();
    desk.press("Up");
    desk.press("Up");
    desk.press("e");
    desk.press("Ctrl+u");
    desk.types("/me sings loudly");
    desk.press("Enter");
    assert!(!desk.has_asked("message.send"));
    assert_eq!(desk.asked("message.edit")["text"], "/me sings loudly");
    // The next line is a message again.
    desk.types("and so on");
    desk.press("Enter");
    assert_eq!(desk.asked("message.send")["text"], "and so on");
}

#[test]
fn what_one_does_can_be_an_answer() {
    let mut desk = ana();
    desk.press("Up");
    desk.press("r");
    desk.types("/me nods");
    desk.press("Enter");
    let asked = desk.asked("message.send").clone();
    assert_eq!(asked["text"], "/me nods");
    assert!(asked["replyTo"].is_string(), "{asked}");
    desk.types("and so on");
    desk.press("Enter");
    assert!(desk.asked("message.send")["replyTo"].is_null());
}

#[test]
fn a_command_is_about_the_message_that_was_selected_when_it_was_begun() {
    let mut desk = ana();
    desk.press("Up");
    desk.types("/react ❤️");
    desk.press("Enter");
    assert_eq!(desk.asked("message.react")["emoji"], "❤️");
    desk.press("Up");
    desk.types("/reply so it is");
    desk.press("Enter");
    let asked = desk.asked("message.send").clone();
    assert_eq!(asked["text"], "so it is");
    assert!(asked["replyTo"].is_string(), "{asked}");
    // Without one that is selected it is about none.
    desk.types("/why");
    desk.press("Enter");
    assert!(!desk.has_asked("message.why"));
}

#[test]
fn a_command_that_was_wrong_can_be_had_again() {
    let mut desk = ana();
    desk.types("/chat zed this is a long text");
    desk.press("Enter");
    desk.press("Ctrl+r");
    let typed = desk.app.chats.current().unwrap().composer.text();
    assert_eq!(typed, "/chat zed this is a long text");
}

#[test]
fn a_ticket_that_is_broken_over_lines_is_a_ticket() {
    let mut desk = ana();
    let broken = format!("chinwag1{0}\n{0}\n", "a2".repeat(40));
    desk.tell(Msg::Paste(broken));
    desk.press("Enter");
    assert!(!desk.has_asked("message.send"));
    assert!(desk.screen(80, 24).contains("This is a ticket or a card"));
}

#[test]
fn whoever_changes_nothing_after_all_does_not_say_the_old_words_again() {
    let mut desk = ana();
    desk.press("Up");
    desk.press("Up");
    desk.press("e");
    desk.press("Esc");
    assert!(desk.app.chats.current().unwrap().composer.is_empty());
    desk.press("Enter");
    assert!(!desk.has_asked("message.send") && !desk.has_asked("message.edit"));
}

#[test]
fn a_mistyped_command_is_told_what_it_may_have_been() {
    let mut desk = ana();
    desk.types("/satus");
    desk.press("Enter");
    let screen = desk.screen(100, 24);
    assert!(screen.contains("no command /satus (/status)"), "{screen}");
    desk.press("Ctrl+c");
    desk.types("/xyzzy");
    desk.press("Enter");
    assert!(desk.screen(100, 24).contains("no command /xyzzy (/help lists them)"));
}

#[test]
fn who_is_sure_is_not_asked() {
    let mut desk = ana();
    desk.types("/block --yes");
    desk.press("Enter");
    assert_eq!(desk.asked("contact.block")["contact"], "ctc_Bob");
    assert!(desk.app.window.is_none());
    desk.press("Up");
    desk.press("Up");
    desk.types("/retract --yes");
    desk.press("Enter");
    assert_eq!(desk.asked("message.retract")["id"], "msg_4");
    desk.types("/chat Carol say --yes");
    desk.press("Enter");
    assert!(desk.has_asked("message.send"));
}

#[test]
fn a_conversation_is_written_to_a_file_that_is_named_and_so_is_a_backup() {
    let mut desk = ana();
    desk.types("/export");
    desk.press("Enter");
    assert!(desk.screen(80, 24).contains("say where: /export FILE"));
    desk.types("/save ~/with bob.jsonl");
    desk.press("Enter");
    let what = Written::Conversation("conv_Bob".to_owned());
    assert_eq!(
        desk.wanted.last(),
        Some(&Effect::Write { what, path: "~/with bob.jsonl".to_owned() })
    );
    desk.tell(Msg::Said { text: "5 messages are in /x".to_owned(), is_wrong: false });
    assert!(desk.screen(80, 24).contains("5 messages are in /x"));
    desk.types("/backup all.backup");
    desk.press("Enter");
    let (what, path) = (Written::Backup, "all.backup".to_owned());
    assert_eq!(desk.wanted.last(), Some(&Effect::Write { what, path }));
}

#[test]
fn a_screen_that_is_cleared_says_so_and_shows_everything_again() {
    let mut desk = ana();
    desk.types("/clear");
    desk.press("Enter");
    let screen = desk.screen(80, 24);
    assert!(screen.contains("cleared from the screen") && !screen.contains("number 5"), "{screen}");
    assert!(screen.contains("nothing is deleted"), "{screen}");
    // What comes is seen.
    desk.hear(What::Message { message: message(9, "Bob", "hello again") });
    assert!(desk.screen(80, 24).contains("hello again"));
    desk.types("/clear");
    desk.press("Enter");
    desk.wanted.clear();
    desk.press("PgUp");
    assert_eq!(desk.asked("message.list")["conversation"], "conv_Bob");
    desk.page(Part::Newest, &talk(1..6), false);
    assert!(desk.screen(80, 24).contains("number 5"));
}

#[test]
fn where_one_is_named_is_listed() {
    let mut desk = ana();
    desk.types("/mentions");
    desk.press("Enter");
    assert_eq!(desk.asked("message.search")["mentionsMe"], true);
    let hits = [message(2, "Bob", "see @ana")];
    desk.answer(Tag::Found { question: 1 }, json!({ "messages": hits, "next": null }));
    let screen = desk.screen(80, 24);
    assert!(screen.contains("Bob: see @ana"), "{screen}");
    desk.press("Enter");
    assert_eq!(desk.app.chats.current().unwrap().timeline.selected().unwrap().id, "msg_2");
}

#[test]
fn you_are_found_before_anything_that_has_you_in_its_words() {
    let mut desk = ana();
    desk.press("Ctrl+p");
    desk.types("You");
    desk.press("Enter");
    assert_eq!(desk.app.chats.current().unwrap().conversation.name, "Ana");
    assert_eq!(text(&desk), "");
}
