//! `rpc`: the local API over standard input and output, one object a line.
//!
//! A plain pipe to the socket of the node, so that what goes to and fro is what the node says, in the
//! order in which it was asked, whatever version it is of.

use chinwag_api::error::{ApiError, Kind};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, copy};

use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::node::{Need, with};
use crate::output;

pub(super) async fn run(context: &Context) -> Result<Exit, Failure> {
    with(context, Need::Node, async |_node| {
        let (answers, requests) = connected(context).await?;
        pipe(answers, requests).await
    })
    .await
}

/// Carries lines to and fro until there are no more answers. An end of standard input is passed on:
/// what is under way is answered, and then the node ends it, and with it what is told of events.
async fn pipe(
    mut answers: impl AsyncRead + Unpin,
    mut requests: impl AsyncWrite + Unpin,
) -> Result<Exit, Failure> {
    let asking = async {
        let mut input = tokio::io::stdin();
        // The node is gone, or there is no more to read: the answers tell the rest.
        let _ = copy(&mut input, &mut requests).await;
        let _ = requests.shutdown().await;
        std::future::pending::<()>().await;
    };
    let mut output = tokio::io::stdout();
    let copied = tokio::select! {
        () = asking => Ok(0),
        copied = copy(&mut answers, &mut output) => copied,
    };
    let written = match copied {
        Ok(_) => output.flush().await,
        // The node has gone before it heard all that was asked.
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => output.flush().await,
        Err(error) => Err(error),
    };
    output::written("", written)?;
    Ok(Exit::Done)
}

#[cfg(unix)]
async fn connected(
    context: &Context,
) -> Result<(impl AsyncRead + Unpin, impl AsyncWrite + Unpin), Failure> {
    let socket = chinwag_daemon::socket(context.data_dir()?)?;
    let stream = tokio::net::UnixStream::connect(&socket).await.map_err(|error| {
        let text = format!("the node can't be reached at {}: {error}", socket.display());
        Failure::from(ApiError::new(Kind::Internal, text))
    })?;
    Ok(stream.into_split())
}

#[cfg(not(unix))]
async fn connected(_context: &Context) -> Result<(tokio::io::Empty, tokio::io::Sink), Failure> {
    let error = ApiError::new(Kind::Usage, "this system has no sockets for it");
    Err(Failure::from(error))
}
