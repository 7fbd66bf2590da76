//! Keys that bundles are sealed to: ours, and when they are destroyed; and others'.

use chinwag_crypto::{SealKey, SealPublic, Secret};

use super::account::{CERTIFICATE_LIFETIME_MS, DAY_MS, after};
use super::{Node, Peer};
use crate::env::Env;
use crate::identity::{AccountLog, Action, Certificate, Device};
use crate::ids::{DeviceId, PrekeyId};
use crate::input::Link;
use crate::store::{Prekey, StoreError};
use crate::time::{Mono, Wall};
use crate::wire::limits::OPERATIONS_MAX;
use crate::wire::message::Message;

/// How long bundles are sealed to one prekey of the certificate, in milliseconds: a week.
const PREKEY_LIFETIME_MS: u64 = 7 * DAY_MS;

/// How long a prekey can open what was sealed to it, in milliseconds.
const PREKEY_KEPT_MS: u64 = 30 * DAY_MS;

/// How long a prekey stays after a newer one is in the certificate, in milliseconds: who was away
/// for longer than keys are kept can still open what was sealed meanwhile.
const PREKEY_GRACE_MS: u64 = 7 * DAY_MS;

/// When keys are looked at again where nothing could be done about them, in milliseconds.
const LOOK_AGAIN_MS: u64 = 3_600 * 1_000;

/// Operations that are left for what matters more than a new prekey.
const OPERATIONS_KEPT_FREE: usize = OPERATIONS_MAX / 2;

/// One-time prekeys that a device is given at once.
const PREKEYS_GIVEN: usize = 4;

/// One-time prekeys of one device that are kept: what was given before is used up or lost.
const PREKEYS_KEPT: usize = 16;

impl Node {
    pub(super) fn load_prekeys(&mut self, env: &mut Env<'_>) -> Result<(), StoreError> {
        self.prekeys = env.store.prekeys()?;
        // Looked at when the node begins.
        self.next_prekeys = Some(Wall::new(0));
        Ok(())
    }

    /// Renews our certificate and destroys keys, when it is time for either.
    pub(super) fn keep_prekeys(&mut self, env: &mut Env<'_>) -> Result<(), StoreError> {
        if self.next_prekeys.is_none_or(|due| due > env.wall) {
            return Ok(());
        }
        self.renew(env)?;
        let ends = self.ends_of_prekeys();
        let is_over = |(_, end): &&(PrekeyId, Wall)| *end <= env.wall;
        let over: Vec<PrekeyId> = ends.iter().filter(is_over).map(|(id, _)| *id).collect();
        over.into_iter().try_for_each(|id| self.destroy_prekey(env, id))?;
        self.look_at_prekeys_next(env.wall);
        Ok(())
    }

    /// Notes when there is next something to do about keys.
    fn look_at_prekeys_next(&mut self, now: Wall) {
        let ends = self.ends_of_prekeys().into_iter().map(|(_, end)| end);
        let next = ends.chain(self.renewal()).min();
        self.next_prekeys = next.map(|due| if due > now { due } else { after(now, LOOK_AGAIN_MS) });
    }

    /// When there is next something to do about keys, by the clock that does not jump.
    pub(super) fn next_prekeys(&self) -> Option<Mono> {
        self.next_prekeys.map(|due| self.by_mono(due))
    }

    /// When keys are destroyed: when they are 30 days old, and a newer one has been in the
    /// certificate for a while. The key in the certificate has no end.
    fn ends_of_prekeys(&self) -> Vec<(PrekeyId, Wall)> {
        let current = self.own_certificate().map(|certificate| PrekeyId::of(&certificate.prekey));
        let mut certified: Vec<&Prekey> =
            self.prekeys.iter().filter(|prekey| prekey.only_for.is_none()).collect();
        certified.sort_unstable_by_key(|prekey| (prekey.made, Some(prekey.id) == current));
        let end = |prekey: &Prekey| {
            let newer = certified.partition_point(|other| other.made < prekey.made);
            let newer = certified.iter().skip(newer).find(|other| other.id != prekey.id)?;
            let end = after(prekey.made, PREKEY_KEPT_MS).max(after(newer.made, PREKEY_GRACE_MS));
            Some((prekey.id, end))
        };
        self.prekeys.iter().filter(|prekey| Some(prekey.id) != current).filter_map(end).collect()
    }

    /// Our certificate, while this device is our account's.
    fn own_certificate(&self) -> Option<Certificate> {
        let (account, device) = self.account().zip(self.device())?;
        let known = self.accounts.get(&account)?.device(device).filter(Device::is_current);
        known.map(|known| known.certificate)
    }

    /// When our certificate is to be renewed: when half of its time is over, or, if the log has
    /// room, when its key has served its time.
    fn renewal(&self) -> Option<Wall> {
        let certificate = self.own_certificate()?;
        let half = certificate.expires.get().saturating_sub(CERTIFICATE_LIFETIME_MS / 2);
        let current = PrekeyId::of(&certificate.prekey);
        let key = self.prekeys.iter().find(|prekey| prekey.id == current);
        let served = key.map_or(0, |key| after(key.made, PREKEY_LIFETIME_MS).get());
        let log = self.account().and_then(|account| self.accounts.get(&account))?;
        let has_room = log.len() < OPERATIONS_KEPT_FREE;
        Some(Wall::new(if has_room { half.min(served) } else { half }))
    }

    /// Renews our certificate, if it is time: others take an expired one for none.
    pub(super) fn renew(&mut self, env: &mut Env<'_>) -> Result<(), StoreError> {
        let is_due = self.renewal().is_some_and(|due| due <= env.wall);
        let Some(certificate) = self.own_certificate().filter(|_| is_due) else { return Ok(()) };
        let prekey = self.new_prekey(env, None)?;
        let expires = after(env.wall, CERTIFICATE_LIFETIME_MS).max(certificate.expires);
        self.decide(env, Action::Certify(Certificate { expires, prekey, ..certificate }))
    }

    /// Makes a key that bundles are sealed to.
    pub(super) fn new_prekey(
        &mut self,
        env: &mut Env<'_>,
        only_for: Option<DeviceId>,
    ) -> Result<SealPublic, StoreError> {
        let seed = env.random();
        let public = SealKey::from_seed(&Secret::new(seed)).public();
        let prekey = Prekey { id: PrekeyId::of(&public), seed, made: env.wall, only_for };
        env.store.put_prekey(&prekey)?;
        self.prekeys.push(prekey);
        // A look too many does no harm.
        let due = after(env.wall, PREKEY_LIFETIME_MS);
        self.next_prekeys = Some(self.next_prekeys.map_or(due, |next| next.min(due)));
        Ok(public)
    }

    /// Destroys a key: what is sealed to it stays sealed.
    pub(super) fn destroy_prekey(
        &mut self,
        env: &mut Env<'_>,
        id: PrekeyId,
    ) -> Result<(), StoreError> {
        env.store.remove_prekey(id)?;
        self.prekeys.retain(|prekey| prekey.id != id);
        Ok(())
    }

    /// Gives a device keys to seal bundles for us with. Their private halves are destroyed when
    /// the bundle is opened.
    pub(super) fn give_prekeys(&mut self, env: &mut Env<'_>, to: Peer) -> Result<(), StoreError> {
        let Some(link) = to.link else { return Ok(()) };
        let is_theirs = |prekey: &&Prekey| prekey.only_for == Some(to.device);
        let mut kept: Vec<_> =
            self.prekeys.iter().filter(is_theirs).map(|p| (p.made, p.id)).collect();
        kept.sort_unstable();
        let surplus = (kept.len() + PREKEYS_GIVEN).saturating_sub(PREKEYS_KEPT);
        for (_, id) in kept.into_iter().take(surplus) {
            self.destroy_prekey(env, id)?;
        }
        let mut keys = Vec::with_capacity(PREKEYS_GIVEN);
        for _ in 0..PREKEYS_GIVEN {
            keys.push(self.new_prekey(env, Some(to.device))?);
        }
        self.send(link, &Message::Prekeys(keys));
        Ok(())
    }

    /// The keys that others gave us they gave to the device that we were: nobody opens with them
    /// what comes from another.
    pub(super) fn forget_all_peer_prekeys(&mut self, env: &mut Env<'_>) -> Result<(), StoreError> {
        let devices: Vec<DeviceId> =
            self.accounts.values().flat_map(AccountLog::known_devices).collect();
        for device in devices {
            if !env.store.peer_prekeys(device)?.is_empty() {
                env.store.put_peer_prekeys(device, &[])?;
            }
        }
        Ok(())
    }

    /// A device has another certificate: it may have destroyed what it gave us before. If it is
    /// there, it is asked for new keys.
    pub(super) fn forget_peer_prekeys(
        &mut self,
        env: &mut Env<'_>,
        device: DeviceId,
    ) -> Result<(), StoreError> {
        if Some(device) == self.device() || env.store.peer_prekeys(device)?.is_empty() {
            return Ok(());
        }
        env.store.put_peer_prekeys(device, &[])?;
        let of_device = self.sessions.iter().filter(|(_, session)| session.device == device);
        let links: Vec<Link> = of_device.map(|(link, _)| *link).collect();
        let link = links.into_iter().find(|link| self.ready(*link).is_some());
        if let Some(link) = link {
            self.send(link, &Message::PrekeysWanted);
        }
        Ok(())
    }
}

/// Takes the first of the keys that a device gave us: each is for one bundle.
pub(super) fn use_prekey(
    env: &mut Env<'_>,
    device: DeviceId,
) -> Result<Option<SealPublic>, StoreError> {
    let mut keys = env.store.peer_prekeys(device)?;
    if keys.is_empty() {
        return Ok(None);
    }
    let key = keys.remove(0);
    env.store.put_peer_prekeys(device, &keys)?;
    Ok(Some(key))
}
