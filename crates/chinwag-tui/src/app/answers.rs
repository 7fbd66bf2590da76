//! What the daemon answers, and what it means.

use std::fmt::Write as _;

use chinwag_api::client::CallError;
use chinwag_api::method::{
    AccountCard, AccountCreate, AccountRename, AccountWords, ClassroomConnect, ContactAdd,
    ContactList, ContactSafetyNumber, ContactVerify, ConversationDigest, ConversationList,
    ConversationNotify, DeviceList, DraftList, GroupCreate, GroupInvitations, GroupShow,
    InviteCreate, InviteList, MessageAudience, MessageEdit, MessageList, MessageSearch,
    MessageSend, MessageWhy, Method, NearbyList, Nothing, PeerConnect, PeerList, RequestList,
    SystemHello, SystemStatus, VerifyContact,
};
use chinwag_api::model::{
    Card, ConnectOutcome, Contact, ContactState, Device, DeviceState, Digest, Invite, Message,
    Nearby, Peer, Relay, SafetyNumber, Status, Ticket, Why,
};
use chinwag_text::safe::{one_line, person, short};
use chinwag_text::words;
use ratatui::text::{Line, Span};
use serde_json::Value;

use super::classroom::in_class_as;
use super::windows::{Choice, List, ListKind, Pager, Row};
use super::{About, App, Asked, Scene, Window, page};
use crate::code::Code;
use crate::composer::Composer;
use crate::msg::{Ask, Effect, Part, Tag};
use crate::timeline::Edge;
use crate::view::message::{self, Look, author, words_of};

/// Whom somebody could be taken for, behind what is said of them.
pub(super) fn alike(others: &[String]) -> String {
    if others.is_empty() {
        return String::new();
    }
    let others: Vec<String> = others.iter().map(|name| person(name, 40)).collect();
    format!(", looks like {}", others.join(", "))
}

impl App {
    pub(super) fn answer(&mut self, tag: Tag, answer: Result<Value, CallError>) -> Vec<Effect> {
        let value = match answer {
            Ok(value) => value,
            Err(error) => return self.refused(&tag, &error),
        };
        match tag {
            Tag::Hello => self.understood::<SystemHello>(value, |app, welcome| {
                if welcome.has_account {
                    app.begin_talking()
                } else {
                    app.scene = Scene::Naming { name: Composer::default(), is_asked: false };
                    Vec::new()
                }
            }),
            Tag::Created => self.understood::<AccountCreate>(value, |app, created| {
                app.account = Some(created.account);
                app.scene = Scene::Words(created.words.0);
                Vec::new()
            }),
            Tag::Account => self.understood::<AccountRename>(value, |app, account| {
                app.account = Some(account);
                // Messages that name us are marked.
                app.restyle();
                Vec::new()
            }),
            Tag::Status { is_shown } => self.understood::<SystemStatus>(value, |app, status| {
                if is_shown {
                    app.show_status(&status);
                }
                app.status = Some(status);
                if app.is_leaving() {
                    app.say_leaving();
                }
                Vec::new()
            }),
            Tag::Conversations => self.understood::<ConversationList>(value, Self::listed),
            Tag::Contacts { is_shown } => self.understood::<ContactList>(value, |app, contacts| {
                if is_shown {
                    app.show_contacts(&contacts);
                }
                app.contacts = contacts.into_iter().map(|c| (c.id.clone(), c)).collect();
                Vec::new()
            }),
            Tag::Requests { is_shown } => self.understood::<RequestList>(value, |app, requests| {
                app.requests = requests;
                if is_shown {
                    app.show_requests();
                }
                Vec::new()
            }),
            Tag::Page { conversation, part } => self
                .understood::<MessageList>(value, |app, page| {
                    app.paged(&conversation, part, page.messages, page.next.is_some())
                }),
            Tag::InClass => self.understood::<ClassroomConnect>(value, Self::connected_in_class),
            Tag::Sent { conversation, client_id } => {
                self.understood::<MessageSend>(value, |app, sent| {
                    app.saved(&conversation, &client_id, &sent.id);
                    Vec::new()
                })
            }
            Tag::Changed => self.understood::<MessageEdit>(value, |app, message| {
                if let Some(chat) = app.chats.get_mut(&message.conversation) {
                    chat.timeline.changed(message);
                }
                Vec::new()
            }),
            Tag::Found { question } => self.understood::<MessageSearch>(value, |app, page| {
                app.found(question, &page.messages);
                Vec::new()
            }),
            Tag::Added => self.understood::<ContactAdd>(value, Self::added),
            Tag::Done(words) => {
                self.say(words);
                let mut effects = self.list_anew();
                effects.push(Ask::of::<ContactList>(Tag::Contacts { is_shown: false }, Nothing {}));
                effects.push(Ask::of::<RequestList>(Tag::Requests { is_shown: false }, Nothing {}));
                effects.push(super::groups::ask_invitations(false));
                effects
            }
            Tag::Drafts => self.understood::<DraftList>(value, |app, drafts| {
                app.told_drafts(drafts);
                Vec::new()
            }),
            Tag::Draft => {
                self.draft_answered();
                Vec::new()
            }
            other => self.answer_to_show(&other, value),
        }
    }

    /// Answers that are shown in a window, and change nothing.
    fn answer_to_show(&mut self, tag: &Tag, value: Value) -> Vec<Effect> {
        match tag {
            Tag::Why => self.understood::<MessageWhy>(value, |app, why| {
                app.show_why(&why);
                Vec::new()
            }),
            Tag::Peers => self.understood::<PeerList>(value, |app, peers| {
                app.told_peers(peers);
                Vec::new()
            }),
            Tag::Nearby { is_shown } => self.understood::<NearbyList>(value, |app, nearby| {
                if *is_shown {
                    app.show_nearby(&nearby);
                }
                app.nearby = nearby;
                Vec::new()
            }),
            Tag::Connected => self.understood::<PeerConnect>(value, |app, outcomes| {
                app.show_connected(&outcomes);
                Vec::new()
            }),
            Tag::Ticket => self.understood::<InviteCreate>(value, |app, ticket| {
                app.show_ticket(&ticket);
                Vec::new()
            }),
            Tag::Card => self.understood::<AccountCard>(value, |app, card| {
                app.show_card(&card);
                Vec::new()
            }),
            Tag::SafetyNumber => self.understood::<ContactSafetyNumber>(value, |app, number| {
                app.show_safety_number(&number);
                Vec::new()
            }),
            Tag::Words => self.understood::<AccountWords>(value, |app, words| {
                app.show_words(&words.0);
                Vec::new()
            }),
            Tag::Devices => self.understood::<DeviceList>(value, |app, devices| {
                app.show_devices(&devices);
                Vec::new()
            }),
            Tag::Invites => self.understood::<InviteList>(value, |app, invites| {
                app.show_invites(&invites);
                Vec::new()
            }),
            Tag::Group => self.understood::<GroupShow>(value, |app, group| {
                app.show_group(&group);
                Vec::new()
            }),
            Tag::Readers => self.understood::<GroupShow>(value, |app, group| {
                app.told_of_readers(&group);
                Vec::new()
            }),
            Tag::Begun => self.understood::<GroupCreate>(value, |app, group| {
                app.open_next = Some(group.conversation.id);
                app.say("the group is begun");
                app.list_anew()
            }),
            Tag::Invitations { is_shown } => {
                self.understood::<GroupInvitations>(value, |app, invitations| {
                    app.invitations = invitations;
                    if *is_shown {
                        app.show_invitations();
                    }
                    Vec::new()
                })
            }
            Tag::Told => self.understood::<ConversationNotify>(value, |app, conversation| {
                app.told(&conversation);
                Vec::new()
            }),
            Tag::Audience => self.understood::<MessageAudience>(value, |app, audience| {
                app.show_audience(&audience);
                Vec::new()
            }),
            Tag::DigestBeside => self.understood::<ConversationDigest>(value, |app, digest| {
                app.details.told_digest(digest);
                Vec::new()
            }),
            Tag::Digest => self.understood::<ConversationDigest>(value, |app, digest| {
                app.show_digest(&digest);
                Vec::new()
            }),
            _ => Vec::new(),
        }
    }

    fn understood<M: Method>(
        &mut self,
        value: Value,
        then: impl FnOnce(&mut Self, M::Answer) -> Vec<Effect>,
    ) -> Vec<Effect> {
        match serde_json::from_value(value) {
            Ok(answer) => then(self, answer),
            Err(error) => {
                self.failed(&CallError::Unreadable(error));
                Vec::new()
            }
        }
    }

    fn refused(&mut self, tag: &Tag, error: &CallError) -> Vec<Effect> {
        match tag {
            Tag::Created => {
                if let Scene::Naming { is_asked, .. } = &mut self.scene {
                    *is_asked = false;
                }
            }
            Tag::Sent { conversation, client_id } => {
                self.not_saved(conversation, client_id, error);
            }
            Tag::Conversations => self.listing = (false, false),
            Tag::Draft => self.draft_answered(),
            Tag::Page { conversation, part } => {
                if let Some(chat) = self.chats.get_mut(conversation) {
                    match part {
                        Part::Older | Part::Oldest => {
                            chat.timeline.older = Edge::Open;
                        }
                        Part::Newer | Part::After(_) => {
                            chat.timeline.newer = Edge::Open;
                        }
                        _ => {}
                    }
                }
                if *part == Part::Newest {
                    self.class_asked = (false, false);
                }
            }
            _ => {}
        }
        // That the daemon is gone is said once, and not with every request.
        if *tag != Tag::Nothing && !matches!(error, CallError::Gone) {
            self.failed(error);
        }
        Vec::new()
    }

    /// What could not be saved stays, to be sent again. If that would fail as well it goes back to where it
    /// was typed, unless something else is there by now.
    fn not_saved(&mut self, conversation: &str, client_id: &str, error: &CallError) {
        let is_final = matches!(error, CallError::Api(error)
            if error.data.as_ref().is_some_and(|data| !data.retryable));
        let Some(chat) = self.chats.get_mut(conversation) else { return };
        let mut all = chat.pending.iter_mut().enumerate();
        let Some((at, pending)) = all.find(|(_, pending)| pending.client_id == client_id) else {
            return;
        };
        if chat.conversation.classroom.is_some() && self.options.is_linear {
            // There is no key to send it again, and nothing is sent there by itself.
            chat.pending.remove(at);
            return;
        }
        pending.failed = Some(error.to_string());
        if is_final && chat.composer.is_empty() && chat.about == About::New {
            let pending = chat.pending.remove(at);
            // What began with a slash was typed with two.
            let slash = if pending.text.starts_with('/') { "/" } else { "" };
            chat.composer = Composer::with(&format!("{slash}{}", pending.text));
            chat.about = pending.reply_to.map_or(About::New, About::Reply);
        }
    }

    fn begin_talking(&mut self) -> Vec<Effect> {
        self.scene = Scene::Talking;
        self.give_up_on_class();
        let mut effects = self.load_all();
        effects.extend(self.try_again(false));
        effects
    }

    fn listed(&mut self, conversations: Vec<chinwag_api::model::Conversation>) -> Vec<Effect> {
        let zone = self.options.zone.clone();
        self.chats.listed(conversations, &zone);
        self.put_drafts_back();
        let again = std::mem::take(&mut self.listing).1;
        let mut effects = if again { self.list_anew() } else { Vec::new() };
        if let Some(id) = self.awaited() {
            effects.extend(self.open(&id));
        }
        if self.chats.current().is_none()
            && let Some(first) = self.chats.all().first().map(|chat| chat.id().to_owned())
        {
            effects.extend(self.open(&first));
        }
        effects
    }

    fn paged(
        &mut self,
        conversation: &str,
        part: Part,
        messages: Vec<Message>,
        has_more: bool,
    ) -> Vec<Effect> {
        let look = self.look();
        let Some(chat) = self.chats.get_mut(conversation) else { return Vec::new() };
        let id = conversation.to_owned();
        let timeline = &mut chat.timeline;
        match part {
            Part::Newest => {
                let was_loaded = timeline.is_loaded;
                chat.pending.retain(|pending| {
                    !messages.iter().any(|message| pending.id.as_ref() == Some(&message.id))
                });
                timeline.newest_page(messages, has_more);
                if !was_loaded {
                    timeline.mark_unread(chat.conversation.unread);
                }
                let mut effects = self.read_what_is_seen();
                effects.extend(self.more());
                effects.extend(self.class_paged(conversation));
                return effects;
            }
            Part::Oldest => timeline.oldest_page(messages, has_more, &look),
            // What is here may be another part by now than the one that it was asked for.
            Part::Older if timeline.older != Edge::Asked => {}
            Part::Newer if timeline.newer != Edge::Asked => {}
            Part::Older => timeline.older_page(messages, has_more),
            Part::Newer => timeline.newer_page(messages, has_more),
            Part::Before(message) => {
                // Before the first of all is nothing to begin with: but it was found, and so it is here.
                let hit =
                    messages.is_empty().then(|| self.hits.iter().find(|hit| hit.id == message));
                let begin = hit.flatten().cloned().into_iter().chain(messages).collect();
                timeline.around(begin, has_more, "");
                let than = timeline.newest().map(|newest| newest.id.clone());
                return vec![page(&id, Part::After(message), than)];
            }
            Part::After(message) => {
                timeline.newer_page(messages, has_more);
                timeline.select(Some(message));
                timeline.show_selected(&look);
            }
        }
        self.more().into_iter().collect()
    }

    fn saved(&mut self, conversation: &str, client_id: &str, id: &str) {
        let Some(chat) = self.chats.get_mut(conversation) else { return };
        let is_here = chat.timeline.get(id).is_some();
        for pending in &mut chat.pending {
            if pending.client_id == client_id {
                (pending.id, pending.failed) = (Some(id.to_owned()), None);
            }
        }
        // The event may have come first.
        chat.pending.retain(|pending| !(is_here && pending.id.as_deref() == Some(id)));
    }

    /// The conversation that was waited for, if it is there now. It is opened then or never: not while
    /// something is typed, and not later over what somebody does meanwhile.
    fn awaited(&mut self) -> Option<String> {
        let id = self.chats.with(self.open_next.as_ref()?)?.id().to_owned();
        self.open_next = None;
        let is_free = self.chats.current().is_none_or(|chat| chat.composer.is_empty());
        is_free.then_some(id)
    }

    fn added(&mut self, contact: Contact) -> Vec<Effect> {
        self.open_next = Some(contact.id.clone());
        let name = person(&contact.name, 40);
        let alike = alike(&contact.looks_like);
        self.say(match contact.state {
            ContactState::Contact => format!("{name} is a contact now{alike}"),
            _ => format!(
                "{name}{alike} becomes a contact when they are reached; with a card, when they accept"
            ),
        });
        self.contacts.insert(contact.id.clone(), contact);
        self.list_anew()
    }

    fn told_peers(&mut self, peers: Vec<Peer>) {
        self.chats.forget_connected();
        for peer in peers.iter().filter(|peer| peer.connected) {
            match &peer.path {
                Some(path) => self.chats.connected_by(&peer.contact, &peer.device, &path.kind),
                None => self.chats.connected(&peer.contact, &peer.device, true),
            }
        }
        if let Some(Window::Peers(view)) = &mut self.window {
            view.told(peers.clone());
        }
        if self.details.is_open {
            self.details.peers.told(peers);
        }
    }

    fn found(&mut self, question: u64, messages: &[Message]) {
        if question != self.question() {
            return;
        }
        let is_mentions =
            matches!(&self.window, Some(Window::List(list)) if list.kind == ListKind::Mentions);
        self.hits = messages.to_vec();
        let clock = self.clock();
        let dim = self.options.theme.dim;
        let look = Look { sought: self.searched(), ..self.look() };
        let is_everywhere = matches!(
            &self.window,
            Some(Window::List(List {
                kind: ListKind::Search { within: None } | ListKind::Mentions,
                ..
            }))
        );
        let rows: Vec<Row> = messages
            .iter()
            .map(|message| {
                // Where all are from one conversation it needs no name.
                let place = self.chats.get(&message.conversation).filter(|_| is_everywhere);
                let place = place.map(|chat| format!("{}  ", chat.name(16)));
                let text = short(&message.text.clone().unwrap_or_default().replace('\n', " "), 200);
                let when = clock.moment(&message.sent_at);
                let when = when.get(..16).unwrap_or(&when).to_owned();
                let mut spans = vec![
                    Span::styled(format!("{when}  {}", place.unwrap_or_default()), dim),
                    Span::raw(format!("{}: ", author(message))),
                ];
                spans.extend(words_of(&text, &look, usize::MAX / 2).into_iter().flatten());
                let line = Line::from(spans);
                let (conversation, id) = (message.conversation.clone(), message.id.clone());
                Row { line, text, choice: Choice::Message { conversation, id } }
            })
            .collect();
        let Some(Window::List(list)) = &mut self.window else { return };
        if is_mentions {
            list.rows = rows;
            list.narrow();
        } else if matches!(list.kind, ListKind::Search { .. }) {
            list.rows = rows;
            "nothing was found; Ctrl+S looks everywhere".clone_into(&mut list.empty);
            list.narrow();
        }
    }

    // What is shown.

    pub(super) fn pager(&mut self, title: &str, lines: Vec<String>) {
        let lines = lines.into_iter().map(Line::from).collect();
        self.window = Some(Window::Pager(Pager::new(title, lines)));
    }

    fn show_why(&mut self, why: &Why) {
        let clock = self.clock();
        let mut lines: Vec<String> =
            why.text.iter().map(|line| one_line(&clock.in_sentence(line))).collect();
        for device in &why.devices {
            lines.push(String::new());
            let reached = if device.connected { "connected" } else { "not connected" };
            lines.push(format!(
                "{} · {} · {} · {reached}",
                person(&device.name, 40),
                person(&device.device_name, 40),
                message::state(device.state),
            ));
            lines.push(format!("  {}", one_line(&clock.in_sentence(&device.text))));
            if let Some(at) = &device.next_attempt_at {
                lines.push(format!("  The next attempt: {}.", clock.until(at)));
            }
            for failure in device.failures.iter().take(5) {
                lines.push(format!("  {}  {}", clock.ago(&failure.at), one_line(&failure.text)));
            }
        }
        self.pager("Where this message is", lines);
    }

    fn show_status(&mut self, status: &Status) {
        let clock = self.clock();
        let mut lines = vec![
            format!("Chinwag {}", one_line(&status.version)),
            format!(
                "Data        {}, {} a passphrase",
                one_line(&status.data_dir),
                if status.has_passphrase { "with" } else { "without" }
            ),
            format!("Process     {}, since {}", status.process, clock.ago(&status.since)),
            format!("Addresses   {}", one_line(&status.addresses.join(", "))),
            format!(
                "Network     {}",
                if status.lan { "looks around here" } else { "does not look around" }
            ),
            format!("Relay       {}", relay_in_words(&status.relays)),
            format!(
                "Connected   {} of {}",
                words::DEVICE.count(status.connected),
                words::CONTACT.count(status.contacts)
            ),
            format!(
                "Classroom   {}",
                status.classroom.as_ref().map_or("not enabled".to_owned(), in_class_as)
            ),
            format!("Unread      {}", status.unread),
            format!("Undelivered {}", status.undelivered),
            String::new(),
        ];
        if status.problems.is_empty() {
            lines.push("Nothing is wrong.".to_owned());
        }
        lines.extend(status.problems.iter().map(|problem| format!("! {}", one_line(problem))));
        self.pager("Status", lines);
    }

    fn show_contacts(&mut self, contacts: &[Contact]) {
        let clock = self.clock();
        let dim = self.options.theme.dim;
        let rows = contacts
            .iter()
            .map(|contact| {
                let name = person(&contact.name, 40);
                let mut says = String::new();
                let state = match contact.state {
                    ContactState::Contact if contact.connected => "connected",
                    ContactState::Contact => "away",
                    ContactState::Waiting => "has not answered yet",
                    ContactState::Blocked => "blocked",
                    ContactState::Unknown => "in a state of a newer kind",
                };
                says.push_str(state);
                if contact.verified {
                    says.push_str(", verified");
                }
                says.push_str(&alike(&contact.looks_like));
                if let Some(at) = contact.last_heard_at.as_ref().filter(|_| !contact.connected) {
                    // Writing to a string can't fail.
                    let _ = write!(says, ", heard {}", clock.ago(at));
                }
                let line = Line::from(vec![
                    Span::raw(self.options.columns().padded(&name, 24)),
                    Span::styled(format!("  {says}"), dim),
                ]);
                Row { line, text: name, choice: Choice::Contact(contact.id.clone()) }
            })
            .collect();
        let empty = "nobody yet: /invite makes a ticket for somebody, /add uses one";
        self.window = Some(Window::List(List::new(ListKind::Contacts, rows, empty)));
    }

    fn show_requests(&mut self) {
        let clock = self.clock();
        let dim = self.options.theme.dim;
        let rows = self
            .requests
            .iter()
            .map(|request| {
                let name = person(&request.name, 40);
                let words = short(&request.text, 120);
                let when = clock.ago(&request.received_at);
                let mut line = Line::from(vec![
                    Span::raw(format!("{name}: {words}")),
                    Span::styled(format!("  {when}"), dim),
                ]);
                line.push_span(Span::styled(alike(&request.looks_like), self.options.theme.wrong));
                Row { line, text: name, choice: Choice::Request(request.id.clone()) }
            })
            .collect();
        self.window = Some(Window::List(List::new(ListKind::Requests, rows, "nobody asks")));
    }

    fn show_nearby(&mut self, nearby: &[Nearby]) {
        let looks = self.status.as_ref().is_none_or(|status| status.lan);
        let mut lines = match nearby.len() {
            0 if !looks => {
                vec!["This node does not look around: lan = false in the config.".to_owned()]
            }
            0 => vec!["Nobody whom you don't know is seen on this network.".to_owned()],
            _ => Vec::new(),
        };
        for device in nearby {
            let at: Vec<String> = device.addresses.iter().map(|at| one_line(at)).collect();
            lines.push(format!("{}  at {}", short(&device.device, 16), at.join(", ")));
        }
        lines.push(String::new());
        lines.push(
            "They say that they are there, and not whose they are. Ask for a ticket, or give yours: \
             /invite"
                .to_owned(),
        );
        self.pager("On this network, and of nobody you know", lines);
    }

    fn show_connected(&mut self, outcomes: &[ConnectOutcome]) {
        let count = outcomes.iter().filter(|outcome| outcome.connected).count();
        if count == outcomes.len() {
            self.say(match count {
                0 => "there is nobody to connect to yet: /invite, /add".to_owned(),
                1 => format!("connected to {}", person(&outcomes[0].name, 40)),
                n => format!("connected to all {n}"),
            });
            return;
        }
        let lines = outcomes
            .iter()
            .map(|outcome| {
                let name = person(&outcome.name, 40);
                match &outcome.failure {
                    _ if outcome.connected => format!("{name}: connected"),
                    Some(failure) => format!("{name}: {}", one_line(&failure.text)),
                    None => format!("{name}: not reached"),
                }
            })
            .collect();
        self.pager(&format!("Connected to {count} of {}", outcomes.len()), lines);
    }

    fn show_ticket(&mut self, ticket: &Ticket) {
        let about = "Give this line to one person, by a way that you trust: who has it can become your \
                     contact. They use it with /add, or `chinwag add`.";
        let title = if ticket.reusable { "A ticket for many" } else { "A ticket" };
        self.show_line(title, about, &ticket.ticket, &ticket.qr);
    }

    fn show_card(&mut self, card: &Card) {
        let about = "This line holds no secret, and may be published. It says who you are, which device this \
                     is and where it can be reached. Who uses it, with /add, asks you first: see /requests.";
        self.show_line("A card", about, &card.card, &card.qr);
    }

    /// A line to hand over, as text and as a QR code.
    fn show_line(&mut self, title: &str, about: &'static str, line: &str, qr: &str) {
        let lines = vec![
            Line::from(about),
            Line::from(""),
            Line::styled(one_line(line), self.options.theme.found),
        ];
        // A daemon of before has no shorter one.
        let code = Code::of(if qr.is_empty() { line } else { qr });
        let code = code.filter(|_| !self.options.is_linear);
        let pager = Pager::new(title, lines).copying(line.to_owned()).coded(code);
        self.window = Some(Window::Pager(pager));
    }

    fn show_safety_number(&mut self, number: &SafetyNumber) {
        let name = person(&number.contact.name, 40);
        let groups: Vec<String> =
            number.groups.chunks(4).map(|row| one_line(&row.join("  "))).collect();
        let alike = match number.contact.looks_like.as_slice() {
            [] => String::new(),
            others => format!("{}\n\n", alike(others).trim_start_matches(", ")),
        };
        let question = format!(
            "{alike}Read these digits to {name} in a call, or side by side:\n\n  {}\n\nAre they the same at \
             both? y notes {name} as verified.",
            groups.join("\n  ")
        );
        let params = VerifyContact { contact: number.contact.id.clone(), verified: true };
        let done = Tag::Done(format!("{name} is verified"));
        let then = vec![Ask::of::<ContactVerify>(done, params)];
        self.window = Some(Window::Asked(Asked::new(question, then)));
    }

    fn show_words(&mut self, words: &[String]) {
        let mut lines = vec![
            "Who has these words is you. Write them on paper, and let nobody see them.".to_owned(),
            String::new(),
        ];
        lines.extend(numbered(words, 4));
        self.pager("Recovery words", lines);
    }

    fn show_devices(&mut self, devices: &[Device]) {
        let lines = devices.iter().map(|device| {
            let reached = match (device.is_this, device.is_connected) {
                (true, _) => "this one",
                (false, true) => "connected",
                (false, false) => "not connected",
            };
            let state = match device.state {
                DeviceState::Current => "",
                DeviceState::Expired => ", expired: it was not used for long",
                DeviceState::Retired => ", went on as another device",
                DeviceState::Revoked => ", taken off the account",
                DeviceState::Unknown => ", in a state of a newer kind",
            };
            let name = self.options.columns().padded(&person(&device.name, 24), 24);
            format!("{name}  {reached}{state}, {}", one_line(&device.id))
        });
        self.pager("Your devices", lines.collect());
    }

    fn show_invites(&mut self, invites: &[Invite]) {
        let clock = self.clock();
        let mut lines: Vec<String> = invites
            .iter()
            .map(|invite| {
                let many = if invite.reusable { "for many" } else { "for one" };
                let until = invite.expires_at.as_ref();
                let until = until.map_or("until it is taken back".to_owned(), |at| {
                    format!("ends {}", clock.until(at))
                });
                format!("{}  {many}, {until}", one_line(&invite.id))
            })
            .collect();
        if lines.is_empty() {
            lines.push("No ticket is open: /invite makes one.".to_owned());
        } else {
            lines.extend([
                String::new(),
                "`chinwag invites --revoke ID` takes one back.".to_owned(),
            ]);
        }
        self.pager("Open tickets", lines);
    }

    fn show_digest(&mut self, digest: &Digest) {
        let mut lines = vec![
            "If both see the same here, both have the same conversation, entry for entry."
                .to_owned(),
            String::new(),
        ];
        // In rows of four groups, that can be read out.
        let groups: Vec<String> = digest.digest.split('-').map(one_line).collect();
        lines.extend(groups.chunks(4).map(|row| format!("  {}", row.join("-"))));
        lines.extend([String::new(), format!("{} entries", digest.entries)]);
        for log in &digest.logs {
            let forked = log.forked_at.map(|at| format!(", forked at {at}")).unwrap_or_default();
            let name = person(&log.name, 40);
            lines.push(format!(
                "  {name}  {}  {} entries{forked}",
                one_line(&log.device),
                log.height
            ));
        }
        self.pager("Digest", lines);
    }
}

/// Words in rows of so many, with their numbers.
pub fn numbered(words: &[String], columns: usize) -> Vec<String> {
    let cells: Vec<String> = words
        .iter()
        .enumerate()
        .map(|(n, word)| format!("{:2} {:<8}", n + 1, one_line(word)))
        .collect();
    cells.chunks(columns.max(1)).map(|row| row.join(" ").trim_end().to_owned()).collect()
}

/// The relay where others find us, or how it goes with it.
fn relay_in_words(relays: &[Relay]) -> String {
    let Some(home) = relays.iter().find(|relay| relay.is_home).or_else(|| relays.first()) else {
        return "none in use".to_owned();
    };
    let state = match (home.connected, &home.problem) {
        (true, _) => "connected".to_owned(),
        (false, Some(problem)) => format!("not reached: {}", one_line(problem)),
        (false, None) => "not reached yet".to_owned(),
    };
    format!("{}, {state}", one_line(&home.url))
}
