#!/usr/bin/env python3
"""Publishes the events of a file, one a line, over NATS, and waits for each receipt.

    pip install nats-py==2.16.0
    python3 examples/publish_nats.py nats://127.0.0.1:4222 example examples/outage.ndjson

The second word is the NATS user, under whose name the intake takes events in. Before the first event, an operator says what it may publish:

    dateline publishers allow example --scope publish:/desks/example --scope cite --scope register
"""
import asyncio
import json
import os
import sys

import nats


async def main(server, user, file):
    password = os.environ.get("NATS_PASSWORD")
    login = {"user": user, "password": password} if password else {}
    # A publisher may receive only what is addressed to inboxes of its own name.
    bus = await nats.connect(server, inbox_prefix=f"_INBOX.{user}", **login)
    receipts = f"_INBOX.{user}.receipts"
    answers, refused = await bus.subscribe(receipts), await bus.subscribe(f"dateline.refused.{user}")
    for line in open(file, "rb"):
        headers = {"Content-Type": "application/cloudevents+json", "Dateline-Reply-To": receipts}
        # JetStream answers once the inbox has stored the event. The receipt says that the ledger has it.
        await bus.jetstream().publish(f"dateline.inbox.{user}", line, headers=headers)
        waiting = [asyncio.ensure_future(answers.next_msg(timeout=30)), asyncio.ensure_future(refused.next_msg(timeout=30))]
        done, others = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for other in others:
            other.cancel()
        answer = json.loads(done.pop().result().data)
        if "position" not in answer or "fresh" not in answer:
            sys.exit(f"refused: {answer['detail']}")
        print(f"{answer['id']}: stored at position {answer['position']}, {'new' if answer['fresh'] else 'known already'}")
    await bus.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
