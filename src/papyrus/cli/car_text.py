"""What `papyrus car` found, as text for people."""

from typing import Any

from papyrus.cli.output import human_size, say, say_fields, say_table
from papyrus.primitives.amounts import TokenAmount


def say_info(found: dict[str, Any]) -> None:
    """Print what a file is."""
    kind = f"CAR version {found['version']}" + (", zstandard" if found["compressed"] else "")
    say_fields(
        [
            ("file", found["file"]),
            ("kind", f"{kind}, {human_size(found['file_size'])}"),
            ("blocks", f"{found['blocks']:,}, {human_size(found['data_size'])}, all as their CIDs"),
            *(("root", root) for root in found["roots"]),
            *(("missing root", root) for root in found["missing_roots"]),
        ]
    )
    if found["head"] is not None:
        say()
        say_tipset(found["head"])
        say_state(found["head"])
    say_other_roots(found["other_roots"])


def say_tipset(tipset: dict[str, Any]) -> None:
    """Print a tipset: its place in the chain, its blocks and their messages."""
    say(f"tipset at height {tipset['height']}, {tipset['time'] or tipset['timestamp']}")
    for block in tipset["blocks"]:
        counts = block["messages"]
        say(f"  block {block['cid']}")
        say(f"    by {block['miner']}, {_messages(counts)}")
        for message in counts.get("listed", ()):
            if "from" not in message:
                say(f"      {message['cid']}  is not in the file")
                continue
            say(
                f"      {message['cid']}  {message['from']} -> {message['to']}  "
                f"method {message['method']}  nonce {message['nonce']}  "
                f"{_fil(message['value'])}"
            )
    receipts = tipset["parent_receipts"]
    say(f"  receipts of its parents {receipts['cid']}: {_count(receipts['count'])}")
    say(f"  state after its parents {tipset['parent_state_root']}")


def say_other_roots(roots: list[dict[str, Any]]) -> None:
    """Print what the roots are that are not block headers."""
    for root in roots:
        if root["state"] is not None:
            say(f"state tree {root['cid']}")
            say_state(root)
        elif root["size"] is not None:
            say(f"root {root['cid']}: {root['size']} bytes, neither a block header nor a state")


def say_state(tipset: dict[str, Any]) -> None:
    """Print the state tree of a tipset or root, if it was looked at."""
    if "state" not in tipset:
        return
    state = tipset["state"]
    if state is None:
        say("    is not in the file, or not whole")
        return
    more = "" if state["complete"] else " at least (add --actors to `car tree` to see all)"
    say(
        f"    version {state['version']}, {state['actors']:,} actors{more}, "
        f"{_fil(state['balance'])} in all"
    )
    if "listed" in state:
        say_table(
            ("    ADDRESS", "ACTOR", "NONCE", "BALANCE", "HEAD"),
            [
                (
                    f"    {row['address']}",
                    row["actor"],
                    row["nonce"],
                    _fil(row["balance"]),
                    row["head"],
                )
                for row in state["listed"]
            ],
        )


def _messages(counts: dict[str, Any]) -> str:
    if counts["bls"] is None:
        return "its messages are not in the file"
    return f"{counts['bls']} BLS and {counts['secp256k1']} other messages"


def _count(count: int | None) -> str:
    return "not in the file" if count is None else str(count)


def _fil(text: str) -> str:
    """Return an amount in FIL with its thousands set apart."""
    whole, dot, rest = TokenAmount(int(text)).unitless().partition(".")
    return f"{int(whole):,}{dot}{rest} FIL"
