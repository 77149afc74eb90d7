"""The inside of a worker process: it prepares its means, then answers one call after the other.

It ends as soon as the node does, however that ended and whatever it is doing: a thread of its own
waits for the node's next word, and the end of the node is the end of the line. What it was writing
is then written wholly or not at all, which the block store sees to.
"""

import gc
import os
import queue
import signal
import sys
import threading
import time
from multiprocessing.connection import Connection
from typing import Any

from papyrus.node.worker_messages import Call, Failure, Preparation, Success, failure, full_name


def outcome(call: Call, means: Any) -> Success | Failure:
    """Return how a call ends."""
    start = time.perf_counter()
    try:
        value = call.function(means, *call.arguments, **call.named)
    except Exception as error:  # noqa: BLE001 - whatever it is, the caller must hear of it
        return failure(error, full_name(call.function), time.perf_counter() - start)
    return Success(value, time.perf_counter() - start)


def main(handle: int) -> None:
    """Work for the process at the other end of a connection, until it ends or says so."""
    # Ctrl-C and a stop of the service reach every process; the node tells its workers in its time.
    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if number := getattr(signal, name, None):
            signal.signal(number, signal.SIG_IGN)
    line = _connection(handle)
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(line, inbox), daemon=True).start()
    means = None
    while (message := inbox.get()) is not None:
        if isinstance(message, Preparation):
            start = time.perf_counter()
            answer: Success | Failure
            try:
                means = message.function(*message.arguments)
                gc.freeze()  # it stays, so that calls need not wait while it is looked at
                answer = Success(None, time.perf_counter() - start)
            except Exception as error:  # noqa: BLE001 - whatever it is, the node must hear of it
                answer = failure(error, "starting a worker", time.perf_counter() - start)
        elif isinstance(message, Call):
            answer = outcome(message, means)
        else:
            answer = message
        _answer(line, answer)
    sys.stderr.flush()


def _listen(line: Any, inbox: "queue.SimpleQueue[Any]") -> None:
    """Hand on what the node says; end the process when the node is gone."""
    while True:
        try:
            message = line.recv()
        except (EOFError, OSError):
            os._exit(0)
        except Exception as error:  # noqa: BLE001 - a call of what cannot be imported here
            message = failure(error, "reading a call", 0.0)
        inbox.put(message)
        if message is None:
            return


def _answer(line: Any, answer: Success | Failure) -> None:
    try:
        line.send(answer)
    except OSError:
        os._exit(0)
    except Exception as error:  # noqa: BLE001 - a result that cannot cross
        line.send(failure(error, "sending a result", answer.seconds))


def _connection(handle: int) -> Any:
    if sys.platform == "win32":
        from multiprocessing.connection import PipeConnection  # noqa: PLC0415 - on Windows alone

        return PipeConnection(handle)
    return Connection(handle)
