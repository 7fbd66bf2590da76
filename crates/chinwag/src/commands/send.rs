//! `send`: one message, for scripts.

use std::time::Duration;

use chinwag_api::method::{MessageSend, SendMessage};
use chinwag_api::model::MessageState;

use super::understood;
use crate::args::messages::{Send, WaitFor};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::node::{Need, say_it_is_saved, with};
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
        // A node that ends with this command has to stay until it could deliver.
        let lingers = wanted.is_none() && node.is_here() && args.linger.linger > 0;
        let wait_for = wanted.or(lingers.then_some(MessageState::Delivered));
        let patience_s = if lingers { args.linger.linger } else { args.timeout };
        let params = SendMessage {
            to: args.name,
            text,
            client_id: args.client_id,
            reply_to: args.reply_to,
            wait_for,
            timeout_ms: wait_for.map(|_| patience_s * 1_000),
        };
        let raw = node.raw::<MessageSend>(params).await?;
        if args.json.json {
            output::say(&output::json(&raw));
        }
        let sent = understood::<MessageSend>(raw)?;
        let id = show::id(&sent.id, true);
        if !args.json.json {
            output::say(&format!("{id} {}", show::message::state(sent.state)));
        }
        if sent.is_repeated {
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
            None if node.is_here() && sent.state < MessageState::Delivered => {
                say_it_is_saved(context);
                Ok(Exit::Done)
            }
            _ => Ok(Exit::Done),
        }
    })
    .await
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
