//! What happens, in a line each.

use chinwag_api::event::{Event, What};
use chinwag_api::model::Message;

use super::message::{self, Style};
use super::people::name;
use crate::output;

/// An event as a line. `None`: there is nothing to say of it to a person.
pub(crate) fn line(event: &Event, style: &Style) -> Option<String> {
    let time = style.clock.time_of_day(&event.at);
    let say = |words: String| Some(format!("{}{words}", style.paint.dim(&format!("{time}  "))));
    match &event.what {
        What::Message { message } => Some(said(message, &time, style)),
        What::MessageChanged { message } => {
            Some(format!("{} (changed)", said(message, &time, style)))
        }
        What::MessageState { through, state, .. } => {
            say(format!("{} up to {}", message::state(*state), super::id(through, style.whole_ids)))
        }
        What::Contact { contact } => say(super::people::contact(contact)),
        What::Request { request } => say(format!(
            "{} would like to become a contact: {}",
            name(&request.name),
            output::short(&request.text, 200)
        )),
        What::GroupInvitation { invitation } => say(format!(
            "{} invites you to the group {}: chinwag group invitations",
            name(&invitation.by_name),
            name(&invitation.name)
        )),
        What::Fork { device, .. } => say(format!(
            "A device wrote two things at one place, and what it writes from there on does not count: {}",
            super::id(device, style.whole_ids)
        )),
        What::Retired { old, new } => say(format!(
            "This device had been copied; it goes on as {} instead of {}",
            super::id(new, style.whole_ids),
            super::id(old, style.whole_ids)
        )),
        What::Gap { .. } => say("Older events are not kept any more; some are missing here".into()),
        What::Peer { name: who, connected, .. } => {
            say(format!("{} is {}", name(who), if *connected { "connected" } else { "away" }))
        }
        What::Classroom { conversation, message: Some(message) } if !message.author.is_me => {
            say(format!(
                "Classroom, not private: {}: {}",
                output::one_line(&conversation.name),
                output::one_line(message.text.as_deref().unwrap_or_default())
            ))
        }
        What::Classroom { .. }
        | What::ClassroomChanged {}
        | What::ConversationRead { .. }
        | What::ConversationNotify { .. }
        | What::Typing { .. }
        | What::Unknown => None,
    }
}

fn said(said: &Message, time: &str, style: &Style) -> String {
    let id = super::id(&said.id, style.whole_ids);
    // What was said before is not looked at here.
    message::row(said, &format!("{time}  {id}  "), |_| false, style)
}

#[cfg(test)]
mod tests {
    use super::super::message::tests::{message, style};
    use super::*;

    fn event(what: What) -> Event {
        Event { cursor: None, at: "2026-11-26T10:03:00Z".into(), what }
    }

    #[test]
    fn a_message_is_a_line_with_its_id() {
        let event = event(What::Message { message: message("Ana", "hi") });
        assert_eq!(line(&event, &style()).unwrap(), "10:03  msg_abcdefghij  Ana: hi");
    }

    #[test]
    fn what_a_person_need_not_know_is_left_out() {
        assert_eq!(line(&event(What::Unknown), &style()), None);
    }
}
