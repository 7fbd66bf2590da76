//! A client: asks the daemon over any pair of byte streams, and hears what happens.
//!
//! Any number of requests may be under way at once. Events come through a channel with bounds: whoever
//! subscribed reads it, or answers stop coming.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader, BufWriter};
use tokio::sync::{mpsc, oneshot};

use crate::error::ApiError;
use crate::event::Event;
use crate::method::Method;
use crate::wire::{EVENT, Reply, Request, read_line, write_line};

/// Events that wait to be read.
const EVENTS_MAX: usize = 1_024;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The daemon says no.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The connection to the daemon is gone; whether it did what was asked is not known.
    #[error("the connection to the daemon is gone")]
    Gone,
    /// The answer is not what the method promises.
    #[error("the daemon's answer can't be read: {0}")]
    Unreadable(#[from] serde_json::Error),
}

/// Who waits for which answer; nothing once the connection is gone, so that nobody begins to wait for
/// an answer that can't come.
type Waiting = Option<BTreeMap<u64, oneshot::Sender<Result<Value, ApiError>>>>;

type Pending = Arc<Mutex<Waiting>>;

/// A connection to the daemon. Copies of it share the connection, which ends with the last of them.
#[derive(Clone, Debug)]
pub struct Client {
    /// As long as the calls that are under way, which their callers hold: so it needs no limit of its
    /// own, and a call that is made before another is written before it.
    requests: mpsc::UnboundedSender<Request>,
    pending: Pending,
    next: Arc<AtomicU64>,
}

/// What the daemon tells.
#[derive(Debug)]
pub struct Events(mpsc::Receiver<Event>);

impl Events {
    /// The next event. `None`: the connection is gone.
    pub async fn next(&mut self) -> Option<Event> {
        self.0.recv().await
    }
}

impl Client {
    /// Connects to the socket of a daemon. An error: there is none, or somebody else's.
    #[cfg(unix)]
    pub async fn connect(socket: &Path) -> io::Result<(Self, Events)> {
        let stream = tokio::net::UnixStream::connect(socket).await?;
        if stream.peer_cred()?.uid() != rustix::process::getuid().as_raw() {
            let words = "another person's program listens there";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, words));
        }
        Ok(Self::over(stream))
    }

    /// A client over a stream of bytes. To be called within a tokio runtime.
    pub fn over(stream: impl AsyncRead + AsyncWrite + Send + 'static) -> (Self, Events) {
        let (reader, writer) = tokio::io::split(stream);
        let (requests, to_write) = mpsc::unbounded_channel();
        let (to_tell, events) = mpsc::channel(EVENTS_MAX);
        let pending: Pending = Arc::new(Mutex::new(Some(BTreeMap::new())));
        tokio::spawn(write(writer, to_write));
        tokio::spawn(read(reader, Arc::clone(&pending), to_tell));
        let next = Arc::new(AtomicU64::new(1));
        (Self { requests, pending, next }, Events(events))
    }

    /// Asks, and waits for the answer.
    pub async fn call<M: Method>(&self, params: M::Params) -> Result<M::Answer, CallError> {
        let params = serde_json::to_value(params)?;
        Ok(serde_json::from_value(self.call_raw(M::NAME, params).await?)?)
    }

    /// Asks for something by its name on the wire.
    pub async fn call_raw(&self, method: &str, params: Value) -> Result<Value, CallError> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (answered, answer) = oneshot::channel();
        let is_open = self.lock().as_mut().map(|waiting| waiting.insert(id, answered)).is_some();
        if !is_open || self.requests.send(Request::new(id, method, params)).is_err() {
            return Err(CallError::Gone);
        }
        Ok(answer.await.map_err(|_| CallError::Gone)??)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes requests, as many at once as there are.
async fn write(writer: impl AsyncWrite, mut requests: mpsc::UnboundedReceiver<Request>) {
    let mut writer = std::pin::pin!(BufWriter::new(writer));
    while let Some(request) = requests.recv().await {
        let mut written = write_line(&mut writer, &request).await;
        while let Ok(request) = requests.try_recv() {
            written = written.and(write_line(&mut writer, &request).await);
        }
        if written.is_err() || writer.flush().await.is_err() {
            return;
        }
    }
    let _ = writer.shutdown().await;
}

/// Reads answers and events until the other side closes; then nobody waits any longer.
async fn read(reader: impl AsyncRead, pending: Pending, events: mpsc::Sender<Event>) {
    let mut reader = std::pin::pin!(BufReader::new(reader));
    while let Ok(Some(line)) = read_line(&mut reader).await {
        let Ok(reply) = serde_json::from_slice::<Reply>(&line) else { break };
        if reply.method.as_deref() == Some(EVENT) {
            let event = reply.params.map(serde_json::from_value::<Event>);
            if let Some(Ok(event)) = event {
                // Nobody listens: then nobody misses it.
                let _ = events.send(event).await;
            }
        } else if let Some(id) = reply.id.as_ref().and_then(Value::as_u64) {
            let mut pending = pending.lock().unwrap_or_else(PoisonError::into_inner);
            let waiting = pending.as_mut().and_then(|waiting| waiting.remove(&id));
            let answer = reply.error.map_or_else(|| Ok(reply.result.unwrap_or_default()), Err);
            // Whoever asked may have gone.
            let _ = waiting.map(|waiting| waiting.send(answer));
        }
    }
    *pending.lock().unwrap_or_else(PoisonError::into_inner) = None;
}
