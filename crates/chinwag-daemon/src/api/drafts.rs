//! What is typed and not sent: kept for the clients of this device.

use chinwag_api::error::{ApiError, Kind};
use chinwag_api::method::{Nothing, SetDraft};
use chinwag_api::model;
use chinwag_core::ids::EntryId;
use chinwag_store::{DRAFT_MAX, Draft, DraftAbout};

use super::Api;
use crate::ids::Named;
use crate::node_thread::View;
use crate::{ids, people};

pub(super) async fn set(api: Api, params: SetDraft) -> Result<Nothing, ApiError> {
    if params.text.len() > DRAFT_MAX {
        let text = format!("{} bytes are too many: {DRAFT_MAX} are kept", params.text.len());
        return Err(ApiError::new(Kind::Limit, text));
    }
    let SetDraft { conversation, text, reply_to, edits } = params;
    let about = match (reply_to, edits) {
        (None, None) => None,
        (Some(id), None) => Some(DraftAbout::Answer(whole(&id)?)),
        (None, Some(id)) => Some(DraftAbout::Edit(whole(&id)?)),
        (Some(_), Some(_)) => {
            let text = "a draft answers a message or changes one, and not both";
            return Err(ApiError::new(Kind::Usage, text));
        }
    };
    let draft = move |view: &View<'_>| {
        let conversation = people::conversation(view, &conversation)?.id;
        Ok(Draft { conversation, text, about })
    };
    if api.node.keep(draft, |store, draft| store.put_draft(&draft)).await? {
        return Ok(Nothing {});
    }
    let error = ApiError::new(Kind::Limit, "there is no room for another draft");
    Err(error.hint("send or delete some of what is typed elsewhere"))
}

pub(super) async fn list(api: Api, _: Nothing) -> Result<Vec<model::Draft>, ApiError> {
    let drafts = api.node.keep(|view| people::own(view).map(drop), |store, ()| store.drafts());
    let shown = |draft: Draft| {
        let (reply_to, edits) = match draft.about {
            None => (None, None),
            Some(DraftAbout::Answer(id)) => (Some(ids::message(id)), None),
            Some(DraftAbout::Edit(id)) => (None, Some(ids::message(id))),
        };
        let conversation = ids::conversation(draft.conversation);
        model::Draft { conversation, text: draft.text, reply_to, edits }
    };
    Ok(drafts.await?.into_iter().map(shown).collect())
}

/// A message's id, all of it. The message need not be here: it may come, or have gone.
fn whole(id: &str) -> Result<EntryId, ApiError> {
    match ids::parse_message(id)? {
        Named::Whole(id) => Ok(id),
        Named::Beginning(..) => {
            let text = "a draft names the message that it is about by the whole of its id";
            Err(ApiError::new(Kind::Usage, text))
        }
    }
}
