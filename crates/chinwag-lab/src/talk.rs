//! What people do with one another, in one line each.

use std::time::Duration;

use chinwag_api::client::Client;
use chinwag_api::method::{
    AddContact, ContactAdd, ContactList, ConversationDigest, CreateInvite, InviteCreate,
    ListMessages, MessageList, MessageSend, MessageWhy, Nothing, OneConversation, OneMessage,
    PeerList, SendMessage, Sent,
};
use chinwag_api::model::{ContactState, Digest, Message, MessageState, Peer, Why};

use crate::{PATIENCE, until};

/// A ticket of this person's, for one.
pub async fn ticket(client: &Client) -> String {
    client.call::<InviteCreate>(CreateInvite::default()).await.expect("a ticket").ticket
}

/// Uses a ticket.
pub async fn add(client: &Client, ticket: &str) {
    let params = AddContact { ticket: ticket.to_owned(), called: None, text: None };
    client.call::<ContactAdd>(params).await.expect("the ticket is taken");
}

/// Waits until this person has a contact of this name.
pub async fn until_contact(client: &Client, name: &str) {
    until(&format!("{name} as a contact"), PATIENCE, async || {
        let contacts = client.call::<ContactList>(Nothing {}).await.expect("contacts");
        contacts.into_iter().find(|c| c.name == name && c.state == ContactState::Contact)
    })
    .await;
}

/// Waits until this person is connected with a contact, or no longer.
pub async fn until_connected(client: &Client, name: &str, connected: bool, within: Duration) {
    until(&format!("{name} connected: {connected}"), within, async || {
        let contacts = client.call::<ContactList>(Nothing {}).await.expect("contacts");
        contacts.into_iter().find(|c| c.name == name && c.connected == connected)
    })
    .await;
}

/// Makes contacts of two whose daemons run.
pub async fn introduce(ana: (&Client, &str), bob: (&Client, &str)) {
    add(bob.0, &ticket(ana.0).await).await;
    until_contact(ana.0, bob.1).await;
    until_contact(bob.0, ana.1).await;
}

/// Says something, and does not wait for it to arrive.
pub async fn say(client: &Client, to: &str, text: &str) -> Sent {
    let (to, text) = (to.to_owned(), text.to_owned());
    let params = SendMessage { to, text, ..SendMessage::default() };
    client.call::<MessageSend>(params).await.expect("it is saved")
}

/// Says something, and waits until it is delivered.
pub async fn deliver(client: &Client, to: &str, text: &str) -> Sent {
    let (to, text) = (to.to_owned(), text.to_owned());
    let wait_for = Some(MessageState::Delivered);
    let timeout_ms = Some(u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX));
    let params = SendMessage { to, text, wait_for, timeout_ms, ..SendMessage::default() };
    let sent = client.call::<MessageSend>(params).await.expect("it is saved");
    assert!(sent.state >= MessageState::Delivered, "{sent:?}");
    sent
}

/// The whole conversation, the oldest first.
pub async fn history(client: &Client, with: &str) -> Vec<Message> {
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let params =
            ListMessages { conversation: with.to_owned(), limit: Some(1_000), before, after: None };
        let page = client.call::<MessageList>(params).await.expect("a page");
        all.splice(0..0, page.messages);
        before = page.next;
        if before.is_none() {
            return all;
        }
    }
}

/// What both compare.
pub async fn digest(client: &Client, with: &str) -> Digest {
    let params = OneConversation { conversation: with.to_owned() };
    client.call::<ConversationDigest>(params).await.expect("a digest")
}

/// Waits until both have the same conversation, and gives how many entries it has.
pub async fn until_agreed(ana: (&Client, &str), bob: (&Client, &str), within: Duration) -> u64 {
    until("the same digest on both sides", within, async || {
        let (here, there) = (digest(ana.0, bob.1).await, digest(bob.0, ana.1).await);
        (here.digest == there.digest && here.entries == there.entries).then_some(here.entries)
    })
    .await
}

/// Where a message is, and what is in its way.
pub async fn why(client: &Client, id: &str) -> Why {
    client.call::<MessageWhy>(OneMessage { id: id.to_owned() }).await.expect("an explanation")
}

/// The reasons that are given for a message, one for each device it waits for.
pub async fn reasons(client: &Client, id: &str) -> Vec<String> {
    why(client, id).await.devices.into_iter().filter_map(|device| device.reason).collect()
}

/// The devices that are known, and the ways to them.
pub async fn peers(client: &Client) -> Vec<Peer> {
    client.call::<PeerList>(Nothing {}).await.expect("peers")
}
