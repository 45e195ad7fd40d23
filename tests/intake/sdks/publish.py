#!/usr/bin/env python3
"""Publishes as the public Python SDK writes events, both its APIs, unchanged. usage: publish.py HOST:PORT; the SDK on PYTHONPATH."""
import http.client, json, sys, warnings

warnings.simplefilter("ignore")
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent as New
from cloudevents.v1.conversion import to_binary, to_structured
from cloudevents.v1.http import CloudEvent as Old

DATA = {"occurred": {"at": "2024-03-05T12:07Z", "precision": "minute"}}
count = 0


def attributes(more):
    global count
    count += 1
    return {"id": f"python-{count}", "type": "dateline.anomaly.detected.v1", "source": "/sdks/python", "subject": "ferry", **more}


def send(what, headers, body, expected=201):
    connection = http.client.HTTPConnection(sys.argv[1], timeout=20)
    connection.request("POST", "/v1/events", body=body, headers=dict(headers))
    answer = connection.getresponse()
    text = answer.read().decode()
    if answer.status != expected:
        sys.exit(f"{what}: {answer.status} {text}\n{headers}\n{body}")


structured = []
# As it is: nothing said of the data's type; and with a type. A value, and bytes that hold JSON.
for more in ({}, {"datacontenttype": "application/json"}, {"datacontenttype": "text/json"}, {"datacontenttype": "application/vnd.x+json"}):
    for data in (DATA, json.dumps(DATA).encode()):
        what = f"{more} {type(data).__name__}"
        send(f"v1 binary {what}", *to_binary(Old(attributes(more), data)))
        headers, body = to_structured(Old(attributes(more), data))
        send(f"v1 structured {what}", headers, body)
        structured.append(body)
        # The new API writes a value as JSON only where it is told that it is JSON.
        message = to_binary_event(New(attributes(more), data))
        send(f"v2 binary {what}", message.headers, message.body)
        message = to_structured_event(New(attributes(more), data))
        send(f"v2 structured {what}", message.headers, message.body)
        structured.append(message.body)
batch = b"[" + b",".join(structured) + b"]"
send("batch", {"content-type": "application/cloudevents-batch+json"}, batch)
send("empty batch", {"content-type": "application/cloudevents-batch+json"}, b"[]", 200)
print(count)
