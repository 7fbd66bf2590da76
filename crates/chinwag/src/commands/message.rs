//! What is done with one message or one conversation.

use chinwag_api::method::{
    Connect, ConversationDigest, ConversationMarkRead, EditMessage, MessageAudience, MessageEdit,
    MessageReact, MessageRetract, MessageWhy, Method, OneConversation, OneMessage, PeerConnect,
    React as ReactParams,
};
use chinwag_api::model::{Audience, Id, Message};

use super::send::{awaited, linger, text_or_stdin};
use super::{answer, ask};
use crate::args::messages::{Digest, Edit, React, Read, Retract, WhoReads, Why};
use crate::args::{Json, Linger};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::node::{Need, with};
use crate::show;

pub(super) async fn edit(context: &Context, args: Edit) -> Result<Exit, Failure> {
    let id = args.id.clone();
    let params = EditMessage { id: args.id, text: text_or_stdin(args.text)? };
    change::<MessageEdit>(context, id, params, args.linger, args.json).await
}

pub(super) async fn react(context: &Context, args: React) -> Result<Exit, Failure> {
    let id = args.id.clone();
    let params = ReactParams { id: args.id, emoji: args.emoji, remove: args.remove };
    change::<MessageReact>(context, id, params, args.linger, args.json).await
}

pub(super) async fn retract(context: &Context, args: Retract) -> Result<Exit, Failure> {
    let params = OneMessage { id: args.id.clone() };
    change::<MessageRetract>(context, args.id, params, args.linger, args.json).await
}

/// Changes a message, and shows it as it is then.
async fn change<M: Method<Answer = Message>>(
    context: &Context,
    id: Id,
    params: M::Params,
    lingers: Linger,
    json: Json,
) -> Result<Exit, Failure> {
    let style = context.style();
    with(context, Need::Account, async |node| {
        let words =
            |message: &Message| show::message::history(std::slice::from_ref(message), &style);
        answer::<M>(node, params, json, words).await?;
        if node.is_here() && awaited(node, &id).await?.is_some() {
            node.linger(context, &id, linger(lingers)).await?;
        }
        Ok(Exit::Done)
    })
    .await
}

pub(super) async fn read(context: &Context, args: Read) -> Result<Exit, Failure> {
    with(context, Need::Account, async |node| {
        if node.is_here() && args.linger.linger > 0 {
            // They can only hear of it while there is a connection.
            let timeout_ms = Some(args.linger.linger * 1_000);
            let params = Connect { contacts: vec![args.name.clone()], timeout_ms };
            // An error is told below, in the words of what was asked for.
            let _ = node.call::<PeerConnect>(params).await;
        }
        let params = OneConversation { conversation: args.name };
        answer::<ConversationMarkRead>(node, params, args.json, |_| "It is read.".into()).await
    })
    .await
}

pub(super) async fn why(context: &Context, args: Why) -> Result<Exit, Failure> {
    let style = context.style();
    let params = OneMessage { id: args.id };
    ask::<MessageWhy>(context, params, args.json, |why| show::message::why(why, &style)).await
}

pub(super) async fn who(context: &Context, args: WhoReads) -> Result<Exit, Failure> {
    let style = context.style();
    let params = OneMessage { id: args.id };
    let words = |audience: &Audience| show::message::audience(audience, &style);
    ask::<MessageAudience>(context, params, args.json, words).await
}

pub(super) async fn digest(context: &Context, args: Digest) -> Result<Exit, Failure> {
    let style = context.style();
    let params = OneConversation { conversation: args.name };
    let words = |digest: &_| show::message::digest(digest, &style);
    ask::<ConversationDigest>(context, params, args.json, words).await
}
