//! People with real daemons, real disks and real sockets on one machine, for telling stories about.

#![allow(dead_code, reason = "each file of stories uses a part of it")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use chinwag_api::client::{CallError, Client, Events};
use chinwag_api::error::ApiError;
use chinwag_api::event::{Event, What};
use chinwag_api::method::{
    AccountCreate, AddContact, ContactAdd, CreateAccount, CreateInvite, EventsSubscribe,
    InviteCreate, ListMessages, MessageList, MessageSend, Method, SendMessage, Sent, Subscribe,
};
use chinwag_api::model::{Message, MessageState, RecoveryWords};
use chinwag_daemon::{Daemon, Settings};
use tempfile::TempDir;

/// How long anything may take before the story has failed.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// Somebody with a data folder and a running daemon.
pub(crate) struct Person {
    pub(crate) folder: TempDir,
    daemon: Option<Daemon>,
    pub(crate) client: Client,
    events: Events,
    pub(crate) words: RecoveryWords,
}

pub(crate) fn settings(data_dir: &Path) -> Settings {
    let bind = vec!["127.0.0.1:0".parse().unwrap()];
    let log = chinwag_daemon::LogLevel::Off;
    Settings {
        state_dir: None,
        data_dir: data_dir.to_owned(),
        lan: false,
        bind,
        relays: Vec::new(),
        relay_certificates: None,
        is_daemon: true,
        log,
        classroom: None,
    }
}

/// The error of the contract in what a call failed with.
pub(crate) fn refused<T: std::fmt::Debug>(answer: Result<T, CallError>) -> ApiError {
    match answer {
        Err(CallError::Api(error)) => error,
        other => panic!("no refusal but {other:?}"),
    }
}

impl Person {
    /// Somebody new, with an account.
    pub(crate) async fn new(name: &str) -> Self {
        let mut person = Self::without_account().await;
        let create = CreateAccount { name: name.to_owned(), device_name: None };
        person.words = person.ask::<AccountCreate>(create).await.words;
        person
    }

    pub(crate) async fn without_account() -> Self {
        Self::in_folder(TempDir::new().unwrap()).await
    }

    /// Somebody new whom no network connects with the others: where they are there is only IPv6.
    pub(crate) async fn elsewhere(name: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let bind = vec!["[::1]:0".parse().unwrap()];
        let mut person = Self::with(Settings { bind, ..settings(folder.path()) }, folder).await;
        let create = CreateAccount { name: name.to_owned(), device_name: None };
        person.words = person.ask::<AccountCreate>(create).await.words;
        person
    }

    /// Somebody whose data is there already.
    pub(crate) async fn in_folder(folder: TempDir) -> Self {
        Self::with(settings(folder.path()), folder).await
    }

    pub(crate) async fn with(settings: Settings, folder: TempDir) -> Self {
        let daemon = Daemon::start(settings).await.unwrap();
        let (client, events) = daemon.client();
        let words = RecoveryWords(Vec::new());
        let person = Self { folder, daemon: Some(daemon), client, events, words };
        person.ask::<EventsSubscribe>(Subscribe::default()).await;
        person
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Asks, and expects an answer.
    pub(crate) async fn ask<M: Method>(&self, params: M::Params) -> M::Answer {
        match self.client.call::<M>(params).await {
            Ok(answer) => answer,
            Err(error) => panic!("{}: {error}", M::NAME),
        }
    }

    pub(crate) async fn stop(&mut self) {
        if let Some(daemon) = self.daemon.take() {
            daemon.stop().await;
        }
    }

    /// The daemon starts again over the same data.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        let daemon = Daemon::start(settings(self.folder.path())).await.unwrap();
        (self.client, self.events) = daemon.client();
        self.daemon = Some(daemon);
        self.ask::<EventsSubscribe>(Subscribe::default()).await;
    }

    pub(crate) async fn invite(&self) -> String {
        self.ask::<InviteCreate>(CreateInvite::default()).await.ticket
    }

    pub(crate) async fn add(&self, ticket: String) {
        self.ask::<ContactAdd>(AddContact { ticket, called: None, text: None }).await;
    }

    /// Says something, and does not wait.
    pub(crate) async fn say(&self, to: &str, text: &str) -> String {
        self.ask::<MessageSend>(saying(to, text)).await.id
    }

    /// Says something, and waits until it has arrived.
    pub(crate) async fn tell(&self, to: &str, text: &str) -> Sent {
        let timeout_ms = Some(u64::try_from(SOON.as_millis()).unwrap());
        let wait_for = Some(MessageState::Delivered);
        self.ask::<MessageSend>(SendMessage { wait_for, timeout_ms, ..saying(to, text) }).await
    }

    /// Waits for an event.
    pub(crate) async fn sees<T>(&mut self, mut is_it: impl FnMut(&What) -> Option<T>) -> T {
        let found = tokio::time::timeout(SOON, async {
            loop {
                let event: Event = self.events.next().await.expect("the daemon has gone");
                if let Some(found) = is_it(&event.what) {
                    return found;
                }
            }
        });
        found.await.expect("it did not happen in time")
    }

    /// Waits for a message with this text.
    pub(crate) async fn hears(&mut self, text: &str) -> Message {
        self.sees(|what| match what {
            What::Message { message } if message.text.as_deref() == Some(text) => {
                Some(message.clone())
            }
            _ => None,
        })
        .await
    }

    /// Waits until somebody is a contact.
    pub(crate) async fn knows(&mut self, name: &str) {
        self.sees(|what| match what {
            What::Contact { contact } if contact.name == name && contact.conversation.is_some() => {
                Some(())
            }
            _ => None,
        })
        .await;
    }

    pub(crate) async fn history(&self, with: &str) -> Vec<String> {
        let list =
            ListMessages { conversation: with.to_owned(), limit: None, before: None, after: None };
        let page = self.ask::<MessageList>(list).await;
        page.messages.into_iter().map(|message| message.text.unwrap_or_default()).collect()
    }
}

pub(crate) fn saying(to: &str, text: &str) -> SendMessage {
    SendMessage {
        to: to.to_owned(),
        text: text.to_owned(),
        client_id: None,
        reply_to: None,
        wait_for: None,
        timeout_ms: None,
        require_verified: false,
    }
}

/// Two people who are each other's contacts, and connected.
pub(crate) async fn two_friends() -> (Person, Person) {
    let (mut alice, mut bob) = (Person::new("Alice").await, Person::new("Bob").await);
    bob.add(alice.invite().await).await;
    alice.knows("Bob").await;
    bob.knows("Alice").await;
    (alice, bob)
}
