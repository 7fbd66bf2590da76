//! `doctor`: what is wrong, and what would help.

use chinwag_api::error::{ApiError, Kind};
use chinwag_api::method::{Method, Nothing, SystemExamine};
use chinwag_api::model::Examination;
use serde_json::Value;

use super::understood;
use crate::args::Json;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::node::{Need, with};
use crate::output;
use crate::show;
use crate::terminal::signals::unless_ended;

/// Has the node examine everything. Where there is none, or none can be run, what needs none is examined here:
/// why there is none is part of what is told.
pub(super) async fn run(context: &Context, json: Json) -> Result<Exit, Failure> {
    let settings = context.settings(false)?;
    if chinwag_daemon::untouched(&settings)?.is_some() {
        return say(context, json, alone(context, None).await?);
    }
    let mut is_there = false;
    let done = with(context, Need::Node, async |node| {
        is_there = true;
        say(context, json, node.raw::<SystemExamine>(Nothing {}).await?)
    })
    .await;
    match done {
        Err(failure) if !is_there => say(context, json, alone(context, Some(failure)).await?),
        done => done,
    }
}

/// What can be examined without a node, as the method would answer it.
async fn alone(context: &Context, failure: Option<Failure>) -> Result<Value, Failure> {
    let settings = context.settings(false)?;
    let examining = async {
        let examined = chinwag_daemon::examine(&settings, failure.map(as_error)).await;
        examined.map_err(Failure::from)
    };
    // Whoever looked for a node has the signals.
    let examined = unless_ended(examining).await?;
    serde_json::to_value(examined).map_err(|error| Failure::new(Exit::Internal, error))
}

/// Why no node can be run, in the words of the contract.
fn as_error(failure: Failure) -> ApiError {
    let kind = match failure.exit {
        Exit::Locked => Kind::Locked,
        Exit::Refused => Kind::Refused,
        Exit::Limit => Kind::Limit,
        Exit::NotFound => Kind::NotFound,
        Exit::Usage => Kind::Usage,
        _ => Kind::Internal,
    };
    let error = ApiError::new(kind, failure.in_one_line());
    match failure.hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

fn say(context: &Context, json: Json, raw: Value) -> Result<Exit, Failure> {
    let printed = json.json.then(|| output::json(&raw));
    let examined: Examination = understood::<SystemExamine>(raw)?;
    let said = printed.unwrap_or_else(|| show::doctor::examination(&examined, &context.style()));
    output::say_done(super::done(SystemExamine::NAME), &said)?;
    Ok(if examined.is_well { Exit::Done } else { Exit::Wrong })
}
