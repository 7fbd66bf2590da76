//! The reference model: who wrote what, who read it, who knows whom. It is told from what was
//! asked of the nodes and what they answered, without any protocol.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_core::body::Content;
use chinwag_core::entry::Position;
use chinwag_core::entry::Seq;
use chinwag_core::ids::{AccountId, ClientId, ConversationId, DeviceId, EntryId};
use chinwag_core::input::Token;
use chinwag_core::output::{Answer, Output, Refusal};
use chinwag_core::store::Store;
use chinwag_core::sync::frontier::Frontier;
use chinwag_core::sync::ranges::Range;
use chinwag_core::ticket::Ticket;

use crate::bundles::Fate;
use crate::groups::Deed;
use crate::network::Who;
use crate::sim::World;

/// Something that is said under a name, once or several times.
#[derive(Clone, Debug)]
pub(crate) struct Saying {
    pub(crate) to: AccountId,
    pub(crate) content: Content,
    pub(crate) client_id: ClientId,
}

/// What was asked of a node and not answered yet.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    /// To write something to somebody.
    Write(AccountId, Content),
    /// To say something, once, however often it is asked.
    SayOnce(Saying),
    /// To make a ticket for these.
    Invite(Vec<Who>, bool),
    /// To redeem a ticket.
    Redeem(Ticket),
    /// To note that all is read of the conversation with somebody.
    Read(AccountId),
    /// To tell somebody that one is typing.
    Typing(AccountId),
    /// To tell all that one is there.
    Presence,
    /// To ask somebody to become a contact.
    Ask(AccountId),
    /// To make a contact of somebody who asked, or not.
    Answer(bool),
    /// To block somebody, or no longer.
    Block(AccountId, bool),
    /// To give somebody a name, or compare the safety number.
    Call,
    /// To remove a device.
    Revoke(DeviceId),
    /// To make bundles.
    Export,
    /// To open a bundle of this device.
    Import(DeviceId, Fate),
    /// To begin a group.
    Found,
    /// To say something in a group.
    InGroup(ConversationId, Content),
    /// To do something in a group.
    Deed(ConversationId, Deed),
}

/// An entry of a conversation of two.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) id: EntryId,
    /// Where it was written.
    pub(crate) by: Who,
    pub(crate) account: AccountId,
    pub(crate) conversation: ConversationId,
    pub(crate) content: Content,
    pub(crate) device: DeviceId,
    pub(crate) position: Position,
    pub(crate) lifetime_s: u32,
    /// Whether it must be everywhere in the end: not if the disk it was on was lost, or its device
    /// was removed before it got to who removed it.
    pub(crate) is_sure: bool,
}

/// What must be true, told without any protocol.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) asked: BTreeMap<Token, (Who, Asked)>,
    pub(crate) next: u64,
    /// All that was written, and committed.
    pub(crate) written: BTreeMap<EntryId, Written>,
    /// What was written under which name.
    pub(crate) said: BTreeMap<ClientId, EntryId>,
    /// The texts of each account, to change or take back.
    pub(crate) texts: BTreeMap<AccountId, Vec<EntryId>>,
    /// What accounts have taken back.
    pub(crate) retracted: BTreeSet<(AccountId, EntryId)>,
    /// At most so much has each account read.
    pub(crate) read: BTreeMap<(ConversationId, AccountId), Frontier>,
    /// Who has ever typed to whom.
    pub(crate) typed: BTreeSet<(AccountId, AccountId)>,
    /// Who has ever said that they are there, or not.
    pub(crate) was_there: BTreeSet<AccountId>,
    /// Who has ever asked whom.
    pub(crate) asks: BTreeSet<(AccountId, AccountId)>,
    /// Who has ever blocked whom.
    pub(crate) blocks: BTreeSet<(AccountId, AccountId)>,
    /// Devices that were removed from their accounts.
    pub(crate) revoked: BTreeSet<DeviceId>,
    /// Who redeemed which ticket.
    pub(crate) redeemed: Vec<(Who, Ticket)>,
    /// Every ticket that was given to somebody, once for each who got it.
    pub(crate) handed: Vec<Handed>,
}

/// A ticket in somebody's hands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handed {
    pub(crate) host: Who,
    pub(crate) guest: Who,
    pub(crate) secret: [u8; 16],
    pub(crate) is_reusable: bool,
    /// Whether it can't fail: it does not end, and nobody else can use it up.
    pub(crate) is_good: bool,
}

impl World<'_> {
    /// Takes in what a step has committed, whether it gets out or not.
    pub(crate) fn learn(&mut self, who: Who, outputs: &[Output]) {
        self.learn_answers(who, outputs);
        self.note_entries(who);
    }

    fn learn_answers(&mut self, who: Who, outputs: &[Output]) {
        for output in outputs {
            let Output::Reply(token, Ok(answer)) = output else { continue };
            let Some((_, asked)) = self.model.asked.get(token).cloned() else { continue };
            match (asked, answer) {
                (Asked::Write(with, content), Answer::Entry(id)) => {
                    self.wrote(who, with, content, *id);
                }
                (Asked::Found, Answer::Entry(id)) => self.founded(who, *id),
                (Asked::InGroup(group, content), Answer::Entry(id)) => {
                    self.wrote_in(who, group, content, *id);
                }
                (Asked::Deed(group, deed), _) => self.count_deed(who, group, deed),
                (Asked::SayOnce(saying), Answer::Entry(id)) => self.said_once(who, saying, *id),
                (Asked::SayOnce(saying), answer) => {
                    let before = self.model.said.get(&saying.client_id).copied();
                    if !matches!(answer, Answer::SaidBefore(id) if Some(*id) == before) {
                        self.fail(&format!("{who} said {before:?}, and then {answer:?}"));
                    }
                    self.cover("sayings repeated");
                }
                (asked, _) => self.did(who, &asked),
            }
        }
    }

    /// Something was said under a name: for the first time, unless the disk was lost since.
    fn said_once(&mut self, who: Who, saying: Saying, id: EntryId) {
        let before = self.model.said.insert(saying.client_id, id);
        if before.is_some() && !self.has_lost(who) {
            self.fail(&format!("{who} said the same twice: {before:?}, and {id:?}"));
        }
        self.wrote(who, saying.to, saying.content, id);
    }

    fn did(&mut self, who: Who, asked: &Asked) {
        let own = self.people[who].account;
        match asked {
            Asked::Read(with) => self.read_all(who, *with),
            Asked::Typing(to) => drop(self.model.typed.insert((own, *to))),
            Asked::Presence => drop(self.model.was_there.insert(own)),
            Asked::Ask(of) => drop(self.model.asks.insert((own, *of))),
            Asked::Block(of, true) => drop(self.model.blocks.insert((own, *of))),
            Asked::Revoke(device) => self.removed(who, *device),
            _ => {}
        }
    }

    fn wrote(&mut self, who: Who, with: AccountId, content: Content, id: EntryId) {
        let account = self.people[who].account;
        let Some(entry) = self.people[who].store.entry(id).ok().flatten() else {
            return self.fail(&format!("{who} answers for an entry that it has not"));
        };
        self.check_lifetime(who, &entry);
        self.check_parents(who, &entry);
        match &content {
            Content::Text(_) => self.model.texts.entry(account).or_default().push(id),
            Content::Retraction { of } => drop(self.model.retracted.insert((account, *of))),
            _ => {}
        }
        let written = Written {
            id,
            by: who,
            account,
            conversation: ConversationId::direct(account, with),
            content,
            device: entry.header.author,
            position: entry.position(),
            lifetime_s: entry.header.lifetime_s,
            is_sure: self.is_honest(who) && !self.model.revoked.contains(&entry.header.author),
        };
        self.model.written.insert(id, written);
    }

    /// At most what is here now was read.
    fn read_all(&mut self, who: Who, with: AccountId) {
        let own = self.people[who].account;
        self.read_all_in(who, ConversationId::direct(own, with));
    }

    pub(crate) fn read_all_in(&mut self, who: Who, id: ConversationId) {
        let own = self.people[who].account;
        let read = self.model.read.entry((id, own)).or_default();
        for (author, height) in self.people[who].store.logs(id) {
            if let Some(height) = Seq::new(height) {
                read.insert(author, Range::up_to(height));
            }
        }
    }

    /// Somebody removed another device: of what it wrote, what was here counts.
    fn removed(&mut self, who: Who, device: DeviceId) {
        self.cover("devices revoked");
        self.model.revoked.insert(device);
        let person = &self.people[who];
        let log = person.node.as_ref().and_then(|node| node.account_log(person.account));
        let revoked = log.and_then(|log| log.device(device)).and_then(|device| device.revoked);
        let heights = revoked.unwrap_or_default();
        for written in self.model.written.values_mut().filter(|w| w.device == device) {
            let height = heights.get(&written.conversation).copied().unwrap_or(0);
            written.is_sure &= written.position.seq.get() <= height;
        }
        self.forget_what_nobody_has();
    }

    /// What a removed device wrote, under this id or one that it had before, may have been nowhere but
    /// on itself or another one that is removed now, or on a disk that is lost.
    pub(crate) fn forget_what_nobody_has(&mut self) {
        let is_removed =
            |w: &&Written| self.model.revoked.contains(&w.device) || self.is_revoked(w.by);
        let removed = self.model.written.values().filter(is_removed);
        let lost: Vec<EntryId> = removed.filter(|w| !self.is_held(w)).map(|w| w.id).collect();
        for id in lost {
            if let Some(written) = self.model.written.get_mut(&id) {
                written.is_sure = false;
            }
        }
    }

    /// Whether a device has an entry that is still its account's.
    fn is_held(&self, written: &Written) -> bool {
        let members = self.members(written.conversation);
        members.into_iter().flat_map(|member| self.current(member)).any(|who| {
            let store = &self.people[who].store;
            store.has(written.conversation, written.device, written.position.seq)
        })
    }

    /// Somebody's disk is lost: of what was written since the backup was made, nothing is sure.
    pub(crate) fn forget_what_is_lost(&mut self, who: Who) {
        let store = &self.people[who].store;
        for written in self.model.written.values_mut().filter(|w| w.by == who) {
            written.is_sure &=
                store.has(written.conversation, written.device, written.position.seq);
        }
    }

    /// A node answered, and the answer got out.
    pub(crate) fn answered(&mut self, token: Token, reply: Result<Answer, Refusal>) {
        let Some((who, asked)) = self.model.asked.remove(&token) else { return };
        match (asked, reply) {
            (Asked::Invite(guests, is_reusable), Ok(Answer::Ticket(ticket))) => {
                self.hand_out(who, &guests, is_reusable, &ticket);
            }
            (Asked::Redeem(ticket), Ok(Answer::Done)) => {
                self.cover("tickets redeemed");
                self.model.redeemed.push((who, ticket));
            }
            (Asked::Deed(..), Ok(Answer::GroupTicket(ticket))) => self.hand_out_to_group(&ticket),
            (Asked::Export, Ok(Answer::Bundles(bundles))) => self.send_out(who, bundles),
            (Asked::Import(from, fate), reply) => self.opened(who, from, fate, reply),
            (asked, Ok(_)) => self.count(&asked),
            (asked, Err(refusal)) if self.is_fair(who, &asked, &refusal) => {}
            (asked, reply) => self.fail(&format!("{who} was asked {asked:?}: {reply:?}")),
        }
    }

    fn count(&mut self, asked: &Asked) {
        let what = match asked {
            Asked::Write(_, Content::Edit { .. }) => "edits",
            Asked::Write(_, Content::Reaction { .. }) => "reactions",
            Asked::Write(_, Content::Retraction { .. }) => "retractions",
            Asked::Write(_, Content::Settings(_)) => "lifetimes set",
            Asked::Answer(true) => "requests accepted",
            Asked::Answer(false) => "requests declined",
            Asked::Block(_, true) => "people blocked",
            Asked::Block(_, false) => "people unblocked",
            _ => return,
        };
        self.cover(what);
    }

    /// Whether an account is somebody's contact, as far as it is kept.
    fn holds(&self, who: Who, account: AccountId) -> bool {
        self.people[who].store.contact(account).is_some_and(|contact| contact.is_contact)
    }

    /// Whether there is a reason to decline what was asked.
    fn is_fair(&self, who: Who, asked: &Asked, refusal: &Refusal) -> bool {
        if matches!(asked, Asked::Found | Asked::InGroup(..) | Asked::Deed(..)) {
            return self.is_fair_in_group(who, refusal);
        }
        match (asked, refusal) {
            (_, Refusal::Revoked) => self.is_revoked(who),
            // Who was a contact when it was meant is none any more, by a backup or a revocation.
            // Or they were none yet: what made them one came later in the same step.
            (_, Refusal::NoContact(account)) => {
                !self.holds(who, *account) || self.people[who].just_changed.contains(account)
            }
            (Asked::Write(to, _), Refusal::NoEntry(_)) => !self.holds(who, *to),
            (Asked::Redeem(_), Refusal::TicketExpired)
            | (Asked::Write(..) | Asked::SayOnce(_), Refusal::Busy)
            // Somebody else of the account was faster.
            | (Asked::Answer(..), Refusal::NoRequest(_))
            | (Asked::Revoke(_), Refusal::NotOurDevice(_))
            // Certificates have an end, and clocks jump.
            | (Asked::Export, Refusal::NoDevice(_) | Refusal::Group(_))
            // An invite costs a place, and crowds leave many unused.
            | (Asked::Invite(..), Refusal::TooManyInvites(_)) => true,
            _ => false,
        }
    }
}
