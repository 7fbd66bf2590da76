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

/// Bytes of entries in one message that still go with what is live; more go by bulk.
pub const LIVE_BYTES_MAX: usize = 16 * 1_024;

/// Bytes of one message between devices. Holds a page whose last body is of the greatest length.
pub const FRAME_MAX: usize = 4 * 1_024 * 1_024;

/// Bytes of a contact request's text.
pub const REQUEST_MAX: usize = 280;

/// Requests of strangers that are kept until somebody looks at them.
pub const REQUESTS_MAX: usize = 64;

/// Requests that were declined and are remembered, the last ones.
pub const DECLINED_MAX: usize = 256;

/// Accounts in one message between devices of one account.
pub const ACCOUNTS_MAX: usize = 4_096;

/// Contacts, and accounts that are blocked.
pub const CONTACTS_MAX: usize = 4_096;

/// Bytes of the account logs of strangers who are about to leave a request, of all together.
pub const STRANGERS_BYTES_MAX: usize = 16 * 1_024 * 1_024;

/// Prekeys in one message.
pub const PREKEYS_MAX: usize = 32;

/// Live connections to one device: two that cross, and what has not noticed its end.
pub const SESSIONS_PER_DEVICE_MAX: usize = 4;

/// Live connections on which the other side has not said who it is, or not proven it.
pub const SESSIONS_UNPROVEN_MAX: usize = 64;

/// Commands that wait until it is known whether our log was continued elsewhere.
pub const HELD_MAX: usize = 1_024;

/// Edits, reactions and retractions of one entry that count: the first ones.
pub const REFERENCES_MAX: usize = 1_000;

/// Pages asked for and not yet received, per connection.
pub const PAGES_IN_FLIGHT_MAX: usize = 8;

/// Invites that nobody has used.
pub const INVITES_MAX: usize = 256;

/// Bytes of a bundle.
pub const BUNDLE_MAX: usize = 16 * 1_024 * 1_024;

/// Messages in a bundle.
pub const BUNDLE_MESSAGES_MAX: usize = 4_096;

/// Ranges of one log that are here, with gaps between them: further ones wait until a gap is closed.
/// Fewer than may be said in a frontier.
pub const ISLANDS_MAX: usize = 8;

/// Entries of one log that are kept above its first gap: further ones wait until it is closed.
pub const ABOVE_GAP_MAX: usize = 10_000;

/// Groups of one account.
pub const GROUPS_MAX: usize = 256;

/// Groups that others let us into and that nobody has answered: further ones wait until some are.
pub const INVITATIONS_MAX: usize = 64;

/// Of these, those of one account.
pub const INVITATIONS_OF_ONE_MAX: usize = 8;

/// Tickets to a group that are good at once.
pub const GROUP_TICKETS_MAX: usize = 64;

/// Removals that somebody who is no member any more is shown of a group at once.
pub const REMOVALS_SHOWN_MAX: usize = 4;

/// Owners of a group: accounts that its creation names.
pub const OWNERS_MAX: usize = 16;

/// Bytes of a group's topic.
pub const TOPIC_MAX: usize = 512;

/// Operations that an operation of a group says it knows of.
pub const AFTER_MAX: usize = 256;

/// Devices that have ever joined a group: a frontier names no more authors.
pub const GROUP_DEVICES_MAX: usize = AUTHORS_MAX;

/// Accounts, and devices of them together, that something in a group is said to be for.
pub const AUDIENCE_MAX: usize = 8_192;

/// Operations of a group in one device's log that are looked at: the first ones.
pub const GROUP_OPERATIONS_MAX: usize = 4_096;

/// Times that one device joins a group that are looked at: the first ones. It joins anew with each
/// right that it gets.
pub const GROUP_JOINS_MAX: usize = 256;
