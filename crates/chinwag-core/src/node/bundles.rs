//! Bundles: what a session would carry, sealed in a file for one device. They are opened through
//! the same code as what comes over a session. And introductions, which come before them where
//! there was never a session.

use chinwag_crypto::{SealKey, SealPublic, Secret};

use super::account::in_messages;
use super::commands::Reply;
use super::exchange::page;
use super::group::Group;
use super::prekeys::use_prekey;
use super::{Handled, Node, Peer};
use crate::bundle::{Bundle, BundleError, Sealed};
use crate::entry::Seq;
use crate::env::Env;
use crate::identity::AccountLog;
use crate::ids::{AccountId, ConversationId, DeviceId};
use crate::introduction::Introduction;
use crate::output::{Answer, GroupRefusal, Refusal};
use crate::store::StoreError;
use crate::sync::ranges::Range;
use crate::violation::Violation;
use crate::wire::codec::Encode;
use crate::wire::limits::{BUNDLE_MAX, BUNDLE_MESSAGES_MAX, FRAME_MAX};
use crate::wire::message::{Hello, Message, VERSION, Wish};

/// How often a bundle is looked at again for what it names.
const NAMING_LEVELS: usize = 3;

impl Node {
    /// Makes a bundle for each device of an account, with what it is not known to have.
    pub(super) fn export(&mut self, env: &mut Env<'_>, to: AccountId) -> Reply {
        self.sign_written(env)?;
        let Some(own) = &self.own else { return Ok(Err(Refusal::NoAccount)) };
        let account = own.account;
        let is_invited = self.tickets.values().any(|ticket| ticket.account == to);
        if to != account && !self.is_contact(to) && !is_invited && !self.is_fellow(to) {
            return Ok(Err(Refusal::NoContact(to)));
        }
        self.keep_prekeys(env)?;
        let recipients = self.recipients(env, to);
        if recipients.is_empty() && to != account {
            return Ok(Err(Refusal::NoDevice(to)));
        }
        self.seal_for(env, to, recipients)
    }

    /// Makes a bundle for each device of each member of a group, but for those whose keys are not known.
    pub(super) fn export_group(&mut self, env: &mut Env<'_>, id: ConversationId) -> Reply {
        self.sign_written(env)?;
        let Some(own) = self.account() else { return Ok(Err(Refusal::NoAccount)) };
        let state = self.group(id).filter(|state| state.members.contains_key(&own));
        let Some(state) = state else { return Ok(Err(Refusal::Group(GroupRefusal::NotMember))) };
        let mut members: Vec<AccountId> = state.members.keys().copied().collect();
        members.retain(|member| !self.is_blocked(*member));
        self.keep_prekeys(env)?;
        let mut bundles = Vec::new();
        for member in members {
            let recipients = self.recipients(env, member);
            match self.seal_for(env, member, recipients)? {
                Ok(Answer::Bundles(more)) => bundles.extend(more),
                other => return Ok(other),
            }
        }
        Ok(Ok(Answer::Bundles(bundles)))
    }

    fn seal_for(
        &mut self,
        env: &mut Env<'_>,
        to: AccountId,
        recipients: Vec<(DeviceId, SealPublic)>,
    ) -> Reply {
        let Some(own) = &self.own else { return Ok(Err(Refusal::NoAccount)) };
        let (account, device) = (own.account, own.device);
        let mut bundles = Vec::new();
        for (to_device, certified) in recipients {
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

    /// The devices of an account that can make something of a bundle, and the key of each. Of
    /// somebody to whom we are not known: those that gave the ticket.
    fn recipients(&self, env: &Env<'_>, to: AccountId) -> Vec<(DeviceId, SealPublic)> {
        let own = self.device();
        let is_known = self.is_contact(to) || self.account() == Some(to) || self.is_fellow(to);
        let may_open = |device: DeviceId| {
            is_known || self.wish_by_bundle(to, device, env.wall) != Wish::Nothing
        };
        let devices = self.accounts.get(&to).into_iter().flat_map(|log| log.devices(env.wall));
        let devices = devices.filter(|c| Some(c.device) != own && may_open(c.device));
        devices.map(|certificate| (certificate.device, certificate.prekey.clone())).collect()
    }

    /// What a session with a device would carry to it, as far as it fits.
    fn messages_for(
        &self,
        env: &Env<'_>,
        account: AccountId,
        device: DeviceId,
    ) -> Result<Vec<Message>, StoreError> {
        let Some(own) = self.account() else { return Ok(Vec::new()) };
        let mut messages = Vec::new();
        let wish = self.wish_by_bundle(account, device, env.wall);
        if wish != Wish::Nothing {
            let digest = self.digest_of(own);
            messages.push(Message::Hello(Hello { version: VERSION, account: own, digest, wish }));
        }
        messages.extend(in_messages(self.operations_of(own)));
        let mut left = BUNDLE_MAX / 2;
        let own_conversation = ConversationId::own(own);
        if account == own {
            // Who our contacts are comes before what they are, and both before what they say.
            self.say_conversation(
                env,
                own_conversation,
                account,
                device,
                &mut messages,
                &mut left,
            )?;
            for contact in self.contacts.keys() {
                let operations = self.operations_of(*contact);
                messages.extend(in_messages(operations));
            }
        }
        let mut shared = self.shared_with(account);
        shared.retain(|id| *id != own_conversation);
        shared.sort_by_key(|id| self.group(*id).is_some());
        for id in shared {
            messages.extend(self.how_it_begins(id));
            self.say_conversation(env, id, account, device, &mut messages, &mut left)?;
        }
        messages.truncate(BUNDLE_MESSAGES_MAX);
        Ok(messages)
    }

    /// What is to be said of one conversation. What we have comes first: whoever is not yet a
    /// contact becomes one by it.
    fn say_conversation(
        &self,
        env: &Env<'_>,
        id: ConversationId,
        account: AccountId,
        device: DeviceId,
        messages: &mut Vec<Message>,
        left: &mut usize,
    ) -> Result<(), StoreError> {
        messages.push(Message::Have(self.what_is_here(id, None, false)));
        for named in self.group_in(id).into_iter().flat_map(Group::named) {
            messages.extend(in_messages(self.operations_of(*named)));
        }
        let forks = self.conversations.get(&id).into_iter().flat_map(|c| c.forks.values());
        messages.extend(forks.map(|fork| Message::Fork(Box::new(fork.clone()))));
        self.entries_for(env, id, device, messages, left)?;
        messages.extend(self.read_for(account, id));
        Ok(())
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
        if !self.is_welcome_by_bundle(env, &bundle) {
            return Ok(Err(Refusal::NoContact(bundle.account)));
        }
        if prekey.only_for.is_some_and(|only_for| only_for != bundle.device) {
            return Ok(Err(BundleError::NotTheirKey.into()));
        }
        if prekey.only_for.is_some() {
            self.destroy_prekey(env, prekey.id)?;
        }
        let taken = self.take_bundle(env, bundle)?;
        Ok(taken.map(|()| Answer::Done).map_err(|fault| BundleError::Violation(fault).into()))
    }

    /// Whether a bundle is from somebody whom we know or look for, or shows an invitation of ours.
    /// What an invited account says of itself is checked before anything of it is kept.
    fn is_welcome_by_bundle(&self, env: &Env<'_>, bundle: &Bundle) -> bool {
        let account = bundle.account;
        if self.is_blocked(account) {
            return false;
        }
        let is_ours = self.account() == Some(account);
        if self.is_contact(account)
            || is_ours
            || self.is_awaited(account)
            || self.is_fellow(account)
        {
            return true;
        }
        let wish = bundle.messages.first().and_then(|message| match message {
            Message::Hello(hello) if hello.account == account => Some(&hello.wish),
            _ => None,
        });
        let is_invited = wish.is_some_and(|wish| self.invite_of(wish, env.wall).is_some());
        let mut log = AccountLog::new(account);
        let said = bundle.messages.iter().filter_map(|message| match message {
            Message::Operations { operations, .. } => Some(operations),
            _ => None,
        });
        is_invited
            && said.flatten().all(|operation| log.add(operation.clone()).is_ok())
            && log.devices(env.wall).any(|certificate| certificate.device == bundle.device)
    }

    /// Takes what is in a bundle, in its order. From the first violation the rest is not read.
    fn take_bundle(&mut self, env: &mut Env<'_>, bundle: Bundle) -> Handled {
        let (account, device) = (bundle.account, bundle.device);
        let from = Peer { account, device, link: None };
        let mut messages = bundle.messages.into_iter().peekable();
        let hello = messages.next_if(|message| matches!(message, Message::Hello(_)));
        while let Some(introduction) =
            messages.next_if(|message| matches!(message, Message::Operations { .. }))
        {
            if let Err(violation) = self.told(env, from, introduction)? {
                return Ok(Err(violation));
            }
        }
        if !self.is_device_of(account, device, env.wall) {
            return Ok(Err(Violation::NotCertified));
        }
        if let Some(Message::Hello(hello)) = hello {
            if hello.version != VERSION {
                return Ok(Err(Violation::Version(hello.version)));
            }
            if hello.account != account {
                return Ok(Err(Violation::OutOfTurn));
            }
            if let Err(violation) = self.admit(env, account, &hello.wish, false)? {
                return Ok(Err(violation));
            }
        }
        let messages: Vec<Message> = messages.collect();
        let have = |message: &Message| match message {
            Message::Have(have) => Some((have.conversation, have.frontier.clone())),
            _ => None,
        };
        self.carried = messages.iter().filter_map(have).collect();
        let taken = self.take_carried(env, from, messages);
        self.carried.clear();
        taken
    }

    /// Takes what a bundle says. What it says of groups may name accounts that it has told of before:
    /// then it is taken again.
    fn take_carried(&mut self, env: &mut Env<'_>, from: Peer, messages: Vec<Message>) -> Handled {
        for message in messages.clone() {
            if let Err(violation) = self.told(env, from, message)? {
                return Ok(Err(violation));
            }
        }
        let is_of_group = |message: &Message| match message {
            Message::Operations { .. } => true,
            Message::Entries { conversation, .. } => self.carried.contains_key(conversation),
            _ => false,
        };
        let again: Vec<Message> = messages.into_iter().filter(is_of_group).collect();
        // Owners name admins, and admins members.
        for _ in 0..NAMING_LEVELS {
            let named = self.named_in_groups();
            for message in again.clone() {
                if let Err(violation) = self.told(env, from, message)? {
                    return Ok(Err(violation));
                }
            }
            if self.named_in_groups() == named {
                break;
            }
        }
        self.complete_groups(env)?;
        Ok(Ok(()))
    }

    /// How many accounts are named in groups of whom something is known.
    fn named_in_groups(&self) -> usize {
        let named = self.account().map(|own| self.named_for(own)).unwrap_or_default();
        named.iter().filter(|account| self.account_log(**account).is_some()).count()
    }

    /// Writes down who we are.
    pub(super) fn introduce(&mut self, env: &mut Env<'_>) -> Reply {
        let Some(own) = self.account() else { return Ok(Err(Refusal::NoAccount)) };
        self.keep_prekeys(env)?;
        let log = self.accounts.get(&own).cloned().unwrap_or_else(|| AccountLog::new(own));
        let introduction = Introduction::of(log).map_err(Refusal::from);
        Ok(introduction.map(|introduction| Answer::Introduction(introduction.to_bytes())))
    }

    /// Reads who somebody is. Of accounts that we neither know nor look for nothing is kept.
    pub(super) fn meet(&mut self, env: &mut Env<'_>, bytes: &[u8]) -> Reply {
        let Some(own) = self.account() else { return Ok(Err(Refusal::NoAccount)) };
        let introduction = match Introduction::parse(bytes) {
            Ok(introduction) => introduction,
            Err(error) => return Ok(Err(error.into())),
        };
        let account = introduction.account();
        let is_known = account == own || self.is_contact(account) || self.is_awaited(account);
        if !is_known || self.is_blocked(account) {
            return Ok(Err(Refusal::NoContact(account)));
        }
        let operations = introduction.log().operations().into_iter().cloned().collect();
        match self.add_operations(env, account, operations)? {
            Ok(new) => self.learned(env, account, &new, None)?,
            Err(violation) => return Ok(Err(BundleError::Violation(violation).into())),
        }
        Ok(Ok(Answer::Done))
    }
}

/// A bundle holds at least one page.
const _: () = assert!(BUNDLE_MAX / 2 > FRAME_MAX);
