//! Who we are, and whom we know.

use chinwag_crypto::{SealKey, Secret, SigningKey};

use super::{Node, Own};
use crate::env::Env;
use crate::identity::{AccountLog, Action, Certificate, Name, SignedOperation, consent};
use crate::ids::{AccountId, DeviceId};
use crate::output::{Answer, Refusal};
use crate::store::{Contact, Local, StoreError};
use crate::time::{ClaimedTime, Wall};

/// How long a device's certificate is good for, in milliseconds: a year. It is renewed when half of
/// that is left.
const CERTIFICATE_LIFETIME_MS: u64 = 365 * 24 * 3_600 * 1_000;

impl Own {
    pub(super) fn of(local: &Local) -> Self {
        let account_key = SigningKey::from_seed(&Secret::new(local.account_seed));
        let device_key = SigningKey::from_seed(&Secret::new(local.device_seed));
        let account = AccountId::new(account_key.public());
        let device = DeviceId::new(device_key.public());
        Self { account_key, device_key, account, device }
    }
}

fn expiry(now: Wall) -> Wall {
    Wall::new(now.get().saturating_add(CERTIFICATE_LIFETIME_MS))
}

impl Node {
    /// Makes an account and certifies this device.
    pub(super) fn init(
        &mut self,
        env: &mut Env<'_>,
        name: Name,
        device_name: Name,
    ) -> Result<Result<Answer, Refusal>, StoreError> {
        if self.own.is_some() {
            return Ok(Err(Refusal::AccountExists));
        }
        let local = Local {
            account_seed: env.random(),
            device_seed: env.random(),
            prekey_seed: env.random(),
        };
        env.store.put_local(&local)?;
        let own = Own::of(&local);
        let certificate = Certificate {
            device: own.device,
            name: device_name,
            expires: expiry(env.wall),
            prekey: SealKey::from_seed(&Secret::new(local.prekey_seed)).public(),
            consent: consent(&own.device_key, own.account),
        };
        let account = own.account;
        self.own = Some(own);
        self.decide(env, Action::Profile { name })?;
        self.decide(env, Action::Certify(certificate))?;
        Ok(Ok(Answer::Account(account)))
    }

    /// Renews our certificate when half of its time is over, and tells everybody who is connected:
    /// others take an expired one for none. Sessions begin with it, so it is looked at when one
    /// begins.
    pub(super) fn renew(&mut self, env: &mut Env<'_>) -> Result<(), StoreError> {
        let Some((account, device)) = self.account().zip(self.device()) else { return Ok(()) };
        let Some(known) = self.accounts.get(&account).and_then(|log| log.device(device)) else {
            return Ok(());
        };
        let half = env.wall.get().saturating_add(CERTIFICATE_LIFETIME_MS / 2);
        if known.revoked.is_some() || known.certificate.expires.get() > half {
            return Ok(());
        }
        let certificate = Certificate { expires: expiry(env.wall), ..known.certificate };
        let operation = self.decide(env, Action::Certify(certificate))?;
        self.tell_operations(&operation);
        Ok(())
    }

    /// Writes an action into our own account's log.
    fn decide(
        &mut self,
        env: &mut Env<'_>,
        action: Action,
    ) -> Result<Vec<SignedOperation>, StoreError> {
        let Some(own) = &self.own else { return Ok(Vec::new()) };
        let log = self.accounts.entry(own.account).or_insert_with(|| AccountLog::new(own.account));
        let operation = log.next(ClaimedTime::from(env.wall), action).sign(&own.account_key);
        env.store.add_operation(&operation)?;
        self.remember(operation.clone())?;
        Ok(vec![operation])
    }

    /// Takes in an operation that was checked when it was stored.
    pub(super) fn remember(&mut self, operation: SignedOperation) -> Result<(), StoreError> {
        let account = operation.operation.account;
        let log = self.accounts.entry(account).or_insert_with(|| AccountLog::new(account));
        match log.add(operation) {
            Ok(_) => Ok(()),
            Err(fault) => Err(StoreError(format!("an operation in it is wrong: {fault}"))),
        }
    }

    /// Takes in a contact, and the conversation with them.
    pub(super) fn know(&mut self, contact: Contact) {
        let with = contact.account;
        self.contacts.insert(with, contact);
        self.add_conversation(with);
    }

    /// Whether a device is an account's now.
    pub(super) fn is_device_of(&self, account: AccountId, device: DeviceId, now: Wall) -> bool {
        let log = self.accounts.get(&account);
        log.is_some_and(|log| log.devices(now).any(|certificate| certificate.device == device))
    }

    /// Whether an entry of a device counts as an account's: its certificate may have ended since.
    pub(super) fn counts_for(
        &self,
        account: AccountId,
        author: DeviceId,
        conversation: crate::ids::ConversationId,
        height: u64,
    ) -> bool {
        let device = self.accounts.get(&account).and_then(|log| log.device(author));
        device.is_some_and(|device| match device.revoked {
            None => true,
            Some(heights) => heights.get(&conversation).is_some_and(|last| height <= *last),
        })
    }
}
