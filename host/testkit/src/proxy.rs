//! A way to a database that a test can disturb: it stands between a client and a server's socket and listens on loopback.
//!
//! ```text
//! client ──▶ 127.0.0.1:port ──reader──▶ server's socket        counts commits (`commits`), holds, cuts
//!        ◀──────────────────reader──────                       swallows the answer to a commit, then cuts
//! ```

mod commits;

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use commits::{Answers, Commits};

/// Leads to one database. Dropped, it cuts what leads through it and lets nobody in any more.
pub struct Proxy {
    shared: Arc<Shared>,
    url: String,
    port: u16,
}

struct Shared {
    target: Target,
    is_mysql: bool,
    now: Mutex<Now>,
    changed: Condvar,
}

/// What is to be done at present.
#[derive(Default)]
struct Now {
    refuses: bool,
    holds: bool,
    /// Answers to commits that are lost in any case.
    lose_next: usize,
    /// And of the others each so-and-so-manieth; 0 is none.
    lose_each: usize,
    commits: usize,
    lost: usize,
    is_over: bool,
    standing: Vec<[Stream; 2]>,
}

enum Target {
    Unix(PathBuf),
    Tcp(String),
}

enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Proxy {
    /// Before the database at `url`, an address as [`servers`](crate::servers) give it.
    ///
    /// # Panics
    /// The address is of another kind.
    pub fn before(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let (scheme, rest) = url.split_once("://").expect("a scheme");
        let (user, place) = rest.rsplit_once('@').expect("a user");
        let (place, options) = place.split_once('?').unwrap_or((place, ""));
        let (host, database) = place.split_once('/').expect("a database");
        let is_mysql = scheme == "mysql";
        let of = |name: &str| options.split('&').find_map(|option| option.strip_prefix(name)?.strip_prefix('='));
        let target = match (of("socket"), of("host")) {
            (Some(socket), _) => Target::Unix(socket.into()),
            (_, Some(folder)) => Target::Unix(PathBuf::from(folder).join(".s.PGSQL.5432")),
            _ if host.contains(':') => Target::Tcp(host.to_owned()),
            _ => Target::Tcp(format!("{host}:{}", if is_mysql { 3306 } else { 5432 })),
        };
        let shared = Shared { target, is_mysql, now: Mutex::default(), changed: Condvar::new() };
        let shared = Arc::new(shared);
        let doorman = Arc::clone(&shared);
        thread::spawn(move || doorman.let_in(&listener));
        Self { shared, url: format!("{scheme}://{user}@127.0.0.1:{port}/{database}"), port }
    }

    /// The address of the database, through here.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Cuts all connections that stand.
    pub fn cut(&self) {
        self.shared.now().cut();
    }

    /// Whether whoever comes is turned away.
    pub fn refuse(&self, refuses: bool) {
        self.shared.now().refuses = refuses;
    }

    /// Whether bytes are kept from going on, in both directions: nobody answers, and nothing breaks.
    pub fn hold(&self, holds: bool) {
        self.shared.now().holds = holds;
        self.shared.changed.notify_all();
    }

    /// Of the next `commits`, the answers are lost: the server commits, and the connection breaks.
    pub fn lose_next(&self, commits: usize) {
        self.shared.now().lose_next = commits;
    }

    /// The same for each `nth` commit from now on; 0 ends it.
    pub fn lose_each(&self, nth: usize) {
        self.shared.now().lose_each = nth;
    }

    /// How many answers were lost so far.
    pub fn lost(&self) -> usize {
        self.shared.now().lost
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.now().is_over = true;
        self.hold(false);
        // So that the doorman looks up.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        self.cut();
    }
}

impl Now {
    fn cut(&mut self) {
        for stream in self.standing.drain(..).flatten() {
            stream.shut();
        }
    }

    /// Counts a commit; whether its answer shall be lost.
    fn loses(&mut self) -> bool {
        self.commits += 1;
        let loses = self.lose_next > 0 || self.lose_each > 0 && self.commits.is_multiple_of(self.lose_each);
        self.lose_next = self.lose_next.saturating_sub(1);
        loses
    }
}

impl Shared {
    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn let_in(self: &Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming().flatten() {
            if self.now().is_over {
                return;
            }
            if !self.now().refuses {
                // A server that is not there turns the client away, too.
                let _ = self.join(Stream::Tcp(client));
            }
        }
    }

    fn join(self: &Arc<Self>, client: Stream) -> io::Result<()> {
        let server = match &self.target {
            Target::Unix(path) => Stream::Unix(UnixStream::connect(path)?),
            Target::Tcp(address) => Stream::Tcp(TcpStream::connect(address)?),
        };
        self.now().standing.push([client.again()?, server.again()?]);
        let lost = Arc::new(Mutex::new(false));
        let (there, back) = ((client.again()?, server.again()?), (server, client));
        let (one, other) = (Arc::clone(self), Arc::clone(self));
        let losing = Arc::clone(&lost);
        thread::spawn(move || one.ask(there.0, there.1, &losing));
        thread::spawn(move || other.answer(back.0, back.1, &lost));
        Ok(())
    }

    /// What the client says.
    fn ask(&self, mut client: Stream, mut server: Stream, losing: &Mutex<bool>) {
        let (mut commits, mut bytes) = (Commits::new(self.is_mysql), [0; 16 << 10]);
        while let Some(read) = client.some(&mut bytes) {
            self.wait();
            // Told before the server hears of it, so that no answer slips through.
            if commits.seen(&bytes[..read]) && self.now().loses() {
                *losing.lock().unwrap_or_else(PoisonError::into_inner) = true;
            }
            if server.write_all(&bytes[..read]).is_err() {
                break;
            }
        }
        server.shut();
        client.shut();
    }

    /// What the server says.
    fn answer(&self, mut server: Stream, mut client: Stream, losing: &Mutex<bool>) {
        let (mut answers, mut bytes) = (Answers::new(self.is_mysql), [0; 16 << 10]);
        while let Some(read) = server.some(&mut bytes) {
            self.wait();
            if *losing.lock().unwrap_or_else(PoisonError::into_inner) {
                // Whole, because only then the server has surely committed.
                if answers.is_whole(&bytes[..read]) {
                    self.now().lost += 1;
                    break;
                }
            } else if client.write_all(&bytes[..read]).is_err() {
                break;
            }
        }
        server.shut();
        client.shut();
    }

    fn wait(&self) {
        let now = self.changed.wait_while(self.now(), |now| now.holds);
        drop(now.unwrap_or_else(PoisonError::into_inner));
    }
}

impl Stream {
    fn again(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Unix(stream) => Self::Unix(stream.try_clone()?),
            Self::Tcp(stream) => Self::Tcp(stream.try_clone()?),
        })
    }

    /// `None` at the end.
    fn some(&mut self, bytes: &mut [u8]) -> Option<usize> {
        let read = match self {
            Self::Unix(stream) => stream.read(bytes),
            Self::Tcp(stream) => stream.read(bytes),
        };
        read.ok().filter(|read| *read > 0)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Unix(stream) => stream.write_all(bytes),
            Self::Tcp(stream) => stream.write_all(bytes),
        }
    }

    fn shut(&self) {
        // It may be shut already.
        let _ = match self {
            Self::Unix(stream) => stream.shutdown(Shutdown::Both),
            Self::Tcp(stream) => stream.shutdown(Shutdown::Both),
        };
    }
}

#[cfg(test)]
mod tests;
