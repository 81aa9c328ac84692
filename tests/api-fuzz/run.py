"""Asks a real host what its OpenAPI document allows and what it does not, and holds the answers to the document.

    python run.py BINARY PLUGINS [SECONDS]

The host has a folder of its own, listens on loopback, asks for a token, and is ended afterwards. The same seed asks the same things.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
SEED = "1"
TOKEN = "a-token-for-the-api-fuzz"
CONF = """
[http]
listen = "127.0.0.1:0"
token  = { env = "THE_TOKEN" }

[[alert]]
on   = ["failed"]
sink = { command = ["true"] }
"""
SCHEDULES = """
[schedule.nightly]
handler = "hello/greet"
cron    = "30 2 * * *"
input   = { name = "night" }

[schedule.by-hand]
handler = "fixture-noop"
manual  = true
"""


def prepared(folder, plugins):
    """A folder for a host."""
    for name in ["conf/local", "plugins", "data"]:
        (folder / name).mkdir(parents=True)
    shutil.copy(plugins / "hello.wasm", folder / "plugins")
    shutil.copy(plugins / "fixtures/noop.wasm", folder / "plugins")
    (folder / "conf/host.toml").write_text(CONF)
    (folder / "conf/schedules.toml").write_text(SCHEDULES)


def begun(binary, folder):
    """A host that says where it listens, and that address."""
    environment = {**os.environ, "THE_TOKEN": TOKEN, "NOONTIDE__LOG__FORMAT": "text"}
    command = [binary, "serve", "--conf", "conf", "--env", "local"]
    host = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)
    told = []
    for line in host.stderr:
        told.append(line)
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if found:
            return host, found[0]
    sys.exit("the host did not begin:\n" + "".join(told))


def asked(url, folder, seconds):
    """Whether all was well."""
    tool = pathlib.Path(sys.executable).with_name("schemathesis")
    command = [tool, "--config-file", HERE / "schemathesis.toml", "run", f"{url}/openapi.json"]
    command += ["-H", f"Authorization: Bearer {TOKEN}", "--seed", SEED, "--max-time", seconds, "--no-color"]
    return subprocess.run([str(word) for word in command], cwd=folder).returncode == 0


def main():
    binary, plugins = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
    seconds = sys.argv[3] if len(sys.argv) > 3 else "600"
    with tempfile.TemporaryDirectory(prefix="noontide-api-fuzz-") as name:
        folder = pathlib.Path(name)
        prepared(folder, plugins)
        host, url = begun(binary, folder)
        # What it says from now on nobody reads; a pipe that is full would stop it.
        log = (folder / "host.log").open("w")
        drain = subprocess.Popen(["cat"], stdin=host.stderr, stdout=log)
        try:
            good = asked(url, folder, seconds)
            still = host.poll() is None
        finally:
            host.terminate()
            host.wait(timeout=30)
            drain.wait(timeout=30)
        if not good or not still:
            print((folder / "host.log").read_text()[-4_000:], file=sys.stderr)
            sys.exit(1 if still else "the host ended by itself")


if __name__ == "__main__":
    main()
