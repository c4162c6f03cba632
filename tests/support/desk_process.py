"""A desk as people start it, and its page in a browser of the system."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from datetime import date
from urllib.parse import urlsplit

import pytest
from tiny_model import write_tiny_model

UNRELEASED = ("--unreleased", "--who", "a test", "--why", "to test", "--until", str(date.today()))


class DeskProcess:
    """`lennox desk FOLDER` in a process of its own; `link` opens it, `ask` speaks to it as the page does."""

    def __init__(self, folder, model, home, *options):
        command = [
            sys.executable,
            "-P",
            "-m",
            "lennox",
            "desk",
            str(folder),
            "--model",
            model,
            "--no-browser",
            *options,
        ]
        places = {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CACHE", "CONFIG", "STATE")}
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ, **places}
        )
        line = self.process.stdout.readline()
        assert "http://" in line, f"the desk did not open (status {self.process.wait()})"
        self.link = line.split()[-1]
        address = urlsplit(self.link)
        self.host, self.port, self.opening = address.netloc, address.port, f"{address.path}?{address.query}"
        self.cookie = self.raw("GET", self.opening)[1]["set-cookie"].split(";")[0]

    def raw(self, method, path, body=None, **headers):
        """(status, headers, body) of a request with these headers alone."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        connection.close()
        return found

    def ask(self, path, said=None, method=None):
        """The JSON of an answer to the page's own request, and its status."""
        method = method or ("GET" if said is None else "POST")
        body = said if isinstance(said, (bytes, type(None))) else json.dumps(said).encode()
        headers = {"Cookie": self.cookie} | ({} if method == "GET" else {"Origin": f"http://{self.host}"})
        status, _, answer = self.raw(method, path, body, **headers)
        return json.loads(answer), status

    def films(self):
        """The films of the list by name, once every one was read."""
        for _ in range(600):
            found, _ = self.ask("/api/desk")
            if not found["waiting"] and found["model"]["status"] == "ready":
                break
            time.sleep(0.05)
        return {row["name"]: row for row in found["films"]}

    def kill(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """Ctrl-C; returns the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


@pytest.fixture(scope="session")
def desk_model(tmp_path_factory):
    """A tiny network: a place is as suspect as it is bright."""
    return str(write_tiny_model(tmp_path_factory.mktemp("models") / "tiny"))


@pytest.fixture(scope="module")
def open_desk(desk_model, tmp_path_factory):
    """Open desks on folders; each is ended with the module. They keep their log apart from the user's."""
    home = tmp_path_factory.mktemp("home")
    opened = []

    def start(folder, *options):
        opened.append(DeskProcess(folder, desk_model, home, *(options or UNRELEASED)))
        return opened[-1]

    yield start
    for desk in opened:
        if desk.process.poll() is None:
            desk.kill()
