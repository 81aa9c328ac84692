//! Who looks at a page, from where, and how they want it.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::assets;
use super::moment::Moment;
use super::zone::Zone;
use crate::WebParts;
use crate::access::{Base, Visitor};

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the reader's system has it.
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// Its word, in the cookie and on the page.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn of(cookie: Option<String>) -> Self {
        match cookie.as_deref() {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::Auto,
        }
    }
}

/// A page of the menu.
pub(crate) struct Entry {
    /// As it is called.
    pub(crate) title: &'static str,
    /// Below the base.
    pub(crate) path: &'static str,
    /// After `g`.
    pub(crate) key: char,
    /// A line stands before it.
    pub(crate) begins_group: bool,
    /// It, or a page below it, is shown.
    pub(crate) is_here: bool,
}

/// The pages, in the order of the menu: title, path, key.
const MENU: &[&[(&str, &str, char)]] = &[
    &[("Now", "/", 'n'), ("Schedules", "/schedules", 's'), ("Runs", "/runs", 'r'), ("Why", "/why", 'w')],
    &[("Plugins", "/plugins", 'p'), ("Simulator", "/simulator", 'i')],
    &[("Hosts", "/hosts", 'h'), ("Alerts", "/alerts", 'a'), ("Audit", "/audit", 'u'), ("Tokens", "/tokens", 't')],
];

/// One look at a page.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    /// Who looks: buttons that they may not press are not drawn.
    pub(crate) visitor: Visitor,
    /// What links begin with.
    pub(crate) base: String,
    /// The path, below the base.
    pub(crate) path: String,
    /// In which zone instants are shown.
    pub(crate) zone: Zone,
    /// The reader's own.
    pub(crate) mine: Tz,
    /// Light or dark.
    pub(crate) theme: Theme,
    /// When the page was asked for, by the host's clock.
    pub(crate) now: DateTime<Utc>,
}

impl Visit {
    /// The address of an asset.
    pub(crate) fn asset(&self, name: &str) -> String {
        format!("{}{}", self.base, assets::path(name))
    }

    /// The menu, with what is shown now marked.
    pub(crate) fn menu(&self) -> Vec<Entry> {
        let is_here = |path: &str| {
            self.path == path || path != "/" && self.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
        };
        let groups = MENU.iter().enumerate();
        groups
            .flat_map(|(group, pages)| {
                pages.iter().enumerate().map(move |(number, (title, path, key))| Entry {
                    title,
                    path,
                    key: *key,
                    begins_group: group > 0 && number == 0,
                    is_here: is_here(path),
                })
            })
            .collect()
    }

    /// An instant of a schedule that goes by `job`.
    pub(crate) fn moment(&self, instant: DateTime<Utc>, job: Tz) -> Moment {
        Moment::new(instant, self.now, self.zone.of(job, self.mine), self.mine)
    }

    /// The host's clock, in the zone of the page.
    pub(crate) fn server_clock(&self) -> String {
        let zone = self.zone.of(Tz::UTC, self.mine);
        self.now.with_timezone(&zone).format("%H:%M:%S %Z").to_string()
    }
}

impl FromRequestParts<WebParts> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &WebParts) -> Result<Self, Infallible> {
        let Ok(Base(base)) = Base::from_request_parts(parts, state).await;
        let Ok(visitor) = Visitor::from_request_parts(parts, state).await;
        Ok(Self {
            visitor,
            path: parts.uri.path().to_owned(),
            base,
            zone: Zone::named(cookie(parts, "zone").as_deref()),
            mine: cookie(parts, "mine").and_then(|name| name.parse().ok()).unwrap_or(Tz::UTC),
            theme: Theme::of(cookie(parts, "theme")),
            now: state.engine.now(),
        })
    }
}

/// The value of a cookie. Ours are words and names of zones, in which nothing but the slash is written in code.
fn cookie(parts: &Parts, name: &str) -> Option<String> {
    let all = parts.headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    all.flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value.replace("%2F", "/"))
}
