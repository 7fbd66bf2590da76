//! `chinwag classroom`: the menu, and `send` and `listen` for scripts.
//!
//! The protocol is `chinwag-classroom`'s; here is what a person or a script sees of it. `menu`
//! decides what an answer means, `words` how things are said, `chat` is the one loop in which they and
//! the terminal meet.

mod chat;
mod identity;
mod listen;
mod menu;
mod send;
mod words;

use chinwag_classroom::{BindError, SendError};
use chinwag_daemon::ClassroomSettings;

use crate::args::classroom::{Classroom, ClassroomCommand, Identity, StaticPeers};
use crate::config::ClassroomConfig;
use crate::exit::{Exit, Failure};

/// Runs `chinwag classroom` and its subcommands.
pub(crate) fn run(args: Classroom, config: ClassroomConfig) -> Result<Exit, Failure> {
    let mut static_peers = args.static_peers;
    if let Some(ClassroomCommand::Listen(listen)) = &args.command {
        static_peers.preset = listen.static_peers.preset.or(static_peers.preset);
        static_peers.bootstrap.extend(listen.static_peers.bootstrap.iter().cloned());
    }
    let is_send = matches!(args.command, Some(ClassroomCommand::Send(_)));
    if is_send && !(static_peers.bootstrap.is_empty() && static_peers.preset.is_none()) {
        let sentence = "--preset and --bootstrap connect at the start, and send has none";
        return Err(Failure::saying(Exit::Usage, sentence).hint("leave them away"));
    }
    let settings = identity::settings(&args.identity, static_peers, config)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Internal, error))?;
    let done = runtime.block_on(async {
        match args.command {
            None => chat::run(settings).await,
            Some(ClassroomCommand::Send(send)) => send::run(settings, send).await,
            Some(ClassroomCommand::Listen(listen)) => listen::run(settings, listen.jsonl).await,
        }
    });
    // A name that is still being looked up must not keep us here.
    runtime.shutdown_background();
    done
}

/// Who the daemon is in the classroom, as the config says.
pub(crate) fn of_daemon(config: &ClassroomConfig) -> Result<ClassroomSettings, Failure> {
    let settings =
        identity::settings(&Identity::default(), StaticPeers::default(), config.clone())?;
    Ok(ClassroomSettings {
        team: settings.team_or_user()?,
        port: settings.port.map_or(0, std::num::NonZeroU16::get),
        address: settings.address,
        bootstrap: settings.bootstrap,
    })
}

fn bind_failure(error: BindError) -> Failure {
    let (exit, hint) = match &error {
        BindError::InUse(_) => (Exit::Locked, "give another port with --port"),
        BindError::NotOurs(_) => {
            (Exit::Usage, "leave --address away to listen on all addresses of this machine")
        }
        BindError::NotAllowed(_) => (Exit::Refused, "give a port from 1024 up with --port"),
        BindError::Other(..) => (Exit::Internal, "try another port or address"),
    };
    Failure::new(exit, error).hint(hint)
}

fn send_exit(error: &SendError) -> Exit {
    match error {
        SendError::TooLong(_) => Exit::Limit,
        SendError::Nothing => Exit::Usage,
        SendError::UnknownHost { .. } => Exit::NotFound,
        SendError::Partial { .. } => Exit::Partial,
        SendError::Refused
        | SendError::TimedOut(_)
        | SendError::Unreachable(_)
        | SendError::Broke(_) => Exit::Unreachable,
    }
}
