//! What comes in on a connection: two streams, frame by frame, with bounded memory.

use std::sync::Arc;
use std::time::Duration;

use chinwag_core::input::Link;
use iroh::endpoint::{Connection, ReadError, ReadExactError, RecvStream};
use tokio::sync::{Mutex, Semaphore, watch};
use tokio::time::timeout;

use crate::event::{Held, NetEvent};
use crate::lane::{Header, OnWire as _};
use crate::limits::{FRAME_BYTES_PER_SECOND, FRAME_WITHIN, SMALL_FRAME_MAX};
use crate::session::Fault;
use crate::state::Shared;
use crate::why::Why;
use chinwag_core::output::Lane;

/// Bytes that a frame's buffer grows by: it holds what came, not what was announced.
const GROWTH: usize = 64 * 1_024;

/// Reads both lanes, hands on what comes, and ends when the other side has finished both.
pub(crate) async fn read(
    connection: &Connection,
    link: Link,
    shared: &Shared,
) -> Result<(), Fault> {
    let lanes = Mutex::new(Lanes::new());
    let read = async || match read_stream(connection, link, shared, &lanes).await {
        // A fault ends both at once; a loss lets the other lane hand on what came before.
        Err(Fault::Theirs(why)) => Err(why),
        read => Ok(read),
    };
    let (first, second) = tokio::try_join!(read(), read()).map_err(Fault::Theirs)?;
    first.and(second)
}

/// The lanes whose streams have not come yet, each with what its reader needs.
struct Lanes {
    live: Option<watch::Sender<u64>>,
    bulk: Option<watch::Receiver<u64>>,
}

/// What the reader of a lane knows of the other: how many live frames were handed on.
enum Reader {
    Live(watch::Sender<u64>),
    Bulk(watch::Receiver<u64>),
}

impl Lanes {
    fn new() -> Self {
        let (live, bulk) = watch::channel(0);
        Self { live: Some(live), bulk: Some(bulk) }
    }

    /// A lane has one stream.
    fn take(&mut self, lane: Lane) -> Option<Reader> {
        match lane {
            Lane::Live => self.live.take().map(Reader::Live),
            Lane::Bulk => self.bulk.take().map(Reader::Bulk),
        }
    }
}

async fn read_stream(
    connection: &Connection,
    link: Link,
    shared: &Shared,
    lanes: &Mutex<Lanes>,
) -> Result<(), Fault> {
    let mut stream = connection.accept_uni().await.map_err(|_| Fault::Lost)?;
    let mut number = [0];
    stream.read_exact(&mut number).await.map_err(|error| cut_off(&error))?;
    let lane = Lane::from_number(number[0]).ok_or(Fault::Theirs(Why::WrongStream))?;
    let mut reader = lanes.lock().await.take(lane).ok_or(Fault::Theirs(Why::WrongStream))?;
    while let Some(header) = read_header(&mut stream, lane).await? {
        let mut permits = Vec::new();
        if let Reader::Bulk(live) = &mut reader {
            // Before there is room for it, so that waiting costs nothing.
            let waited = live.wait_for(|count| *count >= header.after).await;
            waited.map_err(|_| never_comes(connection))?;
        }
        if header.len > SMALL_FRAME_MAX {
            permits.push(acquire(&shared.room, header.len).await?);
        }
        let bytes = timeout(time_for(header.len), read_bytes(&mut stream, header.len)).await;
        let bytes = bytes.map_err(|_| Fault::Theirs(Why::SlowFrame))??;
        if lane == Lane::Bulk {
            permits.push(acquire(&shared.bulk_places, 1).await?);
        }
        shared.tell(NetEvent::Frame { link, lane, bytes, held: Held::new(permits) }).await;
        if let Reader::Live(count) = &reader {
            count.send_modify(|count| *count += 1);
        }
    }
    Ok(())
}

/// A bulk frame waits for live frames, and their lane has ended without them.
fn never_comes(connection: &Connection) -> Fault {
    match connection.close_reason() {
        Some(_) => Fault::Lost,
        None => Fault::Theirs(Why::WrongStream),
    }
}

async fn acquire(
    of: &Arc<Semaphore>,
    count: usize,
) -> Result<tokio::sync::OwnedSemaphorePermit, Fault> {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    Arc::clone(of).acquire_many_owned(count).await.map_err(|_| Fault::Lost)
}

/// The next header; `None` where the stream ends between frames.
async fn read_header(stream: &mut RecvStream, lane: Lane) -> Result<Option<Header>, Fault> {
    let mut bytes = [0; 12];
    let bytes = &mut bytes[..lane.header_len()];
    match stream.read_exact(bytes).await {
        Ok(()) => Header::read(bytes).map(Some).ok_or(Fault::Theirs(Why::FrameLength)),
        Err(ReadExactError::FinishedEarly(0)) => Ok(None),
        Err(error) => Err(cut_off(&error)),
    }
}

async fn read_bytes(stream: &mut RecvStream, len: usize) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::with_capacity(len.min(GROWTH));
    while bytes.len() < len {
        let chunk = stream.read_chunk(len - bytes.len()).await.map_err(|error| match error {
            ReadError::Reset(_) => Fault::Theirs(Why::WrongStream),
            _ => Fault::Lost,
        })?;
        let chunk = chunk.ok_or(Fault::Theirs(Why::WrongStream))?;
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// A stream that ends within a frame or was reset is the other side's fault; one whose
/// connection is gone is nobody's.
fn cut_off(error: &ReadExactError) -> Fault {
    match error {
        ReadExactError::FinishedEarly(_) | ReadExactError::ReadError(ReadError::Reset(_)) => {
            Fault::Theirs(Why::WrongStream)
        }
        ReadExactError::ReadError(_) => Fault::Lost,
    }
}

fn time_for(len: usize) -> Duration {
    let seconds = u64::try_from(len / FRAME_BYTES_PER_SECOND).unwrap_or(u64::MAX);
    FRAME_WITHIN + Duration::from_secs(seconds)
}
