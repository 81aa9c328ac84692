//! Who asks: for the audit log, for buttons that somebody may not press, for links.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::Uri;
use axum::http::request::Parts;
use noontide_domain::Scope;

use super::Peer;
use crate::settings::WebSettings;

/// Who asks. Each route behind the guard has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// For people: `token ci`, `user 1000`, `loopback`.
    pub name: String,
    /// What they may do.
    pub scope: Scope,
    /// How they came in.
    pub way: Way,
}

/// How somebody came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Through the Unix socket.
    Socket,
    /// Over loopback, where no token is asked for.
    Loopback,
    /// With a token in the request.
    Token,
    /// With the session of a browser.
    Session,
}

impl Visitor {
    /// Whether they may do what needs `scope`.
    pub fn may(&self, scope: Scope) -> bool {
        self.scope.covers(scope)
    }

    /// Who did something, where the request may say so itself: a token speaks for itself, a user of this machine is
    /// believed.
    pub(crate) fn signed(&self, by: Option<String>) -> String {
        match self.way {
            Way::Socket | Way::Loopback => by.unwrap_or_else(|| "api".to_owned()),
            Way::Token | Way::Session => self.name.clone(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // Without the guard before it a route is nobody's.
        let nobody = || Visitor { name: "nobody".to_owned(), scope: Scope::Read, way: Way::Token };
        Ok(parts.extensions.get().cloned().unwrap_or_else(nobody))
    }
}

/// What all links of a page begin with: `""`, or a path such as `/noontide`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Base(pub String);

impl Base {
    /// As the browser sees it: what a trusted proxy took away, and the path that this request came under.
    pub(super) fn of(uri: &Uri, peer: &Peer, settings: &WebSettings) -> Self {
        let path = uri.path();
        let own = super::table::within(path, &settings.path) != path;
        let own = if own { settings.path.as_str() } else { "" };
        Self(format!("{}{own}", peer.prefix))
    }

    /// The login page, which leads back to `to` afterwards; `prefix` is what a proxy took away from it.
    pub(super) fn login(&self, prefix: &str, to: &Uri) -> String {
        let path = to.path_and_query().map_or("/", |path| path.as_str());
        // Nothing but text can be in there, so it can be written.
        let query = serde_urlencoded::to_string([("next", format!("{prefix}{path}"))]).unwrap_or_default();
        format!("{}/login?{query}", self.0)
    }
}

impl Base {
    /// Where a login may lead: `next` if it is a path of this host, and nothing that a browser could take for another
    /// one; else home.
    pub fn after_login(&self, next: Option<&str>) -> String {
        let is_own = |path: &str| {
            path.starts_with('/')
                && !path.starts_with("//")
                // Browsers take a backslash for a slash, and leave out tabs and line breaks.
                && !path.chars().any(|c| c == '\\' || c.is_control())
        };
        next.filter(|path| is_own(path)).map_or_else(|| format!("{}/", self.0), str::to_owned)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Base {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_leads_to_paths_of_this_host_only() {
        let base = Base("/noontide".to_owned());
        let next = |next| base.after_login(Some(next));
        assert_eq!(next("/noontide/runs?state=failed"), "/noontide/runs?state=failed");
        for away in ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "/\t/evil", "evil", ""] {
            assert_eq!(next(away), "/noontide/", "{away:?}");
        }
        assert_eq!(Base::default().after_login(None), "/");
    }

    #[test]
    fn the_login_page_is_told_where_to_lead_back() {
        let login = |base: &str, prefix, to: &str| Base(base.to_owned()).login(prefix, &to.parse().expect("a path"));
        assert_eq!(login("", "", "/runs?state=failed&x=1"), "/login?next=%2Fruns%3Fstate%3Dfailed%26x%3D1");
        assert_eq!(login("/noontide", "", "/noontide/runs"), "/noontide/login?next=%2Fnoontide%2Fruns");
        assert_eq!(login("/outside", "/outside", "/runs"), "/outside/login?next=%2Foutside%2Fruns");
    }
}
