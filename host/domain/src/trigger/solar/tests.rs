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

fn days(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

#[test]
fn at_the_pole_the_sun_rises_once_a_year_and_noon_comes_every_day() {
    let pole = solar(SolarEvent::Sunrise, 90.0, 0.0);
    let rises: Vec<_> =
        walk(&pole, utc("2026-01-01T00:00:00Z")).take(3).map(|due| due.date_naive().to_string()).collect();
    assert_eq!(rises, days("2026-03-18 2027-03-18 2028-03-17"));
    let noon = solar(SolarEvent::SolarNoon, 90.0, 0.0);
    let noons: Vec<_> = walk(&noon, utc("2026-12-01T00:00:00Z")).take(30).collect();
    assert!(noons.windows(2).all(|pair| (pair[1] - pair[0] - TimeDelta::days(1)).abs() < TimeDelta::minutes(1)));
    let south = solar(SolarEvent::Sunset, -90.0, 180.0);
    assert_eq!(walk(&south, utc("2026-01-01T00:00:00Z")).take(2).count(), 2);
}

#[test]
fn an_event_comes_once_from_wherever_the_search_starts() {
    // Ordinary and polar places, the date line from both sides, sunsets around midnight in UTC.
    let places =
        [(0.0, 180.0), (0.0, -180.0), (-18.12, 178.45), (69.65, 18.96), (78.22, 15.63), (89.9, 10.0), (40.0, -90.0)];
    for (latitude, longitude) in places {
        for event in [SolarEvent::Sunrise, SolarEvent::SolarNoon, SolarEvent::DuskCivil] {
            let place = solar(event, latitude, longitude);
            let due: Vec<_> = walk(&place, utc("2026-02-10T00:00:00Z")).take(60).collect();
            for pair in due.windows(2) {
                // Eleven kilometres from the pole the sun comes up twice before it stays.
                let apart = if latitude > 89.0 { 6 } else { 20 };
                assert!(pair[1] - pair[0] > TimeDelta::hours(apart), "{event} at {latitude}, {longitude}: {pair:?}");
                for before in [TimeDelta::milliseconds(1), TimeDelta::hours(7), pair[1] - pair[0]] {
                    assert_eq!(place.next_after(pair[1] - before), Some(pair[1]));
                }
                assert_eq!(pair[0].timestamp_subsec_nanos(), 0);
            }
        }
    }
    assert_eq!(
        solar(SolarEvent::Sunset, 0.0, 180.0).next_after(utc("2026-06-01T00:00:00Z")),
        solar(SolarEvent::Sunset, 0.0, -180.0).next_after(utc("2026-06-01T00:00:00Z")),
    );
}

#[test]
fn centuries_around_ours_are_answered_and_the_rest_is_not() {
    let noon = solar(SolarEvent::Sunrise, 31.23, 121.47);
    for year in ["1801", "1900", "2100", "2200", "2499"] {
        let after = utc(&format!("{year}-06-01T00:00:00Z"));
        let due = noon.next_after(after).expect(year);
        assert!(due - after < TimeDelta::days(1), "{due}");
    }
    for after in
        [DateTime::<Utc>::MIN_UTC, utc("1500-01-01T00:00:00Z"), utc("2501-01-01T00:00:00Z"), DateTime::<Utc>::MAX_UTC]
    {
        assert_eq!(noon.next_after(after), None, "{after}");
    }
}

#[test]
fn an_offset_moves_the_fire_and_not_the_event() {
    let at =
        |offset| Solar::new(SolarEvent::Sunset, 31.23, 121.47, offset, chrono_tz::Asia::Shanghai).expect("Shanghai");
    let after = utc("2026-06-01T00:00:00Z");
    let sunset = at(TimeDelta::zero()).next_after(after).expect("sunset");
    for minutes in [-1_440, -30, 90, 1_440] {
        let offset = TimeDelta::minutes(minutes);
        assert_eq!(at(offset).next_after(after + offset), Some(sunset + offset));
    }
    assert_eq!(
        crate::Trigger::Solar(at(TimeDelta::minutes(-30))).words(crate::Lang::En),
        "30 minutes before sunset at 31.23, 121.47"
    );
    assert_eq!(
        crate::Trigger::Solar(at(TimeDelta::seconds(5_400))).words(crate::Lang::En),
        "1 hour 30 minutes after sunset at 31.23, 121.47"
    );
    assert_eq!(crate::Trigger::Solar(at(TimeDelta::zero())).words(crate::Lang::En), "sunset at 31.23, 121.47");
    assert_eq!(at(TimeDelta::minutes(-30)).text(), "sunset at 31.23, 121.47, offset -30m");
}

#[test]
fn a_place_off_the_earth_and_an_unknown_event_are_refused_in_words() {
    let refused = |latitude, longitude, offset| {
        Solar::new(SolarEvent::Sunset, latitude, longitude, offset, Tz::UTC).expect_err("it was taken")
    };
    let none = TimeDelta::zero();
    for latitude in [90.01, -91.0, f64::NAN, f64::INFINITY] {
        assert!(refused(latitude, 0.0, none).contains("latitude"));
    }
    for longitude in [180.5, -1e9, f64::NAN, f64::NEG_INFINITY] {
        assert!(refused(0.0, longitude, none).contains("longitude"));
    }
    for offset in [TimeDelta::MAX, TimeDelta::MIN, TimeDelta::milliseconds(86_400_001)] {
        assert!(refused(0.0, 0.0, offset).contains("longer than a day"));
    }
    assert_eq!("dawn-civil".parse(), Ok(SolarEvent::DawnCivil));
    let unknown = |text: &str| text.parse::<SolarEvent>().expect_err(text);
    assert_eq!(unknown("sunsett"), "`sunsett` is no event of the sun — did you mean `sunset`?");
    assert!(unknown("midnight").contains("there are dawn_astronomical"));
    assert_eq!(parse_offset("-30m"), Ok(TimeDelta::minutes(-30)));
    assert_eq!(parse_offset("+1h30m"), Ok(TimeDelta::minutes(90)));
    for text in ["", "-", "--30m", "-25h", "1e3", "NaN", "half an hour"] {
        assert!(parse_offset(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_solar_trigger_is_stored_and_a_wrong_one_is_not_read_back() {
    let tromso = Solar::new(SolarEvent::DawnCivil, 69.65, -18.96, TimeDelta::minutes(-30), Tz::UTC).expect("a place");
    let json = serde_json::to_string(&tromso).expect("json");
    let written = r#"{"event":"dawn_civil","latitude":69.65,"longitude":-18.96,"offset-ms":-1800000,"timezone":"UTC"}"#;
    assert_eq!(json, written);
    assert_eq!(serde_json::from_str::<Solar>(&json).expect("a trigger"), tromso);
    assert!(serde_json::from_str::<Solar>(&json.replace("69.65", "96.65")).is_err());
}

#[test]
fn days_of_the_polar_night_are_told_and_a_date_over_which_sunset_drifts_is_not() {
    let oslo = chrono_tz::Europe::Oslo;
    let tromso = Solar::new(SolarEvent::Sunrise, 69.65, 18.96, TimeDelta::zero(), oslo).expect("a place");
    let absent = tromso.absent_days(utc("2026-11-01T00:00:00Z"), utc("2027-02-01T00:00:00Z"));
    let reason = "no sunrise on 2026-12-01 at 69.65, 18.96: the sun stays below the horizon";
    assert!(absent.iter().any(|absent| absent.reason == reason && absent.first == utc("2026-12-01T11:00:00Z")));
    let last = walk(&tromso, utc("2026-11-01T00:00:00Z")).take_while(|due| *due < utc("2026-12-15T00:00:00Z")).last();
    let first = tromso.next_after(utc("2026-12-15T00:00:00Z"));
    let date = |instant: Option<DateTime<Utc>>| crate::trigger::civil::date(instant.expect("a sunrise"), oslo);
    assert_eq!(absent.len() as i64, (date(first) - date(last)).num_days() - 1);
    let summer = tromso.absent_days(utc("2026-06-20T00:00:00Z"), utc("2026-06-21T00:00:00Z"));
    assert!(summer[0].reason.ends_with("the sun stays above the horizon"), "{summer:?}");
    assert_eq!(tromso.first_absent_day(utc("2026-09-01T00:00:00Z")), Some(date(last) + chrono::Days::new(1)));

    // Dusk passes over midnight UTC twice a year in the middle of America.
    let dusk = solar(SolarEvent::DuskNautical, 40.0, -90.0);
    assert!(dusk.absent_days(utc("2026-01-01T00:00:00Z"), utc("2027-01-01T00:00:00Z")).is_empty());
    assert_eq!(dusk.first_absent_day(utc("2026-01-01T00:00:00Z")), None);
    // In London there is no astronomical night around midsummer, and always a sunset.
    let london = solar(SolarEvent::DuskAstronomical, 51.5, -0.13);
    let first = london.absent_days(utc("2026-01-01T00:00:00Z"), utc("2026-12-31T00:00:00Z")).remove(0);
    assert!(first.reason.starts_with("no astronomical dusk on 2026-05-2"), "{first:?}");
    assert!(first.reason.ends_with("the sun does not sink to 18° below the horizon"), "{first:?}");
    assert_eq!(solar(SolarEvent::Sunset, 51.5, -0.13).first_absent_day(utc("2026-01-01T00:00:00Z")), None);
}

#[test]
fn the_rough_sun_is_within_a_tenth_of_a_degree_in_all_years() {
    // At the pole the sun is as high as its declination.
    for year in [1800, 1900, 2000, 2026, 2200, 2500] {
        for day in (1..365).step_by(5) {
            let noon = chrono::NaiveDate::from_yo_opt(year, day).and_then(|day| day.and_hms_opt(12, 0, 0));
            let noon = noon.expect("a day").and_utc();
            let (rough, height) = (rough::sun(noon), sky::height(noon, 90.0, 0.0).expect("a height"));
            assert!((height - rough.declination).abs() < 0.1, "{noon}: {rough:?} for {height}");
            let due = solar(SolarEvent::SolarNoon, 0.0, 0.0).next_after(noon - TimeDelta::hours(1)).expect("noon");
            assert!((noon - rough.ahead - due).abs() < TimeDelta::minutes(1), "{due}: {rough:?}");
        }
    }
}

#[test]
fn a_closer_look_finds_what_a_search_of_the_whole_day_finds() {
    let day = |text: &str| text.parse::<chrono::NaiveDate>().expect("a date");
    let mut sure = 0;
    for latitude in [-90.0, -77.8, -66.0, -40.0, 0.0, 31.2, 48.0, 59.0, 64.5, 69.6, 85.0, 90.0] {
        for event in SolarEvent::ALL {
            for date in day("2026-01-03").iter_days().step_by(9).take(41) {
                let place = sky::Place { event, latitude, longitude: -123.4 };
                let (quick, whole): (Vec<_>, Vec<_>) = (place.on(date).collect(), place.all_on(date));
                sure += usize::from(place.occurs_on(date) == Some(true));
                let same =
                    |(one, other): (&DateTime<Utc>, &DateTime<Utc>)| (*one - *other).abs() <= TimeDelta::seconds(1);
                let agree = quick.len() == whole.len() && quick.iter().zip(&whole).all(same);
                assert!(agree, "{event} at {latitude} on {date}: {quick:?}, {whole:?}");
            }
        }
    }
    assert!(sure > 2_500, "{sure} days were looked at closely");
}
