//! What is said with a slash, or chosen in the palette.

use chinwag_api::method::{
    AccountCard, AccountRename, AccountWords, AddContact, Connect, ContactAdd, ContactBlock,
    ContactList, ContactRename, ContactSafetyNumber, ContactUnblock, ConversationDigest,
    ConversationDisappear, CreateInvite, DeviceList, Disappear, InviteCreate, InviteList,
    MessageSearch, NearbyList, Nothing, OneContact, OneConversation, PeerConnect, PeerList,
    RenameAccount, RenameContact, RequestAccept, RequestDecline, RequestList, Search, SystemStatus,
};
use chinwag_api::model::Id;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::windows::{Choice, List, ListKind, Pager, PeersView, Row};
use super::{App, Asked, Window};
use crate::actions::{ACTIONS, Act, Action, Place, TWO_KEYS, named, with_word};
use crate::msg::{Ask, Effect, Tag, Written};
use crate::theme::Theme;
use crate::view::message::padded;

/// Hits of a search that are shown.
const HITS: u32 = 100;

/// Commands that are named to somebody who mistyped one.
const NEAR_SHOWN: usize = 3;

/// Completions that are shown, where several fit.
const COMPLETIONS_SHOWN: usize = 12;

impl App {
    /// A line that begins with a slash. What is no command is never sent as a message.
    pub(super) fn slash(&mut self, typed: &str) -> Vec<Effect> {
        let Some((action, rest)) = self.parsed(typed) else { return Vec::new() };
        if let Some(chat) = self.chats.current_mut() {
            let typed = chat.composer.take();
            // What was typed in vain can be had again.
            chat.remember(typed);
        }
        let mut effects = self.typing_ends();
        effects.extend(self.run(action.act, rest));
        self.meant = None;
        effects
    }

    /// Does what a command says; with `--yes` at its end, also what would be asked about.
    pub fn run(&mut self, act: Act, args: &str) -> Vec<Effect> {
        let (args, is_sure) = sure(args);
        let mut effects = self.command(act, args);
        effects.extend(self.answer_yes(is_sure));
        effects
    }

    /// Answers the question that was just asked, if somebody is sure.
    pub(super) fn answer_yes(&mut self, is_sure: bool) -> Vec<Effect> {
        match self.window.take() {
            Some(Window::Asked(asked)) if is_sure => asked.then,
            other => {
                self.window = other;
                Vec::new()
            }
        }
    }

    /// The command that a line names, and what stands behind it; if there is none that is said.
    pub(super) fn parsed<'a>(&mut self, typed: &'a str) -> Option<(&'static Action, &'a str)> {
        let line = typed.strip_prefix('/').unwrap_or(typed);
        let (word, rest) = match line.split_once(char::is_whitespace) {
            Some((word, rest)) => (word, rest.trim()),
            None => (line.trim_end(), ""),
        };
        let found = with_word(word);
        if found.is_none() {
            let near: Vec<String> = near(word).into_iter().map(|word| format!("/{word}")).collect();
            let hint = if near.is_empty() { "/help lists them".to_owned() } else { near.join(" ") };
            self.wrong(format!(
                "there is no command /{word} ({hint}); // begins a text with a slash"
            ));
        }
        found.map(|action| (action, rest))
    }

    /// Does what a command says.
    pub(super) fn command(&mut self, act: Act, args: &str) -> Vec<Effect> {
        match act {
            Act::Switch => self.show_switcher(),
            Act::Unreads => self.show_unread(),
            Act::LastChat => self.last_chat(),
            Act::Mentions => self.show_mentions(),
            Act::Export => self.write_conversation(args),
            Act::Backup => {
                if args.is_empty() {
                    self.wrong("say where: /backup FILE");
                    return Vec::new();
                }
                self.say("writing…");
                vec![Effect::Write { what: Written::Backup, path: args.to_owned() }]
            }
            Act::ClearScreen => self.clear_screen(),
            Act::Disappear => self.disappear(args),
            Act::Devices => vec![Ask::of::<DeviceList>(Tag::Devices, Nothing {})],
            Act::Invites => vec![Ask::of::<InviteList>(Tag::Invites, Nothing {})],
            Act::Chat => self.chat_with(args),
            Act::Classroom => self.classroom(args),
            Act::Me if args.is_empty() => {
                self.wrong("say what you do: /me waves");
                Vec::new()
            }
            Act::Me => {
                let about = self.chats.current_mut().map(|chat| std::mem::take(&mut chat.about));
                let reply_to = match about {
                    Some(super::About::Reply(id)) => Some(id),
                    _ => None,
                };
                self.say_to_current(format!("/me {args}"), reply_to)
            }
            Act::Search => self.show_search(args),
            Act::Help => {
                self.show_help();
                Vec::new()
            }
            Act::Quit => vec![Effect::Quit],
            Act::Reload => vec![Effect::Reload],
            Act::MarkRead => self.mark_read(),
            Act::PageUp => self.move_view(act),
            Act::Editor => {
                vec![Effect::Edit(String::new())]
            }
            Act::Invite => self.invite(args),
            Act::Add => self.add(args),
            Act::Contacts => {
                vec![Ask::of::<ContactList>(Tag::Contacts { is_shown: true }, Nothing {})]
            }
            Act::Requests => {
                vec![Ask::of::<RequestList>(Tag::Requests { is_shown: true }, Nothing {})]
            }
            Act::Accept | Act::Decline | Act::Block | Act::Unblock => {
                self.about_somebody(act, args)
            }
            Act::Alias => self.alias(args),
            Act::Mute | Act::Unmute => self.mute(act, args),
            Act::Verify => self.with_contact(args, |contact| {
                Ask::of::<ContactSafetyNumber>(Tag::SafetyNumber, OneContact { contact })
            }),
            Act::Peers => {
                self.window = Some(Window::Peers(PeersView::default()));
                self.peers_asked = self.now;
                vec![Ask::of::<PeerList>(Tag::Peers, Nothing {})]
            }
            Act::Nearby => vec![Ask::of::<NearbyList>(Tag::Nearby { is_shown: true }, Nothing {})],
            Act::Connect => {
                let contacts = args.split_whitespace().map(str::to_owned).collect();
                vec![Ask::of::<PeerConnect>(Tag::Connected, Connect { contacts, timeout_ms: None })]
            }
            Act::Status => {
                vec![Ask::of::<SystemStatus>(Tag::Status { is_shown: true }, Nothing {})]
            }
            Act::Group | Act::Groups => self.about_groups(act, args),
            Act::Digest => {
                let conversation = self.chats.current().map(|chat| chat.id().to_owned());
                let ask = |conversation| {
                    Ask::of::<ConversationDigest>(Tag::Digest, OneConversation { conversation })
                };
                conversation.map(ask).into_iter().collect()
            }
            Act::Id => {
                self.show_id();
                Vec::new()
            }
            Act::Rename => self.rename(args),
            Act::Words => vec![Ask::of::<AccountWords>(Tag::Words, Nothing {})],
            Act::Theme => {
                match args {
                    "" => self.show_themes(),
                    name => self.change_theme(name),
                }
                Vec::new()
            }
            Act::Reply | Act::React | Act::Edit | Act::Retract | Act::Why | Act::Who => {
                self.on_selected(act, args)
            }
            _ => Vec::new(),
        }
    }

    fn clear_screen(&mut self) -> Vec<Effect> {
        if let Some(chat) = self.chats.current_mut() {
            chat.timeline.clear();
        }
        self.say("the screen is cleared, and nothing is deleted: a page up shows it again");
        Vec::new()
    }

    fn chat_with(&mut self, args: &str) -> Vec<Effect> {
        if args.is_empty() {
            return self.show_switcher();
        }
        if let Some(id) = self.meant(args) {
            return self.open(&id);
        }
        // The longest beginning that is a name: the rest is what to say.
        let blanks: Vec<usize> = args.match_indices(' ').map(|(at, _)| at).collect();
        for at in blanks.into_iter().rev() {
            let (name, text) = args.split_at(at);
            if let Some(id) = self.meant(name.trim()) {
                let mut effects = self.open(&id);
                effects.extend(self.say_to_current(text.trim().to_owned(), None));
                return effects;
            }
        }
        let name = chinwag_text::safe::short(args, 40);
        self.wrong(format!("no conversation fits {name:?}, or more than one does"));
        Vec::new()
    }

    /// After how long new messages disappear here.
    fn disappear(&mut self, args: &str) -> Vec<Effect> {
        let after_s = match args {
            "never" | "off" | "0" => Ok(0),
            time => chinwag_text::time::parse_seconds(time),
        };
        let Some(conversation) = self.chats.current().map(|chat| chat.id().to_owned()) else {
            return Vec::new();
        };
        match after_s {
            Ok(after_s) => {
                let params = Disappear { conversation, after_s };
                vec![Ask::of::<ConversationDisappear>(Tag::Changed, params)]
            }
            Err(fault) => {
                self.wrong(format!("{fault}, or never"));
                Vec::new()
            }
        }
    }

    /// The conversation that a name means: the whole of it, or the beginning if that fits only one. One of
    /// the classroom is meant by its address alone: there anybody can call themselves anything.
    fn meant(&self, name: &str) -> Option<Id> {
        if let Some(id) = self.in_class_at(name) {
            return Some(id);
        }
        let small = name.to_lowercase();
        let all = &self.chats.all()[..self.chats.first_of_class()];
        let whole = all.iter().filter(|chat| chat.conversation.name.to_lowercase() == small);
        let whole: Vec<_> = whole.collect();
        let begins: Vec<_> =
            all.iter().filter(|c| c.conversation.name.to_lowercase().starts_with(&small)).collect();
        match (whole.as_slice(), begins.as_slice()) {
            ([one], _) | ([], [one]) => Some(one.id().to_owned()),
            _ => None,
        }
    }

    fn invite(&mut self, args: &str) -> Vec<Effect> {
        let reusable = match args {
            "" => false,
            "reusable" | "--reusable" => true,
            "card" | "--card" => return vec![Ask::of::<AccountCard>(Tag::Card, Nothing {})],
            _ => {
                self.wrong(
                    "/invite makes a ticket, /invite reusable one for many, /invite card a card",
                );
                return Vec::new();
            }
        };
        vec![Ask::of::<InviteCreate>(Tag::Ticket, CreateInvite { reusable, expires_in_s: None })]
    }

    fn add(&mut self, args: &str) -> Vec<Effect> {
        let (args, text) = match args.split_once(" --text ") {
            Some((args, text)) => (args.trim(), Some(text.trim().to_owned())),
            None => (args, None),
        };
        let (ticket, called) = match args.split_once(" as ") {
            Some((ticket, name)) => (ticket.trim(), Some(name.trim().to_owned())),
            None => (args, None),
        };
        if ticket.is_empty() {
            self.wrong("paste the ticket behind it: /add TICKET");
            return Vec::new();
        }
        let params = AddContact { ticket: ticket.to_owned(), called, text };
        vec![Ask::of::<ContactAdd>(Tag::Added, params)]
    }

    /// Whom a command is about: who is named, or the one we talk with.
    fn with_contact(&mut self, args: &str, ask: impl FnOnce(Id) -> Effect) -> Vec<Effect> {
        let current = self.chats.current().filter(|chat| chat.is_with_somebody());
        let contact = if args.is_empty() {
            current.map(|chat| chat.conversation.contact.clone())
        } else {
            Some(args.to_owned())
        };
        if let Some(contact) = contact {
            vec![ask(contact)]
        } else {
            self.wrong("say who: the name stands behind the command");
            Vec::new()
        }
    }

    fn about_somebody(&mut self, act: Act, args: &str) -> Vec<Effect> {
        if act == Act::Block {
            let current = self.chats.current().filter(|chat| chat.is_with_somebody());
            let named = current.map(|chat| chat.conversation.name.clone());
            let who = if args.is_empty() { named.unwrap_or_default() } else { args.to_owned() };
            let who = chinwag_text::safe::person(&who, 40);
            let then = self.with_contact(args, |contact| {
                Ask::of::<ContactBlock>(Tag::Done("blocked".into()), OneContact { contact })
            });
            if !then.is_empty() {
                let question = format!(
                    "Block {who}? They can't reach you any more, and are not told. What you have of \
                     each other stays."
                );
                self.window = Some(Window::Asked(Asked::new(question, then)));
            }
            return Vec::new();
        }
        let contact = match (args, self.requests.as_slice()) {
            // Where only one asks, nobody else can be meant.
            ("", [one]) if act != Act::Unblock => one.id.clone(),
            ("", [_, ..]) if act != Act::Unblock => return self.command(Act::Requests, ""),
            ("", _) => {
                self.wrong("say who: the name stands behind the command");
                return Vec::new();
            }
            (name, _) => name.to_owned(),
        };
        let who = OneContact { contact };
        vec![match act {
            Act::Accept => Ask::of::<RequestAccept>(Tag::Done("accepted".into()), who),
            Act::Decline => Ask::of::<RequestDecline>(Tag::Done("declined".into()), who),
            _ => Ask::of::<ContactUnblock>(Tag::Done("unblocked".into()), who),
        }]
    }

    fn alias(&mut self, args: &str) -> Vec<Effect> {
        let name = (!args.is_empty()).then(|| args.to_owned());
        let done = Tag::Done(if name.is_some() { "renamed" } else { "by their own name" }.into());
        self.with_contact("", |contact| {
            Ask::of::<ContactRename>(done, RenameContact { contact, name })
        })
    }

    fn rename(&mut self, args: &str) -> Vec<Effect> {
        if args.is_empty() {
            self.wrong("say how: /rename NAME");
            return Vec::new();
        }
        vec![Ask::of::<AccountRename>(Tag::Account, RenameAccount { name: args.to_owned() })]
    }

    /// The themes that there are, to choose one.
    fn show_themes(&mut self) {
        let rows = self.options.themes.iter().map(|theme| {
            let is_used = theme.name == self.options.theme.name;
            let name = theme.name.to_string();
            let line = Line::from(vec![
                Span::raw(padded(&name, 24)),
                Span::styled(if is_used { "  used now" } else { "" }, self.options.theme.dim),
            ]);
            Row { line, text: name, choice: Choice::Theme(theme.name) }
        });
        let rows = rows.collect();
        self.window = Some(Window::List(List::new(ListKind::Themes, rows, "nothing fits")));
    }

    fn change_theme(&mut self, name: &str) {
        let Some(theme) = Theme::named(name, &self.options.themes) else {
            let names: Vec<&str> =
                self.options.themes.iter().map(|theme| theme.name.as_str()).collect();
            self.wrong(format!("there is no theme {name:?}: {}", names.join(", ")));
            return;
        };
        self.options.theme = theme;
        self.restyle();
        self.say(format!("theme {}; to keep it, set it in the config", theme.name));
    }

    // Windows.

    fn show_unread(&mut self) -> Vec<Effect> {
        let unread = |row: &Row| match &row.choice {
            Choice::Chat(id) => self.chats.get(id).is_some_and(|chat| chat.conversation.unread > 0),
            _ => false,
        };
        let rows = self.chat_rows().into_iter().filter(unread).collect();
        self.window = Some(Window::List(List::new(ListKind::Unread, rows, "nothing is unread")));
        Vec::new()
    }

    fn chat_rows(&self) -> Vec<Row> {
        let chats = self.chats.all().iter().map(|chat| {
            let name = chat.name(40);
            let public = if chat.is_classroom() { "  not private" } else { "" };
            let unread = match (chat.conversation.unread, chat.conversation.unread_mentions) {
                (0, _) => String::new(),
                (n, 0) => format!("  {n} unread"),
                (n, mentions) => format!("  {n} unread, {mentions} for you"),
            };
            let told = chat.told_in_words().map(|words| format!("  {words}"));
            let theme = &self.options.theme;
            let line = Line::from(vec![
                Span::raw(name.clone()),
                Span::styled(self.looks_like(&chat.conversation.contact), theme.wrong),
                Span::styled(public, theme.wrong),
                Span::styled(unread, if chat.is_muted() { theme.dim } else { theme.unread }),
                Span::styled(told.unwrap_or_default(), theme.dim),
            ]);
            // Our own is with ourselves, whatever we are called.
            let text = if chat.is_self() { format!("{name} You notes to yourself") } else { name };
            Row { line, text, choice: Choice::Chat(chat.id().to_owned()) }
        });
        chats.collect()
    }

    /// What can be done first, after an account was made.
    pub(super) fn show_first_steps(&mut self) {
        let steps = [
            ("invite", "Your ticket for somebody: a line, a QR code"),
            ("add", "Paste a ticket that you were given"),
            ("nearby", "People nearby on this network"),
            ("classroom", "The classroom, which is not private"),
            ("help", "All keys and commands"),
        ];
        let row = |(name, words): (&'static str, &str)| Row {
            line: Line::from(words.to_owned()),
            text: words.to_owned(),
            choice: Choice::Action(name),
        };
        let rows = steps.into_iter().map(row).collect();
        self.window = Some(Window::List(List::new(ListKind::First, rows, "nothing fits")));
    }

    fn show_switcher(&mut self) -> Vec<Effect> {
        let can_be_chosen =
            |action: &&Action| action.place == Place::Everywhere && action.act != Act::Switch;
        let commands = ACTIONS.iter().filter(can_be_chosen).map(|action| {
            let keys = self.options.keymap.keys(action.act).into_iter().next().unwrap_or_default();
            let word = action.word.map(|word| format!("/{word}")).unwrap_or_default();
            let dim = self.options.theme.dim;
            let line = Line::from(vec![
                Span::raw(padded(action.doc, 46)),
                Span::styled(format!("  {} {keys}", padded(&word, 10)), dim),
            ]);
            let text = format!("{word} {} {}", action.name, action.doc);
            Row { line, text, choice: Choice::Action(action.name) }
        });
        let rows = self.chat_rows().into_iter().chain(commands).collect();
        self.window = Some(Window::List(List::new(ListKind::Switcher, rows, "nothing fits")));
        Vec::new()
    }

    fn write_conversation(&mut self, path: &str) -> Vec<Effect> {
        let Some(chat) = self.chats.current() else { return Vec::new() };
        if chat.is_classroom() {
            self.wrong(
                "what is said in the classroom is kept in memory alone, and is not exported",
            );
            return Vec::new();
        }
        let what = Written::Conversation(chat.id().to_owned());
        if path.is_empty() {
            self.wrong("say where: /export FILE");
            return Vec::new();
        }
        self.say("writing…");
        vec![Effect::Write { what, path: path.to_owned() }]
    }

    /// The newest messages with our name behind an `@`, of all conversations.
    fn show_mentions(&mut self) -> Vec<Effect> {
        let list = List::new(ListKind::Mentions, Vec::new(), "nobody has named you");
        self.window = Some(Window::List(list));
        self.questions += 1;
        let params = Search { mentions_me: true, limit: Some(HITS), ..Search::default() };
        vec![Ask::of::<MessageSearch>(Tag::Found { question: self.questions }, params)]
    }

    fn show_search(&mut self, words: &str) -> Vec<Effect> {
        // What is said in the classroom is not kept, and not found.
        let within = self.chats.current().filter(|chat| !chat.is_classroom());
        let within = within.map(|chat| chat.id().to_owned());
        let empty = "type words; the newest hits come first";
        let mut list = List::new(ListKind::Search { within }, Vec::new(), empty);
        list.typed = crate::composer::Composer::with(words);
        self.window = Some(Window::List(list));
        self.narrowed()
    }

    /// The search that is open looks everywhere.
    pub(super) fn search_wider(&mut self) -> Vec<Effect> {
        if let Some(Window::List(List { kind: ListKind::Search { within }, .. })) = &mut self.window
        {
            *within = None;
            return self.narrowed();
        }
        Vec::new()
    }

    /// Something else was typed into a list.
    pub(super) fn narrowed(&mut self) -> Vec<Effect> {
        let Some(Window::List(list)) = &mut self.window else { return Vec::new() };
        list.narrow();
        let ListKind::Search { within } = &list.kind else { return Vec::new() };
        let words = list.typed.text();
        if words.trim().is_empty() {
            list.rows.clear();
            list.shown.clear();
            return Vec::new();
        }
        let within = within.clone();
        self.questions += 1;
        let params = Search { words, within, limit: Some(HITS), ..Search::default() };
        vec![Ask::of::<MessageSearch>(Tag::Found { question: self.questions }, params)]
    }

    /// The words that are searched for, in small letters.
    pub(super) fn searched(&self) -> Vec<String> {
        let Some(Window::List(list)) = &self.window else { return Vec::new() };
        list.typed.text().to_lowercase().split_whitespace().map(str::to_owned).collect()
    }

    /// The number of the question that counts.
    pub(super) fn question(&self) -> u64 {
        self.questions
    }

    /// Something of a list was chosen.
    pub(super) fn choose(&mut self) -> Vec<Effect> {
        let words = self.searched();
        let Some(Window::List(list)) = self.window.take() else { return Vec::new() };
        let Some(choice) = list.choice().cloned() else {
            self.window = Some(Window::List(list));
            return Vec::new();
        };
        match choice {
            Choice::Chat(id) => self.open(&id),
            Choice::Action(name) => match named(name) {
                Some(action) => self.palette(action),
                None => Vec::new(),
            },
            Choice::Message { conversation, id } => self.go_to(&conversation, id, words),
            Choice::Contact(id) => self.choose_contact(&id),
            Choice::Theme(name) => {
                self.change_theme(name.as_str());
                Vec::new()
            }
            Choice::Request(id) => {
                let name = self.requests.iter().find(|request| request.id == id);
                let name =
                    name.map(|r| chinwag_text::safe::person(&r.name, 40)).unwrap_or_default();
                let question = format!("Accept {name}? You become contacts.");
                let who = OneContact { contact: id };
                let declined = Tag::Done("declined".into());
                let decline = vec![Ask::of::<RequestDecline>(declined, who.clone())];
                let then = vec![Ask::of::<RequestAccept>(Tag::Done("accepted".into()), who)];
                let asked = Asked::new(question, then).or("decline", decline);
                self.window = Some(Window::Asked(asked));
                Vec::new()
            }
        }
    }

    fn choose_contact(&mut self, id: &str) -> Vec<Effect> {
        if let Some(chat) = self.chats.with(id).map(|chat| chat.id().to_owned()) {
            self.open(&chat)
        } else {
            self.say("there is no conversation with them yet");
            Vec::new()
        }
    }

    /// A command of the palette: at once where it needs no words, typed for the person where it does.
    fn palette(&mut self, action: &'static Action) -> Vec<Effect> {
        let needs_words = !action.args.is_empty() && !action.args.starts_with('[');
        match action.word {
            Some(word) if needs_words && action.act != Act::Search => {
                if let Some(chat) = self.chats.current_mut()
                    && chat.composer.is_empty()
                {
                    chat.composer.paste(&format!("/{word} "));
                    return Vec::new();
                }
                self.say(format!("type /{word} {}", action.args));
                Vec::new()
            }
            _ => {
                let no_key = crossterm::event::KeyEvent::from(crossterm::event::KeyCode::Null);
                self.act(action.act, no_key)
            }
        }
    }

    /// Shows a message where it stands.
    fn go_to(&mut self, conversation: &str, id: Id, words: Vec<String>) -> Vec<Effect> {
        let mut effects = self.open(conversation);
        self.sought_last.clone_from(&words);
        self.sought = words;
        self.restyle();
        let look = self.look();
        let Some(chat) = self.chats.current_mut() else { return effects };
        if chat.timeline.get(&id).is_some() {
            chat.timeline.select(Some(id));
            chat.timeline.show_selected(&look);
            effects.extend(self.more());
            return effects;
        }
        // What is asked for around it comes instead of the newest page.
        let is_page =
            |effect: &Effect| matches!(effect, Effect::Ask(Ask { tag: Tag::Page { .. }, .. }));
        effects.retain(|effect| !is_page(effect));
        chat.timeline.is_loaded = false;
        effects.push(super::page(conversation, crate::msg::Part::Before(id.clone()), Some(id)));
        effects
    }

    /// Shows the next of what was found last, which is further back, or the one before it.
    pub(super) fn step_found(&mut self, by: isize) -> Vec<Effect> {
        let selected = self.selected().map(|message| message.id.clone());
        let at = selected.and_then(|id| self.hits.iter().position(|hit| hit.id == id));
        let next = match at {
            Some(at) => at.checked_add_signed(by),
            None => Some(0),
        };
        let Some(hit) = next.and_then(|next| self.hits.get(next)) else {
            self.say(if self.hits.is_empty() {
                "nothing was searched for"
            } else {
                "no more was found"
            });
            return Vec::new();
        };
        let (conversation, id) = (hit.conversation.clone(), hit.id.clone());
        let words = self.sought_last.clone();
        self.go_to(&conversation, id, words)
    }

    /// Completes a command or a name.
    pub(super) fn complete(&mut self) -> Vec<Effect> {
        let Some(chat) = self.chats.current() else { return Vec::new() };
        let before = chat.composer.before_cursor();
        let member = self.named_here(chat, &before);
        let word = before.rsplit(char::is_whitespace).next().unwrap_or_default();
        let word = member.as_ref().map_or(word, |(typed, _)| typed).to_owned();
        let mut fits: Vec<String> = if let Some((_, fits)) = member {
            fits
        } else if before.starts_with('/') && word == before {
            let words = ACTIONS.iter().filter_map(|action| action.word);
            words.map(|word| format!("/{word} ")).filter(|w| w.starts_with(&word)).collect()
        } else if word.is_empty() {
            Vec::new()
        } else if let Some(code) = word.strip_prefix(':') {
            shortcodes(code)
        } else {
            let small = word.to_lowercase();
            let private = self.chats.all().iter().filter(|chat| !chat.is_classroom());
            let names = private.map(|chat| chat.conversation.name.clone());
            let names = names.filter(|name| name.to_lowercase().starts_with(&small));
            names.map(|name| format!("{} ", chinwag_text::safe::one_line(&name))).collect()
        };
        fits.sort();
        fits.dedup();
        match fits.as_slice() {
            [] => {}
            [one] => {
                let one = as_emoji(one).map_or_else(|| one.clone(), str::to_owned);
                if let Some(chat) = self.chats.current_mut() {
                    chat.composer.complete(&word, &one);
                }
            }
            many => {
                let shared = shared_beginning(many);
                let words = many.iter().map(|fit| fit.trim_end());
                let words: Vec<&str> = words.take(COMPLETIONS_SHOWN).collect();
                let words = words.join("  ");
                if let Some(chat) = self.chats.current_mut()
                    && shared.len() > word.len()
                {
                    chat.composer.complete(&word, &shared);
                }
                self.say(words);
            }
        }
        Vec::new()
    }

    fn show_id(&mut self) {
        let Some(account) = &self.account else { return };
        let lines = vec![
            Line::from(format!("You are {}.", chinwag_text::safe::person(&account.name, 64))),
            Line::from(""),
            Line::from(format!("Account  {}", account.id)),
            Line::from(format!(
                "Device   {} ({})",
                account.device.id,
                chinwag_text::safe::person(&account.device.name, 64)
            )),
            Line::from(""),
            Line::from("To let somebody reach you: /invite"),
        ];
        let id = account.id.clone();
        self.window = Some(Window::Pager(Pager::new("Who you are", lines).copying(id)));
    }

    /// The help, from the table.
    pub(super) fn show_help(&mut self) {
        let theme = self.options.theme;
        let head =
            |text: &str| Line::styled(text.to_owned(), Style::new().add_modifier(Modifier::BOLD));
        let mut lines = vec![
            head("A message"),
            Line::from("  …  saved here      ›  sent      ✓  delivered      ✓✓  read"),
            Line::from("  Why is it not there? Select it, and press w."),
            Line::from("  @  names you; in the list: how much of what is unread does"),
            Line::from("  ∅  nothing of a conversation is told; ∅@  only what names you: /mute"),
        ];
        let places = [
            (Place::Input, "While typing"),
            (Place::Normal, "In the normal mode"),
            (Place::Visual, "In the visual mode"),
            (Place::Selected, "While a message is selected"),
            (Place::Everywhere, "Everywhere"),
            (Place::Window, "In a window; in a list letters are typed"),
            (Place::Question, "While a question is asked"),
        ];
        let keymap = &self.options.keymap;
        let line = |keys: &str, doc: &str| {
            Line::from(vec![
                Span::styled(format!("  {}", padded(keys, 26)), theme.name_of_other),
                Span::raw(format!(" {doc}")),
            ])
        };
        for (place, title) in places {
            // What a key means in a place may be what it means in another as well.
            let keys = |action: &Action| keymap.keys_in(place, action.act);
            let known = ACTIONS.iter().map(|action| (action, keys(action)));
            let known: Vec<_> = known.filter(|(_, keys)| !keys.is_empty()).collect();
            if known.is_empty() {
                continue;
            }
            lines.push(Line::from(""));
            lines.push(head(title));
            lines.extend(known.into_iter().map(|(action, keys)| {
                let keys = match keys.as_slice() {
                    [first, .., last] if keys.len() > 4 => format!("{first} … {last}"),
                    keys => keys.join(", "),
                };
                line(&keys, action.doc)
            }));
            if place == Place::Normal {
                lines.extend(TWO_KEYS.iter().map(|(keys, doc)| line(keys, doc)));
            }
        }
        lines.push(Line::from(""));
        lines.push(head("Commands; the same words as on the command line"));
        for action in ACTIONS.iter().filter(|action| action.word.is_some()) {
            let usage = format!("/{} {}", action.word.unwrap_or_default(), action.args);
            lines.push(Line::from(vec![
                Span::styled(format!("  {}", padded(&usage, 22)), theme.name_of_other),
                Span::raw(format!(" {}", action.doc)),
            ]));
        }
        self.window = Some(Window::Pager(Pager::new("Help", lines)));
    }
}

/// Whether somebody says `--yes` at the end of what stands behind a command, and what stands before it.
pub(super) fn sure(args: &str) -> (&str, bool) {
    match args.strip_suffix("--yes") {
        Some(before) if before.is_empty() || before.ends_with(char::is_whitespace) => {
            (before.trim_end(), true)
        }
        _ => (args, false),
    }
}

/// The commands that somebody may have meant: those that are a few letters away, or begin like it.
fn near(word: &str) -> Vec<&'static str> {
    let distance = |known: &str| strsim::damerau_levenshtein(word, known);
    let most = (word.chars().count() / 3).max(1);
    let mut near: Vec<(usize, &str)> = ACTIONS
        .iter()
        .filter_map(|action| action.word)
        .filter(|known| word.len() > 1 && known.starts_with(word) || distance(known) <= most)
        .map(|known| (distance(known), known))
        .collect();
    near.sort_unstable();
    near.into_iter().map(|(_, known)| known).take(NEAR_SHOWN).collect()
}

/// The names of emoji that begin like this, between their colons.
fn shortcodes(begin: &str) -> Vec<String> {
    let codes = emojis::iter().flat_map(emojis::Emoji::shortcodes);
    codes.filter(|code| code.starts_with(begin)).map(|code| format!(":{code}:")).collect()
}

/// The emoji that has this name between colons.
pub(super) fn as_emoji(word: &str) -> Option<&'static str> {
    let code = word.strip_prefix(':')?.strip_suffix(':')?;
    emojis::get_by_shortcode(code).map(emojis::Emoji::as_str)
}

/// What all of these begin with.
fn shared_beginning(words: &[String]) -> String {
    let Some((first, others)) = words.split_first() else { return String::new() };
    let mut shared = first.clone();
    for word in others {
        while !word.starts_with(&shared) {
            shared.pop();
        }
    }
    shared
}
