//! `invite`, `invites` and `add`: how two people come to know each other.

use std::collections::BTreeSet;
use std::time::Duration;

use chinwag_api::event::What;
use chinwag_api::method::{
    AccountCard, AddContact, ContactAdd, ContactList, CreateInvite, GroupUseTicket, InviteCreate,
    InviteList, InviteRevoke, Method as _, Nothing, OneInvite, UseGroupTicket,
};
use chinwag_api::model::{Contact, ContactState, Id};
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};
use tokio::time::timeout;

use super::{ask_list, done, group, understood};
use crate::args::Json;
use crate::args::people::{Add, Invite, Invites};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::node::{Heard, Need, Node, with};
use crate::output;
use crate::show;
use crate::terminal::input;

/// Bytes of standard input in which a ticket may stand.
const TICKET_MAX: usize = 16 * 1_024;

pub(super) async fn invite(context: &Context, args: Invite) -> Result<Exit, Failure> {
    if args.card {
        return card(context, &args).await;
    }
    with(context, Need::Account, async |node| {
        let known = known(node).await?;
        let mut heard = node.hear(None).await?;
        let params = CreateInvite { reusable: args.reusable, expires_in_s: args.expires };
        let raw = node.raw::<InviteCreate>(params).await?;
        let ticket = understood::<InviteCreate>(raw.clone())?;
        let line =
            if args.json.json { output::json(&raw) } else { output::one_line(&ticket.ticket) };
        output::say_done(done(InviteCreate::NAME), &line).map_err(|failure| {
            failure.hint("`chinwag invites` lists it, and takes it back with --revoke")
        })?;
        if args.qr {
            draw(context, &ticket.qr, args.json)?;
        }
        context.remark(&format!("chinwag: {}", show::people::ticket(&ticket, &context.style())));
        if args.wait {
            context.remark("chinwag: waiting for somebody to use it; Ctrl-C ends the waiting");
            let is_new = |contact: &Contact| !known.contains(&contact.id);
            let contact = new_contact(node, &mut heard, is_new).await?;
            context.remark(&format!("chinwag: {}", show::people::contact(&contact)));
        } else if node.is_here() {
            context.remark(
                "chinwag: nobody can use it while nothing of ours runs: see --wait and `chinwag daemon`",
            );
        }
        Ok(Exit::Done)
    })
    .await
}

async fn card(context: &Context, args: &Invite) -> Result<Exit, Failure> {
    with(context, Need::Account, async |node| {
        let raw = node.raw::<AccountCard>(Nothing {}).await?;
        if args.json.json {
            output::say(&output::json(&raw))?;
        }
        let card = understood::<AccountCard>(raw)?;
        if !args.json.json {
            output::say(&output::one_line(&card.card))?;
        }
        if args.qr {
            draw(context, &card.qr, args.json)?;
        }
        context.remark(
            "chinwag: a card holds no secret: whoever uses it asks you first, see `chinwag requests`",
        );
        if node.is_here() {
            context.remark(
                "chinwag: nobody can ask while nothing of ours runs: see `chinwag daemon`",
            );
        }
        Ok(Exit::Done)
    })
    .await
}

/// Draws a line as a QR code; beside JSON it goes to standard error.
pub(super) fn draw(context: &Context, line: &str, json: Json) -> Result<(), Failure> {
    let qr = drawn(line, context.style().paint.is_on)?;
    if json.json {
        output::remark(&qr);
    } else {
        output::say(&qr)?;
    }
    Ok(())
}

async fn known(node: &Node) -> Result<BTreeSet<Id>, Failure> {
    let contacts = node.call::<ContactList>(Nothing {}).await?;
    Ok(contacts.into_iter().filter(is_contact).map(|contact| contact.id).collect())
}

fn is_contact(contact: &Contact) -> bool {
    contact.state == ContactState::Contact
}

/// The next one of these who becomes a contact.
async fn new_contact(
    node: &Node,
    heard: &mut Heard,
    is_it: impl Fn(&Contact) -> bool,
) -> Result<Contact, Failure> {
    loop {
        let Some(event) = heard.next().await else {
            node.hear_on(heard).await?;
            continue;
        };
        match event.what {
            What::Contact { contact } if is_contact(&contact) && is_it(&contact) => {
                return Ok(contact);
            }
            _ => {}
        }
    }
}

/// A text as a QR code of half blocks. Where there are colours it is black on white, as readers
/// expect it; elsewhere it is made for a dark terminal.
fn drawn(text: &str, is_coloured: bool) -> Result<String, Failure> {
    // Capitals take less room, and a ticket is the same in them.
    let text = text.to_ascii_uppercase();
    let code = QrCode::with_error_correction_level(text, EcLevel::L)
        .map_err(|error| Failure::new(Exit::Limit, error))?;
    let mut renderer = code.render::<Dense1x2>();
    // `Dense1x2::Dark` is what is drawn, and `Light` what is left blank.
    if !is_coloured {
        return Ok(renderer.dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build());
    }
    let rows = renderer.dark_color(Dense1x2::Dark).light_color(Dense1x2::Light).build();
    let rows = rows.lines().map(|row| format!("\u{1b}[30;107m{row}\u{1b}[0m"));
    Ok(rows.collect::<Vec<_>>().join("\n"))
}

pub(super) async fn invites(context: &Context, args: Invites) -> Result<Exit, Failure> {
    let Some(invite) = args.revoke else {
        let style = context.style();
        let words = |invites: &Vec<_>| show::people::invites(invites, &style);
        return ask_list::<InviteList>(context, Nothing {}, args.list, words).await;
    };
    let json = Json { json: args.list.json };
    super::ask::<InviteRevoke>(context, OneInvite { invite }, json, |_| "It was taken back.".into())
        .await
}

pub(super) async fn add(context: &Context, args: Add) -> Result<Exit, Failure> {
    let ticket = if args.ticket == "-" {
        let too_long = || Failure::saying(Exit::Limit, "standard input is longer than a ticket is");
        input::text(TICKET_MAX, too_long)?
    } else {
        args.ticket
    };
    let ticket = ticket.trim().to_owned();
    with(context, Need::Account, async |node| {
        let mut heard = node.hear(None).await?;
        if args.called.is_none() && args.text.is_none() {
            // One box to paste into is enough for both.
            let params = UseGroupTicket { ticket: ticket.clone() };
            match node.call::<GroupUseTicket>(params).await {
                Ok(joining) => {
                    let (timeout_s, json) = (args.timeout, args.json);
                    return group::let_in(context, node, &mut heard, joining, timeout_s, json).await;
                }
                Err(failure) if failure.exit == Exit::Usage => {}
                Err(failure) => return Err(failure),
            }
        }
        let params = AddContact { ticket, called: args.called, text: args.text };
        let added = node.call::<ContactAdd>(params).await?;
        let contact = if is_contact(&added) || args.timeout == 0 {
            added
        } else {
            context.remark(&format!("chinwag: reaching them, for up to {} s...", args.timeout));
            let answered = new_contact(node, &mut heard, |contact| contact.id == added.id);
            match timeout(Duration::from_secs(args.timeout), answered).await {
                Ok(answered) => answered?,
                Err(_) => added,
            }
        };
        let said = if args.json.json {
            let raw = serde_json::to_value(&contact)
                .map_err(|error| Failure::new(Exit::Internal, error))?;
            output::json(&raw)
        } else {
            show::people::contact(&contact)
        };
        output::say_done(done(ContactAdd::NAME), &said)?;
        if !is_contact(&contact) {
            context.remark(
                "chinwag: it is kept, and tried again whenever chinwag runs here and there; with a card \
                 they have to accept",
            );
        }
        Ok(Exit::Done)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_qr_code_is_square_and_has_its_own_colours_where_there_are_any() {
        let plain = drawn("ticket", false).unwrap();
        let widths: Vec<usize> = plain.lines().map(|row| row.chars().count()).collect();
        assert!(widths.iter().all(|&width| width == widths[0]), "{plain}");
        assert_eq!(widths[0].div_ceil(2), widths.len());
        let coloured = drawn("ticket", true).unwrap();
        assert!(coloured.lines().all(|row| row.starts_with("\u{1b}[30;107m")));
    }

    #[test]
    fn the_quiet_zone_of_a_qr_code_is_the_lighter_side() {
        let plain = drawn("ticket", false).unwrap();
        assert!(plain.lines().next().unwrap().chars().all(|c| c == '█'), "{plain}");
        let coloured = drawn("ticket", true).unwrap();
        let first = coloured.lines().next().unwrap();
        let first =
            first.strip_prefix("\u{1b}[30;107m").unwrap().strip_suffix("\u{1b}[0m").unwrap();
        assert!(first.chars().all(|c| c == ' '), "black is written on white: {coloured}");
    }

    #[test]
    fn more_than_a_qr_code_holds_is_over_a_limit() {
        assert_eq!(drawn(&"x".repeat(5_000), false).unwrap_err().exit, Exit::Limit);
    }
}
