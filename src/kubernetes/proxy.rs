//! Decides whether the proxy of the environment stands between us and an API server.
//!
//! kube 5.0 compares `NO_PROXY` with the proxy's own address instead of the server's, so it is read again here.

use std::net::IpAddr;

/// True where `host` is this machine, or `no_proxy` names it.
///
/// `no_proxy` is a list separated by commas: `*`, an address, a network such as `10.0.0.0/8`, or a domain, which
/// also stands for everything below it. Ports and entries that cannot be read are ignored.
pub(super) fn goes_direct(host: &str, no_proxy: &str) -> bool {
    let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
    let address: Option<IpAddr> = host.parse().ok();
    if host == "localhost" || address.is_some_and(|address| address.is_loopback()) {
        return true;
    }
    no_proxy
        .split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .any(|entry| {
            entry == "*"
                || match address {
                    Some(address) => covers_address(entry, address),
                    None => covers_name(entry, &host),
                }
        })
}

fn covers_address(entry: &str, address: IpAddr) -> bool {
    match entry.split_once('/') {
        None => entry.trim_matches(['[', ']']).parse() == Ok(address),
        Some((network, length)) => {
            let (Ok(network), Ok(length)) = (network.parse::<IpAddr>(), length.parse::<u32>()) else {
                return false;
            };
            match (network, address) {
                (IpAddr::V4(network), IpAddr::V4(address)) => {
                    length <= 32 && first_bits(network.to_bits().into(), address.to_bits().into(), 32 - length)
                }
                (IpAddr::V6(network), IpAddr::V6(address)) => {
                    length <= 128 && first_bits(network.to_bits(), address.to_bits(), 128 - length)
                }
                _ => false,
            }
        }
    }
}

/// True where both agree once the last `free` bits are left out.
fn first_bits(one: u128, other: u128, free: u32) -> bool {
    (one ^ other).checked_shr(free).unwrap_or(0) == 0
}

fn covers_name(entry: &str, host: &str) -> bool {
    let entry = entry.to_ascii_lowercase();
    let domain = entry.trim_start_matches('*').trim_start_matches('.');
    let domain = domain.split_once(':').map_or(domain, |(name, _port)| name);
    !domain.is_empty()
        && host
            .strip_suffix(domain)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_proxy_names_hosts_domains_and_networks() {
        let check = |host: &str, no_proxy: &str, expected: bool| {
            assert_eq!(goes_direct(host, no_proxy), expected, "{host} with {no_proxy}");
        };
        check("127.0.0.1", "", true);
        check("[::1]", "", true);
        check("localhost", "", true);
        check("shop.hcp.westeurope.azmk8s.io", "", false);
        check("shop.hcp.westeurope.azmk8s.io", "*", true);
        check("shop.hcp.westeurope.azmk8s.io", "example.com, .azmk8s.io,", true);
        check("shop.hcp.westeurope.azmk8s.io", "*.AZMK8S.io:443", true);
        check("shop.notazmk8s.io", "azmk8s.io", false);
        check("azmk8s.io", "azmk8s.io", true);
        check("10.1.2.3", "10.0.0.0/8", true);
        check("11.1.2.3", "10.0.0.0/8", false);
        check("11.1.2.3", "0.0.0.0/0", true);
        check("10.1.2.3", "10.1.2.3", true);
        check("10.1.2.3", "10.1.2.0/33, 10.1.2.0/x, /, :", false);
        check("fd00::5", "fd00::/8", true);
        check("fe00::5", "::/0", true);
        check("fe00::5", "10.0.0.0/8", false);
    }
}
