//! Search on a connection and a thread of its own, so that nobody who looks for something keeps
//! anybody from saying something.

use std::sync::Arc;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chinwag_api::error::{ApiError, Kind};
use chinwag_core::ids::ConversationId;
use chinwag_store::{Found, Query, Reader};

use crate::refusals::{cannot_open, ended, unreadable};

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
    connection: Arc<Mutex<Connection>>,
}

/// The connection on which things are looked for.
#[derive(Default)]
enum Connection {
    /// Nothing was looked for yet, or the last one failed.
    #[default]
    None,
    Open(Reader),
    /// Nothing is looked for any more.
    Closed,
}

impl Searcher {
    pub(crate) fn new(open: OpenReader) -> Self {
        Self { open: Arc::new(open), connection: Arc::default() }
    }

    /// A page of hits.
    pub(crate) async fn search(&self, wanted: Wanted) -> Result<Found, ApiError> {
        let this = self.clone();
        let searched = tokio::task::spawn_blocking(move || this.search_now(&wanted)).await;
        searched.map_err(|error| ApiError::new(Kind::Internal, error.to_string()))?
    }

    /// Closes the connection, once nobody uses it, for ever.
    pub(crate) async fn close(&self) {
        let connection = Arc::clone(&self.connection);
        let close = move || *lock(&connection) = Connection::Closed;
        // Errors: the thread was not begun, as there is no runtime left.
        let _ = tokio::task::spawn_blocking(close).await;
    }

    fn search_now(&self, wanted: &Wanted) -> Result<Found, ApiError> {
        let mut connection = lock(&self.connection);
        let reader = match std::mem::take(&mut *connection) {
            Connection::Open(reader) => reader,
            Connection::None => (self.open)().map_err(|error| cannot_open(&error))?,
            Connection::Closed => {
                *connection = Connection::Closed;
                return Err(ended());
            }
        };
        let query = Query {
            words: &wanted.words,
            conversation: wanted.conversation,
            before: wanted.before,
            limit: wanted.limit,
        };
        let found = reader.search(&query).map_err(|error| unreadable(&error))?;
        // One that failed is not used again.
        *connection = Connection::Open(reader);
        Ok(found)
    }
}

fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}
