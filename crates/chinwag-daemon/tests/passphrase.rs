//! Stories of a data folder that a passphrase protects.

mod harness;

use std::path::Path;
use std::sync::Arc;

use chinwag_api::error::Kind;
use chinwag_api::method::{
    AccountCreate, BackupCreate, CreateAccount, CreateBackup, ListMessages, MessageList,
    MessageSearch, Nothing, Search, SystemStatus,
};
use chinwag_daemon::{
    Daemon, Passphrase, Protection, StoreKey, begin, in_use, protect, protection, restore, unlock,
    unprotect,
};
use harness::{Person, saying, settings};
use tempfile::TempDir;

fn typed(text: &str) -> Passphrase {
    Passphrase::new(text.as_bytes()).unwrap()
}

fn tried(text: &str) -> Arc<Passphrase> {
    Arc::new(typed(text))
}

async fn unlocked(folder: &Path, text: &str) -> StoreKey {
    unlock(folder, tried(text)).await.unwrap().expect("the right passphrase")
}

/// Whether any file of the folder has these bytes in it.
fn is_found(folder: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return is_found(&path, bytes);
        }
        let content = std::fs::read(path).unwrap_or_default();
        content.windows(bytes.len()).any(|part| part == bytes)
    })
}

/// Somebody who has ended, and the key as it lay in their folder.
async fn alice() -> (TempDir, Vec<u8>) {
    let mut alice = Person::new("Alice").await;
    alice.say("me", "remember this").await;
    alice.stop().await;
    let Person { folder, .. } = alice;
    let key = std::fs::read(folder.path().join("key")).unwrap();
    assert_eq!(key.len(), 32);
    (folder, key)
}

async fn has_what_was_said(folder: &Path, key: Option<StoreKey>) {
    let daemon = Daemon::start_with(settings(folder), key).await.unwrap();
    let (client, _events) = daemon.client();
    let conversation = "me".to_owned();
    let list = ListMessages { conversation, limit: None, before: None, after: None };
    let page = client.call::<MessageList>(list).await.unwrap();
    assert_eq!(page.messages.len(), 1);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_protected_folder_opens_with_its_passphrase_alone_and_with_all_that_is_in_it() {
    let (folder, key) = alice().await;
    let folder = folder.path();
    assert_eq!(protection(folder).unwrap(), Protection::File);
    protect(&settings(folder), None, typed("fox")).await.unwrap();
    let usual = Protection::Passphrase { memory_kib: 65_536, passes: 3, lanes: 1 };
    assert_eq!(protection(folder).unwrap(), usual);
    assert!(!is_found(folder, &key), "the key is nowhere in the folder");

    let error = Daemon::start(settings(folder)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Locked);
    assert!(error.message.ends_with("is protected by a passphrase"), "{error}");
    assert!(unlock(folder, tried("Fox")).await.unwrap().is_none());
    has_what_was_said(folder, Some(unlocked(folder, "fox").await)).await;
    assert!(!is_found(folder, &key), "nor while it is used");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passphrase_is_changed_and_removed_by_whoever_knows_it() {
    let (folder, key) = alice().await;
    let folder = folder.path();
    protect(&settings(folder), None, typed("fox")).await.unwrap();
    let again = protect(&settings(folder), None, typed("hen")).await.unwrap_err();
    assert_eq!(again.kind(), Kind::Refused, "{again}");
    let old = unlocked(folder, "fox").await;
    protect(&settings(folder), Some(old), typed("hen")).await.unwrap();
    assert!(unlock(folder, tried("fox")).await.unwrap().is_none());
    let key_of_hen = unlocked(folder, "hen").await;
    unprotect(&settings(folder), key_of_hen).await.unwrap();
    assert_eq!(std::fs::read(folder.join("key")).unwrap(), key, "it is the same key");
    has_what_was_said(folder, None).await;
    let nothing = unlock(folder, tried("hen")).await.unwrap_err();
    assert_eq!(nothing.kind(), Kind::Refused, "{nothing}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_somebody_has_is_told_apart_from_one_that_needs_a_passphrase() {
    let alice = Person::new("Alice").await;
    let folder = alice.data_dir();
    let error = protect(&settings(&folder), None, typed("fox")).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Locked);
    assert!(!error.message.contains("passphrase"), "{error}");
    assert_eq!(in_use(&folder).unwrap().unwrap().message, error.message);
    assert_eq!(protection(&folder).unwrap(), Protection::File);
    let nobody = TempDir::new().unwrap();
    assert!(in_use(nobody.path()).unwrap().is_none());
    assert_eq!(std::fs::read_dir(nobody.path()).unwrap().count(), 0, "to ask makes nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_begins_with_a_passphrase_and_its_node_searches_and_writes_backups() {
    let place = TempDir::new().unwrap();
    let folder = place.path().join("data");
    let key = begin(&settings(&folder), typed("fox")).await.unwrap();
    assert_eq!(begin(&settings(&folder), typed("hen")).await.unwrap_err().kind(), Kind::Refused);
    let daemon = Daemon::start_with(settings(&folder), Some(key)).await.unwrap();
    let (client, _events) = daemon.client();
    let create = CreateAccount { name: "Alice".to_owned(), device_name: None };
    let words = client.call::<AccountCreate>(create).await.unwrap().words;
    client
        .call::<chinwag_api::method::MessageSend>(saying("me", "the quick brown fox"))
        .await
        .unwrap();
    let search = Search { words: "quick".to_owned(), ..Search::default() };
    assert_eq!(client.call::<MessageSearch>(search).await.unwrap().messages.len(), 1);
    let backup = place.path().join("backup");
    client.call::<BackupCreate>(CreateBackup { path: backup.display().to_string() }).await.unwrap();
    daemon.stop().await;

    // What is restored may have another passphrase, or none.
    let copy = place.path().join("copy");
    let key = begin(&settings(&copy), typed("hen")).await.unwrap();
    restore(&settings(&copy), &backup, &words, Some(key)).await.unwrap();
    let daemon =
        Daemon::start_with(settings(&copy), Some(unlocked(&copy, "hen").await)).await.unwrap();
    let status = daemon.client().0.call::<SystemStatus>(Nothing {}).await.unwrap();
    assert_eq!(status.account.unwrap().name, "Alice");
    daemon.stop().await;
    let plain = place.path().join("plain");
    restore(&settings(&plain), &backup, &words, None).await.unwrap();
    assert_eq!(protection(&plain).unwrap(), Protection::File);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_not_this_folder_s_is_never_wrapped() {
    let (folder, key) = alice().await;
    let folder = folder.path();
    std::fs::write(folder.join("key"), [7; 32]).unwrap();
    protect(&settings(folder), None, typed("fox")).await.unwrap_err();
    assert_eq!(std::fs::read(folder.join("key")).unwrap(), [7; 32]);
    std::fs::write(folder.join("key"), key).unwrap();
    has_what_was_said(folder, None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_wrapped_key_is_told_as_such_and_left_as_it_is() {
    let (folder, _) = alice().await;
    let folder = folder.path();
    protect(&settings(folder), None, typed("fox")).await.unwrap();
    let path = folder.join("key");
    let good = std::fs::read(&path).unwrap();
    // As a file says that asks for 4 TiB.
    let mut hostile = good.clone();
    hostile[20..24].copy_from_slice(&[0xff; 4]);
    for bad in [&good[..50], &hostile] {
        std::fs::write(&path, bad).unwrap();
        let error = Daemon::start(settings(folder)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Internal, "{error}");
        assert!(error.what_next().unwrap().contains("restore a backup"), "{error:?}");
        assert_eq!(unlock(folder, tried("fox")).await.unwrap_err().kind(), Kind::Internal);
        assert_eq!(std::fs::read(&path).unwrap(), bad);
    }
    std::fs::write(&path, &good).unwrap();
    has_what_was_said(folder, Some(unlocked(folder, "fox").await)).await;
}
