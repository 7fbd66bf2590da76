//! `init`, `id`, `rename`, `words`, `devices`, `revoke-device`: our account and its devices.

use std::io::IsTerminal;

use chinwag_api::method::{
    AccountCreate, AccountRename, AccountShow, AccountWords, CreateAccount, CreatedAccount,
    DeviceList, DeviceRevoke, Hello, Method as _, Nothing, OneDevice, RenameAccount, SystemHello,
};
use chinwag_api::model::{Account, RecoveryWords};

use super::{answer, ask, ask_list, done, passphrase, sure, understood};
use crate::args::account::{Init, Rename, RevokeDevice, Words};
use crate::args::{Json, JsonList};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::node::{Need, Node, with};
use crate::output::{self, Reader};
use crate::relays;
use crate::show;
use crate::terminal::ask as terminal;

pub(super) async fn init(context: &Context, args: Init) -> Result<Exit, Failure> {
    if args.name.is_none() && !terminal::can_ask() {
        let failure = Failure::saying(Exit::Usage, "an account needs a name");
        return Err(failure.hint("give one with --name NAME"));
    }
    if args.passphrase {
        passphrase::begin(context).await?;
    }
    with(context, Need::Node, async |node| {
        refuse_another(node).await?;
        let (is_asked, mut choice) = (args.name.is_none(), args.relay);
        let name = if let Some(name) = args.name { name } else { ask_name().await? };
        if is_asked && choice.is_none() {
            choice = relays::asked(context).await?;
        }
        relays::settle(context, node, choice.as_ref()).await?;
        let params = CreateAccount { name, device_name: args.device_name };
        let mut raw = node.raw::<AccountCreate>(params).await?;
        let may_show = args.show_words || std::io::stdout().is_terminal();
        if args.json.json {
            if let Some(answer) = raw.as_object_mut().filter(|_| !may_show) {
                answer.remove("words");
            }
            said(&output::json(&raw))?;
            return Ok(Exit::Done);
        }
        let created = understood::<AccountCreate>(raw)?;
        said(&show::account::account(&created.account, &context.style()))?;
        if args.show_words {
            said(&format!("\n{}", show::account::words(&created.words)))?;
        } else {
            present_words(&created.words)?;
        }
        Ok(Exit::Done)
    })
    .await
}

/// Says of a new account what was asked for.
fn said(line: &str) -> Result<Reader, Failure> {
    output::say_done(done(AccountCreate::NAME), line)
        .map_err(|failure| failure.hint("`chinwag id` shows it, and `chinwag words` its words"))
}

/// Before anything is asked or written that would be for nothing.
async fn refuse_another(node: &Node) -> Result<(), Failure> {
    if node.call::<SystemHello>(Hello::default()).await?.has_account {
        return Err(Failure::saying(Exit::Refused, "there is an account here already")
            .hint("`chinwag id` shows it; --data-dir names another place for another one"));
    }
    Ok(())
}

/// Asks what our account is to be called.
pub(crate) async fn ask_name() -> Result<String, Failure> {
    let name = terminal::question("What should others call you? ").await?.unwrap_or_default();
    let name = name.trim();
    if name.is_empty() {
        return Err(Failure::saying(Exit::Usage, "an account needs a name"));
    }
    Ok(name.to_owned())
}

/// Shows an account that was made on the way to something else: on standard error.
pub(crate) fn present(created: &CreatedAccount, context: &Context) -> Result<(), Failure> {
    output::remark(&show::account::account(&created.account, &context.style()));
    present_words(&created.words)
}

/// Shows the recovery words on a terminal, wherever there is one, and on nothing else.
fn present_words(words: &RecoveryWords) -> Result<(), Failure> {
    let text = format!(
        "\nThese words are the account: whoever has them is you, and without\n\
         them a lost device is a lost account. Write them down, on paper.\n\n{}\n",
        show::account::words(words)
    );
    if std::io::stdout().is_terminal() {
        said(&text)?;
    } else if std::io::stderr().is_terminal() {
        output::remark(&text);
    } else {
        output::remark(
            "chinwag: the recovery words are not written into a pipe: see them on a terminal with \
             `chinwag words`, or ask for them with --show-words",
        );
    }
    Ok(())
}

pub(super) async fn id(context: &Context, json: Json) -> Result<Exit, Failure> {
    let style = context.style();
    ask::<AccountShow>(context, Nothing {}, json, |me| show::account::account(me, &style)).await
}

pub(super) async fn rename(context: &Context, args: Rename) -> Result<Exit, Failure> {
    let params = RenameAccount { name: args.name };
    let words =
        |me: &Account| format!("You are called {} from now on.", show::people::name(&me.name));
    ask::<AccountRename>(context, params, args.json, words).await
}

pub(super) async fn words(context: &Context, args: Words) -> Result<Exit, Failure> {
    if !args.show_words && !std::io::stdout().is_terminal() {
        let sentence = "the recovery words are shown on a terminal only";
        let hint = "whoever has them is you; if they are to go into a pipe, say --show-words";
        return Err(Failure::saying(Exit::Usage, sentence).hint(hint));
    }
    ask::<AccountWords>(context, Nothing {}, args.json, show::account::words).await
}

pub(super) async fn devices(context: &Context, list: JsonList) -> Result<Exit, Failure> {
    let style = context.style();
    let words = |devices: &Vec<_>| show::account::devices(devices, &style);
    ask_list::<DeviceList>(context, Nothing {}, list, words).await
}

pub(super) async fn revoke_device(context: &Context, args: RevokeDevice) -> Result<Exit, Failure> {
    let device = output::short(&args.device, 80);
    let question = format!("Take {device} off the account? This can't be taken back.");
    sure(&question, args.yes).await?;
    with(context, Need::Account, async |node| {
        let params = OneDevice { device: args.device };
        answer::<DeviceRevoke>(node, params, args.json, |_| format!("{device} was taken off."))
            .await
    })
    .await
}
