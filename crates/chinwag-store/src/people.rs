//! Who we are, whom we know, and who wants to know us.

use chinwag_core::entry::{Position, Seq};
use chinwag_core::identity::{Name, SignedOperation};
use chinwag_core::ids::{AccountId, ConversationId, DeviceId, PrekeyId};
use chinwag_core::membership::GroupTicket;
use chinwag_core::store::{Asked, Contact, Invitation, Invite, Local, Prekey, Request};
use chinwag_core::ticket::{Address, Ticket};
use chinwag_core::time::Wall;
use chinwag_core::wire::codec::{Decode as _, Encode as _, Reader, Writer};
use chinwag_crypto::{SEAL_PUBLIC_LEN, SealPublic};
use rusqlite::{Connection, Row};

use crate::fault::Fault;
use crate::sql;

pub(crate) fn local(db: &Connection) -> Result<Option<Local>, Fault> {
    sql::first(db, "SELECT account_seed, device_seed FROM local", [], |row| {
        Ok(Local { account_seed: sql::array(row, 0)?, device_seed: sql::array(row, 1)? })
    })
}

/// With another device a copy is no longer one: what it writes from now on is its own. Both change
/// in one transaction, so a crash leaves a copy a copy.
pub(crate) fn put_local(db: &Connection, new: &Local) -> Result<(), Fault> {
    let before = local(db)?;
    if before.is_none_or(|before| before.device_seed != new.device_seed) {
        sql::run(db, "UPDATE store SET is_copy = 0 WHERE is_copy = 1", [])?;
    }
    let put = "INSERT OR REPLACE INTO local (one, account_seed, device_seed) VALUES (1, ?1, ?2)";
    sql::run(db, put, (new.account_seed, new.device_seed))?;
    Ok(())
}

pub(crate) fn prekeys(db: &Connection) -> Result<Vec<Prekey>, Fault> {
    sql::all(db, "SELECT id, seed, made, only_for FROM prekeys ORDER BY id", [], |row| {
        let is_for_one = sql::optional_bytes(row, 3)?.is_some();
        Ok(Prekey {
            id: PrekeyId::from_bytes(sql::array(row, 0)?),
            seed: sql::array(row, 1)?,
            made: Wall::new(sql::number(row, 2)?),
            only_for: if is_for_one { Some(sql::device(row, 3)?) } else { None },
        })
    })
}

pub(crate) fn put_prekey(db: &Connection, prekey: &Prekey) -> Result<(), Fault> {
    let put = "INSERT OR REPLACE INTO prekeys (id, seed, made, only_for) VALUES (?1, ?2, ?3, ?4)";
    let only_for = prekey.only_for.as_ref().map(DeviceId::as_bytes);
    let made = sql::from_u64(prekey.made.get());
    sql::run(db, put, (prekey.id.as_bytes(), prekey.seed, made, only_for))?;
    Ok(())
}

pub(crate) fn remove_prekey(db: &Connection, id: PrekeyId) -> Result<(), Fault> {
    sql::run(db, "DELETE FROM prekeys WHERE id = ?1", [id.as_bytes()])?;
    Ok(())
}

pub(crate) fn peer_prekeys(db: &Connection, device: DeviceId) -> Result<Vec<SealPublic>, Fault> {
    let select = "SELECT keys FROM peer_prekeys WHERE device = ?1";
    let keys = sql::first(db, select, [device.as_bytes()], |row| {
        let keys = sql::bytes(row, 0)?.chunks(SEAL_PUBLIC_LEN).map(SealPublic::from_bytes);
        keys.collect::<Result<_, _>>().map_err(|error| Fault::damaged("a prekey", error))
    })?;
    Ok(keys.unwrap_or_default())
}

pub(crate) fn put_peer_prekeys(
    db: &Connection,
    device: DeviceId,
    prekeys: &[SealPublic],
) -> Result<(), Fault> {
    let keys: Vec<u8> = prekeys.iter().flat_map(SealPublic::as_bytes).copied().collect();
    let put = "INSERT OR REPLACE INTO peer_prekeys (device, keys) VALUES (?1, ?2)";
    sql::run(db, put, (device.as_bytes(), keys))?;
    Ok(())
}

pub(crate) fn operations(db: &Connection) -> Result<Vec<SignedOperation>, Fault> {
    let select = "SELECT operation FROM operations ORDER BY number";
    sql::all(db, select, [], |row| sql::decoded(row, 0, "an operation"))
}

pub(crate) fn add_operation(db: &Connection, operation: &SignedOperation) -> Result<(), Fault> {
    let add = "INSERT INTO operations (operation) VALUES (?1)";
    sql::run(db, add, [operation.to_bytes()])?;
    Ok(())
}

pub(crate) fn contacts(db: &Connection) -> Result<Vec<Contact>, Fault> {
    let select = "SELECT account, called, is_contact, is_verified, is_blocked,
                         decided_rank, decided_seq, decided_id
                  FROM contacts ORDER BY account";
    sql::all(db, select, [], |row| {
        let called: Option<String> = row.get(1)?;
        Ok(Contact {
            account: sql::account(row, 0)?,
            called: called.as_deref().map(name).transpose()?,
            is_contact: row.get(2)?,
            is_verified: row.get(3)?,
            is_blocked: row.get(4)?,
            decided: position(row, 5)?,
        })
    })
}

pub(crate) fn remove_contact(db: &Connection, account: AccountId) -> Result<(), Fault> {
    sql::run(db, "DELETE FROM contacts WHERE account = ?1", [account.as_bytes()])?;
    Ok(())
}

pub(crate) fn put_contact(db: &Connection, contact: &Contact) -> Result<(), Fault> {
    let put = "INSERT OR REPLACE INTO contacts
                   (account, called, is_contact, is_verified, is_blocked,
                    decided_rank, decided_seq, decided_id)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let decided = contact.decided;
    let values = (
        contact.account.as_bytes(),
        contact.called.as_ref().map(Name::as_str),
        contact.is_contact,
        contact.is_verified,
        contact.is_blocked,
        sql::from_u64(decided.rank),
        sql::from_u64(decided.seq.get()),
        decided.id.as_bytes(),
    );
    sql::run(db, put, values)?;
    Ok(())
}

pub(crate) fn invites(db: &Connection) -> Result<Vec<Invite>, Fault> {
    let select = "SELECT secret, expires, is_reusable FROM invites ORDER BY secret";
    sql::all(db, select, [], |row| {
        let expires: Option<i64> = row.get(1)?;
        Ok(Invite {
            secret: sql::array(row, 0)?,
            expires: expires.map(|expires| Wall::new(sql::to_u64(expires))),
            is_reusable: row.get(2)?,
        })
    })
}

pub(crate) fn put_invite(db: &Connection, invite: &Invite) -> Result<(), Fault> {
    let put = "INSERT OR REPLACE INTO invites (secret, expires, is_reusable) VALUES (?1, ?2, ?3)";
    let expires = invite.expires.map(|expires| sql::from_u64(expires.get()));
    sql::run(db, put, (invite.secret, expires, invite.is_reusable))?;
    Ok(())
}

pub(crate) fn remove_invite(db: &Connection, secret: &[u8; 16]) -> Result<(), Fault> {
    sql::run(db, "DELETE FROM invites WHERE secret = ?1", [secret])?;
    Ok(())
}

pub(crate) fn tickets(db: &Connection) -> Result<Vec<Ticket>, Fault> {
    let select = "SELECT ticket FROM tickets ORDER BY device";
    sql::all(db, select, [], |row| sql::decoded(row, 0, "a ticket"))
}

pub(crate) fn put_ticket(db: &Connection, ticket: &Ticket) -> Result<(), Fault> {
    let put = "INSERT OR REPLACE INTO tickets (device, ticket) VALUES (?1, ?2)";
    sql::run(db, put, (ticket.device.as_bytes(), ticket.to_bytes()))?;
    Ok(())
}

pub(crate) fn remove_ticket(db: &Connection, device: DeviceId) -> Result<(), Fault> {
    sql::run(db, "DELETE FROM tickets WHERE device = ?1", [device.as_bytes()])?;
    Ok(())
}

pub(crate) fn group_tickets(db: &Connection) -> Result<Vec<GroupTicket>, Fault> {
    let select = "SELECT ticket FROM group_tickets ORDER BY grp";
    sql::all(db, select, [], |row| sql::decoded(row, 0, "a ticket to a group"))
}

pub(crate) fn put_group_ticket(db: &Connection, ticket: &GroupTicket) -> Result<(), Fault> {
    let put = "INSERT OR REPLACE INTO group_tickets (grp, ticket) VALUES (?1, ?2)";
    sql::run(db, put, (ticket.group.as_bytes(), ticket.to_bytes()))?;
    Ok(())
}

pub(crate) fn remove_group_ticket(db: &Connection, group: ConversationId) -> Result<(), Fault> {
    sql::run(db, "DELETE FROM group_tickets WHERE grp = ?1", [group.as_bytes()])?;
    Ok(())
}

pub(crate) fn requests(db: &Connection) -> Result<Vec<Request>, Fault> {
    let select = "SELECT account, device, name, text, received, is_declined
                  FROM requests ORDER BY account";
    sql::all(db, select, [], |row| {
        Ok(Request {
            account: sql::account(row, 0)?,
            device: sql::device(row, 1)?,
            name: name(&row.get::<_, String>(2)?)?,
            text: row.get(3)?,
            received: Wall::new(sql::number(row, 4)?),
            is_declined: row.get(5)?,
        })
    })
}

pub(crate) fn put_request(db: &Connection, request: &Request) -> Result<(), Fault> {
    let put = "INSERT OR REPLACE INTO requests
                   (account, device, name, text, received, is_declined)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let (account, device) = (request.account.as_bytes(), request.device.as_bytes());
    let received = sql::from_u64(request.received.get());
    sql::run(
        db,
        put,
        (account, device, request.name.as_str(), &request.text, received, request.is_declined),
    )?;
    Ok(())
}

pub(crate) fn remove_request(db: &Connection, account: AccountId) -> Result<(), Fault> {
    sql::run(db, "DELETE FROM requests WHERE account = ?1", [account.as_bytes()])?;
    Ok(())
}

pub(crate) fn invitations(db: &Connection) -> Result<Vec<Invitation>, Fault> {
    let select = "SELECT grp, inviter, creation, received, answer FROM invitations ORDER BY grp";
    sql::all(db, select, [], |row| {
        Ok(Invitation {
            group: sql::conversation(row, 0)?,
            by: sql::account(row, 1)?,
            creation: sql::decoded(row, 2, "how a group begins")?,
            received: Wall::new(sql::number(row, 3)?),
            answer: row.get(4)?,
        })
    })
}

pub(crate) fn put_invitation(db: &Connection, invitation: &Invitation) -> Result<(), Fault> {
    let put = "INSERT OR REPLACE INTO invitations (grp, inviter, creation, received, answer)
               VALUES (?1, ?2, ?3, ?4, ?5)";
    let (group, by) = (invitation.group.as_bytes(), invitation.by.as_bytes());
    let received = sql::from_u64(invitation.received.get());
    sql::run(db, put, (group, by, invitation.creation.to_bytes(), received, invitation.answer))?;
    Ok(())
}

pub(crate) fn remove_invitation(db: &Connection, group: ConversationId) -> Result<(), Fault> {
    sql::run(db, "DELETE FROM invitations WHERE grp = ?1", [group.as_bytes()])?;
    Ok(())
}

pub(crate) fn asked(db: &Connection) -> Result<Vec<Asked>, Fault> {
    let select = "SELECT device, account, addresses, text FROM asked ORDER BY device";
    sql::all(db, select, [], |row| {
        Ok(Asked {
            account: sql::account(row, 1)?,
            device: sql::device(row, 0)?,
            addresses: addresses(sql::bytes(row, 2)?)?,
            text: row.get(3)?,
        })
    })
}

pub(crate) fn put_asked(db: &Connection, asked: &Asked) -> Result<(), Fault> {
    let addresses = encoded_addresses(&asked.addresses);
    let put = "INSERT OR REPLACE INTO asked (device, account, addresses, text)
               VALUES (?1, ?2, ?3, ?4)";
    let (device, account) = (asked.device.as_bytes(), asked.account.as_bytes());
    sql::run(db, put, (device, account, addresses, &asked.text))?;
    Ok(())
}

pub(crate) fn remove_asked(db: &Connection, device: DeviceId) -> Result<(), Fault> {
    sql::run(db, "DELETE FROM asked WHERE device = ?1", [device.as_bytes()])?;
    Ok(())
}

fn name(text: &str) -> Result<Name, Fault> {
    Name::new(text).map_err(|error| Fault::damaged("a name", error))
}

/// Addresses, encoded end to end.
pub(crate) fn encoded_addresses(addresses: &[Address]) -> Vec<u8> {
    let mut encoded = Writer::default();
    for address in addresses {
        address.encode(&mut encoded);
    }
    encoded.finish()
}

/// Such addresses.
pub(crate) fn addresses(bytes: &[u8]) -> Result<Vec<Address>, Fault> {
    let mut from = Reader::new(bytes);
    let mut addresses = Vec::new();
    while !from.rest().is_empty() {
        let address = Address::decode(&mut from);
        addresses.push(address.map_err(|error| Fault::damaged("an address", error))?);
    }
    Ok(addresses)
}

/// The position in three columns from `first` on.
fn position(row: &Row<'_>, first: usize) -> Result<Position, Fault> {
    let seq = Seq::new(sql::number(row, first + 1)?);
    Ok(Position {
        rank: sql::number(row, first)?,
        seq: seq.ok_or_else(|| Fault::damaged("a position", "its number is 0"))?,
        id: sql::entry_id(row, first + 2)?,
    })
}
