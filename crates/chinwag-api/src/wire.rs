//! JSON-RPC 2.0 as it is spoken here: one object a line, UTF-8, named parameters only.
//!
//! Source: <https://www.jsonrpc.org/specification>. Batches are not spoken: lines are pipelined
//! instead, and answers come as they are ready.

use std::io;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt};

use crate::error::ApiError;

/// Bytes of one line, with a bundle file in it at most.
pub const LINE_MAX: usize = 32 * 1_024 * 1_024;

/// The method of the notifications that carry events.
pub const EVENT: &str = "event";

/// A line from a client.
#[derive(Debug, Serialize, Deserialize)]
pub struct Request {
    /// Always `2.0`.
    pub jsonrpc: String,
    /// Names the answer; without: nobody wants one. `null` is a name like another.
    #[serde(default, deserialize_with = "named", skip_serializing_if = "Option::is_none")]
    pub id: Option<Value>,
    /// Which method.
    pub method: String,
    /// Its parameters.
    #[serde(default)]
    pub params: Value,
}

/// A line from the daemon: the answer to a request, or a notification.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reply {
    /// Always `2.0`.
    pub jsonrpc: String,
    /// The request's; `null` when it could not be read. Without: a notification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Value>,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// Why nothing came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ApiError>,
    /// Of a notification: which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Of a notification: what it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Value>,
}

/// An id that is there, though it may be `null`.
fn named<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

impl Request {
    /// A request.
    pub fn new(id: u64, method: &str, params: Value) -> Self {
        Self { jsonrpc: "2.0".into(), id: Some(id.into()), method: method.into(), params }
    }
}

impl Reply {
    fn empty() -> Self {
        let jsonrpc = "2.0".into();
        Self { jsonrpc, id: None, result: None, error: None, method: None, params: None }
    }

    /// An answer to the request with this id.
    pub fn answer(id: Value, result: Result<Value, ApiError>) -> Self {
        let (result, error) = match result {
            Ok(value) => (Some(value), None),
            Err(error) => (None, Some(error)),
        };
        Self { id: Some(id), result, error, ..Self::empty() }
    }

    /// A notification that carries an event.
    pub fn event(event: Value) -> Self {
        Self { method: Some(EVENT.into()), params: Some(event), ..Self::empty() }
    }
}

/// The next line, without its end. `None`: the other side has closed. An error: it can't be read, or
/// is over [`LINE_MAX`].
pub async fn read_line(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let limit = u64::try_from(LINE_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let read = from.take(limit).read_until(b'\n', &mut line).await?;
    if read == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if line.len() > LINE_MAX {
        let words = format!("a line of more than {LINE_MAX} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidData, words));
    }
    Ok(Some(line))
}

/// Writes a value as one line. It is on its way when the writer is flushed.
pub async fn write_line(
    to: &mut (impl AsyncWrite + Unpin),
    value: &impl Serialize,
) -> io::Result<()> {
    let mut line = serde_json::to_vec(value).map_err(io::Error::other)?;
    line.push(b'\n');
    to.write_all(&line).await
}
