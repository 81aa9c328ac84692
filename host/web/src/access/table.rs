//! Which scope each route needs: one table. What is not in it needs `read` to be looked at and `admin` to be changed, so
//! that a route somebody forgot is closed and not open.

use axum::http::Method;
use noontide_domain::Scope;

use super::changes;

/// What a request must bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nothing at all: what probes ask.
    Nothing,
    /// To come from this host's own pages, or from none: what leads to a login.
    OwnSite,
    /// A visitor with this scope.
    Scope(Scope),
}

/// All that needs no scope, or another one than its verb says.
pub(crate) const TABLE: [(&str, &str, Needs); 36] = {
    const OPERATE: Needs = Needs::Scope(Scope::Operate);
    const ADMIN: Needs = Needs::Scope(Scope::Admin);
    [
        ("GET", "/livez", Needs::Nothing),
        ("GET", "/readyz", Needs::Nothing),
        ("GET", "/login", Needs::OwnSite),
        ("POST", "/login", Needs::OwnSite),
        ("POST", "/logout", Needs::OwnSite),
        // Style and scripts of the page that asks for a token; nothing of this host is in them.
        ("GET", "/assets/{digest}/{name}", Needs::OwnSite),
        // Also with a token in the address, which is good for nothing else.
        ("GET", "/calendar.ics", Needs::Scope(Scope::Feed)),
        ("GET", "/badge/{schedule}", Needs::Scope(Scope::Feed)),
        // Looks ahead, and changes nothing.
        ("POST", "/api/v1/simulate", Needs::Scope(Scope::Read)),
        ("POST", "/api/v1/schedules/{name}/fire", OPERATE),
        ("POST", "/api/v1/schedules/{name}/backfill", OPERATE),
        ("POST", "/api/v1/schedules/{name}/submit", OPERATE),
        ("POST", "/api/v1/schedules/{name}/pause", OPERATE),
        ("POST", "/api/v1/schedules/{name}/resume", OPERATE),
        ("POST", "/api/v1/schedules/pause", OPERATE),
        ("POST", "/api/v1/schedules/resume", OPERATE),
        ("POST", "/api/v1/schedules/fire", OPERATE),
        ("POST", "/api/v1/runs/cancel", OPERATE),
        ("POST", "/api/v1/runs/retry", OPERATE),
        ("POST", "/api/v1/runs", OPERATE),
        ("POST", "/api/v1/runs/{id}/cancel", OPERATE),
        ("POST", "/api/v1/runs/{id}/retry", OPERATE),
        ("POST", "/api/v1/chains/{id}/cancel", OPERATE),
        ("POST", "/api/v1/outbox/{id}/retry", OPERATE),
        ("DELETE", "/api/v1/outbox/{id}", OPERATE),
        ("POST", "/api/v1/alerts/test", OPERATE),
        ("POST", "/api/v1/alerts/incidents/{id}/acknowledge", OPERATE),
        ("POST", "/api/v1/alerts/incidents/{id}/close", OPERATE),
        ("POST", "/api/v1/alerts/deliveries/{id}/retry", OPERATE),
        ("GET", "/api/v1/tokens", ADMIN),
        ("GET", "/api/v1/audit", ADMIN),
        ("GET", "/tokens", ADMIN),
        ("GET", "/audit", ADMIN),
        // As the table's default has them; here because people look for them.
        ("POST", "/api/v1/reload", ADMIN),
        ("POST", "/api/v1/plugins/{name}/approve", ADMIN),
        ("POST", "/api/v1/plugins/{name}/rollback", ADMIN),
    ]
};

/// What `method` on `path` needs; `path` is a route's, with its names in braces, and without the prefix of all.
pub(crate) fn needs(method: &Method, path: &str) -> Needs {
    let verb = if *method == Method::HEAD { "GET" } else { method.as_str() };
    let listed = TABLE.iter().find(|(of, route, _)| *of == verb && *route == path).map(|(_, _, needs)| *needs);
    listed.unwrap_or(Needs::Scope(if changes(method) { Scope::Admin } else { Scope::Read }))
}

/// The path without what all paths begin with a second time.
pub(crate) fn within<'p>(path: &'p str, prefix: &str) -> &'p str {
    match path.strip_prefix(prefix) {
        Some("") => "/",
        Some(rest) if !prefix.is_empty() && rest.starts_with('/') => rest,
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_that_is_not_listed_is_looked_at_with_read_and_changed_with_admin() {
        assert_eq!(needs(&Method::GET, "/api/v1/runs"), Needs::Scope(Scope::Read));
        assert_eq!(needs(&Method::HEAD, "/api/v1/tokens"), Needs::Scope(Scope::Admin));
        assert_eq!(needs(&Method::PUT, "/api/v1/schedules/{name}"), Needs::Scope(Scope::Admin));
        assert_eq!(needs(&Method::POST, "/api/v1/nobody/thought/of/it"), Needs::Scope(Scope::Admin));
        assert_eq!(needs(&Method::POST, "/api/v1/runs"), Needs::Scope(Scope::Operate));
        assert_eq!(needs(&Method::POST, "/livez"), Needs::Scope(Scope::Admin));
    }

    #[test]
    fn the_prefix_is_taken_off_where_it_ends_at_a_slash_only() {
        assert_eq!(within("/noontide/livez", "/noontide"), "/livez");
        assert_eq!(within("/noontide", "/noontide"), "/");
        assert_eq!(within("/noontides/livez", "/noontide"), "/noontides/livez");
        assert_eq!(within("/livez", ""), "/livez");
    }
}
