//! What was heard and said in the classroom: conversations with its programs, in memory alone.
//!
//! Pure. Nothing of a claim is checked, so a conversation belongs to an address *and* to where its
//! messages really come from: nobody can put words into the conversation with somebody else by claiming
//! their address. Every number is bounded, and a host that fills a list pushes out its own first.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

use chinwag_api::mention::mentions;
use chinwag_api::method::Page;
use chinwag_api::model::{Author, ClassroomPeer, Conversation, Message, MessageState, NotifyLevel};
use chinwag_classroom::{Claim, Dialect, Ending, Heard, Incoming};
use chinwag_core::time::Wall;

use crate::time;

/// Conversations that are kept.
pub(crate) const TALKS_MAX: usize = 256;

/// Messages of a conversation that are kept.
pub(crate) const MESSAGES_MAX: usize = 1_000;

/// Bytes of the messages of a conversation that are kept, and at least the newest message: two of the
/// longest.
pub(crate) const BYTES_MAX: usize = 96 * 1_024;

/// How the id of a classroom peer, and of the conversation with it, begins.
const PEER: &str = "class_";

/// How the id of a message of the classroom begins.
const MESSAGE: &str = "cmsg_";

/// Which conversation: where the peer says that it listens, and where it comes from if that is another
/// machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    pub(crate) origin: Option<IpAddr>,
}

impl Peer {
    /// One that is where it says.
    pub(crate) fn at(address: SocketAddr) -> Self {
        Self { address, origin: None }
    }

    /// The peer of a claim. `is_here` tells the addresses of this machine, which are all the same one.
    fn of(claimed: SocketAddr, origin: IpAddr, is_here: impl Fn(IpAddr) -> bool) -> Self {
        let ip = claimed.ip();
        if ip.is_unspecified() {
            return Self::at(SocketAddr::new(origin, claimed.port()));
        }
        let is_its_own = ip == origin || (is_here(ip) && is_here(origin));
        Self { address: claimed, origin: (!is_its_own).then_some(origin) }
    }

    pub(crate) fn id(&self) -> String {
        let origin = self.origin.map(|origin| format!("/{origin}")).unwrap_or_default();
        format!("{PEER}{}{origin}", self.address)
    }

    /// Whether a text is the id of a peer, known or not.
    pub(crate) fn is_id(text: &str) -> bool {
        text.starts_with(PEER)
    }

    pub(crate) fn parse(id: &str) -> Option<Self> {
        let parts = id.strip_prefix(PEER)?;
        let (address, origin) = match parts.split_once('/') {
            Some((address, origin)) => (address, Some(origin.parse().ok()?)),
            None => (parts, None),
        };
        Some(Self { address: address.parse().ok()?, origin })
    }
}

/// Something that was said.
#[derive(Clone, Debug)]
struct Said {
    number: u64,
    at: Wall,
    team: String,
    text: String,
    is_unfitting: bool,
    ending: Ending,
    /// Of ours: how far it has come, and its sender's name for it.
    ours: Option<(MessageState, Option<String>)>,
}

impl Said {
    /// Whether it is of somebody else and names a team.
    fn names(&self, team: &str) -> bool {
        self.ours.is_none() && !self.is_unfitting && !mentions(&self.text, team).is_empty()
    }
}

/// A conversation.
#[derive(Clone, Debug)]
struct Talk {
    team: String,
    dialect: Dialect,
    is_here: bool,
    unread: u64,
    /// Of these those that name our team.
    unread_mentions: u64,
    messages: VecDeque<Said>,
    bytes: usize,
    /// When something happened last, as a number.
    touched: u64,
}

/// All conversations.
#[derive(Debug)]
pub(crate) struct Talks {
    /// Different in every run, so that no id means another message after a restart.
    run: u32,
    /// Our team: what we are called there.
    team: String,
    next: u64,
    all: BTreeMap<Peer, Talk>,
}

/// What hearing something came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Noted {
    pub(crate) peer: Peer,
    /// The message, if something was said.
    pub(crate) message: Option<u64>,
    /// Whether another conversation had to go.
    pub(crate) has_forgotten: bool,
}

impl Talks {
    pub(crate) fn new(run: u32, team: &str) -> Self {
        Self { run, team: team.to_owned(), next: 1, all: BTreeMap::new() }
    }

    /// Notes what was heard.
    pub(crate) fn heard(
        &mut self,
        incoming: &Incoming,
        at: Wall,
        is_here: impl Fn(IpAddr) -> bool,
    ) -> Option<Noted> {
        let origin = incoming.origin.ip();
        match &incoming.heard {
            Heard::Message { peer: claim, dialect, text, ending } => {
                let peer = Peer::of(claim.address, origin, is_here);
                let has_forgotten = self.meet(peer, claim, *dialect);
                let message = self.keep(peer, said(at, &claim.team, text, *ending));
                Some(Noted { peer, message, has_forgotten })
            }
            Heard::Connect { peer: claim, dialect } => {
                let peer = Peer::of(claim.address, origin, is_here);
                let has_forgotten = self.meet(peer, claim, *dialect);
                Some(Noted { peer, message: None, has_forgotten })
            }
            Heard::Exit { peer: claim, .. } => {
                let peer = Peer::of(claim.address, origin, is_here);
                let talk = self.all.get_mut(&peer)?;
                talk.is_here = false;
                Some(Noted { peer, message: None, has_forgotten: false })
            }
            Heard::Unfitting { text, ending } => {
                // Of no port that could be answered.
                let peer = Peer::at(SocketAddr::new(origin, 0));
                let nobody = Claim { address: peer.address, team: String::new() };
                let has_forgotten = self.meet(peer, &nobody, Dialect::default());
                let unfitting = Said { is_unfitting: true, ..said(at, "", text, *ending) };
                let message = self.keep(peer, unfitting);
                Some(Noted { peer, message, has_forgotten })
            }
        }
    }

    /// Notes that a peer is there. True: another had to go for it.
    pub(crate) fn meet(&mut self, peer: Peer, claim: &Claim, dialect: Dialect) -> bool {
        let must_forget = !self.all.contains_key(&peer) && self.all.len() >= TALKS_MAX;
        if must_forget {
            self.forget_one();
        }
        self.next += 1;
        let talk = self.all.entry(peer).or_insert_with(|| Talk {
            team: String::new(),
            dialect,
            is_here: true,
            unread: 0,
            unread_mentions: 0,
            messages: VecDeque::new(),
            bytes: 0,
            touched: 0,
        });
        (talk.dialect, talk.is_here, talk.touched) = (dialect, true, self.next);
        talk.team.clone_from(&claim.team);
        must_forget
    }

    /// Notes what we said. `None`: the conversation was forgotten meanwhile.
    pub(crate) fn said(
        &mut self,
        peer: Peer,
        us: &str,
        text: &str,
        state: MessageState,
        client_id: Option<String>,
        at: Wall,
    ) -> Option<u64> {
        let ours = Some((state, client_id));
        self.keep(peer, Said { ours, ..said(at, us, text, Ending::Whole) })
    }

    fn keep(&mut self, peer: Peer, said: Said) -> Option<u64> {
        let number = self.next;
        self.next += 1;
        let talk = self.all.get_mut(&peer)?;
        talk.touched = number;
        talk.unread += u64::from(said.ours.is_none());
        talk.unread_mentions += u64::from(said.names(&self.team));
        talk.bytes += said.text.len();
        talk.messages.push_back(Said { number, ..said });
        while talk.messages.len() > MESSAGES_MAX
            || (talk.bytes > BYTES_MAX && talk.messages.len() > 1)
        {
            let gone = talk.messages.pop_front();
            talk.bytes -= gone.map_or(0, |gone| gone.text.len());
        }
        Some(number)
    }

    /// Of the host with the most conversations the one goes in which nothing happened for the longest.
    fn forget_one(&mut self) {
        let host = |peer: &Peer| peer.origin.unwrap_or(peer.address.ip());
        let mut by_host: BTreeMap<IpAddr, usize> = BTreeMap::new();
        for peer in self.all.keys() {
            *by_host.entry(host(peer)).or_default() += 1;
        }
        let greediest = by_host.into_iter().max_by_key(|(_, count)| *count).map(|(host, _)| host);
        let of_greediest = self.all.iter().filter(|(peer, _)| Some(host(peer)) == greediest);
        let stalest = of_greediest.min_by_key(|(_, talk)| talk.touched).map(|(peer, _)| *peer);
        if let Some(stalest) = stalest {
            self.all.remove(&stalest);
        }
    }

    /// How a peer is written to. `None`: there is no conversation with it.
    pub(crate) fn dialect(&self, peer: Peer) -> Option<Dialect> {
        self.all.get(&peer).map(|talk| talk.dialect)
    }

    /// Those that list us, and how each is written to.
    pub(crate) fn here(&self) -> BTreeMap<SocketAddr, Dialect> {
        let here = self.all.iter().filter(|(peer, talk)| talk.is_here && peer.address.port() > 0);
        here.map(|(peer, talk)| (peer.address, talk.dialect)).collect()
    }

    /// Everything in a conversation is read. False: there is no such conversation.
    pub(crate) fn read(&mut self, peer: Peer) -> bool {
        let talk = self.all.get_mut(&peer);
        let is_there = talk.is_some();
        if let Some(talk) = talk {
            (talk.unread, talk.unread_mentions) = (0, 0);
        }
        is_there
    }

    /// The message that was sent under this name, and how far it has come.
    pub(crate) fn sent_as(&self, peer: Peer, client_id: &str) -> Option<(String, MessageState)> {
        let messages = self.all.get(&peer)?.messages.iter();
        let mut ours = messages.filter_map(|said| Some((said.number, said.ours.as_ref()?)));
        let is_it = |(_, (_, name)): &(u64, &(MessageState, Option<String>))| {
            name.as_deref() == Some(client_id)
        };
        let (number, (state, _)) = ours.find(is_it)?;
        Some((self.id_of(number), *state))
    }

    /// All conversations, the one in which something happened last first.
    pub(crate) fn conversations(&self) -> Vec<Conversation> {
        let mut all: Vec<(&Peer, &Talk)> = self.all.iter().collect();
        all.sort_by_key(|(_, talk)| std::cmp::Reverse(talk.touched));
        all.into_iter().map(|(peer, talk)| self.told(*peer, talk)).collect()
    }

    /// One conversation.
    pub(crate) fn conversation(&self, peer: Peer) -> Option<Conversation> {
        self.all.get(&peer).map(|talk| self.told(peer, talk))
    }

    fn told(&self, peer: Peer, talk: &Talk) -> Conversation {
        let address = peer.address.to_string();
        // The address stands before what anybody says of themselves.
        let name = [address.as_str(), talk.team.as_str()].join(" ").trim_end().to_owned();
        Conversation {
            id: peer.id(),
            kind: "classroom".to_owned(),
            is_private: false,
            contact: peer.id(),
            name,
            unread: talk.unread,
            unread_mentions: talk.unread_mentions,
            notify: NotifyLevel::All,
            disappear_after_s: 0,
            last: talk.messages.back().map(|said| self.shown(peer, said)),
            group: None,
            classroom: Some(ClassroomPeer {
                address,
                team: talk.team.clone(),
                origin: peer.origin.map(|origin| origin.to_string()),
                is_here: talk.is_here,
            }),
        }
    }

    /// A page of a conversation: what is before a message, or after it, or the newest.
    pub(crate) fn page(
        &self,
        peer: Peer,
        before: Option<u64>,
        after: Option<u64>,
        limit: usize,
    ) -> Option<Page> {
        let talk = self.all.get(&peer)?;
        let fits = |said: &&Said| {
            before.is_none_or(|before| said.number < before)
                && after.is_none_or(|after| said.number > after)
        };
        let all: Vec<&Said> = talk.messages.iter().filter(fits).collect();
        let left_out = all.len().saturating_sub(limit);
        let taken = if after.is_some() { &all[..all.len() - left_out] } else { &all[left_out..] };
        let messages: Vec<Message> = taken.iter().map(|said| self.shown(peer, said)).collect();
        let last = if after.is_some() { messages.last() } else { messages.first() };
        let next = last.map(|last| last.id.clone()).filter(|_| left_out > 0);
        Some(Page { messages, next })
    }

    /// The message with this number.
    pub(crate) fn message(&self, number: u64) -> Option<Message> {
        let found = self.all.iter().find_map(|(peer, talk)| {
            // They are in the order of their numbers.
            let at = talk.messages.binary_search_by_key(&number, |said| said.number).ok()?;
            Some((*peer, talk.messages.get(at)?))
        });
        found.map(|(peer, said)| self.shown(peer, said))
    }

    fn shown(&self, peer: Peer, said: &Said) -> Message {
        let is_me = said.ours.is_some();
        Message {
            id: self.id_of(said.number),
            conversation: peer.id(),
            kind: if said.is_unfitting { "unfitting" } else { "text" }.to_owned(),
            author: Author {
                id: if is_me { String::new() } else { peer.id() },
                name: match said.team.as_str() {
                    "" => peer.address.to_string(),
                    team => team.to_owned(),
                },
                device: String::new(),
                is_me,
            },
            sent_at: time::written(said.at),
            text: Some(said.text.clone()),
            reply_to: None,
            edited: false,
            gone: None,
            mentions_me: said.names(&self.team),
            reactions: Vec::new(),
            state: said.ours.as_ref().map(|(state, _)| *state),
            reach: None,
            ending: match said.ending {
                Ending::Whole => None,
                Ending::Continues => Some("continues".to_owned()),
                Ending::BrokeOff => Some("brokeOff".to_owned()),
            },
        }
    }

    fn id_of(&self, number: u64) -> String {
        format!("{MESSAGE}{:08x}{number:016x}", self.run)
    }

    /// Whether a text is the id of a message of the classroom, known or not.
    pub(crate) fn is_message(text: &str) -> bool {
        text.trim().starts_with(MESSAGE)
    }

    /// The number of a message of this run.
    pub(crate) fn number_of(&self, id: &str) -> Option<u64> {
        let (run, number) = id.trim().strip_prefix(MESSAGE)?.split_at_checked(8)?;
        let is_ours = u32::from_str_radix(run, 16).ok()? == self.run;
        u64::from_str_radix(number, 16).ok().filter(|_| is_ours)
    }
}

fn said(at: Wall, team: &str, text: &str, ending: Ending) -> Said {
    let (team, text) = (team.to_owned(), text.to_owned());
    Said { number: 0, at, team, text, is_unfitting: false, ending, ours: None }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    const NOW: Wall = Wall::new(1_700_000_000_000);

    fn claim(address: &str, team: &str) -> Claim {
        Claim { address: address.parse().unwrap(), team: team.into() }
    }

    fn says(origin: &str, address: &str, text: &str) -> Incoming {
        let (peer, text) = (claim(address, "red"), text.to_owned());
        let heard = Heard::Message { peer, dialect: Dialect::Plain, text, ending: Ending::Whole };
        Incoming { origin: origin.parse().unwrap(), at: SystemTime::UNIX_EPOCH, heard }
    }

    fn hear(talks: &mut Talks, incoming: &Incoming) -> Noted {
        talks.heard(incoming, NOW, |ip| ip.is_loopback()).unwrap()
    }

    fn texts(talks: &Talks, peer: Peer) -> Vec<String> {
        let page = talks.page(peer, None, None, 10_000).unwrap();
        page.messages.into_iter().map(|message| message.text.unwrap()).collect()
    }

    #[test]
    fn nobody_speaks_in_the_conversation_with_another_by_claiming_their_address() {
        let mut talks = Talks::new(7, "blue");
        let honest = hear(&mut talks, &says("10.0.0.7:51000", "10.0.0.7:4001", "hello")).peer;
        let liar = hear(&mut talks, &says("10.0.0.9:51000", "10.0.0.7:4001", "send it here")).peer;
        assert_eq!(texts(&talks, honest), ["hello"]);
        assert_eq!(texts(&talks, liar), ["send it here"]);
        let told = talks.conversation(liar).unwrap().classroom.unwrap();
        assert_eq!(told.origin.as_deref(), Some("10.0.0.9"));
        // Nor does it make the other leave.
        let exit = Incoming {
            heard: Heard::Exit { peer: claim("10.0.0.7:4001", "red"), dialect: Dialect::Plain },
            ..says("10.0.0.9:51000", "10.0.0.7:4001", "")
        };
        hear(&mut talks, &exit);
        assert!(talks.conversation(honest).unwrap().classroom.unwrap().is_here);
        assert!(!talks.conversation(liar).unwrap().classroom.unwrap().is_here);
    }

    #[test]
    fn who_says_the_name_of_our_team_behind_an_at_sign_names_us() {
        let mut talks = Talks::new(7, "blue");
        let mut peer = None;
        for text in ["hello", "@Blue, here?", "@blueish", "mail@blue"] {
            let said = says("10.0.0.7:51000", "10.0.0.7:4001", text);
            peer = Some(hear(&mut talks, &said).peer);
        }
        let peer = peer.unwrap();
        talks.said(peer, "blue", "@blue is us", MessageState::Sent, None, NOW);
        let counts = |talks: &Talks| {
            let told = talks.conversation(peer).unwrap();
            (told.unread, told.unread_mentions)
        };
        assert_eq!(counts(&talks), (4, 1));
        let page = talks.page(peer, None, None, 10).unwrap();
        let named: Vec<bool> = page.messages.iter().map(|message| message.mentions_me).collect();
        assert_eq!(named, [false, true, false, false, false]);
        talks.read(peer);
        assert_eq!(counts(&talks), (0, 0));
    }

    #[test]
    fn the_id_of_a_peer_is_read_as_it_is_written() {
        for (address, origin) in [
            ("10.0.0.7:4001", None),
            ("[2001:db8::1]:1", Some("2001:db8::2")),
            ("10.0.0.7:0", None),
        ] {
            let origin = origin.map(|origin: &str| origin.parse().unwrap());
            let peer = Peer { address: address.parse().unwrap(), origin };
            assert_eq!(Peer::parse(&peer.id()), Some(peer));
        }
        for wrong in ["", "class_", "class_bob", "class_10.0.0.7:4001/", "conv_10.0.0.7:4001"] {
            assert_eq!(Peer::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_so_much_of_a_conversation_is_kept_and_always_its_end() {
        let mut talks = Talks::new(7, "blue");
        let mut peer = None;
        for n in 0..MESSAGES_MAX + 5 {
            let said = says("10.0.0.7:51000", "10.0.0.7:4001", &n.to_string());
            peer = Some(hear(&mut talks, &said).peer);
        }
        let kept = texts(&talks, peer.unwrap());
        assert_eq!((kept.len(), kept[0].as_str()), (MESSAGES_MAX, "5"));
        for _ in 0..20 {
            hear(&mut talks, &says("10.0.0.7:51000", "10.0.0.7:4001", &"x".repeat(48 * 1_024)));
        }
        let kept = texts(&talks, peer.unwrap());
        assert_eq!(kept.len(), 2);
        assert!(kept.iter().map(String::len).sum::<usize>() <= BYTES_MAX);
    }

    #[test]
    fn a_host_that_fills_the_list_pushes_out_only_its_own() {
        let mut talks = Talks::new(7, "blue");
        let friend = hear(&mut talks, &says("10.0.0.7:51000", "10.0.0.7:4001", "hello")).peer;
        for n in 0..TALKS_MAX + 50 {
            let flood = says("10.0.0.66:51000", &format!("10.0.0.66:{}", 1_000 + n), "x");
            hear(&mut talks, &flood);
        }
        assert_eq!(talks.conversations().len(), TALKS_MAX);
        assert!(talks.conversation(friend).is_some());
    }

    #[test]
    fn pages_go_through_a_conversation_without_a_gap() {
        let mut talks = Talks::new(7, "blue");
        let mut peer = None;
        for n in 0..10 {
            let said = says("10.0.0.7:51000", "10.0.0.7:4001", &n.to_string());
            peer = Some(hear(&mut talks, &said).peer);
        }
        let peer = peer.unwrap();
        let (mut before, mut seen) = (None, Vec::new());
        loop {
            let page = talks.page(peer, before, None, 4).unwrap();
            let texts = page.messages.iter().rev().map(|m| m.text.clone().unwrap());
            seen.extend(texts);
            let Some(next) = page.next else { break };
            before = talks.number_of(&next);
        }
        assert_eq!(seen.join(""), "9876543210");
        let first = talks.page(peer, None, Some(0), 4).unwrap();
        let after = talks.number_of(first.next.as_deref().unwrap());
        let second = talks.page(peer, None, after, 4).unwrap();
        assert_eq!(second.messages[0].text.as_deref(), Some("4"));
    }

    #[test]
    fn a_message_of_another_run_is_none_of_this_one() {
        let mut talks = Talks::new(7, "blue");
        let noted = hear(&mut talks, &says("10.0.0.7:51000", "10.0.0.7:4001", "hello"));
        let message = talks.message(noted.message.unwrap()).unwrap();
        assert!(talks.number_of(&message.id).is_some());
        assert_eq!(Talks::new(8, "blue").number_of(&message.id), None);
    }

    #[test]
    fn what_fits_no_dialect_is_kept_and_has_nobody_to_be_answered() {
        let mut talks = Talks::new(7, "blue");
        let heard = Heard::Unfitting { text: "GET / HTTP/1.0".into(), ending: Ending::Whole };
        let incoming = Incoming { heard, ..says("10.0.0.9:51000", "10.0.0.9:1", "") };
        let noted = hear(&mut talks, &incoming);
        assert_eq!(noted.peer.address.port(), 0);
        assert_eq!(talks.message(noted.message.unwrap()).unwrap().kind, "unfitting");
        assert!(talks.here().is_empty());
    }
}
