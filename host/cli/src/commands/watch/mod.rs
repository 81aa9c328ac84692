//! `status --watch`: what goes on, painted anew in place until somebody has seen enough.
//!
//! ```text
//! seen     what was asked of the host, once a beat                     seen.rs
//!   └ drawn    as lines of a screen; pure                              drawn.rs
//!       └ screen   a terminal that is given back as it was             screen.rs
//! ```
//!
//! Where stdout is no terminal it is a line a beat, or with `-o jsonl` the whole answer.

mod drawn;
mod screen;
mod seen;

use std::io::IsTerminal as _;
use std::time::Duration;

use crate::args::Global;
use crate::exit::{Done, Exit, Stop};
use crate::output::Format;
use crate::reach::Reach;
use crate::{clock, zone};
use screen::Screen;
use seen::Seen;

/// Watches, looking every so often, until Ctrl-C, SIGTERM or `q`.
///
/// # Errors
/// The host cannot be reached at the beginning (5); stdout takes no more.
pub async fn run(global: &Global, every: Duration) -> Done {
    if matches!(global.output, Format::Json | Format::Toml) {
        return Err(Stop::usage("--watch writes many answers: take -o jsonl"));
    }
    let reach = Reach::to(global)?;
    // Who is not there at the beginning is misspelt; who goes away later comes back.
    let mut seen = Ok(Seen::of(&reach).await?);
    let is_screen = global.output == Format::Table && std::io::stdout().is_terminal();
    let mut screen = if is_screen { Some(Screen::enter()?) } else { None };
    let mut ended = Ended::listen()?;
    loop {
        match &mut screen {
            Some(screen) => {
                let (columns, rows) = screen.size();
                screen.paint(&drawn::screen(&seen, shown_in(global)?, clock::now(), columns, rows))?;
            }
            None => say(global, &seen)?,
        }
        tokio::select! {
            biased;
            () = ended.heard() => return Ok(Exit::Ok),
            () = async { match &mut screen { Some(screen) => screen.quit().await, None => std::future::pending().await } } => {
                return Ok(Exit::Ok);
            }
            () = tokio::time::sleep(every) => {}
        }
        seen = Seen::of(&reach).await;
    }
}

fn shown_in(global: &Global) -> Result<chrono_tz::Tz, Stop> {
    Ok(global.zone()?.unwrap_or(chrono_tz::UTC))
}

fn say(global: &Global, seen: &Result<Seen, Stop>) -> Result<(), Stop> {
    let output = global.output();
    match (seen, global.output) {
        (Ok(seen), Format::Jsonl) => output.text(&seen.json().to_string()),
        (Ok(seen), _) => output.text(&drawn::line(seen, clock::now())),
        (Err(stop), _) => {
            output.hint(&format!("{}: {}", zone::rfc3339(clock::now()), stop.message));
            Ok(())
        }
    }
}

/// What ends it from outside.
struct Ended {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Ended {
    fn listen() -> Result<Self, Stop> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).map_err(|error| Stop::failed(format!("no signals: {error}")));
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    async fn heard(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
