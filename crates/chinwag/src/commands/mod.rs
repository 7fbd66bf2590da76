//! The commands, one folder or file for each small family, and what they have in common.

pub(crate) mod account;
pub(crate) mod backup;
pub(crate) mod bundle;
pub(crate) mod chat;
pub(crate) mod classroom;
pub(crate) mod config;
pub(crate) mod daemon;
mod doctor;
pub(crate) mod export;
pub(crate) mod group;
pub(crate) mod help;
pub(crate) mod history;
pub(crate) mod invite;
pub(crate) mod listen;
pub(crate) mod message;
pub(crate) mod passphrase;
pub(crate) mod people;
mod relay;
mod rpc;
pub(crate) mod send;
pub(crate) mod tui;

use std::time::Duration;

use chinwag_api::method::{
    AccountCreate, AccountRename, AccountRestore, BackupCreate, BundleImport, ContactAdd,
    ContactBlock, ContactRename, ContactUnblock, ContactVerify, ConversationMarkRead,
    ConversationNotify, DeviceRevoke, GroupChange, GroupCreate, GroupCreateTicket, GroupDecline,
    GroupInvite, GroupJoin, GroupLeave, GroupRemove, GroupRevokeTicket, GroupSetRole,
    GroupUseTicket, InviteCreate, InviteRevoke, MessageEdit, MessageReact, MessageRetract,
    MessageSend, Method, RequestAccept, RequestDecline,
};
use serde_json::Value;

use crate::args::{Command, Global, Json, JsonList};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::node::{Need, Node, with};
use crate::output::{self, Reader};

/// Threads of a node in this process: one for it and one for whoever it serves.
const THREADS: usize = 2;

/// How long threads may take to end when a command is done.
const GRACE: Duration = Duration::from_millis(100);

/// Runs one command.
pub(crate) fn run(global: &Global, command: Command) -> Result<Exit, Failure> {
    match command {
        // These say what is wrong with a config, or don't need one.
        Command::Config(args) => config::run(global, args.command),
        Command::Completions(args) => help::completions(args.shell),
        Command::Man(args) => help::man(&args),
        Command::Schema => help::schema(),
        Command::Relay(args) => relay::run(global, args),
        Command::Classroom(args) => classroom::run(args, Context::new(global)?.classroom),
        command => block_on(with_node(global, Context::new(global)?, command)),
    }
}

async fn with_node(global: &Global, context: Context, command: Command) -> Result<Exit, Failure> {
    let context = &context;
    // Before anything else reads from there.
    context.unlocker.take_given().await?;
    match command {
        Command::Init(args) => account::init(context, args).await,
        Command::Id(json) => account::id(context, json).await,
        Command::Rename(args) => account::rename(context, args).await,
        Command::Words(args) => account::words(context, args).await,
        Command::Devices(list) => account::devices(context, list).await,
        Command::RevokeDevice(args) => account::revoke_device(context, args).await,
        Command::Backup(args) => backup::backup(context, args).await,
        Command::Restore(args) => backup::restore(context, args).await,
        Command::Passphrase(args) => passphrase::run(context, args.command).await,
        Command::Invite(args) => invite::invite(context, args).await,
        Command::Invites(args) => invite::invites(context, args).await,
        Command::Add(args) => invite::add(context, args).await,
        Command::Contacts(list) => people::contacts(context, list).await,
        Command::Requests(list) => people::requests(context, list).await,
        Command::Accept(args) => people::accept(context, args).await,
        Command::Decline(args) => people::decline(context, args).await,
        Command::Block(args) => people::block(context, args).await,
        Command::Unblock(args) => people::unblock(context, args).await,
        Command::Mute(args) => people::mute(context, args).await,
        Command::Unmute(args) => people::unmute(context, args).await,
        Command::Alias(args) => people::alias(context, args).await,
        Command::Verify(args) => people::verify(context, args).await,
        Command::Peers(list) => people::peers(context, list).await,
        Command::Connect(args) => people::connect(context, args).await,
        Command::Nearby(list) => people::nearby(context, list).await,
        Command::Group(args) => group::run(context, args.command).await,
        Command::Groups(list) => group::list(context, list).await,
        Command::Chat(args) => chat::run(context, args).await,
        Command::Send(args) => send::run(context, args).await,
        Command::Listen(args) => listen::run(context, args).await,
        Command::History(args) => history::history(context, args).await,
        Command::Search(args) => history::search(context, args).await,
        Command::Read(args) => message::read(context, args).await,
        Command::Edit(args) => message::edit(context, args).await,
        Command::React(args) => message::react(context, args).await,
        Command::Retract(args) => message::retract(context, args).await,
        Command::Why(args) => message::why(context, args).await,
        Command::Who(args) => message::who(context, args).await,
        Command::Digest(args) => message::digest(context, args).await,
        Command::Export(args) => export::run(context, args).await,
        Command::Bundle(args) => bundle::run(context, args.command).await,
        Command::Daemon(_) => daemon::run(global, context).await,
        Command::Status(json) => daemon::status(context, json).await,
        Command::Doctor(json) => doctor::run(context, json).await,
        Command::Rpc => rpc::run(context).await,
        Command::Config(_)
        | Command::Completions(_)
        | Command::Man(_)
        | Command::Schema
        | Command::Relay(_)
        | Command::Classroom(_) => unreachable!("run() has taken these"),
    }
}

fn block_on(command: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Internal, error))?;
    let done = runtime.block_on(command);
    // A thread that still works while the process ends may use what the libraries of C have taken
    // down already. But whoever still reads from the terminal must not keep us here.
    runtime.shutdown_timeout(GRACE);
    done
}

/// Asks the node of an account one thing, and says the answer.
async fn ask<M: Method>(
    context: &Context,
    params: M::Params,
    json: Json,
    words: impl FnOnce(&M::Answer) -> String,
) -> Result<Exit, Failure> {
    with(context, Need::Account, async |node| answer::<M>(node, params, json, words).await).await
}

/// Asks one thing, and says the answer: to a program as it came, to a person in words.
async fn answer<M: Method>(
    node: &Node,
    params: M::Params,
    json: Json,
    words: impl FnOnce(&M::Answer) -> String,
) -> Result<Exit, Failure> {
    let raw = node.raw::<M>(params).await?;
    let said = if json.json { output::json(&raw) } else { words(&understood::<M>(raw)?) };
    output::say_done(done(M::NAME), &said)?;
    Ok(Exit::Done)
}

/// What a method has done once it has answered; nothing where it only looks.
fn done(method: &str) -> &'static str {
    match method {
        AccountCreate::NAME => "the account was made",
        AccountRestore::NAME => "the account was restored",
        MessageSend::NAME => "the message was saved",
        BackupCreate::NAME => "the backup was written",
        InviteCreate::NAME => "the ticket was made",
        GroupCreate::NAME => "the group was begun",
        GroupCreateTicket::NAME => "the ticket was made",
        GroupUseTicket::NAME => "the ticket is kept",
        AccountRename::NAME
        | BundleImport::NAME
        | ContactAdd::NAME
        | ContactBlock::NAME
        | ContactRename::NAME
        | ContactUnblock::NAME
        | ContactVerify::NAME
        | ConversationMarkRead::NAME
        | ConversationNotify::NAME
        | DeviceRevoke::NAME
        | GroupChange::NAME
        | GroupDecline::NAME
        | GroupInvite::NAME
        | GroupJoin::NAME
        | GroupLeave::NAME
        | GroupRemove::NAME
        | GroupSetRole::NAME
        | GroupRevokeTicket::NAME
        | InviteRevoke::NAME
        | MessageEdit::NAME
        | MessageReact::NAME
        | MessageRetract::NAME
        | RequestAccept::NAME
        | RequestDecline::NAME => "it was done",
        _ => "",
    }
}

/// Asks the node of an account for a list, and says it.
async fn ask_list<M: Method>(
    context: &Context,
    params: M::Params,
    form: JsonList,
    words: impl FnOnce(&M::Answer) -> String,
) -> Result<Exit, Failure> {
    with(context, Need::Account, async |node| answer_list::<M>(node, params, form, words).await)
        .await
}

/// Asks for a list, and says it: to a program as it came, at once or item by item, to a person in
/// words.
async fn answer_list<M: Method>(
    node: &Node,
    params: M::Params,
    form: JsonList,
    words: impl FnOnce(&M::Answer) -> String,
) -> Result<Exit, Failure> {
    let raw = node.raw::<M>(params).await?;
    say_list::<M>(raw, form, words)?;
    Ok(Exit::Done)
}

fn say_list<M: Method>(
    raw: Value,
    form: JsonList,
    words: impl FnOnce(&M::Answer) -> String,
) -> Result<(), Failure> {
    if form.json {
        output::say(&output::json(&raw))?;
    } else if form.jsonl {
        for item in items(&raw) {
            if output::say(&output::json(item))? == Reader::Gone {
                break;
            }
        }
    } else {
        output::say(&words(&understood::<M>(raw)?))?;
    }
    Ok(())
}

/// The items of a list, or of a page of messages.
fn items(raw: &Value) -> &[Value] {
    let list = raw.as_array().or_else(|| raw.get("messages")?.as_array());
    list.map_or(&[], Vec::as_slice)
}

/// An answer as the method promises it.
fn understood<M: Method>(raw: Value) -> Result<M::Answer, Failure> {
    serde_json::from_value(raw)
        .map_err(|error| chinwag_api::client::CallError::Unreadable(error).into())
}

/// A wish for what can't be taken back: asks, or fails with the flag that would answer.
async fn sure(question: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !crate::terminal::ask::can_ask() {
        let failure = Failure::saying(Exit::Usage, "this can't be taken back");
        return Err(failure.hint("say that you are sure with --yes"));
    }
    if crate::terminal::ask::confirm(question).await? {
        Ok(())
    } else {
        Err(Failure::saying(Exit::Refused, "nothing was done"))
    }
}
