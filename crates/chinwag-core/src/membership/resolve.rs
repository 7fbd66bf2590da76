//! From the set of a group's operations to its state.
//!
//! Authority only flows downwards, so there is nothing to iterate and no tie to break: first it is
//! settled who is an owner and which of their entries count, by the creation and what owners say of
//! themselves; then, by what owners say, who is an admin; then, by what both say, who is a member;
//! and last what the group is called. What is settled at one level never depends on a level below.
//!
//! With `n` operations of `d` devices, and `e` entries that they name, it takes at most
//! `(n·d + e)·log n` steps: `d` is at most [`GROUP_DEVICES_MAX`], and in all honest groups the number
//! of devices that removed one and the same account stands in its place.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::state::{GoodTicket, Grant, GrantId, Joined, Member, State, Verdict};
use super::{Action, By, Creation, History, Placed, Removal, Role, Setting};
use crate::entry::{Position, Seq};
use crate::ids::{AccountId, ConversationId, DeviceId, EntryId};
use crate::sync::ranges::{Range, Ranges};
use crate::wire::limits::{GROUP_DEVICES_MAX, GROUP_JOINS_MAX, GROUP_OPERATIONS_MAX};

/// What the operations of a group say together. `limit` says how many entries of a device's log
/// count at most as those of an account: none if it is no device of it, those before the place of a
/// fork, and what a revocation leaves.
pub fn resolve<'a>(
    group: ConversationId,
    operations: impl IntoIterator<Item = &'a Placed>,
    limit: impl Fn(AccountId, DeviceId) -> u64,
) -> State {
    let mut resolver = Resolver::default();
    let mut logs: BTreeMap<DeviceId, BTreeMap<(Seq, EntryId), &Placed>> = BTreeMap::new();
    for operation in operations.into_iter().filter(|operation| operation.group == group) {
        let log = logs.entry(operation.author).or_default();
        log.insert((operation.seq(), operation.id), operation);
    }
    for (author, log) in &logs {
        resolver.read_log(*author, log, &limit);
    }
    resolver.settle_owners();
    resolver.settle_admins();
    resolver.settle_members();
    resolver.judge_removals();
    resolver.settle_settings();
    resolver.finish(limit)
}

#[derive(Default)]
struct Resolver<'a> {
    creation: Option<&'a Creation>,
    /// What is looked at, in the order of authors and places.
    read: BTreeMap<EntryId, &'a Placed>,
    /// Whose the devices are.
    accounts: BTreeMap<DeviceId, AccountId>,
    grants: Vec<&'a Placed>,
    joins: Vec<&'a Placed>,
    tickets: Vec<&'a Placed>,
    revocations: Vec<&'a Placed>,
    settings: BTreeMap<u16, Vec<&'a Placed>>,
    removals: BTreeMap<AccountId, Vec<&'a Placed>>,
    /// Under which rights entries of a log count, and from where to where.
    spans: BTreeMap<DeviceId, Vec<Span>>,
    state: State,
}

/// A part of a log that counts under a right.
#[derive(Clone, Copy)]
struct Span {
    grant: GrantId,
    role: Role,
    from: Seq,
    /// The last that counts, and the removal that says so; for as long as nothing ends it there is
    /// neither.
    end: Option<(u64, EntryId)>,
}

impl Span {
    fn contains(&self, seq: Seq) -> bool {
        self.from <= seq && self.end.is_none_or(|(last, _)| seq.get() <= last)
    }
}

/// A right that somebody was given, at the level that is being settled.
struct Given<'a> {
    account: AccountId,
    id: GrantId,
    since_rank: u64,
    /// Removals that it is knowingly made after.
    after: Option<&'a BTreeSet<EntryId>>,
    is_by_ticket: bool,
}

/// A device that joins by a right that was given.
#[derive(Clone, Copy)]
struct Joining<'a> {
    join: &'a Placed,
    account: AccountId,
    grant: GrantId,
}

impl<'a> Resolver<'a> {
    fn judge(&mut self, operation: &Placed, verdict: Verdict) {
        self.state.verdicts.insert(operation.id, verdict);
    }

    // Whose the logs are, and what is in them.

    fn read_log(
        &mut self,
        author: DeviceId,
        log: &BTreeMap<(Seq, EntryId), &'a Placed>,
        limit: impl Fn(AccountId, DeviceId) -> u64,
    ) {
        let looked_at = log.values().take(GROUP_OPERATIONS_MAX);
        let mut as_whose = looked_at.filter_map(|operation| match operation.action() {
            Action::Join { account, .. } => Some((*account, operation.seq())),
            _ => None,
        });
        let first = as_whose.find(|(account, seq)| seq.get() <= limit(*account, author));
        if let Some((account, _)) = first {
            self.accounts.insert(author, account);
        }
        let mut joins = 0;
        for (at, operation) in log.values().enumerate() {
            let is_join = matches!(operation.action(), Action::Join { .. });
            joins += usize::from(is_join);
            let is_over = at >= GROUP_OPERATIONS_MAX || (is_join && joins > GROUP_JOINS_MAX);
            let verdict = match (first, operation.action()) {
                (_, Action::Create(creation)) => {
                    self.creation = Some(creation);
                    Some(Verdict::Counts)
                }
                _ if is_over => Some(Verdict::TooMany),
                (None, _) => Some(Verdict::NotJoined),
                (Some((_, from)), _) if operation.seq() < from => Some(Verdict::NotJoined),
                (Some((account, _)), _) if operation.seq().get() > limit(account, author) => {
                    Some(Verdict::CutOff)
                }
                (Some((known, _)), Action::Join { account, .. }) if *account != known => {
                    Some(Verdict::OtherAccount)
                }
                _ => None,
            };
            match verdict {
                Some(verdict) => self.judge(operation, verdict),
                None => self.sort_in(operation),
            }
        }
    }

    fn sort_in(&mut self, operation: &'a Placed) {
        self.read.insert(operation.id, operation);
        match operation.action() {
            // Judged where it was read.
            Action::Create(_) => {}
            Action::Grant { .. } => self.grants.push(operation),
            Action::Remove(removal) => {
                self.removals.entry(removal.account).or_default().push(operation);
            }
            Action::Join { .. } => self.joins.push(operation),
            Action::Ticket { .. } => self.tickets.push(operation),
            Action::Revoke { .. } => self.revocations.push(operation),
            Action::Set(setting) => {
                self.settings.entry(setting.number()).or_default().push(operation);
            }
            Action::Unknown { .. } => self.judge(operation, Verdict::Unknown),
        }
    }

    /// The role in which an operation was written, if it is at least this one. Otherwise what is to
    /// be said of the operation.
    fn role_at(&self, operation: &Placed, needed: Role) -> Result<Role, Verdict> {
        let seq = operation.seq();
        let spans = self.spans.get(&operation.author).into_iter().flatten();
        let enough: Vec<&Span> = spans.filter(|s| s.role >= needed && s.from <= seq).collect();
        let within = enough.iter().filter(|span| span.contains(seq)).map(|span| span.role);
        let lost = enough.iter().filter_map(|span| span.end).map(|(_, by)| Verdict::Lost(by));
        within.max().ok_or_else(|| lost.min().unwrap_or(Verdict::NoRight))
    }

    // The three levels.

    fn settle_owners(&mut self) {
        let owners: Vec<AccountId> =
            self.creation.iter().flat_map(|creation| &creation.owners).copied().collect();
        let given = owners.into_iter().map(|account| Given {
            account,
            id: GrantId::Creation,
            since_rank: 0,
            // Nobody becomes an owner again.
            after: None,
            is_by_ticket: false,
        });
        self.settle(Role::Owner, given.collect());
    }

    fn settle_admins(&mut self) {
        let given = self.given(Role::Admin, Role::Owner);
        self.settle(Role::Admin, given);
    }

    fn settle_members(&mut self) {
        let mut given = self.given(Role::Member, Role::Admin);
        given.extend(self.let_in_by_tickets());
        self.settle(Role::Member, given);
    }

    /// The rights of a level that were given by whoever may.
    fn given(&mut self, level: Role, needed: Role) -> Vec<Given<'a>> {
        let mut given = Vec::new();
        for operation in self.grants.clone() {
            let Action::Grant { account, right, history } = operation.action() else { continue };
            if right.role() != level {
                continue;
            }
            match self.role_at(operation, needed) {
                Ok(_) => given.push(Given {
                    account: *account,
                    id: GrantId::By(operation.id),
                    since_rank: since(*history, operation.position),
                    after: Some(&operation.operation.after),
                    is_by_ticket: false,
                }),
                Err(verdict) => self.judge(operation, verdict),
            }
        }
        given
    }

    /// Who joined by a ticket that is good, or was when those who revoked it saw them join.
    fn let_in_by_tickets(&mut self) -> Vec<Given<'a>> {
        let tickets = self.good_tickets();
        let mut revocations: BTreeMap<EntryId, Vec<&Placed>> = BTreeMap::new();
        let mut named: BTreeMap<(EntryId, EntryId), usize> = BTreeMap::new();
        for operation in self.revocations.clone() {
            let Action::Revoke { ticket, joined } = operation.action() else { continue };
            match self.role_at(operation, Role::Admin) {
                Ok(_) => {
                    self.judge(operation, Verdict::Counts);
                    revocations.entry(*ticket).or_default().push(operation);
                    for join in joined {
                        *named.entry((*ticket, *join)).or_default() += 1;
                    }
                }
                Err(verdict) => self.judge(operation, verdict),
            }
        }
        for (operation, (good, _)) in tickets.values() {
            match revocations.get(&operation.id).and_then(|by| first_of(by.iter().copied())) {
                Some(first) => self.judge(operation, Verdict::EndedBy(first)),
                None => drop(self.state.tickets.insert(operation.id, *good)),
            }
        }
        let mut given = Vec::new();
        for join in &self.joins {
            let Action::Join { account, by: By::Ticket { ticket, key, .. } } = join.action() else {
                continue;
            };
            let Some((_, (_, history))) =
                tickets.get(ticket).filter(|(_, (good, _))| good.key == *key)
            else {
                continue;
            };
            let revoked = revocations.get(ticket).map_or(0, Vec::len);
            if named.get(&(*ticket, join.id)).copied().unwrap_or(0) == revoked {
                given.push(Given {
                    account: *account,
                    id: GrantId::By(join.id),
                    since_rank: since(*history, join.position),
                    after: Some(&join.operation.after),
                    is_by_ticket: true,
                });
            }
        }
        given
    }

    fn good_tickets(&mut self) -> BTreeMap<EntryId, (&'a Placed, (GoodTicket, History))> {
        let mut tickets = BTreeMap::new();
        for operation in self.tickets.clone() {
            let Action::Ticket { key, history, expires_s } = operation.action() else { continue };
            let verdict = match self.role_at(operation, Role::Admin) {
                Ok(_) => {
                    let good = GoodTicket { key: *key, expires_s: *expires_s };
                    tickets.insert(operation.id, (operation, (good, *history)));
                    Verdict::Counts
                }
                Err(verdict) => verdict,
            };
            self.judge(operation, verdict);
        }
        tickets
    }

    /// Settles a level: which of the rights of it were ended, and who joined by them.
    fn settle(&mut self, level: Role, given: Vec<Given<'a>>) {
        let mut accounts: BTreeMap<AccountId, Vec<Given<'_>>> = BTreeMap::new();
        for given in given {
            accounts.entry(given.account).or_default().push(given);
        }
        let mut joining: BTreeMap<AccountId, Vec<Joining<'_>>> = BTreeMap::new();
        for join in self.joins.clone() {
            let Action::Join { account, by } = join.action() else { continue };
            let grant = match by {
                By::Creation => GrantId::Creation,
                By::Grant(grant) => GrantId::By(*grant),
                By::Ticket { .. } => GrantId::By(join.id),
            };
            joining.entry(*account).or_default().push(Joining { join, account: *account, grant });
        }
        let mut admitted = Vec::new();
        for (account, given) in accounts {
            let joining = joining.remove(&account).unwrap_or_default();
            admitted.extend(self.settle_account(level, &given, &joining));
        }
        admitted.sort_by_key(|(joining, _)| joining.join.position);
        for (joining, span) in admitted {
            self.admit(joining, span);
        }
    }

    fn settle_account(
        &mut self,
        level: Role,
        given: &[Given<'a>],
        joining: &[Joining<'a>],
    ) -> Vec<(Joining<'a>, Span)> {
        let Some(account) = given.first().map(|given| given.account) else { return Vec::new() };
        let mut endings = self.endings_by_others(account, level);
        let still_there = self.joined_under(level, given, &endings, joining);
        self.add_own_endings(account, level, &still_there, &mut endings);
        for given in given {
            let known = endings.known_to(given, &self.read);
            let ended_by = endings.first_not_in(&known);
            let grant = Grant { role: level, since_rank: given.since_rank, ended_by };
            self.state.grants.insert((given.account, given.id), grant);
            if let (GrantId::By(id), false) = (given.id, given.is_by_ticket) {
                let verdict = ended_by.map_or(Verdict::Counts, Verdict::EndedBy);
                self.state.verdicts.insert(id, verdict);
            }
        }
        self.joined_under(level, given, &endings, joining)
    }

    /// The removals that end an account's rights of a level, by whoever is above that level.
    fn endings_by_others(&self, account: AccountId, level: Role) -> Endings<'a> {
        let mut endings = Endings::default();
        let Some(above) = above(level) else { return endings };
        for operation in self.removals.get(&account).into_iter().flatten() {
            let Action::Remove(removal) = operation.action() else { continue };
            let is_own = self.accounts.get(&operation.author) == Some(&account);
            if !is_own && removal.takes(level) && self.role_at(operation, above).is_ok() {
                endings.add(operation, removal, false);
            }
        }
        endings
    }

    /// And those by that account itself, where their author still had a right of that level or of
    /// one above: whoever was removed can't take back by leaving what they did before.
    fn add_own_endings(
        &mut self,
        account: AccountId,
        level: Role,
        still_there: &[(Joining<'a>, Span)],
        endings: &mut Endings<'a>,
    ) {
        let mut spans: BTreeMap<DeviceId, Vec<Span>> = BTreeMap::new();
        for (joining, span) in still_there {
            spans.entry(joining.join.author).or_default().push(*span);
        }
        let removals = self.removals.get(&account).cloned().unwrap_or_default();
        for operation in removals {
            let Action::Remove(removal) = operation.action() else { continue };
            if self.accounts.get(&operation.author) != Some(&account) || !removal.takes(level) {
                continue;
            }
            let spans = spans.get(&operation.author).map_or([].as_slice(), Vec::as_slice);
            let is_there = spans.iter().any(|span| span.contains(operation.seq()));
            let is_above = || above(level).is_some_and(|l| self.role_at(operation, l).is_ok());
            if is_there || is_above() {
                endings.add(operation, removal, true);
                self.judge(operation, Verdict::Counts);
            }
        }
    }

    /// Which parts of an account's logs count under its rights of a level, by these removals.
    fn joined_under(
        &self,
        level: Role,
        given: &[Given<'a>],
        endings: &Endings<'a>,
        joining: &[Joining<'a>],
    ) -> Vec<(Joining<'a>, Span)> {
        let known: BTreeMap<GrantId, Known> =
            given.iter().map(|given| (given.id, endings.known_to(given, &self.read))).collect();
        let mut devices: BTreeMap<DeviceId, Vec<(Joining<'_>, &Known)>> = BTreeMap::new();
        for joining in joining {
            if let Some(known) = known.get(&joining.grant) {
                devices.entry(joining.join.author).or_default().push((*joining, known));
            }
        }
        let mut spans = Vec::new();
        for (device, joining) in devices {
            let heights = endings.heights_of(device);
            for (joining, known) in joining {
                let end = endings.end(&heights, known);
                let (from, grant) = (joining.join.seq(), joining.grant);
                spans.push((joining, Span { grant, role: level, from, end }));
            }
        }
        spans
    }

    /// Lets a device in, if there is room.
    fn admit(&mut self, joining: Joining<'_>, span: Span) {
        let device = joining.join.author;
        let is_new = !self.spans.contains_key(&device);
        let has_joined = |span: &Span| span.grant == joining.grant;
        let verdict = match span.end {
            Some((last, by)) if last < span.from.get() => Verdict::Lost(by),
            _ if self.spans.get(&device).is_some_and(|spans| spans.iter().any(has_joined)) => {
                Verdict::JoinedBefore
            }
            _ if is_new && self.spans.len() >= GROUP_DEVICES_MAX => Verdict::NoRoom,
            _ => {
                self.spans.entry(device).or_default().push(span);
                Verdict::Counts
            }
        };
        if verdict == Verdict::NoRoom && joining.grant == GrantId::By(joining.join.id) {
            // With a ticket it is the joining that gives the right.
            self.state.grants.remove(&(joining.account, joining.grant));
        }
        self.judge(joining.join, verdict);
    }

    fn judge_removals(&mut self) {
        for (account, operations) in std::mem::take(&mut self.removals) {
            let mut last: BTreeMap<DeviceId, EntryId> = BTreeMap::new();
            for operation in operations {
                last.insert(operation.author, operation.id);
                let Action::Remove(removal) = operation.action() else { continue };
                if self.state.verdicts.contains_key(&operation.id) {
                    // Their own, and it had an effect.
                    continue;
                }
                let is_own = self.accounts.get(&operation.author) == Some(&account);
                let needed = match removal.keeps {
                    _ if is_own => Role::Member,
                    None => Role::Admin,
                    Some(_) => Role::Owner,
                };
                let verdict = self.role_at(operation, needed).err().unwrap_or(Verdict::Counts);
                self.judge(operation, verdict);
            }
            self.state.removals.insert(account, last.into_values().collect());
        }
    }

    // What the group is called, and how it works.

    fn settle_settings(&mut self) {
        if let Some(creation) = self.creation {
            self.state.name = Some(creation.name.clone());
            self.state.history = Some(creation.history);
            self.state.lifetime_s = creation.lifetime_s;
        }
        for (number, changes) in std::mem::take(&mut self.settings) {
            self.settle_setting(number, &changes);
        }
    }

    fn settle_setting(&mut self, number: u16, changes: &[&'a Placed]) {
        let mut counted = Vec::new();
        for change in changes {
            match self.role_at(change, Role::Admin) {
                Ok(role) => counted.push((*change, role)),
                Err(verdict) => self.judge(change, verdict),
            }
        }
        let seen = self.seen_by(number, changes, &counted);
        let is_seen =
            |change: &Placed| seen.get(&change.author).is_some_and(|s| *s >= change.seq());
        let (replaced, latest): (Vec<_>, Vec<_>) =
            counted.into_iter().partition(|(change, _)| is_seen(change));
        for (change, _) in &replaced {
            self.judge(change, Verdict::Replaced);
        }
        self.state.latest.insert(number, latest.iter().map(|(change, _)| change.id).collect());
        let weight = |(change, role): &&(&Placed, Role)| {
            let Action::Set(setting) = change.action() else { return None };
            Some((Reverse(*role), laxity(setting), Reverse(change.position)))
        };
        let Some((holds, _)) = latest.iter().min_by_key(weight) else { return };
        for (change, _) in &latest {
            let is_it = change.id == holds.id;
            self.judge(change, if is_it { Verdict::Counts } else { Verdict::Outweighed });
        }
        if let Action::Set(setting) = holds.action() {
            self.set(setting);
        }
    }

    /// How much of each log's changes of a setting came before changes that count: what these name,
    /// what is before it in its log, and what those name in turn. Each change is looked at once.
    fn seen_by(
        &self,
        number: u16,
        changes: &[&'a Placed],
        counted: &[(&'a Placed, Role)],
    ) -> BTreeMap<DeviceId, Seq> {
        let mut logs: BTreeMap<DeviceId, Vec<&Placed>> = BTreeMap::new();
        for change in changes {
            logs.entry(change.author).or_default().push(change);
        }
        let named = |change: &Placed| -> Vec<(DeviceId, Seq)> {
            let known = change.operation.after.iter().filter_map(|id| self.read.get(id));
            let is_same =
                |c: &&&Placed| matches!(c.action(), Action::Set(s) if s.number() == number);
            known.filter(is_same).map(|change| (change.author, change.seq())).collect()
        };
        let before = |change: &Placed| {
            Seq::new(change.seq().get() - 1).map(|before| (change.author, before))
        };
        let mut to_see: Vec<(DeviceId, Seq)> = Vec::new();
        for (change, _) in counted {
            to_see.extend(named(change).into_iter().chain(before(change)));
        }
        let mut seen: BTreeMap<DeviceId, Seq> = BTreeMap::new();
        while let Some((author, upto)) = to_see.pop() {
            let until = seen.get(&author).map_or(0, |seq| seq.get());
            if upto.get() <= until {
                continue;
            }
            seen.insert(author, upto);
            let log = logs.get(&author).map_or([].as_slice(), Vec::as_slice);
            let first_new = log.partition_point(|change| change.seq().get() <= until);
            let new = log.iter().skip(first_new).take_while(|change| change.seq() <= upto);
            new.for_each(|change| to_see.extend(named(change)));
        }
        seen
    }

    fn set(&mut self, setting: &Setting) {
        match setting {
            Setting::Lifetime(lifetime_s) => self.state.lifetime_s = *lifetime_s,
            Setting::Name(name) => self.state.name = Some(name.clone()),
            Setting::Topic(topic) => self.state.topic = topic.clone(),
            Setting::History(history) => self.state.history = Some(*history),
            Setting::Unknown { .. } => {}
        }
    }

    // What comes of it.

    fn finish(mut self, limit: impl Fn(AccountId, DeviceId) -> u64) -> State {
        for join in std::mem::take(&mut self.joins) {
            self.state.verdicts.entry(join.id).or_insert(Verdict::NotLetIn);
        }
        for ((account, _), grant) in &self.state.grants {
            if grant.ended_by.is_none() {
                let (role, since_rank) = (grant.role, grant.since_rank);
                let member = self.state.members.entry(*account);
                let member = member.or_insert(Member { role, since_rank, has_joined: false });
                member.role = member.role.max(role);
                member.since_rank = member.since_rank.min(since_rank);
            }
        }
        for (device, spans) in &self.spans {
            let Some(account) = self.accounts.get(device).copied() else { continue };
            let joined = joined(account, spans, limit(account, *device));
            if let Some(member) = self.state.members.get_mut(&account) {
                member.has_joined |= joined.role.is_some();
            }
            self.state.devices.insert(*device, joined);
        }
        let named = self.read.values().flat_map(|operation| names(operation));
        let missing = named.filter(|id| !self.state.verdicts.contains_key(id)).collect();
        self.state.missing = missing;
        self.state
    }
}

/// The removals that end an account's rights of one level, by the logs they are in.
#[derive(Default)]
struct Endings<'a>(BTreeMap<DeviceId, EndingLog<'a>>);

/// The removals in one log, in their order.
#[derive(Default)]
struct EndingLog<'a> {
    removals: Vec<(&'a Placed, &'a Removal)>,
    /// Whether they are that account's own.
    is_own: bool,
}

impl EndingLog<'_> {
    /// From where on a right does not know of them.
    fn unknown_from(&self, known: Option<&Seq>) -> usize {
        let is_known = |seq: Seq| known.is_some_and(|known| seq <= *known);
        self.removals.partition_point(|(operation, _)| is_known(operation.seq()))
    }
}

/// How far each log's removals are known to a right.
type Known = BTreeMap<DeviceId, Seq>;

/// What each removal and all after it in its log leave of a device's log, and which says so.
type Heights = BTreeMap<DeviceId, Vec<(u64, EntryId)>>;

impl<'a> Endings<'a> {
    /// Adds a removal. Those of one log are added in their order.
    fn add(&mut self, operation: &'a Placed, removal: &'a Removal, is_own: bool) {
        let log = self.0.entry(operation.author).or_default();
        log.removals.push((operation, removal));
        log.is_own = is_own;
    }

    /// Which removals a right was knowingly given after. Nobody who was removed comes back by a
    /// ticket; those who left do.
    fn known_to(&self, given: &Given<'_>, read: &BTreeMap<EntryId, &'a Placed>) -> Known {
        let mut known = Known::new();
        for operation in given.after.into_iter().flatten().filter_map(|id| read.get(id)) {
            let is_about =
                matches!(operation.action(), Action::Remove(r) if r.account == given.account);
            let Some(log) = self.0.get(&operation.author).filter(|_| is_about) else { continue };
            if log.is_own || !given.is_by_ticket {
                let seq = known.entry(operation.author).or_insert(operation.seq());
                *seq = (*seq).max(operation.seq());
            }
        }
        known
    }

    /// The first removal that is not known.
    fn first_not_in(&self, known: &Known) -> Option<EntryId> {
        let unknown = self.0.iter().filter_map(|(author, log)| {
            log.removals.get(log.unknown_from(known.get(author))).map(|(operation, _)| *operation)
        });
        first_of(unknown)
    }

    /// What is left of a device's log.
    fn heights_of(&self, device: DeviceId) -> Heights {
        let heights_in = |log: &EndingLog<'_>| {
            let mut least: Option<(u64, EntryId)> = None;
            let mut heights = Vec::with_capacity(log.removals.len());
            for (operation, removal) in log.removals.iter().rev() {
                // Who leaves is still there when saying so.
                let left = if operation.author == device {
                    operation.seq().get()
                } else {
                    removal.heights.get(&device).map_or(0, |height| height.get())
                };
                let this = (left, operation.id);
                let all = least.map_or(this, |least| least.min(this));
                heights.push(all);
                least = Some(all);
            }
            heights.reverse();
            heights
        };
        self.0.iter().map(|(author, log)| (*author, heights_in(log))).collect()
    }

    /// The last entry of a device's log that counts under a right, and the removal that says so.
    fn end(&self, heights: &Heights, known: &Known) -> Option<(u64, EntryId)> {
        let ends = self.0.iter().filter_map(|(author, log)| {
            heights.get(author)?.get(log.unknown_from(known.get(author))).copied()
        });
        ends.min()
    }
}

/// Who decides about a level, if anybody does.
const fn above(level: Role) -> Option<Role> {
    match level {
        Role::Member => Some(Role::Admin),
        Role::Admin => Some(Role::Owner),
        Role::Owner => None,
    }
}

fn first_of<'a>(operations: impl Iterator<Item = &'a Placed>) -> Option<EntryId> {
    operations.min_by_key(|operation| operation.position).map(|operation| operation.id)
}

fn since(history: History, position: Position) -> u64 {
    match history {
        History::FromNow => position.rank,
        History::Everything => 0,
    }
}

/// Of values that did not know of each other the one with the least of this holds.
fn laxity(setting: &Setting) -> u64 {
    match setting {
        Setting::Lifetime(0) => u64::MAX,
        Setting::Lifetime(lifetime_s) => u64::from(*lifetime_s),
        Setting::History(History::Everything) => 1,
        _ => 0,
    }
}

fn joined(account: AccountId, spans: &[Span], limit: u64) -> Joined {
    let mut counts = Ranges::default();
    for span in spans {
        let last = span.end.map_or(u64::MAX, |(last, _)| last).min(limit);
        if let Some(range) = Seq::new(last).and_then(|last| Range::new(span.from, last)) {
            counts.insert(range);
        }
    }
    let open = spans.iter().filter(|span| span.end.is_none()).map(|span| span.role);
    Joined { account, counts, role: open.max() }
}

/// The operations that an operation names.
fn names(operation: &Placed) -> impl Iterator<Item = EntryId> {
    let other = match operation.action() {
        Action::Join { by: By::Grant(id) | By::Ticket { ticket: id, .. }, .. }
        | Action::Revoke { ticket: id, .. } => Some(*id),
        _ => None,
    };
    operation.operation.after.iter().copied().chain(other)
}
