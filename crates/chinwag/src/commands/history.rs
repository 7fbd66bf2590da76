//! `history` and `search`.

use std::collections::BTreeMap;

use chinwag_api::method::{
    ConversationList, ListMessages, MessageList, MessageSearch, Nothing, Page,
    Search as SearchParams,
};
use chinwag_api::model::{Id, Message};

use super::{say_list, understood};
use crate::args::JsonList;
use crate::args::messages::{History, Search};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::node::{Need, Node, with};
use crate::output;
use crate::show;

pub(super) async fn history(context: &Context, args: History) -> Result<Exit, Failure> {
    let style = context.style(args.utc);
    with(context, Need::Account, async |node| {
        let params =
            ListMessages { conversation: args.name, limit: Some(args.limit), before: args.before };
        let raw = node.raw::<MessageList>(params).await?;
        let page = understood::<MessageList>(raw.clone())?;
        if is_for_people(args.list) && page.messages.is_empty() {
            context.remark("chinwag: no messages");
            return Ok(Exit::Done);
        }
        let words = |page: &Page| show::message::history(&page.messages, &style);
        say_list::<MessageList>(raw, args.list, words)?;
        if let Some(next) = page.next.filter(|_| !args.list.json) {
            let next = show::id(&next, style.whole_ids);
            context.remark(&format!("chinwag: there are earlier ones: --before {next}"));
        }
        Ok(Exit::Done)
    })
    .await
}

fn is_for_people(form: JsonList) -> bool {
    !form.json && !form.jsonl
}

pub(super) async fn search(context: &Context, args: Search) -> Result<Exit, Failure> {
    let style = context.style(args.utc);
    let point = |typed: &String| {
        style.clock.parse_point(typed).map_err(|words| Failure::saying(Exit::Usage, words))
    };
    let before = args.before.as_ref().map(point).transpose()?;
    let after = args.after.as_ref().map(point).transpose()?;
    with(context, Need::Account, async |node| {
        let params = SearchParams {
            words: args.words.join(" "),
            from: args.from,
            within: args.within,
            before,
            after,
            limit: Some(args.limit),
            cursor: args.cursor,
        };
        let raw = node.raw::<MessageSearch>(params).await?;
        let page = understood::<MessageSearch>(raw.clone())?;
        if is_for_people(args.list) && page.messages.is_empty() {
            context.remark("chinwag: nothing found");
            return Ok(Exit::Done);
        }
        let names = if is_for_people(args.list) { names(node).await? } else { BTreeMap::new() };
        let place = |message: &Message| {
            let name = names.get(&message.conversation);
            name.map_or_else(String::new, |name| show::people::name(name))
        };
        let words = |page: &Page| show::message::found(&page.messages, place, &style);
        say_list::<MessageSearch>(raw, args.list, words)?;
        if let Some(next) = page.next.filter(|_| !args.list.json) {
            let next = output::one_line(&next);
            context.remark(&format!("chinwag: there are more: --cursor {next}"));
        }
        Ok(Exit::Done)
    })
    .await
}

/// What conversations are called.
async fn names(node: &Node) -> Result<BTreeMap<Id, String>, Failure> {
    let conversations = node.call::<ConversationList>(Nothing {}).await?;
    Ok(conversations.into_iter().map(|conversation| (conversation.id, conversation.name)).collect())
}
