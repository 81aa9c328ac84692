//! Whether a request is meant for this host, and whether a page that is none of ours made a browser send it.
//!
//! A foreign page can point a name of its own at our address (DNS rebinding): so the name must be one of ours. It can make
//! a browser send us forms and links: so what changes anything must not come from it, and what is read must be a page that
//! somebody opened. What sends no `Origin` and no `Sec-Fetch-Site` is no browser of today; what shows a token needs none.

use std::net::IpAddr;

use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};

use super::{Access, changes, text};
use crate::problem::{Answer, Problem};
use crate::settings::WebSettings;

pub(super) fn check(head: &Parts, access: &Access, settings: &WebSettings) -> Answer<()> {
    let host = host(head)?;
    if !is_ours(host, access, settings) {
        let remedy = match access {
            Access::Loopback => "is not this machine's loopback; over other names a token is needed, and [http] names",
            _ => "is no name of this host; add it to [http] names",
        };
        return Err(forbidden(format!("`Host: {host}` {remedy}")));
    }
    let headers = &head.headers;
    if let Some(origin) = headers.get(header::ORIGIN) {
        let origin = origin.to_str().unwrap_or("?");
        if !is_own_origin(origin, host, settings) {
            return Err(forbidden(format!("`Origin: {origin}`: pages from elsewhere are not let in")));
        }
    }
    match fetch_site(headers) {
        None | Some("same-origin" | "none") => Ok(()),
        Some(_) if !changes(&head.method) && text(headers, &FETCH_MODE) == Some("navigate") => Ok(()),
        Some(site) => Err(forbidden(format!("`Sec-Fetch-Site: {site}`: pages from elsewhere are not let in"))),
    }
}

const FETCH_SITE: header::HeaderName = header::HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: header::HeaderName = header::HeaderName::from_static("sec-fetch-mode");

fn fetch_site(headers: &HeaderMap) -> Option<&str> {
    headers.get(FETCH_SITE).map(|value| value.to_str().unwrap_or("?"))
}

/// The one name that the request is for.
fn host(head: &Parts) -> Answer<&str> {
    let mut named = head.headers.get_all(header::HOST).iter();
    let host = named.next().and_then(|host| host.to_str().ok()).unwrap_or_default();
    let other = head.uri.authority().is_some_and(|authority| authority.as_str() != host);
    if named.next().is_some() || other {
        return Err(Problem::bad_request("the request names more than one host; send one `Host`"));
    }
    Ok(host)
}

/// Names only: a page that is served from an address in figures is ours, or none of this host's.
fn is_ours(host: &str, access: &Access, settings: &WebSettings) -> bool {
    let name = name(host);
    let address = name.parse::<IpAddr>().ok();
    let by_address = match access {
        Access::Loopback => address.is_some_and(|address| address.to_canonical().is_loopback()),
        _ => address.is_some(),
    };
    by_address || name.eq_ignore_ascii_case("localhost") || is_named(name, settings)
}

fn is_named(name: &str, settings: &WebSettings) -> bool {
    settings.names.iter().any(|own| own.eq_ignore_ascii_case(name))
}

/// The host that was asked; or, behind a proxy that asks under another name, a name of ours at its usual port.
fn is_own_origin(origin: &str, host: &str, settings: &WebSettings) -> bool {
    let from = origin.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"));
    from.is_some_and(|(_, from)| from.eq_ignore_ascii_case(host) || is_named(from, settings))
}

/// Without its port, and without the brackets of IPv6.
fn name(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inside, _)) => inside,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    }
}

fn forbidden(detail: String) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(host: &str, access: &Access) -> bool {
        is_ours(host, access, &WebSettings { names: vec!["noon.example".to_owned()], ..WebSettings::default() })
    }

    #[test]
    fn only_names_of_loopback_count_as_loopback() {
        for host in ["127.0.0.1:7878", "localhost", "LOCALHOST:1", "[::1]:7878", "127.9.9.9", "Noon.Example:80"] {
            assert!(ours(host, &Access::Loopback), "{host}");
        }
        let foreign = ["", "evil.example", "127.0.0.1.evil.example", "0.0.0.0:80", "localhost.evil:80", "[::2]:1"];
        for host in foreign {
            assert!(!ours(host, &Access::Loopback), "{host}");
        }
    }

    #[test]
    fn off_loopback_addresses_in_figures_are_ours_and_names_are_those_that_were_given() {
        let access = Access::token("0123456789abcdef");
        for host in ["10.1.2.3:7878", "[fd00::1]:1", "noon.example", "localhost:1"] {
            assert!(ours(host, &access), "{host}");
        }
        for host in ["evil.example", "", "10.1.2.3.evil.example", "noon.example.evil"] {
            assert!(!ours(host, &access), "{host}");
        }
    }

    #[test]
    fn an_origin_is_the_host_that_was_asked_or_a_name_at_its_usual_port() {
        let settings = WebSettings { names: vec!["noon.example".to_owned()], ..WebSettings::default() };
        let own = |origin| is_own_origin(origin, "127.0.0.1:7878", &settings);
        assert!(own("http://127.0.0.1:7878") && own("https://noon.example"));
        for origin in
            ["null", "http://127.0.0.1:1", "https://noon.example:8443", "https://evil.example", "127.0.0.1:7878"]
        {
            assert!(!own(origin), "{origin}");
        }
    }
}
