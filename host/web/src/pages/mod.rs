//! The dashboard: pages that the server draws, for people.
//!
//! ```text
//! visit       who looks, from where, in which zone and theme          visit.rs zone.rs
//! page        a drawn page, with the headers that keep it safe        page.rs
//! assets      style and modules, embedded                             assets.rs   ../assets
//! moment      an instant, as a reader wants it; how long              moment.rs length.rs
//! pictures    SVG, from data to shapes                                picture/
//! pages       one file for each, with a template of the same name     now.rs schedules.rs …   ../templates
//! ```
//!
//! A page reads the engine and the history and decides nothing. What a reader does goes to the API, like everybody's wishes. A page
//! is always drawn whole; the open one asks for itself again when something happens (`assets/live.js`) and takes over the parts
//! that are marked `data-live`.

mod alerts;
mod assets;
mod audit;
mod hosts;
mod incident;
mod length;
mod log;
mod login;
mod moment;
mod now;
mod page;
mod picture;
mod plugin;
mod plugins;
mod run;
mod runs;
mod schedule;
mod schedules;
mod simulator;
mod tokens;
mod visit;
mod why;
mod zone;

#[cfg(test)]
pub(crate) use assets::path as assets_path;

use axum::routing::Router;

use crate::WebParts;

pub(crate) fn routes() -> Router<WebParts> {
    Router::new()
        .merge(assets::routes())
        .merge(now::routes())
        .merge(schedules::routes())
        .merge(schedule::routes())
        .merge(simulator::routes())
        .merge(runs::routes())
        .merge(run::routes())
        .merge(log::routes())
        .merge(why::routes())
        .merge(plugins::routes())
        .merge(plugin::routes())
        .merge(hosts::routes())
        .merge(alerts::routes())
        .merge(incident::routes())
        .merge(login::routes())
        .merge(audit::routes())
        .merge(tokens::routes())
}
