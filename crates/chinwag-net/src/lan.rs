//! Who is on the local network: mDNS, asked and answered there and nowhere else.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use chinwag_core::ids::DeviceId;
use chinwag_core::ticket::Address;
use iroh::address_lookup::{AddressLookup, EndpointData};
use iroh::{EndpointId, TransportAddr};
use iroh_mdns_address_lookup::{DiscoveryEvent, MdnsAddressLookup};
use socket2::{Domain, Socket, Type};

use crate::event::NetEvent;
use crate::limits::{ADDRESSES_MAX, LAN_ASKED_AFTER, LAN_QUERY_EVERY};
use crate::state::Shared;

/// The service that is announced and asked for: `_chinwag._udp.local`, as in [`QUESTION`].
const SERVICE: &str = "chinwag";

/// The question who offers this service (RFC 6762): no number, no flags, one question for pointers (12) in the
/// internet's names (1).
const QUESTION: &[u8] = b"\0\0\0\0\0\x01\0\0\0\0\0\0\x08_chinwag\x04_udp\x05local\0\0\x0c\0\x01";

/// Where everybody on a local network hears it.
const EVERYBODY: (Ipv4Addr, u16) = (Ipv4Addr::new(224, 0, 0, 251), 5353);

/// How far multicast of mDNS may go: routers do not hand it on, and this says that it did not pass one.
const HOPS: u32 = 255;

/// Our place on the local network.
pub(crate) struct Lan {
    mdns: MdnsAddressLookup,
}

impl Lan {
    /// Begins to ask and to answer. An error: what the system says against it.
    pub(crate) fn start(id: EndpointId) -> Result<Self, String> {
        let builder = MdnsAddressLookup::builder().service_name(SERVICE);
        let mdns = builder.discovery_cadence(LAN_QUERY_EVERY).build(id);
        mdns.map(|mdns| Self { mdns }).map_err(|error| format!("{error:#}"))
    }

    /// Says where we are.
    pub(crate) fn announce(&self, addresses: &[Address]) {
        let direct = addresses.iter().filter_map(|address| match address {
            Address::Direct(address) => Some(TransportAddr::Ip(*address)),
            Address::Relay(_) => None,
        });
        self.mdns.publish(&direct.collect::<EndpointData>());
    }

    /// Hands on what is heard.
    pub(crate) async fn listen(self: Arc<Self>, shared: Arc<Shared>) {
        use n0_future::StreamExt;
        let mut sightings = self.mdns.subscribe().await;
        while let Some(sighting) = sightings.next().await {
            if let Some(event) = noted(&shared, &sighting) {
                shared.tell(event).await;
            }
        }
    }
}

/// Asks soon who is there, on the networks of these addresses. The library waits for somebody to ask for all of
/// [`LAN_QUERY_EVERY`] before it asks itself, at its beginning too; whoever hears this answers so that all hear it,
/// and we do too. IPv4 alone: where there is none it takes the library's time.
pub(crate) async fn ask(addresses: Vec<Address>) {
    let ours: BTreeSet<Ipv4Addr> = addresses.iter().filter_map(network).collect();
    let begun = tokio::time::Instant::now();
    for after in LAN_ASKED_AFTER {
        tokio::time::sleep_until(begun + after).await;
        for &address in &ours {
            // Not an address of an interface, or of one that is down: then nobody is there.
            let _ = ask_at(address);
        }
    }
}

/// The address of ours by which a local network may be asked.
fn network(address: &Address) -> Option<Ipv4Addr> {
    match address {
        Address::Direct(SocketAddr::V4(at)) if !at.ip().is_loopback() => Some(*at.ip()),
        _ => None,
    }
}

fn ask_at(address: Ipv4Addr) -> std::io::Result<()> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    socket.set_nonblocking(true)?;
    socket.set_multicast_if_v4(&address)?;
    socket.set_multicast_ttl_v4(HOPS)?;
    socket.send_to(QUESTION, &SocketAddr::from(EVERYBODY).into())?;
    Ok(())
}

/// Notes what was heard, and what is to be told of it.
fn noted(shared: &Shared, sighting: &DiscoveryEvent) -> Option<NetEvent> {
    match sighting {
        DiscoveryEvent::Discovered { endpoint_info, .. } => {
            let device = device(endpoint_info.endpoint_id)?;
            let addresses: Vec<SocketAddr> =
                endpoint_info.ip_addrs().copied().take(ADDRESSES_MAX).collect();
            let is_kept = shared.lock().sighted(device, addresses.clone());
            is_kept.then_some(NetEvent::Nearby { device, addresses })
        }
        DiscoveryEvent::Expired { endpoint_id } => {
            let device = device(*endpoint_id)?;
            shared.lock().lost_sight(device);
            Some(NetEvent::NearbyGone { device })
        }
        _ => None,
    }
}

/// The device that an endpoint is; `None` for keys that the core does not take.
pub(crate) fn device(id: EndpointId) -> Option<DeviceId> {
    DeviceId::from_bytes(id.as_bytes()).ok()
}
