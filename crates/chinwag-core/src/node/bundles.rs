//! Bundles: what a session would carry, sealed in a file for one device. They are opened through
//! the same code as what comes over a session.

use chinwag_crypto::{SealKey, SealPublic, Secret};

use super::account::in_messages;
use super::commands::Reply;
use super::exchange::page;
use super::prekeys::use_prekey;
use super::{Node, Peer};
use crate::bundle::{Bundle, BundleError, Sealed};
use crate::entry::Seq;
use crate::env::Env;
use crate::ids::{AccountId, ConversationId, DeviceId};
use crate::output::{Answer, Refusal};
use crate::store::StoreError;
use crate::sync::ranges::Range;
use crate::violation::Violation;
use crate::wire::codec::Encode;
use crate::wire::limits::{BUNDLE_MAX, BUNDLE_MESSAGES_MAX, FRAME_MAX};
use crate::wire::message::Message;

impl Node {
    /// Makes a bundle for each device of an account, with what it is not known to have.
    pub(super) fn export(&mut self, env: &mut Env<'_>, to: AccountId) -> Reply {
        let Some(own) = &self.own else { return Ok(Err(Refusal::NoAccount)) };
        let (account, device) = (own.account, own.device);
        if to != account && !self.is_contact(to) {
            return Ok(Err(Refusal::NoContact(to)));
        }
        let log = self.accounts.get(&to);
        let devices: Vec<(DeviceId, SealPublic)> = log
            .into_iter()
            .flat_map(|log| log.devices(env.wall))
            .filter(|certificate| certificate.device != device)
            .map(|certificate| (certificate.device, certificate.prekey.clone()))
            .collect();
        let mut bundles = Vec::new();
        for (to_device, certified) in devices {
            let messages = self.messages_for(env, to, to_device)?;
            let prekey = use_prekey(env, to_device)?.unwrap_or(certified);
            let bundle = Bundle { account, device, to: to_device, messages };
            let Some(own) = &self.own else { return Ok(Err(Refusal::NoAccount)) };
            match bundle.seal(&own.device_key, &prekey, env.rng) {
                Ok(bytes) => bundles.push((to_device, bytes)),
                Err(error) => return Ok(Err(error.into())),
            }
        }
        Ok(Ok(Answer::Bundles(bundles)))
    }

    /// What a session with a device would carry to it, as far as it fits.
    fn messages_for(
        &self,
        env: &Env<'_>,
        account: AccountId,
        device: DeviceId,
    ) -> Result<Vec<Message>, StoreError> {
        let own = self.account().map(|own| self.operations_of(own)).unwrap_or_default();
        let mut messages = in_messages(own);
        let mut left = BUNDLE_MAX / 2;
        for id in self.shared_with(account) {
            let forks = self.conversations.get(&id).into_iter().flat_map(|c| c.forks.values());
            messages.extend(forks.map(|fork| Message::Fork(Box::new(fork.clone()))));
            self.entries_for(env, id, device, &mut messages, &mut left)?;
            messages.push(Message::Have(self.what_is_here(id, None, false)));
        }
        messages.truncate(BUNDLE_MESSAGES_MAX);
        Ok(messages)
    }

    fn entries_for(
        &self,
        env: &Env<'_>,
        id: ConversationId,
        device: DeviceId,
        messages: &mut Vec<Message>,
        left: &mut usize,
    ) -> Result<(), StoreError> {
        let Some(conversation) = self.conversations.get(&id) else { return Ok(()) };
        for (author, _) in conversation.here.iter().filter(|(author, _)| *author != device) {
            let height = self.height(id, author);
            let there = conversation.receipts.get(&device).map_or(0, |there| there.height(author));
            let mut next = Seq::new(there.saturating_add(1));
            while let Some(range) = next.zip(Seq::new(height)).and_then(|(a, b)| Range::new(a, b)) {
                let Some(run) = page(env.store, id, author, range, height)? else { break };
                next = run.entries.last().and_then(|(header, _)| header.seq().checked_add(1));
                let message = Message::Entries { conversation: id, author, run };
                let bytes = message.to_bytes().len();
                if bytes > *left || messages.len() + 2 >= BUNDLE_MESSAGES_MAX {
                    return Ok(());
                }
                *left -= bytes;
                messages.push(message);
            }
        }
        Ok(())
    }

    /// Opens a bundle, and takes what is in it as if it came over a session.
    pub(super) fn import(&mut self, env: &mut Env<'_>, bytes: &[u8]) -> Reply {
        let Some(own) = self.device() else { return Ok(Err(Refusal::NoAccount)) };
        let sealed = match Sealed::parse(bytes) {
            Ok(sealed) => sealed,
            Err(error) => return Ok(Err(error.into())),
        };
        if sealed.to() != own {
            return Ok(Err(BundleError::OtherDevice.into()));
        }
        let Some(prekey) = self.prekeys.iter().find(|key| key.id == sealed.prekey()).cloned()
        else {
            return Ok(Err(BundleError::NoKey.into()));
        };
        let bundle = match sealed.open(&SealKey::from_seed(&Secret::new(prekey.seed))) {
            Ok(bundle) => bundle,
            Err(error) => return Ok(Err(error.into())),
        };
        let (account, device) = (bundle.account, bundle.device);
        let is_known = self.is_contact(account) && !self.is_blocked(account);
        if !is_known && self.account() != Some(account) {
            return Ok(Err(Refusal::NoContact(account)));
        }
        if prekey.only_for.is_some_and(|only_for| only_for != device) {
            return Ok(Err(BundleError::NotTheirKey.into()));
        }
        if prekey.only_for.is_some() {
            self.destroy_prekey(env, prekey.id)?;
        }
        let from = Peer { account, device, link: None };
        for message in bundle.messages {
            let is_introduction = matches!(message, Message::Operations { .. });
            let is_theirs = is_introduction || self.is_device_of(account, device, env.wall);
            let taken = if is_theirs {
                self.told(env, from, message)?
            } else {
                Err(Violation::NotCertified)
            };
            if let Err(violation) = taken {
                return Ok(Err(BundleError::Violation(violation).into()));
            }
        }
        Ok(Ok(Answer::Done))
    }
}

/// A bundle holds at least one page.
const _: () = assert!(BUNDLE_MAX / 2 > FRAME_MAX);
