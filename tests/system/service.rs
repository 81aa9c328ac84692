//! The host under a service manager: what it says on the socket of `sd_notify`.

use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use super::support::{Host, Place};

/// A service manager, as far as one host sees it.
struct Manager(UnixDatagram);

impl Manager {
    /// Hosts of this place report to it from now on.
    fn of(place: &mut Place) -> Self {
        let path = place.path("notify.sock");
        let socket = UnixDatagram::bind(&path).expect("a socket");
        place.set_var("NOTIFY_SOCKET", &path.display().to_string());
        place.set_var("WATCHDOG_USEC", "60000000");
        Self(socket)
    }

    /// The messages up to the first that holds `line`, whole.
    fn hears(&self, line: &str) -> Vec<String> {
        let (begin, mut heard) = (Instant::now(), Vec::<String>::new());
        while !heard.last().is_some_and(|message| message.lines().any(|said| said.starts_with(line))) {
            let left = Duration::from_secs(60).saturating_sub(begin.elapsed());
            assert!(!left.is_zero(), "{line} was not said, but {heard:?}");
            self.0.set_read_timeout(Some(left)).expect("a time-out");
            let mut buffer = [0; 4096];
            if let Ok(length) = self.0.recv(&mut buffer) {
                heard.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
            }
        }
        heard
    }
}

/// The status in the last of these messages.
fn status(heard: &[String]) -> &str {
    let last = heard.last().expect("a message");
    last.lines().find_map(|line| line.strip_prefix("STATUS=")).unwrap_or_else(|| panic!("no status in {last:?}"))
}

#[tokio::test]
async fn the_service_manager_hears_that_the_host_is_ready_lives_reloads_and_ends() {
    let mut place = Place::new();
    place.plugin("hello");
    place.schedules("[schedule.yearly]\nhandler = \"hello/greet\"\ncron = \"0 0 1 1 *\"\n");
    let manager = Manager::of(&mut place);
    let host = Host::begin(&place);
    let heard = manager.hears("READY=1");
    assert!(
        status(&heard).starts_with("1 schedule, next yearly in ") && status(&heard).ends_with(", 0 late"),
        "{heard:?}"
    );
    assert_eq!(
        place.noontide(&["healthcheck"]).code,
        0,
        "ready means that the API answers and the scheduler has looked"
    );
    manager.hears("WATCHDOG=1");
    // Idle, it goes on saying so.
    manager.hears("WATCHDOG=1");

    place.schedules("[schedule.a]\nhandler = \"hello/greet\"\nmanual = true\n[schedule.b]\nhandler = \"hello/greet\"\nmanual = true\n");
    host.signal("HUP");
    let began = manager.hears("RELOADING=1");
    assert!(began.last().expect("a message").contains("\nMONOTONIC_USEC="), "{began:?}");
    let done = manager.hears("READY=1");
    assert_eq!(status(&done), "2 schedules, nothing comes next, 0 late");

    host.signal("TERM");
    manager.hears("STOPPING=1");
    assert_eq!(host.end().await.code(), Some(0));
}
