//! After a whole conversation with everything noted in the log: neither what was said nor who is called
//! what nor any secret is found in the logs, in the data folder, or on the wire.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

use std::path::Path;

use chinwag_api::method::{
    AddContact, BackupCreate, ContactAdd, ContactRename, CreateBackup, EditMessage, MessageEdit,
    MessageReact, MessageSearch, MessageSend, React, RenameContact, Search, SendMessage,
};
use chinwag_api::model::MessageState;
use chinwag_lab::PATIENCE;
use chinwag_lab::home::Home;
use chinwag_lab::talk::{deliver, ticket, until_agreed, until_contact};
#[cfg(target_os = "linux")]
use chinwag_lab::{cable::Cable, capture::Capture};

/// Names and words that stand nowhere else.
const ANA: &str = "Anastasia-Quillfeather";
const BOB: &str = "Bartholomew-Thistledown";
const PETNAME: &str = "Old-Barnaby-Rudge";
const SAID: &str = "meet me under the clepsydra";
const EDITED: &str = "meet me behind the orangery";
const ANSWERED: &str = "bring the astrolabe along";
const REACTION: &str = "quux-emoji";
const SENDING: &str = "sending-name-zyzzyva";
const SEARCHED: &str = "orangery";

/// What must not be found, and what it is.
type Needles = Vec<(&'static str, Vec<u8>)>;

/// Everything that two people do; gives what must not be found of it.
async fn conversation(homes: &[Home; 2]) -> Needles {
    let [(ana, words), (bob, others)] = [homes[0].begin(ANA).await, homes[1].begin(BOB).await];
    let (a, b) = (&ana.client, &bob.client);
    let line = ticket(a).await;
    let params = AddContact { ticket: line.clone(), called: None, text: None };
    b.call::<ContactAdd>(params).await.unwrap();
    until_contact(a, BOB).await;
    until_contact(b, ANA).await;
    let rename = RenameContact { contact: BOB.to_owned(), name: Some(PETNAME.to_owned()) };
    a.call::<ContactRename>(rename).await.unwrap();
    let said = deliver(a, PETNAME, SAID).await;
    let answer = SendMessage {
        to: ANA.to_owned(),
        text: ANSWERED.to_owned(),
        client_id: Some(SENDING.to_owned()),
        reply_to: Some(said.id.clone()),
        wait_for: Some(MessageState::Delivered),
        timeout_ms: Some(u64::try_from(PATIENCE.as_millis()).unwrap()),
        require_verified: false,
    };
    let answer = b.call::<MessageSend>(answer).await.unwrap();
    let edit = EditMessage { id: said.id.clone(), text: EDITED.to_owned() };
    a.call::<MessageEdit>(edit).await.unwrap();
    // No emoji: it is refused, and what was refused is not noted either.
    let react =
        |emoji: &str| React { id: answer.id.clone(), emoji: emoji.to_owned(), remove: false };
    let _ = a.call::<MessageReact>(react(REACTION)).await;
    a.call::<MessageReact>(react("👍")).await.unwrap();
    until_agreed((a, ANA), (b, PETNAME), PATIENCE).await;
    let search = Search { words: SEARCHED.to_owned(), ..Search::default() };
    assert_eq!(a.call::<MessageSearch>(search).await.unwrap().messages.len(), 1);
    let backup = homes[0].folder().join("backup").to_str().unwrap().to_owned();
    a.call::<BackupCreate>(CreateBackup { path: backup }).await.unwrap();
    // A command that is a daemon no longer, and one that meets it.
    let shown = homes[0].command(&["history", PETNAME]).output().unwrap();
    assert!(shown.status.success());
    let asked = a.call_raw(SAID, serde_json::json!({ "text": SAID })).await;
    assert!(asked.is_err(), "there is no such method");

    let keys = [0, 1].map(|who| std::fs::read(homes[who].data_dir().join("key")).unwrap());
    assert_eq!(keys[0].len(), 32);
    let hex = |key: &[u8]| format!("{key:02x?}").replace(['[', ']', ',', ' '], "");
    let text = |text: &str| text.as_bytes().to_vec();
    let mut needles = vec![
        ("a name", text(ANA)),
        ("a name", text(BOB)),
        ("what somebody is called here", text(PETNAME)),
        ("a message", text(SAID)),
        ("a message that was changed", text(EDITED)),
        ("an answer", text(ANSWERED)),
        ("a reaction", text(REACTION)),
        ("a sending's name", text(SENDING)),
        ("a word that was searched", text(SEARCHED)),
        ("a ticket", text(&line[line.len() - 40..])),
        ("the end of a message's id", text(&said.id)),
        ("the key of the data, in letters", text(&hex(&keys[0]))),
        ("the key of the data, in letters", text(&hex(&keys[1]))),
    ];
    for words in [words.0, others.0] {
        for three in words.windows(3) {
            needles.push(("recovery words", text(&three.join(" "))));
            needles.push(("recovery words", text(&three.join("\", \""))));
        }
    }
    for running in [ana, bob] {
        assert_eq!(running.process.end(), 143);
    }
    needles
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    // Names and words may have been put into small letters for an index.
    let small = bytes.to_ascii_lowercase();
    let needle = needle.to_ascii_lowercase();
    small.windows(needle.len()).any(|found| found == needle)
}

fn assert_not_in(bytes: &[u8], place: &str, needles: &Needles) {
    for (what, needle) in needles {
        let found = contains(bytes, needle);
        assert!(!found, "{what} is in {place}: {:?}", String::from_utf8_lossy(needle));
    }
}

/// All files below a folder, with their content. What is no file has none.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            all.extend(files(&entry.path()));
        } else if kind.is_file() {
            all.push((entry.path().display().to_string(), std::fs::read(entry.path()).unwrap()));
        }
    }
    all
}

/// Looks through everything that the two left on the disk.
fn assert_nothing_on_disk(homes: &[Home; 2], needles: &Needles) {
    for home in homes {
        let key = std::fs::read(home.data_dir().join("key")).unwrap();
        let found = files(home.folder());
        // What the daemon shows on a terminal may have the name of its account.
        for (place, bytes) in found.iter().filter(|(place, _)| !place.ends_with("/stderr")) {
            assert_not_in(bytes, place, needles);
            let is_key = place.ends_with("/data/key");
            assert_eq!(contains(bytes, &key), is_key, "the key of the data: {place}");
        }
        // What is there is found: so what was not found is not there.
        let log = found.iter().find(|(place, _)| place.ends_with("/log/chinwag.log"));
        let (_, log) = log.expect("a log");
        for control in
            ["connection opened", "batch committed", "message.", "frame received", "TRACE"]
        {
            assert!(contains(log, control.as_bytes()), "{control:?} is in the log");
        }
        let port = std::fs::read(home.data_dir().join("port")).unwrap();
        assert!(contains(log, &port), "the port is in the log");
        assert!(found.iter().any(|(place, _)| place.ends_with("chinwag.db")), "{found:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_conversation_is_in_the_clear_on_the_disk_or_in_the_log() {
    let homes = [(); 2].map(|()| Home::on_loopback().with("CHINWAG_LOG", "trace"));
    let needles = conversation(&homes).await;
    assert_nothing_on_disk(&homes, &needles);
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_conversation_is_in_the_clear_on_the_wire() {
    let Some(cable) = Cable::lay() else { return };
    let captures = cable.ends().map(Capture::in_namespace);
    let homes = cable.ends().map(|end| Home::in_namespace(end).with("CHINWAG_LOG", "trace"));
    let needles = conversation(&homes).await;
    assert_nothing_on_disk(&homes, &needles);
    // What is said by mDNS is in the clear, and found: so what was not found was not there.
    let _ana = homes[0].run().await;
    chinwag_lab::until("the name of a service", PATIENCE, async || {
        captures[0].frames().iter().any(|frame| contains(frame, b"_udp")).then_some(())
    })
    .await;
    for capture in captures {
        let frames = capture.frames();
        for frame in &frames {
            assert_not_in(frame, "a packet", &needles);
        }
        assert!(frames.len() > 20, "{}", frames.len());
    }
}
