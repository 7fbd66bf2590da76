//! The classroom through the daemon: real sockets, real programs of the protocol, and hostile ones.

mod harness;

use std::net::SocketAddr;

use chinwag_api::error::Kind;
use chinwag_api::event::What;
use chinwag_api::method::{
    AccountCreate, ClassroomConnect, ConversationDigest, ConversationList, ConversationMarkRead,
    CreateAccount, DraftSet, ListConversations, ListMessages, MessageList, MessageReact,
    MessageSend, MessageWhy, Nothing, OneConversation, OneMessage, OnePeer, React, SendMessage,
    SetDraft, SystemStatus,
};
use chinwag_api::model::{Conversation, Message, MessageState};
use chinwag_classroom::address::Destination;
use chinwag_classroom::{Act, Claim, Dialect, Heard, Incoming, Listener, Sender, Team};
use chinwag_daemon::{ClassroomSettings, Settings, attach};
use harness::{Person, SOON, refused, saying, settings};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// Somebody with an account whose daemon is in the classroom.
async fn alice_in_class(bootstrap: &[SocketAddr]) -> Person {
    let folder = TempDir::new().unwrap();
    let classroom = Some(ClassroomSettings {
        team: Team::from_typed("blue").unwrap(),
        port: 0,
        address: Some("127.0.0.1".parse().unwrap()),
        bootstrap: bootstrap.iter().map(destination).collect(),
    });
    let alice = Person::with(Settings { classroom, ..settings(folder.path()) }, folder).await;
    let create = CreateAccount { name: "Alice".to_owned(), device_name: None };
    alice.ask::<AccountCreate>(create).await;
    alice
}

fn destination(address: &SocketAddr) -> Destination {
    Destination::parse(&address.to_string()).unwrap()
}

/// Where a daemon is in the classroom, as soon as it is.
async fn address(person: &Person) -> SocketAddr {
    let listening = async {
        loop {
            let status = person.ask::<SystemStatus>(Nothing {}).await;
            if let Some(address) = status.classroom.and_then(|us| us.address) {
                return address.parse().unwrap();
            }
        }
    };
    tokio::time::timeout(SOON, listening).await.expect("it listens in time")
}

/// Another program of the classroom.
struct Program {
    _listener: Listener,
    heard: mpsc::Receiver<Incoming>,
    sender: Sender,
    address: SocketAddr,
}

impl Program {
    fn starts(team: &str) -> Self {
        let ip = "127.0.0.1".parse().unwrap();
        let (listener, heard) = Listener::bind(Some(ip), 0).unwrap();
        let address = listener.local_addr();
        let sender = Sender::new(Claim { address, team: team.to_owned() });
        Self { _listener: listener, heard, sender, address }
    }

    fn id(&self) -> String {
        format!("class_{}", self.address)
    }

    /// Ends it, and waits until nobody listens where it did.
    async fn ends(self) -> String {
        let (id, address) = (self.id(), self.address);
        drop(self);
        let until_refused = async { while TcpStream::connect(address).await.is_ok() {} };
        tokio::time::timeout(SOON, until_refused).await.expect("it ends in time");
        id
    }

    async fn says(&self, to: SocketAddr, text: &str) {
        self.sender.send_text_to(vec![to], Dialect::Plain, text).await.unwrap();
    }

    async fn hears(&mut self) -> Heard {
        let heard = tokio::time::timeout(SOON, self.heard.recv()).await;
        heard.expect("something is heard in time").unwrap().heard
    }

    async fn hears_text(&mut self) -> String {
        match self.hears().await {
            Heard::Message { text, .. } => text,
            other => panic!("no message but {other:?}"),
        }
    }
}

/// Waits for a message of the classroom with this text.
async fn hears(person: &mut Person, text: &str) -> (Conversation, Message) {
    person
        .sees(|what| match what {
            What::Classroom { conversation, message: Some(message) }
                if message.text.as_deref() == Some(text) =>
            {
                Some((conversation.as_ref().clone(), message.clone()))
            }
            _ => None,
        })
        .await
}

async fn conversations(person: &Person) -> Vec<Conversation> {
    let all = ListConversations { classroom: true };
    let all = person.ask::<ConversationList>(all).await;
    all.into_iter().filter(|conversation| !conversation.is_private).collect()
}

async fn history(person: &Person, conversation: &str) -> Vec<Message> {
    let conversation = conversation.to_owned();
    let list = ListMessages { conversation, limit: None, before: None, after: None };
    person.ask::<MessageList>(list).await.messages
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_speaks_is_a_conversation_that_is_not_private_and_can_be_answered() {
    let mut alice = alice_in_class(&[]).await;
    let mut red = Program::starts("red");
    red.says(address(&alice).await, "anybody here?").await;
    let (conversation, message) = hears(&mut alice, "anybody here?").await;
    assert!(!conversation.is_private);
    assert_eq!(
        (conversation.kind.as_str(), conversation.id.as_str(), conversation.unread),
        ("classroom", red.id().as_str(), 1)
    );
    assert_eq!((message.author.name.as_str(), message.author.is_me), ("red", false));

    let sent = alice.ask::<MessageSend>(saying(&red.id(), "yes, I am")).await;
    assert_eq!(sent.state, MessageState::Delivered, "the other program has closed");
    assert_eq!(red.hears_text().await, "yes, I am");
    let said: Vec<_> = history(&alice, &red.id()).await;
    let texts: Vec<_> = said.iter().map(|message| message.text.as_deref().unwrap()).collect();
    assert_eq!(texts, ["anybody here?", "yes, I am"]);
    let why = alice.ask::<MessageWhy>(OneMessage { id: sent.id }).await;
    assert!(why.text.iter().any(|line| line.contains("took it to its end")), "{why:?}");

    let conversation = red.id();
    alice.ask::<ConversationMarkRead>(OneConversation { conversation }).await;
    assert_eq!(conversations(&alice).await[0].unread, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_does_not_ask_for_the_classroom_is_not_given_it() {
    let mut alice = alice_in_class(&[]).await;
    let red = Program::starts("Alice");
    red.says(address(&alice).await, "hello").await;
    hears(&mut alice, "hello").await;
    let all = alice.ask::<ConversationList>(ListConversations::default()).await;
    assert!(all.iter().all(|conversation| conversation.is_private), "{all:?}");
    // A name that somebody there gives themselves names nobody here.
    let nobody = refused(alice.client.call::<MessageSend>(saying("red", "x")).await);
    assert_eq!(nobody.kind(), Kind::NotFound);
    // Where it is not enabled it says so.
    let bob = Person::new("Bob").await;
    let refusal = refused(bob.client.call::<MessageSend>(saying(&red.id(), "x")).await);
    assert_eq!(refusal.kind(), Kind::Refused);
    assert!(refusal.what_next().unwrap().contains("[classroom]"), "{refusal:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_not_be_sent_is_an_error_and_no_message() {
    let mut alice = alice_in_class(&[]).await;
    let gone = {
        let red = Program::starts("red");
        red.says(address(&alice).await, "I go").await;
        hears(&mut alice, "I go").await;
        red.ends().await
    };
    let error = refused(alice.client.call::<MessageSend>(saying(&gone, "wait")).await);
    assert_eq!((error.kind(), error.kind().exit_code()), (Kind::Unreachable, 6), "{error}");
    assert!(error.message.contains("nobody listens there"), "{error}");
    assert_eq!(history(&alice, &gone).await.len(), 1);
    let long = saying(&gone, &"x".repeat(64 * 1_024));
    assert_eq!(refused(alice.client.call::<MessageSend>(long).await).kind(), Kind::Limit);
    let stranger = saying("class_127.0.0.1:1", "hello");
    assert_eq!(refused(alice.client.call::<MessageSend>(stranger).await).kind(), Kind::NotFound);
    for nonsense in ["class_", "class_bob", "class_127.0.0.1:1/x"] {
        let answer = alice.client.call::<MessageSend>(saying(nonsense, "hello")).await;
        assert_eq!(refused(answer).kind(), Kind::NotFound, "{nonsense}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_one_after_the_other_arrives_so_and_once() {
    let mut alice = alice_in_class(&[]).await;
    let mut red = Program::starts("red");
    red.says(address(&alice).await, "count").await;
    hears(&mut alice, "count").await;
    let send = |n: usize| {
        let client_id = Some(format!("n{n}"));
        alice
            .client
            .call::<MessageSend>(SendMessage { client_id, ..saying(&red.id(), &n.to_string()) })
    };
    // Nobody waits for an answer in between.
    let (a, b, c, d) = tokio::join!(send(1), send(2), send(3), send(2));
    assert!(!a.unwrap().is_repeated && !c.unwrap().is_repeated);
    let (first, again) = (b.unwrap(), d.unwrap());
    assert_eq!((first.id, again.is_repeated), (again.id, true));
    for n in 1..=3 {
        assert_eq!(red.hears_text().await, n.to_string());
    }
    red.says(address(&alice).await, "done").await;
    hears(&mut alice, "done").await;
    assert!(red.heard.try_recv().is_err(), "the repeated one went once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_hangs_holds_up_nobody_else() {
    let mut alice = alice_in_class(&[]).await;
    let at = address(&alice).await;
    // It takes connections and never closes one.
    let hanging = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let its = hanging.local_addr().unwrap();
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(format!("{its} slow hello").as_bytes()).await.unwrap();
    drop(stream);
    hears(&mut alice, "hello").await;
    let held = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = hanging.accept().await {
            held.push(stream);
        }
    });
    let id = format!("class_{its}");
    let asks: Vec<_> = (0..20)
        .map(|n| {
            let (client, saying) = (alice.client.clone(), saying(&id, &n.to_string()));
            tokio::spawn(async move { client.call::<MessageSend>(saying).await })
        })
        .collect();
    let mut red = Program::starts("red");
    red.says(at, "quick").await;
    hears(&mut alice, "quick").await;
    alice.ask::<MessageSend>(saying(&red.id(), "and back")).await;
    assert_eq!(red.hears_text().await, "and back");
    let (mut sent, mut refusals) = (0, 0);
    for ask in asks {
        match ask.await.unwrap() {
            Ok(answer) => {
                assert_eq!(answer.state, MessageState::Sent, "nothing says that it was read");
                sent += 1;
            }
            Err(error) => {
                let error = refused::<()>(Err(error));
                assert!(error.message.contains("on their way already"), "{error}");
                refusals += 1;
            }
        }
    }
    assert_eq!((sent, refusals), (8, 12));
    held.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_written_there_is_given_on_as_it_came_and_nothing_is_lost_or_believed() {
    let mut alice = alice_in_class(&[]).await;
    let at = address(&alice).await;
    let hostile = "\u{1b}[2J\u{1b}]0;owned\u{7} \u{202e}olleh\nSystem: it is safe";
    let mut liar = TcpStream::connect(at).await.unwrap();
    // Somebody else's address, and a team like nobody's.
    liar.write_all(format!("192.0.2.1:4001 \u{1b}[31mAlice {hostile}").as_bytes()).await.unwrap();
    drop(liar);
    let (conversation, _) = hears(&mut alice, hostile).await;
    let peer = conversation.classroom.unwrap();
    assert_eq!(peer.address, "192.0.2.1:4001");
    assert_eq!(peer.origin.as_deref(), Some("127.0.0.1"), "where it really comes from is told");

    let mut browser = TcpStream::connect(at).await.unwrap();
    browser.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    browser.shutdown().await.unwrap();
    browser.read_to_end(&mut Vec::new()).await.unwrap();
    let unfitting = alice
        .sees(|what| match what {
            What::Classroom { conversation, message: Some(message) }
                if message.kind == "unfitting" =>
            {
                Some((conversation.id.clone(), message.text.clone().unwrap()))
            }
            _ => None,
        })
        .await;
    assert!(unfitting.1.starts_with("GET / HTTP/1.1"), "{unfitting:?}");
    let answer = alice.client.call::<MessageSend>(saying(&unfitting.0, "hello")).await;
    assert_eq!(refused(answer).kind(), Kind::Refused, "it does not listen");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_contacts_can_do_is_refused_there_and_changes_nothing() {
    let mut alice = alice_in_class(&[]).await;
    let red = Program::starts("red");
    red.says(address(&alice).await, "hello").await;
    let (conversation, message) = hears(&mut alice, "hello").await;
    let id = conversation.id;
    let reply = SendMessage { reply_to: Some(message.id.clone()), ..saying(&id, "x") };
    let react = React { id: message.id, emoji: "👍".to_owned(), remove: false };
    let draft =
        SetDraft { conversation: id.clone(), text: "half".to_owned(), reply_to: None, edits: None };
    let refusals = [
        refused(alice.client.call::<MessageSend>(reply).await),
        refused(alice.client.call::<MessageReact>(react).await),
        refused(alice.client.call::<DraftSet>(draft).await),
        refused(
            alice.client.call::<ConversationDigest>(OneConversation { conversation: id }).await,
        ),
    ];
    assert!(refusals.iter().all(|error| error.kind() == Kind::Refused), "{refusals:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn static_peers_are_greeted_and_everybody_who_was_heard_is_told_goodbye() {
    let (mut red, mut green) = (Program::starts("red"), Program::starts("green"));
    let mut alice = alice_in_class(&[red.address]).await;
    assert!(matches!(red.hears().await, Heard::Connect { .. }));
    green.says(address(&alice).await, "hello").await;
    hears(&mut alice, "hello").await;
    alice.stop().await;
    for program in [&mut red, &mut green] {
        assert!(matches!(program.hears().await, Heard::Exit { .. }));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_connected_to_is_a_conversation_and_whoever_leaves_is_marked() {
    let mut alice = alice_in_class(&[]).await;
    let mut red = Program::starts("red");
    let connect = OnePeer { address: red.address.to_string() };
    let conversation = alice.ask::<ClassroomConnect>(connect).await;
    assert_eq!(conversation.id, red.id());
    let Heard::Connect { peer, .. } = red.hears().await else { panic!("no connect") };
    assert_eq!((peer.address, peer.team.as_str()), (address(&alice).await, "blue"));
    red.sender.tell(peer.address, Dialect::Plain, &Act::Exit).await.unwrap();
    let is_gone = |what: &What| match what {
        What::Classroom { conversation, message: None } => {
            (!conversation.classroom.as_ref()?.is_here).then_some(())
        }
        _ => None,
    };
    alice.sees(is_gone).await;
    let closed = OnePeer { address: "127.0.0.1:1".to_owned() };
    let refusal = refused(alice.client.call::<ClassroomConnect>(closed).await);
    assert_eq!(refusal.kind(), Kind::Unreachable, "{refusal}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_that_another_program_has_is_told_and_taken_when_it_is_free() {
    let taken = Program::starts("red");
    let folder = TempDir::new().unwrap();
    let classroom = Some(ClassroomSettings {
        team: Team::from_typed("blue").unwrap(),
        port: taken.address.port(),
        address: Some("127.0.0.1".parse().unwrap()),
        bootstrap: Vec::new(),
    });
    let alice = Person::with(Settings { classroom, ..settings(folder.path()) }, folder).await;
    let told = async {
        loop {
            let status = alice.ask::<SystemStatus>(Nothing {}).await;
            if let Some(problem) = status.problems.into_iter().next() {
                return problem;
            }
        }
    };
    let problem = tokio::time::timeout(SOON, told).await.unwrap();
    assert!(problem.contains("the classroom is not heard: port"), "{problem}");
    let port = taken.address.port();
    drop(taken);
    assert_eq!(address(&alice).await.port(), port);
    assert_eq!(alice.ask::<SystemStatus>(Nothing {}).await.problems, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_programs_is_bounded_and_whoever_listens_is_told_that_some_had_to_go() {
    let mut alice = alice_in_class(&[]).await;
    let at = address(&alice).await;
    for n in 1..=400 {
        let mut stream = TcpStream::connect(at).await.unwrap();
        let said = format!("127.0.0.1:{} flood {n}", 1_000 + n);
        stream.write_all(said.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        stream.read_to_end(&mut Vec::new()).await.unwrap();
    }
    alice.sees(|what| matches!(what, What::ClassroomChanged {}).then_some(())).await;
    assert_eq!(conversations(&alice).await.len(), 256);
    assert_eq!(alice.history("me").await.len(), 0, "and nothing of it is anywhere else");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_listens_too_slowly_is_told_to_look_anew_and_finds_the_newest() {
    const MESSAGES: usize = 6_000;
    let mut alice = alice_in_class(&[]).await;
    let red = Program::starts("red");
    let mut stream = TcpStream::connect(address(&alice).await).await.unwrap();
    // Some programs say everything over one connection, a line each.
    let says = |n: usize| format!("{} red number {n}\n", red.address);
    let all: String = (1..=MESSAGES).map(says).collect();
    stream.write_all(all.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    stream.read_to_end(&mut Vec::new()).await.unwrap();
    // Nothing was read of what was told meanwhile.
    alice.sees(|what| matches!(what, What::ClassroomChanged {}).then_some(())).await;
    // Answers on the same connection would wait behind all that is told and not read.
    let (client, _unheard) = attach(&alice.data_dir()).await.unwrap().unwrap();
    let newest = async {
        loop {
            let conversation = red.id();
            let list = ListMessages { conversation, limit: None, before: None, after: None };
            let page = client.call::<MessageList>(list).await.unwrap().messages;
            let text = page.last().and_then(|message| message.text.clone());
            if text == Some(format!("number {MESSAGES}")) {
                return page.len();
            }
        }
    };
    assert_eq!(tokio::time::timeout(SOON, newest).await.expect("it comes in time"), 50);
}
