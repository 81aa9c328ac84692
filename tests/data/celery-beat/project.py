"""The Celery application: the entries of the first document's own `CELERYBEAT_SCHEDULE` and some more."""
import os
from datetime import timedelta

from celery import Celery
from celery.schedules import crontab, solar

app = Celery("project")
if os.environ.get("DJANGO_SETTINGS_MODULE"):
    app.config_from_object("django.conf:settings", namespace="CELERY")
else:
    app.conf.timezone = "Asia/Shanghai"
    app.conf.beat_schedule = {
        "add-every-30-seconds": {"task": "celery_app.task1.add", "schedule": timedelta(seconds=30), "args": (5, 8)},
        "multiply-at-some-time": {"task": "celery_app.task2.multiply", "schedule": crontab(hour=14, minute=30), "args": (3, 7)},
        "every-two-seconds": {"task": "tasks.add", "schedule": 2, "args": (16, 16)},
        "quarter-hours": {"task": "tasks.poll", "schedule": crontab(minute=[0, 15, 30, 45], hour=range(8, 18)),
                          "options": {"queue": "slow", "priority": 7, "expires": 120}},
        "dawn": {"task": "tasks.lamps", "schedule": solar("dawn_civil", 31.23, 121.47), "kwargs": {"on": False}},
    }
