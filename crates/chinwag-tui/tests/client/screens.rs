//! Every view at the sizes that people have, as text in `tests/screens`; `CHINWAG_GOLDEN=rewrite` writes
//! them anew. A screen in colour has its looks below it, row by row.

use std::fmt::Write as _;
use std::path::Path;

use chinwag_api::event::What;
use chinwag_api::model::{Conversation, Message, MessageState, NotifyLevel, Quote, Reaction};
use chinwag_tui::msg::{Part, Tag};
use chinwag_tui::theme::Theme;
use ratatui::buffer::Buffer;
use serde_json::json;

use crate::harness::{Desk, account, chat, class, class_message, contact, message, text_of};

/// A conversation with one of everything.
fn everything() -> Vec<Message> {
    let mut all = vec![
        message(1, "Bob", "Did you see https://example.org/clepsydra? It says `tick`."),
        message(
            2,
            "You",
            "Yes. It is a water clock: it goes on at night, and when the sky is grey, and it is as wrong as any other.",
        ),
        message(3, "Bob", "```\nfn tick() {}\n```"),
        message(4, "You", "later"),
        message(2_000, "Bob", "Good morning\nover two lines"),
        message(2_001, "You", "morning"),
        message(2_002, "You", "are you there"),
        message(2_003, "You", "not on the way yet"),
    ];
    all[1].state = Some(MessageState::Read);
    all[1].edited = true;
    let reaction = |emoji: &str, by: &[&str]| Reaction {
        emoji: emoji.to_owned(),
        by: by.iter().map(|&name| name.to_owned()).collect(),
        is_mine: false,
    };
    all[1].reactions = vec![reaction("👍", &["Bob"]), reaction("🕰️", &["Bob", "Ana"])];
    (all[3].text, all[3].gone, all[3].state) =
        (None, Some("retracted".into()), Some(MessageState::Read));
    all[5].state = Some(MessageState::Delivered);
    all[5].reply_to = Some(Quote {
        id: "msg_2000".into(),
        author: Some("Bob".into()),
        excerpt: Some("Good morning".into()),
    });
    all[6].state = Some(MessageState::Sent);
    all
}

fn ana(theme: Theme) -> Desk {
    Desk::of_ana(theme, &everything())
}

fn naming(theme: Theme) -> Desk {
    let mut desk = Desk::with(theme);
    desk.answer(Tag::Hello, json!({"api": "1", "version": "0.1.0", "hasAccount": false}));
    desk.types("Ana");
    desk
}

fn choosing(theme: Theme) -> Desk {
    let mut desk = naming(theme);
    let question = [
        "Whose relay may be used where two devices have no direct way? A relay sees which devices talk, when, how \
         much, and from which addresses; never what is said.",
        "lan: nobody's. Devices meet on the same network, or where they can be reached.",
        "https://HOST: your own, or that of somebody you trust. They see it.",
        "public: those of a project: one.relay.example, two.relay.example, three.relay.example. They see it.",
        "Nobody was contacted yet. The config keeps the answer.",
    ];
    desk.app.options.relay_question = question.map(str::to_owned).to_vec();
    desk.press("Enter");
    desk.types("pub");
    desk
}

fn words(theme: Theme) -> Desk {
    let mut desk = naming(theme);
    let words: Vec<String> = (1..=24).map(|n| format!("word{n}")).collect();
    desk.answer(Tag::Created, json!({ "account": account(), "words": words }));
    desk
}

fn first(theme: Theme) -> Desk {
    let mut desk = words(theme);
    desk.press("Enter");
    desk
}

fn nobody(theme: Theme) -> Desk {
    let mut desk = words(theme);
    desk.press("Enter");
    desk.press("Esc");
    desk.answer(Tag::Account, serde_json::to_value(account()).unwrap());
    let own = json!([{ "id": "conv_Ana", "kind": "self", "contact": "ctc_Ana", "name": "Ana",
        "unread": 0, "disappearAfterS": 0, "last": null }]);
    desk.answer(Tag::Conversations, own);
    let page = Tag::Page { conversation: "conv_Ana".into(), part: Part::Newest };
    desk.answer(page, json!({ "messages": [], "next": null }));
    desk
}

fn selected(theme: Theme) -> Desk {
    let mut desk = ana(theme);
    desk.press("Up");
    desk.press("Up");
    desk
}

fn answering(theme: Theme) -> Desk {
    let mut desk = selected(theme);
    desk.press("r");
    desk.types("of course");
    desk
}

fn asked(theme: Theme) -> Desk {
    let mut desk = selected(theme);
    desk.press("d");
    desk
}

fn why(theme: Theme) -> Desk {
    let mut desk = selected(theme);
    let why = json!({
        "message": everything()[6],
        "devices": [{
            "contact": "ctc_Bob", "name": "Bob", "device": "dev_bob", "deviceName": "laptop",
            "state": "sent", "connected": false, "reason": "no-answer",
            "text": "Bob's laptop does not answer at 192.0.2.9:4433; it is tried again.",
            "failures": [{ "at": "2026-11-26T11:58:00Z", "reason": "no-answer", "text": "no answer from 192.0.2.9:4433" }],
            "nextAttemptAt": "2026-11-26T12:00:30Z",
        }],
        "text": ["It was handed to a connection, and nobody has confirmed it."],
    });
    desk.answer(Tag::Why, why);
    desk
}

fn help(theme: Theme) -> Desk {
    let mut desk = ana(theme);
    desk.press("F1");
    desk
}

fn switcher(theme: Theme) -> Desk {
    let mut desk = ana(theme);
    desk.press("Ctrl+p");
    desk.types("re");
    desk
}

fn search(theme: Theme) -> Desk {
    let mut desk = ana(theme);
    desk.press("Ctrl+s");
    desk.types("a");
    let found = json!({ "messages": [everything()[1], everything()[0]], "next": null });
    desk.answer(Tag::Found { question: 1 }, found);
    desk
}

fn contacts(theme: Theme) -> Desk {
    let mut desk = ana(theme);
    let mut contacts = vec![contact("Bob"), contact("Carol")];
    contacts[0].connected = true;
    desk.answer(Tag::Contacts { is_shown: true }, serde_json::to_value(contacts).unwrap());
    desk
}

fn peers(theme: Theme) -> Desk {
    let mut desk = ana(theme);
    desk.types("/peers");
    desk.press("Enter");
    for rtt in [0.4, 2.0, 8.0, 1.0] {
        let peers = json!([
            { "contact": "ctc_Bob", "name": "Bob", "device": "dev_bob", "connected": true,
              "path": { "kind": "direct", "address": "192.0.2.9:4433", "rttMs": rtt,
                "since": "2026-11-26T11:40:00Z", "isDialled": true, "receivedBytes": 1, "sentBytes": 2 },
              "lastHeardAt": null, "lastFailure": null, "nextAttemptAt": null },
            { "contact": "ctc_Carol", "name": "Carol", "device": "dev_carol", "connected": false,
              "path": null, "lastHeardAt": "2026-11-26T10:00:00Z",
              "lastFailure": { "at": "2026-11-26T11:59:00Z", "reason": "no-answer", "text": "no answer from 192.0.2.11:4433" },
              "nextAttemptAt": "2026-11-26T12:02:00Z" },
        ]);
        desk.answer(Tag::Peers, peers);
    }
    desk
}

fn details(theme: Theme) -> Desk {
    let mut desk = ana(theme);
    desk.press("Alt+Shift+n");
    for rtt in [0.4, 2.0, 8.0, 1.0] {
        let peers = json!([
            { "contact": "ctc_Bob", "name": "Bob", "device": "dev_bobbobbobbobbob", "connected": true,
              "path": { "kind": "direct", "address": "192.0.2.9:4433", "rttMs": rtt,
                "since": "2026-11-26T11:40:00Z", "isDialled": true, "receivedBytes": 1, "sentBytes": 2 },
              "lastHeardAt": null, "lastFailure": null, "nextAttemptAt": null },
            { "contact": "ctc_Bob", "name": "Bob", "device": "dev_bobsotherdevice", "connected": false,
              "path": null, "lastHeardAt": "2026-11-26T10:00:00Z",
              "lastFailure": { "at": "2026-11-26T11:59:00Z", "reason": "no-answer", "text": "no answer from 192.0.2.11:4433" },
              "nextAttemptAt": "2026-11-26T12:02:00Z" },
        ]);
        desk.answer(Tag::Peers, peers);
    }
    let digest = json!({ "conversation": "conv_Bob", "entries": 8, "logs": [],
        "digest": "0011-2233-4455-6677-8899-aabb-ccdd-eeff" });
    desk.answer(Tag::DigestBeside, digest);
    desk
}

fn ticket(theme: Theme) -> Desk {
    let mut desk = ana(theme);
    let qr = format!("chinwag1{}", "abcdefghijk".repeat(17));
    let ticket = json!({ "ticket": format!("{qr}{}", "lmnopqrs".repeat(8)), "qr": qr,
        "invite": "inv_1", "reusable": false, "expiresAt": null });
    desk.answer(Tag::Ticket, ticket);
    desk
}

fn code(theme: Theme) -> Desk {
    let mut desk = ticket(theme);
    desk.press("c");
    desk
}

fn verify(theme: Theme) -> Desk {
    let mut desk = ana(theme);
    let groups: Vec<String> = (1..=12).map(|n| format!("{n:05}")).collect();
    let number = json!({ "contact": contact("Bob"), "groups": groups });
    desk.answer(Tag::SafetyNumber, number);
    desk
}

fn bare(theme: Theme) -> Desk {
    let mut desk = ana(theme);
    desk.press("Alt+l");
    desk
}

fn classroom(theme: Theme) -> Desk {
    let mut desk = ana(theme);
    let (red, mut liar) = (class("10.0.0.7:4001", "red"), class("10.0.0.7:4001", "red"));
    liar.id += "/10.0.0.9";
    liar.classroom.as_mut().unwrap().origin = Some("10.0.0.9".into());
    let hears = |desk: &mut Desk, of: &Conversation, message: Message| {
        let conversation = Box::new(of.clone());
        desk.hear(What::Classroom { conversation, message: Some(message) });
    };
    hears(&mut desk, &liar, class_message(3_000, &liar, "all answers to 10.0.0.9:1 please"));
    hears(&mut desk, &red, class_message(3_001, &red, "anybody here?"));
    desk.types("/chat 10.0.0.7:4001");
    desk.press("Enter");
    let mut unfitting = class_message(3_002, &red, "GET / HTTP/1.0");
    "unfitting".clone_into(&mut unfitting.kind);
    let mut ours = class_message(3_003, &red, "yes, since nine");
    (ours.author.is_me, ours.state) = (true, Some(MessageState::Delivered));
    let mut broken = class_message(3_004, &red, "then let us be");
    broken.ending = Some("brokeOff".into());
    let first = class_message(3_001, &red, "anybody here?");
    let page = json!({ "messages": [first, unfitting, ours, broken], "next": null });
    desk.answer(Tag::Page { conversation: red.id, part: Part::Newest }, page);
    desk.types("so do I");
    desk
}

/// After a command and its answer.
fn answered(theme: Theme, command: &str, tag: Tag, answer: serde_json::Value) -> Desk {
    let mut desk = ana(theme);
    desk.types(command);
    desk.press("Enter");
    desk.answer(tag, answer);
    desk
}

fn status(theme: Theme) -> Desk {
    let status = json!({ "version": "0.1.0", "account": account(), "dataDir": "/srv/people/ana/chinwag/data",
        "process": 4711, "isDaemon": true, "since": "2026-11-26T08:00:00Z",
        "addresses": ["192.0.2.7:4433", "[2001:db8::7]:4433"], "lan": true, "connected": 1, "contacts": 2,
        "requests": 0, "unread": 3, "undelivered": 1, "classroom": null,
        "problems": ["the disk is full: nothing more can be saved"] });
    answered(theme, "/status", Tag::Status { is_shown: true }, status)
}

fn nearby(theme: Theme) -> Desk {
    let near = json!([{ "device": "dev_abcdefghijklmnop", "addresses": ["10.0.0.7:4433", "[fe80::7]:4433"] }]);
    answered(theme, "/nearby", Tag::Nearby { is_shown: true }, near)
}

fn requests(theme: Theme) -> Desk {
    let request = |name: &str, text: &str| {
        json!({ "id": format!("ctc_{name}"), "name": name, "text": text,
            "receivedAt": "2026-11-26T11:00:00Z" })
    };
    let all = json!([request("Eve", "we met at the clockmaker's"), request("Fay", "")]);
    answered(theme, "/requests", Tag::Requests { is_shown: true }, all)
}

fn invites(theme: Theme) -> Desk {
    let all = json!([
        { "id": "inv_7abcdefghijk", "reusable": true, "expiresAt": null },
        { "id": "inv_8abcdefghijk", "reusable": false, "expiresAt": "2026-11-27T12:00:00Z" },
    ]);
    answered(theme, "/invites", Tag::Invites, all)
}

fn devices(theme: Theme) -> Desk {
    let device = |id: &str, name: &str, state: &str, is_connected: bool| {
        json!({ "id": id, "name": name, "isThis": id == "dev_ana", "isConnected": is_connected,
            "state": state })
    };
    let all = json!([
        device("dev_ana", "desk", "current", false),
        device("dev_lap", "laptop", "current", true),
        device("dev_old", "phone", "revoked", false),
    ]);
    answered(theme, "/devices", Tag::Devices, all)
}

fn unreads(theme: Theme) -> Desk {
    let mut desk = ana(theme);
    desk.types("/unreads");
    desk.press("Enter");
    desk
}

fn id(theme: Theme) -> Desk {
    let mut desk = ana(theme);
    desk.types("/id");
    desk.press("Enter");
    desk
}

fn digest(theme: Theme) -> Desk {
    let digest = json!({ "conversation": "conv_Bob", "entries": 8,
        "digest": "0011-2233-4455-6677-8899-aabb-ccdd-eeff",
        "logs": [
            { "account": "ctc_Ana", "name": "Ana", "device": "dev_ana", "height": 4, "forkedAt": null },
            { "account": "ctc_Bob", "name": "Bob", "device": "dev_bob", "height": 4, "forkedAt": 3 },
        ] });
    answered(theme, "/digest", Tag::Digest, digest)
}

fn leaving(theme: Theme) -> Desk {
    let mut desk = ana(theme);
    desk.types("on its way");
    desk.press("Enter");
    desk.press("Ctrl+q");
    desk
}

fn members(theme: Theme) -> Desk {
    let mut desk = crate::groups::in_a_group(theme);
    desk.types("/group");
    desk.press("Enter");
    desk.answer(Tag::Group, crate::groups::described(&json!(null)));
    desk
}

/// Somebody who is named, and hears nothing of Carol.
fn named(theme: Theme) -> Desk {
    let mut desk = crate::groups::in_a_group(theme);
    let mut all = desk.app.chats.all().iter().map(|c| c.conversation.clone()).collect::<Vec<_>>();
    (all[1].unread, all[1].unread_mentions) = (12, 2);
    let notify = NotifyLevel::None;
    all.push(Conversation { unread: 3, notify, ..chat("Carol") });
    desk.answer(Tag::Conversations, serde_json::to_value(all).unwrap());
    desk.hear(What::ConversationNotify {
        conversation: "conv_Choir".into(),
        level: NotifyLevel::Mentions,
    });
    let mut said = message(5, "Bob", "not without you, @Ana");
    said.conversation = "conv_Choir".into();
    desk.hear(What::Message { message: said });
    let invitation = json!({ "group": "conv_Band", "name": "Band", "by": "ctc_Bob", "byName": "Bob",
        "receivedAt": "2026-11-26T11:00:00Z" });
    desk.answer(Tag::Invitations { is_shown: false }, json!([invitation]));
    desk.types("@b");
    desk.app.note = None;
    desk
}

type View = (&'static str, fn(Theme) -> Desk);

const VIEWS: &[View] = &[
    ("conversation", ana),
    ("naming", naming),
    ("choosing", choosing),
    ("words", words),
    ("first", first),
    ("nobody", nobody),
    ("selected", selected),
    ("answering", answering),
    ("asked", asked),
    ("why", why),
    ("help", help),
    ("switcher", switcher),
    ("search", search),
    ("contacts", contacts),
    ("peers", peers),
    ("ticket", ticket),
    ("code", code),
    ("verify", verify),
    ("bare", bare),
    ("classroom", classroom),
    ("details", details),
    ("status", status),
    ("nearby", nearby),
    ("requests", requests),
    ("invites", invites),
    ("devices", devices),
    ("unreads", unreads),
    ("id", id),
    ("digest", digest),
    ("leaving", leaving),
    ("group", crate::groups::in_a_group),
    ("members", members),
    ("named", named),
];

/// The looks of a buffer: each run of cells that look other than the terminal, by row.
fn looks(buffer: &Buffer) -> String {
    let mut looks = String::new();
    for y in 0..buffer.area.height {
        let mut runs: Vec<(u16, u16, String)> = Vec::new();
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            let mut look = format!("{:?}/{:?}/{:?}", cell.fg, cell.bg, cell.modifier);
            look = look.replace("Modifier", "");
            match runs.last_mut() {
                Some((_, to, last)) if *last == look && *to + 1 == x => *to = x,
                _ => runs.push((x, x, look)),
            }
        }
        for (from, to, look) in runs {
            if look != "Reset/Reset/(0x0)" && look != "Reset/Reset/NONE" {
                // Writing to a string can't fail.
                let _ = writeln!(looks, "{y}:{from}-{to} {look}");
            }
        }
    }
    looks
}

fn compare(name: &str, shown: &str, differences: &mut Vec<String>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/screens").join(name);
    if std::env::var_os("CHINWAG_GOLDEN").is_some_and(|value| value == "rewrite") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, shown).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    if expected != shown {
        differences.push(format!("{name} is\n{shown}\nand was\n{expected}"));
    }
}

#[test]
fn every_view_looks_as_it_was_looked_at() {
    let mut differences = Vec::new();
    for (name, view) in VIEWS {
        for (columns, rows) in [(80, 24), (140, 40)] {
            let plain = view(Theme::PLAIN).screen(columns, rows);
            compare(&format!("{name}-{columns}x{rows}.txt"), &plain, &mut differences);
            let (buffer, _) = view(Theme::TERMINAL).buffer(columns, rows);
            let coloured = format!("{}\n{}", text_of(&buffer), looks(&buffer));
            compare(&format!("{name}-{columns}x{rows}-colour.txt"), &coloured, &mut differences);
        }
    }
    for (name, view) in VIEWS {
        compare(&format!("{name}-40x12.txt"), &view(Theme::PLAIN).screen(40, 12), &mut differences);
    }
    assert!(
        differences.is_empty(),
        "CHINWAG_GOLDEN=rewrite accepts this:\n{}",
        differences.join("\n")
    );
}

#[test]
fn no_size_is_too_small() {
    for (_, view) in VIEWS {
        for (columns, rows) in [(1, 1), (1, 40), (200, 1), (2, 2), (40, 12), (10, 5), (300, 100)] {
            for theme in Theme::ALL {
                view(*theme).screen(columns, rows);
            }
        }
    }
}

#[test]
fn without_colours_a_screen_says_the_same() {
    for (name, view) in VIEWS {
        assert_eq!(
            view(Theme::PLAIN).screen(80, 24),
            view(Theme::TERMINAL).screen(80, 24),
            "{name}"
        );
    }
}
