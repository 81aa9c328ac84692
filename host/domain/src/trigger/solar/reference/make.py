#!/usr/bin/env python3
"""Writes events.txt, the reference for solar/tests.rs, with PyEphem (libastro); checks it against astral.

    pip install ephem==4.2.1 astral==3.2 && python3 make.py > events.txt

Each line: place, latitude, longitude, UTC date, then for each event, in the order of a day, the seconds from the date's
midnight (UTC) to the first occurrence after it. Heights are those of the sun's centre without refraction, -50' for
sunrise and sunset, at sea level. The comparison with astral goes to standard error.
"""
import datetime as dt
import sys

import astral, astral.sun, ephem

PLACES = [
    ("Quito", -0.18, -78.47), ("Shanghai", 31.23, 121.47), ("Berlin", 52.52, 13.405), ("London", 51.5074, -0.1278),
    ("Reykjavik", 64.1466, -21.9426), ("Tromso", 69.6492, 18.9553), ("Longyearbyen", 78.2232, 15.6267),
    ("McMurdo", -77.8419, 166.6863), ("Sydney", -33.8688, 151.2093), ("Honolulu", 21.3069, -157.8583),
    ("Kiritimati", 1.8721, -157.4278), ("Suva", -18.1248, 178.4501), ("Anchorage", 61.2181, -149.9003),
    ("Taveuni", -16.8, 180.0),
]
DATES = [
    (1950, 2, 11), (1987, 9, 23), (2000, 1, 1), (2015, 4, 16), (2020, 12, 21), (2024, 2, 29), (2025, 3, 20),
    (2026, 5, 18), (2026, 6, 21), (2026, 11, 21), (2030, 8, 6), (2037, 10, 25), (2050, 7, 15), (2099, 11, 26),
]
EVENTS = [(-18, 1), (-12, 1), (-6, 1), (-5 / 6, 1), (None, 0), (-5 / 6, -1), (-6, -1), (-12, -1), (-18, -1)]


def first(lat, lon, start, height, direction):
    """PyEphem searches a day at a time and gives up at a day without the event: go on in steps of six hours."""
    place = ephem.Observer()
    place.lat, place.lon, place.pressure, place.elevation = str(lat), str(lon), 0, 0
    sun = ephem.Sun()
    if height is None:
        return place.next_transit(sun, start=ephem.Date(start)).datetime()
    place.horizon = str(height)
    search = place.next_rising if direction > 0 else place.next_setting
    for step in range(4 * 400):
        try:
            found = search(sun, start=ephem.Date(start + dt.timedelta(hours=6 * step)), use_center=True).datetime()
        except ephem.CircumpolarError:
            continue
        return found
    raise AssertionError("no such event in 400 days")


def astrals(lat, lon, start, height, direction):
    observer = astral.Observer(lat, lon, 0)
    for days in range(-1, 3):
        date = start.date() + dt.timedelta(days=days)
        try:
            if height is None:
                found = astral.sun.noon(observer, date)
            else:
                way = astral.SunDirection.RISING if direction > 0 else astral.SunDirection.SETTING
                found = astral.sun.time_at_elevation(observer, height, date, way, with_refraction=False)
        except ValueError:
            continue
        found = found.replace(tzinfo=None)
        if found > start:
            return found
    return None


worst, total, count = (0, None), 0.0, 0
for name, lat, lon in PLACES:
    for ymd in DATES:
        start = dt.datetime(*ymd)
        row = []
        for index, (height, direction) in enumerate(EVENTS):
            found = first(lat, lon, start, height, direction)
            seconds = (found - start).total_seconds()
            row.append(str(round(seconds)))
            other = astrals(lat, lon, start, height, direction)
            # Near the poles astral's one-step solution is no check.
            if other and abs(lat) < 60 and seconds < 86_400:
                apart = abs((other - found).total_seconds())
                total, count = total + apart, count + 1
                worst = max(worst, (apart, f"{name} {start.date()} {index}"))
        print(name, lat, lon, start.date(), *row)
print(f"astral: {count} events, mean {total / count:.1f} s, worst {worst}", file=sys.stderr)
