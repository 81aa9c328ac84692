//! `[http]`: the API on TCP. Who is asked for a token, what the host is called, what clients may take up.

use std::net::SocketAddr;

use noontide_domain::plugin::egress::AddressRule;

use super::host::finished;
use crate::reader::Reader;
use crate::tree::{Node, Value};
use crate::{Http, Secret, TlsFiles};

/// Shorter tokens can be guessed.
const TOKEN_LENGTH: usize = 16;

pub(super) fn http(top: &Reader<'_>, env: &str) -> Option<Http> {
    let reader = top.inside(top.table("http")?);
    let token_node = reader.get("token");
    let token = token_node.and_then(|node| token(&reader, node));
    let demand_token = reader.flag("demand-token");
    let listen = reader.text("listen").and_then(|(text, node)| listen(&reader, &text, node));
    if let (Some(Some(address)), None, Some(false)) = (listen, token_node, demand_token) {
        let place = reader.place_of("listen");
        let remedy = "set `token = { env = \"NOONTIDE_TOKEN\" }` in [http], or demand-token = true for those of `noontide token \
                      new`, or listen = \"off\" and use the Unix socket";
        if !address.ip().is_loopback() {
            reader
                .problem(&place, format!("{address} can be reached from outside and no token is asked for; {remedy}"));
        } else if env != "local" {
            reader.problem(&place, format!("in environment `{env}` the API on TCP asks for a token; {remedy}"));
        }
    }
    let names = listed(&reader, "names", "[\"noontide.example.com\"]", name);
    let path = reader.text("path").and_then(|(text, node)| reader.good(&node.place, path(&text)));
    let public_url = reader.text("public-url").and_then(|(text, node)| reader.good(&node.place, public_url(&text)));
    let proxies = listed(&reader, "trusted-proxies", "[\"10.0.0.5\", \"10.1.0.0/16\"]", |text| {
        text.parse::<AddressRule>().map_err(|reason| format!("`trusted-proxies`: {reason}"))
    });
    let read_only = reader.flag("read-only");
    let connections = reader.count("connections", 8);
    let connections_per_address = reader.count("connections-per-address", 1);
    let tls = tls(&reader);
    let http = || {
        Some(Http {
            listen: listen?,
            token,
            demand_token: demand_token?,
            names,
            path: path?,
            public_url: public_url?,
            trusted_proxies: proxies,
            read_only: read_only?,
            connections: connections?,
            connections_per_address: connections_per_address?,
            tls,
        })
    };
    finished(&reader, http())
}

fn listen(reader: &Reader<'_>, text: &str, node: &Node) -> Option<Option<SocketAddr>> {
    if text == "off" {
        return Some(None);
    }
    let address = text.parse::<SocketAddr>().map_err(|_| {
        format!("`listen` is `{text}`; an address with a port is expected, such as 127.0.0.1:7878 or [::1]:0, or `off`")
    });
    reader.good(&node.place, address).map(Some)
}

fn token<'a>(reader: &Reader<'a>, node: &'a Node) -> Option<Secret> {
    let value = reader.secret("token", node)?;
    let long = match value.len() {
        length if length < TOKEN_LENGTH => {
            let remedy = "for example from `openssl rand -hex 24`";
            Err(format!("`token` has {length} characters; at least {TOKEN_LENGTH} are needed, {remedy}"))
        }
        _ if !value.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Err("`token` holds a blank or a character that no HTTP header carries; letters and digits do".to_owned())
        }
        _ => Ok(Secret(value)),
    };
    reader.good(&node.place, long)
}

/// The files are read when the API is opened.
fn tls(reader: &Reader<'_>) -> Option<TlsFiles> {
    let node = reader.get("tls")?;
    let inside = reader.inside(reader.as_table("tls", node)?);
    let [certificate, key] =
        ["certificate", "key"].map(|key| inside.get(key).and_then(|node| inside.as_path(key, node)));
    if !inside.finish() {
        reader.spoil();
        return None;
    }
    let missing = "`tls` wants both: tls = { certificate = \"chain.pem\", key = \"key.pem\" }";
    let files = certificate.zip(key).map(|(certificate, key)| TlsFiles { certificate, key });
    reader.good(&node.place, files.ok_or(missing))
}

fn listed<T>(
    reader: &Reader<'_>,
    key: &'static str,
    expected: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Vec<T> {
    let Some(node) = reader.get(key) else { return Vec::new() };
    let Value::Array(items) = &node.value else {
        reader.problem(&node.place, format!("`{key}` is {}; a list is expected: {expected}", node.value.kind()));
        return Vec::new();
    };
    let item = |node: &Node| reader.as_text(key, node).and_then(|text| reader.good(&node.place, read(&text)));
    items.iter().filter_map(item).collect()
}

/// As a browser names a host, without a port.
fn name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    match !text.is_empty() && text.len() <= 253 && text.chars().all(plain) {
        true => Ok(text.trim_end_matches('.').to_ascii_lowercase()),
        false => Err(format!("`names`: `{text}` is no name of a host; write it without scheme, port and path")),
    }
}

/// Without a slash at its end; `None` if nothing is written.
fn public_url(text: &str) -> Result<Option<String>, String> {
    let url = text.trim_end_matches('/');
    let is_url = ["http://", "https://"].iter().any(|scheme| url.len() > scheme.len() && url.starts_with(scheme));
    match url.is_empty() || is_url && url.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#<>\"".contains(&byte)) {
        true => Ok(Some(url.to_owned()).filter(|url| !url.is_empty())),
        false => {
            Err(format!("`public-url` is `{text}`; \"https://noontide.example.com\" is expected, or \"\" for none"))
        }
    }
}

/// Without a slash at its end; empty for none.
fn path(text: &str) -> Result<String, String> {
    let path = text.trim_end_matches('/');
    let plain = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.~".contains(c))
    };
    let is_path = path.is_empty() || path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(plain));
    match is_path {
        true if path == "/api" || path.starts_with("/api/") => {
            Err("`path` begins with /api, where the API is already; choose another".to_owned())
        }
        true => Ok(path.to_owned()),
        false => Err(format!("`path` is `{text}`; a path such as /noontide is expected, or \"\" for none")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_begins_with_a_slash_and_ends_with_none() {
        assert_eq!(path("/noontide/"), Ok("/noontide".to_owned()));
        assert_eq!(path(""), Ok(String::new()));
        for wrong in ["noontide", "/a b", "/../x", "/a//b", "/api/v1", "/{x}"] {
            assert!(path(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_name_has_no_scheme_and_no_port() {
        assert_eq!(name("Noontide.Example.com."), Ok("noontide.example.com".to_owned()));
        for wrong in ["https://a", "a:1", "a/b", "", "*.a"] {
            assert!(name(wrong).is_err(), "{wrong}");
        }
    }
}
