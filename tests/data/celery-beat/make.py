"""Makes beat.sqlite, tables.json and code.json beside it: `make celery-beat-fixtures`, which brings the pinned packages.

With BEAT_ENGINE=postgresql or mysql (and BEAT_NAME, BEAT_HOST, BEAT_PORT, BEAT_USER, BEAT_PASSWORD: an empty database of a server on TCP) it makes
postgresql.sql or mysql.sql in their place: the tables of django-celery-beat as the server's own dump has them.
"""
import os, subprocess, sys
from datetime import datetime, timezone

HERE = os.path.dirname(os.path.abspath(__file__))
EXPORT = os.path.join(HERE, "../../../docs/celery-beat-export.py")
BERLIN, NEW_YORK, SHANGHAI, LORD_HOWE = "Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe"


def at(*parts):
    return datetime(*parts, tzinfo=timezone.utc)


def crontabs(add, crontab):
    rows = {
        "report": ("30", "9", "1-5", "*", "*", BERLIN), "Sunday is 0": ("0", "3", "0", "*", "*", SHANGHAI),
        "names": ("15", "6", "mon,wed-fri", "*", "*", NEW_YORK), "months": ("0", "12", "*", "1", "*/3", "UTC"),
        "both day fields": ("0", "8", "1", "1-7", "*", BERLIN), "every third weekday number": ("0", "7", "*/3", "*", "*", BERLIN),
        "odd days": ("0", "1", "*", "1-31/2", "*", "UTC"), "over the weekend": ("0", "5", "fri-mon", "*", "*", BERLIN),
        "night shift": ("20", "22-4", "*", "*", "*", BERLIN), "steps beyond": ("*/90", "10", "*", "*", "*", "UTC"),
        "whole names": ("0", "6", "Monday,Saturday", "*", "*", BERLIN), "leap day": ("0", "0", "*", "29", "2", "UTC"),
        "quarter hours": ("*/15", "*", "*", "*", "*", BERLIN), "half past one": ("30", "1", "*", "*", "*", NEW_YORK),
        "half past two": ("30", "2", "*", "*", "*", BERLIN), "half an hour's change": ("*/10", "*", "*", "*", "*", LORD_HOWE),
        "all of it": ("0-59/20", "8,12,16-18", "1,2,4", "*", "jan-jun", SHANGHAI),
    }
    for name, (minute, hour, week, month_day, month, zone) in rows.items():
        row, _ = crontab.objects.get_or_create(
            minute=minute, hour=hour, day_of_week=week, day_of_month=month_day, month_of_year=month, timezone=zone)
        add(name, crontab=row)
    nine = crontab.objects.get_or_create(minute="0", hour="9", timezone=SHANGHAI)[0]
    add("bounded", crontab=nine, start_time=at(2031, 3, 1, 1), expires=at(2031, 3, 20, 1), description="Only in March 2031")
    add("once at nine", crontab=nine, one_off=True, last_run_at=at(2026, 11, 20, 1))
    add("switched off", crontab=nine, enabled=False)
    add("routed", crontab=nine, queue="reports", priority=7, headers='{"tenant": "north"}', exchange="direct", routing_key="reports.daily",
        expire_seconds=300, args='[1, "two", 3.5]', kwargs='{"deep": {"list": [true]}, "nothing": null}')
    add("celery.backend_cleanup", crontab=crontab.objects.get_or_create(minute="0", hour="4", timezone=SHANGHAI)[0],
        task="celery.backend_cleanup", expire_seconds=43200)


def others(add, models):
    interval = lambda every, period: models.IntervalSchedule.objects.create(every=every, period=period)
    for every, period in [(2, "days"), (7, "hours"), (10, "minutes"), (30, "seconds"), (500_000, "microseconds")]:
        add(f"every {every} {period}", interval=interval(every, period), last_run_at=at(2026, 11, 20, 6, 30, 12, 345_000), total_run_count=14)
    ten = models.IntervalSchedule.objects.get(every=10, period="minutes")
    add("from then on", interval=ten, start_time=at(2031, 1, 1))
    add("since it was changed", interval=ten)
    clocked = lambda moment: models.ClockedSchedule.objects.create(clocked_time=moment)
    add("new year", clocked=clocked(at(2030, 12, 31, 16)), one_off=True)
    add("has fired", clocked=clocked(at(2026, 1, 1)), one_off=True, enabled=False)
    for event, _ in models.SOLAR_SCHEDULES:
        add(f"solar {event}", solar=models.SolarSchedule.objects.create(event=event, latitude="31.23", longitude="121.47"))
    add("polar night", solar=models.SolarSchedule.objects.create(event="sunrise", latitude="69.65", longitude="18.96"))


def fill():
    import django
    django.setup()
    from django.core.management import call_command
    from django_celery_beat import models
    call_command("migrate", verbosity=0)

    def add(name, **rest):
        row = models.PeriodicTask(name=name, **{"task": "shop.tasks.work", **rest})
        row.save()
        # The row's own stamp would be another each time these are made.
        models.PeriodicTask.objects.filter(pk=row.pk).update(date_changed=at(2026, 11, 21, 12, 0, 5))

    crontabs(add, models.CrontabSchedule)
    others(add, models)


def dump(engine):
    from django.db import connection
    tables = [table for table in connection.introspection.table_names() if table.startswith("django_celery_beat")]
    tables.sort(key=lambda table: table.endswith("_periodictask"))  # it refers to all others
    name, host, port, user, password = (os.environ.get("BEAT_" + key, "") for key in ("NAME", "HOST", "PORT", "USER", "PASSWORD"))
    at = ["-h", host, "-P" if engine == "mysql" else "-p", port]
    if engine == "mysql":
        options = ["--no-defaults", *at, "-u", user, "--skip-opt", "--create-options", "--skip-comments", "--hex-blob", name, *tables]
        text = subprocess.run(["mariadb-dump", *options], capture_output=True, text=True, check=True, env={**os.environ, "MYSQL_PWD": password})
    else:
        chosen = [option for table in tables for option in ("-t", table)]
        options = [*at, "-U", user, "--no-owner", "--no-privileges", "--inserts", *chosen, name]
        text = subprocess.run(["pg_dump", *options], capture_output=True, text=True, check=True, env={**os.environ, "PGPASSWORD": password})
    # Settings of the session, comments and words to psql say nothing about the tables.
    kept = [line for line in text.stdout.splitlines() if line and not line.startswith(("--", "SET ", "\\", "SELECT pg_catalog.set_config", "/*"))]
    with open(f"{engine}.sql", "w", encoding="utf-8") as out:
        out.write("\n".join(kept) + "\n")


def main():
    os.chdir(HERE)
    sys.path.insert(0, HERE)
    os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
    engine = os.environ.get("BEAT_ENGINE")
    if not engine and os.path.exists("beat.sqlite"):
        os.remove("beat.sqlite")
    fill()
    if engine:
        return dump(engine)
    from django.db import connection
    connection.cursor().execute("vacuum")
    for file, django in (("tables.json", True), ("code.json", False)):
        env = {key: value for key, value in os.environ.items() if django or key != "DJANGO_SETTINGS_MODULE"}
        with open(file, "w", encoding="utf-8") as out:
            subprocess.run([sys.executable, EXPORT, "project:app"], stdout=out, check=True, env=env)


if __name__ == "__main__":
    main()
