//! Who we are in the classroom, and whom we greet: built in, then file, then environment, then
//! flags.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU16;

use chinwag_classroom::address::{self, Destination, Host};
use chinwag_classroom::{Claim, Team};

use super::words::Own;
use crate::args::classroom::{Identity, Preset, StaticPeers};
use crate::config::ClassroomConfig;
use crate::exit::{Exit, Failure};
use crate::output;

/// What the config, the environment and the flags say.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) team: Option<Team>,
    pub(super) port: Option<NonZeroU16>,
    pub(super) address: Option<IpAddr>,
    /// Static peers.
    pub(super) bootstrap: Vec<Destination>,
}

/// Puts environment and flags over the config.
pub(super) fn settings(
    identity: &Identity,
    static_peers: StaticPeers,
    config: ClassroomConfig,
) -> Result<Settings, Failure> {
    let team = identity.team.clone().or(config.team);
    let port = identity.port.clone().or(config.port.map(|port| port.to_string()));
    let address = identity.address.clone().or(config.address);
    let preset = static_peers.preset.or(config.preset);
    let named = static_peers.bootstrap;
    let named = if named.is_empty() { config.bootstrap } else { named };
    Ok(Settings {
        team: team.as_deref().map(team_of).transpose()?,
        port: port.as_deref().map(address::parse_port).transpose().map_err(usage)?,
        address: address.as_deref().map(own_address).transpose()?,
        bootstrap: bootstrap(preset, &named)?,
    })
}

impl Settings {
    /// What we announce: the address that was given, or that of the default route, or without a
    /// network that of the machine itself.
    pub(super) fn own(&self) -> Own {
        let given = self.address.filter(|ip| !ip.is_unspecified());
        let default_route = address::of_default_route();
        let alone = Ipv4Addr::LOCALHOST.into();
        Own { announced: given.or(default_route).unwrap_or(alone), default_route }
    }

    /// The team name to use where nobody is asked: that of the user.
    pub(super) fn team_or_user(&self) -> Result<Team, Failure> {
        if let Some(team) = &self.team {
            return Ok(team.clone());
        }
        let user = std::env::var("USER").or_else(|_| std::env::var("USERNAME"));
        team_of(user.as_deref().unwrap_or("chinwag"))
    }
}

/// The claim of these parts.
pub(super) fn claim(ip: IpAddr, port: u16, team: &Team) -> Claim {
    Claim { address: SocketAddr::new(ip, port), team: team.to_string() }
}

fn team_of(typed: &str) -> Result<Team, Failure> {
    let team = Team::from_typed(typed).map_err(usage)?;
    if team.as_str() != typed {
        output::remark(&format!("chinwag: a team name is one word here: using {team}"));
    }
    Ok(team)
}

fn own_address(typed: &str) -> Result<IpAddr, Failure> {
    match Host::parse(typed).map_err(usage)? {
        Host::Ip(ip) => Ok(ip),
        Host::Name(name) => {
            let sentence = format!("--address takes an IP address of this machine, not {name:?}");
            Err(Failure::saying(Exit::Usage, sentence))
        }
    }
}

fn bootstrap(preset: Option<Preset>, named: &[String]) -> Result<Vec<Destination>, Failure> {
    let known = match preset {
        Some(Preset::IitIndore) => address::IIT_INDORE.as_slice(),
        None => &[],
    };
    let known = known.iter().map(ToString::to_string);
    let all = known.chain(named.iter().cloned());
    all.map(|typed| Destination::parse(&typed).map_err(usage)).collect()
}

fn usage(error: impl Into<anyhow::Error>) -> Failure {
    Failure::new(Exit::Usage, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_and_named_peers_are_greeted_together() {
        let peers = bootstrap(Some(Preset::IitIndore), &["lab.local:4001".into()]).unwrap();
        let peers: Vec<String> = peers.iter().map(ToString::to_string).collect();
        assert_eq!(peers, ["10.206.4.201:1255", "10.206.5.228:6555", "lab.local:4001"]);
    }

    #[test]
    fn an_address_that_is_a_name_is_refused_with_a_reason() {
        assert_eq!(own_address("localhost").unwrap_err().exit, Exit::Usage);
    }
}
