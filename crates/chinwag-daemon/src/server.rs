//! Serves the API: on a socket that only its owner can open, and within the process.
//!
//! What one connection asks takes effect in the order in which it was asked, also when it does not
//! wait for the answers; these come as they are ready. What is under way on one connection is
//! bounded: beyond that nothing more is read from it.

use std::future::poll_fn;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use chinwag_api::error::{ApiError, INVALID_REQUEST, Kind, PARSE_ERROR};
use chinwag_api::wire::{LINE_MAX, Reply, Request, read_line, write_line};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader, BufWriter};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::api::{Api, Tell};
use crate::home::{failed, make_private};
use crate::seats::{CONNECTIONS_MAX, Seat, Seats};

/// Answers and events that wait to be written.
const WRITES_MAX: usize = 256;

/// How long somebody who asks nothing more is waited for with what was asked last.
const LAST_ANSWERS_WITHIN: Duration = Duration::from_mins(1);

/// How long requests are still read when the node is ended: whoever asked just before hears that it was
/// not done, and asks the next one.
const LAST_REQUESTS_WITHIN: Duration = Duration::from_millis(20);

/// How long the last answers may take to be read.
const FAREWELL_WITHIN: Duration = Duration::from_secs(5);

/// A socket that only its owner can open. One that a process left behind is replaced: the folder's
/// lock says that nobody else is here.
pub(crate) fn listen(socket: &Path) -> Result<UnixListener, ApiError> {
    let doing = |error| failed("listen on", socket, &error);
    if let Some(folder) = socket.parent() {
        make_private(folder).map_err(doing)?;
        must_be_ours(folder).map_err(doing)?;
    }
    match std::fs::remove_file(socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(doing(error)),
        _ => {}
    }
    let listener = UnixListener::bind(socket).map_err(doing)?;
    // The folder is private already; this is for systems that look at the socket itself.
    let private = <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o600);
    std::fs::set_permissions(socket, private).map_err(doing)?;
    Ok(listener)
}

/// A folder that somebody else made in our name is not ours.
fn must_be_ours(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let found = std::fs::symlink_metadata(folder)?;
    let own = rustix::process::getuid().as_raw();
    if found.is_dir() && found.uid() == own {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::PermissionDenied, "its folder belongs to somebody else"))
}

/// Takes connections until the node is ended, and then answers what was asked. One too many takes the place of one that is not in use, or is
/// told that there is none.
pub(crate) async fn accept(listener: UnixListener, api: Api) {
    let seats = Seats::default();
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = api.until_closing() => break,
        };
        let Ok((stream, _)) = accepted else {
            // Out of file handles, most likely: when one is given back it goes on.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        if !is_ours(&stream) {
            continue;
        }
        let Some(seat) = seats.take() else {
            turn_away(stream).await;
            continue;
        };
        let (api, seats) = (api.clone(), seats.clone());
        connections.spawn(async move {
            tokio::select! {
                () = serve(stream, api, Arc::clone(&seat)) => {}
                () = seat.is_wanted() => {}
            }
            seats.leave(&seat);
        });
    }
    while connections.join_next().await.is_some() {}
}

/// Tells somebody that there is no room.
async fn turn_away(mut stream: UnixStream) {
    let text = format!("there are {CONNECTIONS_MAX} connections already");
    let error = ApiError::new(Kind::Limit, text).hint("end some, and try again");
    // Whoever came may have gone.
    let _ = write_line(&mut stream, &Reply::answer(Value::Null, Err(error))).await;
}

/// Whether the process at the other end is of the same person.
fn is_ours(stream: &UnixStream) -> bool {
    let own = rustix::process::getuid().as_raw();
    stream.peer_cred().is_ok_and(|peer| peer.uid() == own || peer.uid() == 0)
}

/// Serves one connection until it ends.
pub(crate) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Send + 'static,
    api: Api,
    seat: Arc<Seat>,
) {
    let (reader, writer) = tokio::io::split(stream);
    let (replies, to_write) = mpsc::channel(WRITES_MAX);
    let (events, mut to_tell) = mpsc::channel::<Value>(WRITES_MAX);
    let told = replies.clone();
    let mut tasks = JoinSet::new();
    let forwarder = tasks.spawn(async move {
        while let Some(event) = to_tell.recv().await {
            if told.send(Reply::event(event)).await.is_err() {
                return;
            }
        }
    });
    tasks.spawn(write(writer, to_write, Arc::clone(&seat)));
    read(reader, api, &replies, &events, &seat).await;
    // Nobody asks any more: who listens on this connection is told nothing more, and what was
    // answered is still written, as far as somebody reads it.
    forwarder.abort();
    drop((replies, events));
    let written = async { while tasks.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(FAREWELL_WITHIN, written).await;
}

async fn read(
    reader: impl AsyncRead,
    api: Api,
    replies: &mpsc::Sender<Reply>,
    events: &mpsc::Sender<Value>,
    seat: &Arc<Seat>,
) {
    let mut reader = std::pin::pin!(BufReader::new(reader));
    let mut under_way = JoinSet::new();
    let closing = async {
        api.until_closing().await;
        // What was sent by now is read, and answered.
        tokio::time::sleep(LAST_REQUESTS_WITHIN).await;
    };
    let mut closing = std::pin::pin!(closing);
    loop {
        let read = tokio::select! {
            read = read_line(&mut reader) => read,
            () = &mut closing => break,
        };
        let line = match read {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(error) => {
                let error = ApiError::protocol(PARSE_ERROR, error.to_string());
                let _ = replies.send(Reply::answer(Value::Null, Err(error))).await;
                break;
            }
        };
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        while under_way.try_join_next().is_some() {}
        let request = match parsed(&line) {
            Ok(request) => request,
            Err((id, error)) => {
                if replies.send(Reply::answer(id, Err(error))).await.is_err() {
                    break;
                }
                continue;
            }
        };
        let Ok(permit) = Arc::clone(&seat.under_way).acquire_owned().await else { break };
        seat.asks();
        let id = request.id;
        let (answered, is_answered) = oneshot::channel();
        let tell = Tell { events: events.clone(), is_answered, seat: Arc::clone(seat) };
        let call = api.clone().call(request.method, request.params, tell);
        let mut call: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(call);
        // Polled here once: so it takes its turn. What is left of it waits elsewhere.
        let first = poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await;
        let replies = replies.clone();
        let answer = async move {
            let result = match first {
                Poll::Ready(result) => result,
                Poll::Pending => call.await,
            };
            if let Some(id) = id {
                // Whoever asked may have gone.
                let _ = replies.send(Reply::answer(id, result)).await;
            }
            // What it began to tell comes behind the answer.
            let _ = answered.send(());
            drop(permit);
        };
        under_way.spawn(answer);
    }
    seat.closes();
    // Whoever closed its side may still read, but not for ever: it may be gone.
    let finished = async { while under_way.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(LAST_ANSWERS_WITHIN, finished).await;
}

fn parsed(line: &[u8]) -> Result<Request, (Value, ApiError)> {
    let value: Value = serde_json::from_slice(line).map_err(|error| {
        let text = format!("the line is no JSON: {error}");
        (Value::Null, ApiError::protocol(PARSE_ERROR, text))
    })?;
    let id = value.get("id").cloned().unwrap_or(Value::Null);
    // An answer could not be told by it, nor could who asked.
    if !matches!(id, Value::Null | Value::String(_) | Value::Number(_)) {
        let text = "an id is a string, a number or null";
        return Err((Value::Null, ApiError::protocol(INVALID_REQUEST, text)));
    }
    let request: Request = serde_json::from_value(value).map_err(|error| {
        (id.clone(), ApiError::protocol(INVALID_REQUEST, format!("this is no request: {error}")))
    })?;
    if request.jsonrpc != "2.0" {
        let text = "only JSON-RPC 2.0 is spoken here: \"jsonrpc\":\"2.0\"";
        return Err((id, ApiError::protocol(INVALID_REQUEST, text)));
    }
    Ok(request)
}

/// Writes lines, as many at once as there are.
async fn write(
    writer: impl AsyncWrite + Send,
    mut replies: mpsc::Receiver<Reply>,
    seat: Arc<Seat>,
) {
    let mut writer = std::pin::pin!(BufWriter::new(writer));
    while let Some(reply) = replies.recv().await {
        seat.writes(true);
        let mut written = write_reply(&mut writer, reply).await;
        while let Ok(reply) = replies.try_recv() {
            written = written.and(write_reply(&mut writer, reply).await);
        }
        if written.is_err() || writer.flush().await.is_err() {
            return;
        }
        seat.writes(false);
    }
    let _ = writer.shutdown().await;
}

/// Writes a reply; in place of one that no client would read, that there is too much to say.
async fn write_reply(writer: &mut (impl AsyncWrite + Unpin), reply: Reply) -> io::Result<()> {
    let line = serde_json::to_vec(&reply).map_err(io::Error::other)?;
    if line.len() <= LINE_MAX {
        writer.write_all(&line).await?;
        return writer.write_all(b"\n").await;
    }
    let text = format!("the answer of {} bytes is over the limit of {LINE_MAX}", line.len());
    let error = ApiError::new(Kind::Limit, text).hint("ask for less at once");
    write_line(writer, &Reply::answer(reply.id.unwrap_or_default(), Err(error))).await
}
