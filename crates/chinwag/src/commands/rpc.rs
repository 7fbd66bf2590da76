//! `rpc`: the local API over standard input and output, one object a line.
//!
//! Requests go on in the order in which they come, and answers come back as they are ready, each with
//! the id of its request. So many requests may be under way at once; the next one waits until one is
//! answered.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use chinwag_api::client::{CallError, Client, Events};
use chinwag_api::error::{ApiError, INVALID_REQUEST, PARSE_ERROR};
use chinwag_api::wire::{Reply, Request, read_line, write_line};
use serde_json::Value;
use tokio::io::{AsyncWriteExt as _, BufReader, BufWriter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::node::{Need, with};

/// Requests under way at once.
const REQUESTS_MAX: usize = 64;

/// Lines that wait to be written.
const LINES_MAX: usize = 64;

pub(super) async fn run(context: &Context) -> Result<Exit, Failure> {
    with(context, Need::Node, async |node| {
        let (client, events) = node.another().await?;
        let (lines, to_write) = mpsc::channel(LINES_MAX);
        let telling = tokio::spawn(tell(events, lines.clone()));
        let writing = tokio::spawn(write(to_write));
        let read = read(&client, &lines).await;
        telling.abort();
        drop(lines);
        // An error: standard output is closed, and nobody misses the rest.
        let _ = writing.await;
        read
    })
    .await
}

/// Reads requests until there are no more, and waits for the last answers.
async fn read(client: &Client, lines: &mpsc::Sender<Reply>) -> Result<Exit, Failure> {
    let mut input = BufReader::new(tokio::io::stdin());
    let free = Arc::new(Semaphore::new(REQUESTS_MAX));
    loop {
        let line = tokio::select! {
            line = read_line(&mut input) => line.map_err(|error| Failure::new(Exit::Usage, error))?,
            () = lines.closed() => return Ok(Exit::Done),
        };
        let Some(line) = line else { break };
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match parse(&line) {
            Ok(request) => {
                let Ok(permit) = Arc::clone(&free).acquire_owned().await else { break };
                let mut answer = Box::pin(answer(client.clone(), request, lines.clone(), permit));
                // Polled here once: so it takes its turn. What is left of it waits elsewhere.
                let first = poll_fn(|context| Poll::Ready(answer.as_mut().poll(context))).await;
                if first.is_pending() {
                    tokio::spawn(answer);
                }
            }
            Err(reply) => {
                if lines.send(*reply).await.is_err() {
                    break;
                }
            }
        }
    }
    // All of them are free when everything is answered.
    let _ = free.acquire_many(u32::try_from(REQUESTS_MAX).unwrap_or(u32::MAX)).await;
    Ok(Exit::Done)
}

/// A line as a request, or the answer that it is none.
fn parse(line: &[u8]) -> Result<Request, Box<Reply>> {
    let fault =
        |id, code, words: String| Box::new(Reply::answer(id, Err(ApiError::protocol(code, words))));
    let value: Value = serde_json::from_slice(line).map_err(|error| {
        fault(Value::Null, PARSE_ERROR, format!("the line is no JSON: {error}"))
    })?;
    let id = value.get("id").cloned().unwrap_or_default();
    let request: Request = serde_json::from_value(value).map_err(|error| {
        fault(id.clone(), INVALID_REQUEST, format!("the line is no request: {error}"))
    })?;
    if request.jsonrpc != "2.0" {
        let words = "this speaks JSON-RPC 2.0 only".to_owned();
        return Err(fault(id, INVALID_REQUEST, words));
    }
    Ok(request)
}

async fn answer(
    client: Client,
    request: Request,
    lines: mpsc::Sender<Reply>,
    _permit: OwnedSemaphorePermit,
) {
    let result = match client.call_raw(&request.method, request.params).await {
        Ok(value) => Ok(value),
        Err(CallError::Api(error)) => Err(error),
        Err(error) => Err(ApiError::new(chinwag_api::error::Kind::Internal, error.to_string())),
    };
    if let Some(id) = request.id {
        // Standard output is closed: nobody waits for it.
        let _ = lines.send(Reply::answer(id, result)).await;
    }
}

async fn tell(mut events: Events, lines: mpsc::Sender<Reply>) {
    while let Some(event) = events.next().await {
        let Ok(event) = serde_json::to_value(&event) else { continue };
        if lines.send(Reply::event(event)).await.is_err() {
            return;
        }
    }
}

/// Writes lines, as many at once as there are.
async fn write(mut lines: mpsc::Receiver<Reply>) -> std::io::Result<()> {
    let mut output = BufWriter::new(tokio::io::stdout());
    while let Some(line) = lines.recv().await {
        write_line(&mut output, &line).await?;
        while let Ok(line) = lines.try_recv() {
            write_line(&mut output, &line).await?;
        }
        output.flush().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_request_is_answered_as_such() {
        let code = |line: &str| parse(line.as_bytes()).unwrap_err().error.map(|error| error.code);
        assert_eq!(code("{"), Some(PARSE_ERROR));
        assert_eq!(code(r#"{"id":1}"#), Some(INVALID_REQUEST));
        assert_eq!(code(r#"{"jsonrpc":"1.0","id":1,"method":"x"}"#), Some(INVALID_REQUEST));
        assert!(parse(br#"{"jsonrpc":"2.0","id":1,"method":"x"}"#).is_ok());
    }
}
