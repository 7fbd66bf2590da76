//! People and the ways to their devices in words.

use chinwag_api::model::{
    ConnectOutcome, Contact, ContactState, Conversation, Invite, Nearby, NotifyLevel, Peer,
    Request, SafetyNumber, Ticket,
};

use super::message::Style;
use super::table::Table;
use super::{NAME_SHOWN, time};
use crate::output;

/// Characters of a stranger's line that are shown.
const REQUEST_SHOWN: usize = 200;

/// Groups of digits in one line of a safety number.
const GROUPS_IN_LINE: usize = 4;

/// A name, safe and short.
pub(crate) fn name(of: &str) -> String {
    output::person(of, NAME_SHOWN)
}

fn state(state: ContactState) -> &'static str {
    match state {
        ContactState::Contact => "contact",
        ContactState::Waiting => "waiting for their answer",
        ContactState::Blocked => "blocked",
        ContactState::Unknown => "in a state of a newer kind",
    }
}

/// How much less than everything is told of a conversation.
const fn quiet(level: NotifyLevel) -> &'static str {
    match level {
        NotifyLevel::None => ", muted",
        NotifyLevel::Mentions => ", muted but for mentions",
        NotifyLevel::All | NotifyLevel::Unknown => "",
    }
}

/// Whom else somebody could be taken for, below what is said of them.
fn alike(of: &str, others: &[String]) -> Option<String> {
    if others.is_empty() {
        return None;
    }
    let others: Vec<String> = others.iter().map(|other| name(other)).collect();
    Some(format!(
        "! {} looks like {}: make sure who it is (chinwag verify).",
        name(of),
        others.join(", ")
    ))
}

/// A table, and below it whoever could be taken for somebody else.
fn with_alike<'a>(table: String, people: impl Iterator<Item = (&'a str, &'a [String])>) -> String {
    let lines = people.filter_map(|(of, others)| alike(of, others));
    let mut lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return table;
    }
    lines.insert(0, table + "\n");
    lines.join("\n")
}

/// One contact in a sentence.
pub(crate) fn contact(contact: &Contact) -> String {
    let who = name(&contact.name);
    let state = stands(contact, &who);
    let alike = alike(&contact.name, &contact.looks_like);
    [state].into_iter().chain(alike).collect::<Vec<_>>().join("\n")
}

fn stands(contact: &Contact, who: &str) -> String {
    match contact.state {
        ContactState::Contact => format!("{who} is a contact."),
        ContactState::Waiting => format!("{who} has not answered yet."),
        ContactState::Blocked => format!("{who} is blocked."),
        ContactState::Unknown => format!("{who} is in a state of a newer kind."),
    }
}

/// What somebody who was called `before` is called now.
pub(crate) fn renamed(before: &str, contact: &Contact) -> String {
    format!("{} is called {} here from now on.", name(before), name(&contact.name))
}

/// How much is told of a conversation from now on.
pub(crate) fn told(conversation: &Conversation) -> String {
    let of = name(&conversation.name);
    match conversation.notify {
        NotifyLevel::None => {
            format!("Nothing of {of} is told any more; it is counted as unread all the same.")
        }
        NotifyLevel::Mentions => format!("Of {of} only what names you is told."),
        NotifyLevel::All => format!("Everything of {of} is told."),
        NotifyLevel::Unknown => format!("How much of {of} is told is of a newer kind."),
    }
}

/// All contacts.
pub(crate) fn contacts(contacts: &[Contact], style: &Style) -> String {
    if contacts.is_empty() {
        return "No contacts yet: `chinwag invite` makes a ticket for somebody, `chinwag add` uses \
                theirs."
            .to_owned();
    }
    let mut table =
        Table::new(&["NAME", "OWN NAME", "STATE", "VERIFIED", "UNREAD", "LAST HEARD", "ID"]);
    for contact in contacts {
        let own = contact.own_name.as_deref().filter(|own| *own != contact.name);
        table.row([
            name(&contact.name),
            own.map(name).unwrap_or_default(),
            state(contact.state).to_owned() + quiet(contact.notify),
            if contact.verified { "yes" } else { "no" }.to_owned(),
            if contact.unread > 0 { contact.unread.to_string() } else { String::new() },
            heard(contact.connected, contact.last_heard_at.as_deref(), style),
            if style.whole_ids { super::id(&contact.id, true) } else { String::new() },
        ]);
    }
    let alike = contacts.iter().map(|of| (of.name.as_str(), of.looks_like.as_slice()));
    with_alike(table.text(style.paint), alike)
}

fn heard(is_connected: bool, at: Option<&str>, style: &Style) -> String {
    match at {
        _ if is_connected => "connected".to_owned(),
        Some(at) => style.clock.ago(at),
        None => "never".to_owned(),
    }
}

/// Strangers who ask.
pub(crate) fn requests(requests: &[Request], style: &Style) -> String {
    if requests.is_empty() {
        return "No requests.".to_owned();
    }
    let mut table = Table::new(&["NAME", "WHEN", "SAYS", "ID"]);
    for request in requests {
        table.row([
            name(&request.name),
            style.clock.ago(&request.received_at),
            output::short(&request.text, REQUEST_SHOWN),
            if style.whole_ids { super::id(&request.id, true) } else { String::new() },
        ]);
    }
    let alike = requests.iter().map(|of| (of.name.as_str(), of.looks_like.as_slice()));
    with_alike(table.text(style.paint), alike)
}

/// Open invites.
pub(crate) fn invites(invites: &[Invite], style: &Style) -> String {
    if invites.is_empty() {
        return "No open invites.".to_owned();
    }
    let mut table = Table::new(&["ID", "FOR", "ENDS"]);
    for invite in invites {
        table.row([
            // It is typed to revoke it, so it is whole.
            super::id(&invite.id, true),
            whom(invite.reusable).to_owned(),
            invite
                .expires_at
                .as_deref()
                .map_or("when it is revoked".into(), |at| style.clock.until(at)),
        ]);
    }
    table.text(style.paint)
}

fn whom(is_reusable: bool) -> &'static str {
    if is_reusable { "anybody who has it" } else { "one person" }
}

/// What a ticket is good for.
pub(crate) fn ticket(ticket: &Ticket, style: &Style) -> String {
    let ends = ticket.expires_at.as_deref().map(|at| format!(", until {}", style.clock.moment(at)));
    format!(
        "A ticket for {}{}. It holds a secret: hand it over where nobody else reads along.",
        whom(ticket.reusable),
        ends.unwrap_or_default()
    )
}

/// Devices and the ways to them.
pub(crate) fn peers(peers: &[Peer], style: &Style) -> String {
    if peers.is_empty() {
        return "No devices of anybody are known yet.".to_owned();
    }
    let mut table = Table::new(&[
        "NAME",
        "DEVICE",
        "PATH",
        "ROUND TRIP",
        "LAST HEARD",
        "NEXT TRY",
        "LAST FAILURE",
    ]);
    for peer in peers {
        let path = peer.path.as_ref();
        let failure = peer.last_failure.as_ref().filter(|_| !peer.connected);
        let next = peer.next_attempt_at.as_deref().filter(|_| !peer.connected);
        table.row([
            name(&peer.name),
            super::id(&peer.device, style.whole_ids),
            path.map(|path| output::one_line(&format!("{} {}", path.kind, path.address)))
                .unwrap_or_default(),
            path.map(|path| time::round_trip(path.rtt_ms)).unwrap_or_default(),
            heard(peer.connected, peer.last_heard_at.as_deref(), style),
            next.map(|at| style.clock.until(at)).unwrap_or_default(),
            failure.map(|failure| output::one_line(&failure.text)).unwrap_or_default(),
        ]);
    }
    table.text(style.paint)
}

/// Who is on the local network and not known.
pub(crate) fn nearby(nearby: &[Nearby], style: &Style) -> String {
    if nearby.is_empty() {
        return "Nobody else is seen on the local network.".to_owned();
    }
    let mut table = Table::new(&["DEVICE", "SAYS IT IS AT"]);
    for device in nearby {
        let addresses: Vec<String> = device.addresses.iter().map(|a| output::one_line(a)).collect();
        table.row([super::id(&device.device, style.whole_ids), addresses.join(", ")]);
    }
    table.text(style.paint)
}

/// How connecting went.
pub(crate) fn outcomes(outcomes: &[ConnectOutcome], style: &Style) -> String {
    if outcomes.is_empty() {
        return "No contacts to connect to.".to_owned();
    }
    let mut table = Table::new(&["NAME", "CONNECTED", "WHY NOT"]);
    for outcome in outcomes {
        let failure = outcome.failure.as_ref().filter(|_| !outcome.connected);
        table.row([
            name(&outcome.name),
            if outcome.connected { "yes" } else { "no" }.to_owned(),
            failure.map(|failure| output::one_line(&failure.text)).unwrap_or_default(),
        ]);
    }
    table.text(style.paint)
}

/// The digits to compare.
pub(crate) fn safety_number(number: &SafetyNumber, style: &Style) -> String {
    let groups: Vec<String> = number.groups.iter().map(|group| output::one_line(group)).collect();
    let rows = groups.chunks(GROUPS_IN_LINE).map(|row| format!("    {}", row.join("  ")));
    let rows: Vec<String> = rows.collect();
    let verified =
        if number.contact.verified { "It was compared." } else { "It was not compared yet." };
    let alike = alike(&number.contact.name, &number.contact.looks_like);
    format!(
        "The safety number of you and {}:\n\n{}\n\n{verified}{}",
        name(&number.contact.name),
        style.paint.bold(&rows.join("\n")),
        alike.map(|alike| format!("\n{alike}")).unwrap_or_default()
    )
}

#[cfg(test)]
pub(crate) mod tests {
    use chinwag_api::model::{Failure, Path};

    use super::super::message::tests::style;
    use super::*;

    pub(crate) fn contact(name: &str) -> Contact {
        Contact {
            id: "ctc_abcdefghijklmnop".into(),
            name: name.into(),
            own_name: Some(name.into()),
            conversation: Some("conv_a".into()),
            state: ContactState::Contact,
            verified: false,
            connected: false,
            unread: 0,
            notify: NotifyLevel::All,
            last_heard_at: None,
            looks_like: Vec::new(),
        }
    }

    #[test]
    fn contacts_stand_in_a_table() {
        let mut bob = contact("Bob");
        (bob.own_name, bob.unread, bob.connected) = (Some("Robert".into()), 3, true);
        bob.notify = NotifyLevel::None;
        let mut eve = contact("Eve\u{1b}[2J");
        (eve.state, eve.last_heard_at) =
            (ContactState::Waiting, Some("2026-11-26T11:55:00Z".into()));
        eve.own_name = None;
        let expected = "\
NAME     OWN NAME  STATE                     VERIFIED  UNREAD  LAST HEARD
Bob      Robert    contact, muted            no        3       connected
Eve␛_2J            waiting for their answer  no                5 min ago";
        assert_eq!(contacts(&[bob, eve], &style()), expected);
    }

    #[test]
    fn who_could_be_taken_for_somebody_else_is_told_below() {
        let mut bob = contact("Bοb");
        bob.looks_like = vec!["Bob".into(), "b\u{1b}ob".into()];
        let said = "! Bοb looks like Bob, b␛ob: make sure who it is (chinwag verify).";
        assert!(
            contacts(&[bob.clone(), contact("Eve")], &style()).ends_with(&format!("\n\n{said}"))
        );
        assert_eq!(super::contact(&bob), format!("Bοb is a contact.\n{said}"));
        let number = SafetyNumber { contact: bob, groups: Vec::new() };
        assert!(safety_number(&number, &style()).ends_with(said));
        let request = Request {
            id: "ctc_e".into(),
            name: "Eve".into(),
            text: "hi".into(),
            received_at: "2026-11-26T11:55:00Z".into(),
            looks_like: vec!["Eνe".into()],
        };
        assert!(
            requests(&[request], &style())
                .ends_with("Eve looks like Eνe: make sure who it is (chinwag verify).")
        );
    }

    #[test]
    fn peers_are_shown_with_the_way_to_them() {
        let here = Peer {
            contact: "ctc_b".into(),
            name: "Bob".into(),
            device: "dev_abcdefghijkl".into(),
            connected: true,
            path: Some(Path {
                kind: "direct".into(),
                address: "192.0.2.7:4433".into(),
                rtt_ms: 0.42,
                since: "2026-11-26T11:00:00Z".into(),
                is_dialled: true,
                received_bytes: 1,
                sent_bytes: 2,
            }),
            last_heard_at: None,
            last_failure: None,
            next_attempt_at: None,
        };
        let away = Peer {
            connected: false,
            path: None,
            name: "Eve".into(),
            next_attempt_at: Some("2026-11-26T12:00:30Z".into()),
            last_failure: Some(Failure {
                at: "2026-11-26T11:59:00Z".into(),
                reason: "timedOut".into(),
                text: "no answer".into(),
            }),
            ..here.clone()
        };
        let expected = "\
NAME  DEVICE          PATH                   ROUND TRIP  LAST HEARD  NEXT TRY  LAST FAILURE
Bob   dev_abcdefghij  direct 192.0.2.7:4433  0.4 ms      connected
Eve   dev_abcdefghij                                     never       in 30 s   no answer";
        assert_eq!(peers(&[here, away], &style()), expected);
    }

    #[test]
    fn who_is_near_is_shown_with_where_they_say_they_are() {
        assert_eq!(nearby(&[], &style()), "Nobody else is seen on the local network.");
        let addresses = vec!["10.0.0.7:4433".into(), "[fe80::7]:4433".into()];
        let device = Nearby { device: "dev_abcdefghijkl".into(), addresses };
        let expected =
            "DEVICE          SAYS IT IS AT\ndev_abcdefghij  10.0.0.7:4433, [fe80::7]:4433";
        assert_eq!(nearby(&[device], &style()), expected);
    }

    #[test]
    fn a_safety_number_has_four_groups_in_a_line() {
        let groups = (0..12).map(|n| format!("{n:05}")).collect();
        let shown = safety_number(&SafetyNumber { contact: contact("Bob"), groups }, &style());
        assert!(shown.contains("\n    00004  00005  00006  00007\n"), "{shown}");
        assert!(shown.ends_with("It was not compared yet."));
    }
}
