//! `backup` and `restore`.

use std::path::{Path, PathBuf};

use chinwag_api::method::{
    AccountRestore, AccountShow, BackupCreate, CreateBackup, Nothing, RestoreAccount,
};
use chinwag_api::model::RecoveryWords;

use super::{answer, ask, passphrase};
use crate::args::account::{Backup, Restore};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::node::{Need, with};
use crate::output;
use crate::passphrase::Asking;
use crate::show;
use crate::terminal::signals::{Signals, unless_ended};
use crate::terminal::{ask as terminal, input};

/// Words of an account.
const WORDS: usize = 24;

/// Bytes of standard input in which the words may stand.
const WORDS_MAX: usize = 4 * 1_024;

pub(super) async fn backup(context: &Context, args: Backup) -> Result<Exit, Failure> {
    if args.file.as_os_str() == "-" {
        let sentence = "a backup goes into a file, not to standard output";
        return Err(Failure::saying(Exit::Usage, sentence)
            .hint("name a file; ./- is the one that is called -"));
    }
    let path = absolute(&args.file)?;
    let Some(path) = path.to_str().map(str::to_owned) else {
        let sentence = format!("{} is not UTF-8, and can't be named to the node", path.display());
        return Err(Failure::saying(Exit::Usage, sentence));
    };
    let shown = output::one_line(&path);
    let words = |_: &Nothing| {
        format!("Everything is in {shown}. The recovery words open it: chinwag restore FILE.")
    };
    ask::<BackupCreate>(context, CreateBackup { path }, args.json, words).await
}

/// A path as the node, which may be in another folder, finds it.
fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| Failure::new(Exit::Usage, error))
}

pub(super) async fn restore(context: &Context, args: Restore) -> Result<Exit, Failure> {
    let style = context.style();
    let words = recovery_words().await?;
    if args.passphrase {
        passphrase::begin(context).await?;
    }
    let Some(file) = args.file else {
        return with(context, Need::Node, async |node| {
            let params = RestoreAccount { words, device_name: args.device_name };
            let said = |me: &_| show::account::account(me, &style);
            answer::<AccountRestore>(node, params, args.json, said).await
        })
        .await;
    };
    context.remark("chinwag: restoring...");
    let settings = context.settings(false)?;
    unless_ended(context.unlocker.unlock(&settings.data_dir, Asking::Allowed)).await?;
    let key = context.unlocker.key();
    let file = absolute(&file)?;
    let mut signals = Signals::new()?;
    tokio::select! {
        restored = chinwag_daemon::restore(&settings, &file, &words, key) => restored?,
        exit = signals.received() => return Ok(exit),
    }
    let said = |me: &_| show::account::account(me, &style);
    ask::<AccountShow>(context, Nothing {}, args.json, said).await
}

/// The words, from a person or from standard input.
async fn recovery_words() -> Result<RecoveryWords, Failure> {
    if !terminal::can_ask() {
        let too_long =
            || Failure::saying(Exit::Limit, "standard input is longer than 24 words are");
        let text = tokio::task::spawn_blocking(move || input::text(WORDS_MAX, too_long)).await;
        let text = text.map_err(|error| Failure::new(Exit::Internal, error))??;
        return parse(&text);
    }
    output::remark("The 24 recovery words, on one line or on several:");
    let mut typed = String::new();
    while typed.split_whitespace().count() < WORDS {
        let Some(line) = terminal::question("> ").await? else { break };
        typed.push_str(&line);
        typed.push(' ');
    }
    parse(&typed)
}

/// Words between blanks, and the numbers in front of them left out, as `chinwag words` shows them.
fn parse(text: &str) -> Result<RecoveryWords, Failure> {
    let is_word = |word: &&str| !word.chars().all(|c| c.is_ascii_digit() || c == '.');
    let words = text.split_whitespace().filter(is_word).map(str::to_lowercase);
    let words: Vec<String> = words.collect();
    if words.len() == WORDS {
        return Ok(RecoveryWords(words));
    }
    let sentence = format!("an account has {WORDS} recovery words, and these are {}", words.len());
    Err(Failure::saying(Exit::Usage, sentence)
        .hint("give them on standard input, with blanks or lines between them"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_taken_as_they_are_shown() {
        let words = RecoveryWords((0..WORDS).map(|_| "abandon".to_owned()).collect());
        let shown = show::account::words(&words);
        assert_eq!(parse(&shown.to_uppercase()).unwrap(), words);
    }

    #[test]
    fn too_few_words_are_counted() {
        let failure = parse("one two").unwrap_err();
        assert!(failure.error.to_string().ends_with("these are 2"));
    }
}
