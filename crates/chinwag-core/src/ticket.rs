//! Tickets: the one line that introduces two people.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use chinwag_crypto::{Label, hash};
use data_encoding::{Encoding, Specification};

use crate::ids::{AccountId, DeviceId};
use crate::time::Wall;
use crate::wire::codec::{Decode, DecodeError, Encode, Reader, Writer};
use crate::wire::limits::{ADDRESSES_MAX, RELAY_URL_MAX};

const CHECKSUM: Label = Label::new("chinwag/ticket/1");
const PREFIX: &str = "chinwag1";
const VERSION: u8 = 1;
const CHECKSUM_LEN: usize = 4;

/// Characters of a ticket that is looked at; the longest that can be written is shorter.
const TEXT_MAX: usize = 4_096;

/// Characters of a ticket for a QR code: what one of 41 modules has room for in capitals and digits with
/// the least error correction (ISO/IEC 18004, version 6-L). Half a row for a module, that one and its
/// quiet zone fit on a terminal of 24 rows.
const QR_MAX: usize = 195;

/// What introduces an account: who, through which device, and the secret that shows the invitation.
/// Holds that secret, so it prints only who it is of; [`Ticket::to_text`] writes it out.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Whom it introduces.
    pub account: AccountId,
    /// The device to connect to.
    pub device: DeviceId,
    /// Shown by whoever redeems it; random, or [`NO_SECRET`].
    pub secret: [u8; 16],
    /// When it ends, in seconds since the Unix epoch; 0: never.
    pub expires_s: u32,
    /// Where the device can be reached, at most [`ADDRESSES_MAX`].
    pub addresses: Vec<Address>,
}

/// In the place of a secret: whoever has this invites nobody, it only says where we are. That is a
/// card; who uses it asks to become a contact.
pub const NO_SECRET: [u8; 16] = [0; 16];

/// Where a device can be reached.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Address {
    /// An IP address and port.
    Direct(SocketAddr),
    /// A relay, by its URL of at most [`RELAY_URL_MAX`] bytes.
    Relay(String),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct(address) => address.fmt(f),
            Self::Relay(url) => f.write_str(url),
        }
    }
}

/// Why a text is no ticket, in words for whoever pasted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TicketError {
    /// It begins with something else.
    #[error("this is no ticket: a ticket begins with {PREFIX}")]
    NoPrefix,
    /// It has a letter that tickets don't have.
    #[error("this ticket has a letter at place {0} that tickets don't have: copy it again")]
    WrongLetter(usize),
    /// A letter is wrong or missing.
    #[error("this ticket is damaged, a letter is wrong or missing: copy it again")]
    Damaged,
    /// It is sound and still can't be read.
    #[error("this ticket can't be read: {0}")]
    Unreadable(#[from] DecodeError),
}

impl Ticket {
    /// A card: it may be published, because it holds no secret.
    pub const fn card(account: AccountId, device: DeviceId, addresses: Vec<Address>) -> Self {
        Self { account, device, secret: NO_SECRET, expires_s: 0, addresses }
    }

    /// Whether it is a card.
    pub fn is_card(&self) -> bool {
        self.secret == NO_SECRET
    }

    /// Whether it has ended by this clock.
    pub fn is_expired(&self, now: Wall) -> bool {
        self.expires_s != 0 && u64::from(self.expires_s) * 1_000 <= now.get()
    }

    /// The line of text that is the ticket: lower-case letters and digits.
    pub fn to_text(&self) -> String {
        to_line(self.to_bytes())
    }

    /// The same for a QR code: with as many of its addresses, the first ones, as one of 41 modules has room
    /// for. To be drawn in capitals, of which more fit in.
    pub fn to_qr_text(&self) -> String {
        let mut ticket = self.clone();
        while ticket.to_text().len() > QR_MAX && ticket.addresses.pop().is_some() {}
        ticket.to_text()
    }
}

impl FromStr for Ticket {
    type Err = TicketError;

    /// Reads a ticket as somebody pasted it: in any case, with blanks around and within it.
    fn from_str(text: &str) -> Result<Self, TicketError> {
        Ok(Self::from_bytes(&from_line(text)?)?)
    }
}

/// The bytes of a ticket of any sort as a line of text.
pub(crate) fn to_line(mut bytes: Vec<u8>) -> String {
    let checksum = checksum(&bytes);
    bytes.extend_from_slice(&checksum);
    format!("{PREFIX}{}", base32().map_or_else(String::new, |b| b.encode(&bytes)))
}

/// The bytes of a ticket of any sort, of what somebody pasted.
pub(crate) fn from_line(text: &str) -> Result<Vec<u8>, TicketError> {
    let compact: String = text
        .chars()
        .take(TEXT_MAX)
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let letters = compact.strip_prefix(PREFIX).ok_or(TicketError::NoPrefix)?;
    let base32 = base32().ok_or(TicketError::Damaged)?;
    let bytes = base32.decode(letters.as_bytes()).map_err(|error| match error.kind {
        data_encoding::DecodeKind::Symbol => {
            TicketError::WrongLetter(PREFIX.len() + error.position + 1)
        }
        _ => TicketError::Damaged,
    })?;
    let (value, sum) = bytes.split_last_chunk::<CHECKSUM_LEN>().ok_or(TicketError::Damaged)?;
    if checksum(value) != *sum {
        return Err(TicketError::Damaged);
    }
    Ok(value.to_vec())
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket({:?}, {:?}, ..)", self.account, self.device)
    }
}

/// RFC 4648 base32 in lower case without padding.
fn base32() -> Option<Encoding> {
    let mut specification = Specification::new();
    specification.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
    specification.encoding().ok()
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_LEN] {
    let hash = hash(CHECKSUM, bytes);
    hash.as_bytes().first_chunk().copied().unwrap_or_default()
}

impl Encode for Ticket {
    fn encode(&self, to: &mut Writer) {
        to.u8(VERSION);
        to.fixed(self.account.as_bytes());
        to.fixed(self.device.as_bytes());
        to.fixed(&self.secret);
        to.u32(self.expires_s);
        encode_addresses(&self.addresses, to);
    }
}

impl Decode for Ticket {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        from.version("version of a ticket", VERSION)?;
        let account = AccountId::new(from.key("an account")?);
        let device = DeviceId::new(from.key("a device")?);
        let secret = from.array("an invite secret")?;
        let expires_s = from.u32("an expiry")?;
        let addresses = decode_addresses(from)?;
        Ok(Self { account, device, secret, expires_s, addresses })
    }
}

/// The addresses of a ticket, of any sort.
pub(crate) fn encode_addresses(addresses: &[Address], to: &mut Writer) {
    let addresses = addresses.get(..ADDRESSES_MAX).unwrap_or(addresses);
    to.count_u8(addresses.len());
    for address in addresses {
        address.encode(to);
    }
}

/// The addresses of a ticket, of any sort.
pub(crate) fn decode_addresses(from: &mut Reader<'_>) -> Result<Vec<Address>, DecodeError> {
    let count = from.count_u8("addresses", ADDRESSES_MAX)?;
    (0..count).map(|_| Address::decode(from)).collect()
}

impl Address {
    const RELAY: u8 = 1;
    const V4: u8 = 4;
    const V6: u8 = 6;
}

impl Encode for Address {
    fn encode(&self, to: &mut Writer) {
        match self {
            Self::Direct(SocketAddr::V4(address)) => {
                to.u8(Self::V4);
                to.fixed(&address.ip().octets());
                to.u16(address.port());
            }
            Self::Direct(SocketAddr::V6(address)) => {
                to.u8(Self::V6);
                to.fixed(&address.ip().octets());
                to.u16(address.port());
            }
            Self::Relay(url) => {
                to.u8(Self::RELAY);
                to.count_u8(url.len());
                to.fixed(url.as_bytes());
            }
        }
    }
}

impl Decode for Address {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match from.u8("an address")? {
            Self::V4 => {
                let ip = Ipv4Addr::from(from.array::<4>("an address")?);
                Self::Direct(SocketAddr::new(ip.into(), from.u16("a port")?))
            }
            Self::V6 => {
                let ip = Ipv6Addr::from(from.array::<16>("an address")?);
                Self::Direct(SocketAddr::new(ip.into(), from.u16("a port")?))
            }
            Self::RELAY => {
                let len = from.count_u8("a relay's URL", RELAY_URL_MAX)?;
                Self::Relay(from.text("a relay's URL", len)?.to_owned())
            }
            other => {
                let what = "kind of address";
                return Err(DecodeError::Unknown { what, found: other.into() });
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use chinwag_crypto::{Secret, SigningKey};

    use super::*;

    fn ticket(addresses: Vec<Address>) -> Ticket {
        let key = |n| SigningKey::from_seed(&Secret::new([n; 32])).public();
        Ticket {
            account: AccountId::new(key(1)),
            device: DeviceId::new(key(2)),
            secret: [3; 16],
            expires_s: 1_800_000_000,
            addresses,
        }
    }

    #[test]
    fn a_ticket_without_addresses_is_a_line_of_152_characters() {
        assert_eq!(ticket(Vec::new()).to_text().len(), PREFIX.len() + 144);
    }

    #[test]
    fn a_ticket_for_a_qr_code_has_the_first_addresses_and_no_more_than_fit() {
        let at = |address: &str| Address::Direct(address.parse().unwrap());
        let all = ["192.0.2.7:4433", "[2001:db8::1]:4433", "[2001:db8::2]:4433"].map(at);
        let whole = ticket(all.to_vec());
        assert!(whole.to_text().len() > QR_MAX);
        let text = whole.to_qr_text();
        assert!(text.len() <= QR_MAX, "{}", text.len());
        assert_eq!(text.parse(), Ok(ticket(all[..2].to_vec())));
        assert_eq!(ticket(Vec::new()).to_qr_text(), ticket(Vec::new()).to_text());
    }

    #[test]
    fn a_ticket_is_read_as_people_paste_it() {
        let relay = Address::Relay("https://relay.example".into());
        let direct = Address::Direct("10.0.0.5:4000".parse().unwrap());
        let six = Address::Direct("[2001:db8::1]:4000".parse().unwrap());
        let ticket = ticket(vec![relay, direct, six]);
        let text = ticket.to_text();
        let (a, b) = text.split_at(60);
        let pasted = format!("  {}\n  {}\n", a.to_uppercase(), b);
        assert_eq!(pasted.parse(), Ok(ticket));
    }

    #[test]
    fn one_wrong_letter_anywhere_is_noticed() {
        let text = ticket(Vec::new()).to_text();
        for at in PREFIX.len()..text.len() {
            let mut letters: Vec<char> = text.chars().collect();
            letters[at] = if letters[at] == 'a' { 'b' } else { 'a' };
            let wrong: String = letters.iter().collect();
            assert_eq!(wrong.parse::<Ticket>(), Err(TicketError::Damaged), "at {at}");
        }
        assert_eq!("hello".parse::<Ticket>(), Err(TicketError::NoPrefix));
        let one = text.replacen('a', "1", 2);
        assert!(matches!(
            one.parse::<Ticket>(),
            Err(TicketError::WrongLetter(_) | TicketError::NoPrefix)
        ));
    }

    #[test]
    fn a_ticket_ends_when_it_says() {
        let ticket = ticket(Vec::new());
        assert!(!ticket.is_expired(Wall::new(1_799_999_999_999)));
        assert!(ticket.is_expired(Wall::new(1_800_000_000_000)));
        assert!(!Ticket { expires_s: 0, ..ticket }.is_expired(Wall::new(u64::MAX)));
    }

    #[test]
    fn a_ticket_does_not_print_its_secret() {
        assert!(!format!("{:?}", ticket(Vec::new())).contains("3, 3"));
    }
}
