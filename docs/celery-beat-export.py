#!/usr/bin/env python3
"""Writes what Celery beat sends as JSON, for `noontide import celery-beat`. It changes nothing.

    python celery-beat-export.py proj.celery:app > beat.json

Run it in the application's folder and virtual environment. It has the entries of `beat_schedule`; in a Django project with
django-celery-beat (DJANGO_SETTINGS_MODULE is set) also the rows of its tables. Each entry comes with its next 50 fires by
Celery's own code, and those of the hours around the clock changes of the next 400 days.
"""
import importlib, json, os, sys
from datetime import datetime, timedelta, timezone
from celery import schedules
from celery.beat import ScheduleEntry

NOW = datetime.now(timezone.utc).replace(microsecond=0)
COUNT = 50
ROUND_A_CHANGE = 1_000  # more than once a minute for nine hours
STEPS = 4_000  # how often a schedule may say "look again later" before it is left

class Clock:
    """Celery asks it what time it is; each fire moves it on."""
    at = NOW

def aware(moment):
    """What has no zone, Celery takes for UTC."""
    return moment and (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc))

def stamp(moment):
    return moment and aware(moment).astimezone(timezone.utc).isoformat()

class Plain(ScheduleEntry):
    """An entry of `beat_schedule`."""
    def default_now(self):
        return Clock.at.astimezone(self.app.timezone)
    _default_now = default_now

    def due(self):
        return self.is_due()

def dry(model_entry, settings):
    class Dry(model_entry):
        """A row as beat treats it, except that nothing is saved."""
        def __init__(self, model, app=None):
            model.save = lambda *_args, **_kwargs: None
            super().__init__(model, app=app)
            self.schedule.nowfun = self._default_now

        def _default_now(self):
            aware = getattr(settings, "DJANGO_CELERY_BEAT_TZ_AWARE", True)
            return Clock.at.astimezone(self.app.timezone) if aware else Clock.at.replace(tzinfo=None)

        def due(self):
            return self.is_due() if self.model.enabled else None
    return Dry

def fires(entry, until=None):
    found = []
    for _ in range(STEPS):
        state = entry.due()
        if state is None or len(found) == (ROUND_A_CHANGE if until else COUNT) or until and Clock.at > until:
            break
        due, wait = state
        if due:
            found.append(stamp(Clock.at))
            entry = next(entry)
            if isinstance(entry.schedule, schedules.solar):
                # Beat looks a moment later; in the same instant ephem finds the same event once more.
                Clock.at += timedelta(seconds=1)
                entry.last_run_at = Clock.at
        else:
            Clock.at += timedelta(seconds=wait)
    return found

def changes(made, zone):
    """The fires of the hours around each clock change of the next 400 days."""
    hours, out = (NOW.replace(minute=0, second=0) + timedelta(hours=hour) for hour in range(400 * 24)), []
    for at in hours:
        if at.astimezone(zone).utcoffset() != (at + timedelta(hours=1)).astimezone(zone).utcoffset():
            begin, end = at - timedelta(hours=4), at + timedelta(hours=5)
            Clock.at = begin
            found = [fire for fire in fires(made(begin), end) if stamp(begin) < fire <= stamp(end)]
            out.append({"from": stamp(begin), "to": stamp(end), "fires": found})
    return out

def text(field):
    return field if isinstance(field, str) else str(field) if isinstance(field, int) else ",".join(map(str, sorted(field)))

def told(schedule, zone):
    if isinstance(schedule, schedules.crontab):
        fields = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
        return {"type": "crontab", "timezone": str(zone), **{name: text(getattr(schedule, "_orig_" + name)) for name in fields}}
    if isinstance(schedule, schedules.solar):
        return {"type": "solar", "event": schedule.event, "latitude": float(schedule.lat), "longitude": float(schedule.lon)}
    if hasattr(schedule, "clocked_time"):
        return {"type": "clocked", "clocked_time": stamp(schedule.clocked_time)}
    if type(schedule) is schedules.schedule and not schedule.relative:
        return {"type": "interval", "seconds": schedule.run_every.total_seconds()}
    return {"type": "relative" if getattr(schedule, "relative", False) else type(schedule).__name__}

def running(schedule, last):
    """The last fire of a beat that has run all along."""
    if type(schedule) is not schedules.schedule:
        return NOW
    every = schedule.run_every
    return last + max(0, (NOW - last) // every) * every

def exported(name, task, schedule, made, last, **rest):
    """`made(last)` is a fresh entry that fired last at `last`."""
    zone = getattr(schedule, "tz", timezone.utc)
    out = {"name": name, "task": task, "schedule": told(schedule, zone), "exported_at": stamp(NOW), **rest}
    ahead = rest.get("start_time") and rest["start_time"] > stamp(NOW)
    Clock.at = NOW
    entry = made(last if ahead else running(schedule, last or NOW))
    out["fires"] = fires(entry)
    out["changes"] = changes(made, zone) if isinstance(schedule, schedules.crontab) and not ahead else []
    return out

def of_the_code(app):
    for name, entry in (app.conf.beat_schedule or {}).items():
        options = dict(entry.get("options") or {})
        kept = {"queue", "exchange", "routing_key", "priority", "headers"}
        rest = {key: str(value) if key in ("exchange", "queue") else value for key, value in options.items() if key in kept}
        expires = options.get("expires")
        if isinstance(expires, timedelta):
            expires = expires.total_seconds()
        rest["expires" if isinstance(expires, datetime) else "expire_seconds"] = stamp(expires) if isinstance(expires, datetime) else expires
        rest["left_out"] = sorted(set(options) - kept - {"expires"})
        schedule = schedules.maybe_schedule(entry["schedule"], entry.get("relative", False), app=app)
        schedule.nowfun = lambda: Clock.at.astimezone(app.timezone)
        made = lambda last, e=entry, s=schedule, n=name: Plain(
            name=n, task=e["task"], schedule=s, last_run_at=last.astimezone(app.timezone), app=app)
        yield exported(name, entry["task"], schedule, made, NOW,
                       args=list(entry.get("args") or []), kwargs=entry.get("kwargs") or {}, **rest)

def of_the_database(app):
    from django.conf import settings
    from django_celery_beat.models import PeriodicTask
    from django_celery_beat.schedulers import ModelEntry
    entry = dry(ModelEntry, settings)
    def row(pk, last):
        model = PeriodicTask.objects.get(pk=pk)
        model.enabled, model.total_run_count = True, 0
        model.last_run_at = last if last is None or settings.USE_TZ else last.replace(tzinfo=None)
        return entry(model, app=app)
    for task in PeriodicTask.objects.order_by("name"):
        same = ("queue", "exchange", "routing_key", "priority", "expire_seconds", "one_off", "enabled", "total_run_count", "description")
        rest = {key: getattr(task, key) for key in same}
        rest |= {key: stamp(getattr(task, key)) for key in ("expires", "start_time", "last_run_at", "date_changed")}
        rest |= {key: json.loads(getattr(task, key) or empty) for key, empty in (("args", "[]"), ("kwargs", "{}"), ("headers", "{}"))}
        start, last = aware(task.start_time), aware(task.last_run_at)
        if not (last or start and start > NOW):
            last = start or aware(task.date_changed)
        yield exported(task.name, task.task, task.schedule, lambda at, pk=task.pk: row(pk, at), last, **rest)

def main(source):
    module, _, name = source.partition(":")
    if os.environ.get("DJANGO_SETTINGS_MODULE"):
        import django
        django.setup()
    app = getattr(importlib.import_module(module), name or "app")
    app.set_current()
    app.loader.import_default_modules()
    app.finalize()
    entries = {entry["name"]: entry for entry in of_the_code(app)}
    if os.environ.get("DJANGO_SETTINGS_MODULE") and "django_celery_beat" in sys.modules:
        # Beat writes `beat_schedule` into the tables: what stands there under the same name is what it sends.
        entries |= {entry["name"]: entry for entry in of_the_database(app)}
    json.dump(list(entries.values()), sys.stdout, indent=1, ensure_ascii=False, default=lambda value: {"not-json": repr(value)})
    print()

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.path.insert(0, os.getcwd())
    main(sys.argv[1])
