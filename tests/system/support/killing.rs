//! Hosts that are killed when nobody expects it.

use std::time::Duration;

use super::moment::Dice;
use super::{Host, Place, number};

/// Kills `NOONTIDE_KILLS` hosts of one place, each some moments after its start, and finds the ledger whole each time. How many
/// they were.
pub async fn killed_at_random_moments(place: &Place) -> u64 {
    let mut dice = Dice::thrown();
    let kills = number("NOONTIDE_KILLS", 6);
    for kill in 1..=kills {
        // Each third while it starts: schema, catch-up, rescue and the loading of plugins are moments, too.
        let (host, moment) = match kill % 3 {
            0 => (Host::begin(place), dice.within(0..400)),
            _ => (place.serve().await, dice.within(300..2_000)),
        };
        tokio::time::sleep(Duration::from_millis(moment)).await;
        host.kill();
        assert_eq!(place.ledger().await.integrity().await, "ok", "after kill {kill}");
    }
    kills
}
