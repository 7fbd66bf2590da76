//! `history` and `search`.

use std::collections::BTreeMap;

use chinwag_api::method::{
    ConversationList, ListConversations, ListMessages, MessageList, MessageSearch, Page,
    Search as SearchParams,
};
use chinwag_api::model::{Id, Message};
use serde_json::Value;

use super::{items, say_list, understood};
use crate::args::JsonList;
use crate::args::messages::{History, Search};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::node::{Need, Node, with};
use crate::output;
use crate::show;

pub(super) async fn history(context: &Context, args: History) -> Result<Exit, Failure> {
    let style = context.style();
    with(context, Need::Account, async |node| {
        let raw = newest(node, args.name, args.limit, args.before).await?;
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

/// So many messages, the oldest first: of several pages where they are too large for one.
async fn newest(
    node: &Node,
    conversation: String,
    limit: u32,
    mut before: Option<Id>,
) -> Result<Value, Failure> {
    let mut all: Option<Value> = None;
    let mut left = limit;
    loop {
        let params = ListMessages {
            conversation: conversation.clone(),
            limit: Some(left),
            before,
            after: None,
        };
        let mut page = node.raw::<MessageList>(params).await?;
        let count = items(&page).len();
        before = page.get("next").and_then(Value::as_str).map(str::to_owned);
        if let Some(newer) = all {
            put_behind(&newer, &mut page);
        }
        left = left.saturating_sub(u32::try_from(count).unwrap_or(u32::MAX));
        // A page without messages would be asked for for ever.
        if left == 0 || count == 0 || before.is_none() {
            return Ok(page);
        }
        all = Some(page);
    }
}

/// Puts the messages of a newer page behind those of an older one.
fn put_behind(newer: &Value, older: &mut Value) {
    if let Some(messages) = older.get_mut("messages").and_then(Value::as_array_mut) {
        messages.extend_from_slice(items(newer));
    }
}

fn is_for_people(form: JsonList) -> bool {
    !form.json && !form.jsonl
}

pub(super) async fn search(context: &Context, args: Search) -> Result<Exit, Failure> {
    let style = context.style();
    let point = |typed: &String| {
        style.clock.parse_point(typed).map_err(|words| Failure::saying(Exit::Usage, words))
    };
    let words = args.words.join(" ");
    if words.trim().is_empty() && !args.mentions {
        return Err(Failure::saying(Exit::Usage, "there is no word to search for"));
    }
    let before = args.before.as_ref().map(point).transpose()?;
    let after = args.after.as_ref().map(point).transpose()?;
    with(context, Need::Account, async |node| {
        let params = SearchParams {
            words,
            mentions_me: args.mentions,
            from: args.from,
            within: args.within,
            before,
            after,
            limit: Some(args.limit),
            cursor: args.cursor,
        };
        let raw = found(node, params).await?;
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

/// As many hits as were asked for: of several pages where they are too large for one.
async fn found(node: &Node, mut params: SearchParams) -> Result<Value, Failure> {
    let limit = usize::try_from(params.limit.unwrap_or_default()).unwrap_or(usize::MAX);
    let mut all = node.raw::<MessageSearch>(params.clone()).await?;
    loop {
        let left = limit.saturating_sub(items(&all).len());
        let next = all.get("next").and_then(Value::as_str).map(str::to_owned);
        // A page that leads to itself would be asked for for ever.
        if left == 0 || next.is_none() || next == params.cursor {
            return Ok(all);
        }
        (params.limit, params.cursor) = (u32::try_from(left).ok(), next);
        let more = node.raw::<MessageSearch>(params.clone()).await?;
        put_after(&mut all, more);
    }
}

/// Puts a further page of hits behind those before. What was found by its first wording and again by a
/// later one is one message.
fn put_after(all: &mut Value, mut more: Value) {
    if let Some(found) = all.get_mut("messages").and_then(Value::as_array_mut) {
        for message in items(&more) {
            if found.iter().all(|known| known.get("id") != message.get("id")) {
                found.push(message.clone());
            }
        }
    }
    if let (Some(next), Some(later)) = (all.get_mut("next"), more.get_mut("next")) {
        *next = later.take();
    }
}

/// What conversations are called.
async fn names(node: &Node) -> Result<BTreeMap<Id, String>, Failure> {
    let conversations = node.call::<ConversationList>(ListConversations::default()).await?;
    Ok(conversations.into_iter().map(|conversation| (conversation.id, conversation.name)).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pages_are_put_together_with_the_oldest_message_first() {
        let newer = json!({"messages": [3, 4], "next": "3"});
        let mut older = json!({"messages": [1, 2], "next": null});
        put_behind(&newer, &mut older);
        assert_eq!(older, json!({"messages": [1, 2, 3, 4], "next": null}));
    }

    #[test]
    fn pages_of_hits_are_put_together_and_each_message_is_there_once() {
        let mut all = json!({"messages": [{"id": 3}, {"id": 2}], "next": "2"});
        put_after(&mut all, json!({"messages": [{"id": 3}, {"id": 1}], "next": null}));
        let expected = json!({"messages": [{"id": 3}, {"id": 2}, {"id": 1}], "next": null});
        assert_eq!(all, expected);
    }
}
