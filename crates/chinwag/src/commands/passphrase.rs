//! `passphrase`: what protects the data folder. Done here and not by the node: nobody has the folder
//! meanwhile.

use std::path::Path;
use std::time::Duration;

use chinwag_daemon::{Protection, Settings, StoreKey};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::args::Json;
use crate::args::account::{NewPassphrase, PassphraseCommand};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::passphrase::{Asking, Lock};
use crate::terminal::signals::unless_ended;

/// How long a command that has the folder may take to end.
const FREE_WITHIN: Duration = Duration::from_secs(5);

/// Between two looks whether it has.
const PAUSE: Duration = Duration::from_millis(50);

pub(super) async fn run(context: &Context, command: PassphraseCommand) -> Result<Exit, Failure> {
    match command {
        PassphraseCommand::Set(json) => set(context, json).await,
        PassphraseCommand::Change(args) => change(context, args).await,
        PassphraseCommand::Remove(json) => remove(context, json).await,
        PassphraseCommand::Status(json) => status(context, json),
    }
}

async fn set(context: &Context, json: Json) -> Result<Exit, Failure> {
    let settings = context.settings(false)?;
    match chinwag_daemon::protection(&settings.data_dir)? {
        Protection::Nothing => return Err(nothing_there(&settings.data_dir)),
        Protection::File => {}
        Protection::Passphrase { .. } => {
            let sentence = format!("{} has a passphrase already", settings.data_dir.display());
            return Err(Failure::saying(Exit::Refused, sentence)
                .hint("`chinwag passphrase change` gives it another one"));
        }
    }
    let asked = async {
        until_free(&settings.data_dir).await?;
        context.unlocker.first().await
    };
    let passphrase = unless_ended(asked).await?;
    chinwag_daemon::protect(&settings, None, passphrase).await?;
    said(&settings, json, "A passphrase protects this folder from now on: ")?;
    context.remark("Whoever had its key before still has it: chinwag passphrase --help says more.");
    Ok(Exit::Done)
}

async fn change(context: &Context, args: NewPassphrase) -> Result<Exit, Failure> {
    let asked = async {
        let unlocked = unlocked(context).await?;
        Ok((unlocked, context.unlocker.another(args.new_passphrase_fd).await?))
    };
    let ((settings, key), passphrase) = unless_ended(asked).await?;
    chinwag_daemon::protect(&settings, Some(key), passphrase).await?;
    said(&settings, args.json, "This folder has another passphrase from now on: ")
}

async fn remove(context: &Context, json: Json) -> Result<Exit, Failure> {
    let (settings, key) = unless_ended(unlocked(context)).await?;
    chinwag_daemon::unprotect(&settings, key).await?;
    said(&settings, json, "This folder has no passphrase any more; its key lies beside the data: ")
}

fn status(context: &Context, json: Json) -> Result<Exit, Failure> {
    let settings = context.settings(false)?;
    let words = match chinwag_daemon::protection(&settings.data_dir)? {
        Protection::Nothing => "There is nothing to protect yet: ".to_owned(),
        Protection::File => "No passphrase; the key lies beside the data: ".to_owned(),
        Protection::Passphrase { memory_kib, passes, lanes } => format!(
            "Protected by a passphrase (Argon2id: {} MiB, {passes} passes, {lanes} lane): ",
            memory_kib / 1_024
        ),
    };
    said(&settings, json, &words)
}

/// Says how a folder is protected now.
fn said(settings: &Settings, json: Json, words: &str) -> Result<Exit, Failure> {
    let folder = settings.data_dir.display().to_string();
    let said = if json.json {
        let mut answer = json!({ "dataDir": folder, "hasPassphrase": false });
        if let Protection::Passphrase { memory_kib, passes, lanes } =
            chinwag_daemon::protection(&settings.data_dir)?
        {
            answer["hasPassphrase"] = true.into();
            answer["argon2id"] =
                json!({ "memoryKib": memory_kib, "passes": passes, "lanes": lanes });
        }
        output::json(&answer)
    } else {
        format!("{words}{}", output::one_line(&folder))
    };
    output::say(&said)?;
    Ok(Exit::Done)
}

/// Begins a data folder that a passphrase protects, and has its key at hand.
pub(super) async fn begin(context: &Context) -> Result<(), Failure> {
    let settings = context.settings(false)?;
    match chinwag_daemon::protection(&settings.data_dir)? {
        Protection::Nothing => {}
        // Begun before, and broken off: whoever asks for what follows is asked for it as always.
        Protection::Passphrase { .. } => {
            context.remark("chinwag: this folder has a passphrase already, and keeps it");
            return Ok(());
        }
        Protection::File => {
            let sentence = format!("there is data in {} already", settings.data_dir.display());
            return Err(Failure::saying(Exit::Refused, sentence)
                .hint("`chinwag passphrase set` protects it"));
        }
    }
    let passphrase = unless_ended(context.unlocker.first()).await?;
    context.unlocker.hold(chinwag_daemon::begin(&settings, passphrase).await?);
    Ok(())
}

/// The folder, which was in nobody's hands, and its key.
async fn unlocked(context: &Context) -> Result<(Settings, StoreKey), Failure> {
    let settings = context.settings(false)?;
    match chinwag_daemon::protection(&settings.data_dir)? {
        Protection::Nothing => return Err(nothing_there(&settings.data_dir)),
        Protection::Passphrase { .. } => {}
        Protection::File => {
            let sentence = format!("{} has no passphrase", settings.data_dir.display());
            return Err(Failure::saying(Exit::Refused, sentence)
                .hint("`chinwag passphrase set` gives it one"));
        }
    }
    until_free(&settings.data_dir).await?;
    if let Lock::Taken(error) = context.unlocker.unlock(&settings.data_dir, Asking::Allowed).await?
    {
        return Err(error.into());
    }
    let key = context.unlocker.key();
    let key = key.ok_or_else(|| Failure::from(chinwag_daemon::needed(&settings.data_dir)))?;
    Ok((settings, key))
}

fn nothing_there(data_dir: &Path) -> Failure {
    let sentence = format!("there is nothing to protect in {} yet", data_dir.display());
    Failure::saying(Exit::NotFound, sentence)
        .hint("`chinwag init --passphrase` begins with a passphrase")
}

/// Waits until nobody has the folder, before somebody is asked for anything. A command that has it ends
/// soon, a daemon does not.
async fn until_free(data_dir: &Path) -> Result<(), Failure> {
    let deadline = Instant::now() + FREE_WITHIN;
    while let Some(error) = chinwag_daemon::in_use(data_dir)? {
        if Instant::now() >= deadline {
            return Err(
                Failure::from(error).hint("end the daemon first, and start it again afterwards")
            );
        }
        sleep(PAUSE).await;
    }
    Ok(())
}
