//! What is typed and not sent: kept for the clients of this device.

use chinwag_api::error::{ApiError, Kind};
use chinwag_api::method::{Nothing, SetDraft};
use chinwag_api::model;
use chinwag_store::{DRAFT_MAX, Draft};

use super::Api;
use crate::node_thread::View;
use crate::{ids, people};

pub(super) async fn set(api: Api, params: SetDraft) -> Result<Nothing, ApiError> {
    if params.text.len() > DRAFT_MAX {
        let text = format!("{} bytes are too many: {DRAFT_MAX} are kept", params.text.len());
        return Err(ApiError::new(Kind::Limit, text));
    }
    let SetDraft { conversation, text } = params;
    let draft = move |view: &View<'_>| {
        let conversation = people::conversation(view, &conversation)?.id;
        Ok(Draft { conversation, text })
    };
    if api.node.keep(draft, |store, draft| store.put_draft(&draft)).await? {
        return Ok(Nothing {});
    }
    let error = ApiError::new(Kind::Limit, "there is no room for another draft");
    Err(error.hint("send or delete some of what is typed elsewhere"))
}

pub(super) async fn list(api: Api, _: Nothing) -> Result<Vec<model::Draft>, ApiError> {
    let drafts = api.node.keep(|view| people::own(view).map(drop), |store, ()| store.drafts());
    let shown = |draft: Draft| model::Draft {
        conversation: ids::conversation(draft.conversation),
        text: draft.text,
    };
    Ok(drafts.await?.into_iter().map(shown).collect())
}
