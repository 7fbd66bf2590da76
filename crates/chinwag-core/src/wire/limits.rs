//! Every limit of what peers send each other, in one place. A peer that exceeds one commits a
//! violation; we never send what is over one.

/// Bytes of an entry's body. Holds 100,000 characters of any script.
pub const BODY_MAX: usize = 512 * 1_024;

/// Entries that an entry names as seen before it.
pub const PARENTS_MAX: usize = 16;

/// Mentions in a text.
pub const MENTIONS_MAX: usize = 64;

/// Bytes of a reaction: one emoji with all its joiners.
pub const REACTION_MAX: usize = 64;

/// Bytes of the name of a person or a device.
pub const NAME_MAX: usize = 64;

/// Settings that one entry changes.
pub const SETTINGS_MAX: usize = 16;

/// Bytes of one setting's value.
pub const SETTING_MAX: usize = 1_024;

/// Entries of a run: what one signature may cover.
pub const RUN_MAX: usize = PAGE_MAX;

/// Operations in an account log.
pub const OPERATIONS_MAX: usize = 2_000;

/// Conversations whose heights a revocation of a device states.
pub const REVOKED_HEIGHTS_MAX: usize = 4_096;

/// Addresses in a ticket.
pub const ADDRESSES_MAX: usize = 8;

/// Bytes of a relay's URL.
pub const RELAY_URL_MAX: usize = 200;

/// Ranges of one author's entries in a frontier.
pub const RANGES_MAX: usize = 16;

/// Authors in a frontier: devices of a conversation's members.
pub const AUTHORS_MAX: usize = 1_000;

/// Entries in one message.
pub const PAGE_MAX: usize = 1_000;

/// Bytes of bodies in one message, beyond which no further entry is added.
pub const PAGE_BYTES_MAX: usize = 256 * 1_024;

/// Bytes of one message between devices. Holds a page whose last body is of the greatest length.
pub const FRAME_MAX: usize = 4 * 1_024 * 1_024;

/// Bytes of a contact request's text.
pub const REQUEST_MAX: usize = 280;

/// Pages asked for and not yet received, per connection.
pub const PAGES_IN_FLIGHT_MAX: usize = 8;

/// Invites that nobody has used.
pub const INVITES_MAX: usize = 256;
