//! Pings as healthchecks takes them: success to the URL, the rest below it, the reason of a failure as the body.

use noontide_domain::alert::{Alert, AlertKind};

use crate::WireRequest;

pub(crate) fn request(alert: &Alert, url: &str) -> WireRequest {
    let way = match alert.kind {
        AlertKind::Started => "/start",
        AlertKind::Succeeded | AlertKind::Recovered => "",
        AlertKind::Test => "/log",
        AlertKind::Failed | AlertKind::Opened | AlertKind::Changed | AlertKind::Reminder => "/fail",
    };
    let (path, query) = url.find('?').map_or((url, ""), |at| url.split_at(at));
    let headers = vec![("content-type".to_owned(), "text/plain; charset=utf-8".to_owned())];
    let body = alert.incident.words.clone();
    WireRequest { url: format!("{}{way}{query}", path.trim_end_matches('/')), headers, body }
}
