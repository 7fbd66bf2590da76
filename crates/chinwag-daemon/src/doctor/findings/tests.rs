//! Each condition, from the facts that make it.

use std::path::PathBuf;
use std::time::Instant;

use chinwag_net::{Examined, OverTcp};

use super::super::facts::Skew;
use super::*;

/// The days of these stories.
const NOW: Wall = Wall::new(1_800_000_000_000);

const URL: &str = "https://203.0.113.10";

/// A machine behind a router, with a relay, whose node runs and where all is well.
fn well() -> Facts {
    let examined = Examined {
        own: vec!["192.168.1.10".parse().unwrap()],
        relays: vec![relay(&[(443, "203.0.113.21:5000"), (7842, "203.0.113.21:5000")])],
        hairpin: Some(true),
    };
    let runs = Runs {
        process: 7,
        is_daemon: true,
        has_account: true,
        store: Ok(true),
        contacts: Vec::new(),
        homes: vec![home()],
        nearby: 0,
        troubles: Vec::new(),
        lan_trouble: None,
    };
    let skews = vec![Skew { relay: URL.into(), millis: 200 }];
    Facts {
        node: Node::Runs(Box::new(runs)),
        net: Net {
            relays: Ok(()),
            lan: true,
            is_on_local_network: false,
            is_loopback_only: false,
            examined,
        },
        clock: Clock { now: NOW, skews, set_since: Some((NOW, 0)) },
        folder: Folder {
            is_foreign: false,
            path: PathBuf::from("/data"),
            free: Some(400_000_000_000),
            written: Some(Ok(Duration::from_millis(3))),
            size: 12_000_000,
            open_to_others: Vec::new(),
            lock: Lock::Taken(Some(7)),
            has_dead_socket: false,
        },
    }
}

fn relay(seen: &[(u16, &str)]) -> ExaminedRelay {
    let over_udp = |(port, seen): &(u16, &str)| OverUdp {
        at: SocketAddr::new("203.0.113.10".parse().unwrap(), *port),
        from: Some("192.168.1.10".parse().unwrap()),
        seen: Ok(seen.parse().unwrap()),
    };
    let tcp = Ok(OverTcp { round_trip: Duration::from_millis(12), date: None });
    ExaminedRelay { url: URL.into(), tcp, udp: seen.iter().map(over_udp).collect() }
}

fn silent(mut relay: ExaminedRelay) -> ExaminedRelay {
    relay.udp.iter_mut().for_each(|udp| udp.seen = Err(UdpFault::Silent));
    relay
}

fn home() -> RelayState {
    RelayState {
        url: URL.into(),
        is_home: true,
        is_connected: true,
        since: Some(Instant::now()),
        fault: None,
        is_denied: false,
    }
}

/// What is found of a part in facts that differ from [`well`].
fn of(part: &str, change: impl FnOnce(&mut Facts)) -> (Verdict, String) {
    let finding = found(part, change);
    (finding.verdict, finding.condition)
}

fn found(part: &str, change: impl FnOnce(&mut Facts)) -> Finding {
    let mut facts = well();
    change(&mut facts);
    let findings = super::of(&facts);
    findings.into_iter().find(|finding| finding.part == part).unwrap()
}

fn is(verdict: Verdict, condition: &str) -> (Verdict, String) {
    (verdict, condition.to_owned())
}

fn runs(facts: &mut Facts) -> &mut Runs {
    match &mut facts.node {
        Node::Runs(runs) => runs,
        other => panic!("{other:?}"),
    }
}

fn net(facts: &mut Facts) -> &mut Examined {
    &mut facts.net.examined
}

use Verdict::{Fine, NotKnown, Notable, Wrong};

#[test]
fn where_all_is_well_nothing_is_wrong_and_nothing_needs_help() {
    for finding in super::of(&well()) {
        let is_well = match finding.part.as_str() {
            // Nobody can tell.
            "filtering" => finding.verdict == NotKnown,
            _ => finding.verdict == Fine,
        };
        assert!(is_well && finding.help.is_none(), "{finding:?}");
        assert!(finding.text.ends_with('.'), "{finding:?}");
    }
}

#[test]
fn whatever_is_wrong_comes_with_what_would_help() {
    let changes: [fn(&mut Facts); 6] = [
        |facts| facts.folder.free = Some(0),
        |facts| facts.folder.open_to_others = vec![String::new()],
        |facts| net(facts).own.clear(),
        |facts| net(facts).relays = vec![silent(relay(&[(443, "1.1.1.1:1")]))],
        |facts| runs(facts).homes[0].is_denied = true,
        |facts| facts.clock.skews[0].millis = SKEW_LARGE,
    ];
    for change in changes {
        let mut facts = well();
        change(&mut facts);
        let wrong: Vec<_> =
            super::of(&facts).into_iter().filter(|finding| finding.verdict == Wrong).collect();
        assert!(!wrong.is_empty(), "{facts:?}");
        assert!(wrong.iter().all(|finding| finding.help.is_some()), "{wrong:?}");
    }
    let broken = ApiError::new(Kind::Internal, "it is broken").hint("put it back");
    let broken = found("node", |facts| facts.node = Node::Refused(broken));
    assert_eq!((&*broken.text, broken.help.as_deref()), ("It is broken.", Some("Put it back.")));
}

#[test]
fn a_folder_that_somebody_else_has_is_told_with_the_process() {
    let taken = |process| {
        move |facts: &mut Facts| {
            facts.node = Node::Taken;
            facts.folder.lock = Lock::Taken(process);
        }
    };
    assert_eq!(of("lock", taken(Some(4711))), is(Wrong, "taken"));
    assert!(found("lock", taken(Some(4711))).text.contains("4711"));
    assert_eq!(of("lock", taken(None)), is(Wrong, "taken"));
    assert_eq!(of("node", taken(None)), is(NotKnown, "taken"));
    assert_eq!(of("store", taken(None)), is(NotKnown, "notOpened"));
    let dead = |facts: &mut Facts| {
        facts.node = Node::Untouched;
        facts.folder.lock = Lock::Free;
        facts.folder.has_dead_socket = true;
    };
    assert_eq!(of("lock", dead), is(Notable, "deadSocket"));
}

#[test]
fn why_no_node_can_be_run_has_a_word() {
    let refused = |kind, text: &str| {
        let error = ApiError::new(kind, text);
        of("node", |facts| facts.node = Node::Refused(error))
    };
    assert_eq!(refused(Kind::Limit, "the disk is full"), is(Wrong, "full"));
    assert_eq!(refused(Kind::Refused, "permission denied"), is(Wrong, "notWritable"));
    let damaged = "the store is damaged: file is not a database";
    assert_eq!(refused(Kind::Internal, damaged), is(Wrong, "damaged"));
    assert_eq!(refused(Kind::Internal, "something else"), is(Wrong, "notOpened"));
    let closed = ApiError::new(Kind::Locked, "it is protected by a passphrase");
    assert_eq!(of("node", |facts| facts.node = Node::Closed(closed)), is(NotKnown, "passphrase"));
    assert_eq!(of("node", |facts| facts.node = Node::Untouched), is(Notable, "noAccount"));
    assert_eq!(of("node", |facts| runs(facts).has_account = false), is(Notable, "noAccount"));
    let malformed = ApiError::new(Kind::Internal, "database disk image is malformed");
    assert_eq!(of("store", |facts| runs(facts).store = Err(malformed)), is(Wrong, "damaged"));
}

#[test]
fn a_disk_is_full_before_it_is_slow() {
    let disk = |free, written: Result<u64, &str>| {
        of("disk", |facts| {
            facts.folder.free = Some(free);
            facts.folder.written = Some(written.map(Duration::from_millis).map_err(str::to_owned));
        })
    };
    assert_eq!(disk(ROOM_NONE - 1, Err("no space left on device")), is(Wrong, "full"));
    assert_eq!(disk(ROOM_LITTLE, Err("read-only file system")), is(Wrong, "notWritable"));
    assert_eq!(disk(ROOM_LITTLE - 1, Ok(200)), is(Notable, "little"));
    assert_eq!(disk(ROOM_LITTLE, Ok(101)), is(Notable, "slow"));
    assert_eq!(disk(ROOM_LITTLE, Ok(100)), is(Fine, "writable"));
}

#[test]
fn a_clock_is_judged_by_the_relay_that_is_nearest_to_it() {
    let clock = |skews: &[i64], set: i64| {
        of("clock", |facts| {
            let skew = |millis: &i64| Skew { relay: URL.into(), millis: *millis };
            facts.clock.skews = skews.iter().map(skew).collect();
            facts.clock.set_since = Some((NOW, set));
        })
    };
    assert_eq!(clock(&[SKEW_SMALL - 1], 0), is(Fine, "right"));
    assert_eq!(clock(&[SKEW_SMALL], 0), is(Notable, "fast"));
    assert_eq!(clock(&[-SKEW_LARGE], 0), is(Wrong, "slow"));
    assert_eq!(clock(&[-SKEW_LARGE, 0], 0), is(Fine, "right"), "that relay is wrong itself");
    assert_eq!(clock(&[0], -SET_SMALL), is(Notable, "set"));
    assert_eq!(clock(&[], 0), is(NotKnown, "noneToCompare"));
    let at_first = of("clock", |facts| facts.clock.now = Wall::new(0));
    assert_eq!(at_first, is(Wrong, "wrong"));
}

#[test]
fn what_relays_see_tells_how_the_router_maps() {
    let mapping = |relays: Vec<ExaminedRelay>| of("mapping", |facts| net(facts).relays = relays);
    let same = relay(&[(443, "203.0.113.21:5000"), (7842, "203.0.113.21:5000")]);
    assert_eq!(mapping(vec![same]), is(Fine, "endpointIndependent"));
    let by_port = relay(&[(443, "203.0.113.21:5000"), (7842, "203.0.113.21:5001")]);
    assert_eq!(mapping(vec![by_port]), is(Notable, "addressAndPortDependent"));
    let once = || relay(&[(7842, "203.0.113.21:5000")]);
    assert_eq!(mapping(vec![once()]), is(NotKnown, "oneTold"));
    let mut other = relay(&[(7842, "203.0.113.21:5001")]);
    other.udp[0].at = "203.0.113.11:7842".parse().unwrap();
    assert_eq!(mapping(vec![once(), other]), is(Notable, "addressDependent"));
    let ours = relay(&[(443, "192.168.1.10:5000"), (7842, "192.168.1.10:5000")]);
    assert_eq!(mapping(vec![ours.clone()]), is(Fine, "none"));
    let here = relay(&[(443, "127.0.0.1:5000"), (7842, "127.0.0.1:5000")]);
    assert_eq!(mapping(vec![here.clone()]), is(NotKnown, "relayHere"));
    // What a relay near us sees says nothing of the router, whichever comes first.
    for near in [ours, here] {
        let far = || relay(&[(443, "203.0.113.21:5000"), (7842, "203.0.113.21:5000")]);
        for relays in [vec![near.clone(), far()], vec![far(), near.clone()]] {
            assert_eq!(mapping(relays), is(Fine, "endpointIndependent"));
        }
    }
    assert_eq!(mapping(vec![silent(once())]), is(NotKnown, "notTold"));
    assert_eq!(mapping(Vec::new()), is(NotKnown, "notTold"));
}

#[test]
fn udp_is_blocked_only_if_a_relay_is_there_to_answer() {
    let udp = |relays: Vec<ExaminedRelay>| of("udp", |facts| net(facts).relays = relays);
    let there = || relay(&[(7842, "203.0.113.21:5000")]);
    assert_eq!(udp(vec![there()]), is(Fine, "open"));
    assert_eq!(udp(vec![silent(there())]), is(Wrong, "blocked"));
    let mut away = silent(there());
    away.tcp = Err(RelayFault::Silent);
    assert_eq!(udp(vec![away]), is(NotKnown, "relaysAway"));
    assert_eq!(udp(Vec::new()), is(NotKnown, "noRelay"));
    let mut answers = there();
    answers.tcp = Err(RelayFault::Untrusted);
    answers.udp[0].seen = Err(UdpFault::Answered("another certificate".into()));
    assert_eq!(udp(vec![answers]), is(Fine, "open"), "something came back");
}

#[test]
fn each_way_in_which_a_relay_is_not_reached_has_a_word_and_help() {
    let faults = [
        (RelayFault::NoName("no such name".into()), "noName"),
        (RelayFault::NoRoute("no route to host".into()), "noRoute"),
        (RelayFault::Closed, "closed"),
        (RelayFault::Silent, "silent"),
        (RelayFault::Untrusted, "untrusted"),
        (RelayFault::OtherName, "otherName"),
        (RelayFault::Ended, "ended"),
        (RelayFault::NotYet, "notYet"),
        (RelayFault::Tls("handshake failure".into()), "tls"),
        (RelayFault::NoRelay("it answers with 404".into()), "noRelay"),
    ];
    for (fault, word) in faults {
        let finding = found("relay", |facts| net(facts).relays[0].tcp = Err(fault));
        assert_eq!((finding.verdict, &*finding.condition), (Wrong, word));
        assert!(finding.help.is_some(), "{finding:?}");
        assert_eq!(finding.about.as_deref(), Some(URL));
    }
}

#[test]
fn a_relay_that_is_reached_may_still_not_let_us_in() {
    let state =
        |change: fn(&mut RelayState)| of("relay", |facts| change(&mut runs(facts).homes[0]));
    assert_eq!(state(|_| {}), is(Fine, "home"));
    assert_eq!(state(|state| state.is_denied = true), is(Wrong, "denied"));
    let not_entered = state(|state| {
        state.is_connected = false;
        state.fault = Some("another version".into());
    });
    assert_eq!(not_entered, is(Wrong, "notConnected"));
    assert_eq!(state(|state| state.url = "https://other".into()), is(Fine, "reached"));
    let silent_one = of("relay", |facts| {
        let first = silent(relay(&[(7842, "203.0.113.21:5000")]));
        net(facts).relays.insert(0, first);
    });
    assert_eq!(silent_one, is(Notable, "noUdp"), "another one shows that UDP gets out");
    let error = ApiError::new(Kind::NotFound, "the certificates can't be used");
    assert_eq!(of("relays", |facts| facts.net.relays = Err(error)), is(Wrong, "notUsable"));
    assert_eq!(of("relays", |facts| net(facts).relays.clear()), is(Fine, "none"));
}

#[test]
fn where_we_are_and_who_is_near_is_told() {
    assert_eq!(of("addresses", |_| {}), is(Fine, "ipv4"));
    let six = |facts: &mut Facts| net(facts).own.push("2001:db8::5".parse().unwrap());
    assert_eq!(of("addresses", six), is(Fine, "both"));
    assert_eq!(of("addresses", |facts| net(facts).own.clear()), is(Wrong, "none"));
    let local = |facts: &mut Facts| {
        net(facts).own.clear();
        facts.net.is_on_local_network = true;
    };
    assert_eq!(of("addresses", local), is(Notable, "localOnly"));
    let loopback = |facts: &mut Facts| facts.net.is_loopback_only = true;
    assert_eq!(of("addresses", loopback), is(Notable, "loopbackOnly"));
    assert_eq!(of("hairpin", |facts| net(facts).hairpin = Some(false)), is(Fine, "missing"));
    assert_eq!(of("hairpin", |facts| net(facts).hairpin = None), is(NotKnown, "notExamined"));
    assert_eq!(of("localNetwork", |facts| facts.net.lan = false), is(Fine, "off"));
    let trouble = |facts: &mut Facts| runs(facts).lan_trouble = Some("the port is taken".into());
    assert_eq!(of("localNetwork", trouble), is(Wrong, "unavailable"));
    let open = |facts: &mut Facts| facts.folder.open_to_others = vec![String::new(), "key".into()];
    let finding = found("permissions", open);
    assert_eq!(finding.text, "Others on this machine may look into /data, /data/key.");
}

#[test]
fn contacts_who_are_not_reached_are_named_with_the_reason_and_no_more_than_fit() {
    let away = |n: usize| Contact {
        name: format!("Bob {n}"),
        is_connected: false,
        failed: Some(("nobodyAnswers", "nobody answers".into())),
        heard: Some(Wall::new(NOW.get() - 7_200_000)),
    };
    let bob = found("contact", |facts| runs(facts).contacts.push(away(1)));
    assert_eq!((bob.verdict, &*bob.condition), (Notable, "nobodyAnswers"));
    assert_eq!(bob.text, "Not reached, last heard 2 h ago: nobody answers.");
    let mut facts = well();
    runs(&mut facts).contacts = (0..CONTACTS_NAMED + 5).map(away).collect();
    let findings = super::of(&facts);
    let named = findings.iter().filter(|finding| finding.part == "contact").count();
    assert_eq!(named, CONTACTS_NAMED);
    let all = findings.iter().find(|finding| finding.part == "contacts").unwrap();
    assert!(all.text.contains("5 more"), "{all:?}");
}
