//! The ledger in a SQLite file takes the exam that every ledger takes.

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
        let opened = noontide_ledger::open(&url, clock).await.expect("opens");
        let (ledger, history, versions) = (opened.ledger.clone(), opened.history.clone(), opened.versions.clone());
        Examined { ledger, history, versions, keep: Box::new((opened, folder)) }
    }
}

ledger_contract!(Sqlite);
