//! Several hosts at one database: each a process with a place of its own, all with the same files and the same record of what
//! happened.

use std::time::Duration;

use noontide_testkit::servers::{self, Server};

use super::{Host, Mark, Place, Row, Shared, oracle, until, within};

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// PostgreSQL.
    Postgres,
    /// MariaDB.
    Mariadb,
}

/// Some schedules: 20 fires a second.
const SCHEDULES: usize = 5;
const STEP_MS: i64 = 250;

/// Places that share a database.
pub struct Cluster {
    /// One for each host.
    pub places: Vec<Place>,
    /// What they share.
    pub record: Shared,
}

impl Kind {
    /// A database on the server of this process.
    fn database(self) -> String {
        match self {
            Self::Postgres => servers::postgres_database(),
            Self::Mariadb => servers::mariadb_database(),
        }
    }

    /// A server of its own.
    pub fn server(self) -> Server {
        match self {
            Self::Postgres => Server::postgres(),
            Self::Mariadb => Server::mariadb(),
        }
    }

    /// The first number for one, the second for the other.
    pub fn of(self, postgres: u64, mariadb: u64) -> u64 {
        match self {
            Self::Postgres => postgres,
            Self::Mariadb => mariadb,
        }
    }
}

impl Cluster {
    /// Places for so many hosts at an empty database; the recorder is there, and no schedule.
    pub fn new(kind: Kind, hosts: usize) -> Self {
        Self::at(hosts, &kind.database())
    }

    /// The same at the database of that address.
    pub fn at(hosts: usize, url: &str) -> Self {
        let first = Place::alone();
        let others: Vec<_> = (1..hosts).map(|_| first.beside()).collect();
        let grant = first.recorder_grant();
        let places: Vec<_> = [first].into_iter().chain(others).collect();
        let cluster = Self { places, record: Shared::at(url) };
        for (number, place) in cluster.places.iter().enumerate() {
            place.plugin("recorder");
            place.conf("grants.toml", &grant);
            cluster.lead(number, url);
        }
        cluster
    }

    /// Has a host go to the database by that address from its next start on.
    pub fn lead(&self, number: usize, url: &str) {
        self.places[number].conf("ledger.toml", &format!("[ledger]\nurl = \"{url}\"\n"));
    }

    /// Starts all hosts and waits until they are ready.
    pub async fn serve(&self) -> Vec<Host> {
        let begun: Vec<_> = self.places.iter().map(Host::begin).collect();
        let mut hosts = Vec::with_capacity(begun.len());
        for (host, place) in begun.into_iter().zip(&self.places) {
            hosts.push(host.ready(place).await);
        }
        hosts
    }

    /// The same schedules for all.
    pub fn schedules(&self, text: &str) {
        self.places.iter().for_each(|place| place.schedules(text));
    }

    /// Schedules that come due all the time.
    pub fn beat(&self) {
        let schedule = |index| {
            format!(
                "[schedule.{}]\nhandler = \"fixture-recorder/run\"\nevery = \"{STEP_MS}ms\"\noverlap = \"allow\"\n\
                 input = {{ hold_ms = 200 }}\nretry = {{ attempts = 50, backoff = \"0s\" }}\n",
                beat(index)
            )
        };
        self.schedules(&(0..SCHEDULES).map(schedule).collect::<String>());
    }

    /// What all handlers wrote down.
    pub fn marks(&self) -> Vec<Mark> {
        self.places[0].marks()
    }

    /// Runs that have ended in success.
    pub async fn succeeded(&self) -> i64 {
        self.record.number("SELECT count(*) FROM run WHERE state = 2").await
    }

    /// Until something is done that was not done before.
    pub async fn works(&self, time: Duration) {
        let before = self.succeeded().await;
        within(time, "hosts work", async || (self.succeeded().await > before + 5).then_some(())).await;
    }

    /// Lets all come to its end, and judges the record: each instant once, nothing done again after it was done.
    pub async fn settled(&self, hosts: Vec<Host>) -> (Vec<Row>, Vec<Mark>) {
        self.works(Duration::from_secs(30)).await;
        self.schedules("");
        let listed = "SELECT count(*) FROM schedule WHERE removed_at IS NULL";
        let mut rows = 0;
        within(Duration::from_secs(90), "everything has settled", async || {
            let before = std::mem::replace(&mut rows, self.record.number("SELECT count(*) FROM run").await);
            let is_over = self.record.number(listed).await == 0 && self.record.open_runs().await == 0;
            (is_over && before == rows).then_some(())
        })
        .await;
        for host in hosts {
            host.stop().await;
        }
        let (rows, marks) = (self.record.rows().await, self.marks());
        for index in 0..SCHEDULES {
            let own: Vec<_> =
                rows.iter().filter(|row| row.schedule.as_deref() == Some(&beat(index))).cloned().collect();
            let covered = oracle::covered_once(&self.record.standing(&beat(index)).await, STEP_MS, &own);
            assert_eq!(covered, Ok(()), "{}", beat(index));
        }
        assert_eq!(oracle::done_once(&rows, &marks), Ok(()));
        (rows, marks)
    }

    /// Until a run has begun so often.
    pub async fn begun(&self, run: &str, times: usize) -> Vec<Mark> {
        until(&format!("run {run} begins {times} times"), async || {
            let own: Vec<_> =
                self.marks().into_iter().filter(|mark| mark.run_id == run && mark.phase == "start").collect();
            (own.len() >= times).then_some(own)
        })
        .await
    }
}

fn beat(index: usize) -> String {
    format!("beat-{index}")
}

/// What came of it, in a line.
pub fn tell(what: &str, (rows, marks): &(Vec<Row>, Vec<Mark>)) {
    let succeeded = rows.iter().filter(|row| row.succeeded()).count();
    let again = rows.iter().filter(|row| row.attempt > 1).count();
    let starts = marks.iter().filter(|mark| mark.phase == "start").count();
    println!(
        "{what}: {} occurrences, {succeeded} succeeded, {} skipped, {again} taken up again, {starts} starts; 0 lost, 0 run \
         again after success",
        rows.len(),
        rows.len() - succeeded
    );
}
