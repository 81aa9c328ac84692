//! The ledger in memory takes the exam.

use std::sync::Arc;

use async_trait::async_trait;
use noontide_domain::ports::LedgerError;
use noontide_testkit::ledger_contract::{Candidate, Examined};
use noontide_testkit::{ManualClock, MemoryLedger, ledger_contract};

struct Memory;

#[async_trait]
impl Candidate for Memory {
    async fn fresh(&self, clock: Arc<ManualClock>) -> Examined {
        let ledger = MemoryLedger::new(clock);
        Examined {
            history: ledger.clone(),
            versions: ledger.clone(),
            access: ledger.clone(),
            ledger,
            keep: Box::new(()),
        }
    }
}

ledger_contract!(Memory);

#[tokio::test]
async fn a_ledger_told_to_fail_answers_unavailable_and_then_goes_on() {
    use noontide_domain::ports::{Claim, Ledger};
    let ledger = MemoryLedger::new(ManualClock::at("2026-07-01T08:00:00Z"));
    ledger.fail_next(1);
    let error = ledger.claim(Claim::default(), None).await.unwrap_err();
    assert!(matches!(error, LedgerError::Unavailable(_)));
    assert_eq!(ledger.claim(Claim::default(), None).await.unwrap(), []);
}
