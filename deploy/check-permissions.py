#!/usr/bin/env python3
"""Tries every permission of nats-accounts.conf against real servers, both ways: what is allowed works, what is not is refused.

    deploy/check-permissions.py --servers DIR               DIR/bin/nats-server is started on ports of its own, and ended
    deploy/check-permissions.py --servers DIR --cluster     the same with three servers and nats-cluster.conf

Needs the package nats-py. Exit code 0 only if each case went as it is written here. No container and no Dateline takes part.
"""

import argparse
import asyncio
import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import nats

DEPLOY = pathlib.Path(__file__).resolve().parent
API = "$JS.API."
ANSWER_SECONDS = 5
START_SECONDS = 30
REPLICAS = 1


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def servers(binary, folder, config, names):
    """The servers with the very files of the deployment; only their ports and folders differ."""
    me = str(os.getuid())
    environment = {
        "PATH": os.environ["PATH"], "SECRETS": f"{folder}/made", "DATA": f"{folder}/none", "PUBLISHERS": "example", "NATS_SERVERS": " ".join(names),
        "NATS_ID": me, "DATELINE_ID": me, "POSTGRES_ID": me,
    }
    subprocess.run(["sh", str(DEPLOY / "prepare.sh")], env=environment, check=True, stdout=subprocess.DEVNULL)
    ports = {(name, port): free_port() for name in names for port in (4222, 8222, 6222)}
    processes = []
    try:
        for name in names:
            lay_out(folder, name, ports)
            command = [binary, "--config", f"{folder}/{name}/deploy/{config}", "--log", f"{folder}/{name}/log"]
            processes.append(subprocess.Popen(command, env={"NATS_NAME": name}))
        await_health(processes, [ports[name, 8222] for name in names])
        yield f"nats://127.0.0.1:{ports[names[0], 4222]}"
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()


def lay_out(folder, name, ports):
    """A folder `deploy` and a folder `secrets` beside it, as in the container, with the places of this machine."""
    for source, target in ((DEPLOY, "deploy"), (folder / "made/nats", "secrets")):
        (folder / name / target).mkdir(parents=True)
        for file in source.glob("*.conf"):
            text = file.read_text().replace("store_dir: /data", f"store_dir: {folder}/{name}/data")
            for (host, port), here in ports.items():
                text = text.replace(f"@{host}:{port}", f"@127.0.0.1:{here}")
                if host == name:
                    text = text.replace(f"0.0.0.0:{port}", f"127.0.0.1:{here}")
            if "0.0.0.0:" in text or ": /data" in text:
                sys.exit(f"{file.name} names a place that this check does not know")
            (folder / name / target / file.name).write_text(text)


def await_health(processes, monitors):
    until = time.monotonic() + START_SECONDS
    for process, monitor in zip(processes, monitors):
        while not is_healthy(monitor):
            if process.poll() is not None:
                sys.exit(f"nats-server ended with {process.returncode}")
            if time.monotonic() > until:
                sys.exit(f"nats-server is not healthy after {START_SECONDS} s")
            time.sleep(0.1)


def is_healthy(monitor):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{monitor}/healthz", timeout=ANSWER_SECONDS) as answer:
            return answer.status == 200
    except OSError:
        return False


class User:
    """One connection, with what the server refused it."""

    def __init__(self, name, password_file):
        self.name, self.refusals = name, []
        self.password = password_file.read_text()

    async def connect(self, url):
        async def refused(error):
            self.refusals.append(str(error).lower())

        self.nats = await nats.connect(
            url, user=self.name, password=self.password, inbox_prefix=f"_INBOX.{self.name}".encode(), error_cb=refused,
            allow_reconnect=False, connect_timeout=ANSWER_SECONDS,
        )
        return self

    async def settle(self):
        """The server answers in order, so it has said what it refuses when it answers a ping. Twice: the client may send the first
        ping before what it had buffered."""
        await self.nats.flush(ANSWER_SECONDS)
        await self.nats.flush(ANSWER_SECONDS)

    async def is_refused(self, subject, body=b"", reply=""):
        before = len(self.refusals)
        await self.nats.publish(subject, body, reply=reply)
        await self.settle()
        # Two questions of a follower go out under another name (its account's mappings), and are refused under that.
        names = (subject.lower(), subject.lower().replace("$js.api.", "dateline.api."))
        return any(name in words for words in self.refusals[before:] for name in names)

    async def may_not_subscribe(self, subject):
        before = len(self.refusals)
        subscription = await self.nats.subscribe(subject)
        await self.settle()
        refused = any(subject.lower() in words for words in self.refusals[before:])
        if not refused:
            await subscription.unsubscribe()
        return refused

    async def ask(self, subject, question=None, headers=None):
        """Asks and returns the answer, which must not be an error."""
        body = question if isinstance(question, bytes) else b"" if question is None else json.dumps(question).encode()
        until = time.monotonic() + ANSWER_SECONDS
        while True:
            message = await self.nats.request(subject, body, ANSWER_SECONDS, headers=headers)
            status = (message.headers or {}).get("Status")
            if status is None:
                break
            # Any server of a cluster may answer what is read directly, and one may not have the message yet.
            if status != "404" or time.monotonic() > until:
                raise AssertionError(f"{subject}: status {status}")
            await asyncio.sleep(0.05)
        if subject.startswith(API + "DIRECT.GET"):
            return message
        answer = json.loads(message.data) if message.data else {}
        if "error" in answer:
            raise AssertionError(f"{subject}: {answer['error']}")
        return answer


class Cases:
    def __init__(self):
        self.passed, self.failed = 0, 0

    async def holds(self, words, outcome):
        try:
            right = bool(await outcome)
            detail = ""
        except Exception as error:
            right, detail = False, f" ({type(error).__name__}: {error})"
        self.passed, self.failed = self.passed + right, self.failed + (not right)
        if not right:
            print(f"FAILED: {words}{detail}")

    async def allowed(self, user, subject, question=None, headers=None):
        async def tried():
            await user.ask(subject, question, headers)
            return True

        await self.holds(f"{user.name} may ask {subject}", tried())

    async def refused(self, user, *subjects):
        for subject in subjects:
            await self.holds(f"{user.name} is refused to publish {subject}", user.is_refused(subject, b"{}"))


def stream(name, subjects, **more):
    return {"name": name, "subjects": subjects, "storage": "file", "deny_purge": True, "num_replicas": REPLICAS, **more}


def ledger(name):
    return stream(name, [f"{name}.>"], allow_atomic=True, allow_direct=True)


STATE = {
    "name": "KV_state", "subjects": ["$KV.state.>"], "storage": "file", "max_msgs_per_subject": 1, "allow_rollup_hdrs": True, "allow_direct": True,
    "discard": "new",
}
ROLE_STATE = STATE | {"name": "KV_role_state", "subjects": ["$KV.role_state.>"]}
SEALED, TILE = "$KV.state.log/sealed", "$KV.role_state.log/tile/0/000"
PURGE_ROLE_STATE = API + "STREAM.PURGE.KV_role_state"
DESTRUCTION = [API + f"STREAM.{verb}.{name}" for verb in ("UPDATE", "DELETE", "PURGE") for name in ("ledger", "ledger-2", "inbox", "KV_state", "KV_dateline_ledger_marks", "dateline-reports")]
DESTRUCTION += [API + f"STREAM.{verb}.KV_role_state" for verb in ("UPDATE", "DELETE")]
MARK = "$KV.dateline_ledger_marks.keys_made"
REPORTS = ["dateline.reports.*"]


async def intake_writes(cases, intake):
    await cases.allowed(intake, API + "STREAM.CREATE.ledger", ledger("ledger"))
    await cases.allowed(intake, API + "STREAM.CREATE.inbox", stream("inbox", ["dateline.inbox.*"], retention="workqueue"))
    await cases.allowed(intake, API + "STREAM.CREATE.refused", stream("refused", ["dateline.refused.*"], max_age=86_400_000_000_000))
    await cases.allowed(intake, API + "STREAM.CREATE.KV_state", STATE | {"num_replicas": REPLICAS})
    await cases.allowed(intake, API + "STREAM.CREATE.KV_role_state", ROLE_STATE | {"num_replicas": REPLICAS})
    await cases.allowed(intake, API + "STREAM.CREATE.dateline-reports", stream("dateline-reports", REPORTS, allow_direct=True, max_age=86_400_000_000_000))
    await cases.allowed(intake, API + "STREAM.CREATE.KV_dateline_ledger_marks", stream("KV_dateline_ledger_marks", ["$KV.dateline_ledger_marks.>"]))
    await cases.allowed(intake, MARK, b"1")
    await cases.allowed(intake, "dateline.reports.run", b"1", {"Nats-Expected-Last-Subject-Sequence": "0"})
    await cases.allowed(intake, API + "STREAM.MSG.GET.dateline-reports", {"last_by_subj": "dateline.reports.run"})
    await cases.allowed(intake, "ledger.first.e", b"1", {"Nats-Expected-Last-Sequence": "0"})
    # An atomic batch is plain publishes: two here, of which the last commits.
    await intake.nats.publish("ledger.second.e", b"2", headers={"Nats-Batch-Id": "a", "Nats-Batch-Sequence": "1"})
    await cases.allowed(intake, "ledger.third.e", b"3", {"Nats-Batch-Id": "a", "Nats-Batch-Sequence": "2", "Nats-Batch-Commit": "1"})
    for name in ("ledger", "inbox", "KV_state"):
        await cases.allowed(intake, API + f"STREAM.INFO.{name}")
    await cases.allowed(intake, API + "STREAM.MSG.GET.ledger", {"seq": 2})
    await cases.allowed(intake, API + "DIRECT.GET.ledger", {"seq": 3})
    await cases.holds("an intake hears that another has written", hears(intake, "dateline.head.ledger", intake, "dateline.head.ledger"))
    await cases.holds("intake may answer a publisher", not_refused(intake, "_INBOX.example.x"))
    await cases.refused(intake, *DESTRUCTION, API + "STREAM.MSG.DELETE.ledger", API + "STREAM.CREATE.other", API + "CONSUMER.DELETE.inbox.intake")
    await cases.refused(intake, "$KV.role_state.key", PURGE_ROLE_STATE)
    await cases.refused(intake, "$KV.state.key", "dateline.inbox.example", API + "STREAM.SNAPSHOT.ledger", API + "STREAM.RESTORE.ledger")
    for subject in ("ledger.>", "dateline.inbox.*", ">"):
        await cases.holds(f"intake may not listen to {subject}", intake.may_not_subscribe(subject))


async def not_refused(user, subject, body=b"", reply=""):
    return not await user.is_refused(subject, body, reply)


async def operator_redacts_and_restores(cases, operator):
    await cases.allowed(operator, API + "STREAM.CREATE.ledger-2", ledger("ledger-2"))
    await cases.allowed(operator, "ledger-2.first.e", b"1")
    await cases.allowed(operator, "$KV.state.ledger", b"2")
    await cases.allowed(operator, API + "DIRECT.GET.KV_state.$KV.state.ledger")
    await cases.allowed(operator, API + "STREAM.CREATE.KV_role_state", ROLE_STATE | {"num_replicas": REPLICAS})
    await cases.allowed(operator, "$KV.role_state.page", b"1")
    await cases.allowed(operator, PURGE_ROLE_STATE, {"filter": "$KV.role_state.page"})
    await cases.allowed(operator, "$KV.role_state.page", b"2")
    await cases.allowed(operator, "ledger.second.r.2", b"redaction")
    await cases.allowed(operator, API + "STREAM.MSG.DELETE.ledger", {"seq": 2})
    await cases.allowed(operator, API + "DIRECT.GET.ledger", {"seq": 4})
    await cases.refused(operator, *DESTRUCTION, "ledger.fourth.e", API + "STREAM.MSG.DELETE.KV_state", API + "STREAM.CREATE.other")
    await cases.allowed(operator, API + "STREAM.MSG.GET.KV_dateline_ledger_marks", {"last_by_subj": MARK})
    await cases.refused(operator, MARK, "dateline.reports.run", "dateline.inbox.example", "dateline.refused.example", API + "CONSUMER.CREATE.inbox")


async def followers_only_read(cases, follower, intake):
    for name in ("ledger", "ledger-2", "KV_state", "dateline-reports"):
        await cases.allowed(follower, API + f"STREAM.INFO.{name}")
        await cases.allowed(follower, API + f"STREAM.MSG.GET.{name}", {"seq": 1})
        await cases.allowed(follower, API + f"DIRECT.GET.{name}", {"seq": 1})
    await cases.allowed(follower, API + "STREAM.INFO.KV_role_state")
    await cases.allowed(follower, API + "STREAM.MSG.GET.KV_role_state", {"last_by_subj": "$KV.role_state.page"})
    await cases.refused(follower, "$KV.role_state.page", PURGE_ROLE_STATE, API + "STREAM.CREATE.KV_role_state")
    await cases.allowed(follower, API + "STREAM.MSG.GET.KV_dateline_ledger_marks", {"last_by_subj": MARK})
    await cases.allowed(follower, API + "DIRECT.GET.KV_state.$KV.state.ledger")
    await cases.holds("a follower reads a page: many answers to one question", becomes(lambda: page(follower, 3)))
    await cases.holds("a follower hears that there is more to read", hears(follower, "dateline.head.ledger", intake, "dateline.head.ledger"))
    await cases.refused(follower, *DESTRUCTION, "ledger.fourth.e", "ledger-2.second.e", "$KV.state.key", "dateline.head.ledger")
    await cases.refused(follower, MARK, "dateline.reports.run", API + "STREAM.MSG.DELETE.dateline-reports", API + "STREAM.CREATE.dateline-reports")
    await cases.refused(follower, "dateline.inbox.example", "dateline.refused.example", "_INBOX.intake.x", "$JS.ACK.inbox.intake.1.1.1.1.0")
    verbs = ("STREAM.MSG.GET.inbox", "STREAM.INFO.inbox", "DIRECT.GET.refused", "STREAM.MSG.DELETE.ledger", "STREAM.CREATE.ledger-3")
    await cases.refused(follower, *(API + verb for verb in verbs))
    await cases.refused(follower, *(API + verb for verb in ("CONSUMER.CREATE.ledger", "CONSUMER.CREATE.KV_state", "CONSUMER.MSG.NEXT.inbox.intake")))
    for subject in ("ledger.>", "$KV.state.>", "dateline.inbox.*", ">"):
        await cases.holds(f"a follower may not listen to {subject}", follower.may_not_subscribe(subject))


async def page(user, wanted):
    inbox = user.nats.new_inbox()
    subscription = await user.nats.subscribe(inbox)
    await user.nats.publish(API + "DIRECT.GET.ledger", b'{"seq":1,"batch":100}', reply=inbox)
    found = 0
    while True:
        message = await subscription.next_msg(ANSWER_SECONDS)
        if message.headers and message.headers.get("Status"):
            await subscription.unsubscribe()
            return message.headers["Status"] == "204" and found == wanted
        found += 1


async def hears(listener, subject, speaker, spoken):
    subscription = await listener.nats.subscribe(subject)
    await listener.settle()
    await speaker.nats.publish(spoken, b"x")
    message = await subscription.next_msg(ANSWER_SECONDS)
    await subscription.unsubscribe()
    return message.subject == subject and message.data == b"x"


async def publishers_reach_their_own(cases, example, intake):
    await cases.allowed(example, "dateline.inbox.example", b"event")
    await cases.allowed(intake, API + "CONSUMER.CREATE.inbox.intake", {"stream_name": "inbox", "config": {"durable_name": "intake", "ack_policy": "explicit"}})
    await cases.holds("intake takes an event from the inbox and acknowledges it", takes(intake))
    await cases.holds("a publisher hears what was refused", hears(example, "dateline.refused.example", intake, "dateline.refused.example"))
    await cases.holds("a publisher hears an answer", hears(example, "_INBOX.example.x", intake, "_INBOX.example.x"))
    await cases.refused(example, "dateline.inbox.other", "dateline.refused.example", "ledger.fourth.e", "$KV.state.key", "dateline.head.ledger")
    await cases.refused(example, MARK, "dateline.reports.run", *DESTRUCTION, *(API + verb for verb in ("INFO", "STREAM.INFO.inbox", "STREAM.MSG.GET.ledger", "DIRECT.GET.ledger")))
    for subject in ("dateline.refused.other", "dateline.refused.*", "dateline.inbox.example", "_INBOX.>", "_INBOX.intake.>", "dateline.head.>", ">"):
        await cases.holds(f"a publisher may not listen to {subject}", example.may_not_subscribe(subject))


async def takes(intake):
    inbox = intake.nats.new_inbox()
    subscription = await intake.nats.subscribe(inbox)
    until = time.monotonic() + ANSWER_SECONDS
    message = None
    # Where nothing waits yet, or the consumer has no leader yet, the answer is a status: in a cluster either comes a little later.
    while message is None or not message.reply:
        if time.monotonic() > until:
            raise TimeoutError(f"no event within {ANSWER_SECONDS} s; the last answer: {message and message.headers}")
        await intake.nats.publish(API + "CONSUMER.MSG.NEXT.inbox.intake", b'{"batch":1,"expires":2000000000}', reply=inbox)
        message = await subscription.next_msg(ANSWER_SECONDS)
    await subscription.unsubscribe()
    await intake.ask(message.reply, b"+ACK")

    async def is_empty():
        return (await intake.ask(API + "STREAM.INFO.inbox"))["state"]["messages"] == 0

    return message.data == b"event" and message.subject == "dateline.inbox.example" and await becomes(is_empty)


async def becomes(condition):
    """In a cluster what was acknowledged reaches each server a little later."""
    until = time.monotonic() + ANSWER_SECONDS
    while not await condition():
        if time.monotonic() > until:
            return False
        await asyncio.sleep(0.05)
    return True


async def a_notary_writes_what_it_signs(cases, notary, follower):
    for name in ("ledger", "ledger-2"):
        await cases.allowed(notary, API + f"STREAM.INFO.{name}")
    await cases.holds("a notary reads a page: many answers to one question", becomes(lambda: page(notary, 3)))
    await cases.allowed(notary, SEALED, b"a checkpoint")
    await cases.allowed(notary, TILE, b"a tile")
    await cases.allowed(notary, API + "STREAM.MSG.GET.KV_state", {"last_by_subj": SEALED})
    await cases.refused(follower, SEALED, TILE)
    await cases.refused(notary, *DESTRUCTION, "ledger.fifth.e", "ledger.fifth.r.1", "$KV.state.key", "$KV.state.ledger/1/reaches", "dateline.head.ledger", MARK)
    await cases.refused(notary, PURGE_ROLE_STATE, "dateline.inbox.example", "dateline.reports.run", "$KV.state.log/abandoned/1")


async def answers_do_not_write(cases, followers, intake):
    """The way around permissions: a question whose answer would be stored in the ledger, the state store or another's inbox."""
    before = await intake.ask(API + "STREAM.INFO.ledger")
    targets = ("ledger.forged.e", "ledger-2.forged.e", "$KV.state.forged", "$KV.role_state.forged", "dateline.inbox.other", "dateline.reports.forged")
    for user, subject in followers:
        for target in targets:
            await cases.holds(f"{user.name} may ask with any reply subject", not_refused(user, subject, b"", target))
    # The last questions are answered in order by the same streams: when these come back, the others have.
    for user, subject in followers:
        await cases.allowed(user, subject)
    for name in ("ledger", "ledger-2", "KV_state", "KV_role_state", "inbox", "dateline-reports"):
        question = {"subjects_filter": ">"}
        state = (await intake.ask(API + f"STREAM.INFO.{name}", question))["state"]
        held = list(state.get("subjects", {}))
        await cases.holds(f"no answer was stored in {name}, which holds {held}", nothing_forged(held))
    after = await intake.ask(API + "STREAM.INFO.ledger")
    await cases.holds("the ledger's head did not move", same(before["state"]["last_seq"], after["state"]["last_seq"]))


async def nothing_forged(subjects):
    return not any("forged" in subject or subject.endswith(".other") for subject in subjects)


async def same(left, right):
    return left == right


async def check(url, secrets):
    users = {}
    for name, file in (("intake", "nats-intake"), ("operator", "nats-operator"), ("follower", "nats-follower"), ("notary", "nats-notary"), ("example", "nats-publisher-example")):
        users[name] = await User(name, secrets / file).connect(url)
    intake, operator, follower, notary, example = users.values()
    cases = Cases()
    await intake_writes(cases, intake)
    await operator_redacts_and_restores(cases, operator)
    await followers_only_read(cases, follower, intake)
    await a_notary_writes_what_it_signs(cases, notary, follower)
    await publishers_reach_their_own(cases, example, intake)
    await answers_do_not_write(cases, ((follower, API + "STREAM.INFO.ledger"), (notary, SEALED), (example, "dateline.inbox.example")), intake)
    for user in users.values():
        await user.nats.close()
    return cases


def main():
    global REPLICAS
    parser = argparse.ArgumentParser(description="Tries every permission of nats-accounts.conf against real servers.")
    parser.add_argument("--servers", required=True, metavar="DIR", help="the folder that holds bin/nats-server")
    parser.add_argument("--cluster", action="store_true", help="against three servers, with nats-cluster.conf and three copies of each stream")
    arguments = parser.parse_args()
    config, names, REPLICAS = ("nats-cluster.conf", ["nats-1", "nats-2", "nats-3"], 3) if arguments.cluster else ("nats.conf", ["nats"], 1)
    binary = pathlib.Path(arguments.servers) / "bin/nats-server"
    with tempfile.TemporaryDirectory(prefix="dateline-permissions-") as scratch:
        folder = pathlib.Path(scratch)
        with servers(binary, folder, config, names) as url:
            cases = asyncio.run(check(url, folder / "made/all"))
    print(f"permissions under {config}: {cases.passed} passed, {cases.failed} failed")
    sys.exit(0 if cases.failed == 0 and cases.passed > 0 else 1)


main()
