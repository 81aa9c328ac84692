//! A terminal that is painted over and given back as it was: also after an error, because it goes with this value.

use std::io::{self, IsTerminal as _, Read as _, Write as _};

use rustix::termios::{self, LocalModes, OptionalActions, Termios};
use tokio::sync::mpsc;

use crate::exit::Stop;

/// The alternate screen without a cursor, and back.
const ENTER: &str = "\x1b[?1049h\x1b[?25l";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";

/// The upper left corner; the rest of a line; the rest of the screen.
const HOME: &str = "\x1b[H";
const REST_OF_LINE: &str = "\x1b[K";
const REST: &str = "\x1b[J";

/// Where a terminal does not say how large it is.
const USUAL: (usize, usize) = (80, 24);

/// A terminal that is ours for a while.
pub struct Screen {
    /// How its keys were read before; `None` if there are none.
    before: Option<Termios>,
    keys: mpsc::Receiver<u8>,
}

impl Screen {
    /// Takes it.
    ///
    /// # Errors
    /// Nothing can be written to it.
    pub fn enter() -> Result<Self, Stop> {
        let before = io::stdin().is_terminal().then(|| termios::tcgetattr(io::stdin()).ok()).flatten();
        if let Some(before) = &before {
            let mut bare = before.clone();
            // Keys at once and unseen; Ctrl-C stays a signal.
            bare.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
            // A terminal that does not do so shows what is typed, and that is all.
            let _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, &bare);
        }
        let keys = if before.is_some() { keys() } else { mpsc::channel(1).1 };
        let screen = Self { before, keys };
        write(ENTER)?;
        Ok(screen)
    }

    /// Columns and rows.
    pub fn size(&self) -> (usize, usize) {
        match termios::tcgetwinsize(io::stdout()) {
            Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col.into(), size.ws_row.into()),
            _ => USUAL,
        }
    }

    /// Shows these lines in place of what was there.
    ///
    /// # Errors
    /// Nothing can be written to it.
    pub fn paint(&mut self, lines: &[String]) -> Result<(), Stop> {
        let text = lines.join(&format!("{REST_OF_LINE}\r\n"));
        write(&format!("{HOME}{text}{REST_OF_LINE}{REST}"))
    }

    /// Until somebody has pressed `q`.
    pub async fn quit(&mut self) {
        loop {
            match self.keys.recv().await {
                Some(b'q' | b'Q') => return,
                Some(_) => {}
                // Nobody can press anything.
                None => std::future::pending().await,
            }
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = write(LEAVE);
        if let Some(before) = &self.before {
            let _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}

fn write(text: &str) -> Result<(), Stop> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// From a thread of its own, which waits for the next key until the process ends.
fn keys() -> mpsc::Receiver<u8> {
    let (sender, keys) = mpsc::channel(16);
    std::thread::spawn(move || {
        let mut byte = [0];
        while matches!(io::stdin().read(&mut byte), Ok(1)) {
            if sender.blocking_send(byte[0]).is_err() {
                return;
            }
        }
    });
    keys
}
