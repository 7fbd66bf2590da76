//! Files that carry messages, and backups.

use std::sync::{Arc, Mutex, PoisonError};

use chinwag_api::error::{ApiError, Kind};
use chinwag_api::method::{CreateBackup, ImportBundle, Nothing, OneContact};
use chinwag_api::model::{BundleFile, Imported};
use chinwag_core::bundle::Sealed;
use chinwag_core::input::Command;
use chinwag_core::introduction::Introduction;
use chinwag_core::output::Answer;
use data_encoding::BASE64;

use super::{Api, unexpected};
use crate::bundle_file;
use crate::home::backup_key;
use crate::node_thread::View;
use crate::people;
use crate::refusals::{no_account, unreadable};

pub(super) async fn export(api: Api, params: OneContact) -> Result<BundleFile, ApiError> {
    let export = move |view: &View<'_>| people::meant(view, &params.contact).map(Command::Export);
    match api.node.order(export).await? {
        Answer::Bundles(bundles) => {
            let devices = u64::try_from(bundles.len()).unwrap_or(u64::MAX);
            let sealed = bundles.into_iter().map(|(_, bytes)| bytes);
            let base64 = BASE64.encode(&bundle_file::write(sealed)?);
            Ok(BundleFile { devices, base64 })
        }
        other => Err(unexpected(&other)),
    }
}

pub(super) async fn introduce(api: Api, _: Nothing) -> Result<BundleFile, ApiError> {
    match api.node.order(|_: &View<'_>| Ok(Command::Introduce)).await? {
        Answer::Introduction(bytes) => Ok(BundleFile { devices: 1, base64: BASE64.encode(&bytes) }),
        other => Err(unexpected(&other)),
    }
}

/// Reads who somebody is, and says how they are called here.
async fn meet(api: &Api, bytes: Vec<u8>) -> Result<Imported, ApiError> {
    let introduction = Introduction::parse(&bytes)
        .map_err(|error| ApiError::new(Kind::Usage, error.to_string()))?;
    let account = introduction.account();
    let met = api.node.order(move |_: &View<'_>| Ok(Command::Meet(bytes))).await;
    met.map_err(|error| match error.kind() {
        Kind::NotFound => error.hint("use their ticket first: chinwag add TICKET"),
        _ => error,
    })?;
    let name = api.node.look(move |view| Ok(people::name(view, account))).await?;
    Ok(Imported { introduced: Some(name), ..Imported::default() })
}

pub(super) async fn import(api: Api, params: ImportBundle) -> Result<Imported, ApiError> {
    let bytes = BASE64.decode(params.base64.as_bytes()).map_err(|_| {
        ApiError::new(Kind::Usage, "the content of the file is not written in base64")
    })?;
    if Introduction::is_one(&bytes) {
        return meet(&api, bytes).await;
    }
    let bundles: Vec<Vec<u8>> =
        bundle_file::read(&bytes)?.into_iter().map(<[u8]>::to_vec).collect();
    let counted = Arc::new(Mutex::new(Imported::default()));
    let counts = Arc::clone(&counted);
    let import = move |view: &View<'_>| {
        let (ours, others) = sorted(view, bundles)?;
        let mut counted = counts.lock().unwrap_or_else(PoisonError::into_inner);
        counted.bundles = u64::try_from(ours.len()).unwrap_or(u64::MAX);
        counted.for_others = others;
        Ok(ours.into_iter().map(Command::Import).collect())
    };
    api.node.order_all(import).await?;
    let imported = counted.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(imported)
}

/// The bundles that are for this device, and how many are for others. An error: there are none, or
/// something is no bundle.
fn sorted(view: &View<'_>, bundles: Vec<Vec<u8>>) -> Result<(Vec<Vec<u8>>, u64), ApiError> {
    let own = view.node.device();
    let (mut ours, mut others) = (Vec::new(), 0);
    for bundle in bundles {
        let sealed = Sealed::parse(&bundle)
            .map_err(|error| ApiError::new(Kind::Usage, error.to_string()))?;
        if Some(sealed.to()) == own {
            ours.push(bundle);
        } else {
            others += 1;
        }
    }
    if ours.is_empty() {
        return Err(ApiError::new(Kind::Refused, "there is nothing for this device in the file"));
    }
    Ok((ours, others))
}

pub(super) async fn backup(api: Api, params: CreateBackup) -> Result<Nothing, ApiError> {
    let path = std::path::PathBuf::from(params.path);
    if !path.is_absolute() {
        return Err(ApiError::new(Kind::Usage, "the path of a backup has to be absolute"));
    }
    let seed = |view: &View<'_>| {
        let local = view.store.local().map_err(|error| unreadable(&error))?;
        local.map(|local| backup_key(&local.account_seed)).ok_or_else(no_account)
    };
    // What was asked for before it is in it.
    let key = api.node.look(seed).await?;
    api.backups.write(path, key).await?;
    Ok(Nothing {})
}
