//! Stories of two people on real wires and real disks.

mod harness;

use chinwag_api::error::Kind;
use chinwag_api::event::What;
use chinwag_api::method::{
    BackupCreate, BundleExport, BundleImport, BundleIntroduce, ContactList, ContactSafetyNumber,
    ConversationDigest, ConversationList, ConversationMarkRead, ConversationNotify, CreateBackup,
    EditMessage, EventsList, ImportBundle, ListConversations, ListEvents, ListMessages,
    MessageEdit, MessageGet, MessageList, MessageReact, MessageRetract, MessageSearch, MessageSend,
    MessageWhy, Nothing, OneContact, OneConversation, OneMessage, PeerList, React, Search,
    SendMessage, SetNotify, SystemStatus,
};
use chinwag_api::model::{Conversation, MessageState, NotifyLevel};
use chinwag_daemon::{Daemon, attach, restore};
use harness::{Person, refused, saying, settings, two_friends};
use tempfile::TempDir;

const fn contact(contact: String) -> OneContact {
    OneContact { contact }
}

fn with(name: &str) -> OneConversation {
    OneConversation { conversation: name.to_owned() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_meet_and_what_is_shown_delivered_is_delivered() {
    let (mut alice, mut bob) = two_friends().await;
    let sent = alice.tell("Bob", "hello Bob").await;
    assert_eq!(sent.state, MessageState::Delivered);
    let heard = bob.hears("hello Bob").await;
    assert_eq!((heard.author.name.as_str(), heard.author.is_me), ("Alice", false));
    assert_eq!(heard.id, sent.id, "a message has one id everywhere");

    bob.ask::<ConversationMarkRead>(with("Alice")).await;
    alice
        .sees(|what| match what {
            What::MessageState { state: MessageState::Read, through, .. } => {
                (*through == sent.id).then_some(())
            }
            _ => None,
        })
        .await;
    let peers = alice.ask::<PeerList>(Nothing {}).await;
    assert!(peers.iter().any(|peer| peer.connected && peer.path.is_some()), "{peers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_leaves_says_goodbye_and_is_remembered() {
    let (mut alice, mut bob) = two_friends().await;
    let started = std::time::Instant::now();
    bob.stop().await;
    alice
        .sees(|what| match what {
            What::Peer { connected: false, .. } => Some(()),
            _ => None,
        })
        .await;
    // Somebody who vanishes is noticed after 13 seconds; a goodbye is heard at once.
    assert!(started.elapsed() < std::time::Duration::from_secs(10));
    alice.restart().await;
    let contacts = alice.ask::<ContactList>(Nothing {}).await;
    assert!(contacts[0].last_heard_at.is_some(), "{contacts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_to_somebody_who_is_away_arrives_when_they_are_back() {
    let (mut alice, mut bob) = two_friends().await;
    bob.stop().await;
    let id = alice.say("Bob", "are you there?").await;
    let one = || OneMessage { id: id.clone() };
    let state = alice.ask::<MessageGet>(one()).await.state;
    assert!(state < Some(MessageState::Delivered), "{state:?}");
    alice.restart().await;
    bob.restart().await;
    bob.hears("are you there?").await;
    let state = alice.tell("Bob", "good").await.state;
    assert_eq!(state, MessageState::Delivered);
    assert_eq!(alice.history("Bob").await, bob.history("Alice").await);
    let digests = (
        alice.ask::<ConversationDigest>(with("Bob")).await,
        bob.ask::<ConversationDigest>(with("Alice")).await,
    );
    assert_eq!(digests.0.digest, digests.1.digest);
    assert_eq!(digests.0.entries, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replies_edits_reactions_and_retractions_look_the_same_on_both_sides() {
    let (alice, mut bob) = two_friends().await;
    let first = alice.say("Bob", "helo").await;
    bob.hears("helo").await;
    let edit = EditMessage { id: first.clone(), text: "hello".to_owned() };
    alice.ask::<MessageEdit>(edit).await;
    let changed = bob
        .sees(|what| match what {
            What::MessageChanged { message } => Some(message.clone()),
            _ => None,
        })
        .await;
    assert_eq!((changed.text.as_deref(), changed.edited), (Some("hello"), true));

    let react = React { id: first[..14].to_owned(), emoji: "👍".to_owned(), remove: false };
    let reacted = bob.ask::<MessageReact>(react).await;
    assert_eq!(reacted.reactions[0].by, ["Bob"]);
    let reply = SendMessage { reply_to: Some(first.clone()), ..saying("Alice", "hello yourself") };
    let reply = bob.ask::<MessageSend>(reply).await.id;
    let answer = bob.ask::<MessageGet>(OneMessage { id: reply }).await;
    assert_eq!(answer.reply_to.unwrap().excerpt.as_deref(), Some("hello"));

    let error = refused(bob.client.call::<MessageRetract>(OneMessage { id: first.clone() }).await);
    assert_eq!(error.kind(), Kind::Refused, "{error}");
    alice.ask::<MessageRetract>(OneMessage { id: first.clone() }).await;
    bob.sees(|what| match what {
        What::MessageChanged { message } if message.gone.is_some() => Some(()),
        _ => None,
    })
    .await;
    let gone = bob.ask::<MessageGet>(OneMessage { id: first }).await;
    assert_eq!((gone.text, gone.gone.as_deref()), (None, Some("retracted")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sending_that_is_repeated_is_one_message() {
    let (alice, mut bob) = two_friends().await;
    let once = SendMessage { client_id: Some("job-7".to_owned()), ..saying("Bob", "done") };
    let first = alice.ask::<MessageSend>(once.clone()).await;
    let again = alice.ask::<MessageSend>(once.clone()).await;
    assert_eq!((again.id.as_str(), again.is_repeated), (first.id.as_str(), true));
    let other = SendMessage { text: "not done".to_owned(), ..once };
    let error = refused(alice.client.call::<MessageSend>(other).await);
    assert_eq!(error.kind(), Kind::Refused);
    bob.hears("done").await;
    assert_eq!(bob.history("Alice").await, ["done"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pipelined_sendings_arrive_in_the_order_in_which_they_were_asked_for() {
    let (alice, mut bob) = two_friends().await;
    let texts: Vec<String> = (0..300).map(|n| format!("number {n}")).collect();
    let sending = texts.iter().map(|text| {
        let (client, params) = (alice.client.clone(), saying("Bob", text));
        async move { client.call::<MessageSend>(params).await.unwrap() }
    });
    // Each is polled once, in turn, before any answer is there.
    let mut under_way = tokio::task::JoinSet::new();
    for one in sending {
        let mut one = Box::pin(one);
        let first =
            std::future::poll_fn(|context| std::task::Poll::Ready(one.as_mut().poll(context)))
                .await;
        if first.is_pending() {
            under_way.spawn(one);
        }
    }
    while let Some(sent) = under_way.join_next().await {
        sent.unwrap();
    }
    bob.hears("number 299").await;
    let list = ListMessages {
        conversation: "Alice".to_owned(),
        limit: Some(1_000),
        before: None,
        after: None,
    };
    let page = bob.ask::<MessageList>(list).await;
    let heard: Vec<String> = page.messages.into_iter().filter_map(|m| m.text).collect();
    assert_eq!(heard, texts);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_can_be_read_from_its_beginning() {
    let alice = Person::new("Alice").await;
    for n in 0..7 {
        alice.say("me", &n.to_string()).await;
    }
    let (mut after, mut seen) = (Some(String::new()), Vec::new());
    while after.is_some() {
        let list =
            ListMessages { conversation: "me".to_owned(), limit: Some(3), before: None, after };
        let page = alice.ask::<MessageList>(list).await;
        seen.extend(page.messages.into_iter().filter_map(|message| message.text));
        after = page.next;
    }
    assert_eq!(seen.join(""), "0123456");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_comes_back_with_a_cursor_misses_nothing() {
    let (mut alice, bob) = two_friends().await;
    let before = alice.ask::<EventsList>(ListEvents { after: None, limit: Some(1_000) }).await;
    bob.tell("Alice", "one").await;
    alice.restart().await;
    bob.tell("Alice", "two").await;
    let since = ListEvents { after: Some(before.cursor), limit: None };
    let events = alice.ask::<EventsList>(since).await.events;
    let texts: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.what {
            What::Message { message } => message.text.clone(),
            _ => None,
        })
        .collect();
    assert_eq!(texts, ["one", "two"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_are_found_as_they_are_now() {
    let (alice, bob) = two_friends().await;
    alice.tell("Bob", "the harbour at dawn").await;
    let id = alice.tell("Bob", "a harbinger").await.id;
    alice.tell("Bob", "nothing of the kind").await;
    let search = |words: &str| Search { words: words.to_owned(), ..Search::default() };
    let found = |page: chinwag_api::method::Page| -> Vec<String> {
        page.messages.into_iter().filter_map(|message| message.text).collect()
    };
    let texts = found(bob.ask::<MessageSearch>(search("harb")).await);
    assert_eq!(texts, ["a harbinger", "the harbour at dawn"]);
    alice.ask::<MessageEdit>(EditMessage { id, text: "a swallow".to_owned() }).await;
    alice.tell("Bob", "so").await;
    assert_eq!(found(bob.ask::<MessageSearch>(search("harb")).await), ["the harbour at dawn"]);
    assert_eq!(found(bob.ask::<MessageSearch>(search("swall")).await), ["a swallow"]);
    let from_me = Search { from: Some("me".to_owned()), ..search("harb") };
    assert!(bob.ask::<MessageSearch>(from_me).await.messages.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn why_says_that_the_machine_is_there_and_nothing_listens() {
    let (alice, mut bob) = two_friends().await;
    bob.stop().await;
    let id = alice.say("Bob", "hello?").await;
    let connect =
        chinwag_api::method::Connect { contacts: vec!["Bob".to_owned()], timeout_ms: Some(20_000) };
    let outcomes = alice.ask::<chinwag_api::method::PeerConnect>(connect).await;
    assert!(!outcomes[0].connected);
    let why = alice.ask::<MessageWhy>(OneMessage { id }).await;
    assert_eq!(why.devices.len(), 1, "{why:?}");
    assert!(why.devices[0].state < MessageState::Delivered);
    assert_eq!(why.devices[0].reason.as_deref(), Some("nobodyListens"), "{why:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_alone_bring_two_histories_together() {
    let (mut alice, mut bob) = two_friends().await;
    bob.stop().await;
    alice.say("Bob", "by file").await;
    let file = alice.ask::<BundleExport>(contact("Bob".to_owned())).await;
    assert_eq!(file.devices, 1);
    alice.stop().await;
    bob.restart().await;
    let imported = bob.ask::<BundleImport>(ImportBundle { base64: file.base64 }).await;
    assert_eq!(imported.bundles, 1);
    assert_eq!(bob.history("Alice").await, ["by file"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_never_share_a_network_meet_and_talk_by_files_alone() {
    let (alice, bob) = (Person::new("Alice").await, Person::elsewhere("Bob").await);
    let ticket = alice.invite().await;
    let introduction = alice.ask::<BundleIntroduce>(Nothing {}).await.base64;
    let early = ImportBundle { base64: introduction.clone() };
    let error = refused(bob.client.call::<BundleImport>(early).await);
    assert!(error.what_next().unwrap().contains("ticket"), "{error}");

    bob.add(ticket).await;
    let met = bob.ask::<BundleImport>(ImportBundle { base64: introduction }).await;
    assert_eq!(met.introduced.as_deref(), Some("Alice"));
    let file = bob.ask::<BundleExport>(contact("Alice".to_owned())).await.base64;
    alice.ask::<BundleImport>(ImportBundle { base64: file }).await;
    alice.say("Bob", "by file").await;
    let file = alice.ask::<BundleExport>(contact("Bob".to_owned())).await.base64;
    bob.ask::<BundleImport>(ImportBundle { base64: file }).await;
    bob.say("Alice", "and back").await;
    let file = bob.ask::<BundleExport>(contact("Alice".to_owned())).await.base64;
    alice.ask::<BundleImport>(ImportBundle { base64: file }).await;
    assert_eq!(alice.history("Bob").await, ["by file", "and back"]);
    assert_eq!(bob.history("Alice").await, ["by file", "and back"]);
    let hers = alice.ask::<ConversationDigest>(with("Bob")).await.digest;
    assert_eq!(hers, bob.ask::<ConversationDigest>(with("Alice")).await.digest);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_comes_back_as_another_device_of_the_same_account() {
    let (mut alice, mut bob) = two_friends().await;
    alice.tell("Bob", "before the backup").await;
    let place = TempDir::new().unwrap();
    let path = place.path().join("backup");
    alice.ask::<BackupCreate>(CreateBackup { path: path.display().to_string() }).await;
    let old = alice.ask::<SystemStatus>(Nothing {}).await.account.unwrap();
    alice.stop().await;

    let folder = TempDir::new().unwrap();
    let wrong = refused_restore(folder.path(), &path, &bob.words).await;
    assert_eq!(wrong.kind(), Kind::Refused, "{wrong}");
    restore(&settings(folder.path()), &path, &alice.words, None).await.unwrap();
    let restored = Person::in_folder(folder).await;
    let new = restored.ask::<SystemStatus>(Nothing {}).await.account.unwrap();
    assert_eq!(new.id, old.id);
    assert_ne!(new.device.id, old.device.id);
    assert_eq!(restored.history("Bob").await, ["before the backup"]);
    restored.tell("Bob", "after it").await;
    bob.hears("after it").await;
}

async fn refused_restore(
    folder: &std::path::Path,
    backup: &std::path::Path,
    words: &chinwag_api::model::RecoveryWords,
) -> chinwag_api::error::ApiError {
    // The same folder may be tried again with the right words.
    restore(&settings(folder), backup, words, None).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_data_folder_has_one_owner_and_others_attach_to_it() {
    let alice = Person::new("Alice").await;
    let error = Daemon::start(settings(&alice.data_dir())).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Locked, "{error}");
    let (client, _events) = attach(&alice.data_dir()).await.unwrap().expect("a running daemon");
    let status = client.call::<SystemStatus>(Nothing {}).await.unwrap();
    assert_eq!(status.account.unwrap().name, "Alice");
    let nobody = TempDir::new().unwrap();
    assert!(attach(nobody.path()).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_and_a_socket_that_were_left_behind_keep_nobody_out() {
    let mut alice = Person::new("Alice").await;
    alice.stop().await;
    std::os::unix::net::UnixListener::bind(alice.data_dir().join("api.sock")).unwrap();
    assert!(attach(&alice.data_dir()).await.unwrap().is_none());
    alice.restart().await;
    assert!(attach(&alice.data_dir()).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_database_is_told_and_not_replaced() {
    let mut alice = Person::new("Alice").await;
    alice.stop().await;
    let path = alice.data_dir().join("chinwag.db");
    let mut bytes = std::fs::read(&path).unwrap();
    for byte in bytes.iter_mut().skip(16).take(4_000) {
        *byte ^= 0xFF;
    }
    std::fs::write(&path, &bytes).unwrap();
    let error = Daemon::start(settings(&alice.data_dir())).await.unwrap_err();
    assert!(error.message.contains("damaged"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), bytes, "it was left as it is");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_account_everything_says_what_to_do_first() {
    let nobody = Person::without_account().await;
    assert!(nobody.ask::<SystemStatus>(Nothing {}).await.account.is_none());
    for error in [
        refused(nobody.client.call::<ContactList>(Nothing {}).await),
        refused(nobody.client.call::<ConversationList>(ListConversations::default()).await),
        refused(nobody.client.call::<MessageSend>(saying("Bob", "hello")).await),
    ] {
        assert_eq!(error.kind(), Kind::NoAccount, "{error}");
        assert!(error.what_next().is_some());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_read_out_the_same_safety_number() {
    let (alice, bob) = two_friends().await;
    let hers = alice.ask::<ContactSafetyNumber>(contact("Bob".to_owned())).await;
    let his = bob.ask::<ContactSafetyNumber>(contact("Alice".to_owned())).await;
    assert_eq!(hers.groups, his.groups);
    assert_eq!(hers.groups.len(), 12);
    assert!(hers.groups.iter().all(|group| group.len() == 5));
}

async fn listed(person: &Person, name: &str) -> Conversation {
    let all = person.ask::<ConversationList>(ListConversations::default()).await;
    all.into_iter().find(|conversation| conversation.name == name).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_much_is_told_of_a_conversation_is_kept_and_told_to_other_clients() {
    let (mut alice, _bob) = two_friends().await;
    assert_eq!(listed(&alice, "Bob").await.notify, NotifyLevel::All);
    let set = |level| SetNotify { conversation: "Bob".to_owned(), level };
    let answer = alice.ask::<ConversationNotify>(set(NotifyLevel::Mentions)).await;
    assert_eq!((answer.name.as_str(), answer.notify), ("Bob", NotifyLevel::Mentions));
    let told = alice
        .sees(|what| match what {
            What::ConversationNotify { conversation, level } => {
                Some((conversation.clone(), *level))
            }
            _ => None,
        })
        .await;
    assert_eq!(told, (answer.id, NotifyLevel::Mentions));
    alice.restart().await;
    assert_eq!(listed(&alice, "Bob").await.notify, NotifyLevel::Mentions);
    assert_eq!(listed(&alice, "Alice").await.notify, NotifyLevel::All, "the notes of one's own");
    alice.ask::<ConversationNotify>(set(NotifyLevel::All)).await;
    assert_eq!(listed(&alice, "Bob").await.notify, NotifyLevel::All);
    let unknown = alice.client.call::<ConversationNotify>(set(NotifyLevel::Unknown)).await;
    assert_eq!(refused(unknown).kind(), Kind::Usage);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_what_is_unread_it_is_known_how_much_names_us() {
    let (alice, mut bob) = two_friends().await;
    alice.tell("Bob", "a mail to bob@bob.example, for @Bobby").await;
    let named = alice.tell("Bob", "are you there, @BOB?").await.id;
    let plain = alice.tell("Bob", "a plain one").await.id;
    let taken = alice.tell("Bob", "@Bob never mind").await.id;
    assert!(bob.hears("are you there, @BOB?").await.mentions_me);
    bob.hears("@Bob never mind").await;
    let counts = async |bob: &Person| {
        let listed = listed(bob, "Alice").await;
        (listed.unread, listed.unread_mentions)
    };
    assert_eq!(counts(&bob).await, (4, 2));
    // What was said is what it says now.
    alice.ask::<MessageRetract>(OneMessage { id: taken.clone() }).await;
    let edit = EditMessage { id: plain.clone(), text: "one for @bob".to_owned() };
    alice.ask::<MessageEdit>(edit).await;
    bob.sees(|what| match what {
        What::MessageChanged { message } => (message.id == plain).then_some(()),
        _ => None,
    })
    .await;
    assert_eq!(counts(&bob).await, (4, 2));
    bob.restart().await;
    assert_eq!(counts(&bob).await, (4, 2));
    let search = Search { mentions_me: true, ..Search::default() };
    let found = bob.ask::<MessageSearch>(search.clone()).await.messages;
    let found: Vec<String> = found.into_iter().map(|message| message.id).collect();
    assert_eq!(found, [plain, named.clone()]);
    // Whoever names somebody is not named by it, nor whoever names themselves.
    assert!(alice.ask::<MessageSearch>(search).await.messages.is_empty());
    assert!(!alice.ask::<MessageGet>(OneMessage { id: named }).await.mentions_me);
    bob.ask::<ConversationMarkRead>(with("Alice")).await;
    assert_eq!(counts(&bob).await, (0, 0));
    // So many are counted, and no more.
    for n in 0..101 {
        alice.say("Bob", &format!("@bob {n}")).await;
    }
    bob.hears("@bob 100").await;
    assert_eq!(counts(&bob).await, (101, 100));
}
