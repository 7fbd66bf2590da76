//! What is known of people, and the ways to their devices.

use std::time::Duration;

use chinwag_api::method::{
    Connect as ConnectParams, ContactBlock, ContactList, ContactRename, ContactSafetyNumber,
    ContactUnblock, ContactVerify, ConversationNotify, Method, NearbyList, Nothing, OneContact,
    PeerConnect, PeerList, RenameContact, RequestAccept, RequestDecline, RequestList, SetNotify,
    VerifyContact,
};
use chinwag_api::model::{ConnectOutcome, Contact, NotifyLevel};

use tokio::time::{sleep, timeout};

use super::{answer, answer_list, ask, ask_list, done, say_list, understood};
use crate::args::JsonList;
use crate::args::people::{Alias, Connect, Level, Mute, Somebody, Verify};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::node::{Need, with};
use crate::output;
use crate::show;
use crate::terminal::ask as terminal;

/// How long a node that has just begun tries to reach everybody before it says whom it reached.
const FIRST_TRY_MS: u64 = 3_000;

/// How long a node that has just begun looks around before it says who is near.
const LOOK_AROUND: Duration = Duration::from_secs(3);

/// What takes longer than this is announced.
const AT_ONCE: Duration = Duration::from_millis(300);

pub(super) async fn contacts(context: &Context, list: JsonList) -> Result<Exit, Failure> {
    let style = context.style();
    let words = |contacts: &Vec<_>| show::people::contacts(contacts, &style);
    ask_list::<ContactList>(context, Nothing {}, list, words).await
}

pub(super) async fn requests(context: &Context, list: JsonList) -> Result<Exit, Failure> {
    let style = context.style();
    let words = |requests: &Vec<_>| show::people::requests(requests, &style);
    ask_list::<RequestList>(context, Nothing {}, list, words).await
}

pub(super) async fn accept(context: &Context, args: Somebody) -> Result<Exit, Failure> {
    with_somebody::<RequestAccept>(context, args).await
}

pub(super) async fn block(context: &Context, args: Somebody) -> Result<Exit, Failure> {
    with_somebody::<ContactBlock>(context, args).await
}

pub(super) async fn unblock(context: &Context, args: Somebody) -> Result<Exit, Failure> {
    with_somebody::<ContactUnblock>(context, args).await
}

async fn with_somebody<M>(context: &Context, args: Somebody) -> Result<Exit, Failure>
where
    M: Method<Params = OneContact, Answer = Contact>,
{
    ask::<M>(context, OneContact { contact: args.name }, args.json, show::people::contact).await
}

pub(super) async fn decline(context: &Context, args: Somebody) -> Result<Exit, Failure> {
    let params = OneContact { contact: args.name };
    ask::<RequestDecline>(context, params, args.json, |_| "The request is forgotten.".into()).await
}

pub(super) async fn mute(context: &Context, args: Mute) -> Result<Exit, Failure> {
    let level = match args.level {
        Level::None => NotifyLevel::None,
        Level::Mentions => NotifyLevel::Mentions,
        Level::All => NotifyLevel::All,
    };
    let params = SetNotify { conversation: args.name, level };
    ask::<ConversationNotify>(context, params, args.json, show::people::told).await
}

pub(super) async fn unmute(context: &Context, args: Somebody) -> Result<Exit, Failure> {
    let params = SetNotify { conversation: args.name, level: NotifyLevel::All };
    ask::<ConversationNotify>(context, params, args.json, show::people::told).await
}

pub(super) async fn alias(context: &Context, args: Alias) -> Result<Exit, Failure> {
    let before = args.name.clone();
    let params = RenameContact { contact: args.name, name: args.new };
    let words = |contact: &Contact| show::people::renamed(&before, contact);
    ask::<ContactRename>(context, params, args.json, words).await
}

pub(super) async fn verify(context: &Context, args: Verify) -> Result<Exit, Failure> {
    let style = context.style();
    with(context, Need::Account, async |node| {
        if args.yes || args.undo {
            let params = VerifyContact { contact: args.name, verified: args.yes };
            return answer::<ContactVerify>(node, params, args.json, verified).await;
        }
        let params = OneContact { contact: args.name };
        let words = |number: &_| show::people::safety_number(number, &style);
        let raw = node.raw::<ContactSafetyNumber>(params).await?;
        if args.json.json {
            output::say(&output::json(&raw))?;
            return Ok(Exit::Done);
        }
        let number = understood::<ContactSafetyNumber>(raw)?;
        output::say(&words(&number))?;
        if number.contact.verified {
            return Ok(Exit::Done);
        }
        if !terminal::can_ask() {
            context.remark("chinwag: if they are the same on both sides, say so with --yes");
            return Ok(Exit::Done);
        }
        if terminal::confirm("\nHave you compared them, and are they the same?").await? {
            let params = VerifyContact { contact: number.contact.id, verified: true };
            let contact = node.call::<ContactVerify>(params).await?;
            output::say_done(done(ContactVerify::NAME), &verified(&contact))?;
        }
        Ok(Exit::Done)
    })
    .await
}

fn verified(contact: &Contact) -> String {
    let is = if contact.verified { "is verified" } else { "is not verified" };
    format!("{} {is}.", show::people::name(&contact.name))
}

pub(super) async fn peers(context: &Context, list: JsonList) -> Result<Exit, Failure> {
    let style = context.style();
    with(context, Need::Account, async |node| {
        if node.is_here() {
            context.remark("chinwag: no daemon runs, so this looks around first...");
            let params = ConnectParams { contacts: Vec::new(), timeout_ms: Some(FIRST_TRY_MS) };
            node.call::<PeerConnect>(params).await?;
        }
        let words = |peers: &Vec<_>| show::people::peers(peers, &style);
        answer_list::<PeerList>(node, Nothing {}, list, words).await
    })
    .await
}

pub(super) async fn nearby(context: &Context, list: JsonList) -> Result<Exit, Failure> {
    let style = context.style();
    with(context, Need::Account, async |node| {
        if node.is_here() {
            context.remark("chinwag: no daemon runs, so this looks around first...");
            sleep(LOOK_AROUND).await;
        }
        let words = |nearby: &Vec<_>| show::people::nearby(nearby, &style);
        answer_list::<NearbyList>(node, Nothing {}, list, words).await
    })
    .await
}

pub(super) async fn connect(context: &Context, args: Connect) -> Result<Exit, Failure> {
    let style = context.style();
    with(context, Need::Account, async |node| {
        let params = ConnectParams { contacts: args.names, timeout_ms: Some(args.timeout * 1_000) };
        let mut connecting = std::pin::pin!(node.raw::<PeerConnect>(params));
        let raw = if let Ok(answered) = timeout(AT_ONCE, &mut connecting).await {
            answered?
        } else {
            context.remark(&format!("chinwag: connecting, for up to {} s...", args.timeout));
            connecting.await?
        };
        let outcomes = understood::<PeerConnect>(raw.clone())?;
        let words = |outcomes: &Vec<_>| show::people::outcomes(outcomes, &style);
        say_list::<PeerConnect>(raw, args.list, words)?;
        Ok(how_it_went(&outcomes))
    })
    .await
}

fn how_it_went(outcomes: &[ConnectOutcome]) -> Exit {
    match outcomes.iter().filter(|outcome| outcome.connected).count() {
        n if n == outcomes.len() => Exit::Done,
        0 => Exit::Unreachable,
        _ => Exit::Partial,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connecting_ends_with_how_many_were_reached() {
        let outcome = |connected| ConnectOutcome {
            contact: "ctc_a".into(),
            name: "Ana".into(),
            connected,
            failure: None,
        };
        let cases: [(&[bool], Exit); 4] = [
            (&[], Exit::Done),
            (&[true, true], Exit::Done),
            (&[true, false], Exit::Partial),
            (&[false], Exit::Unreachable),
        ];
        for (connected, expected) in cases {
            let outcomes: Vec<_> = connected.iter().map(|&is| outcome(is)).collect();
            assert_eq!(how_it_went(&outcomes), expected, "{connected:?}");
        }
    }
}
