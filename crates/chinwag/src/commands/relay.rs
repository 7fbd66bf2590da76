//! `relay`: hands on sealed packets between devices that have no direct way to each other.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chinwag_relay::{Certificate, CertificateError, Counts, Relay, RelayError, Settings, sign_own};
use serde_json::json;

use super::{block_on, output};
use crate::args::Global;
use crate::args::program::RelayArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::terminal::signals::Signals;

/// Bytes of a list of devices that may come.
const LIST_MAX: u64 = 1024 * 1024;

/// How often it is said who is there, if anything has changed.
const SAY_EVERY: Duration = Duration::from_mins(1);

/// Runs a relay until a signal.
pub(super) fn run(global: &Global, args: RelayArgs) -> Result<Exit, Failure> {
    let context = Context::new(global)?;
    block_on(relay(context, args))
}

async fn relay(context: Context, args: RelayArgs) -> Result<Exit, Failure> {
    let mut signals = Signals::new()?;
    for name in args.own.iter().chain(&args.acme).flatten() {
        url(name, (None, None)).parse::<chinwag_daemon::Relay>().map_err(|_| {
            Failure::saying(Exit::Usage, format!("{name:?} is no host name and no IP address"))
        })?;
    }
    let certificate = certificate(&args)?;
    let own = match &certificate {
        Certificate::Files { chain, .. } if args.own.is_some() => Some(chain.clone()),
        _ => None,
    };
    let allowed = args.allow.as_deref().map(allowed).transpose()?;
    let listed = allowed.as_ref().map(BTreeSet::len);
    let settings = Settings {
        https: args.https,
        http: args.http,
        quic: args.quic,
        metrics: args.metrics,
        certificate,
        connections_max: args.connections,
        bytes_per_second: args.rate,
        allowed,
    };
    let started = Relay::start(settings).await;
    let mut relay = started.map_err(|error| match error {
        RelayError::Certificate(error) => unusable(&error),
        RelayError::Start(_) | RelayError::Stopped(_) => {
            let words = error.to_string();
            let hint = if words.contains("ermission denied") {
                "ports below 1024 are for root: choose others with --https, --http and --quic"
            } else {
                "another program may be there: choose others with --https, --http and --quic"
            };
            Failure::saying(Exit::Locked, words).hint(hint)
        }
    })?;
    tell(&context, &args, &relay, own.as_deref())?;
    if let Some(listed) = listed {
        let words = match listed {
            0 => "nobody is on the list: nobody is let in".to_owned(),
            some => format!("devices on the list: {some}"),
        };
        context.remark(&format!("chinwag: {words}"));
    }
    let mut said = Counts::default();
    let exit = loop {
        tokio::select! {
            exit = signals.received() => break exit,
            why = relay.stopped() => return Err(Failure::saying(Exit::Internal, why.to_string())),
            () = tokio::time::sleep(SAY_EVERY) => {
                let now = relay.counts();
                if now != said {
                    context.remark(&format!("chinwag: {}", words(now)));
                    said = now;
                }
            }
        }
    };
    context.remark("chinwag: the relay ends");
    relay.stop().await;
    Ok(exit)
}

/// The certificate that was asked for.
fn certificate(args: &RelayArgs) -> Result<Certificate, Failure> {
    if let Some(names) = &args.own {
        let (chain, key) = sign_own(&args.folder, names).map_err(|error| unusable(&error))?;
        return Ok(Certificate::Files { chain, key });
    }
    match (&args.certificate, &args.key, &args.acme, &args.contact) {
        (Some(chain), Some(key), ..) => {
            Ok(Certificate::Files { chain: chain.clone(), key: key.clone() })
        }
        (_, _, Some(domains), Some(contact)) => Ok(Certificate::Acme {
            domains: domains.clone(),
            contact: contact.clone(),
            cache: args.folder.clone(),
            directory: args.acme_directory.clone(),
        }),
        _ => {
            let words = "a relay needs a certificate, so that nobody can pretend to be it";
            Err(Failure::saying(Exit::Usage, words)
                .hint("--certificate and --key, --acme and --contact, or --own NAME"))
        }
    }
}

fn unusable(error: &CertificateError) -> Failure {
    Failure::saying(Exit::NotFound, error.to_string())
}

/// The keys of the devices in a list: one id a line; what is behind a # is for people.
fn allowed(list: &Path) -> Result<BTreeSet<[u8; 32]>, Failure> {
    let place = list.display();
    let failure = |why: String| Failure::saying(Exit::NotFound, format!("{place}: {why}"));
    let size = std::fs::metadata(list).map_err(|error| failure(error.to_string()))?.len();
    if size > LIST_MAX {
        let words = format!("{place} is larger than {LIST_MAX} bytes: that is no list of devices");
        return Err(Failure::saying(Exit::Limit, words));
    }
    let text = std::fs::read_to_string(list).map_err(|error| failure(error.to_string()))?;
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let named = lines.enumerate().filter(|(_, line)| !line.is_empty());
    let key = |(n, line): (usize, &str)| {
        chinwag_daemon::device_key(line).map_err(|error| {
            let line = n + 1;
            Failure::saying(Exit::Usage, format!("{place}, line {line}: {}", error.message))
                .hint("one device's id a line, as `chinwag devices --verbose` shows it")
        })
    };
    named.map(key).collect()
}

/// Says where it is, and what others have to write into their config.
fn tell(
    context: &Context,
    args: &RelayArgs,
    relay: &Relay,
    own: Option<&Path>,
) -> Result<(), Failure> {
    let at = |at: Option<std::net::SocketAddr>| at.map(|at| at.to_string()).unwrap_or_default();
    let (https, quic) = (at(relay.https()), at(relay.quic()));
    if args.json.json {
        let certificate = own.map(|path| path.display().to_string());
        let said = json!({ "https": https, "quic": quic, "certificate": certificate });
        output::say(&said.to_string())?;
        return Ok(());
    }
    let second = relay.second().map(|at| format!(" and {at}")).unwrap_or_default();
    context.remark(&format!(
        "chinwag: the relay is at {https} (TCP) and {quic}{second} (UDP); Ctrl-C ends it"
    ));
    let names = args.own.iter().chain(&args.acme).flatten();
    let ports = (relay.https().map(|at| at.port()), relay.quic().map(|at| at.port()));
    let written: Vec<String> = names.map(|name| format!("\"{}\"", url(name, ports))).collect();
    if !written.is_empty() {
        let relays = written.join(", ");
        context.remark(&format!(
            "chinwag: in the config of everybody who uses it: relays = [{relays}]"
        ));
    }
    if let Some(path) = own {
        let path: PathBuf = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let words = "and, as nobody else vouches for it, a copy of this file as relay_certificates";
        context.remark(&format!("chinwag: {words}: {}", path.display()));
    }
    Ok(())
}

/// A relay with this name as it is written in a config.
fn url(name: &str, (https, quic): (Option<u16>, Option<u16>)) -> String {
    let name = if name.contains(':') { format!("[{name}]") } else { name.to_owned() };
    let port = https.filter(|port| *port != 443).map(|port| format!(":{port}"));
    let quic = quic.filter(|port| *port != 7842).map(|port| format!("?quic={port}"));
    format!("https://{name}{}{}", port.unwrap_or_default(), quic.unwrap_or_default())
}

fn words(counts: Counts) -> String {
    let Counts { connections, devices, let_in, turned_away } = counts;
    format!(
        "devices {devices}, connections {connections}; since the start {let_in} let in, \
         {turned_away} turned away"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_is_named_as_a_config_names_it() {
        let usual = (Some(443), Some(7842));
        assert_eq!(url("relay.example", usual), "https://relay.example");
        let other = url("2001:db8::1", (Some(8443), Some(7843)));
        assert_eq!(other, "https://[2001:db8::1]:8443?quic=7843");
        assert!(other.parse::<chinwag_daemon::Relay>().is_ok());
    }

    #[test]
    fn a_list_of_devices_says_where_it_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("list");
        std::fs::write(&list, "# ours\n\n  # nobody\nana\n").unwrap();
        let failure = allowed(&list).unwrap_err();
        assert!(failure.in_one_line().contains("line 4"), "{}", failure.in_one_line());
        std::fs::write(&list, "# ours\n").unwrap();
        assert!(allowed(&list).unwrap().is_empty());
    }
}
