"""Randomness over JSON-RPC: drawn from the tickets and entries of a chain that Lotus made."""

import asyncio
from base64 import b64decode, b64encode
from itertools import pairwise

import pytest
from state_node import key_of, state_node

from papyrus.crypto.hashing import blake2b_256


@pytest.fixture(scope="module")
def node(shared):
    """Return a node over a chain with long null rounds."""
    with state_node(shared, "multisig") as made:
        yield made


def ticket_digest(tipset):
    return min(blake2b_256(block.ticket.vrf_proof) for block in tipset.blocks)


def mock_entry(epoch):
    """Return the entry of the mock beacon of Lotus' tests for an epoch."""
    return blake2b_256((epoch + 100).to_bytes(8, "big"))


def drawn(digest, tag, epoch, entropy):
    head = tag.to_bytes(8, "big", signed=True)
    return blake2b_256(head + digest + epoch.to_bytes(8, "big", signed=True) + entropy)


def test_tickets_are_those_of_the_first_tipset_at_or_after_an_epoch(node):
    tipsets = node.file.tipsets
    for before, tipset in list(pairwise(tipsets))[-6:]:
        for epoch in range(before.height + 1, tipset.height + 1):
            told = node.ask("StateGetRandomnessDigestFromTickets", epoch, [])
            assert b64decode(told) == ticket_digest(tipset)
    first = node.ask("StateGetRandomnessDigestFromTickets", -5, [])
    assert b64decode(first) == ticket_digest(tipsets[0])


def test_beacon_entries_are_those_of_the_epoch(node):
    for tipset in node.file.tipsets[-5:]:
        epoch = tipset.height
        told = node.ask("StateGetRandomnessDigestFromBeacon", epoch, key_of(tipset))
        assert b64decode(told) == blake2b_256(mock_entry(epoch))
        entry = node.ask("StateGetBeaconEntry", epoch)
        assert entry == {"Round": epoch + 100, "Data": b64encode(mock_entry(epoch)).decode()}
        assert node.ask("BeaconGetEntry", epoch, version=0) == entry


def test_randomness_is_drawn_with_purpose_and_entropy(node):
    tipset = node.file.tipsets[-2]
    epoch, entropy = tipset.height, b"\x42\x00\x10"
    text = b64encode(entropy).decode()
    for source, digest in (
        ("Tickets", ticket_digest(tipset)),
        ("Beacon", blake2b_256(mock_entry(epoch))),
    ):
        for tag in (2, -1):
            expected = drawn(digest, tag, epoch, entropy)
            for version in (0, 1):
                told = node.ask(
                    f"StateGetRandomnessFrom{source}", tag, epoch, text, [], version=version
                )
                assert b64decode(told) == expected
            told = node.ask(
                f"ChainGetRandomnessFrom{source}", key_of(tipset), tag, epoch, text, version=0
            )
            assert b64decode(told) == expected


@pytest.mark.parametrize("source", ["Tickets", "Beacon"])
def test_what_is_not_random_yet_is_refused(node, source):
    early = node.file.tipsets[-3]
    code, words = node.refusal(
        f"StateGetRandomnessDigestFrom{source}", early.height + 1, key_of(early)
    )
    assert code == 1
    assert words.endswith("randomness: cannot draw randomness from the future")
    _, words = node.refusal(f"StateGetRandomnessFrom{source}", 2**63, early.height, None, [])
    assert "is too large" in words


def test_entry_of_the_future_is_waited_for(node):
    head = node.chain.head
    epoch = head.height + 1
    wanted = node.network.beacon_round_at(epoch)

    async def waits():
        async with asyncio.timeout(5):
            asked = asyncio.create_task(node.asked("StateGetBeaconEntry", epoch))
            while node.clock.next_waking is None:  # noqa: ASYNC110 - until it sleeps
                await asyncio.sleep(0.001)
            assert node.clock.next_waking >= node.network.timestamp_at(head.height)
            node.beacons.latest = wanted
            await node.clock.advance_to(node.clock.next_waking)
            return await asked

    assert asyncio.run(waits())["result"]["Round"] == wanted
    _, words = node.refusal("StateGetBeaconEntry", head.height + 20_001)
    assert "20000 epochs above the head" in words
