#!/usr/bin/env python3
"""Publishes one event with the CloudEvents SDK for Python.

    pip install cloudevents==2.2.0
    python3 examples/publish.py http://127.0.0.1:7310

The API key, where the server wants one, is read from the environment: DATELINE_KEY.
"""
import json
import os
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime, timezone

from cloudevents.core.bindings.http import to_structured_event
from cloudevents.core.v1.event import CloudEvent

# Whoever publishes chooses the id. The same event again changes nothing, so it is safe to send it twice.
EVENT = CloudEvent(
    {
        "id": "uae-first-reports",
        "source": "/desks/example",
        "type": "dateline.anomaly.detected.v1",
        "subject": "whatsapp",
        # Without it the SDK fills in the present time, and a second run is refused: another event under the same id (409).
        "time": datetime(2022, 10, 25, 7, 0, tzinfo=timezone.utc),
        "datacontenttype": "application/json",
    },
    {
        "occurred": {"at": "2022-10-25T11:00+04:00[Asia/Dubai]", "precision": "minute"},
        # When the source said so. Without it, when it is recorded counts.
        "stated": {"between": ["2022-10-25T11:00+04:00[Asia/Dubai]", "2022-10-25[Asia/Dubai]"]},
        "regions": ["AE"],
        "sources": [{"slug": "wired-middle-east", "role": "read_in", "name": "Wired Middle East", "kind": "press"}],
    },
)

# 201: the event is stored. 200: it was stored before. These others say what is wrong with it, or with the key.
# After any other answer, and after none, the same event is sent again.
STORED, REFUSED = {200, 201}, {400, 401, 403, 409, 413, 415, 422}


def publish(server, event, tries=5):
    message = to_structured_event(event)
    headers = dict(message.headers)
    if key := os.environ.get("DATELINE_KEY"):
        headers["authorization"] = f"Bearer {key}"
    for number in range(tries):
        request = urllib.request.Request(f"{server}/v1/events", data=message.body, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code in REFUSED:
                return error.code, json.load(error)
            reason = error
        except OSError as error:
            reason = error
        time.sleep(2**number / 10)
    sys.exit(f"the event is not published yet: {reason}")


if __name__ == "__main__":
    status, answer = publish(sys.argv[1], EVENT)
    if status in STORED:
        print(f"stored at position {answer['position']}, {'new' if answer['fresh'] else 'known already'}")
    else:
        sys.exit(answer["detail"])
