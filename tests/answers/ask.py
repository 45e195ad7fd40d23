"""HTTP as a stranger speaks it: one question, one connection, the answer as it came."""

import gzip
import http.client
import socket
import urllib.parse

ANSWER_S = 60


class Answer:
    """Status, headers in their order, and the body."""

    def __init__(self, status, reason, headers, body):
        self.status, self.reason, self.headers, self.body = status, reason, headers, body

    def header(self, name):
        return next((value for found, value in self.headers if found == name), None)

    def next_page(self):
        """The path that the header Link names as next."""
        for link in (self.header("link") or "").split(","):
            if 'rel="next"' in link:
                return link.split("<")[1].split(">")[0]
        return None


def place(url):
    parts = urllib.parse.urlsplit(url)
    return parts.hostname, parts.port


def ask(url, method, path, headers=(), body=None):
    """One question."""
    connection = http.client.HTTPConnection(*place(url), timeout=ANSWER_S)
    try:
        connection.request(method, path, body=body, headers=dict(headers))
        answer = connection.getresponse()
        named = [(name.lower(), value) for name, value in answer.getheaders()]
        read = answer.read()
    finally:
        connection.close()
    return Answer(answer.status, answer.reason, named, read)


def get(url, path, headers=()):
    return ask(url, "GET", path, headers)


def raw(url, sent):
    """Bytes as they are; what came back until the server closed, as it does after an error or where it is asked to."""
    with socket.create_connection(place(url), timeout=ANSWER_S) as connection:
        connection.sendall(sent)
        got = b""
        while more := connection.recv(65536):
            got += more
    return got


def stream(url, path, headers, last):
    """A live stream until a line is `last`: its status, headers and lines."""
    connection = http.client.HTTPConnection(*place(url), timeout=ANSWER_S)
    try:
        connection.request("GET", path, headers=dict(headers))
        answer = connection.getresponse()
        named = [(name.lower(), value) for name, value in answer.getheaders()]
        read = b""
        while line := answer.readline():
            read += line
            if line.startswith(last):
                # The data of the last message.
                read += answer.readline()
                break
    finally:
        connection.close()
    return Answer(answer.status, answer.reason, named, read)


def unpacked(answer):
    """The body, unpacked where it was packed."""
    return gzip.decompress(answer.body) if answer.header("content-encoding") == "gzip" else answer.body
