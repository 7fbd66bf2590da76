//! A JSON object with the same fields under the names its program chose. A peer is answered with
//! the names it used itself.

use std::net::SocketAddr;

use serde_json::{Map, Value};

use super::{Act, Beginning, Claim, Dialect, Opened, Opening, TextEnd, Then};
use crate::address::parse_claimed;
use crate::limits::TEAM_HEARD_MAX;

const ADDRESS_NAMES: [&str; 7] =
    ["address", "addr", "ip", "host", "sender_ip", "sender_address", "from"];
const PORT_NAMES: [&str; 4] = ["port", "sender_port", "listen_port", "listening_port"];
const TEAM_NAMES: [&str; 6] = ["team", "team_name", "name", "sender_name", "username", "sender"];
const TEXT_NAMES: [&str; 6] = ["message", "content", "text", "msg", "data", "body"];
const KIND_NAMES: [&str; 4] = ["type", "kind", "action", "command"];

/// Blank bytes before an object.
const BLANK_MAX: usize = 16;

/// The names that one program gives to the fields of its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonKeys {
    address: Option<&'static str>,
    port: Option<&'static str>,
    team: Option<&'static str>,
    text: &'static str,
    kind: Option<&'static str>,
}

impl JsonKeys {
    /// The names in the program of this kind that was found: it has no address, only a port.
    pub const FOUND: Self = Self {
        address: None,
        port: Some("sender_port"),
        team: Some("sender_name"),
        text: "content",
        kind: Some("type"),
    };
}

pub(super) fn open(beginning: Beginning<'_>) -> Opening {
    let is_blank = |b: &&u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
    let blank = beginning.bytes.iter().take(BLANK_MAX).take_while(is_blank).count();
    match beginning.bytes.get(blank) {
        Some(b'{') => Opening::Opened(Opened {
            used: blank,
            dialect: Dialect::Json(JsonKeys::FOUND),
            // Who says it stands inside; the receiver asks `read` when the object is whole.
            claim: Claim { address: beginning.origin, team: String::new() },
            then: Then::Text(TextEnd::Object),
        }),
        Some(_) => Opening::Foreign,
        None => Opening::Unfinished,
    }
}

/// Where in a run of bytes the object ends that began with it, found a few bytes at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ObjectEnd {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl ObjectEnd {
    /// Looks at more bytes; the number of them up to and with the closing brace, if it is there.
    pub(crate) fn find(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, &b) in bytes.iter().enumerate() {
            if self.closes(b) {
                return Some(at + 1);
            }
        }
        None
    }

    fn closes(&mut self, b: u8) -> bool {
        if self.in_string {
            let ends = b == b'"' && !self.escaped;
            self.escaped = b == b'\\' && !self.escaped;
            self.in_string = !ends;
            return false;
        }
        match b {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0;
            }
            _ => {}
        }
        false
    }
}

/// What a whole object says; `None` where it lacks a port or anything said.
pub(super) fn read(bytes: &[u8], origin: SocketAddr) -> Option<(Dialect, Claim, Act)> {
    let object: Map<String, Value> = serde_json::from_slice(bytes).ok()?;
    let find = |names: &[&'static str]| -> Option<(&'static str, &Value)> {
        names.iter().find_map(|&name| object.get(name).map(|value| (name, value)))
    };
    let (address, port) = (find(&ADDRESS_NAMES), find(&PORT_NAMES));
    let (team, text, kind) = (find(&TEAM_NAMES), find(&TEXT_NAMES), find(&KIND_NAMES));
    let keys = JsonKeys {
        address: address.map(|(name, _)| name),
        port: port.map(|(name, _)| name),
        team: team.map(|(name, _)| name),
        text: text.map_or(JsonKeys::FOUND.text, |(name, _)| name),
        kind: kind.map(|(name, _)| name),
    };
    let claim = Claim {
        address: claimed_address(address.map(|(_, v)| v), port.map(|(_, v)| v), origin)?,
        team: team.and_then(|(_, v)| v.as_str()).unwrap_or_default().to_owned(),
    };
    if claim.team.len() > TEAM_HEARD_MAX {
        return None;
    }
    let act = said(kind.and_then(|(_, v)| v.as_str()), text.and_then(|(_, v)| v.as_str()))?;
    Some((Dialect::Json(keys), claim, act))
}

fn said(kind: Option<&str>, text: Option<&str>) -> Option<Act> {
    kind.and_then(Act::of_word).or_else(|| text.map(|text| Act::of_text(text.to_owned())))
}

fn claimed_address(
    address: Option<&Value>,
    port: Option<&Value>,
    origin: SocketAddr,
) -> Option<SocketAddr> {
    let address = address.and_then(Value::as_str);
    if let Some(whole) = address.and_then(|text| parse_claimed(text.as_bytes())) {
        return Some(whole);
    }
    let port = match port? {
        Value::Number(number) => u16::try_from(number.as_u64()?).ok()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    let ip = match address {
        Some(text) => text.parse().ok()?,
        None => origin.ip(),
    };
    Some(SocketAddr::new(ip.to_canonical(), port))
}

pub(super) fn write(keys: JsonKeys, me: &Claim, act: &Act) -> Vec<u8> {
    let (kind, text) = match act {
        Act::Text(text) => ("message", text.as_str()),
        Act::Connect => ("connect", "connect"),
        Act::Exit => ("exit", "exit"),
    };
    let mut object = Map::new();
    let mut put = |name: Option<&'static str>, value: Value| {
        if let Some(name) = name {
            object.insert(name.to_owned(), value);
        }
    };
    let address = match keys.port {
        Some(_) => me.address.ip().to_string(),
        None => me.address.to_string(),
    };
    put(keys.address, address.into());
    put(keys.port, me.address.port().into());
    put(keys.team, me.team.as_str().into());
    put(keys.kind, kind.into());
    put(Some(keys.text), text.into());
    Value::Object(object).to_string().into_bytes()
}

/// Bytes of one character inside a JSON string as `serde_json` writes it.
pub(super) fn escaped_len(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        other => other.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin() -> SocketAddr {
        "10.0.0.9:51000".parse().unwrap()
    }

    #[test]
    fn a_peer_is_answered_with_its_own_names() {
        let theirs = br#"{"ip":"10.0.0.7","port":"4001","team_name":"red","msg":"hi"}"#;
        let (dialect, claim, act) = read(theirs, origin()).unwrap();
        assert_eq!(claim.address, "10.0.0.7:4001".parse().unwrap());
        assert_eq!(act, Act::Text("hi".into()));
        let me = super::super::tests::me();
        let ours = dialect.write(&me, &Act::Exit).body;
        let text = r#"{"ip":"10.0.0.5","msg":"exit","port":4000,"team_name":"blue"}"#;
        assert_eq!(String::from_utf8(ours).unwrap(), text);
    }

    #[test]
    fn an_object_without_a_port_or_a_text_says_nothing() {
        for nothing in [r#"{"team":"red","text":"hi"}"#, r#"{"port":1,"team":"red"}"#, "{}"] {
            assert_eq!(read(nothing.as_bytes(), origin()), None, "{nothing}");
        }
        for wrong in [r#"{"port":65536,"text":""}"#, r#"{"port":[],"text":""}"#, "{]"] {
            assert_eq!(read(wrong.as_bytes(), origin()), None, "{wrong}");
        }
    }

    #[test]
    fn a_team_name_of_the_limit_is_heard_and_a_longer_one_is_not() {
        let object = |len| format!(r#"{{"port":1,"team":"{}","text":"hi"}}"#, "x".repeat(len));
        assert!(read(object(TEAM_HEARD_MAX).as_bytes(), origin()).is_some());
        assert_eq!(read(object(TEAM_HEARD_MAX + 1).as_bytes(), origin()), None);
    }

    #[test]
    fn braces_in_strings_do_not_end_an_object() {
        let text = br#"{"a":"}\"}","b":{"c":1}} rest"#;
        assert_eq!(ObjectEnd::default().find(text), Some(text.len() - 5));
        let mut by_byte = ObjectEnd::default();
        let ends: Vec<_> = text.iter().map(|b| by_byte.find(&[*b]).is_some()).collect();
        assert_eq!(ends.iter().position(|end| *end), Some(text.len() - 6));
    }

    #[test]
    fn the_length_of_an_escape_is_what_it_takes() {
        for c in (0..0x300).filter_map(char::from_u32) {
            let written = Value::from(c.to_string()).to_string().len() - 2;
            assert_eq!(escaped_len(c), written, "{c:?}");
        }
    }
}
