//! Tickets to groups: made, listed, taken back, and used.

use chinwag_api::error::{ApiError, Kind};
use chinwag_api::method::{CreateGroupTicket, Nothing, OneGroup, OneGroupTicket, UseGroupTicket};
use chinwag_api::model;
use chinwag_core::ids::{ConversationId, EntryId};
use chinwag_core::input::Command;
use chinwag_core::membership::GroupTicket;
use chinwag_core::output::Answer;
use chinwag_core::ticket::{Ticket, TicketError};
use chinwag_core::time::Wall;

use super::{Api, contacts, groups, unexpected};
use crate::node_thread::View;
use crate::shared::Shared;
use crate::{ids, people, time};

pub(super) async fn create(
    api: Api,
    params: CreateGroupTicket,
) -> Result<model::GroupTicket, ApiError> {
    let addresses = contacts::own_addresses(&api).await;
    let CreateGroupTicket { group, expires_in_s } = params;
    let make = move |view: &View<'_>| {
        let group = groups::meant(view, &group)?;
        Ok(Command::MakeTicket { group, lifetime_s: expires_in_s, addresses })
    };
    match api.node.order(make).await? {
        Answer::GroupTicket(ticket) => Ok(model::GroupTicket {
            ticket: ticket.to_text(),
            qr: ticket.to_qr_text(),
            id: ids::group_ticket(ticket.ticket),
            group: ids::conversation(ticket.group),
            expires_at: ends(ticket.expires_s),
        }),
        other => Err(unexpected(&other)),
    }
}

/// When a ticket ends that ends then, in seconds since the Unix epoch.
fn ends(expires_s: u32) -> Option<String> {
    (expires_s != 0).then(|| time::written(Wall::new(u64::from(expires_s) * 1_000)))
}

pub(super) async fn list(
    api: Api,
    params: OneGroup,
) -> Result<Vec<model::OpenGroupTicket>, ApiError> {
    api.node
        .look(move |view| {
            let id = groups::meant(view, &params.group)?;
            let open = view.node.open_tickets(id, view.now).into_iter();
            let told = open.map(|open| model::OpenGroupTicket {
                id: ids::group_ticket(open.ticket),
                by: open.by.map(ids::account),
                by_name: open.by.map(|by| people::name(view, by)),
                joined: u64::try_from(open.joined).unwrap_or(u64::MAX),
                expires_at: ends(open.expires_s),
            });
            Ok(told.collect())
        })
        .await
}

pub(super) async fn revoke(api: Api, params: OneGroupTicket) -> Result<Nothing, ApiError> {
    let revoke = move |view: &View<'_>| {
        let group = groups::meant(view, &params.group)?;
        let ticket = good(view, group, &params.ticket)?;
        Ok(Command::RevokeTicket { group, ticket })
    };
    api.node.order(revoke).await?;
    Ok(Nothing {})
}

/// The ticket that somebody means by its id, or the beginning of that; also one that has expired, which the
/// list leaves out.
fn good(view: &View<'_>, group: ConversationId, typed: &str) -> Result<EntryId, ApiError> {
    let state = view.node.group(group);
    let tickets = state.into_iter().flat_map(|state| state.tickets.keys().copied());
    let typed = typed.trim().to_ascii_lowercase();
    let is_meant = |ticket: &EntryId| ids::group_ticket(*ticket).starts_with(&typed);
    let found: Vec<EntryId> = tickets.filter(is_meant).collect();
    match found.as_slice() {
        [ticket] if typed.len() > ids::GROUP_TICKET.len() => Ok(*ticket),
        [_, _, ..] if typed.len() > ids::GROUP_TICKET.len() => {
            Err(ApiError::new(Kind::Ambiguous, "several tickets to the group begin so"))
        }
        _ => Err(ApiError::new(
            Kind::NotFound,
            "there is no such ticket to this group, or it was revoked",
        )
        .hint("chinwag group tickets GROUP lists those there are")),
    }
}

pub(super) async fn take(
    api: Api,
    params: UseGroupTicket,
) -> Result<model::GroupJoining, ApiError> {
    let ticket: GroupTicket = params.ticket.parse().map_err(|error: TicketError| {
        if params.ticket.parse::<Ticket>().is_ok() {
            ApiError::new(Kind::Usage, "this is a ticket of a person, not to a group")
                .hint("make them a contact: chinwag add TICKET")
        } else {
            ApiError::new(Kind::Usage, error.to_string())
        }
    })?;
    let known = ticket.clone();
    api.node.order(move |_: &View<'_>| Ok(Command::UseTicket(ticket))).await?;
    let shared = api.shared.clone();
    api.node.look(move |view| Ok(joining(view, &shared, &known))).await
}

pub(super) async fn joinings(api: Api, _: Nothing) -> Result<Vec<model::GroupJoining>, ApiError> {
    let shared = api.shared.clone();
    api.node
        .look(move |view| {
            people::own(view)?;
            let tickets = view.node.tickets_to_groups();
            Ok(tickets.map(|ticket| joining(view, &shared, ticket)).collect())
        })
        .await
}

fn joining(view: &View<'_>, shared: &Shared, ticket: &GroupTicket) -> model::GroupJoining {
    let state = view.node.group(ticket.group);
    let own = view.node.account();
    let joined = state.is_some_and(|state| own.is_some_and(|own| state.role(own).is_some()));
    let attempts = shared.ledger().of(ticket.device);
    let connected = view.node.connected_devices().contains(&ticket.device);
    let cause = attempts.cause();
    let (reason, text) = match cause {
        _ if joined => (None, "we are in".to_owned()),
        _ if ticket.is_expired(view.now) => {
            (Some("ticketExpired"), "the ticket has ended: ask for another".to_owned())
        }
        Some(cause) if cause.reason == "ticketNotGood" => (Some(cause.reason), cause.text.clone()),
        // Whom they know anyway they do not turn away.
        _ if connected => (
            Some("notLetIn"),
            "the device that it leads to is connected and has not let us in: the ticket was revoked, has \
             ended or is not known there yet, or we were removed"
                .to_owned(),
        ),
        Some(cause) => (Some(cause.reason), cause.text.clone()),
        None => (None, "the device that it leads to is looked for".to_owned()),
    };
    model::GroupJoining {
        group: ids::conversation(ticket.group),
        name: state.and_then(|state| state.name.as_ref()).map(|name| name.as_str().to_owned()),
        joined,
        by: ids::account(ticket.account),
        device: ids::device(ticket.device),
        expires_at: ends(ticket.expires_s),
        reason: reason.map(str::to_owned),
        text,
    }
}
