//! Two people and their nodes, from the first ticket on: real programs, real databases, real
//! connections on loopback.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

mod harness;

use chinwag_api::event::{Event, What};
use chinwag_api::method::{Page, Sent};
use chinwag_api::model::{
    Account, BundleFile, Card, ConnectOutcome, Contact, ContactState, Device, Digest, Imported,
    Invite, Message, MessageState, Peer, RecoveryWords, Request, SafetyNumber, Status, Ticket, Why,
};
use harness::ESCAPE;
use harness::home::{Home, introduce, until_so};
use harness::pipes::{Ended, Piped};
use rustix::process::Signal;
use serde_json::{Value, json};

/// Two contacts whose daemons run.
struct Two {
    ana: Home,
    bob: Home,
    ana_daemon: Piped,
    bob_daemon: Piped,
}

impl Two {
    #[track_caller]
    fn contacts() -> Self {
        let (ana, bob) = (Home::of("Ana"), Home::of("Bob"));
        let (ana_daemon, bob_daemon) = (ana.daemon(), bob.daemon());
        introduce(&ana, &bob);
        Self { ana, bob, ana_daemon, bob_daemon }
    }

    /// Bob says this to Ana, and she has it.
    #[track_caller]
    fn bob_says(&self, text: &str) -> String {
        let sent: Sent = self.bob.asks(&["send", "Ana", text, "--wait", "delivered"]);
        assert!(sent.state >= MessageState::Delivered, "{sent:?}");
        sent.id
    }
}

#[track_caller]
fn ends(daemon: Piped) {
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ends().code, 143);
}

#[track_caller]
fn messages(home: &Home, with: &str) -> Vec<Message> {
    home.asks::<Page>(&["history", with]).messages
}

fn texts(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.text.as_deref().unwrap_or_default()).collect()
}

#[track_caller]
fn assert_fails(ended: &Ended, code: i32, reason: &str) {
    assert_eq!(ended.code, code, "{ended:?}");
    assert!(ended.error.contains(reason), "{ended:?}");
    assert_eq!(ended.output, "", "{ended:?}");
}

/// Listens at somebody's until their conversation has changed in this way.
#[track_caller]
fn until(listening: &Piped, mut is_it: impl FnMut(&What) -> bool) -> Event {
    let event = listening.event_within(harness::PATIENCE, |event| {
        let event: Event = serde_json::from_value(event.clone()).unwrap();
        is_it(&event.what)
    });
    serde_json::from_value(event).unwrap()
}

/// `chinwag listen --jsonl`, once it listens.
#[track_caller]
fn listening(home: &Home, args: &[&str]) -> Piped {
    let listening = home.starts(&[&["listen", "--jsonl"], args].concat());
    listening.until_error("listening");
    listening
}

// Requests.

#[test]
fn who_uses_a_card_asks_and_becomes_a_contact_when_that_is_accepted() {
    let (ana, bob) = (Home::of("Ana"), Home::of("Bob"));
    let (_ana_daemon, _bob_daemon) = (ana.daemon(), bob.daemon());
    let card: Card = ana.asks(&["invite", "--card"]);
    let ear = listening(&ana, &[]);
    let heard = listening(&bob, &[]);
    let text = format!("Bob from{ESCAPE} the train");
    let add = ["add", &card.card, "--text", &text, "--timeout", "0"];
    let waiting: Contact = bob.asks(&add);
    assert_eq!(waiting.state, ContactState::Waiting);
    until(&ear, |what| matches!(what, What::Request { request } if request.text.contains("train")));
    let shown = ana.does(&["requests"]);
    assert!(shown.contains("Bob") && !shown.contains('\u{1b}'), "{shown:?}");
    let ended = bob.runs(&["send", "Ana", "hello"]);
    assert_ne!(ended.code, 0, "nothing goes to somebody who has not accepted: {ended:?}");

    let contact: Contact = ana.asks(&["accept", "Bob"]);
    assert_eq!(contact.state, ContactState::Contact);
    let is_contact = |contact: &Contact| contact.state == ContactState::Contact;
    until(&heard, |what| matches!(what, What::Contact { contact } if is_contact(contact)));
    bob.asks::<Sent>(&["send", "Ana", "hello", "--wait", "delivered"]);
    assert_eq!(texts(&messages(&ana, "Bob")), ["hello"]);
}

#[test]
fn a_request_that_was_declined_does_not_come_again_and_can_be_thought_over() {
    let (ana, bob) = (Home::of("Ana"), Home::of("Bob"));
    let (_ana_daemon, bob_daemon) = (ana.daemon(), bob.daemon());
    let card: Card = ana.asks(&["invite", "--card"]);
    bob.asks::<Contact>(&["add", &card.card, "--text", "it's me", "--timeout", "0"]);
    let requests = || ana.asks::<Vec<Request>>(&["requests"]);
    until_so("Bob asks", || !requests().is_empty());
    let waiting: Vec<Peer> = bob.asks(&["peers"]);
    assert_eq!(waiting.len(), 1, "whom he asked is shown: {waiting:?}");
    let id = requests()[0].id.clone();
    ana.does(&["decline", "Bob"]);
    bob.asks::<Contact>(&["add", &card.card, "--text", "it's me again", "--timeout", "0"]);
    for _ in 0..3 {
        bob.runs(&["connect", "--timeout", "2"]);
    }
    assert_eq!(requests().len(), 0);
    ends(bob_daemon);
    let contact: Contact = ana.asks(&["accept", &id]);
    assert_eq!(contact.state, ContactState::Contact);
}

#[test]
fn who_asks_under_a_name_that_looks_like_a_contacts_is_told_as_such() {
    let Two { ana, bob: _bob, ana_daemon: _ana_daemon, bob_daemon: _bob_daemon } = Two::contacts();
    // With a Greek letter in it.
    let eve = Home::of("Bοb");
    let card: Card = ana.asks(&["invite", "--card"]);
    let _eve_daemon = eve.daemon();
    eve.asks::<Contact>(&["add", &card.card, "--text", "it's me", "--timeout", "0"]);
    until_so("she asks", || !ana.asks::<Vec<Request>>(&["requests"]).is_empty());
    assert_eq!(ana.asks::<Vec<Request>>(&["requests"])[0].looks_like, ["Bob"]);
    assert!(ana.does(&["requests"]).contains("! Bοb looks like Bob: make sure who it is"));
    // He was first, and looks like her all the same.
    let bob = ana.asks::<Vec<Contact>>(&["contacts"]).remove(0);
    assert_eq!(bob.looks_like, ["Bοb"]);
    let id = ana.asks::<Vec<Request>>(&["requests"])[0].id.clone();
    let accepted: Contact = ana.asks(&["accept", &id]);
    assert_eq!(accepted.looks_like, ["Bob"]);
    assert!(ana.does(&["verify", &id]).contains("Bοb looks like Bob"));
}

#[test]
fn somebody_who_is_accepted_while_away_is_called_as_they_asked() {
    let (ana, bob) = (Home::of("Ana"), Home::of("Bob"));
    let ana_daemon = ana.daemon();
    let bob_daemon = bob.daemon();
    let card: Card = ana.asks(&["invite", "--card"]);
    bob.asks::<Contact>(&["add", &card.card, "--text", "it's me", "--timeout", "0"]);
    until_so("Bob asks", || !ana.asks::<Vec<Request>>(&["requests"]).is_empty());
    ends(bob_daemon);
    let contact: Contact = ana.asks(&["accept", "Bob"]);
    assert_eq!((contact.name.as_str(), contact.own_name), ("Bob", None));
    ana.asks::<Sent>(&["send", "Bob", "welcome"]);
    let _bob_daemon = bob.daemon();
    until_so("he is told when he is back", || {
        bob.asks::<Vec<Contact>>(&["contacts"]).iter().any(|contact| contact.name == "Ana")
    });
    until_so("and it comes", || texts(&messages(&bob, "Ana")) == ["welcome"]);
    ends(ana_daemon);
}

#[test]
fn two_who_use_each_others_card_are_contacts() {
    let (ana, bob) = (Home::of("Ana"), Home::of("Bob"));
    let (_ana_daemon, _bob_daemon) = (ana.daemon(), bob.daemon());
    let cards = [&ana, &bob].map(|home| home.asks::<Card>(&["invite", "--card"]).card);
    ana.asks::<Contact>(&["add", &cards[1], "--timeout", "0"]);
    bob.asks::<Contact>(&["add", &cards[0], "--timeout", "0"]);
    for home in [&ana, &bob] {
        let is_contact = |contact: &Contact| contact.state == ContactState::Contact;
        until_so("they both want it", || {
            home.asks::<Vec<Contact>>(&["contacts"]).iter().any(is_contact)
        });
    }
}

#[test]
fn what_requires_a_verified_contact_goes_to_no_other() {
    let two = Two::contacts();
    let careful = ["send", "Ana", "the code is 7", "--require-verified"];
    let ended = two.bob.runs(&careful);
    assert_fails(&ended, 5, "the safety number with Ana was not compared");
    assert!(ended.error.contains("chinwag verify Ana"), "{ended:?}");
    assert_eq!(texts(&messages(&two.bob, "Ana")), [""; 0], "nothing was saved");
    two.bob.asks::<Contact>(&["verify", "Ana", "--yes"]);
    two.bob.asks::<Sent>(&[&careful[..], &["--wait", "delivered"]].concat());
    assert_eq!(texts(&messages(&two.ana, "Bob")), ["the code is 7"]);
}

#[test]
fn an_invitation_takes_no_text_and_a_card_no_terms() {
    let (ana, bob) = (Home::of("Ana"), Home::of("Bob"));
    let ticket: Ticket = ana.asks(&["invite"]);
    let ended = bob.runs(&["add", &ticket.ticket, "--text", "it's me", "--timeout", "0"]);
    assert_fails(&ended, 2, "this ticket is an invitation: nobody has to be asked");
    assert_eq!(ana.runs(&["invite", "--card", "--reusable"]).code, 2);
}

// Messages.

#[test]
fn what_one_says_the_other_has_and_both_digests_are_the_same() {
    let two = Two::contacts();
    let first = two.bob_says("hello");
    assert_eq!(texts(&messages(&two.ana, "Bob")), ["hello"]);
    let answer: Sent =
        two.ana.asks(&["send", "Bob", "hi yourself", "--reply-to", &first, "--wait", "delivered"]);
    let history = messages(&two.bob, "Ana");
    assert_eq!(texts(&history), ["hello", "hi yourself"]);
    assert_eq!(history[1].id, answer.id);
    let quote = history[1].reply_to.as_ref().unwrap();
    assert_eq!((quote.id.as_str(), quote.excerpt.as_deref()), (first.as_str(), Some("hello")));
    let digests: [Digest; 2] = [two.ana.asks(&["digest", "Bob"]), two.bob.asks(&["digest", "Ana"])];
    assert_eq!(digests[0].digest, digests[1].digest);
    assert_eq!(digests[0].entries, digests[1].entries);
}

#[test]
fn an_edit_a_reaction_and_a_retraction_are_seen_on_the_other_side() {
    let two = Two::contacts();
    let id = two.bob_says("helo");
    let ear = listening(&two.ana, &[]);
    let edited: Message = two.bob.asks(&["edit", &id, "hello"]);
    assert_eq!((edited.text.as_deref(), edited.edited), (Some("hello"), true));
    until(&ear, |what| matches!(what, What::MessageChanged { message } if message.edited));
    assert_eq!(texts(&messages(&two.ana, "Bob")), ["hello"]);

    let heard = listening(&two.bob, &[]);
    let reacted: Message = two.ana.asks(&["react", &id, "👍"]);
    assert!(reacted.reactions[0].is_mine);
    until(
        &heard,
        |what| matches!(what, What::MessageChanged { message } if !message.reactions.is_empty()),
    );
    let reactions = &messages(&two.bob, "Ana")[0].reactions;
    assert_eq!(
        (reactions[0].emoji.as_str(), &reactions[0].by[..]),
        ("👍", &["Ana".to_owned()][..])
    );
    let unreacted: Message = two.ana.asks(&["react", &id, "👍", "--remove"]);
    assert!(unreacted.reactions.is_empty());

    let retracted: Message = two.bob.asks(&["retract", &id]);
    assert_eq!((retracted.text, retracted.gone.as_deref()), (None, Some("retracted")));
    until(&ear, |what| matches!(what, What::MessageChanged { message } if message.gone.is_some()));
    assert_eq!(messages(&two.ana, "Bob")[0].text, None);
}

#[test]
fn a_message_to_somebody_who_is_away_is_saved_and_arrives_when_they_are_back() {
    let Two { ana, bob, ana_daemon, bob_daemon: _bob_daemon } = Two::contacts();
    ends(ana_daemon);
    let ended = bob.runs(&["send", "Ana", "later", "--wait", "delivered", "--timeout", "1"]);
    assert_eq!(ended.code, 6, "{ended:?}");
    assert!(ended.error.contains("it was not delivered within 1 s"), "{ended:?}");
    assert!(ended.error.contains("chinwag why"), "{ended:?}");
    let id = ended.output.split_whitespace().next().unwrap().to_owned();
    let why: Why = bob.asks(&["why", &id]);
    assert_eq!(why.message.state, Some(MessageState::Saved));
    assert!(!why.text.is_empty(), "{why:?}");
    let said = bob.does(&["why", &id]);
    let is_raw = |word: &str| word.contains('T') && word.ends_with('Z');
    assert!(said.contains("written 20") && !said.split([' ', ';']).any(is_raw), "{said}");

    let ear = listening(&bob, &[]);
    let _ana_daemon = ana.daemon();
    bob.runs(&["connect", "Ana"]);
    until(&ear, |what| {
        matches!(what, What::MessageState { through, state, .. }
            if *through == id && *state >= MessageState::Delivered)
    });
    assert_eq!(texts(&messages(&ana, "Bob")), ["later"]);
}

#[test]
fn without_a_daemon_a_command_stays_until_what_it_says_is_delivered() {
    let Two { ana, bob, ana_daemon, bob_daemon } = Two::contacts();
    ends(bob_daemon);
    let sent = bob.runs(&["send", "Ana", "from a command", "--linger", "30"]);
    assert_eq!(sent.code, 0, "{sent:?}");
    assert!(sent.output.ends_with(" delivered\n"), "{sent:?}");
    let id = sent.output.split_whitespace().next().unwrap();
    let edited = bob.runs(&["edit", id, "changed by a command", "--linger", "30"]);
    assert_eq!(edited.code, 0, "{edited:?}");
    assert_eq!(texts(&messages(&ana, "Bob")), ["changed by a command"]);

    ends(ana_daemon);
    let alone = bob.runs(&["send", "Ana", "nobody is there", "--linger", "1"]);
    assert_eq!(alone.code, 0, "{alone:?}");
    assert!(alone.error.contains("it is saved, and not delivered yet"), "{alone:?}");
}

#[test]
fn the_same_client_id_is_the_same_message() {
    let two = Two::contacts();
    let send = ["send", "Ana", "once", "--client-id", "job-1"];
    let (first, again): (Sent, Sent) = (two.bob.asks(&send), two.bob.asks(&send));
    assert_eq!(first.id, again.id);
    assert!(!first.is_repeated && again.is_repeated);
    assert_eq!(texts(&messages(&two.bob, "Ana")), ["once"]);
}

#[test]
fn a_text_may_come_from_standard_input() {
    let two = Two::contacts();
    let sent = two.bob.runs_with(&["send", "Ana", "-", "--json"], b"two\nlines\n");
    assert_eq!(sent.code, 0, "{sent:?}");
    assert_eq!(texts(&messages(&two.bob, "Ana")), ["two\nlines"]);
    let no_text = two.bob.runs_with(&["send", "Ana", "-"], b"caf\xe9");
    assert_fails(&no_text, 2, "standard input is not UTF-8 text");
    let too_long = two.bob.runs_with(&["send", "Ana", "-"], &vec![b'x'; 2 * 1_024 * 1_024]);
    assert_fails(&too_long, 7, "over the limit");
}

#[test]
fn words_are_found_again() {
    let two = Two::contacts();
    two.bob_says("the quick brown fox");
    two.bob_says("a lazy dog");
    let found: Page = two.ana.asks(&["search", "quick", "fo"]);
    assert_eq!(texts(&found.messages), ["the quick brown fox"]);
    let none: Page = two.ana.asks(&["search", "quick", "--from", "me"]);
    assert!(none.messages.is_empty());
    let none: Page = two.ana.asks(&["search", "lazy", "--before", "1h"]);
    assert!(none.messages.is_empty());
    let some: Page = two.ana.asks(&["search", "lazy", "--after", "1h", "--in", "Bob"]);
    assert_eq!(some.messages.len(), 1);
    let shown = two.ana.does(&["search", "lazy"]);
    assert!(shown.contains("Bob: a lazy dog"), "{shown}");
    assert_fails(&two.ana.runs(&["search", "x", "--after", "soon"]), 2, "is no time");
}

#[test]
fn what_was_read_is_read_on_the_other_side_too() {
    let two = Two::contacts();
    let heard = listening(&two.bob, &[]);
    let id = two.bob_says("read me");
    let contacts: Vec<Contact> = two.ana.asks(&["contacts"]);
    assert_eq!(contacts[0].unread, 1);
    two.ana.does(&["read", "Bob"]);
    until(&heard, |what| {
        matches!(what, What::MessageState { through, state: MessageState::Read, .. }
            if *through == id)
    });
    let contacts: Vec<Contact> = two.ana.asks(&["contacts"]);
    assert_eq!(contacts[0].unread, 0);
}

#[test]
fn an_export_is_the_whole_conversation_with_the_oldest_first() {
    let two = Two::contacts();
    for n in 0..5 {
        two.bob_says(&format!("number {n} *not bold*"));
    }
    let lines = two.ana.does(&["export", "Bob"]);
    let exported: Vec<Message> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(exported, messages(&two.ana, "Bob"));
    let path = two.ana.path("bob.md");
    let to_file = ["export", "Bob", "--format", "markdown", "--utc", "--output", &path];
    assert_eq!(two.ana.does(&to_file), "");
    let markdown = std::fs::read_to_string(&path).unwrap();
    assert!(markdown.starts_with("# Conversation with Bob\n\n5 messages"), "{markdown}");
    assert!(markdown.contains("> number 4 \\*not bold\\*"), "{markdown}");
    assert_fails(&two.ana.runs(&to_file), 4, "is there already");
}

#[test]
fn a_name_that_nobody_has_is_code_3() {
    let two = Two::contacts();
    for args in [
        &["send", "Eve", "x"][..],
        &["history", "Eve"],
        &["digest", "Eve"],
        &["verify", "Eve"],
        &["chat", "Eve"],
        &["bundle", "export", "--for", "Eve", &two.bob.path("x")],
    ] {
        let ended = two.bob.runs(args);
        assert_eq!((ended.code, ended.output.as_str()), (3, ""), "{args:?}: {ended:?}");
        assert!(ended.error.starts_with("chinwag: "), "{args:?}: {ended:?}");
    }
    let no_message = "msg_aaaaaaaaaaaaaaaa";
    assert_eq!(two.bob.runs(&["why", no_message]).code, 3);
}

#[test]
fn no_byte_of_somebody_else_is_obeyed_by_the_terminal_that_shows_it() {
    let attack = "\u{1b}[2J\u{1b}]52;c;x\u{7}\u{9b}31m\r\u{8}\u{202e}\nAna: end";
    let two = Two::contacts();
    two.bob_says(attack);
    two.ana.does(&["alias", "Bob", "B:ob"]);
    for args in
        [&["history", "B"][..], &["search", "end"], &["export", "B", "--format", "markdown"]]
    {
        let shown = two.ana.does(args);
        for c in shown.chars().filter(|c| *c != '\n') {
            assert!(!c.is_control() && c != '\u{202e}', "{c:?} in {shown}");
        }
        assert!(!shown.lines().any(|line| line.trim_start().starts_with("Ana:")), "{shown}");
    }
    let page: Page = two.ana.asks(&["history", "B"]);
    assert_eq!(page.messages[0].text.as_deref(), Some(attack), "a program gets it as it came");
}

// People.

#[test]
fn a_ticket_is_one_line_and_good_for_one() {
    let (ana, bob, eve) = (Home::of("Ana"), Home::of("Bob"), Home::of("Eve"));
    let (_ana_daemon, _bob_daemon) = (ana.daemon(), bob.daemon());
    let ended = ana.runs(&["invite", "--expires", "1d"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(ended.output.lines().count(), 1, "{ended:?}");
    assert!(ended.error.contains("A ticket for one person, until "), "{ended:?}");
    let ticket = ended.output.trim();
    let added = bob.runs_with(&["add", "-", "--as", "Annie", "--timeout", "30"], ticket.as_bytes());
    assert_eq!((added.code, added.output.as_str()), (0, "Annie is a contact.\n"), "{added:?}");
    let late: Contact = eve.asks(&["add", ticket, "--timeout", "2"]);
    assert_ne!(late.state, ContactState::Contact, "it was used up");

    let open: Ticket = ana.asks(&["invite", "--reusable"]);
    let invites: Vec<Invite> = ana.asks(&["invites"]);
    assert_eq!(invites.iter().map(|invite| &invite.id).collect::<Vec<_>>(), [&open.invite]);
    ana.does(&["invites", "--revoke", &open.invite]);
    let invites: Vec<Invite> = ana.asks(&["invites"]);
    assert!(invites.is_empty());
    assert_fails(&bob.runs(&["add", "no-ticket"]), 2, "ticket");
}

#[test]
fn an_invite_can_wait_for_whom_it_is_for() {
    let (ana, bob) = (Home::of("Ana"), Home::of("Bob"));
    let inviting = ana.starts(&["invite", "--wait", "--qr"]);
    let ticket = inviting.line();
    inviting.until_error("waiting for somebody to use it");
    let added = bob.runs(&["add", &ticket, "--timeout", "30"]);
    assert_eq!((added.code, added.output.as_str()), (0, "Ana is a contact.\n"), "{added:?}");
    let invited = inviting.ends();
    assert_eq!(invited.code, 0, "{invited:?}");
    assert!(invited.error.contains("Bob is a contact."), "{invited:?}");
    assert!(invited.output.contains('▀'), "the QR code: {invited:?}");
}

#[test]
fn people_are_listed_renamed_verified_and_blocked() {
    let two = Two::contacts();
    let numbers: [SafetyNumber; 2] =
        [two.ana.asks(&["verify", "Bob"]), two.bob.asks(&["verify", "Ana"])];
    assert_eq!(numbers[0].groups, numbers[1].groups);
    assert_eq!(numbers[0].groups.len(), 12);
    let shown = two.ana.does(&["verify", "Bob"]);
    assert!(shown.contains(&numbers[0].groups[0]) && shown.contains("not compared"), "{shown}");
    assert_eq!(two.ana.does(&["verify", "Bob", "--yes"]), "Bob is verified.\n");
    let renamed: Contact = two.ana.asks(&["alias", "Bob", "Bobby"]);
    assert_eq!((renamed.name.as_str(), renamed.verified), ("Bobby", true));
    let table = two.ana.does(&["contacts"]);
    assert!(table.starts_with("NAME   OWN NAME  STATE    VERIFIED"), "{table}");
    assert!(table.lines().nth(1).unwrap().starts_with("Bobby  Bob       contact  yes"), "{table}");
    assert_eq!(two.ana.does(&["block", "Bobby"]), "Bobby is blocked.\n");
    assert_eq!(two.ana.does(&["unblock", "Bobby"]), "Bobby is a contact.\n");
    let lines = two.ana.does(&["contacts", "--jsonl"]);
    assert_eq!(serde_json::from_str::<Contact>(&lines).unwrap().name, "Bobby");
}

#[test]
fn who_is_reachable_is_shown_with_the_way() {
    let Two { ana, bob, ana_daemon, bob_daemon: _bob_daemon } = Two::contacts();
    let reached: Vec<ConnectOutcome> = bob.asks(&["connect", "Ana"]);
    assert!(reached[0].connected, "{reached:?}");
    let peers: Vec<Peer> = bob.asks(&["peers"]);
    let path = peers[0].path.as_ref().expect("a way to Ana");
    assert_eq!(path.kind, "direct");
    assert!(path.address.starts_with("127.0.0.1:"), "{path:?}");
    let table = bob.does(&["peers"]);
    assert!(table.contains("direct 127.0.0.1:") && table.contains(" ms"), "{table}");
    let ear = listening(&bob, &[]);
    ends(ana_daemon);
    until(&ear, |what| matches!(what, What::Peer { connected: false, .. }));
    let away = bob.runs(&["connect", "Ana", "--timeout", "1"]);
    assert_eq!(away.code, 6, "{away:?}");
    assert!(away.output.starts_with("NAME  CONNECTED"), "{away:?}");
    drop(ana);
}

// The account.

#[test]
fn a_search_gives_as_many_as_were_asked_for_however_long_they_are() {
    let home = Home::of("Ana");
    let _daemon = home.daemon();
    // In JSON each of these takes three megabytes, and an answer of the daemon has room for two.
    let longest = "\u{1}".repeat(500_000);
    for n in 0..5 {
        let sent =
            home.runs_with(&["send", "me", "-"], format!("harbour {n} {longest}").as_bytes());
        assert_eq!(sent.code, 0, "{sent:?}");
    }
    for limit in [4, 20] {
        let limit = limit.to_string();
        let page: Page = home.asks(&["search", "harbour", "--limit", &limit]);
        let found: Vec<&str> = texts(&page.messages).iter().map(|text| &text[..9]).collect();
        let expected = ["harbour 4", "harbour 3", "harbour 2", "harbour 1", "harbour 0"];
        assert_eq!(found, expected[..found.len()]);
        assert_eq!(
            (found.len(), page.next.is_some()),
            if limit == "4" { (4, true) } else { (5, false) }
        );
    }
}

#[test]
fn recovery_words_go_into_a_pipe_only_if_that_is_asked_for() {
    let home = Home::empty();
    let made: Value = home.asks(&["init", "--name", "Ana"]);
    assert_eq!(made["account"]["name"], "Ana");
    assert_eq!(made.get("words"), None);
    assert_fails(&home.runs(&["words"]), 2, "--show-words");
    let words: RecoveryWords = home.asks(&["words", "--show-words"]);
    assert_eq!(words.0.len(), 24);
    let again = home.runs(&["init", "--name", "Ana"]);
    assert_eq!((again.code, again.output.as_str()), (4, ""), "{again:?}");

    let other = Home::empty().runs(&["init", "--name", "Bob"]);
    assert_eq!(other.code, 0, "{other:?}");
    assert!(other.error.contains("chinwag words"), "{other:?}");
    assert!(other.output.lines().count() == 3, "{other:?}");
    let asked: Value = Home::empty().asks(&["init", "--name", "Eve", "--show-words"]);
    assert_eq!(asked["words"].as_array().unwrap().len(), 24);
}

#[test]
fn without_an_account_everything_else_says_how_to_get_one() {
    let home = Home::empty();
    for args in [&["id"][..], &["contacts"], &["send", "bob", "x"], &["invite"], &["chat", "bob"]] {
        assert_fails(&home.runs(args), 5, "there is no account here yet");
    }
    let status: Status = home.asks(&["status"]);
    assert_eq!(status.account, None);
    assert!(home.does(&["status"]).contains("none yet: chinwag init makes one"));
}

#[test]
fn a_person_is_asked_for_a_name_when_it_is_first_needed() {
    let home = Home::empty();
    let mut terminal = home.sits_at(&["id"]);
    terminal.until_last_line("What should others call you?");
    terminal.enters("Ana");
    terminal.until_last_line("lan, https://HOST or public? [lan]");
    terminal.enters("");
    terminal.until_shows("These words are the account");
    terminal.until_shows("24 ");
    assert_eq!(terminal.ends(), 0);
    let account: Account = home.asks(&["id"]);
    assert_eq!(account.name, "Ana");
    assert_eq!(relays_of(&home), "relays = []");
}

/// What `config show` says of relays.
#[track_caller]
fn relays_of(home: &Home) -> String {
    let shown = home.does(&["config", "show"]);
    shown.lines().find(|line| line.starts_with("relays")).unwrap_or_default().to_owned()
}

#[test]
fn whose_relay_may_be_used_is_asked_until_it_is_understood_and_kept_in_the_config() {
    let home = Home::empty();
    let mut terminal = home.sits_at(&["init"]);
    terminal.until_last_line("What should others call you?");
    terminal.enters("Ana");
    for part in ["never what is said", "euc1-1.relay.n0.iroh.link", "Nobody was contacted yet"] {
        terminal.until_shows(part);
    }
    terminal.until_last_line("lan, https://HOST or public? [lan]");
    terminal.enters("relay.example");
    terminal.until_shows("lan, public, or the address of a relay");
    assert_eq!(home.asks::<Status>(&["status"]).account, None);
    terminal.until_last_line("lan, https://HOST or public? [lan]");
    // Nobody is there.
    terminal.enters("https://127.0.0.1:9");
    terminal.until_shows("24 ");
    assert_eq!(terminal.ends(), 0);
    assert_eq!(relays_of(&home), "relays = [\"https://127.0.0.1:9\"]");
    let relays = home.asks::<Status>(&["status"]).relays;
    assert_eq!(relays.len(), 1, "{relays:?}");
    // It was said, and is not asked again, whoever begins.
    let other = home.path("other");
    let mut terminal = home.sits_at(&["init", "--data-dir", &other]);
    terminal.until_last_line("What should others call you?");
    terminal.enters("Bob");
    terminal.until_shows("24 ");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn a_script_says_whose_relay_may_be_used_and_nobodys_is_if_it_says_nothing() {
    let home = Home::empty();
    let made = home.runs(&["init", "--name", "Ana"]);
    assert_eq!(made.code, 0, "{made:?}");
    let said =
        |ended: &Ended| ended.error.lines().filter(|line| line.contains("lan: no relay")).count();
    assert_eq!(said(&made), 1, "{made:?}");
    assert!(!std::path::Path::new(home.does(&["config", "path"]).trim()).exists());

    let home = Home::empty();
    let wrong = home.runs(&["init", "--name", "Ana", "--relay", "relay.example"]);
    assert_fails(&wrong, 2, "https://HOST");
    let made = home.runs(&["init", "--name", "Ana", "--relay", "https://127.0.0.1:9"]);
    assert_eq!((made.code, said(&made)), (0, 0), "{made:?}");
    assert_eq!(relays_of(&home), "relays = [\"https://127.0.0.1:9\"]");
    let other = home.path("other");
    let init =
        |relay| home.runs(&["--data-dir", &other, "init", "--name", "Bob", "--relay", relay]);
    assert_fails(&init("lan"), 4, "the config names other relays already");
    let made = init("https://127.0.0.1:9");
    assert_eq!((made.code, said(&made)), (0, 0), "{made:?}");
}

#[test]
fn a_daemon_that_runs_already_uses_the_relay_that_is_chosen_at_once() {
    let home = Home::empty();
    let daemon = home.daemon();
    home.does(&["init", "--name", "Ana", "--relay", "https://127.0.0.1:9"]);
    let relays = home.asks::<Status>(&["status"]).relays;
    assert_eq!(relays.len(), 1, "{relays:?}");
    drop(daemon);
}

#[test]
fn an_account_comes_back_from_its_backup_with_all_that_was_said() {
    let two = Two::contacts();
    two.bob_says("remember this");
    let words: RecoveryWords = two.ana.asks(&["words", "--show-words"]);
    let backup = two.ana.path("backup");
    two.ana.does(&["backup", &backup]);
    let fresh = Home::empty();
    let restored = fresh.runs_with(&["restore", &backup], words.0.join(" ").as_bytes());
    assert_eq!(restored.code, 0, "{restored:?}");
    assert_eq!(texts(&messages(&fresh, "Bob")), ["remember this"]);
    let (old, new): (Account, Account) = (two.ana.asks(&["id"]), fresh.asks(&["id"]));
    assert_eq!(old.id, new.id);
    assert_ne!(old.device.id, new.device.id, "it is a new device");
    let wrong = Home::empty().runs_with(&["restore", &backup], b"abandon");
    assert_fails(&wrong, 2, "an account has 24 recovery words, and these are 1");
}

#[test]
fn an_account_comes_back_from_its_words_alone() {
    let home = Home::of("Ana");
    let words: RecoveryWords = home.asks(&["words", "--show-words"]);
    let fresh = Home::empty();
    let shown = home.does(&["words", "--show-words"]);
    let restored = fresh.runs_with(&["restore", "--json"], shown.as_bytes());
    assert_eq!(restored.code, 0, "{restored:?}");
    let account: Account = serde_json::from_str(&restored.output).unwrap();
    assert_eq!(account.id, home.asks::<Account>(&["id"]).id);
    assert_eq!(fresh.asks::<RecoveryWords>(&["words", "--show-words"]), words);
}

#[test]
fn our_name_can_change_and_our_devices_are_listed() {
    let home = Home::of("Ana");
    let renamed: Account = home.asks(&["rename", "Ana Maria"]);
    assert_eq!(renamed.name, "Ana Maria");
    let devices: Vec<Device> = home.asks(&["devices"]);
    assert_eq!(devices.len(), 1);
    assert!(devices[0].is_this && devices[0].name == "laptop", "{devices:?}");
    assert!(home.does(&["devices"]).contains("laptop  current  this one"));
}

// Without a network.

#[test]
fn messages_travel_in_a_file_where_there_is_no_network() {
    let Two { ana, bob, ana_daemon, bob_daemon } = Two::contacts();
    ends(ana_daemon);
    ends(bob_daemon);
    bob.does(&["send", "Ana", "by hand", "--linger", "0"]);
    let path = bob.path("for-ana");
    bob.does(&["bundle", "export", "--for", "Ana", &path]);
    assert_fails(&bob.runs(&["bundle", "export", "--for", "Ana", &path]), 4, "is there already");
    let imported: Imported = ana.asks(&["bundle", "import", &path]);
    assert_eq!((imported.bundles, imported.for_others), (1, 0));
    assert_eq!(texts(&messages(&ana, "Bob")), ["by hand"]);
    let document: BundleFile = bob.asks(&["bundle", "export", "--for", "Ana", "-"]);
    assert!(document.devices > 0);
    assert_eq!(ana.runs(&["bundle", "import", &ana.path("nothing")]).code, 3);
    let no_bundle = ana.runs_with(&["bundle", "import", "-"], b"no bundle at all");
    assert_ne!(no_bundle.code, 0, "{no_bundle:?}");
}

// The daemon, and programs.

#[test]
fn a_data_folder_has_one_owner() {
    let home = Home::of("Ana");
    let daemon = home.daemon();
    let status: Status = home.asks(&["status"]);
    assert!(status.is_daemon);
    assert!(status.addresses[0].starts_with("127.0.0.1:"), "{status:?}");
    assert!(!status.lan);
    let second = home.runs(&["daemon"]);
    assert_eq!((second.code, second.output.as_str()), (8, ""), "{second:?}");
    ends(daemon);
    assert!(!home.asks::<Status>(&["status"]).is_daemon);
}

#[test]
fn the_daemon_ends_with_the_code_of_its_signal_or_when_it_is_asked_to() {
    let home = Home::of("Ana");
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let daemon = home.daemon();
        daemon.signal(signal);
        assert_eq!(daemon.ends().code, code);
    }
    let daemon = home.daemon();
    let request = br#"{"jsonrpc":"2.0","id":1,"method":"system.shutdown","params":{}}"#;
    home.runs_with(&["rpc"], request);
    assert_eq!(daemon.ends().code, 0);
}

#[test]
fn a_program_speaks_json_rpc_over_standard_input_and_output() {
    for with_daemon in [false, true] {
        let home = Home::of("Ana");
        let _daemon = with_daemon.then(|| home.daemon());
        let requests = [
            r#"{"jsonrpc":"2.0","id":"a","method":"system.hello","params":{"client":"a test"}}"#,
            r#"{"jsonrpc":"2.0","id":2,"method":"account.show"}"#,
            "",
            r#"{"jsonrpc":"2.0","id":3,"method":"no.such"}"#,
            "no json",
        ];
        let ended = home.runs_with(&["rpc"], (requests.join("\n") + "\n").as_bytes());
        assert_eq!(ended.code, 0, "{ended:?}");
        let replies: Vec<Value> =
            ended.output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let with_id = |id: Value| replies.iter().find(|reply| reply["id"] == id).unwrap();
        assert_eq!(replies.len(), 4, "{ended:?}");
        assert_eq!(with_id(json!("a"))["result"]["hasAccount"], true);
        assert_eq!(with_id(json!(2))["result"]["name"], "Ana");
        assert_eq!(with_id(json!(3))["error"]["code"], -32_601);
        assert_eq!(with_id(Value::Null)["error"]["code"], -32_700);
    }
}

#[test]
fn events_go_on_where_somebody_stopped_listening() {
    let two = Two::contacts();
    let ear = listening(&two.ana, &[]);
    two.bob_says("first");
    let is_theirs = |what: &What| matches!(what, What::Message { message } if message.text.as_deref() == Some("first"));
    let first = until(&ear, is_theirs);
    ear.signal(Signal::TERM);
    assert_eq!(ear.ends().code, 143);
    two.bob_says("second");
    let again = listening(&two.ana, &["--after", &first.cursor.unwrap()]);
    let next = until(&again, |what| matches!(what, What::Message { .. }));
    let What::Message { message } = next.what else { panic!() };
    assert_eq!(message.text.as_deref(), Some("second"));
}

#[test]
fn what_happens_is_said_in_lines_to_a_person() {
    let two = Two::contacts();
    let ear = two.ana.starts(&["listen"]);
    ear.until_error("listening");
    two.bob_says("can you hear me?");
    ear.until("Bob: can you hear me?\n");
}

// Chats.

#[test]
fn two_people_chat_and_see_how_far_their_words_have_come() {
    let two = Two::contacts();
    two.bob_says("said before");
    let (mut ana, mut bob) = (two.ana.sits_at(&["chat", "Bob"]), two.bob.sits_at(&["chat", "Ana"]));
    ana.until_shows_above("Bob: said before", "Bob>");
    bob.until_last_line("Ana>");

    ana.types("half a tho");
    ana.until_last_line("Bob> half a tho");
    bob.enters("are you there?");
    let view = ana.until_shows_above("Bob: are you there?", "Bob> half a tho");
    assert!(view.line_above().contains("#2 "), "{view}");
    bob.until_shows("#2 read");
    ana.enters("ught");
    bob.until_shows("#3 ");
    bob.until_shows("Ana: half a thought");
    ana.until_shows("#3 read");

    bob.enters("/reply 3 a whole one?");
    ana.until_shows("Bob, answering you “half a thought”: a whole one?");
    ana.enters("/edit 3 a whole thought");
    bob.until_shows("Ana (edited): a whole thought");
    bob.enters("/react 3 👍");
    ana.until_shows("+ 👍 Bob");
    ana.enters("/retract 3");
    bob.until_shows("Ana took this back");
    ana.enters("/why");
    ana.until_shows("REACHABLE");
    ana.enters("/quti");
    ana.until_shows("there is no command /quti. Did you mean /quit? Nothing was sent");
    ana.enters("//quit is a command");
    bob.until_shows("Ana: /quit is a command");

    ana.types("never mind");
    ana.until_last_line("Bob> never mind");
    ana.types(harness::terminal::CTRL_C);
    ana.until_last_line("Bob>");
    ana.types(harness::terminal::CTRL_C);
    assert_eq!(ana.ends(), 0);
    ana.assert_is_as_it_was_found();
    bob.enters("/quit");
    assert_eq!(bob.ends(), 0);
    assert_eq!(messages(&two.ana, "Bob"), {
        let mut bobs = messages(&two.bob, "Ana");
        for (bobs, anas) in bobs.iter_mut().zip(messages(&two.ana, "Bob")) {
            // Who is "me", and how far it came, is each one's own.
            bobs.state = anas.state;
            bobs.author.is_me = anas.author.is_me;
            for (reaction, theirs) in bobs.reactions.iter_mut().zip(anas.reactions) {
                reaction.is_mine = theirs.is_mine;
            }
        }
        bobs
    });
}

#[test]
fn a_chat_works_on_pipes_as_plain_lines() {
    let two = Two::contacts();
    let mut chat = two.bob.starts(&["chat", "Ana", "--history", "0"]);
    chat.enters("from a pipe");
    chat.until("#1 delivered\n");
    two.ana.does(&["send", "Bob", "to a pipe"]);
    chat.until("Ana: to a pipe\n");
    chat.enters("/nonsense");
    chat.until("there is no command /nonsense");
    chat.closes_input();
    let ended = chat.ends();
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(!ended.output.contains(ESCAPE), "{ended:?}");
    assert_eq!(texts(&messages(&two.ana, "Bob")), ["from a pipe", "to a pipe"]);
}

#[test]
fn a_chat_without_daemons_is_two_nodes_that_talk() {
    let Two { ana, bob, ana_daemon, bob_daemon } = Two::contacts();
    ends(ana_daemon);
    ends(bob_daemon);
    let (mut anas, mut bobs) = (ana.sits_at(&["chat", "Bob"]), bob.sits_at(&["chat", "Ana"]));
    anas.until_last_line("Bob>");
    bobs.until_last_line("Ana>");
    bobs.enters("no daemon here");
    anas.until_shows("Bob: no daemon here");
    bobs.until_shows("#1 read");
    bobs.types(harness::terminal::CTRL_D);
    assert_eq!(bobs.ends(), 0);
    anas.types(harness::terminal::CTRL_D);
    assert_eq!(anas.ends(), 0);
}
