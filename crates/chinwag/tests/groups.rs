//! Groups of real programs: real databases, real connections on loopback.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

mod harness;

use chinwag_api::method::{Page, Sent};
use chinwag_api::model::{
    Audience, Contact, Conversation, Digest, Group, GroupInvitation, GroupJoining, GroupRole,
    GroupTicket, Message, MessageState, OpenGroupTicket, Reach, Status, Why,
};
use harness::ESCAPE;
use harness::home::{Home, introduce, until_so};
use harness::pipes::Piped;
use harness::terminal::Terminal;
use rustix::process::Signal;

/// Ana knows Bob and Cleo, and their daemons run.
struct Three {
    ana: Home,
    bob: Home,
    cleo: Home,
    daemons: Vec<Piped>,
}

impl Three {
    #[track_caller]
    fn who_know_ana() -> Self {
        let (ana, bob, cleo) = (Home::of("Ana"), Home::of("Bob"), Home::of("Cleo"));
        let daemons = [&ana, &bob, &cleo].map(Home::daemon).into_iter().collect();
        introduce(&ana, &bob);
        introduce(&ana, &cleo);
        Self { ana, bob, cleo, daemons }
    }

    /// The same, all of whom know each other.
    #[track_caller]
    fn who_know_each_other() -> Self {
        let three = Self::who_know_ana();
        introduce(&three.bob, &three.cleo);
        three
    }

    /// A group of Ana's with the others, which they have joined.
    #[track_caller]
    fn in_a_choir(self) -> Self {
        let group: Group = self.ana.asks(&["group", "create", "Choir", "Bob", "Cleo"]);
        assert_eq!(group.members.len(), 3);
        for other in [&self.bob, &self.cleo] {
            until_so("they are invited", || !invitations(other).is_empty());
            assert!(groups(other).is_empty(), "nothing is fetched before they answer");
            other.asks::<Group>(&["group", "join", "Choir"]);
            until_so("they have joined", || groups(other)[0].group.as_ref().unwrap().joined);
        }
        self
    }
}

#[track_caller]
fn groups(of: &Home) -> Vec<Conversation> {
    of.asks(&["groups"])
}

#[track_caller]
fn invitations(of: &Home) -> Vec<GroupInvitation> {
    of.asks(&["group", "invitations"])
}

#[track_caller]
fn messages(of: &Home) -> Vec<Message> {
    of.asks::<Page>(&["history", "Choir"]).messages
}

/// What people said, and what was done in words, as it is shown to somebody.
#[track_caller]
fn lines(of: &Home) -> Vec<String> {
    let line = |message: &Message| {
        let between = if message.kind == "membership" { " " } else { ": " };
        format!("{}{between}{}", message.author.name, message.text.as_deref().unwrap_or_default())
    };
    messages(of).iter().map(line).collect()
}

#[track_caller]
fn until_shown(of: &Home, text: &str) {
    until_so(text, || messages(of).iter().any(|m| m.text.as_deref() == Some(text)));
}

#[track_caller]
fn digest(of: &Home) -> String {
    of.asks::<Digest>(&["digest", "Choir"]).digest
}

#[track_caller]
fn until_the_same(homes: &[&Home]) {
    until_so("all have the same", || {
        let digests: Vec<String> = homes.iter().map(|home| digest(home)).collect();
        digests.windows(2).all(|two| two[0] == two[1])
    });
}

#[test]
fn what_is_said_in_a_group_all_have_also_who_do_not_know_each_other() {
    let Three { ana, bob, cleo, daemons: _daemons } = Three::who_know_ana().in_a_choir();
    let sent: Sent = bob.asks(&["send", "choir", "hello all"]);
    until_shown(&cleo, "hello all");
    until_shown(&ana, "hello all");
    cleo.does(&["react", &sent.id, "👍"]);
    let is_liked = |home: &Home| {
        let all = messages(home);
        all.iter().any(|message| message.reactions.iter().any(|r| r.by == ["Cleo"]))
    };
    until_so("Bob sees that Cleo likes it", || is_liked(&bob));
    bob.does(&["edit", &sent.id, "hello everybody"]);
    until_shown(&cleo, "hello everybody");
    until_the_same(&[&ana, &bob, &cleo]);
    let seen = lines(&cleo);
    assert_eq!(seen[0], "Ana began the group \"Choir\"", "{seen:?}");
    assert!(seen.contains(&"Ana let you in".to_owned()), "{seen:?}");
    assert!(seen.contains(&"Ana let Bob in".to_owned()), "{seen:?}");
    assert!(seen.contains(&"Bob joined".to_owned()), "{seen:?}");
    let shown = cleo.does(&["history", "Choir"]);
    assert!(shown.contains("Bob joined") && shown.contains("Bob (edited): hello every"), "{shown}");
    let status: Status = cleo.asks(&["status"]);
    assert_eq!(status.unread, 1, "what was done is not counted: {status:?}");
    cleo.does(&["read", "Choir"]);
    assert_eq!(cleo.asks::<Status>(&["status"]).unread, 0);
}

#[test]
fn a_message_is_delivered_when_the_last_member_has_it_and_why_says_who_has_not() {
    let three = Three::who_know_each_other().in_a_choir();
    let Three { ana, bob, cleo, mut daemons } = three;
    let sent: Sent = ana.asks(&["send", "Choir", "all here?", "--wait", "delivered"]);
    assert!(sent.state >= MessageState::Delivered, "{sent:?}");
    let cleos = daemons.pop().unwrap();
    cleos.signal(Signal::TERM);
    cleos.ends();
    let sent: Sent = ana.asks(&["send", "Choir", "and now?"]);
    until_shown(&bob, "and now?");
    let reached = |home: &Home| -> Option<Reach> {
        messages(home).iter().find(|message| message.id == sent.id)?.reach
    };
    until_so("Bob has it", || reached(&ana).is_some_and(|reach| reach.delivered == 1));
    let last = messages(&ana).pop().unwrap();
    assert_eq!(last.state, Some(MessageState::Sent), "not all have it");
    assert_eq!(last.reach.unwrap().members, 2);
    let why: Why = ana.asks(&["why", &sent.id]);
    let words = why.text.join("\n");
    assert!(words.contains("delivered to 1 of 2; waiting for Cleo (away "), "{words}");
    assert!(ana.does(&["history", "Choir"]).contains("sent 1/2"));
    daemons.push(cleo.daemon());
    until_so("all have it", || reached(&ana).is_some_and(|reach| reach.delivered == 2));
    until_shown(&cleo, "and now?");
    until_the_same(&[&ana, &bob, &cleo]);
}

#[test]
fn who_is_removed_gets_nothing_more_and_what_they_say_is_not_shown() {
    let Three { ana, bob, cleo, daemons: _daemons } = Three::who_know_each_other().in_a_choir();
    ana.asks::<Sent>(&["send", "Choir", "before"]);
    until_shown(&cleo, "before");
    let group: Group = ana.asks(&["group", "remove", "Choir", "Cleo", "--yes"]);
    assert_eq!(group.members.len(), 2);
    let change = group.audience_change.expect("somebody reads no more");
    assert_eq!((change.added, change.removed), (Vec::new(), vec!["Cleo".to_owned()]));
    until_so("Bob knows", || lines(&bob).contains(&"Ana removed Cleo".to_owned()));
    bob.asks::<Sent>(&["send", "Choir", "without her"]);
    until_shown(&ana, "without her");
    // Whether she has heard of it or not: what she says reaches nobody.
    cleo.runs(&["send", "Choir", "am I here?"]);
    cleo.does(&["connect"]);
    ana.asks::<Sent>(&["send", "Choir", "the last"]);
    until_shown(&bob, "the last");
    for home in [&ana, &bob] {
        assert!(!lines(home).iter().any(|line| line.contains("am I here?")), "{:?}", lines(home));
    }
    // For whom it was stays as it was, whoever goes.
    let readers = |home: &Home, text: &str| -> Vec<(String, usize, bool)> {
        let id = messages(home).into_iter().find(|m| m.text.as_deref() == Some(text)).unwrap().id;
        let audience: Audience = home.asks(&["who", &id]);
        assert!(audience.recorded);
        let others = audience.readers.into_iter().filter(|reader| !reader.is_me);
        others.map(|reader| (reader.name, reader.devices.len(), reader.is_member)).collect()
    };
    let (bobs, cleos) = (("Bob".to_owned(), 1, true), ("Cleo".to_owned(), 1, false));
    assert_eq!(readers(&ana, "before"), [bobs.clone(), cleos.clone()]);
    assert_eq!(readers(&bob, "before"), [cleos]);
    assert_eq!(readers(&ana, "the last"), [bobs]);
    let hers = lines(&cleo);
    assert!(
        !hers.iter().any(|line| line.contains("without her") || line.contains("last")),
        "{hers:?}"
    );
    until_the_same(&[&ana, &bob]);
}

#[test]
fn authority_only_flows_downwards_and_a_refusal_says_who_may() {
    let Three { ana, bob, cleo, daemons: _daemons } = Three::who_know_each_other().in_a_choir();
    let ended = bob.runs(&["group", "remove", "Choir", "Cleo", "--yes"]);
    assert_eq!(ended.code, 4, "{ended:?}");
    assert!(ended.error.contains("only an admin"), "{ended:?}");
    let made: Group = ana.asks(&["group", "role", "Choir", "Bob", "admin"]);
    assert!(made.members.iter().any(|m| m.name == "Bob" && m.role == GroupRole::Admin));
    let is_admin = || {
        let group: Group = bob.asks(&["group", "show", "Choir"]);
        group.conversation.group.unwrap().role == Some(GroupRole::Admin)
    };
    until_so("Bob knows that he is an admin", is_admin);
    bob.asks::<Group>(&["group", "rename", "Choir", "Quartet"]);
    bob.asks::<Group>(&["group", "topic", "Quartet", "Tuesdays at eight"]);
    until_so("all call it so", || groups(&cleo)[0].name == "Quartet");
    until_so("and know the topic", || {
        groups(&cleo)[0].group.as_ref().unwrap().topic == "Tuesdays at eight"
    });
    let ended = bob.runs(&["group", "remove", "Quartet", "Ana", "--yes"]);
    assert_eq!(ended.code, 4, "{ended:?}");
    let left: Group = cleo.asks(&["group", "leave", "Quartet", "--yes"]);
    assert_eq!(left.conversation.group.unwrap().role, None);
    until_so("they hear that she left", || {
        let group: Group = ana.asks(&["group", "show", "Quartet"]);
        group.members.len() == 2
    });
    let ended = cleo.runs(&["send", "Quartet", "still here?"]);
    assert_eq!(ended.code, 4, "{ended:?}");
    assert!(ended.error.contains("no member"), "{ended:?}");
}

#[test]
fn a_group_takes_nobodys_name_and_a_name_obeys_no_terminal() {
    let Three { ana, bob, cleo, daemons: _daemons } = Three::who_know_ana();
    // Somebody lets Cleo into a group that is called like somebody whom she knows.
    cleo.does(&["alias", "Ana", "Boss"]);
    bob.asks::<Group>(&["group", "create", "unrelated"]);
    ana.asks::<Group>(&["group", "create", "boss", "Cleo"]);
    until_so("Cleo hears of it", || !invitations(&cleo).is_empty());
    cleo.asks::<Sent>(&["send", "Boss", "to you alone", "--wait", "delivered"]);
    let ended = cleo.runs(&["send", "bo", "who is meant?", "--wait", "delivered"]);
    assert_eq!(ended.code, 0, "a group that one has not joined has no name: {ended:?}");
    cleo.asks::<Group>(&["group", "join", "boss"]);
    until_so("she has joined", || groups(&cleo)[0].group.as_ref().unwrap().joined);
    let ended = cleo.runs(&["send", "bo", "who is meant?"]);
    assert_eq!(ended.code, 3, "{ended:?}");
    assert!(ended.error.contains("the group boss"), "{ended:?}");
    // Whoever calls themselves like a group does not get what is meant for it.
    bob.does(&["rename", "boss"]);
    until_so("Ana hears of it", || ana.does(&["contacts"]).contains("boss"));
    let ended = ana.runs(&["send", "boss", "for the group"]);
    assert_eq!(ended.code, 3, "{ended:?}");
    assert!(ended.error.contains("fits more than one"), "{ended:?}");
    let alone: Page = ana.asks(&["history", "Cleo"]);
    assert_eq!(alone.messages.len(), 2);
    let ended = ana.runs(&["group", "create", &format!("x{ESCAPE}[31m")]);
    assert_eq!(ended.code, 2, "{ended:?}");
    let topic = format!("t{ESCAPE}]0;x");
    assert_eq!(ana.runs(&["group", "topic", "boss", &topic]).code, 2);
    let ended = ana.runs(&["group", "role", "boss", "me", "member"]);
    assert_eq!(ended.code, 4, "nobody takes their own group away by mistake: {ended:?}");
    let too_many = vec!["Bob"; 101];
    let ended = ana.runs(&[&["group", "invite", "boss"], too_many.as_slice()].concat());
    assert_eq!(ended.code, 7, "{ended:?}");
    let shown = ana.does(&["group", "show", "boss"]);
    assert!(shown.contains("You") && shown.contains("owner") && shown.contains("Cleo"), "{shown}");
}

#[test]
fn an_invitation_that_is_declined_does_not_come_again() {
    let Three { ana, bob, cleo: _cleo, daemons: _daemons } = Three::who_know_ana();
    ana.asks::<Group>(&["group", "create", "Spam", "Bob"]);
    until_so("Bob is invited", || !invitations(&bob).is_empty());
    assert_eq!(bob.asks::<Status>(&["status"]).invitations, 1);
    let shown = bob.does(&["group", "invitations"]);
    assert!(shown.contains("Spam") && shown.contains("Ana"), "{shown}");
    bob.does(&["group", "decline", "Spam"]);
    ana.asks::<Sent>(&["send", "Spam", "are you there?"]);
    ana.does(&["connect"]);
    bob.does(&["connect"]);
    ana.asks::<Sent>(&["send", "Bob", "something else", "--wait", "delivered"]);
    assert!(invitations(&bob).is_empty() && groups(&bob).is_empty());
    let ended = bob.runs(&["group", "join", "Spam"]);
    assert_eq!(ended.code, 3, "{ended:?}");
}

#[test]
fn whoever_is_invited_sees_it_joins_and_is_named_and_names_others() {
    let three = Three::who_know_each_other();
    let cleo = three.cleo.sits_at(&[]);
    cleo.until_shows("Bob");
    three.ana.asks::<Group>(&["group", "create", "Choir", "Bob", "Cleo"]);
    cleo.until_shows("Ana invites you to the group Choir: /groups");
    cleo.enters("/group join Choir");
    cleo.until("the group in the list", |view| view.lines().iter().any(|l| l.contains("  Choir")));
    three.bob.asks::<Group>(&["group", "join", "Choir"]);
    until_so("both have joined", || {
        let group: Group = three.ana.asks(&["group", "show", "Choir"]);
        group.members.iter().all(|member| member.joined)
    });
    // What was asked for is not told any more once it is answered.
    cleo.until("no invitation", |view| {
        !view.last_line().unwrap_or_default().contains("invitation")
    });
    cleo.enters("/chat Bob");
    cleo.until_shows("Bob  connected");
    three.ana.does(&["send", "Choir", "who sings? @Cleo?"]);
    cleo.until("that she is named", |view| {
        view.lines().iter().any(|line| line.contains("Choir") && line.contains(" @1 "))
    });
    cleo.types("\u{1b}a");
    let view = cleo.until_shows("who sings? @Cleo?");
    assert!(
        view.lines().iter().any(|row| row.contains(" @ ") && row.contains("who sings?")),
        "{view}"
    );
    cleo.types("not without @an\t");
    cleo.until_shows("> not without @Ana");
    cleo.enters("");
    until_so("Ana is named", || {
        let all = messages(&three.ana);
        all.iter().any(|message| message.mentions_me && message.author.name == "Cleo")
    });
    let unread = |of: &Home| {
        let group = groups(of).remove(0);
        (group.unread, group.unread_mentions)
    };
    assert_eq!(unread(&three.ana), (1, 1));
    until_so("Bob has both", || unread(&three.bob) == (2, 0));
}

#[test]
fn strangers_join_a_group_by_a_ticket_until_it_is_taken_back_and_hear_that_it_was() {
    let (ana, bob, cleo) = (Home::of("Ana"), Home::of("Bob"), Home::of("Cleo"));
    let _daemons = [&ana, &bob, &cleo].map(Home::daemon);
    ana.asks::<Group>(&["group", "create", "Choir"]);
    let ticket: GroupTicket = ana.asks(&["group", "ticket", "Choir", "--expires", "1d"]);
    assert!(ticket.expires_at.is_some());
    // One box to paste into is enough for tickets of either sort.
    let joined: GroupJoining = bob.asks(&["add", &ticket.ticket]);
    assert!(joined.joined, "{joined:?}");
    assert_eq!(joined.name.as_deref(), Some("Choir"));
    ana.asks::<Sent>(&["send", "Choir", "welcome"]);
    until_shown(&bob, "welcome");
    bob.asks::<Sent>(&["send", "Choir", "thank you"]);
    until_shown(&ana, "thank you");
    until_the_same(&[&ana, &bob]);
    assert!(lines(&ana).contains(&"Bob joined with a ticket".to_owned()), "{:?}", lines(&ana));
    assert_eq!(ana.asks::<Vec<Contact>>(&["contacts"]), [], "a member is no contact");
    let open: Vec<OpenGroupTicket> = ana.asks(&["group", "tickets", "Choir"]);
    assert_eq!((open.len(), open[0].joined, &open[0].id), (1, 1, &ticket.id));
    let refused = bob.runs(&["group", "ticket", "Choir"]);
    assert_eq!(refused.code, 4, "only those who decide make one: {refused:?}");
    ana.does(&["group", "revoke", "Choir", &ticket.id]);
    assert_eq!(ana.asks::<Vec<OpenGroupTicket>>(&["group", "tickets", "Choir"]), []);
    let late: GroupJoining = cleo.asks(&["group", "join", &ticket.ticket, "--timeout", "0"]);
    assert!(!late.joined);
    let joinings = || cleo.asks::<Vec<GroupJoining>>(&["group", "joinings"]);
    until_so("she hears why she is not let in", || {
        joinings()[0].reason.as_deref() == Some("ticketNotGood")
    });
    let shown = cleo.does(&["group", "joinings"]);
    assert!(shown.contains("revoked"), "{shown}");
    assert_eq!(groups(&cleo), []);
    cleo.does(&["group", "decline", &late.group]);
    assert_eq!(joinings(), []);
    until_the_same(&[&ana, &bob]);
}

/// Somebody at the client, in the group.
#[track_caller]
fn joins_in_the_client(home: &Home, client: &Terminal) {
    client.until_shows("invites you to the group Choir");
    client.enters("/group join Choir");
    until_so("they have joined", || groups(home).iter().any(|g| g.group.as_ref().unwrap().joined));
    client.enters("/chat Choir");
    client.until_shows("Choir  ");
}

/// What was said in words, as it is shown to somebody.
#[track_caller]
fn words(of: &Home) -> Vec<String> {
    let said = messages(of).into_iter().filter(|message| message.kind != "membership");
    said.map(|message| message.text.unwrap_or_default()).collect()
}

#[test]
fn of_five_at_the_client_one_is_killed_one_is_removed_while_away_and_one_comes_by_a_ticket() {
    let homes = ["Ana", "Bob", "Cleo", "Dan", "Eve"].map(Home::of);
    let [ana, bob, cleo, dan, eve] = &homes;
    let [anas, bobs, mut cleos, dans, eves] = homes.each_ref().map(|home| home.sits_at(&[]));
    for client in [&anas, &bobs, &cleos, &dans, &eves] {
        client.until_shows("notes to yourself");
    }
    for other in [bob, cleo, dan] {
        introduce(ana, other);
    }
    ana.asks::<Group>(&["group", "create", "Choir", "Bob", "Cleo", "Dan"]);
    for (home, client) in [(bob, &bobs), (cleo, &cleos), (dan, &dans)] {
        joins_in_the_client(home, client);
    }
    anas.enters("/chat Choir");
    let together = ["good evening", "here I am", "and I", "me too"];
    for (client, text) in [&anas, &bobs, &cleos, &dans].into_iter().zip(together) {
        client.enters(text);
        for home in [ana, bob, cleo, dan] {
            until_shown(home, text);
        }
    }
    // Eve knows nobody. She has a line of text.
    let ticket: GroupTicket = ana.asks(&["group", "ticket", "Choir"]);
    eves.enters(&format!("/group join {}", ticket.ticket));
    let is_in = |home: &Home| {
        groups(home).iter().any(|group| group.group.as_ref().is_some_and(|group| group.joined))
    };
    until_so("Eve is in", || is_in(eve));
    until_so("Eve has what was said before", || words(eve).len() == together.len());
    // Bob is killed, and Cleo leaves her client. Then she is removed.
    bobs.signal(Signal::KILL);
    drop(bobs);
    cleos.types("\u{11}\u{11}");
    assert_eq!(cleos.ends(), 0);
    dans.enters("is anybody missing?");
    until_shown(eve, "is anybody missing?");
    ana.asks::<Group>(&["group", "remove", "Choir", "Cleo", "--yes"]);
    anas.enters("without Cleo");
    until_shown(eve, "without Cleo");
    eves.enters("/chat Choir");
    eves.enters("I am new");
    until_shown(dan, "I am new");
    // Both come back: Bob to everything, Cleo to what she is told.
    let bobs = bob.sits_at(&[]);
    let cleos = cleo.sits_at(&[]);
    until_shown(bob, "I am new");
    bobs.enters("/chat Choir");
    bobs.until_shows("I am new");
    bobs.enters("what did I miss?");
    let members = [ana, bob, dan, eve];
    for home in members {
        until_shown(home, "what did I miss?");
    }
    until_so("Cleo is told", || lines(cleo).contains(&"Ana removed you".to_owned()));
    cleos.enters("/chat Choir");
    cleos.until_shows("│ removed you");
    until_the_same(&members);
    let later = ["is anybody missing?", "without Cleo", "I am new", "what did I miss?"];
    let all: Vec<&str> = together.into_iter().chain(later).collect();
    for home in members {
        assert_eq!(words(home), all);
        let group: Group = home.asks(&["group", "show", "Choir"]);
        let mut names: Vec<String> = group.members.into_iter().map(|m| m.name).collect();
        names.sort();
        assert_eq!(names.len(), 4, "{names:?}");
    }
    assert_eq!(words(cleo), together);
    assert_ne!(digest(cleo), digest(ana));
}
