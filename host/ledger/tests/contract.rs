//! Every ledger takes the same exam: in a SQLite file, in PostgreSQL, in MariaDB. (The stand-in in memory takes it in its own
//! room.)

use std::any::Any;
use std::sync::Arc;

use noontide_testkit::ManualClock;
use noontide_testkit::ledger_contract::Examined;

/// A ledger at that address, and what has to stay as long as it is examined.
async fn opened(url: &str, clock: Arc<ManualClock>, keep: impl Any + Send + Sync) -> Examined {
    let opened = noontide_ledger::open_by_clock(url, clock).await.expect("opens");
    let (ledger, history) = (opened.ledger.clone(), opened.history.clone());
    let (versions, access) = (opened.versions.clone(), opened.access.clone());
    Examined { ledger, history, versions, access, keep: Box::new((opened, keep)) }
}

mod sqlite {
    use std::sync::Arc;

    use async_trait::async_trait;
    use noontide_testkit::ledger_contract::{Candidate, Examined};
    use noontide_testkit::{ManualClock, ledger_contract};

    struct Sqlite;

    #[async_trait]
    impl Candidate for Sqlite {
        async fn fresh(&self, clock: Arc<ManualClock>) -> Examined {
            let folder = tempfile::tempdir().expect("a folder");
            let url = format!("sqlite://{}", folder.path().join("new/noontide.db").display());
            super::opened(&url, clock, folder).await
        }
    }

    ledger_contract!(Sqlite);
}

mod postgres {
    use std::sync::Arc;

    use async_trait::async_trait;
    use noontide_testkit::ledger_contract::{Candidate, Examined};
    use noontide_testkit::{ManualClock, ledger_contract, servers};

    struct Postgres;

    #[async_trait]
    impl Candidate for Postgres {
        async fn fresh(&self, clock: Arc<ManualClock>) -> Examined {
            super::opened(&servers::postgres_database(), clock, ()).await
        }
    }

    ledger_contract!(Postgres);
}

mod mariadb {
    use std::sync::Arc;

    use async_trait::async_trait;
    use noontide_testkit::ledger_contract::{Candidate, Examined};
    use noontide_testkit::{ManualClock, ledger_contract, servers};

    struct Mariadb;

    #[async_trait]
    impl Candidate for Mariadb {
        async fn fresh(&self, clock: Arc<ManualClock>) -> Examined {
            super::opened(&servers::mariadb_database(), clock, ()).await
        }
    }

    ledger_contract!(Mariadb);
}
