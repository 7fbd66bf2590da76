//! `chinwag classroom send`: one text, for scripts.

use std::time::Duration;

use chinwag_classroom::address::Destination;
use chinwag_classroom::limits::TEXT_MAX;
use chinwag_classroom::{Delivery, Dialect, SendError, Sender};
use serde_json::json;

use super::identity::{self, Settings};
use super::{send_exit, words};
use crate::args::classroom::Send;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::terminal::input;

/// Sends one text and says how it went. Without `--port` we announce port 0: the truth, since
/// nobody listens for an answer.
pub(super) async fn run(settings: Settings, send: Send) -> Result<Exit, Failure> {
    let to = Destination::parse(&send.to).map_err(|error| Failure::new(Exit::Usage, error))?;
    let text = if send.text == "-" { text_of_stdin()? } else { send.text };
    let port = settings.port.map_or(0, std::num::NonZero::get);
    let me = identity::claim(settings.own().announced, port, &settings.team_or_user()?);
    let sender = Sender::new(me).with_patience(Duration::from_secs(send.timeout));
    let result = sender.send_text(&to, Dialect::Plain, &text).await;
    if send.json {
        let state = match &result {
            Ok(Delivery::Taken) => "arrived",
            Ok(Delivery::Unconfirmed) => "unconfirmed",
            Err(_) => "failed",
        };
        let mut document = json!({ "to": to.to_string(), "state": state });
        if let Err(error) = &result {
            document["reason"] = words::reason(error).into();
        }
        output::say_done(sent(&result), &output::json(&document))?;
    } else if result.is_ok() {
        output::say_done(sent(&result), &words::sent(&to.to_string(), &result))?;
    }
    match result {
        Ok(_) => Ok(Exit::Done),
        Err(error) => {
            let exit = send_exit(&error);
            let error = anyhow::Error::new(error).context(format!("sending to {to} failed"));
            Err(Failure::new(exit, error))
        }
    }
}

/// What was done, if something was.
fn sent(result: &Result<Delivery, SendError>) -> &'static str {
    if result.is_ok() { "it was sent" } else { "it was not sent" }
}

/// Standard input as text, without the newline at its end.
fn text_of_stdin() -> Result<String, Failure> {
    // The longest text, and the newline at its end.
    const READ_MAX: usize = TEXT_MAX + 2;
    let too_long = || Failure::new(Exit::Limit, SendError::TooLong(READ_MAX + 1));
    input::text(READ_MAX, too_long)
}
