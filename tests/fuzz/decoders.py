"""Confined decoders by a fork, for the fuzzer: `subprocess.run` takes a tenth of a second, this a thousandth.

Run as a program, it loads the libraries once and forks for each decoder that is asked for. The child is what it is in
use: `lennox/system/confined.py`, with its limits and its filter of system calls. `Decoders.run` stands in for
`subprocess.run` there.
"""

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
from types import SimpleNamespace

_REQUEST = 1 << 16


class Decoders:
    """A process that forks decoders; `run` has those arguments of `subprocess.run` that lennox gives it."""

    def __init__(self):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-S", "-P", "-W", "ignore", __file__, str(theirs.fileno())]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, env=environment)
        theirs.close()
        self._socket = ours

    def run(self, command, *, input, stdout, stderr, timeout, env, check):  # noqa: A002  # as there
        given = os.memfd_create("input")
        try:
            os.write(given, input)
            os.lseek(given, 0, os.SEEK_SET)
            handles = [given, stdout.fileno(), stderr.fileno()]
            socket.send_fds(self._socket, [json.dumps(command[5:]).encode()], handles)
            return SimpleNamespace(returncode=int(self._socket.recv(64)))
        finally:
            os.close(given)


def serve(handle):
    """Fork a decoder for each request, and answer with its status as `subprocess` gives it."""
    requests = socket.socket(fileno=handle)
    confined = None
    import gdcm  # noqa: F401
    import PIL.BmpImagePlugin
    import PIL.JpegImagePlugin
    import PIL.PngImagePlugin
    import PIL.TiffImagePlugin
    import PIL.WebPImagePlugin  # noqa: F401

    while True:
        request, handles, _, _ = socket.recv_fds(requests, _REQUEST, 3)
        if not request:
            return
        program, *arguments = json.loads(request)
        if confined is None:
            found = importlib.util.spec_from_file_location("confined", program)
            confined = importlib.util.module_from_spec(found)
            found.loader.exec_module(confined)
        child = os.fork()
        if child == 0:
            for number, given in enumerate(handles):
                os.dup2(given, number)
            os.closerange(3, 64)
            sys.argv = [program, *arguments]
            confined.main()
        for given in handles:
            os.close(given)
        _, status = os.waitpid(child, 0)
        requests.send(str(os.waitstatus_to_exitcode(status)).encode())


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    serve(int(sys.argv[1]))
