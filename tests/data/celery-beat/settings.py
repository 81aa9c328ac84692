"""The Django project whose tables and export are the fixtures beside it; make.py says which database."""
import os

SECRET_KEY = "no secret: nothing is served"
INSTALLED_APPS = ["django_celery_beat"]
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
CELERY_TIMEZONE = "Asia/Shanghai"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
DATABASES = {"default": {
    "ENGINE": "django.db.backends." + os.environ.get("BEAT_ENGINE", "sqlite3"),
    "NAME": os.environ.get("BEAT_NAME", "beat.sqlite"),
    "HOST": os.environ.get("BEAT_HOST", ""),
    "PORT": os.environ.get("BEAT_PORT", ""),
    "USER": os.environ.get("BEAT_USER", ""),
    "PASSWORD": os.environ.get("BEAT_PASSWORD", ""),
}}
if DATABASES["default"]["ENGINE"].endswith("mysql"):
    import pymysql
    pymysql.install_as_MySQLdb()
