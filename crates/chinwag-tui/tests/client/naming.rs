//! Being named, naming others, what is told of a conversation, and whose name looks like another.

use chinwag_api::event::What;
use chinwag_api::model::{Conversation, GroupInvitation, NotifyLevel};
use chinwag_tui::msg::{Effect, Msg, Tag};
use chinwag_tui::notify::{Kind, Rules};
use chinwag_tui::theme::Theme;
use proptest::prelude::*;
use serde_json::{json, to_value};

use crate::groups::{described, in_a_group};
use crate::harness::{Desk, chat, class, contact, message, talk};

fn ana() -> Desk {
    let mut desk = Desk::of_ana(Theme::TERMINAL, &talk(1..6));
    desk.tell(Msg::Focus(false));
    desk
}

/// Ana, to whom so much is told of her conversation with Bob.
fn told(level: NotifyLevel, words: &[&str]) -> Desk {
    let mut desk = ana();
    desk.app.options.notifications.words = words.iter().map(ToString::to_string).collect();
    desk.hear(What::ConversationNotify { conversation: "conv_Bob".into(), level });
    desk
}

/// What is told of these messages of Bob's, each long after the one before.
fn notices(desk: &mut Desk, texts: &[&str]) -> Vec<Kind> {
    desk.wanted.clear();
    for (n, text) in (20..).zip(texts) {
        let later = desk.app.now.as_second() + 60;
        desk.tell(Msg::Tick(jiff::Timestamp::from_second(later).unwrap()));
        desk.hear(What::Message { message: message(n, "Bob", text) });
    }
    let kinds = desk.wanted.iter().filter_map(|effect| match effect {
        Effect::Notify(notice) => Some(notice.kind),
        _ => None,
    });
    kinds.collect()
}

fn typed(desk: &Desk) -> String {
    desk.app.chats.current().unwrap().composer.text()
}

fn note(desk: &Desk) -> String {
    desk.app.note.as_ref().map(|note| note.text.clone()).unwrap_or_default()
}

fn bob(desk: &Desk) -> (u64, u64) {
    let conversation = &desk.app.chats.get("conv_Bob").unwrap().conversation;
    (conversation.unread, conversation.unread_mentions)
}

#[test]
fn of_a_conversation_that_is_muted_nothing_is_told_and_everything_is_counted() {
    let said = ["hello", "for you, @ana", "the deploy is done"];
    let mut all = told(NotifyLevel::All, &["Deploy"]);
    let every = [Kind::Message, Kind::Mention, Kind::Mention];
    assert_eq!((notices(&mut all, &said), bob(&all)), (every.to_vec(), (3, 1)));
    let mut some = told(NotifyLevel::Mentions, &["Deploy"]);
    assert_eq!((notices(&mut some, &said), bob(&some)), (vec![Kind::Mention; 2], (3, 1)));
    let mut none = told(NotifyLevel::None, &["Deploy"]);
    assert_eq!((notices(&mut none, &said), bob(&none)), (Vec::new(), (3, 1)));
    // The title of the terminal is read by whoever walks by, too.
    let titles = [all, some, none].map(|desk| desk.app.chats.unread_and_told());
    assert_eq!(titles, [3 + 3, 1 + 3, 3], "three of Carol's are unread as well");
}

#[test]
fn the_list_and_the_head_say_how_much_is_told() {
    for (level, sign, words) in [
        (NotifyLevel::None, "∅", " · muted"),
        (NotifyLevel::Mentions, "∅@", "muted but for what names you"),
    ] {
        let mut desk = told(level, &[]);
        notices(&mut desk, &["hello"]);
        let screen = desk.screen(140, 24);
        let row = screen.lines().find(|row| row.contains(">Bob")).unwrap();
        assert!(row.contains(&format!("{sign} 1 │")) && row.contains(words), "{screen}");
        // Beside a draft as well, and without a letter that is lost in a short list.
        desk.types("half");
        assert!(desk.screen(80, 24).contains(&format!("{sign}✎ 1 │")), "{}", desk.screen(80, 24));
    }
}

#[test]
fn it_is_muted_by_its_name_or_where_one_is_and_from_the_palette() {
    let mut desk = ana();
    for (line, conversation, level) in [
        ("/mute", "conv_Bob", "none"),
        ("/mute --level mentions", "conv_Bob", "mentions"),
        ("/mute Carol of Rome", "Carol of Rome", "none"),
        ("/mute Carol --level mentions", "Carol", "mentions"),
        ("/unmute", "conv_Bob", "all"),
        ("/unmute Carol", "Carol", "all"),
    ] {
        desk.wanted.clear();
        desk.types(line);
        desk.press("Enter");
        let asked = json!({ "conversation": conversation, "level": level });
        assert_eq!(*desk.asked("conversation.notify"), asked, "{line}");
    }
    desk.wanted.clear();
    desk.types("/mute Bob --level loud");
    desk.press("Enter");
    assert!(!desk.has_asked("conversation.notify") && note(&desk).contains("--level none"));
    desk.press("Ctrl+p");
    desk.types("have nothing");
    desk.press("Enter");
    assert_eq!(desk.asked("conversation.notify")["level"], "none");
    let muted = Conversation { notify: NotifyLevel::None, ..chat("Bob") };
    desk.answer(Tag::Told, to_value(muted).unwrap());
    assert!(desk.app.chats.current().unwrap().is_muted());
    assert_eq!(note(&desk), "nothing of Bob is told any more; /unmute ends it");
}

#[test]
fn the_next_with_something_unread_is_the_one_that_names_you_and_last_what_is_muted() {
    let unread = |name: &str, unread, unread_mentions, notify| Conversation {
        unread,
        unread_mentions,
        notify,
        ..chat(name)
    };
    let all = [
        chat("Bob"),
        unread("Carol", 9, 0, NotifyLevel::All),
        unread("Dan", 2, 1, NotifyLevel::Mentions),
        unread("Eve", 9, 9, NotifyLevel::None),
    ];
    let mut desk = Desk::of_ana(Theme::TERMINAL, &talk(1..6));
    desk.answer(Tag::Conversations, to_value(all).unwrap());
    for next in ["Dan", "Carol", "Eve"] {
        desk.press("Alt+a");
        assert_eq!(desk.app.chats.current().unwrap().conversation.name, next);
        desk.app.chats.current_mut().unwrap().is_read();
    }
    desk.press("Alt+a");
    assert_eq!(note(&desk), "nothing is unread");
}

#[test]
fn what_names_you_has_a_sign_on_every_screen() {
    let mut desk = ana();
    desk.hear(What::Message { message: message(9, "Bob", "come, @Ana") });
    let screen = desk.screen(80, 24);
    assert!(
        screen.lines().any(|row| row.contains(" @ ") && row.contains("come, @Ana")),
        "{screen}"
    );
    assert!(!screen.lines().any(|row| row.contains(" @ ") && row.contains("number")), "{screen}");
    let narrow = desk.screen(40, 12);
    assert!(narrow.contains("Bob@: come, @Ana"), "{narrow}");
}

#[test]
fn words_that_one_wants_to_hear_of_are_marked() {
    let mut desk = ana();
    let notifications = Rules { words: vec!["fox".into()], ..Rules::default() };
    let options = chinwag_tui::options::Options { notifications, ..desk.app.options.clone() };
    let fixed = Vec::new();
    desk.tell(Msg::Reloaded(Ok(Box::new(chinwag_tui::options::Reloaded { options, fixed }))));
    desk.hear(What::Message { message: message(9, "Bob", "a Fox, no foxes") });
    let (buffer, _) = desk.buffer(80, 24);
    let cells = (0..23).flat_map(|y| (20..80).map(move |x| (x, y)));
    let marked = cells.map(|at| &buffer[at]).filter(|c| c.fg == ratatui::style::Color::Yellow);
    let marked: String = marked.map(ratatui::buffer::Cell::symbol).collect();
    assert!(marked.contains("Fox") && !marked.contains("foxes"), "{marked}");
    assert_eq!(bob(&desk).1, 0, "only a name counts as one");
}

#[test]
fn behind_an_at_sign_a_member_is_completed_by_the_name_they_know() {
    let mut desk = in_a_group(Theme::TERMINAL);
    let mut known = contact("Bob");
    known.own_name = Some("Robert of Rome".into());
    desk.app.contacts.insert(known.id.clone(), known);
    desk.answer(Tag::Readers, described(&json!(null)));
    for (typing, expected) in [
        ("hi @cl", "hi @Cleo "),
        // Whatever we call somebody, it is their own name that their device looks for.
        ("hi @bo", "hi @Robert of Rome "),
        ("hi @robert of r", "hi @Robert of Rome "),
        // Who is not in here may be spoken of.
        ("ask @car", "ask @Carol "),
        // Nobody at all, an address of mail, and words that only follow a name.
        ("hi @xyz", "hi @xyz"),
        ("mail@cl", "mail@cl"),
        ("@Cleo and bo", "@Cleo and Bob "),
    ] {
        desk.press("Ctrl+c");
        desk.types(typing);
        desk.press("Tab");
        assert_eq!(typed(&desk), expected, "{typing}");
    }
    desk.press("Ctrl+c");
    desk.types("@");
    desk.press("Tab");
    assert_eq!(note(&desk), "@Cleo  @Robert of Rome", "and not oneself");
}

#[test]
fn an_invitation_to_a_group_is_told_and_counted_until_it_is_answered() {
    let mut desk = ana();
    let invitation = GroupInvitation {
        group: "conv_Band".into(),
        name: "Band".into(),
        by: "ctc_Bob".into(),
        by_name: "Bob".into(),
        received_at: "2026-11-26T11:00:00Z".into(),
    };
    desk.wanted.clear();
    desk.hear(What::GroupInvitation { invitation: invitation.clone() });
    let told = desk.wanted.iter().find_map(|effect| match effect {
        Effect::Notify(notice) => Some((notice.kind, notice.words())),
        _ => None,
    });
    let words = "Chinwag: somebody invites you to a group".to_owned();
    assert_eq!(told, Some((Kind::Invitation, words)));
    assert!(desk.has_asked("group.invitations"));
    desk.answer(Tag::Invitations { is_shown: false }, json!([invitation]));
    assert!(desk.app.window.is_none());
    desk.app.note = None;
    let status = |desk: &mut Desk| desk.screen(140, 24).lines().last().unwrap().to_owned();
    assert!(status(&mut desk).contains("1 invitation ·"), "{}", status(&mut desk));
    desk.wanted.clear();
    desk.answer(Tag::Done("declined".into()), json!({}));
    assert!(desk.has_asked("group.invitations"));
    desk.answer(Tag::Invitations { is_shown: false }, json!([]));
    desk.app.note = None;
    assert!(!status(&mut desk).contains("invitation"));
}

#[test]
fn a_name_that_looks_like_another_is_marked_wherever_one_chooses_or_looks() {
    let mut desk = ana();
    let mut carol = contact("Carol");
    carol.looks_like = vec!["Bοb".into()];
    desk.app.contacts.insert(carol.id.clone(), carol);
    desk.press("Ctrl+p");
    desk.types("car");
    let switcher = desk.screen(80, 24);
    assert!(switcher.contains("Carol, looks like Bοb"), "{switcher}");
    desk.press("Enter");
    let head = desk.screen(80, 24).lines().next().unwrap().to_owned();
    assert!(head.contains("Carol, looks like Bοb"), "{head}");
    desk.types("/peers");
    desk.press("Enter");
    let peer = json!({ "contact": "ctc_Carol", "name": "Carol", "device": "dev_c", "connected": false,
        "path": null, "lastHeardAt": null, "lastFailure": null, "nextAttemptAt": null });
    desk.answer(Tag::Peers, json!([peer]));
    for (columns, rows) in [(80, 24), (40, 12)] {
        let peers = desk.screen(columns, rows);
        assert!(peers.contains("looks like Bοb"), "{peers}");
    }
}

#[test]
fn for_whom_a_message_is_stands_among_its_keys_where_there_is_room() {
    let mut desk = ana();
    desk.press("Up");
    let keys = |desk: &mut Desk, columns| {
        let screen = desk.screen(columns, 24);
        screen.lines().rev().nth(1).unwrap().to_owned()
    };
    let wide = keys(&mut desk, 140);
    assert!(wide.ends_with("w why  a who"), "{wide}");
    let usual = keys(&mut desk, 80);
    assert!(usual.ends_with("w why") && usual.contains("r answer"), "{usual}");
}

#[test]
fn the_classroom_names_you_by_your_team() {
    let mut desk = ana();
    let red = class("10.0.0.7:4001", "red");
    let mut said = crate::harness::class_message(30, &red, "@blue, come here");
    said.mentions_me = true;
    desk.hear(What::Classroom { conversation: Box::new(red.clone()), message: Some(said) });
    let counts = |desk: &Desk| {
        let conversation = &desk.app.chats.get(&red.id).unwrap().conversation;
        (conversation.unread, conversation.unread_mentions)
    };
    assert_eq!(counts(&desk), (1, 1));
    // Read elsewhere.
    desk.hear(What::Classroom { conversation: Box::new(red.clone()), message: None });
    assert_eq!(counts(&desk), (0, 0));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_no_more_names_you_than_is_unread_and_nothing_muted_is_told(
        steps in prop::collection::vec((0_u8..6, "[a@nA ]{0,6}"), 1..40),
        level in prop::sample::select(vec![NotifyLevel::None, NotifyLevel::Mentions, NotifyLevel::All]),
    ) {
        let mut desk = told(level, &[]);
        for (n, (step, text)) in (20..).zip(steps) {
            desk.wanted.clear();
            let text = if step == 0 { format!("@Ana {text}") } else { text };
            let said = message(n, "Bob", &text);
            let names_us = said.mentions_me;
            match step {
                4 => desk.hear(What::ConversationRead { conversation: "conv_Bob".into() }),
                5 => desk.press("Alt+a"),
                _ => desk.hear(What::Message { message: said }),
            }
            let (unread, mentions) = bob(&desk);
            prop_assert!(mentions <= unread);
            let (all, of_all) = desk.app.chats.unread();
            prop_assert!(of_all <= all && desk.app.chats.unread_and_told() <= all);
            let is_told = desk.wanted.iter().any(|effect| matches!(effect, Effect::Notify(_)));
            let may_be = match level {
                NotifyLevel::None => false,
                NotifyLevel::Mentions => names_us,
                _ => true,
            };
            prop_assert!(may_be || !is_told);
            desk.screen(80, 24);
        }
    }
}
