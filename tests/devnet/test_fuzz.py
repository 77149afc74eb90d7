"""Any request to a devnet is answered: no crash, no stack trace, no hang, whatever it holds.

The requests follow the document of the interface, with values of this very devnet in them, so that
most of them get far; and are wrong everywhere at times. What changes the network is among them.
"""

import asyncio
import json
import random
import time
from collections import Counter

import pytest
from devnet_desk import CALLER, devnet_desk
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rpc_fuzz import RequestMaker, expect_answer, seen_on

pytestmark = pytest.mark.slow

CASES, MANY, AT_ONCE = 10_000, 100_000, 250
ENDS_THE_NODE = "Filecoin.Shutdown"
MAKES_ANY_STATE = "Papyrus.SetActor"
"""Afterwards the chain may be such that nothing more can be promised of it."""

SLOW = {
    "Filecoin.GasEstimateMessageGas", "Filecoin.MarketAddBalance", "Filecoin.MarketReserveFunds",
    "Filecoin.MarketWithdraw", "Filecoin.MpoolBatchPushMessage", "Filecoin.MpoolPushMessage",
    "Filecoin.StateCompute", "Filecoin.StateReplay", "Papyrus.AddSector", "Papyrus.AdvanceEpochs",
    "Papyrus.DumpState", "Papyrus.Fault", "Papyrus.GrantDatacap", "Papyrus.Impersonate",
    "Papyrus.LoadState", "Papyrus.MineTipset", "Papyrus.Recover", "Papyrus.SetBalance",
}  # fmt: skip
"""What makes tipsets or executes messages: a request in fifty."""

LIMIT = 0.5
"""Seconds after which a client of the test goes away, which what waits by nature must bear."""
LONGEST = 20.0
"""Seconds in which any call is answered, or notices that its client has gone."""


class Fuzzed:
    """A devnet that is asked anything, and begun anew from time to time."""

    def __init__(self):
        self.counts = Counter()
        self.context = self.desk = None

    def close(self):
        if self.context is not None:
            self.context.__exit__(None, None, None)
            self.context = None

    def open(self, chance):
        self.close()
        self.context = devnet_desk()
        self.desk = self.context.__enter__()
        self.desk.mine(3)
        self.desk.send(self.desk.accounts[0], self.desk.accounts[1], "5")
        self.maker = RequestMaker(self.desk("Discover"), chance, seen_on(self.desk))
        names = sorted(self.maker.methods.keys() - {ENDS_THE_NODE, MAKES_ANY_STATE})
        self.quick = [name for name in names if name not in SLOW]
        self.slow = [name for name in names if name in SLOW]

    async def ask(self, chance, dispatcher):
        name = chance.choice(self.slow if chance.random() < 0.02 else self.quick)
        body = self.maker.body(name)
        began = time.perf_counter()
        try:
            text = await asyncio.wait_for(dispatcher.answer(body, CALLER), LIMIT)
        except TimeoutError:
            text = None
            self.counts["went away"] += 1
        assert time.perf_counter() - began < LONGEST, body
        for answer in expect_answer(text):
            self.counts["errors" if "error" in answer else "results"] += 1
        self.counts["requests"] += 1

    def run(self, seed):
        """Ask a new devnet so many requests that a seed makes."""
        chance = random.Random(seed)  # noqa: S311 - any requests, the same for a seed
        self.open(chance)
        dispatcher = self.desk._dispatchers[1]

        async def ask_all():
            for _ in range(AT_ONCE):
                await self.ask(chance, dispatcher)

        self.desk.run(ask_all())
        # It still works: an epoch passes, and the head is told.
        head = self.desk.run(dispatcher.answer(json.dumps(HEAD), CALLER))
        assert "result" in json.loads(head)


HEAD = {"jsonrpc": "2.0", "id": 1, "method": "Filecoin.ChainHead", "params": []}


def fuzz(examples, caplog):
    fuzzed = Fuzzed()

    @settings(
        max_examples=examples,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(0, 2**64))
    def run(seed):
        fuzzed.run(seed)

    try:
        run()
    finally:
        fuzzed.close()
    unforeseen = [record for record in caplog.records if "nobody foresaw" in record.message]
    assert unforeseen == []
    assert fuzzed.counts["results"] > fuzzed.counts["requests"] // 5
    return fuzzed.counts


def test_any_request_is_answered(caplog):
    counts = fuzz(CASES // AT_ONCE, caplog)
    assert counts["requests"] >= CASES


@pytest.mark.full
def test_any_request_is_answered_many_times(caplog):
    counts = fuzz(MANY // AT_ONCE, caplog)
    assert counts["requests"] >= MANY


def test_any_actor_set_by_hand_leaves_a_node_that_answers(caplog):
    chance = random.Random(3)  # noqa: S311 - any actors, the same each time
    with devnet_desk() as desk:
        desk.mine()
        seen = seen_on(desk)
        maker = RequestMaker(desk("Discover"), chance, seen)
        reading = sorted(
            name
            for name, method in maker.methods.items()
            if method["x-permission"] == "read" and name.startswith("Filecoin.State")
        )
        for _ in range(12):
            for name in (MAKES_ANY_STATE, *chance.sample(reading, 12)):
                body = maker.body(name, oddness=0.01)
                answer = desk.run(desk._dispatchers[1].answer(body, CALLER))
                expect_answer(answer)
    assert "nobody foresaw" not in caplog.text
