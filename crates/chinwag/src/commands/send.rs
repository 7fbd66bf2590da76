//! `send`: one message, for scripts.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chinwag_api::method::{
    ContactList, ConversationDigest, ConversationList, DeviceList, ListConversations, MessageGet,
    MessageSend, Method as _, Nothing, OneConversation, OneMessage, SendMessage,
};
use chinwag_api::model::{ContactState, Conversation, DeviceState, MessageState};

use super::{done, understood};
use crate::args::messages::{Send, WaitFor};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::node::{Need, Node, say_it_is_saved, with};
use crate::output;
use crate::show;
use crate::terminal::input;

/// Bytes of a text that are read from standard input; what the node takes may be less.
const TEXT_MAX: usize = 1_024 * 1_024;

pub(super) async fn run(context: &Context, args: Send) -> Result<Exit, Failure> {
    let text = text_or_stdin(args.text)?;
    let wanted = args.wait.map(|wait| match wait {
        WaitFor::Delivered => MessageState::Delivered,
        WaitFor::Read => MessageState::Read,
    });
    with(context, Need::Account, async |node| {
        let is_named = args.client_id.is_some();
        let to = args.name.clone();
        let mut params = SendMessage {
            to: args.name,
            text,
            // The same again, should the node end before it answers, is the same message.
            client_id: Some(args.client_id.unwrap_or_else(new_client_id)),
            reply_to: args.reply_to,
            wait_for: wanted,
            timeout_ms: wanted.map(|_| args.timeout * 1_000),
            require_verified: args.require_verified,
        };
        let mut raw = node.raw::<MessageSend>(params.clone()).await?;
        let mut sent = understood::<MessageSend>(raw.clone())?;
        // A node that ends with this command has to stay until it could deliver.
        let is_awaited =
            wanted.is_none() && node.is_here() && awaited(node, &sent.id).await?.is_some();
        if is_awaited && args.linger.linger > 0 {
            params.wait_for = Some(MessageState::Delivered);
            params.timeout_ms = Some(args.linger.linger * 1_000);
            sent.state = node.call::<MessageSend>(params).await?.state;
            raw["state"] = serde_json::json!(sent.state);
        }
        let id = show::id(&sent.id, true);
        let said = if args.json.json {
            output::json(&raw)
        } else {
            format!("{id} {}", show::message::state(sent.state))
        };
        output::say_done(done(MessageSend::NAME), &said)
            .map_err(|failure| failure.hint("`chinwag history` shows it"))?;
        if sent.state < MessageState::Delivered && is_blocked(node, &to).await? {
            context.remark(
                "chinwag: you blocked them: it is saved, and goes out after `chinwag unblock`",
            );
        }
        if sent.is_repeated && is_named {
            context.remark("chinwag: this was sent before; it is one message still");
        }
        match wanted {
            Some(wanted) if sent.state < wanted => {
                let far = show::message::state(wanted);
                let limit = show::time::duration(jiff::SignedDuration::from_secs(
                    i64::try_from(args.timeout).unwrap_or(i64::MAX),
                ));
                let failure =
                    Failure::saying(Exit::Unreachable, format!("it was not {far} within {limit}"));
                Err(failure.hint(format!(
                    "it is saved, and goes out whenever chinwag runs; `chinwag why {id}` says more"
                )))
            }
            None if is_awaited && sent.state < MessageState::Delivered => {
                say_it_is_saved(context);
                Ok(Exit::Done)
            }
            _ => Ok(Exit::Done),
        }
    })
    .await
}

/// The conversation of a message, if somebody besides this device is to have what is said there: not
/// if we are alone with ourselves, and not if we keep them away.
pub(super) async fn awaited(node: &Node, message: &str) -> Result<Option<Conversation>, Failure> {
    let message = node.call::<MessageGet>(OneMessage { id: message.to_owned() }).await?;
    let all = node.call::<ConversationList>(ListConversations::default()).await?;
    let Some(with) = all.into_iter().find(|with| with.id == message.conversation) else {
        return Ok(None);
    };
    let is_awaited = if with.kind == "self" {
        let devices = node.call::<DeviceList>(Nothing {}).await?;
        devices.iter().any(|device| !device.is_this && device.state == DeviceState::Current)
    } else {
        let contacts = node.call::<ContactList>(Nothing {}).await?;
        let them = contacts.iter().find(|contact| contact.id == with.contact);
        them.is_none_or(|contact| contact.state != ContactState::Blocked)
    };
    Ok(is_awaited.then_some(with))
}

/// Whether we keep away whom we have just written to.
async fn is_blocked(node: &Node, to: &str) -> Result<bool, Failure> {
    let params = OneConversation { conversation: to.to_owned() };
    let id = node.call::<ConversationDigest>(params).await?.conversation;
    let contacts = node.call::<ContactList>(Nothing {}).await?;
    let them = contacts.iter().find(|contact| contact.conversation.as_deref() == Some(&*id));
    Ok(them.is_some_and(|contact| contact.state == ContactState::Blocked))
}

/// A name for a sending that no other one has here.
pub(super) fn new_client_id() -> String {
    static SENT: AtomicU64 = AtomicU64::new(0);
    let now = jiff::Timestamp::now().as_nanosecond();
    let sent = SENT.fetch_add(1, Ordering::Relaxed);
    format!("chinwag-{}-{now}-{sent}", std::process::id())
}

/// A text, or standard input where it is `-`.
pub(super) fn text_or_stdin(text: String) -> Result<String, Failure> {
    if text != "-" {
        return Ok(text);
    }
    let sentence = format!("standard input is over the limit of {TEXT_MAX} bytes");
    input::text(TEXT_MAX, || Failure::saying(Exit::Limit, sentence))
}

/// How long to linger.
pub(super) fn linger(args: crate::args::Linger) -> Duration {
    Duration::from_secs(args.linger)
}
