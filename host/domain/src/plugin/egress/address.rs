//! Addresses: which are refused, and what lifts that.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Why an address is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressKind {
    /// `0.0.0.0/8`, `::`: on many systems the machine itself.
    Unspecified,
    /// The machine itself.
    Loopback,
    /// A private network.
    Private,
    /// One link, where clouds keep their metadata.
    LinkLocal,
    /// Where a cloud tells a machine who it is, at an address of another kind.
    Metadata,
    /// Between a provider and its customers: `100.64.0.0/10`.
    Shared,
    /// Many at a time.
    Multicast,
    /// Everybody at a time.
    Broadcast,
    /// For documents, measurements, protocols and the future: nobody is there.
    Reserved,
}

impl fmt::Display for AddressKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AddressKind::Unspecified => "unspecified",
            AddressKind::Loopback => "loopback",
            AddressKind::Private => "private",
            AddressKind::LinkLocal => "link-local",
            AddressKind::Metadata => "cloud metadata",
            AddressKind::Shared => "carrier-grade NAT",
            AddressKind::Multicast => "multicast",
            AddressKind::Broadcast => "broadcast",
            AddressKind::Reserved => "reserved",
        })
    }
}

/// Why nobody connects to `address` without being told to; `None` if it is an ordinary public one. An IPv4 address within
/// an IPv6 one is judged as what it is.
pub fn forbidden(address: IpAddr) -> Option<AddressKind> {
    match address.to_canonical() {
        IpAddr::V4(address) => forbidden_v4(address),
        IpAddr::V6(address) => forbidden_v6(address),
    }
}

/// Whether `address` may be connected to: it is an ordinary one, or `rules` lift what forbids it.
///
/// # Errors
/// What forbids it.
pub fn permitted<'a>(address: IpAddr, rules: impl IntoIterator<Item = &'a AddressRule>) -> Result<(), AddressKind> {
    let Some(kind) = forbidden(address) else { return Ok(()) };
    // Nothing that can be granted is there.
    if matches!(kind, AddressKind::Unspecified | AddressKind::Multicast | AddressKind::Broadcast) {
        return Err(kind);
    }
    match rules.into_iter().any(|rule| rule.lifts(address, kind)) {
        true => Ok(()),
        false => Err(kind),
    }
}

const V4: [(Ipv4Addr, u8, AddressKind); 17] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8, AddressKind::Unspecified),
    (Ipv4Addr::new(10, 0, 0, 0), 8, AddressKind::Private),
    (Ipv4Addr::new(100, 64, 0, 0), 10, AddressKind::Shared),
    (Ipv4Addr::new(127, 0, 0, 0), 8, AddressKind::Loopback),
    // Azure's, in the middle of public addresses.
    (Ipv4Addr::new(168, 63, 129, 16), 32, AddressKind::Metadata),
    (Ipv4Addr::new(169, 254, 0, 0), 16, AddressKind::LinkLocal),
    (Ipv4Addr::new(172, 16, 0, 0), 12, AddressKind::Private),
    (Ipv4Addr::new(192, 0, 0, 0), 24, AddressKind::Reserved),
    (Ipv4Addr::new(192, 0, 2, 0), 24, AddressKind::Reserved),
    (Ipv4Addr::new(192, 88, 99, 0), 24, AddressKind::Reserved),
    (Ipv4Addr::new(192, 168, 0, 0), 16, AddressKind::Private),
    (Ipv4Addr::new(198, 18, 0, 0), 15, AddressKind::Reserved),
    (Ipv4Addr::new(198, 51, 100, 0), 24, AddressKind::Reserved),
    (Ipv4Addr::new(203, 0, 113, 0), 24, AddressKind::Reserved),
    (Ipv4Addr::new(224, 0, 0, 0), 4, AddressKind::Multicast),
    (Ipv4Addr::BROADCAST, 32, AddressKind::Broadcast),
    (Ipv4Addr::new(240, 0, 0, 0), 4, AddressKind::Reserved),
];

const V6: [(Ipv6Addr, u8, AddressKind); 17] = [
    (Ipv6Addr::UNSPECIFIED, 128, AddressKind::Unspecified),
    (Ipv6Addr::LOCALHOST, 128, AddressKind::Loopback),
    // A translator of somebody's own: where the IPv4 address stands in it, only they know.
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48, AddressKind::Private),
    (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 64, AddressKind::Reserved),
    // Teredo, benchmarking, ORCHID and other protocols.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, AddressKind::Reserved),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, AddressKind::Reserved),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, AddressKind::Reserved),
    (Ipv6Addr::new(0x5f00, 0, 0, 0, 0, 0, 0, 0), 16, AddressKind::Reserved),
    (Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0), 32, AddressKind::Metadata),
    (Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254), 128, AddressKind::Metadata),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, AddressKind::Private),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, AddressKind::LinkLocal),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, AddressKind::Private),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, AddressKind::Multicast),
    // Of the rest, only 2000::/3 was ever given out.
    (Ipv6Addr::UNSPECIFIED, 3, AddressKind::Reserved),
    (Ipv6Addr::new(0x4000, 0, 0, 0, 0, 0, 0, 0), 2, AddressKind::Reserved),
    (Ipv6Addr::new(0x8000, 0, 0, 0, 0, 0, 0, 0), 1, AddressKind::Reserved),
];

fn forbidden_v4(address: Ipv4Addr) -> Option<AddressKind> {
    V4.iter().find(|(net, bits, _)| within(address.into(), (*net).into(), *bits)).map(|(_, _, kind)| *kind)
}

fn forbidden_v6(address: Ipv6Addr) -> Option<AddressKind> {
    if let Some(inner) = nat64(address) {
        return forbidden_v4(inner);
    }
    let listed =
        V6.iter().find(|(net, bits, _)| within(address.into(), (*net).into(), *bits)).map(|(_, _, kind)| *kind);
    match listed {
        None | Some(AddressKind::Reserved) => embedded(address).into_iter().flatten().find_map(forbidden_v4).or(listed),
        listed => listed,
    }
}

/// The IPv4 addresses that an IPv6 one carries, by the ways of moving from one to the other.
fn embedded(address: Ipv6Addr) -> [Option<Ipv4Addr>; 5] {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    let teredo = (a, b) == (0x2001, 0);
    [
        // IPv4-compatible, but for `::` and `::1`; and translated (SIIT).
        ([a, b, c, d, e, f] == [0; 6] && (g, h) > (0, 1)).then(|| v4(g, h)),
        ([a, b, c, d, e, f] == [0, 0, 0, 0, 0xffff, 0]).then(|| v4(g, h)),
        // 6to4.
        (a == 0x2002).then(|| v4(b, c)),
        // Teredo: the client's, with all its bits turned round.
        teredo.then(|| v4(!g, !h)),
        // ISATAP.
        ((e & 0xfdff, f) == (0, 0x5efe)).then(|| v4(g, h)),
    ]
}

/// Of the translator that everybody may run.
fn nat64(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    ([a, b, c, d, e, f] == [0x64, 0xff9b, 0, 0, 0, 0]).then(|| Ipv4Addr::from((u32::from(g) << 16) | u32::from(h)))
}

/// What a grant adds: addresses that may be connected to although they are of a kind that is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressRule {
    /// The private networks: `10.0.0.0/8`, `172.16.0.0/12`, `192.168.0.0/16` and `fc00::/7`.
    Private,
    /// This machine.
    Loopback,
    /// A network: its address and how many bits of it count.
    Network(IpAddr, u8),
}

impl AddressRule {
    /// One address.
    pub fn only(address: IpAddr) -> Self {
        let address = address.to_canonical();
        AddressRule::Network(address, if address.is_ipv4() { 32 } else { 128 })
    }

    /// Whether the address is one of those.
    pub fn names(&self, address: IpAddr) -> bool {
        match (self, address.to_canonical()) {
            (AddressRule::Private, address) => private(address),
            (AddressRule::Loopback, address) => address.is_loopback(),
            (AddressRule::Network(net, bits), address) => within(address, *net, *bits),
        }
    }

    fn lifts(&self, address: IpAddr, kind: AddressKind) -> bool {
        match (self, address.to_canonical()) {
            (AddressRule::Private, address) => kind == AddressKind::Private && private(address),
            // Not what only carries such an address: whoever translates it is somebody else.
            (AddressRule::Loopback, address) => address.is_loopback(),
            (AddressRule::Network(net, bits), address) => within(address, *net, *bits),
        }
    }
}

fn private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private(),
        IpAddr::V6(address) => address.is_unique_local(),
    }
}

impl FromStr for AddressRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "private" => return Ok(AddressRule::Private),
            "loopback" => return Ok(AddressRule::Loopback),
            _ => {}
        }
        let expected = || {
            format!("`{text}` is no network; a CIDR such as \"10.0.0.0/8\", \"private\" or \"loopback\" is expected")
        };
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address = address.parse::<IpAddr>().map_err(|_| expected())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), |bits| bits.parse::<u8>().map_err(|_| expected()))?;
        if bits > most {
            return Err(format!("`{text}` has {bits} bits; at most {most} are in such an address"));
        }
        if first(address, bits) != address {
            return Err(format!(
                "`{text}` is not the first address of its network; write {}/{bits}",
                first(address, bits)
            ));
        }
        if bits == 0 {
            return Err(format!("`{text}` is every address there is; name the networks that are meant"));
        }
        Ok(match (address, address.to_canonical()) {
            // As it is compared: an IPv4 address in IPv6 clothes is one.
            (IpAddr::V6(_), IpAddr::V4(inner)) if bits >= 96 => AddressRule::Network(inner.into(), bits - 96),
            _ => AddressRule::Network(address, bits),
        })
    }
}

impl fmt::Display for AddressRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AddressRule::Private => f.write_str("private"),
            AddressRule::Loopback => f.write_str("loopback"),
            AddressRule::Network(address, bits) => write!(f, "{address}/{bits}"),
        }
    }
}

fn within(address: IpAddr, net: IpAddr, bits: u8) -> bool {
    address.is_ipv4() == net.is_ipv4() && first(address, bits) == first(net, bits)
}

/// The address with all but its first `bits` cleared.
fn first(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits.min(32))).unwrap_or(0);
            Ipv4Addr::from(u32::from(address) & mask).into()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits.min(128))).unwrap_or(0);
            Ipv6Addr::from(u128::from(address) & mask).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(address: &str) -> Option<AddressKind> {
        forbidden(address.parse().expect("an address"))
    }

    #[test]
    fn what_is_no_ordinary_address_is_refused_in_whatever_clothes() {
        use AddressKind::{
            Broadcast, LinkLocal, Loopback, Metadata, Multicast, Private, Reserved, Shared, Unspecified,
        };
        let expected = [
            (Unspecified, "0.0.0.0 0.1.2.3 :: ::ffff:0.0.0.0 64:ff9b::0.0.0.0"),
            (Loopback, "127.0.0.1 127.255.255.254 ::1 ::ffff:127.0.0.1 ::127.0.0.1 64:ff9b::127.0.0.1 2002:7f00:1::"),
            (Loopback, "2001:0:4136:e378:8000:63bf:80ff:fffe ::ffff:0:127.0.0.1 2001:470::200:5efe:127.0.0.1"),
            (Private, "10.0.0.0 10.255.255.255 172.16.0.1 172.31.255.255 192.168.1.1 fc00::1 fd12:3456::1 fec0::1"),
            (Private, "::ffff:10.1.2.3 64:ff9b::10.1.2.3 64:ff9b:1::1 64:ff9b:1:a00:0:100:: 2002:a01:203::1"),
            (LinkLocal, "169.254.169.254 169.254.0.1 fe80::1 febf::1 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe"),
            (Metadata, "fd00:ec2::254 fd20:ce::254 168.63.129.16"),
            (Shared, "100.64.0.1 100.127.255.255 100.100.100.200 ::ffff:100.64.0.1"),
            (Multicast, "224.0.0.1 239.255.255.250 ff02::1 ff0e::1 233.252.0.1"),
            (Broadcast, "255.255.255.255 ::ffff:255.255.255.255"),
            (Reserved, "240.0.0.1 192.0.0.192 192.0.2.1 198.51.100.1 203.0.113.1 198.18.0.1 192.88.99.1"),
            (Reserved, "2001:db8::1 3fff::1 2001:2::1 2001:10::1 2001:20::1 100::1 5f00::1 4000::1 8000::1 ::8.8.8.8"),
        ];
        for (expected, addresses) in expected {
            for address in addresses.split(' ') {
                assert_eq!(kind(address), Some(expected), "{address}");
            }
        }
    }

    #[test]
    fn ordinary_addresses_pass_also_through_a_translator() {
        for address in "1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 172.15.0.1 172.32.0.1 \
                        192.167.0.1 169.253.0.1 198.17.0.1 198.20.0.1 223.255.255.255 2606:4700::1111 2a00::1 64:ff9b::8.8.8.8 2002:808:808::1"
            .split_ascii_whitespace()
        {
            assert_eq!(kind(address), None, "{address}");
        }
    }

    #[test]
    fn a_rule_lifts_what_it_names_and_nothing_else() {
        let lifted = |rule: &str, address: &str| {
            let rule: AddressRule = rule.parse().expect("a rule");
            permitted(address.parse().expect("an address"), [&rule]).is_ok()
        };
        for (rule, address) in [
            ("private", "10.1.2.3"),
            ("private", "fd12::1"),
            ("private", "::ffff:192.168.0.1"),
            ("loopback", "127.0.0.2"),
            ("loopback", "::1"),
            ("10.0.0.0/8", "10.255.0.1"),
            ("::ffff:10.0.0.0/104", "10.255.0.1"),
            ("100.64.0.0/10", "100.100.100.200"),
            ("169.254.169.254", "169.254.169.254"),
            ("fd00:ec2::254", "fd00:ec2::254"),
            ("192.168.7.1", "8.8.8.8"),
        ] {
            assert!(lifted(rule, address), "{rule} lifts {address}");
        }
        for (rule, address) in [
            ("private", "127.0.0.1"),
            ("private", "169.254.169.254"),
            ("private", "fd00:ec2::254"),
            ("private", "fd00:ec2::200:5efe:a00:1"),
            ("private", "64:ff9b::10.0.0.1"),
            ("private", "64:ff9b:1::1"),
            ("private", "100.64.0.1"),
            ("loopback", "0.0.0.0"),
            ("loopback", "::"),
            ("loopback", "::127.0.0.1"),
            ("10.0.0.0/8", "172.16.0.1"),
            ("10.0.0.0/8", "64:ff9b::10.0.0.1"),
            ("224.0.0.0/4", "224.0.0.1"),
            ("::/1", "::"),
        ] {
            assert!(!lifted(rule, address), "{rule} does not lift {address}");
        }
    }

    #[test]
    fn a_network_is_written_by_its_first_address() {
        let refused = |text: &str| text.parse::<AddressRule>().expect_err("refused");
        assert!(refused("10.0.0.1/8").contains("write 10.0.0.0/8"));
        assert!(refused("10.0.0.0/33").contains("at most 32"));
        assert!(refused("0.0.0.0/0").contains("every address"));
        for text in ["everything", "10.0.0", "10/8", "", "10.0.0.0/", "10.0.0.0/-1"] {
            assert!(refused(text).contains("a CIDR such as"), "{text}");
        }
    }
}
