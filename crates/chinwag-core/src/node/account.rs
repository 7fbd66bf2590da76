//! Who we are: our account, our device, and what is known of everybody's accounts.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_crypto::{Hash, Secret, SigningKey};

use super::commands::Reply;
use super::conversation::With;
use super::session::Session;
use super::{Handled, Node, Own, Peer};
use crate::env::Env;
use crate::identity::{
    AccountLog, Action, Certificate, Name, OperationFault, Revocation, SignedOperation, consent,
};
use crate::ids::{AccountId, ConversationId, DeviceId};
use crate::input::Link;
use crate::output::{Answer, Event, Output, Refusal};
use crate::store::{Local, StoreError};
use crate::time::{ClaimedTime, Wall};
use crate::violation::Violation;
use crate::wire::codec::Encode;
use crate::wire::limits::{FRAME_MAX, OPERATIONS_MAX};
use crate::wire::message::Message;

pub(super) const DAY_MS: u64 = 24 * 3_600 * 1_000;

/// How long a device's certificate is good for, in milliseconds: a year. It is renewed when half of
/// that is left.
pub(super) const CERTIFICATE_LIFETIME_MS: u64 = 365 * DAY_MS;

impl Own {
    pub(super) fn of(local: &Local) -> Self {
        let account_key = SigningKey::from_seed(&Secret::new(local.account_seed));
        let device_key = SigningKey::from_seed(&Secret::new(local.device_seed));
        let account = AccountId::new(account_key.public());
        let device = DeviceId::new(device_key.public());
        Self { account_key, device_key, account, device }
    }
}

pub(super) fn after(now: Wall, lifetime_ms: u64) -> Wall {
    Wall::new(now.get().saturating_add(lifetime_ms))
}

impl Node {
    pub(super) fn load_account(&mut self, env: &mut Env<'_>) -> Result<(), StoreError> {
        self.own = env.store.local()?.as_ref().map(Own::of);
        self.load_prekeys(env)?;
        for operation in env.store.operations()? {
            self.remember(operation)?;
        }
        Ok(())
    }

    /// Makes an account and certifies this device.
    pub(super) fn init(&mut self, env: &mut Env<'_>, name: Name, device_name: Name) -> Reply {
        if self.own.is_some() {
            return Ok(Err(Refusal::AccountExists));
        }
        let account_seed = env.random();
        self.become_device(env, account_seed)?;
        self.decide(env, Action::Profile { name })?;
        self.certify(env, device_name)
    }

    /// Makes this a device of an account that exists. What it is called, and what it has, comes
    /// from its other devices, and from contacts.
    pub(super) fn restore(
        &mut self,
        env: &mut Env<'_>,
        account_seed: [u8; 32],
        device_name: Name,
    ) -> Reply {
        if self.own.is_some() {
            return Ok(Err(Refusal::AccountExists));
        }
        self.become_device(env, account_seed)?;
        self.certify(env, device_name)
    }

    fn become_device(
        &mut self,
        env: &mut Env<'_>,
        account_seed: [u8; 32],
    ) -> Result<(), StoreError> {
        let local = Local { account_seed, device_seed: env.random() };
        env.store.put_local(&local)?;
        let own = Own::of(&local);
        let account = own.account;
        self.own = Some(own);
        self.add_conversation(ConversationId::own(account), With::Ourselves);
        Ok(())
    }

    fn certify(&mut self, env: &mut Env<'_>, name: Name) -> Reply {
        let Some(own) = &self.own else { return Ok(Err(Refusal::NoAccount)) };
        let (account, device) = (own.account, own.device);
        let consent = consent(&own.device_key, account);
        let prekey = self.new_prekey(env, None)?;
        let expires = after(env.wall, CERTIFICATE_LIFETIME_MS);
        let certificate = Certificate { device, name, expires, prekey, consent };
        self.decide(env, Action::Certify(certificate))?;
        Ok(Ok(Answer::Account(account)))
    }

    pub(super) fn rename(&mut self, env: &mut Env<'_>, name: Name) -> Reply {
        if self.own.is_none() {
            return Ok(Err(Refusal::NoAccount));
        }
        self.decide(env, Action::Profile { name })?;
        self.dial_asked();
        Ok(Ok(Answer::Done))
    }

    /// Takes a device off our account. What is here of its logs counts, and nothing after it.
    pub(super) fn revoke(&mut self, env: &mut Env<'_>, device: DeviceId) -> Reply {
        let Some(own) = &self.own else { return Ok(Err(Refusal::NoAccount)) };
        let is_other = device != own.device && self.is_ours(device);
        if !is_other {
            return Ok(Err(Refusal::NotOurDevice(device)));
        }
        let here = self.conversations.iter().map(|(id, c)| (*id, c.here.height(device)));
        let heights = here.filter(|(_, height)| *height > 0).collect();
        self.decide(env, Action::Revoke(Revocation { device, heights }))?;
        self.close_removed();
        self.heed_revocations(env, None)?;
        Ok(Ok(Answer::Done))
    }

    /// Goes on as a new device of the same account: our log was, or may have been, continued
    /// elsewhere. What we have written under the old name counts, on whatever device it is.
    pub(super) fn retire(&mut self, env: &mut Env<'_>) -> Result<(), StoreError> {
        self.sign_written(env)?;
        let Some((local, own)) = env.store.local()?.zip(self.own.as_ref()) else { return Ok(()) };
        let old = own.device;
        let known = self.accounts.get(&own.account).and_then(|log| log.device(old));
        let Some(name) = known.map(|device| device.certificate.name) else { return Ok(()) };
        for prekey in std::mem::take(&mut self.prekeys) {
            env.store.remove_prekey(prekey.id)?;
        }
        self.forget_all_peer_prekeys(env)?;
        self.become_device(env, local.account_seed)?;
        let groups: Vec<ConversationId> = self.groups().map(|(id, _)| id).collect();
        groups.into_iter().try_for_each(|id| self.begin_anew_in(env, id))?;
        self.decide(env, Action::Retire { device: old })?;
        let _ = self.certify(env, name)?;
        self.sessions.clear();
        self.search_soon(env.mono);
        if let Some(device) = self.device() {
            self.outputs.push_back(Output::Rename { device });
            self.tell(Event::Retired { old, new: device });
        }
        self.dial_all();
        Ok(())
    }

    /// Writes an action into our own account's log, and tells everybody who is connected.
    pub(super) fn decide(&mut self, env: &mut Env<'_>, action: Action) -> Result<(), StoreError> {
        let Some(own) = &self.own else { return Ok(()) };
        let log = self.accounts.entry(own.account).or_insert_with(|| AccountLog::new(own.account));
        let operation = log.next(ClaimedTime::from(env.wall), action).sign(&own.account_key);
        env.store.add_operation(&operation)?;
        self.remember(operation.clone())?;
        self.tell_operations(&[operation], None);
        Ok(())
    }

    /// Takes in an operation that was checked when it was stored.
    fn remember(&mut self, operation: SignedOperation) -> Result<(), StoreError> {
        let account = operation.operation.account;
        let log = self.accounts.entry(account).or_insert_with(|| AccountLog::new(account));
        match log.add(operation) {
            Ok(_) => Ok(()),
            Err(fault) => Err(StoreError(format!("an operation in it is wrong: {fault}"))),
        }
    }

    /// Operations that somebody hands us: of their own account, of ours, and, from a device of
    /// ours, of our contacts'. Of other accounts nothing is kept.
    pub(super) fn learn(
        &mut self,
        env: &mut Env<'_>,
        from: Peer,
        operations: Vec<SignedOperation>,
    ) -> Handled {
        let own = self.account();
        let is_ours = own == Some(from.account);
        let mut of: BTreeMap<AccountId, Vec<SignedOperation>> = BTreeMap::new();
        for operation in operations {
            of.entry(operation.operation.account).or_default().push(operation);
        }
        for (account, operations) in of {
            let is_contacts = self.contacts.contains_key(&account);
            let is_concerned = self.is_named_in_a_group(account);
            if is_concerned
                || account == from.account
                || own == Some(account)
                || (is_ours && is_contacts)
            {
                match self.add_operations(env, account, operations)? {
                    Ok(new) if new.is_empty() => {}
                    Ok(new) => self.learned(env, account, &new, from.link)?,
                    Err(violation) => return Ok(Err(violation)),
                }
            }
        }
        Ok(Ok(()))
    }

    pub(super) fn add_operations(
        &mut self,
        env: &mut Env<'_>,
        account: AccountId,
        operations: Vec<SignedOperation>,
    ) -> Result<Result<Vec<SignedOperation>, Violation>, StoreError> {
        let known = self.accounts.get(&account).cloned();
        let mut log = known.unwrap_or_else(|| AccountLog::new(account));
        let mut new = Vec::new();
        for operation in operations {
            match log.add(operation.clone()) {
                Ok(true) => new.push(operation),
                Ok(false) => {}
                Err(OperationFault::TooMany | OperationFault::UnknownParent(_)) => break,
                Err(_) => return Ok(Err(Violation::WrongOperation)),
            }
        }
        for operation in &new {
            env.store.add_operation(operation)?;
        }
        self.accounts.insert(account, log);
        Ok(Ok(new))
    }

    /// Something is new in an account: whoever has to know is told, and what follows from it is
    /// done.
    pub(super) fn learned(
        &mut self,
        env: &mut Env<'_>,
        account: AccountId,
        new: &[SignedOperation],
        from: Option<Link>,
    ) -> Result<(), StoreError> {
        self.tell_operations(new, from);
        self.close_removed();
        self.heed_revocations(env, None)?;
        if self.is_named_in_a_group(account) {
            self.refresh_groups(env)?;
            self.complete_groups(env)?;
            // What they wrote was of no use before.
            let links: Vec<Link> = self.sessions.keys().copied().collect();
            for link in links {
                self.ask(env.mono, link);
            }
        }
        if self.account() == Some(account) {
            self.heed_own_account(env)?;
            if new.iter().any(|o| matches!(o.operation.action, Action::Profile { .. })) {
                self.dial_asked();
            }
        }
        let certified = new.iter().filter_map(|o| match &o.operation.action {
            Action::Certify(certificate) => Some(certificate.device),
            _ => None,
        });
        let certified: BTreeSet<DeviceId> = certified.collect();
        if !certified.is_empty() {
            // What was said of a device before it was known was not heard.
            self.compare_again(account);
        }
        certified.into_iter().try_for_each(|device| self.forget_peer_prekeys(env, device))
    }

    /// Who was retired by another device of the account goes on as a new one: it is a copy, or was
    /// copied. Who was revoked does not.
    pub(super) fn heed_own_account(&mut self, env: &mut Env<'_>) -> Result<(), StoreError> {
        let Some((account, device)) = self.account().zip(self.device()) else { return Ok(()) };
        let known = self.accounts.get(&account).and_then(|log| log.device(device));
        match known {
            Some(known) if known.is_retired && known.revoked.is_none() => self.retire(env),
            _ => Ok(()),
        }
    }

    /// Whether our account has taken this device off.
    pub(super) fn is_revoked(&self) -> bool {
        let Some((account, device)) = self.account().zip(self.device()) else { return false };
        let known = self.accounts.get(&account).and_then(|log| log.device(device));
        known.is_some_and(|known| known.revoked.is_some())
    }

    /// What is new in an account log goes to whom it concerns and who has the rest: of our own
    /// account to everybody, of others to our own devices, and to whoever is in a group with them.
    fn tell_operations(&mut self, operations: &[SignedOperation], from: Option<Link>) {
        let own = self.account();
        let of: BTreeSet<AccountId> = operations.iter().map(|o| o.operation.account).collect();
        let is_own = own.is_some_and(|own| of.contains(&own));
        let is_fellow = |session: &Session| {
            let account = session.account();
            account.is_some_and(|account| of.iter().any(|of| self.concerns(account, *of)))
        };
        let concerned = self.sessions.iter().filter(|(link, session)| {
            let is_told = is_own || session.account() == own || is_fellow(session);
            Some(**link) != from && session.knows_us() && is_told
        });
        let links: Vec<Link> = concerned.map(|(link, _)| *link).collect();
        for link in links {
            self.send_operations(link, operations.to_vec());
        }
    }

    /// Sends operations, as many messages as they need.
    pub(super) fn send_operations(&mut self, link: Link, operations: Vec<SignedOperation>) {
        for message in in_messages(operations) {
            self.send(link, &message);
        }
    }

    /// All that is known of an account.
    pub(super) fn operations_of(&self, account: AccountId) -> Vec<SignedOperation> {
        let log = self.accounts.get(&account);
        log.map(|log| log.operations().into_iter().cloned().collect()).unwrap_or_default()
    }

    /// A device of ours knows so much of our contacts, or somebody of those who are named in groups
    /// that they are in: what they lack, they get.
    pub(super) fn told_accounts(
        &mut self,
        from: Peer,
        digests: &BTreeMap<AccountId, Hash>,
    ) -> Result<(), Violation> {
        let Some(link) = from.link else { return Err(Violation::OutOfTurn) };
        let known = self.digests_for(from.account);
        if known.is_empty() && self.account() != Some(from.account) {
            // They may know of a group that we are both in; if we don't, there is nothing to say.
            return Ok(());
        }
        let differs =
            |account: &&AccountId| digests.get(*account) != Some(&self.digest_of(**account));
        let accounts: Vec<AccountId> = known.keys().filter(differs).copied().collect();
        for account in &accounts {
            let operations = self.operations_of(*account);
            if !operations.is_empty() {
                self.send_operations(link, operations);
            }
        }
        if accounts.iter().any(|account| digests.contains_key(account)) {
            self.ask_for_accounts_in_turn(link);
        }
        Ok(())
    }

    pub(super) fn digest_of(&self, account: AccountId) -> Hash {
        let log = self.accounts.get(&account);
        log.map_or_else(|| AccountLog::new(account).digest(), AccountLog::digest)
    }

    /// Whether a device is an account's now.
    pub(super) fn is_device_of(&self, account: AccountId, device: DeviceId, now: Wall) -> bool {
        let log = self.accounts.get(&account);
        log.is_some_and(|log| log.devices(now).any(|certificate| certificate.device == device))
    }

    /// Whether a device is or was one of an account's.
    pub(super) fn was_device_of(&self, account: AccountId, device: DeviceId) -> bool {
        self.accounts.get(&account).is_some_and(|log| log.device(device).is_some())
    }

    /// Whether a device is or was one of our account's, this one or another.
    pub(super) fn is_ours(&self, device: DeviceId) -> bool {
        self.account().is_some_and(|account| self.was_device_of(account, device))
    }

    /// Whose device somebody is or was, of those who may be in a conversation.
    pub(super) fn account_of(&self, id: ConversationId, device: DeviceId) -> Option<AccountId> {
        let own = self.account().filter(|own| self.was_device_of(*own, device));
        let is_theirs = |account: &AccountId| self.was_device_of(*account, device);
        match &self.conversations.get(&id)?.with {
            With::Ourselves => own,
            With::Other(other) => own.or_else(|| Some(*other).filter(is_theirs)),
            With::Group(group) => {
                let joined = group.state().devices.get(&device).map(|joined| joined.account);
                own.or(joined).or_else(|| group.named().iter().copied().find(is_theirs))
            }
        }
    }
}

/// Operations in as many messages as they need, and at least one: of whatever length they are, no
/// message is over the limit.
pub(super) fn in_messages(operations: Vec<SignedOperation>) -> Vec<Message> {
    let mut left = operations.into_iter().peekable();
    let mut messages = Vec::new();
    loop {
        let (mut piece, mut bytes) = (Vec::new(), 0_usize);
        while let Some(next) = left.peek() {
            bytes += next.to_bytes().len();
            if piece.len() >= OPERATIONS_MAX || (bytes > FRAME_MAX / 2 && !piece.is_empty()) {
                break;
            }
            piece.extend(left.next());
        }
        let is_last = left.peek().is_none();
        messages.push(Message::Operations { operations: piece, is_last });
        if is_last {
            return messages;
        }
    }
}
