"""One worker process, seen from the node: started, called, ended.

A worker is a fresh process with a line to this one, never a fork: the node has threads, an event
loop and an LMDB environment, none of which may cross one. Nor does it import the program that was
started, as multiprocessing's would, so a script that uses Papyrus needs no guard.

Every method but `kill` may block, so the node calls them in threads.
"""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from typing import Any

from papyrus.node.worker_messages import Call, Failure, Preparation, Success, full_name
from papyrus.primitives.errors import LocalFault

START_LIMIT = 60.0
"""Seconds in which a worker must be ready."""

STOP_LIMIT = 3.0
"""Seconds in which an idle worker must have ended."""

_MAIN = """\
import json, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
sys.path[:] = json.loads(sys.argv[2])
from papyrus.node.worker_process import main
main(int(sys.argv[1]))
"""


class WorkerHandle:
    """A place for a worker, which holds one process after another."""

    def __init__(self, preparation: Preparation) -> None:
        """Have no process yet."""
        self._preparation = preparation
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Any = None
        self._launched = 0.0
        self.is_ready = False
        """Whether the process came up, and was not heard to end."""
        self.launches = 0
        """How many processes were begun."""

    @property
    def is_alive(self) -> bool:
        """Whether the process is ready for calls, or busy with one."""
        process = self._process
        return self.is_ready and process is not None and process.poll() is None

    @property
    def pid(self) -> int | None:
        """The number of the process, or None where there is none."""
        return self._process.pid if self._process else None

    def launch(self) -> None:
        """Begin a process and return at once; LocalFault where the system refuses one."""
        ours, theirs = multiprocessing.Pipe()
        self.launches += 1
        self._launched = time.perf_counter()
        try:
            self._process = _spawn(theirs)
        except OSError as error:
            ours.close()
            raise LocalFault(f"cannot start a worker: {error.strerror or error}") from error
        finally:
            theirs.close()
        self._line = ours
        ours.send(self._preparation)

    def await_ready(self) -> float:
        """Wait until the process is ready; return the seconds since it was begun.

        What its preparation raised is raised here, LocalFault where it ended or took too long. It
        is not there afterwards then.
        """
        if self._process is None:
            self.launch()
        try:
            if not self._line.poll(START_LIMIT):
                self.kill()
                raise LocalFault(f"a worker was not ready within {START_LIMIT:g} s, and was ended")
            answer = self._line.recv()
        except (EOFError, OSError) as error:
            raise LocalFault(f"a worker {self.bury()} while starting") from error
        if isinstance(answer, Failure):
            self.end()
            raise answer.error()
        self.is_ready = True
        return time.perf_counter() - self._launched

    def call(self, call: Call) -> Success | Failure:
        """Return how a call ended, beginning a process where there is none any more.

        LocalFault, naming the function, where the process ended meanwhile.
        """
        if not self.is_alive:
            if self.is_ready:
                self.bury()
            self.await_ready()
        pid = self.pid
        try:
            self._line.send(call)
            answer: Success | Failure = self._line.recv()
        except (EOFError, OSError) as error:
            ended = self.bury()
            raise LocalFault(f"worker {pid} {ended} in {full_name(call.function)}") from error
        return answer

    def kill(self) -> None:
        """End the process at once; whoever waits for it hears of it."""
        process = self._process
        if process is not None:
            process.kill()

    def end(self) -> None:
        """Let the idle process end, or end it."""
        if self._process is None:
            return
        try:
            self._line.send(None)
            self._process.wait(STOP_LIMIT)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
        self.bury()

    def bury(self) -> str:
        """Forget the process, ended if it is not, and return in words how it ended."""
        self.is_ready = False
        process, line, self._process, self._line = self._process, self._line, None, None
        if line is not None:
            line.close()
        if process is None:
            return "is not there"
        try:
            code = process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        if code >= 0:
            return f"ended with exit code {code}"
        try:
            return f"was ended by {signal.Signals(-code).name}"
        except ValueError:
            return f"was ended by signal {-code}"


def _spawn(theirs: "Connection[Any, Any]") -> subprocess.Popen[bytes]:
    """Begin a process that has one end of a line; OSError where the system refuses."""
    handle = theirs.fileno()
    command = [sys.executable, "-c", _MAIN, str(handle), json.dumps(sys.path)]
    # What a worker prints by mistake must not be taken for a command's data.
    nowhere = subprocess.DEVNULL
    if sys.platform == "win32":
        os.set_handle_inheritable(handle, True)
        startup = subprocess.STARTUPINFO(lpAttributeList={"handle_list": [handle]})
        return subprocess.Popen(command, stdin=nowhere, stdout=nowhere, startupinfo=startup)  # noqa: S603 - this Python
    return subprocess.Popen(command, stdin=nowhere, stdout=nowhere, pass_fds=(handle,))  # noqa: S603 - this Python
