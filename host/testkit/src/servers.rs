//! Real database servers for tests: PostgreSQL, MariaDB and Redis, each in a folder of its own, on a Unix socket, as an
//! unprivileged user, without a disk's patience.
//!
//! [`Server::postgres`] and its sisters start one that a test may stop and start again. [`postgres`] and its sisters share
//! one among the tests of a process; it ends with the process. What is not installed is a failure that says what to do.

mod process;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use process::Process;

/// The password of every server: what must not turn up anywhere.
pub const PASSWORD: &str = "n0t-to-be-shown";

/// A server. Dropped, it ends and its folder goes.
pub struct Server {
    kind: Kind,
    folder: tempfile::TempDir,
    running: Option<Process>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Postgres,
    Mariadb,
    Redis,
}

static POSTGRES: LazyLock<Server> = LazyLock::new(|| Server::shared(Kind::Postgres));
static MARIADB: LazyLock<Server> = LazyLock::new(|| Server::shared(Kind::Mariadb));
static REDIS: LazyLock<Server> = LazyLock::new(|| Server::shared(Kind::Redis));

/// The PostgreSQL of this process.
pub fn postgres() -> &'static Server {
    &POSTGRES
}

/// The MariaDB of this process.
pub fn mariadb() -> &'static Server {
    &MARIADB
}

/// The Redis of this process.
pub fn redis() -> &'static Server {
    &REDIS
}

impl Server {
    /// A PostgreSQL of its own.
    pub fn postgres() -> Self {
        Self::new(Kind::Postgres)
    }

    /// A MariaDB of its own.
    pub fn mariadb() -> Self {
        Self::new(Kind::Mariadb)
    }

    /// A Redis of its own.
    pub fn redis() -> Self {
        Self::new(Kind::Redis)
    }

    fn new(kind: Kind) -> Self {
        let mut server = Self::laid_out(kind);
        server.start();
        server
    }

    /// Nothing that is static is ever dropped: the process itself removes the folder when it ends.
    fn shared(kind: Kind) -> Self {
        let mut server = Self::laid_out(kind);
        server.running = Some(server.process(true));
        server
    }

    fn laid_out(kind: Kind) -> Self {
        let folder = tempfile::Builder::new().prefix("noontide-").tempdir_in("/tmp").expect("a folder");
        process::give_away(folder.path());
        let server = Self { kind, folder, running: None };
        server.lay_out();
        server
    }

    /// The address of an empty database of its own, made now. Its text compares byte by byte.
    pub fn database(&self) -> String {
        empty_database(&self.url())
    }

    /// Starts it again.
    pub fn start(&mut self) {
        self.running = Some(self.process(false));
    }

    /// Ends it; its data stay.
    pub fn stop(&mut self) {
        drop(self.running.take());
    }

    /// Its address, with the password.
    pub fn url(&self) -> String {
        let folder = self.folder.path().display();
        match self.kind {
            Kind::Postgres => format!("postgres://noontide:{PASSWORD}@localhost/postgres?host={folder}"),
            Kind::Mariadb => format!("mysql://noontide:{PASSWORD}@localhost/shop?socket={folder}/socket"),
            Kind::Redis => format!("redis+unix://{folder}/socket?pass={PASSWORD}"),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn lay_out(&self) {
        let data = self.path("data");
        match self.kind {
            Kind::Postgres => {
                let password = self.write("password", PASSWORD);
                let initdb = program("initdb", "postgresql");
                let mut command = process::unprivileged(&initdb);
                command.arg("-D").arg(&data).args([
                    "-U",
                    "noontide",
                    "--auth=scram-sha-256",
                    "--no-sync",
                    "-E",
                    "UTF8",
                ]);
                command.args(["--locale=C", "--pwfile"]).arg(password);
                finished(&mut command);
            }
            Kind::Mariadb => {
                let install = program("mariadb-install-db", "mariadb-server");
                let mut command = process::unprivileged(&install);
                command.args(["--no-defaults", "--skip-test-db", "--auth-root-authentication-method=normal"]);
                // Two that are laid out at once would meet in the machine's folder for temporary tables.
                command.arg(format!("--tmpdir={}", self.folder.path().display()));
                finished(command.arg(format!("--datadir={}", data.display())));
                self.write(
                    "init.sql",
                    &format!(
                        "CREATE DATABASE IF NOT EXISTS shop CHARACTER SET utf8mb4;\n\
                         CREATE USER IF NOT EXISTS noontide@localhost IDENTIFIED BY '{PASSWORD}';\n\
                         GRANT ALL ON *.* TO noontide@localhost WITH GRANT OPTION;\n"
                    ),
                );
            }
            Kind::Redis => {
                let text = format!("requirepass {PASSWORD}\nsave \"\"\nport 0\n");
                self.write("redis.conf", &text);
            }
        }
    }

    fn process(&self, last: bool) -> Process {
        let folder = self.folder.path();
        let of = |option: &str, name: &str| format!("--{option}={}", folder.join(name).display());
        let (program, args) = match self.kind {
            Kind::Postgres => {
                let mut args = vec!["-D".to_owned(), self.path("data").display().to_string()];
                args.extend(["-k".to_owned(), folder.display().to_string()]);
                for setting in ["listen_addresses=", "fsync=off", "full_page_writes=off", "max_connections=60"] {
                    args.extend(["-c".to_owned(), setting.to_owned()]);
                }
                (program("postgres", "postgresql"), args)
            }
            Kind::Mariadb => {
                let mut args = vec!["--no-defaults".to_owned(), "--skip-networking".to_owned()];
                args.extend([
                    of("datadir", "data"),
                    of("socket", "socket"),
                    of("pid-file", "pid"),
                    of("init-file", "init.sql"),
                    of("tmpdir", ""),
                ]);
                args.extend(["--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M"].map(str::to_owned));
                (program("mariadbd", "mariadb-server"), args)
            }
            Kind::Redis => {
                let config = self.path("redis.conf").display().to_string();
                let socket = ["--unixsocket".to_owned(), self.path("socket").display().to_string()];
                let dir = ["--dir".to_owned(), folder.display().to_string()];
                (program("redis-server", "redis-server"), [config].into_iter().chain(socket).chain(dir).collect())
            }
        };
        let process = Process::start(&program, &args, folder, last);
        process.wait_for(|| self.is_ready());
        process
    }

    /// Asks as a client would: a socket alone may be there too early.
    fn is_ready(&self) -> bool {
        use std::io::{Read, Write};
        let greeting = |hello: &[u8]| {
            let mut stream = std::os::unix::net::UnixStream::connect(self.path("socket")).ok()?;
            stream.write_all(hello).ok()?;
            stream.read(&mut [0; 1]).ok().filter(|read| *read == 1)
        };
        match self.kind {
            Kind::Postgres => {
                let mut command = Command::new(program("pg_isready", "postgresql"));
                command.arg("-q").arg("-h").arg(self.folder.path()).status().is_ok_and(|status| status.success())
            }
            Kind::Mariadb => greeting(b"").is_some(),
            Kind::Redis => greeting(b"PING\r\n").is_some(),
        }
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("a file can be written");
        process::give_away(&path);
        path
    }
}

/// The address of an empty PostgreSQL database, on the server that `NOONTIDE_TEST_POSTGRES_URL` names or on this process's own.
pub fn postgres_database() -> String {
    empty_database(&std::env::var("NOONTIDE_TEST_POSTGRES_URL").unwrap_or_else(|_| postgres().url()))
}

/// The address of an empty MariaDB database, on the server that `NOONTIDE_TEST_MYSQL_URL` names or on this process's own.
pub fn mariadb_database() -> String {
    empty_database(&std::env::var("NOONTIDE_TEST_MYSQL_URL").unwrap_or_else(|_| mariadb().url()))
}

/// Makes an empty database beside the one at `url`; its address.
fn empty_database(url: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("noontide_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let (place, options) = url.split_once('?').unwrap_or((url, ""));
    let (server, former) = place.rsplit_once('/').expect("an address with a database");
    let statement = format!("CREATE DATABASE {name}");
    if url.starts_with("postgres") {
        let mut command = Command::new(program("psql", "postgresql-client"));
        finished(command.args(["-X", "-q", "-d", url, "-c", &statement]));
    } else {
        finished(client(server, former, options).args(["-e", &statement]));
    }
    let question = if options.is_empty() { "" } else { "?" };
    format!("{server}/{name}{question}{options}")
}

/// MariaDB's client takes no address.
fn client(server: &str, database: &str, options: &str) -> Command {
    let (user, place) = server.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@')).expect("user@host");
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    let (host, port) = place.split_once(':').unwrap_or((place, "3306"));
    let mut command = Command::new(program("mariadb", "mariadb-client"));
    command.args(["--no-defaults", "-u", user, "-h", host, "-P", port, "-D", database]);
    command.args(options.split('&').filter_map(|option| Some(format!("--socket={}", option.strip_prefix("socket=")?))));
    command.env("MYSQL_PWD", password);
    command
}

/// A program on the path, where administrators' programs lie, or where Debian keeps those of PostgreSQL.
fn program(name: &str, package: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    versions.sort();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]).chain(versions.into_iter().rev());
    let found = folders.map(|folder| folder.join(name)).find(|file| is_file(file));
    found.unwrap_or_else(|| panic!("{name} is missing: run `make servers`, or apt-get install {package}"))
}

fn is_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file())
}

fn finished(command: &mut Command) {
    let said = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(said.status.success(), "{command:?}: {}{}", text(&said.stdout), text(&said.stderr));
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
