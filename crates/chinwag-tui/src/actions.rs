//! The one table of what can be done: from it come the keys, the slash commands, the palette and the
//! help. The words are those of the command line.

use std::collections::HashMap;

use crate::keys::{Chord, NoKey};

/// What can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each is described by its line in the table below")]
pub enum Act {
    Switch,
    NextChat,
    PreviousChat,
    NextActive,
    LastChat,
    Unreads,
    Disappear,
    Devices,
    Invites,
    NumberedChat,
    MarkRead,
    MarkAllRead,
    FirstUnread,
    PageUp,
    PageDown,
    LineUp,
    LineDown,
    Top,
    Bottom,
    Search,
    Select,
    ToggleList,
    ToggleDetails,
    ToggleMouse,
    ToggleBare,
    Help,
    Redraw,
    Suspend,
    Quit,
    Send,
    Newline,
    Editor,
    Complete,
    Clear,
    LineStart,
    LineEnd,
    WordLeft,
    WordRight,
    Left,
    Right,
    DeleteLeft,
    DeleteRight,
    DeleteWordLeft,
    DeleteWordRight,
    DeleteToStart,
    DeleteToEnd,
    Yank,
    Undo,
    Reply,
    React,
    Edit,
    Retract,
    Copy,
    Open,
    Why,
    SelectUp,
    SelectDown,
    Leave,
    Chat,
    Invite,
    Add,
    Contacts,
    Requests,
    Accept,
    Decline,
    Block,
    Unblock,
    Alias,
    Mute,
    Unmute,
    Verify,
    Peers,
    Connect,
    Id,
    Rename,
    Words,
    Status,
    Digest,
    Group,
    Groups,
    Who,
    Theme,
    Reload,
    Normal,
    Insert,
    Command,
    Visual,
    VisualCut,
    VisualChange,
    VisualCopy,
    VisualLeave,
    Me,
    Classroom,
    Nearby,
    Up,
    Down,
    HistoryBack,
    FoundNext,
    FoundPrevious,
    WordEnd,
    Append,
    InsertStart,
    InsertEnd,
    OpenBelow,
    OpenAbove,
    WindowUp,
    WindowDown,
    WindowPageUp,
    WindowPageDown,
    WindowTop,
    WindowBottom,
    WindowChoose,
    WindowCopy,
    WindowDo,
    WindowClose,
    Yes,
    No,
    Other,
    Mentions,
    Export,
    Backup,
    ClearScreen,
}

/// Where a key means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// Wherever no window is open.
    Everywhere,
    /// In a window. In a list letters are typed, whatever they mean elsewhere.
    Window,
    /// While a question is asked.
    Question,
    /// In the line that is typed.
    Input,
    /// While a message is selected.
    Selected,
    /// In the normal mode of the vim keys, where letters are no text.
    Normal,
    /// In their visual mode, in which moving the cursor chooses a part of what is typed.
    Visual,
}

/// One line of the table.
#[derive(Debug)]
pub struct Action {
    /// What is done.
    pub act: Act,
    /// Its name in the config, and in the palette.
    pub name: &'static str,
    /// The word of the slash command, if it is one.
    pub word: Option<&'static str>,
    /// What is typed behind the word.
    pub args: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// Its keys, unless the config says otherwise.
    pub keys: &'static [&'static str],
    /// Where they mean this.
    pub place: Place,
}

macro_rules! actions {
    ($($place:ident { $($act:ident $name:literal $(/ $word:literal $($args:literal)?)? [$($key:literal)*] $doc:literal;)* })*) => {
        /// The table.
        pub const ACTIONS: &[Action] = &[$($(Action {
            act: Act::$act,
            name: $name,
            word: actions!(@word $($word)?),
            args: actions!(@args $($($args)?)?),
            doc: $doc,
            keys: &[$($key),*],
            place: Place::$place,
        }),*),*];
    };
    (@word) => { None };
    (@word $word:literal) => { Some($word) };
    (@args) => { "" };
    (@args $args:literal) => { $args };
}

actions! {
    Everywhere {
        Switch "switch" ["ctrl+p"] "Go to a conversation, or do something, by a few letters of it";
        NextChat "next-chat" ["alt+down"] "The next conversation";
        PreviousChat "previous-chat" ["alt+up"] "The conversation above";
        NumberedChat "numbered-chat" ["alt+1" "alt+2" "alt+3" "alt+4" "alt+5" "alt+6" "alt+7" "alt+8" "alt+9"] "The conversation with this number";
        NextActive "next-active" ["alt+a"] "The next unread; what names you comes first";
        LastChat "last-chat" / "close" ["alt+/"] "The conversation before this one";
        Unreads "unreads" / "unreads" [] "Conversations with something unread";
        Mentions "mentions" / "mentions" [] "Messages in which you are named";
        Export "export" / "export" "FILE" [] "All messages of this conversation to a file, a line of JSON each";
        Backup "backup" / "backup" "FILE" [] "An encrypted backup of everything to a file";
        ClearScreen "clear-screen" / "clear" [] "An empty screen; nothing is deleted";
        Chat "chat" / "chat" "NAME [TEXT]" [] "Open a conversation, and say something there";
        Me "me" / "me" "TEXT" [] "Say what you do: * you wave";
        FirstUnread "first-unread" ["alt+u"] "The first message here that was not read";
        MarkRead "read" / "read" ["alt+r"] "What is here is read";
        MarkAllRead "read-all" ["alt+shift+r"] "Everything is read, everywhere";
        PageUp "page-up" / "history" ["pgup"] "A page up: what was before";
        PageDown "page-down" ["pgdn"] "A page down";
        LineUp "line-up" ["alt+k"] "A line up";
        LineDown "line-down" ["alt+j"] "A line down";
        Top "top" ["alt+home"] "The oldest message";
        Bottom "bottom" ["alt+end"] "The newest message";
        Search "search" / "search" "WORDS" ["ctrl+s"] "Search here; again: everywhere";
        FoundNext "found-next" [] "The next of what was found last, further back";
        FoundPrevious "found-previous" [] "The one that was found before it";
        ToggleList "toggle-list" ["alt+shift+b"] "Show or hide the list of conversations";
        ToggleDetails "toggle-details" ["alt+shift+n"] "Show or hide what is known of whoever one talks with";
        ToggleMouse "toggle-mouse" ["alt+m"] "Let the mouse choose and scroll, or no longer";
        ToggleBare "toggle-bare" ["alt+l"] "The text alone, to select it with the mouse";
        Invite "invite" / "invite" "[reusable|card]" [] "A ticket for somebody, or a card to publish";
        Add "add" / "add" "TICKET [as NAME] [--text TEXT]" [] "Use a ticket, or a card: then they are asked";
        Invites "invites" / "invites" [] "Tickets of yours that are open";
        Contacts "contacts" / "contacts" [] "Whom you know";
        Requests "requests" / "requests" [] "Strangers who would like to become contacts";
        Accept "accept" / "accept" "[NAME]" [] "Make a contact of somebody who asked";
        Decline "decline" / "decline" "[NAME]" [] "Forget a request";
        Block "block" / "block" "[NAME] [--yes]" [] "Keep somebody from reaching you";
        Unblock "unblock" / "unblock" "NAME" [] "Let somebody reach you again";
        Alias "alias" / "alias" "NAME" [] "Call the one you talk with something else";
        Mute "mute" / "mute" "[NAME] [--level LEVEL]" [] "Have nothing of a conversation told, or less";
        Unmute "unmute" / "unmute" "[NAME]" [] "Have everything of a conversation told again";
        Verify "verify" / "verify" [] "Compare the safety number of this contact";
        Peers "peers" / "peers" [] "Who is reachable, and by which way";
        Nearby "nearby" / "nearby" [] "Devices on this network that are of nobody you know";
        Connect "connect" / "connect" "[NAME…]" [] "Connect back to everybody you know, or to those named";
        Classroom "classroom" / "classroom" "[IP:PORT]" [] "Who is in the classroom, which is not private; or connect there";
        Disappear "disappear" / "disappear" "TIME|never" [] "After how long new messages disappear here, for both";
        Digest "digest" / "digest" [] "Compare whether both have the same conversation";
        Group "group" / "group" "[create|show|invite|join|decline|leave|remove|admin|member|rename|topic]" [] "Begin a group, or do something with the one that is open";
        Groups "groups" / "groups" [] "Who invites you to a group, and which you are in";
        Status "status" / "status" [] "How the node is, and what is wrong";
        Id "id" / "id" [] "Who you are";
        Devices "devices" / "devices" [] "The devices of your account";
        Rename "rename" / "rename" "NAME" [] "Call yourself something else";
        Words "words" / "words" [] "The recovery words of your account, again";
        Theme "theme" / "theme" "[NAME]" [] "Other colours: choose one, or name it";
        Reload "reload" / "reload" [] "Read the config again";
        Help "help" / "help" ["f1"] "Keys and commands";
        Redraw "redraw" ["ctrl+l"] "Draw the screen anew";
        Suspend "suspend" ["ctrl+z"] "Back to the shell; fg comes back";
        Quit "quit" / "quit" ["ctrl+q"] "Leave; the key asks first, and leaves when it is pressed again";
    }
    Input {
        Send "send" ["enter"] "Send what was typed";
        Newline "newline" ["alt+enter" "shift+enter"] "A new line in it";
        Select "select" ["esc"] "Select a message (or Up in an empty line)";
        Editor "editor" / "editor" ["ctrl+o"] "Write in $VISUAL or $EDITOR";
        Complete "complete" ["tab"] "Complete a command or a name, also behind @";
        Clear "clear" ["ctrl+c"] "Clear what was typed; Ctrl+Y brings it back";
        LineStart "line-start" ["ctrl+a" "home"] "The beginning of the line";
        LineEnd "line-end" ["ctrl+e" "end"] "The end of the line";
        WordLeft "word-left" ["alt+b" "ctrl+left" "alt+left"] "A word to the left";
        WordRight "word-right" ["alt+f" "ctrl+right" "alt+right"] "A word to the right";
        Left "left" ["ctrl+b" "left"] "A character to the left";
        Right "right" ["ctrl+f" "right"] "A character to the right";
        DeleteLeft "delete-left" ["backspace" "ctrl+h"] "Delete to the left";
        DeleteRight "delete-right" ["delete" "ctrl+d"] "Delete to the right";
        DeleteWordLeft "delete-word-left" ["ctrl+w" "alt+backspace"] "Cut the word to the left";
        DeleteWordRight "delete-word-right" ["alt+d"] "Cut the word to the right";
        DeleteToStart "delete-to-start" ["ctrl+u"] "Cut to the beginning of the line";
        DeleteToEnd "delete-to-end" ["ctrl+k"] "Cut to the end of the line";
        Yank "yank" ["ctrl+y"] "Put in what was cut last";
        Undo "undo" ["ctrl+_" "ctrl+/"] "Undo";
        Up "up" ["up"] "A line up; above the first, what was typed before";
        Down "down" ["down"] "A line down; below the last, what was typed after that";
        HistoryBack "history-back" ["ctrl+r"] "What was typed before";
        Normal "normal" [] "To the normal mode (keymap vim)";
    }
    Normal {
        Insert "insert" [] "Type again";
        Command "command" [] "Type a command";
        Visual "visual" [] "Choose a part of what is typed; of nothing typed, a message";
        Append "append" [] "Type behind the cursor";
        InsertStart "insert-start" [] "Type at the beginning of the line";
        InsertEnd "insert-end" [] "Type at the end of the line";
        OpenBelow "open-below" [] "Type in a new line below";
        OpenAbove "open-above" [] "Type in a new line above";
        WordEnd "word-end" [] "The end of the word";
    }
    Visual {
        VisualCut "visual-cut" [] "Cut what is chosen";
        VisualChange "visual-change" [] "Cut what is chosen, and type";
        VisualCopy "visual-copy" [] "Keep what is chosen, to put it in elsewhere";
        VisualLeave "visual-leave" [] "Choose nothing any more";
    }
    Selected {
        SelectUp "select-up" ["up" "k"] "The message above";
        SelectDown "select-down" ["down" "j"] "The message below";
        Reply "reply" / "reply" ["r" "enter"] "Answer it";
        React "react" / "react" "[EMOJI]" ["+"] "React to it, or no longer";
        Edit "edit" / "edit" ["e"] "Change its words, if it is yours";
        Retract "retract" / "retract" "[--yes]" ["d"] "Take it back, if it is yours";
        Copy "copy" ["y"] "Copy its words";
        Open "open" ["o"] "Show the link in it, to open or copy";
        Why "why" / "why" ["w"] "Where it is now, device by device";
        Who "who" / "who" ["a"] "For whom it is";
        Leave "leave" ["esc" "q"] "Back to the line that is typed";
    }
    Window {
        WindowUp "window-up" ["up" "k"] "A line up";
        WindowDown "window-down" ["down" "j"] "A line down";
        WindowPageUp "window-page-up" ["pgup"] "A page up";
        WindowPageDown "window-page-down" ["pgdn" "space"] "A page down";
        WindowTop "window-top" ["home"] "The beginning of a text";
        WindowBottom "window-bottom" ["end"] "The end of a text";
        WindowChoose "window-choose" ["enter"] "Choose this one; close a text";
        WindowCopy "window-copy" ["y"] "Copy what a text is about";
        WindowDo "window-do" ["c"] "The QR code alone; of who is reachable: connect to everybody";
        WindowClose "window-close" ["esc" "ctrl+c" "q"] "Close it";
    }
    Question {
        Yes "yes" ["y" "shift+y"] "Yes";
        No "no" ["n" "shift+n" "esc" "ctrl+c"] "No";
        Other "other" ["d"] "The third answer, where there is one";
    }
}

/// What the vim keys add to those of the table: by the action's name, where they mean it, and which.
/// Two keys in a row are [elsewhere](two_keys). While a message is selected the keys of
/// [`Place::Selected`] come first.
const VIM: &[(&str, Place, &[&str])] = &[
    ("normal", Place::Input, &["esc", "ctrl+["]),
    ("insert", Place::Normal, &["i"]),
    ("append", Place::Normal, &["a"]),
    ("insert-start", Place::Normal, &["shift+i"]),
    ("insert-end", Place::Normal, &["shift+a"]),
    ("open-below", Place::Normal, &["o"]),
    ("open-above", Place::Normal, &["shift+o"]),
    ("word-end", Place::Normal, &["e"]),
    ("found-next", Place::Normal, &["n"]),
    ("found-previous", Place::Normal, &["shift+n"]),
    ("command", Place::Normal, &[":"]),
    ("select-up", Place::Normal, &["k", "up"]),
    ("select-down", Place::Normal, &["j", "down"]),
    ("bottom", Place::Normal, &["shift+g"]),
    ("page-up", Place::Normal, &["ctrl+u", "ctrl+b"]),
    ("page-down", Place::Normal, &["ctrl+d", "ctrl+f"]),
    ("line-up", Place::Normal, &["ctrl+y"]),
    ("line-down", Place::Normal, &["ctrl+e"]),
    ("search", Place::Normal, &["/"]),
    ("next-chat", Place::Normal, &["shift+j"]),
    ("previous-chat", Place::Normal, &["shift+k"]),
    ("send", Place::Normal, &["enter"]),
    ("left", Place::Normal, &["h", "left"]),
    ("right", Place::Normal, &["l", "right"]),
    ("line-start", Place::Normal, &["0"]),
    ("line-end", Place::Normal, &["$"]),
    ("word-left", Place::Normal, &["b"]),
    ("word-right", Place::Normal, &["w"]),
    ("delete-right", Place::Normal, &["x"]),
    ("delete-to-end", Place::Normal, &["shift+d"]),
    ("yank", Place::Normal, &["p"]),
    ("undo", Place::Normal, &["u"]),
    ("clear", Place::Normal, &["ctrl+c"]),
    ("visual", Place::Normal, &["v"]),
    ("select", Place::Normal, &["shift+v"]),
    ("visual-cut", Place::Visual, &["d", "x"]),
    ("visual-change", Place::Visual, &["c", "s"]),
    ("visual-copy", Place::Visual, &["y"]),
    ("visual-leave", Place::Visual, &["esc", "v", "ctrl+[", "ctrl+c"]),
    ("left", Place::Visual, &["h", "left"]),
    ("right", Place::Visual, &["l", "right"]),
    ("line-start", Place::Visual, &["0", "home"]),
    ("line-end", Place::Visual, &["$", "end"]),
    ("word-left", Place::Visual, &["b"]),
    ("word-right", Place::Visual, &["w"]),
    ("word-end", Place::Visual, &["e"]),
];

/// What two keys in a row mean in the normal mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Two {
    /// The first can be the first of two: what it means the next one says.
    First,
    /// Something that a key alone can mean as well.
    Act(Act),
    /// Something that is cut; and whether one types then.
    Cut(Act, bool),
    /// The line is cut; and whether one types then.
    CutLine(bool),
    /// A word is cut, and the blanks behind it.
    CutWord,
    /// The line is kept, to be put in again.
    CopyLine,
}

/// What the second of two keys means after the first, as vim has it; or whether a key is a first one.
pub fn two_keys(first: Option<char>, key: char) -> Option<Two> {
    let Some(first) = first else { return "gdcy".contains(key).then_some(Two::First) };
    let types = first == 'c';
    match (first, key) {
        ('g', 'g') => Some(Two::Act(Act::Top)),
        ('y', 'y') => Some(Two::CopyLine),
        ('d', 'd') | ('c', 'c') => Some(Two::CutLine(types)),
        ('d', 'w') => Some(Two::CutWord),
        ('c', 'w') => Some(Two::Cut(Act::DeleteWordRight, types)),
        ('d' | 'c', 'b') => Some(Two::Cut(Act::DeleteWordLeft, types)),
        ('d' | 'c', '$') => Some(Two::Cut(Act::DeleteToEnd, types)),
        ('d' | 'c', '0') => Some(Two::Cut(Act::DeleteToStart, types)),
        _ => None,
    }
}

/// The keys of [`two_keys`], for the help.
pub const TWO_KEYS: &[(&str, &str)] = &[
    ("gg", "The oldest message"),
    ("dd, cc", "Cut the line; with c, and type"),
    ("dw, db, d0, d$", "Cut a word, or to an end of the line; with c, and type"),
    ("yy", "Keep the line, to put it in elsewhere"),
];

/// Which keys there are before the config says anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keys {
    /// None.
    None,
    /// Those of the table.
    #[default]
    Default,
    /// Those of the table, and a normal mode as vim has it.
    Vim,
}

/// The line of the table with this name.
pub fn named(name: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.name == name)
}

/// The slash command with this word.
pub fn with_word(word: &str) -> Option<&'static Action> {
    let meant = match word {
        "msg" => "chat",
        "nick" => "rename",
        "delete" => "retract",
        "unread" => "unreads",
        "exit" => "quit",
        "save" => "export",
        other => other,
    };
    ACTIONS.iter().find(|action| action.word == Some(meant))
}

/// Which key does what.
#[derive(Clone, Debug)]
pub struct Keymap {
    bound: HashMap<(Place, Chord), Act>,
    /// The same in the order in which they were bound.
    of: Vec<(Act, Place, Chord)>,
    /// Whether there is a normal mode.
    pub is_vim: bool,
}

/// Why the keys of a config can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    /// There is no such action.
    #[error("there is no action {0:?}: `/help` and the manual list them")]
    NoAction(String),
    /// A key that is none.
    #[error("the key of {action:?}: {cause}")]
    NoKey {
        /// Of which action.
        action: String,
        /// What is wrong with it.
        cause: NoKey,
    },
}

impl Keymap {
    /// The keys that there are without a config, with those of a config over them: an action's name, and
    /// its keys. Where a list is empty, or has one empty key, the action has no key any more. A key that
    /// the config gives to one action is taken from others in the same place.
    pub fn new<'a>(
        keys: Keys,
        config: impl IntoIterator<Item = (&'a str, Vec<&'a str>)>,
    ) -> Result<Self, KeymapError> {
        let mut keymap = Self::empty();
        if keys != Keys::None {
            for action in ACTIONS {
                keymap.bind(action, action.place, action.keys)?;
            }
        }
        if keys == Keys::Vim {
            keymap.is_vim = true;
            for (name, place, keys) in VIM {
                let action = named(name).ok_or_else(|| no_action(name))?;
                keymap.bind(action, *place, keys)?;
            }
        }
        for (name, keys) in config {
            let action = named(name).ok_or_else(|| no_action(name))?;
            keymap.unbind(action);
            let keys: Vec<&str> = keys.into_iter().filter(|key| !key.is_empty()).collect();
            keymap.bind(action, action.place, &keys)?;
        }
        Ok(keymap)
    }

    fn empty() -> Self {
        Self { bound: HashMap::new(), of: Vec::new(), is_vim: false }
    }

    fn unbind(&mut self, action: &Action) {
        self.of.retain(|(act, ..)| *act != action.act);
        self.bound.retain(|_, act| *act != action.act);
    }

    fn bind(&mut self, action: &Action, place: Place, keys: &[&str]) -> Result<(), KeymapError> {
        for key in keys {
            let chord = key
                .parse()
                .map_err(|cause| KeymapError::NoKey { action: action.name.to_owned(), cause })?;
            self.bound.insert((place, chord), action.act);
            self.of.retain(|(_, of, known)| (*of, *known) != (place, chord));
            self.of.push((action.act, place, chord));
        }
        Ok(())
    }

    /// What a key does in a place.
    pub fn act(&self, place: Place, chord: Chord) -> Option<Act> {
        self.bound.get(&(place, chord)).copied()
    }

    /// The keys of an action, as they are shown, wherever they mean it.
    pub fn keys(&self, act: Act) -> Vec<String> {
        let mut keys = Vec::new();
        for (_, _, chord) in self.of.iter().filter(|(of, ..)| *of == act) {
            let key = chord.to_string();
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }

    /// The keys of an action in one place, as they are shown.
    pub fn keys_in(&self, place: Place, act: Act) -> Vec<String> {
        let is_it = |(of, at, _): &&(Act, Place, Chord)| (*of, *at) == (act, place);
        self.of.iter().filter(is_it).map(|(.., chord)| chord.to_string()).collect()
    }

    /// The first key of an action; where it has none, its name between brackets.
    pub fn key(&self, act: Act) -> String {
        let name = || ACTIONS.iter().find(|action| action.act == act).map_or("", |a| a.name);
        self.keys(act).into_iter().next().unwrap_or_else(|| format!("[{}]", name()))
    }

    /// Which of the keys of an action this is, counted from 0.
    pub fn nth(&self, act: Act, chord: Chord) -> Option<usize> {
        self.of.iter().filter(|(of, ..)| *of == act).position(|(.., known)| *known == chord)
    }
}

impl Default for Keymap {
    fn default() -> Self {
        // The table is ours, and a test reads all of it.
        Self::new(Keys::Default, []).unwrap_or(Self::empty())
    }
}

fn no_action(name: &str) -> KeymapError {
    KeymapError::NoAction(chinwag_text::safe::short(name, 40))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_table_is_one_and_means_one_thing_in_its_place() {
        let keymap = Keymap::new(Keys::Default, []).unwrap();
        let all: usize = ACTIONS.iter().map(|action| action.keys.len()).sum();
        assert_eq!(keymap.of.len(), all);
        // Where something is typed, both places mean something: none may hide the other.
        for ((place, chord), act) in &keymap.bound {
            if *place == Place::Input {
                assert_eq!(keymap.act(Place::Everywhere, *chord), None, "{chord} ({act:?})");
            }
        }
    }

    #[test]
    fn names_and_words_are_met_once() {
        for (n, action) in ACTIONS.iter().enumerate() {
            for other in &ACTIONS[n + 1..] {
                assert_ne!(action.name, other.name);
                assert_ne!(action.act, other.act);
                assert!(action.word.is_none() || action.word != other.word);
            }
        }
    }

    #[test]
    fn a_config_gives_keys_takes_them_and_hands_them_on() {
        let config = [("switch", vec!["ctrl+k"]), ("help", vec![""])];
        let keymap = Keymap::new(Keys::Default, config).unwrap();
        let key = |written: &str| written.parse::<Chord>().unwrap();
        assert_eq!(keymap.act(Place::Everywhere, key("ctrl+k")), Some(Act::Switch));
        assert_eq!(keymap.act(Place::Everywhere, key("ctrl+p")), None);
        assert_eq!(keymap.act(Place::Everywhere, key("f1")), None);
        assert!(keymap.keys(Act::Help).is_empty());
        let error = Keymap::new(Keys::Default, [("halp", vec!["f1"])]).unwrap_err();
        assert!(error.to_string().contains("halp"), "{error}");
    }
}
