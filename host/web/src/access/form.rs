//! What no honest client sends, refused before anything else is looked at.

use axum::http::request::Parts;
use axum::http::{Method, StatusCode, Uri};

use crate::problem::{Answer, Problem};

/// Longer ones no route of ours needs, in bytes.
const URL_BYTES: usize = 8 << 10;

/// Headers by which some servers take one verb for another. A guard in front of us may not know them.
const OVERRIDES: [&str; 3] = ["x-http-method-override", "x-http-method", "x-method-override"];

pub(super) fn check(head: &Parts) -> Answer<()> {
    let uri = &head.uri;
    if matches!(head.method, Method::TRACE | Method::CONNECT) {
        let detail = format!("{} is not possible here", head.method);
        return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail));
    }
    if uri.path_and_query().map_or(0, |path| path.as_str().len()) > URL_BYTES {
        let detail = format!("the address is longer than {URL_BYTES} bytes");
        return Err(Problem::new(StatusCode::URI_TOO_LONG, detail));
    }
    if let Some(name) = OVERRIDES.into_iter().find(|name| head.headers.contains_key(*name)) {
        return Err(Problem::bad_request(format!("`{name}` is not taken; send the method that is meant")));
    }
    if holds_control(uri) {
        let detail = "the address holds a control character, such as a line break or NUL; leave it out";
        return Err(Problem::bad_request(detail));
    }
    Ok(())
}

/// Written as `%00` to `%1F`, or `%7F`: nothing that we name has one.
fn holds_control(uri: &Uri) -> bool {
    let text = uri.path_and_query().map_or("", |path| path.as_str());
    let coded = text.split('%').skip(1).filter_map(|rest| u8::from_str_radix(rest.get(..2)?, 16).ok());
    coded.into_iter().any(|byte| byte.is_ascii_control())
}
