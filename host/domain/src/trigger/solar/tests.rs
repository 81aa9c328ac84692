use super::*;

/// See reference/make.py.
const REFERENCE: &str = include_str!("reference/events.txt");

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn solar(event: SolarEvent, latitude: f64, longitude: f64) -> Solar {
    Solar::new(event, latitude, longitude, TimeDelta::zero(), Tz::UTC).expect("a place on earth")
}

fn walk(solar: &Solar, after: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
    std::iter::successors(solar.next_after(after), |due| solar.next_after(*due))
}

#[test]
fn the_sun_keeps_to_the_almanac_in_fourteen_places_over_a_century_and_a_half() {
    let (mut worst, mut total, mut count) = (0, 0, 0);
    for line in REFERENCE.lines() {
        let words: Vec<_> = line.split(' ').collect();
        let [_, latitude, longitude, date, seconds @ ..] = words.as_slice() else { panic!("{line}") };
        let after = utc(&format!("{date}T00:00:00Z"));
        for (event, seconds) in SolarEvent::ALL.into_iter().zip(seconds) {
            let place = solar(event, latitude.parse().expect("degrees"), longitude.parse().expect("degrees"));
            let due = place.next_after(after).unwrap_or_else(|| panic!("no {event}: {line}"));
            let apart = ((due - after).num_seconds() - seconds.parse::<i64>().expect("seconds")).abs();
            assert!(apart <= 90, "{apart} s off the almanac: {event}, {line}");
            (worst, total, count) = (worst.max(apart), total + apart, count + 1);
        }
    }
    println!("{count} events, {worst} s at most, {:.2} s on average", total as f64 / f64::from(count));
}

#[test]
fn after_the_midnight_sun_the_next_sunrise_is_in_july() {
    let tromso = solar(SolarEvent::Sunrise, 69.65, 18.96);
    let due: Vec<_> = walk(&tromso, utc("2026-05-10T00:00:00Z")).take(20).collect();
    let jump = due.windows(2).find(|pair| pair[1] - pair[0] > TimeDelta::days(2)).expect("a gap");
    // Half past midnight on the 18th and the 26th, in Norway.
    assert_eq!(jump[0].date_naive().to_string(), "2026-05-17");
    assert_eq!(jump[1].date_naive().to_string(), "2026-07-25");
}
