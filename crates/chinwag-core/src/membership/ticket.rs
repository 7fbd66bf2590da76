//! Group tickets: the one line that lets strangers into a group, until it is revoked.
//!
//! It has the private half of a key whose public half stands in the group. Any member's device can
//! let somebody in who has it, and everybody can check that they had.

use std::fmt;
use std::str::FromStr;

use chinwag_crypto::{Secret, SigningKey};

use crate::ids::{AccountId, ConversationId, DeviceId, EntryId};
use crate::ticket::{Address, TicketError, decode_addresses, encode_addresses, from_line, to_line};
use crate::time::Wall;
use crate::wire::codec::{Decode, DecodeError, Encode, Reader, Writer};

/// The ticket of an account has 1: one box to paste into is enough for both.
const VERSION: u8 = 2;

/// Characters of a group ticket for a QR code: what one of 53 modules has room for in capitals and digits
/// with the least error correction (ISO/IEC 18004, version 9-L). A smaller one has no room for any address.
const QR_MAX: usize = 335;

/// What lets strangers into a group. Holds a private key, so it prints only of which group it is;
/// [`GroupTicket::to_text`] writes it out.
#[derive(Clone, PartialEq, Eq)]
pub struct GroupTicket {
    /// The group.
    pub group: ConversationId,
    /// The operation that made the ticket.
    pub ticket: EntryId,
    /// The private half of its key.
    pub seed: [u8; 32],
    /// A member, whose device is to be asked.
    pub account: AccountId,
    /// The device.
    pub device: DeviceId,
    /// When it ends, in seconds since the Unix epoch; 0: never. Only whoever lets somebody in looks
    /// at it: what has been said by a clock proves nothing later.
    pub expires_s: u32,
    /// Where the device can be reached, at most
    /// [`ADDRESSES_MAX`](crate::wire::limits::ADDRESSES_MAX).
    pub addresses: Vec<Address>,
}

impl GroupTicket {
    /// The key that proves that somebody has the ticket.
    pub fn key(&self) -> SigningKey {
        SigningKey::from_seed(&Secret::new(self.seed))
    }

    /// Whether it has ended by this clock.
    pub fn is_expired(&self, now: Wall) -> bool {
        self.expires_s != 0 && u64::from(self.expires_s) * 1_000 <= now.get()
    }

    /// The line of text that is the ticket: lower-case letters and digits.
    pub fn to_text(&self) -> String {
        to_line(self.to_bytes())
    }

    /// The same for a QR code: with as many of its addresses, the first ones, as one of 53 modules has room
    /// for. To be drawn in capitals, of which more fit in.
    pub fn to_qr_text(&self) -> String {
        let mut ticket = self.clone();
        while ticket.to_text().len() > QR_MAX && ticket.addresses.pop().is_some() {}
        ticket.to_text()
    }
}

impl FromStr for GroupTicket {
    type Err = TicketError;

    /// Reads a ticket as somebody pasted it: in any case, with blanks around and within it.
    fn from_str(text: &str) -> Result<Self, TicketError> {
        Ok(Self::from_bytes(&from_line(text)?)?)
    }
}

impl fmt::Debug for GroupTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GroupTicket({:?}, ..)", self.group)
    }
}

impl Encode for GroupTicket {
    fn encode(&self, to: &mut Writer) {
        to.u8(VERSION);
        to.fixed(self.group.as_bytes());
        to.fixed(self.ticket.as_bytes());
        to.fixed(&self.seed);
        to.fixed(self.account.as_bytes());
        to.fixed(self.device.as_bytes());
        to.u32(self.expires_s);
        encode_addresses(&self.addresses, to);
    }
}

impl Decode for GroupTicket {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        from.version("version of a group ticket", VERSION)?;
        Ok(Self {
            group: ConversationId::new(from.hash("a conversation id")?),
            ticket: EntryId::new(from.hash("a ticket")?),
            seed: from.array("a ticket's key")?,
            account: AccountId::new(from.key("an account")?),
            device: DeviceId::new(from.key("a device")?),
            expires_s: from.u32("an expiry")?,
            addresses: decode_addresses(from)?,
        })
    }
}
