//! Our account and its devices.

use chinwag_api::error::{ApiError, Kind};
use chinwag_api::method::{
    CreateAccount, CreatedAccount, Nothing, OneDevice, RenameAccount, RestoreAccount,
};
use chinwag_api::model::{self, RecoveryWords};
use chinwag_core::identity::Name;
use chinwag_core::input::Command;
use chinwag_crypto::Secret;

use super::Api;
use crate::node_thread::View;
use crate::refusals::{no_account, unreadable};
use crate::{ids, people};

pub(super) async fn create(api: Api, params: CreateAccount) -> Result<CreatedAccount, ApiError> {
    let name = people::typed_name(&params.name)?;
    let device_name = device_name(params.device_name)?;
    let order = api.node.order(move |_| Ok(Command::Init { name, device_name }));
    // With nothing between them, so that whoever makes an account is told of it.
    let look = api.node.look(|view| {
        Ok(CreatedAccount { account: people::own_account(view)?, words: own_words(view)? })
    });
    let (ordered, looked) = tokio::join!(order, look);
    ordered?;
    until_reachable(&api).await;
    looked.map_err(made)
}

/// A ticket that is made next says where we are.
async fn until_reachable(api: &Api) {
    tokio::select! {
        () = api.shared.until_tried() => {}
        () = api.until_closing() => {}
    }
}

/// Where the node ends between an account and what is told of it: it was made, and is not to be made
/// again.
fn made(error: ApiError) -> ApiError {
    match error.kind() {
        Kind::Ended => {
            ApiError::new(Kind::Internal, "the account was made, and the node has ended")
                .hint("chinwag id shows it")
        }
        _ => error,
    }
}

pub(super) async fn restore(api: Api, params: RestoreAccount) -> Result<model::Account, ApiError> {
    let seed = seed_of(&params.words)?;
    let device_name = device_name(params.device_name)?;
    let account_seed = *seed.expose();
    let order = api.node.order(move |_| Ok(Command::Restore { account_seed, device_name }));
    let (ordered, looked) = tokio::join!(order, api.node.look(people::own_account));
    ordered?;
    until_reachable(&api).await;
    looked.map_err(made)
}

pub(super) async fn show(api: Api, _: Nothing) -> Result<model::Account, ApiError> {
    api.node.look(people::own_account).await
}

pub(super) async fn rename(api: Api, params: RenameAccount) -> Result<model::Account, ApiError> {
    let name = people::typed_name(&params.name)?;
    api.node.order(move |_| Ok(Command::Rename(name))).await?;
    api.node.look(people::own_account).await
}

pub(super) async fn words(api: Api, _: Nothing) -> Result<RecoveryWords, ApiError> {
    api.node.look(own_words).await
}

pub(super) async fn devices(api: Api, _: Nothing) -> Result<Vec<model::Device>, ApiError> {
    api.node
        .look(|view| {
            let own = people::own(view)?;
            let log = view.node.account_log(own).ok_or_else(no_account)?;
            log.known_devices().map(|device| people::own_device(view, device)).collect()
        })
        .await
}

pub(super) async fn revoke(api: Api, params: OneDevice) -> Result<Nothing, ApiError> {
    let device = ids::parse_device(&params.device)?;
    api.node.order(move |_| Ok(Command::Revoke(device))).await?;
    Ok(Nothing {})
}

fn own_words(view: &View<'_>) -> Result<RecoveryWords, ApiError> {
    let local = view.store.local().map_err(|error| unreadable(&error))?.ok_or_else(no_account)?;
    let words = chinwag_crypto::RecoveryWords::from_seed(&Secret::new(local.account_seed));
    Ok(RecoveryWords(words.words().map(str::to_owned).collect()))
}

/// The seed that recovery words stand for.
pub(crate) fn seed_of(words: &RecoveryWords) -> Result<Secret<32>, ApiError> {
    let typed = words.0.join(" ");
    let parsed = chinwag_crypto::RecoveryWords::parse(&typed);
    Ok(parsed.map_err(|error| ApiError::new(Kind::Usage, error.to_string()))?.seed())
}

fn device_name(given: Option<String>) -> Result<Name, ApiError> {
    match given {
        Some(given) => people::typed_name(&given),
        None => Ok(machine_name()),
    }
}

/// What the machine is called.
fn machine_name() -> Name {
    let uname = rustix::system::uname();
    let host = uname.nodename().to_string_lossy().into_owned();
    let short: String = host.split('.').next().unwrap_or_default().chars().take(32).collect();
    Name::new(&short).or_else(|_| Name::new("this device")).unwrap_or_else(|_| unreachable!())
}
