#!/usr/bin/env python3
"""Writes the jobs of an APScheduler 3 scheduler as JSON, for `noontide import apscheduler`. It changes nothing.

    python apscheduler-export.py sqlite:///jobs.sqlite > jobs.json      a job store, by its SQLAlchemy URL
    python apscheduler-export.py myapp.scheduling:scheduler > jobs.json the scheduler of an application, not started

Run it in the application's folder and virtual environment: APScheduler imports what the jobs call.
"""
import copy, importlib, json, os, sys
from datetime import datetime, timedelta, timezone
from apscheduler.schedulers.background import BackgroundScheduler

NOW = datetime.now(timezone.utc)
COUNT = 50

def read_only(_conn, _cursor, statement, *_rest):
    # APScheduler deletes the jobs that it cannot restore; it shall not do so here.
    if not statement.lstrip().upper().startswith(("SELECT", "PRAGMA", "SHOW", "WITH")):
        sys.exit("apscheduler-export: no job table, or a job whose code cannot be imported here; run it in the application's folder")

def jobs_of(source):
    if "://" not in source:
        module, _, name = source.partition(":")
        return getattr(importlib.import_module(module), name or "scheduler").get_jobs()
    from sqlalchemy import create_engine, event
    engine = create_engine(source)
    event.listen(engine, "before_cursor_execute", read_only)
    scheduler = BackgroundScheduler()
    scheduler.add_jobstore("sqlalchemy", engine=engine)
    scheduler.start(paused=True)
    return scheduler.get_jobs()

def told(trigger):
    kind = type(trigger).__name__.removesuffix("Trigger").lower()
    out = {"type": kind, "timezone": str(getattr(trigger, "timezone", "") or "") or None}
    for key in ("start_date", "end_date", "run_date", "jitter"):
        value = getattr(trigger, key, None)
        out[key] = value.isoformat() if hasattr(value, "isoformat") else value
    if kind == "cron":
        out["fields"] = {field.name: str(field) for field in trigger.fields if not field.is_default}
    if kind == "interval":
        out["seconds"] = trigger.interval_length
    if kind in ("and", "or"):
        out["triggers"] = [told(one) for one in trigger.triggers]
    return out

def calm(trigger):
    """The trigger without its jitter, which would make every answer another."""
    trigger = copy.deepcopy(trigger)
    for one in [trigger, *getattr(trigger, "triggers", [])]:
        if hasattr(one, "jitter"):
            one.jitter = None
    return trigger

def fires(trigger, first, until=None):
    due, found = first, []
    while due and len(found) < COUNT and not (until and due > until):
        found.append(due.astimezone(timezone.utc).isoformat())
        due = trigger.get_next_fire_time(due, due)
    return found

def changes(trigger):
    """The fires of the days in the next 400 on which clocks change."""
    zone, out = getattr(trigger, "timezone", None), []
    for day in range(400 if hasattr(trigger, "fields") else 0):
        begin, end = NOW + timedelta(days=day), NOW + timedelta(days=day + 1)
        if begin.astimezone(zone).utcoffset() != end.astimezone(zone).utcoffset():
            found = fires(trigger, trigger.get_next_fire_time(None, begin.astimezone(zone)), end)
            out.append({"from": begin.isoformat(), "to": end.isoformat(), "fires": found})
    return out

def exported(job):
    trigger = calm(job.trigger)
    first = trigger.get_next_fire_time(None, NOW)
    next_run = getattr(job, "next_run_time", first)  # a scheduler that was not started has not set it
    if next_run and not getattr(job.trigger, "jitter", None):
        first = next_run
    setting = lambda key: getattr(job, key) if hasattr(job, key) else job._scheduler._job_defaults[key]
    return {
        "id": job.id, "name": job.name, "func": job.func_ref, "args": list(job.args), "kwargs": job.kwargs,
        "trigger": told(job.trigger), "coalesce": setting("coalesce"), "max_instances": setting("max_instances"),
        "misfire_grace_time": setting("misfire_grace_time"), "next_run_time": next_run and next_run.isoformat(),
        "exported_at": NOW.isoformat(), "fires": fires(trigger, first), "changes": changes(trigger),
    }

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.path.insert(0, os.getcwd())
    jobs = [exported(job) for job in jobs_of(sys.argv[1])]
    json.dump(jobs, sys.stdout, indent=1, ensure_ascii=False, default=lambda value: {"not-json": repr(value)})
    print()
