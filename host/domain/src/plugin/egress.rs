//! What a plugin may reach over the network: grants, targets, and the addresses that are refused whatever a name says.
//!
//! A grant names an origin ([`HttpGrant`]) or a host and port ([`TcpGrant`]). That a name is granted says nothing of
//! where it leads: every address it resolves to is judged by [`forbidden`], and only what passes, or what the grant's
//! own [`AddressRule`]s lift, is connected to.

mod address;
mod grant;
mod host;
mod path;

pub use address::{AddressKind, AddressRule, forbidden, permitted};
pub use grant::{HttpGrant, NotGranted, TcpGrant, granted};
pub use host::{HostPattern, NetHost, Scheme, Target};
pub use path::PathPrefix;
