//! From a plugin's new file to the first call of it.

use crate::figures::Figures;
use crate::support::{Place, now_ms, until};

pub async fn measure(figures: &mut Figures) {
    let place = Place::alone();
    place.conf("grants.toml", &place.recorder_grant());
    place.plugin("recorder");
    // One each ten milliseconds: that is how long a new version may wait for a call.
    let often = (0..10).map(|phase| {
        format!(
            "[schedule.often-{phase}]\nevery = \"100ms\"\nstart = \"2026-01-01T00:00:00.0{phase}0Z\"\n\
             handler = \"fixture-recorder/run\"\noverlap = \"allow\"\ninput = {{ hold_ms = 0 }}\n"
        )
    });
    place.schedules(&often.collect::<String>());
    let host = place.serve().await;
    until("the first version runs", async || began(&place, "a").then_some(())).await;
    place.plugin_as("recorder-b", "recorder.wasm");
    let written = now_ms();
    until("the second version runs", async || began(&place, "b").then_some(())).await;
    host.stop().await;
    let first = place.marks().iter().filter(|mark| mark.version == "b").map(|mark| mark.at_ms).min();
    figures.add("plugin written to its first call: ms", 500.0, (first.expect("it ran") - written) as f64);
}

fn began(place: &Place, version: &str) -> bool {
    place.marks().iter().any(|mark| mark.version == version)
}
