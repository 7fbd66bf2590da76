//! What is written to files because somebody asked for it: a conversation, a backup.
//!
//! Nothing that is there is written over, and half a conversation is none.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use chinwag_api::client::Client;
use chinwag_api::method::{BackupCreate, CreateBackup, ListMessages, MessageList};
use chinwag_api::model::Id;

use crate::msg::{Msg, Written};

/// Messages of one page: as many as the contract allows.
const PAGE: u32 = 1_000;

/// Writes what was asked for, and says how it went.
pub(crate) async fn write(client: Option<Client>, what: Written, typed: String) -> Msg {
    let written = match client {
        None => Err("there is no connection to the node".to_owned()),
        Some(client) => match place(&typed) {
            Err(why) => Err(why),
            Ok(path) => match what {
                Written::Conversation(id) => export(&client, id, &path).await,
                Written::Backup => backup(&client, &path).await,
            },
        },
    };
    match written {
        Ok(words) => Msg::Said { text: words, is_wrong: false },
        Err(words) => Msg::Said { text: words, is_wrong: true },
    }
}

/// Where a path that was typed leads: from the home folder with `~/`, and otherwise from where we run.
fn place(typed: &str) -> Result<PathBuf, String> {
    let path = match (typed.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(typed),
    };
    std::path::absolute(&path).map_err(|error| format!("{}: {error}", path.display()))
}

async fn backup(client: &Client, path: &Path) -> Result<String, String> {
    let Some(path) = path.to_str().map(str::to_owned) else {
        return Err(format!("{} is not UTF-8, and can't be named to the node", path.display()));
    };
    let done = format!("everything is in {path}; the recovery words open it: chinwag restore FILE");
    let made = client.call::<BackupCreate>(CreateBackup { path }).await;
    made.map(|_| done).map_err(|error| error.to_string())
}

async fn export(client: &Client, conversation: Id, path: &Path) -> Result<String, String> {
    let wrong = |error: std::io::Error| format!("can't write {}: {error}", path.display());
    let file = File::create_new(path).map_err(wrong)?;
    match pages(client, conversation, file).await {
        Ok(1) => Ok(format!("one message is in {}", path.display())),
        Ok(count) => Ok(format!("{count} messages are in {}", path.display())),
        Err(why) => {
            // It is ours: it was made a moment ago.
            let _ = std::fs::remove_file(path);
            Err(format!("can't write {}: {why}", path.display()))
        }
    }
}

/// All messages, the oldest first, each as a line of JSON, as `chinwag export` writes them.
async fn pages(client: &Client, conversation: Id, file: File) -> Result<u64, String> {
    let mut file = BufWriter::new(file);
    let mut count = 0;
    // An empty id is before all.
    let mut after = Id::new();
    loop {
        let params = ListMessages {
            conversation: conversation.clone(),
            limit: Some(PAGE),
            before: None,
            after: Some(after.clone()),
        };
        let page = client.call::<MessageList>(params).await.map_err(|error| error.to_string())?;
        for message in &page.messages {
            let line = serde_json::to_string(message).map_err(|error| error.to_string())?;
            writeln!(file, "{line}").map_err(|error| error.to_string())?;
            count += 1;
        }
        match (page.next, page.messages.last()) {
            (Some(_), Some(last)) => last.id.clone_into(&mut after),
            _ => break,
        }
    }
    file.flush().map_err(|error| error.to_string())?;
    Ok(count)
}
