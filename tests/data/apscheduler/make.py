"""Makes jobs.json beside it, with jobs of every kind: python make.py (needs apscheduler==3.11.* and sqlalchemy)."""
import os, subprocess, sys, tempfile
from datetime import datetime, timedelta, timezone

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger

BERLIN, NEW_YORK, SHANGHAI, UTC = "Europe/Berlin", "America/New_York", "Asia/Shanghai", "UTC"


def work(*_args, **_kwargs):
    pass


def fill(scheduler):
    add = lambda id, trigger, **rest: scheduler.add_job("make:work", trigger, id=id, **rest)
    start = datetime(2026, 11, 1, 6, 30, tzinfo=timezone.utc)
    add("report", "cron", day_of_week="mon-fri", hour=9, minute=30, timezone=BERLIN, name="Morning report")
    add("numbers", "cron", day_of_week="0,2-4", hour="6-18/4", timezone=UTC, args=[1, "two", 3.5])
    add("odd weeks", "cron", week="1-53/2", day_of_week="sun", hour=3, timezone=SHANGHAI)
    add("last-sunday", "cron", day="last sun", hour=4, timezone=BERLIN, kwargs={"keep": 3, "dry": False})
    add("second-friday", "cron", day="2nd fri", hour=17, minute=5, timezone=NEW_YORK)
    add("month-end", "cron", day="last", hour=23, minute=59, second=30, timezone=UTC)
    add("mixed-days", "cron", day="1,15,3rd wed", hour=12, timezone=UTC)
    add("dom-and-dow", "cron", day="1-7", day_of_week="mon", hour=8, timezone=BERLIN)
    add("quarterly", "cron", month="*/3", day=1, timezone=SHANGHAI)
    add("twice-in-autumn", "cron", hour=1, minute=30, timezone=NEW_YORK)
    add("half-hours", "cron", minute="*/30", timezone=BERLIN)
    add("seconds", "cron", hour="8-9", minute="0-59/20", second="5,35", timezone=UTC)
    add("bounded", "cron", hour=5, start_date="2026-12-01", end_date="2026-12-20 05:00:00", timezone=BERLIN)
    add("years", "cron", year="2027-2029", month="feb", day=29, timezone=UTC)
    add("jittered", "cron", hour="*/6", jitter=120, timezone=UTC, misfire_grace_time=300, coalesce=False)
    add("poll", "interval", seconds=90, start_date=start, misfire_grace_time=None, max_instances=3)
    add("biweekly", "interval", weeks=2, hours=1, start_date=start, timezone=BERLIN, end_date="2027-10-01")
    add("once", "date", run_date="2027-03-28 12:00:00", timezone=BERLIN, misfire_grace_time=3600)
    either = OrTrigger([CronTrigger(day_of_week="sat", hour=10, timezone=BERLIN),
                        CronTrigger(day_of_week="wed", hour=22, timezone=BERLIN)])
    add("either", either)
    add("paused", "cron", hour=7, timezone=BERLIN)
    scheduler.pause_job("paused")


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    export = os.path.join(here, "../../../docs/apscheduler-export.py")
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/jobs.sqlite"
        scheduler = BackgroundScheduler()
        scheduler.add_jobstore("sqlalchemy", url=url)
        scheduler.start(paused=True)
        fill(scheduler)
        scheduler.shutdown()
        with open(os.path.join(here, "jobs.json"), "w", encoding="utf-8") as out:
            subprocess.run([sys.executable, export, url], stdout=out, check=True, env={**os.environ, "PYTHONPATH": here})


if __name__ == "__main__":
    main()
