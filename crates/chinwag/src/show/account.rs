//! Our account, its devices and the daemon in words.

use chinwag_api::model::{Account, Device, DeviceState, RecoveryWords, Relay, Status};

use super::NAME_SHOWN;
use super::message::Style;
use super::table::{Table, facts};
use crate::output;
use chinwag_text::words;

/// Recovery words in one line.
const WORDS_IN_LINE: usize = 6;

/// Our account and this device.
pub(crate) fn account(account: &Account, style: &Style) -> String {
    let device = &account.device;
    let name = output::person(&device.name, NAME_SHOWN);
    let facts_of = [
        ("Name", output::person(&account.name, NAME_SHOWN)),
        ("Account", super::id(&account.id, true)),
        ("Device", format!("{name} ({})", super::id(&device.id, style.whole_ids))),
    ];
    facts(&facts_of, style.paint)
}

/// The devices of our account.
pub(crate) fn devices(devices: &[Device], style: &Style) -> String {
    let mut table = Table::new(&["NAME", "STATE", "CONNECTED", "ID"]);
    for device in devices {
        let connected = match device {
            Device { is_this: true, .. } => "this one",
            Device { is_connected: true, .. } => "yes",
            _ => "no",
        };
        table.row([
            output::person(&device.name, NAME_SHOWN),
            state(device.state).to_owned(),
            connected.to_owned(),
            // It is typed to revoke it, so it is whole.
            super::id(&device.id, true),
        ]);
    }
    table.text(style.paint)
}

fn state(state: DeviceState) -> &'static str {
    match state {
        DeviceState::Current => "current",
        DeviceState::Expired => "expired",
        DeviceState::Retired => "retired",
        DeviceState::Revoked => "revoked",
        DeviceState::Unknown => "in a state of a newer kind",
    }
}

/// The recovery words, numbered, a few in a line.
pub(crate) fn words(words: &RecoveryWords) -> String {
    let numbered: Vec<String> =
        words.0.iter().enumerate().map(|(n, word)| format!("{:>2} {word:<9}", n + 1)).collect();
    let rows = numbered.chunks(WORDS_IN_LINE).map(|row| format!("  {}", row.join(" ").trim_end()));
    rows.collect::<Vec<_>>().join("\n")
}

/// How the daemon is.
pub(crate) fn status(status: &Status, style: &Style) -> String {
    let yes_no = |is: bool| if is { "yes" } else { "no" };
    let clock = &style.clock;
    let mut all = Vec::new();
    match &status.account {
        Some(account) => {
            let device = output::person(&account.device.name, NAME_SHOWN);
            let name = output::person(&account.name, NAME_SHOWN);
            all.push(("Account", format!("{name}, on {device}")));
        }
        None => all.push(("Account", "none yet: chinwag init makes one".to_owned())),
    }
    let class = status.classroom.as_ref().map(|us| {
        let team = output::name(&us.team, NAME_SHOWN);
        let at = us.address.as_deref().map_or("not heard now".to_owned(), output::one_line);
        ("Classroom", format!("as {team}, {at}; not private"))
    });
    let node = if status.is_daemon { "daemon" } else { "runs for this command only" };
    let node = format!("{node}, process {}, since {}", status.process, clock.ago(&status.since));
    all.push(("Node", node));
    all.push(("Version", output::one_line(&status.version)));
    let data = output::one_line(&status.data_dir);
    let protected = if status.has_passphrase { "with" } else { "without" };
    all.push(("Data", format!("{data}, {protected} a passphrase")));
    let addresses: Vec<String> = status.addresses.iter().map(|a| output::one_line(a)).collect();
    all.push(("Listens on", addresses.join("\n")));
    all.push(("Local network", yes_no(status.lan).to_owned()));
    let has_home = status.relays.iter().any(|relay| relay.is_home);
    let relays: Vec<String> = status.relays.iter().map(|of| relay(of, has_home)).collect();
    let relays = if relays.is_empty() { "none in use".to_owned() } else { relays.join("\n") };
    all.push(("Relays", relays));
    all.extend(class);
    all.push(("Connected", words::DEVICE.count(status.connected)));
    all.push(("Contacts", status.contacts.to_string()));
    all.push(("Requests", status.requests.to_string()));
    all.push(("Unread", words::MESSAGE.count(status.unread)));
    all.push(("Undelivered", words::MESSAGE.count(status.undelivered)));
    let problems: Vec<String> = status.problems.iter().map(|p| output::one_line(p)).collect();
    let problems = if problems.is_empty() { "none".to_owned() } else { problems.join("\n") };
    all.push(("Problems", problems));
    facts(&all, style.paint)
}

/// A relay, and how it goes with it.
fn relay(relay: &Relay, has_home: bool) -> String {
    let state = match (relay.is_home, relay.connected, &relay.problem) {
        (true, true, _) => "connected: others find us there".to_owned(),
        (true, false, Some(problem)) => format!("not reached: {}", output::one_line(problem)),
        (true, false, None) => "not reached yet".to_owned(),
        (false, ..) if !has_home => {
            "not reached: it is away, or its address, its port or relay_certificates is wrong; \
             `chinwag doctor` tells which"
                .to_owned()
        }
        (false, ..) => "not our home; asked when somebody is there".to_owned(),
    };
    format!("{}, {state}", output::one_line(&relay.url))
}

#[cfg(test)]
mod tests {
    use super::super::message::tests::style;
    use super::*;

    #[test]
    fn recovery_words_are_numbered_and_few_in_a_line() {
        let all = RecoveryWords((0..24).map(|_| "abandon".to_owned()).collect());
        let shown = words(&all);
        assert_eq!(shown.lines().count(), 4);
        assert!(shown.starts_with("   1 abandon    2 abandon"), "{shown}");
        assert!(shown.ends_with("24 abandon"), "{shown}");
    }

    #[test]
    fn a_status_says_what_is_wrong_below_each_other() {
        let status = Status {
            version: "0.1.0".into(),
            account: None,
            data_dir: "/data".into(),
            has_passphrase: true,
            process: 7,
            is_daemon: true,
            since: "2026-11-26T11:00:00Z".into(),
            addresses: vec!["127.0.0.1:1".into()],
            lan: false,
            relays: Vec::new(),
            connected: 1,
            contacts: 2,
            requests: 0,
            invitations: 0,
            unread: 0,
            undelivered: 5,
            classroom: None,
            problems: vec!["one".into(), "two\u{1b}".into()],
        };
        let shown = super::status(&status, &style());
        assert!(shown.contains("Account        none yet: chinwag init makes one\n"), "{shown}");
        assert!(shown.contains("Node           daemon, process 7, since 60 min ago\n"), "{shown}");
        assert!(shown.contains("Data           /data, with a passphrase\n"), "{shown}");
        assert!(shown.contains("Connected      1 device\n"), "{shown}");
        assert!(shown.contains("Undelivered    5 messages\n"), "{shown}");
        assert!(shown.ends_with("Problems       one\n               two␛"), "{shown}");
    }
}
