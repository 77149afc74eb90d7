"""How long the event loop is kept by each thing that it calls."""

import asyncio.events
import gc
import threading
import time
from contextlib import contextmanager

LIMIT = 0.05
"""Seconds that nothing may keep a node's event loop for."""


class Turns:
    """What the event loop called, and for how long."""

    def __init__(self):
        self.longest, self.what = 0.0, ""

    def note(self, seconds, handle):
        if seconds > self.longest:
            self.longest, self.what = seconds, repr(handle)


@contextmanager
def measured_turns():
    """Measure what the event loop of this thread calls.

    The time is that of the processor, which a machine that does a lot else does not change, and
    what was in memory before is kept from the collector, as no node has the memory of a test run.
    """
    turns, here = Turns(), threading.get_ident()
    run = asyncio.events.Handle._run

    def measured(handle):
        if threading.get_ident() != here:
            return run(handle)
        start = time.thread_time()
        try:
            return run(handle)
        finally:
            turns.note(time.thread_time() - start, handle)

    gc.collect()
    gc.freeze()
    asyncio.events.Handle._run = measured
    try:
        yield turns
    finally:
        asyncio.events.Handle._run = run
        gc.unfreeze()
