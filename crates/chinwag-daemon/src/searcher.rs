//! Search on a connection and a thread of its own, so that nobody who looks for something keeps
//! anybody from saying something.

use std::sync::Arc;
use std::sync::{Mutex, PoisonError};

use chinwag_api::error::{ApiError, Kind};
use chinwag_core::ids::ConversationId;
use chinwag_store::{Found, Query, Reader};

use crate::refusals::{cannot_open, unreadable};

/// What is looked for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) words: String,
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) before: Option<i64>,
    pub(crate) limit: usize,
}

type OpenReader = Box<dyn Fn() -> Result<Reader, chinwag_store::OpenError> + Send + Sync>;

/// Who looks for things. Copies share one connection.
#[derive(Clone)]
pub(crate) struct Searcher {
    open: Arc<OpenReader>,
    reader: Arc<Mutex<Option<Reader>>>,
}

impl Searcher {
    pub(crate) fn new(open: OpenReader) -> Self {
        Self { open: Arc::new(open), reader: Arc::default() }
    }

    /// A page of hits.
    pub(crate) async fn search(&self, wanted: Wanted) -> Result<Found, ApiError> {
        let this = self.clone();
        let searched = tokio::task::spawn_blocking(move || this.search_now(&wanted)).await;
        searched.map_err(|error| ApiError::new(Kind::Internal, error.to_string()))?
    }

    fn search_now(&self, wanted: &Wanted) -> Result<Found, ApiError> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let open = match reader.take() {
            Some(open) => open,
            None => (self.open)().map_err(|error| cannot_open(&error))?,
        };
        let query = Query {
            words: &wanted.words,
            conversation: wanted.conversation,
            before: wanted.before,
            limit: wanted.limit,
        };
        let found = open.search(&query).map_err(|error| unreadable(&error))?;
        // One that failed is not used again.
        *reader = Some(open);
        Ok(found)
    }
}
