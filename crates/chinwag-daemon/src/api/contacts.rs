//! Whom we know, whom we invite, and who asks.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chinwag_api::error::{ApiError, Kind};
use chinwag_api::method::{
    AddContact, CreateInvite, Nothing, OneContact, OneInvite, RenameContact, VerifyContact,
};
use chinwag_api::model::{self, Contact};
use chinwag_core::ids::AccountId;
use chinwag_core::input::Command;
use chinwag_core::membership::GroupTicket;
use chinwag_core::output::Answer;
use chinwag_core::ticket::{Address, Ticket};
use chinwag_core::time::Wall;
use chinwag_core::wire::limits::ADDRESSES_MAX;
use chinwag_crypto::SafetyNumber;
use tokio::time::{Instant, sleep};

use super::{Api, unexpected};
use crate::alike::Alike;
use crate::node_thread::View;
use crate::refusals::no_account;
use crate::{ids, people, time};

/// How long accepting waits for what somebody is called, and how often it looks.
const NAME_WAIT: Duration = Duration::from_secs(2);
const NAME_LOOK: Duration = Duration::from_millis(20);

/// Where we may be found now.
pub(super) async fn own_addresses(api: &Api) -> Vec<Address> {
    let Some(network) = api.shared.network() else { return Vec::new() };
    // A ticket without the relay in use would lead nowhere for many.
    network.until_at_relay().await;
    let known = network.addresses();
    known.into_iter().take(ADDRESSES_MAX).collect()
}

pub(super) async fn card(api: Api, _: Nothing) -> Result<model::Card, ApiError> {
    let addresses = own_addresses(&api).await;
    api.node
        .look(move |view| {
            let account = people::own(view)?;
            let device = view.node.device().ok_or_else(no_account)?;
            let card = Ticket::card(account, device, addresses);
            Ok(model::Card { card: card.to_text(), qr: card.to_qr_text() })
        })
        .await
}

pub(super) async fn invite(api: Api, params: CreateInvite) -> Result<model::Ticket, ApiError> {
    let addresses = own_addresses(&api).await;
    let (is_reusable, lifetime_s) = (params.reusable, params.expires_in_s);
    let invite = move |_: &View<'_>| Ok(Command::Invite { is_reusable, lifetime_s, addresses });
    match api.node.order(invite).await? {
        Answer::Ticket(ticket) => Ok(model::Ticket {
            ticket: ticket.to_text(),
            qr: ticket.to_qr_text(),
            invite: ids::invite(&ticket.secret),
            reusable: is_reusable,
            expires_at: (ticket.expires_s != 0)
                .then(|| time::written(Wall::new(u64::from(ticket.expires_s) * 1_000))),
        }),
        other => Err(unexpected(&other)),
    }
}

pub(super) async fn invites(api: Api, _: Nothing) -> Result<Vec<model::Invite>, ApiError> {
    api.node
        .look(|view| {
            let invites = view.node.invites().map(|invite| model::Invite {
                id: ids::invite(&invite.secret),
                reusable: invite.is_reusable,
                expires_at: invite.expires.map(time::written),
            });
            Ok(invites.collect())
        })
        .await
}

pub(super) async fn revoke_invite(api: Api, params: OneInvite) -> Result<Nothing, ApiError> {
    api.node
        .order(move |view| {
            let mut invites = view.node.invites();
            let found = invites.find(|invite| ids::invite(&invite.secret) == params.invite);
            let missing = || ApiError::new(Kind::NotFound, "there is no such invite");
            found.map(|invite| Command::Uninvite(invite.secret)).ok_or_else(missing)
        })
        .await?;
    Ok(Nothing {})
}

pub(super) async fn list(api: Api, _: Nothing) -> Result<Vec<Contact>, ApiError> {
    let shared = api.shared.clone();
    api.node.look(move |view| people::everybody(view, &shared)).await
}

pub(super) async fn add(api: Api, params: AddContact) -> Result<Contact, ApiError> {
    let ticket: Ticket =
        params.ticket.parse().map_err(|error: chinwag_core::ticket::TicketError| {
            let answer = ApiError::new(Kind::Usage, error.to_string());
            match params.ticket.parse::<GroupTicket>() {
                Ok(_) => ApiError::new(Kind::Usage, "this is a ticket to a group, not of a person")
                    .hint("join it: chinwag group join TICKET"),
                Err(_) => answer,
            }
        })?;
    let called = params.called.as_deref().map(people::typed_name).transpose()?;
    let account = ticket.account;
    let add = match params.text {
        None => Command::Redeem(ticket),
        Some(text) if ticket.is_card() => {
            let Ticket { device, addresses, .. } = ticket;
            Command::Ask { account, device, addresses, text }
        }
        Some(_) => {
            let sentence = "this ticket is an invitation: nobody has to be asked";
            return Err(ApiError::new(Kind::Usage, sentence).hint("use it without a text"));
        }
    };
    let add = move |_: &View<'_>| {
        let call = called.map(|called| Command::Call(account, Some(called)));
        Ok([add].into_iter().chain(call).collect())
    };
    api.node.order_all(add).await?;
    described(&api, account).await
}

pub(super) async fn rename(api: Api, params: RenameContact) -> Result<Contact, ApiError> {
    let called = params.name.as_deref().map(people::typed_name).transpose()?;
    change(&api, params.contact, move |account| Command::Call(account, called)).await
}

pub(super) async fn block(api: Api, params: OneContact) -> Result<Contact, ApiError> {
    let find = |view: &View<'_>, who: &str| people::meant_or_asking(view, who);
    change_of(&api, params.contact, find, |account| Command::Block(account, true)).await
}

pub(super) async fn unblock(api: Api, params: OneContact) -> Result<Contact, ApiError> {
    change(&api, params.contact, |account| Command::Block(account, false)).await
}

pub(super) async fn verify(api: Api, params: VerifyContact) -> Result<Contact, ApiError> {
    change(&api, params.contact, move |account| Command::Verify(account, params.verified)).await
}

pub(super) async fn safety_number(
    api: Api,
    params: OneContact,
) -> Result<model::SafetyNumber, ApiError> {
    let shared = api.shared.clone();
    api.node
        .look(move |view| {
            let (own, account) = (people::own(view)?, people::meant(view, &params.contact)?);
            let number = SafetyNumber::of(own.key(), account.key());
            let digits: Vec<char> = number.digits().chars().filter(char::is_ascii_digit).collect();
            let groups = digits.chunks(5).map(|group| group.iter().collect()).collect();
            Ok(model::SafetyNumber { contact: people::described(view, &shared, account)?, groups })
        })
        .await
}

pub(super) async fn requests(api: Api, _: Nothing) -> Result<Vec<model::Request>, ApiError> {
    api.node
        .look(|view| {
            let alike = Alike::of(view);
            Ok(view.node.requests().map(|asks| request(asks, &alike)).collect())
        })
        .await
}

/// A request as it is told.
pub(super) fn request(request: &chinwag_core::store::Request, alike: &Alike) -> model::Request {
    model::Request {
        id: ids::account(request.account),
        name: request.name.as_str().to_owned(),
        text: request.text.clone(),
        received_at: time::written(request.received),
        looks_like: alike.to(request.account, request.name.as_str()),
    }
}

pub(super) async fn accept(api: Api, params: OneContact) -> Result<Contact, ApiError> {
    let who = params.contact.clone();
    let asked = api.node.look(move |view| {
        let account = people::asking(view, &who)?;
        let request = view.node.requests().find(|request| request.account == account);
        Ok(request.map(|request| request.name.as_str().to_owned()))
    });
    let asked = asked.await?;
    let asking = |view: &View<'_>, who: &str| people::asking(view, who);
    let accepted = change_of(&api, params.contact, asking, Command::Accept).await?;
    match once_named(&api, accepted).await? {
        named if named.own_name.is_some() => Ok(named),
        away => called_as_asked(&api, away.id, asked).await,
    }
}

/// What there is to say of somebody, once their device has said what they are called; or as it is when
/// it does not come. No event tells of that name.
async fn once_named(api: &Api, mut contact: Contact) -> Result<Contact, ApiError> {
    let until = Instant::now() + NAME_WAIT;
    while contact.own_name.is_none() && Instant::now() < until {
        sleep(NAME_LOOK).await;
        contact = described_by(api, contact.id).await?;
    }
    Ok(contact)
}

/// Calls somebody who is away what their request says, if nobody else is called so.
async fn called_as_asked(
    api: &Api,
    id: String,
    asked: Option<String>,
) -> Result<Contact, ApiError> {
    let who = id.clone();
    let call = move |view: &View<'_>| {
        let account = people::meant(view, &who)?;
        let name = asked.and_then(|name| people::typed_name(&name).ok());
        let free = name.filter(|name| people::meant(view, name.as_str()).is_err());
        Ok(free.map(|name| Command::Call(account, Some(name))).into_iter().collect())
    };
    api.node.order_all(call).await?;
    described_by(api, id).await
}

async fn described_by(api: &Api, id: String) -> Result<Contact, ApiError> {
    let shared = api.shared.clone();
    api.node.look(move |view| people::described(view, &shared, people::meant(view, &id)?)).await
}

pub(super) async fn decline(api: Api, params: OneContact) -> Result<Nothing, ApiError> {
    api.node.order(move |view| people::asking(view, &params.contact).map(Command::Decline)).await?;
    Ok(Nothing {})
}

/// Gives a command about somebody, and tells what is held of them then.
async fn change(
    api: &Api,
    who: String,
    command: impl FnOnce(AccountId) -> Command + Send + 'static,
) -> Result<Contact, ApiError> {
    change_of(api, who, |view: &View<'_>, who: &str| people::meant(view, who), command).await
}

/// The same, with another way to find out who is meant.
async fn change_of(
    api: &Api,
    who: String,
    find: impl FnOnce(&View<'_>, &str) -> Result<AccountId, ApiError> + Send + 'static,
    command: impl FnOnce(AccountId) -> Command + Send + 'static,
) -> Result<Contact, ApiError> {
    let meant = Arc::new(OnceLock::new());
    let found = Arc::clone(&meant);
    let change = move |view: &View<'_>| {
        let account = find(view, &who)?;
        Ok(command(*found.get_or_init(|| account)))
    };
    api.node.order(change).await?;
    match meant.get() {
        Some(account) => described(api, *account).await,
        None => Err(ApiError::new(Kind::Internal, "nobody was meant")),
    }
}

async fn described(api: &Api, account: AccountId) -> Result<Contact, ApiError> {
    let shared = api.shared.clone();
    api.node.look(move |view| people::described(view, &shared, account)).await
}
