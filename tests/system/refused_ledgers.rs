//! A ledger that cannot be used stops the start, in words, and is left as it was.

use std::net::TcpListener;

use super::support::{Ledger, Place, Volume};

/// A place where a host has been and has left its ledger.
async fn used() -> Place {
    let place = Place::new();
    place.serve().await.stop().await;
    place
}

#[tokio::test]
async fn a_database_of_a_newer_noontide_is_refused_with_both_versions() {
    let place = used().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9000, 'from the future', TRUE, x'00', 0)";
    Ledger::change(&place.path("data/noontide.db"), newer).await;
    let said = place.refused();
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("9000") && said.err.contains("start the newer noontide again"), "{said:?}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let place = Place::new();
    let path = place.path("data/noontide.db");
    let text = "these are the notes of somebody else\n".repeat(200);
    std::fs::write(&path, &text).expect("a file");
    let said = place.refused();
    assert!(said.code == 1 && said.err.contains("not a SQLite database"), "{said:?}");
    assert!(said.err.contains("noontide.db"), "it names the place: {said:?}");
    assert_eq!(std::fs::read_to_string(&path).expect("the file"), text);
}

#[tokio::test]
async fn a_read_only_database_is_refused_at_the_start() {
    let place = used().await;
    let Some(volume) = Volume::at(&place.path("disk"), "4m") else { return };
    std::fs::copy(place.path("data/noontide.db"), place.path("disk/noontide.db")).expect("a copy");
    volume.make_read_only();
    place.conf("ledger.toml", "[ledger]\nurl = \"sqlite://../disk/noontide.db\"\n");
    let said = place.refused();
    assert!(said.code == 1 && said.err.contains("cannot be written"), "{said:?}");
    assert!(said.err.contains("disk/noontide.db"), "it names the place: {said:?}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_refused_at_the_start() {
    let place = Place::new();
    place.conf("ledger.toml", "[ledger]\nurl = \"sqlite:///proc/nowhere/noontide.db\"\n");
    let said = place.refused();
    assert!(said.code == 1 && said.err.contains("/proc/nowhere/noontide.db"), "{said:?}");
}

#[tokio::test]
async fn a_database_that_somebody_keeps_locked_is_refused_and_says_so() {
    let place = used().await;
    let lock = Ledger::lock(&place.path("data/noontide.db")).await;
    let said = place.refused();
    assert!(said.code == 1 && said.err.contains("locked"), "{said:?}");
    lock.release().await;
    place.serve().await.stop().await;
}

#[tokio::test]
async fn a_second_host_on_the_same_data_folder_is_refused_with_6_and_the_first_goes_on() {
    let place = Place::new();
    let host = place.serve().await;
    let said = place.refused();
    assert!(said.code == 6 && said.err.contains("another host (pid "), "{said:?}");
    assert_eq!(host.api().status("/readyz").await, Some(200));
    assert_eq!(place.noontide(&["status"]).code, 0, "its socket is still there");
    host.stop().await;
}

#[tokio::test]
async fn a_port_in_use_is_refused_with_6_and_its_number() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    place.conf("local/listen.toml", &format!("[http]\nlisten = \"{address}\"\n"));
    let said = place.refused();
    assert!(said.code == 6 && said.err.contains(&address), "{said:?}");
    assert!(said.err.contains("listen"), "it names the setting: {said:?}");
    drop(taken);
    place.serve().await.stop().await;
}
