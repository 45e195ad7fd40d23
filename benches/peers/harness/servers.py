"""Starts one fresh server for one store, and stops it by its id. Nothing else runs meanwhile."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

from .install import Unusable, checked

READY_SECONDS = 30
STOP_SECONDS = 20

# postgres refuses root; this is "nobody" everywhere. The folders must be open to it: --data names another place.
NOBODY = 65534

# Durability is PostgreSQL's default, written out. More memory and a longer way to the next checkpoint than by default: in favour of
# whoever uses it.
POSTGRES = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
fsync = on
synchronous_commit = on
full_page_writes = on
shared_buffers = 1GB
max_wal_size = 4GB
"""

NATS = """
listen: "127.0.0.1:{port}"
jetstream {{ store_dir: "{folder}", sync_interval: always }}
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def as_nobody():
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


@contextmanager
def running(command, port, folder, ready=None, **more):
    """A child process that listens; it is interrupted at the end, and killed where that does not help."""
    log = folder / "server.log"
    with open(log, "wb") as words:
        child = subprocess.Popen([str(word) for word in command], stdout=words, stderr=subprocess.STDOUT, start_new_session=True, **more)
    try:
        until = time.monotonic() + READY_SECONDS
        while not (ready() if ready else listens(port)):
            if child.poll() is not None or time.monotonic() > until:
                raise Unusable(f"{command[0]} did not get ready: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)
        yield child
    finally:
        child.send_signal(2)
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


@contextmanager
def nats(tools, folder, before=()):
    port = free_port()
    (folder / "nats.conf").write_text(NATS.format(port=port, folder=folder / "jetstream"))
    with running([*before, tools.servers / "bin" / "nats-server", "-c", folder / "nats.conf"], port, folder):
        yield f"nats://127.0.0.1:{port}"


@contextmanager
def dateline(tools, folder, before=()):
    """Every role in one process, as `serve` runs them: the views are built beside the appends."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DATELINE_")}
    command = [*before, tools.rust / "release" / "dateline", "--data", folder / "dateline", "serve", "--listen", f"127.0.0.1:{port}"]
    with running(command, port, folder, lambda: is_ready(port), cwd=folder, env=environment):
        yield f"http://127.0.0.1:{port}"


def is_ready(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready") as answer:
            return answer.status == 200
    except OSError:
        return False


@contextmanager
def umadb(tools, folder, before=()):
    port = free_port()
    command = [*before, sys.executable, tools.umadb / "bin" / "umadb", "--listen", f"127.0.0.1:{port}", "--db-path", folder / "uma.db"]
    with running(command, port, folder, env={**os.environ, "PYTHONPATH": str(tools.umadb)}):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def postgres(tools, folder, before=(), tables=()):
    port, data, person = free_port(), folder / "pg", as_nobody()
    data.mkdir()
    if person:
        os.chown(data, NOBODY, NOBODY)
        os.chown(folder, NOBODY, NOBODY)
    create = [tools.postgres("initdb"), "-D", data, "-U", "bench", "--auth=trust", "--no-sync", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    checked(create, folder / "initdb.log", cwd=folder, **person)
    with open(data / "postgresql.conf", "a") as settings:
        settings.write(POSTGRES.format(port=port))
    options = "-c client_min_messages=warning -c search_path=message_store,public"
    environment = {**os.environ, "PGOPTIONS": options}
    ask = [str(tools.postgres("psql")), "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "bench", "-d", "postgres", "-v", "ON_ERROR_STOP=1"]
    ready = lambda: subprocess.run([*ask, "-c", "SELECT 1"], capture_output=True, check=False).returncode == 0
    with running([*before, tools.postgres("postgres"), "-D", data], port, folder, ready, cwd=folder, **person):
        for table in tables:
            checked([*ask, "-f", table], folder / "tables.log", env=environment)
        yield f"postgresql://bench@127.0.0.1:{port}/postgres"
