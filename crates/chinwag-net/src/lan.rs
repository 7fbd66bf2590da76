//! Who is on the local network: mDNS, asked and answered there and nowhere else.

use std::net::SocketAddr;
use std::sync::Arc;

use chinwag_core::ids::DeviceId;
use chinwag_core::ticket::Address;
use iroh::address_lookup::{AddressLookup, EndpointData};
use iroh::{EndpointId, TransportAddr};
use iroh_mdns_address_lookup::{DiscoveryEvent, MdnsAddressLookup};

use crate::event::NetEvent;
use crate::limits::{ADDRESSES_MAX, LAN_QUERY_EVERY};
use crate::state::Shared;

/// The service that is announced and asked for: `_chinwag._udp.local`.
const SERVICE: &str = "chinwag";

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
