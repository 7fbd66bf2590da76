//! Bad input and bad weather, as a fresh pair of eyes found them: names that others choose, folders
//! that are not ours, clients that die, answers that are too long.

mod harness;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use chinwag_api::error::Kind;
use chinwag_api::event::What;
use chinwag_api::method::{
    AccountCreate, AccountRename, AddContact, BackupCreate, ContactAdd, ContactBlock,
    ContactRename, ContactUnblock, ContactVerify, CreateAccount, CreateBackup, EventsList,
    ListEvents, ListMessages, MessageList, MessageReact, MessageSearch, MessageSend, MessageWhy,
    Nothing, OneContact, OneMessage, React, RenameAccount, RenameContact, Search, SendMessage,
    SystemStatus, VerifyContact,
};
use chinwag_api::model::MessageState;
use chinwag_daemon::{Daemon, Settings, attach};
use harness::{Person, refused, saying, settings, two_friends};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;

fn contact(name: &str) -> OneContact {
    OneContact { contact: name.to_owned() }
}

async fn device_of(person: &Person) -> String {
    person.ask::<SystemStatus>(Nothing {}).await.account.unwrap().device.id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_takes_a_name_that_we_gave_to_somebody_else() {
    let alice = Person::new("Alice").await;
    let (mut bob, mut eve) = (Person::new("Bob").await, Person::new("Eve").await);
    for friend in [&mut bob, &mut eve] {
        friend.add(alice.invite().await).await;
        friend.knows("Alice").await;
    }
    let alias = RenameContact { contact: "Bob".to_owned(), name: Some("Dodo".to_owned()) };
    alice.ask::<ContactRename>(alias).await;
    // Eve calls herself as Bob is called here, and then as that begins.
    for name in ["Dodo", "Do"] {
        eve.ask::<AccountRename>(RenameAccount { name: name.to_owned() }).await;
        eve.tell("Alice", "it is me").await;
        let id = alice.say("Dodo", "a secret").await;
        bob.hears("a secret").await;
        assert!(!id.is_empty());
    }
    let error = refused(alice.client.call::<MessageSend>(saying("Do", "for whom?")).await);
    assert_eq!(error.kind(), Kind::Ambiguous, "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_renamed_is_the_one_who_is_told_of() {
    let alice = Person::new("Alice").await;
    for name in ["Bob", "Bobby"] {
        let mut friend = Person::new(name).await;
        friend.add(alice.invite().await).await;
        friend.knows("Alice").await;
    }
    let rename = RenameContact { contact: "Bob".to_owned(), name: Some("Zed".to_owned()) };
    assert_eq!(alice.ask::<ContactRename>(rename).await.name, "Zed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_and_what_to_call_it_are_one_request() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    let ticket = bob.invite().await;
    let add = AddContact { ticket, called: Some("Dodo".to_owned()), text: None };
    let (added, verified) = tokio::join!(
        alice.client.call::<ContactAdd>(add),
        alice
            .client
            .call::<ContactVerify>(VerifyContact { contact: "Dodo".to_owned(), verified: false }),
    );
    assert_eq!(added.unwrap().name, "Dodo");
    // Whether they have answered by then is another question; they are found by the name.
    if let Err(chinwag_api::client::CallError::Api(error)) = verified {
        assert!(error.message.contains("Dodo is no contact"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_cut_where_it_would_be_too_long_to_read() {
    let (alice, mut bob) = two_friends().await;
    // In JSON each of these takes six bytes.
    let longest = "\u{1}".repeat(500_000);
    for _ in 0..6 {
        alice.say("Bob", &longest).await;
    }
    alice.say("Bob", "the end").await;
    bob.hears("the end").await;
    let mut before = None;
    let mut found = 0;
    loop {
        let list =
            ListMessages { conversation: "Alice".to_owned(), limit: Some(50), before, after: None };
        let page = bob.ask::<MessageList>(list).await;
        found += page.messages.len();
        match page.next {
            Some(next) => before = Some(next),
            None => break,
        }
    }
    assert_eq!(found, 7);
    let (mut after, mut told) = ("0".to_owned(), 0);
    loop {
        let list = ListEvents { after: Some(after.clone()), limit: Some(1_000) };
        let page = bob.ask::<EventsList>(list).await;
        told += page.events.iter().filter(|e| matches!(e.what, What::Message { .. })).count();
        if page.cursor == after {
            break;
        }
        after = page.cursor;
    }
    assert_eq!(told, 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_die_leave_room_for_others() {
    let (alice, mut bob) = two_friends().await;
    bob.stop().await;
    let socket = chinwag_daemon::socket(&alice.data_dir()).unwrap();
    for n in 0..70 {
        let mut stream = tokio::net::UnixStream::connect(&socket).await.unwrap();
        let wait = format!(
            r#"{{"jsonrpc":"2.0","id":{n},"method":"message.send","params":{{"to":"Bob","text":"{n}","waitFor":"read","timeoutMs":3000}}}}"#
        );
        let sent = stream.write_all(format!("{wait}\n").as_bytes()).await;
        // The last ones are turned away.
        assert!(sent.is_ok() || n >= 60, "{n}");
    }
    let answered = async {
        loop {
            let (client, _events) = attach(&alice.data_dir()).await.unwrap().unwrap();
            if client.call::<SystemStatus>(Nothing {}).await.is_ok() {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(harness::SOON, answered).await.expect("there is room again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_delivered_behind_many_reactions_is_told() {
    let (mut alice, mut bob) = two_friends().await;
    bob.stop().await;
    let id = alice.say("Bob", "so").await;
    for n in 0..100 {
        let react = React { id: id.clone(), emoji: "👍".to_owned(), remove: n % 2 == 1 };
        alice.ask::<MessageReact>(react).await;
    }
    bob.restart().await;
    alice
        .sees(|what| match what {
            What::MessageState { state: MessageState::Delivered, through, .. } => {
                (*through == id).then_some(())
            }
            _ => None,
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_finds_no_more_than_it_was_asked_for() {
    let (alice, _bob) = two_friends().await;
    for n in 0..8 {
        alice.say("Bob", &format!("harbour {n}")).await;
    }
    for limit in [1, 3, 5] {
        let search =
            Search { words: "harbour".to_owned(), limit: Some(limit), ..Search::default() };
        let page = alice.ask::<MessageSearch>(search).await;
        assert_eq!(page.messages.len(), usize::try_from(limit).unwrap());
    }
    let error = refused(alice.client.call::<MessageSearch>(Search::default()).await);
    assert_eq!(error.kind(), Kind::Usage);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_is_cut_where_it_would_be_too_long_to_read_and_goes_on_from_there() {
    let alice = Person::new("Alice").await;
    // In JSON each of these takes three megabytes, and an answer may have 32.
    let longest = "\u{1}".repeat(500_000);
    for n in 0..12 {
        alice.say("me", &format!("harbour {n} {longest}")).await;
    }
    let (mut cursor, mut found, mut pages) = (None, Vec::new(), 0);
    loop {
        let words = "harbour".to_owned();
        let search = Search { words, cursor, limit: Some(200), ..Search::default() };
        let page = alice.ask::<MessageSearch>(search).await;
        pages += 1;
        assert!((1..=4).contains(&page.messages.len()), "{}", page.messages.len());
        found.extend(page.messages.into_iter().map(|message| message.id));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 12, "in {pages} pages");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_to_a_message_of_the_same_conversation() {
    let (alice, _bob) = two_friends().await;
    let note = alice.say("me", "a note").await;
    let reply = SendMessage { reply_to: Some(note), ..saying("Bob", "as I said") };
    let error = refused(alice.client.call::<MessageSend>(reply).await);
    assert_eq!(error.kind(), Kind::NotFound, "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_from_the_future_is_refused_by_all_who_take_one() {
    let alice = Person::new("Alice").await;
    let list = ListEvents { after: Some("999999".to_owned()), limit: None };
    let error = refused(alice.client.call::<EventsList>(list).await);
    assert_eq!(error.kind(), Kind::Usage);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_note_to_oneself_waits_for_nobody() {
    let alice = Person::new("Alice").await;
    let id = alice.say("me", "milk").await;
    let why = alice.ask::<MessageWhy>(OneMessage { id }).await;
    assert!(why.text[1].contains("note to yourself"), "{why:?}");
    assert_eq!(alice.ask::<SystemStatus>(Nothing {}).await.undelivered, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_unblocked_comes_back() {
    let (mut alice, mut bob) = two_friends().await;
    alice.ask::<ContactBlock>(contact("Bob")).await;
    // Bob tries, and is turned away.
    bob.restart().await;
    bob.say("Alice", "are you angry?").await;
    alice.ask::<ContactUnblock>(contact("Bob")).await;
    alice.hears("are you angry?").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_named_by_another_path_is_no_copy() {
    let place = TempDir::new().unwrap();
    let (folder, link) = (place.path().join("folder"), place.path().join("link"));
    let by = |path: &Path| Settings { ..settings(path) };
    let daemon = Daemon::start(by(&folder)).await.unwrap();
    let (client, _events) = daemon.client();
    let create = CreateAccount { name: "Al".to_owned(), device_name: None };
    client.call::<AccountCreate>(create).await.unwrap();
    let before = client.call::<SystemStatus>(Nothing {}).await.unwrap().account.unwrap().device.id;
    daemon.stop().await;
    std::os::unix::fs::symlink(&folder, &link).unwrap();
    for path in [&link, &folder] {
        let daemon = Daemon::start(by(path)).await.unwrap();
        let (client, _events) = daemon.client();
        let status = client.call::<SystemStatus>(Nothing {}).await.unwrap();
        assert_eq!(status.account.unwrap().device.id, before);
        daemon.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_is_not_ours_is_left_as_it_is() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("letter"), "dear").unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let error = Daemon::start(settings(folder.path())).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Refused, "{error}");
    let mode = std::fs::metadata(folder.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o755);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_lost_is_told_and_not_made_anew() {
    let mut alice = Person::new("Alice").await;
    let before = device_of(&alice).await;
    alice.stop().await;
    let (key, database) = (alice.data_dir().join("key"), alice.data_dir().join("chinwag.db"));
    let an_hour_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(1);
    std::fs::File::options().write(true).open(&key).unwrap().set_modified(an_hour_ago).unwrap();
    let kept = std::fs::read(&database).unwrap();
    for is_empty in [true, false] {
        if is_empty {
            std::fs::write(&database, b"").unwrap();
        } else {
            std::fs::remove_file(&database).unwrap();
        }
        let error = Daemon::start(settings(&alice.data_dir())).await.unwrap_err();
        assert!(error.message.contains("missing or empty"), "{error}");
        assert!(error.what_next().unwrap().contains("restore"));
    }
    std::fs::write(&database, kept).unwrap();
    alice.restart().await;
    assert_eq!(device_of(&alice).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_can_not_be_had_is_told_at_once() {
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut alice = Person::new("Alice").await;
    alice.stop().await;
    let bind = vec![taken.local_addr().unwrap()];
    let wanted = Settings { bind, ..settings(&alice.data_dir()) };
    let error = Daemon::start(wanted).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Locked, "{error}");
    alice.restart().await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_stopped_has_let_go_of_every_file_though_somebody_still_listens() {
    let mut alice = Person::new("Alice").await;
    alice.ask::<MessageSearch>(Search { words: "anything".to_owned(), ..Search::default() }).await;
    assert!(open_below(&alice.data_dir()).iter().any(|path| path.ends_with("chinwag.db")));
    alice.stop().await;
    assert_eq!(open_below(&alice.data_dir()), [] as [PathBuf; 0]);
    let search = Search { words: "anything".to_owned(), ..Search::default() };
    let _gone = alice.client.call::<MessageSearch>(search).await.unwrap_err();
    assert_eq!(open_below(&alice.data_dir()), [] as [PathBuf; 0]);
}

/// Somebody with so much to keep that a backup of it takes a while.
async fn with_a_lot(folder: &Path) -> (Person, CreateBackup) {
    let alice = Person::new("Alice").await;
    for n in 0..120 {
        alice.say("me", &format!("{n} {}", "x".repeat(500_000))).await;
    }
    let path = folder.join("backup").to_str().unwrap().to_owned();
    (alice, CreateBackup { path })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_answered_while_a_backup_is_written() {
    let folder = TempDir::new().unwrap();
    let (alice, backup) = with_a_lot(folder.path()).await;
    let mut written = std::pin::pin!(alice.client.call::<BackupCreate>(backup.clone()));
    let mut answered = 0;
    loop {
        let next = saying("me", "meanwhile");
        let sent = alice.client.call::<MessageSend>(next);
        tokio::select! {
            // Whoever is ready first: it was asked for before.
            biased;
            done = &mut written => break assert!(done.is_ok(), "{done:?}"),
            sent = sent => {
                sent.unwrap();
                answered += 1;
            }
        }
    }
    // One may have been written before the backup was begun.
    assert!(answered >= 2, "only {answered} messages were answered");
    eprintln!("{answered} messages were answered meanwhile");
    assert!(Path::new(&backup.path).is_file());
    let error = refused(alice.client.call::<BackupCreate>(backup).await);
    assert_eq!(error.kind(), Kind::Refused, "{error}");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_ends_with_the_node_and_leaves_no_half_of_it() {
    let folder = TempDir::new().unwrap();
    let (mut alice, backup) = with_a_lot(folder.path()).await;
    let client = alice.client.clone();
    let written = tokio::spawn(async move { client.call::<BackupCreate>(backup).await });
    let partial = folder.path().join("backup.partial");
    let begun = async {
        while std::fs::metadata(&partial).map_or(0, |file| file.len()) == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(harness::SOON, begun).await.expect("it is being written");
    alice.stop().await;
    assert_eq!(open_below(&alice.data_dir()), [] as [PathBuf; 0]);
    assert_eq!(open_below(folder.path()), [] as [PathBuf; 0]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "neither whole nor half");
    let _gone = written.await.unwrap().unwrap_err();
    alice.restart().await;
    assert!(alice.history("me").await.last().unwrap().starts_with("119 "), "nothing is lost");
}

/// The files of this folder that this process has open.
#[cfg(target_os = "linux")]
fn open_below(folder: &Path) -> Vec<PathBuf> {
    let all = std::fs::read_dir("/proc/self/fd").unwrap();
    let all = all.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
    all.filter(|path| path.starts_with(folder)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_made_right_after_the_account_leads_to_it() {
    let carol = Person::without_account().await;
    let account = CreateAccount { name: "Carol".to_owned(), device_name: None };
    carol.ask::<AccountCreate>(account).await;
    let ticket = carol.invite().await;
    let mut bob = Person::new("Bob").await;
    bob.add(ticket).await;
    bob.knows("Carol").await;
}
