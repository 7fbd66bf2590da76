//! What is asked of the classroom: by an id of its own, or by the method that is only for it.

use std::sync::Arc;

use chinwag_api::error::ApiError;
use chinwag_api::method::{OnePeer, SendMessage, Sent};
use chinwag_api::model::{Conversation, MessageState, Why};

use super::Api;
use crate::classroom::{Classroom, Peer, is_message, not_enabled, not_here};

/// The classroom peer that is meant, if it is one.
pub(super) fn meant(api: &Api, who: &str) -> Result<Option<(Arc<Classroom>, Peer)>, ApiError> {
    let who = who.trim();
    if !Peer::is_id(who) {
        return Ok(None);
    }
    let peer = Peer::parse(who).ok_or_else(|| {
        let text = format!("{who:?} is no classroom peer");
        ApiError::new(chinwag_api::error::Kind::NotFound, text)
    })?;
    Ok(Some((enabled(api)?, peer)))
}

/// The classroom that a message's id belongs to, if it is of the classroom.
pub(super) fn with_message(api: &Api, id: &str) -> Result<Option<Arc<Classroom>>, ApiError> {
    is_message(id).then(|| enabled(api)).transpose()
}

fn enabled(api: &Api) -> Result<Arc<Classroom>, ApiError> {
    api.classroom.clone().ok_or_else(not_enabled)
}

pub(super) async fn connect(api: Api, params: OnePeer) -> Result<Conversation, ApiError> {
    enabled(&api)?.connect(&params.address).await
}

pub(super) async fn send(
    classroom: &Classroom,
    peer: Peer,
    params: SendMessage,
) -> Result<Sent, ApiError> {
    if params.reply_to.is_some() {
        return Err(not_here());
    }
    classroom.send(peer, &params.text, params.client_id).await
}

pub(super) fn why(classroom: &Classroom, id: &str) -> Result<Why, ApiError> {
    let message = classroom.message(id)?;
    let says = match message.state {
        None => {
            "it came over plain TCP: who wrote it is what its author claims, and it may have been changed on the way"
        }
        Some(MessageState::Delivered) => {
            "the program there took it to its end and closed the connection; whether anybody saw it nothing says"
        }
        Some(_) => {
            "it was written to a connection; the program there neither closed it nor answered, so nothing says whether it was read"
        }
    };
    let kept = "the classroom is not private, and is kept in memory alone: with the node it goes";
    let text = vec![says.to_owned(), kept.to_owned()];
    Ok(Why { message, devices: Vec::new(), changes: Vec::new(), text })
}
