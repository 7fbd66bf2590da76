//! Groups on the screen: who is in one, who invites us, who reads, and what was done.

use chinwag_api::event::What;
use chinwag_api::model::{Conversation, GroupInvitation, GroupRole, GroupStanding, Message};
use chinwag_tui::msg::{Part, Tag};
use chinwag_tui::theme::Theme;
use serde_json::{Value, json};

use crate::harness::{Desk, chat, message, talk};

/// The group that Ana began.
fn choir() -> Conversation {
    let standing = GroupStanding {
        topic: "Tuesdays at eight".into(),
        role: Some(GroupRole::Owner),
        joined: true,
        members: 3,
    };
    Conversation {
        kind: "group".into(),
        contact: "conv_Choir".into(),
        group: Some(standing),
        ..chat("Choir")
    }
}

fn said(n: u32, author: &str, kind: &str, text: &str) -> Message {
    let said = message(n, author, text);
    Message { conversation: "conv_Choir".into(), kind: kind.into(), ..said }
}

fn member(name: &str, role: &str, joined: bool) -> Value {
    json!({ "id": format!("ctc_{name}"), "name": name, "isMe": name == "Ana", "isContact": true,
        "role": role, "joined": joined, "connected": name != "Cleo", "lastHeardAt": null })
}

/// All that is told of it.
pub(crate) fn described(change: &Value) -> Value {
    json!({ "conversation": choir(), "audienceChange": change,
        "members": [member("Ana", "owner", true), member("Bob", "admin", true),
            member("Cleo", "member", false)] })
}

/// Ana, in her group.
pub(crate) fn in_a_group(theme: Theme) -> Desk {
    let mut desk = Desk::of_ana(theme, &talk(1..3));
    desk.answer(Tag::Conversations, json!([choir(), chat("Bob")]));
    desk.types("/chat Choir");
    desk.press("Enter");
    let messages = [
        said(1, "You", "membership", "began the group \"Choir\""),
        said(2, "You", "membership", "let Bob in"),
        said(3, "Bob", "membership", "joined"),
        said(4, "Bob", "text", "when do we meet?"),
    ];
    let page = Tag::Page { conversation: "conv_Choir".into(), part: Part::Newest };
    desk.answer(page, json!({ "messages": messages, "next": null }));
    desk
}

#[test]
fn what_was_done_in_a_group_stands_in_words_and_is_nothing_unread() {
    let mut desk = in_a_group(Theme::TERMINAL);
    let screen = desk.screen(80, 24);
    for words in ["began the group \"Choir\"", "let Bob in", "joined", "when do we meet?"] {
        assert!(screen.contains(words), "{words}: {screen}");
    }
    desk.types("/chat Bob");
    desk.press("Enter");
    desk.hear(What::Message { message: said(5, "Bob", "membership", "let Cleo in") });
    assert!(!desk.screen(80, 24).contains("1 unread"));
}

#[test]
fn who_reads_now_and_did_not_when_one_wrote_last_is_said_where_one_writes() {
    let mut desk = in_a_group(Theme::TERMINAL);
    assert_eq!(desk.asked("group.show")["group"], "conv_Choir");
    desk.answer(Tag::Readers, described(&json!({ "added": ["Cleo"], "removed": ["Dan"] })));
    let screen = desk.screen(80, 24);
    assert!(
        screen.contains("since you last wrote here: Cleo can read it too; Dan no longer"),
        "{screen}"
    );
}

#[test]
fn a_group_is_begun_kept_and_left_by_the_words_of_the_command_line() {
    let mut desk = in_a_group(Theme::TERMINAL);
    let mut typed = |line: &str| {
        desk.types(line);
        desk.press("Enter");
    };
    typed("/group create \"Book club\" Bob \"Cleo of Rome\"");
    typed("/group invite Dan");
    typed("/group admin Bob");
    typed("/group topic Mondays at nine");
    typed("/group remove Bob --yes");
    typed("/group join Reading");
    assert_eq!(desk.asked("group.create")["name"], "Book club");
    assert_eq!(desk.asked("group.create")["contacts"], json!(["Bob", "Cleo of Rome"]));
    assert_eq!(desk.asked("group.invite")["contacts"], json!(["Dan"]));
    assert_eq!(desk.asked("group.setRole")["role"], "admin");
    assert_eq!(desk.asked("group.change")["topic"], "Mondays at nine");
    assert_eq!(desk.asked("group.remove")["member"], "Bob");
    assert_eq!(desk.asked("group.join")["group"], "Reading");
    // What can't be taken back is asked first.
    desk.types("/group leave");
    desk.press("Enter");
    assert!(desk.screen(80, 24).contains("Leave this group?"));
    assert!(!desk.has_asked("group.leave"));
    desk.press("y");
    assert_eq!(desk.asked("group.leave")["group"], "conv_Choir");
}

#[test]
fn an_invitation_is_said_and_a_name_in_it_obeys_no_terminal() {
    let mut desk = in_a_group(Theme::TERMINAL);
    let invitation = GroupInvitation {
        group: "conv_Evil".into(),
        name: "x\u{1b}[31m".into(),
        by: "ctc_Bob".into(),
        by_name: "Bob".into(),
        received_at: "2026-11-26T11:00:00Z".into(),
    };
    desk.hear(What::GroupInvitation { invitation: invitation.clone() });
    let screen = desk.screen(80, 24);
    assert!(
        screen.contains("Bob invites you to the group x") && !screen.contains('\u{1b}'),
        "{screen}"
    );
    desk.types("/groups");
    desk.press("Enter");
    desk.answer(Tag::Invitations { is_shown: true }, json!([invitation]));
    let screen = desk.screen(80, 24);
    assert!(screen.contains("/group join NAME") && screen.contains("Choir"), "{screen}");
}

#[test]
fn what_is_for_a_group_is_refused_elsewhere_and_nothing_is_sent() {
    let mut desk = Desk::of_ana(Theme::TERMINAL, &talk(1..3));
    desk.types("/group invite Bob");
    desk.press("Enter");
    assert!(desk.screen(80, 24).contains("open a group first"));
    assert!(!desk.has_asked("group.invite") && !desk.has_asked("message.send"));
}

#[test]
fn a_key_says_for_whom_a_message_is() {
    let mut desk = in_a_group(Theme::TERMINAL);
    desk.press("Up");
    desk.press("a");
    assert_eq!(desk.asked("message.audience")["id"], "msg_4");
    let reader = |name: &str, is_member: bool| {
        json!({ "id": format!("ctc_{name}"), "name": name, "isMe": false,
            "devices": ["dev_1", "dev_2"], "isMember": is_member, "state": null })
    };
    let audience = json!({ "message": said(4, "Bob", "text", "when do we meet?"), "recorded": true,
        "readers": [reader("Ana", true), reader("Dan", false)] });
    desk.answer(Tag::Audience, audience);
    let screen = desk.screen(80, 24);
    assert!(screen.contains("Dan: 2 devices, not in it any more"), "{screen}");
}
