"""`papyrus msig add-propose`, `swap-propose`, `lock-propose` and so on: changing the multisig.

A multisig changes itself alone: each change is a message from it to itself, which is proposed and
approved like any other.
"""

import base64
from collections.abc import Callable
from typing import Annotated, Any

import typer

from papyrus.actors.multisig.params import (
    CHANGE_APPROVALS_THRESHOLD,
    LOCK_BALANCE,
    ChangeApprovalsThresholdParams,
    LockBalanceParams,
)
from papyrus.cli.address import address_text
from papyrus.cli.amounts import read_amount
from papyrus.cli.connection import ApiOption, NodeClient, connected
from papyrus.cli.message_sending import (
    FromOption,
    Landed,
    Sent,
    WaitOption,
    report,
    send,
    sender_of,
)
from papyrus.cli.output import JsonOption
from papyrus.ipld import dag_cbor

MultisigArgument = Annotated[str, typer.Argument(metavar="MULTISIG")]
SignerArgument = Annotated[str, typer.Argument(metavar="SIGNER")]
ProposerArgument = Annotated[str, typer.Argument(metavar="PROPOSER")]
TransactionArgument = Annotated[int, typer.Argument(metavar="ID", min=0, help="Of the proposal.")]
OldArgument = Annotated[str, typer.Argument(metavar="OLD", help="Who leaves.")]
NewArgument = Annotated[str, typer.Argument(metavar="NEW", help="Who comes.")]
IncreaseOption = Annotated[
    bool, typer.Option("--increase-threshold", help="And need one approval more.")
]
StartArgument = Annotated[int, typer.Argument(metavar="START", help="The epoch it begins at.")]
DurationArgument = Annotated[int, typer.Argument(metavar="EPOCHS", help="It is released over.")]
AmountArgument = Annotated[str, typer.Argument(metavar="FIL")]

_NOTHING = "0"


def add_propose(
    multisig: MultisigArgument,
    signer: SignerArgument,
    increase: IncreaseOption = False,
    sender: FromOption = None,
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Propose that somebody becomes a signer.

    \b
    Examples:
      papyrus msig add-propose f2... f1... --increase-threshold
    """
    _ask("MsigAddPropose", (multisig, None, signer), (increase,), sender, wait, api, json, proposed)


def add_approve(
    multisig: MultisigArgument,
    proposer: ProposerArgument,
    transaction: TransactionArgument,
    signer: SignerArgument,
    increase: IncreaseOption = False,
    sender: FromOption = None,
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Approve that somebody becomes a signer.

    \b
    Examples:
      papyrus msig add-approve f2... f0101 0 f1...
    """
    addresses = (multisig, None, transaction, proposer, signer)
    _ask("MsigAddApprove", addresses, (increase,), sender, wait, api, json)


def add_cancel(
    multisig: MultisigArgument,
    transaction: TransactionArgument,
    signer: SignerArgument,
    increase: IncreaseOption = False,
    sender: FromOption = None,
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Take back one's proposal that somebody becomes a signer.

    \b
    Examples:
      papyrus msig add-cancel f2... 0 f1...
    """
    addresses = (multisig, None, transaction, signer)
    _ask("MsigAddCancel", addresses, (increase,), sender, wait, api, json)


def swap_propose(
    multisig: MultisigArgument,
    old: OldArgument,
    new: NewArgument,
    sender: FromOption = None,
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Propose that one signer takes the place of another.

    \b
    Examples:
      papyrus msig swap-propose f2... f1... f3...
    """
    _ask("MsigSwapPropose", (multisig, None, old, new), (), sender, wait, api, json, proposed)


def swap_approve(
    multisig: MultisigArgument,
    proposer: ProposerArgument,
    transaction: TransactionArgument,
    old: OldArgument,
    new: NewArgument,
    sender: FromOption = None,
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Approve that one signer takes the place of another.

    \b
    Examples:
      papyrus msig swap-approve f2... f0101 0 f1... f3...
    """
    addresses = (multisig, None, transaction, proposer, old, new)
    _ask("MsigSwapApprove", addresses, (), sender, wait, api, json)


def swap_cancel(
    multisig: MultisigArgument,
    transaction: TransactionArgument,
    old: OldArgument,
    new: NewArgument,
    sender: FromOption = None,
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Take back one's proposal that one signer takes the place of another.

    \b
    Examples:
      papyrus msig swap-cancel f2... 0 f1... f3...
    """
    addresses = (multisig, None, transaction, old, new)
    _ask("MsigSwapCancel", addresses, (), sender, wait, api, json)


def propose_remove(
    multisig: MultisigArgument,
    signer: SignerArgument,
    decrease: Annotated[
        bool, typer.Option("--decrease-threshold", help="And need one approval less.")
    ] = False,
    sender: FromOption = None,
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Propose that a signer leaves; others approve it with `papyrus msig approve`.

    \b
    Examples:
      papyrus msig propose-remove f2... f1... --decrease-threshold
    """
    addresses = (multisig, None, signer)
    _ask("MsigRemoveSigner", addresses, (decrease,), sender, wait, api, json, proposed)


def propose_threshold(
    multisig: MultisigArgument,
    threshold: Annotated[int, typer.Argument(metavar="APPROVALS", min=1)],
    sender: FromOption = None,
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Propose how many approvals are needed; others approve it with `papyrus msig approve`.

    \b
    Examples:
      papyrus msig propose-threshold f2... 2
    """
    params = ChangeApprovalsThresholdParams(threshold).to_cbor()
    own = address_text(multisig)
    rest = (own, _NOTHING, None, CHANGE_APPROVALS_THRESHOLD, _base64(params))
    _ask("MsigPropose", (multisig,), rest, sender, wait, api, json, proposed)


def lock_propose(
    multisig: MultisigArgument,
    start: StartArgument,
    duration: DurationArgument,
    amount: AmountArgument,
    sender: FromOption = None,
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Propose to lock some of the funds, to be released over some epochs.

    \b
    Examples:
      papyrus msig lock-propose f2... 1000 20000 5
    """
    own, params = address_text(multisig), _lock(start, duration, amount)
    rest = (own, _NOTHING, None, LOCK_BALANCE, params)
    _ask("MsigPropose", (multisig,), rest, sender, wait, api, json, proposed)


def lock_approve(
    multisig: MultisigArgument,
    proposer: ProposerArgument,
    transaction: TransactionArgument,
    start: StartArgument,
    duration: DurationArgument,
    amount: AmountArgument,
    sender: FromOption = None,
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Approve to lock some of the funds.

    \b
    Examples:
      papyrus msig lock-approve f2... f0101 0 1000 20000 5
    """
    own, params = address_text(multisig), _lock(start, duration, amount)
    rest = (own, _NOTHING, None, LOCK_BALANCE, params)
    addresses = (multisig, transaction, proposer)
    _ask("MsigApproveTxnHash", addresses, rest, sender, wait, api, json)


def lock_cancel(
    multisig: MultisigArgument,
    transaction: TransactionArgument,
    start: StartArgument,
    duration: DurationArgument,
    amount: AmountArgument,
    sender: FromOption = None,
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Take back one's proposal to lock some of the funds.

    \b
    Examples:
      papyrus msig lock-cancel f2... 0 1000 20000 5
    """
    own, params = address_text(multisig), _lock(start, duration, amount)
    rest = (own, _NOTHING, None, LOCK_BALANCE, params)
    _ask("MsigCancelTxnHash", (multisig, transaction), rest, sender, wait, api, json)


PROPOSALS: dict[str, Callable[..., None]] = {
    "add-propose": add_propose,
    "add-approve": add_approve,
    "add-cancel": add_cancel,
    "swap-propose": swap_propose,
    "swap-approve": swap_approve,
    "swap-cancel": swap_cancel,
    "propose-remove": propose_remove,
    "propose-threshold": propose_threshold,
    "lock-propose": lock_propose,
    "lock-approve": lock_approve,
    "lock-cancel": lock_cancel,
}
"""Every command by its name."""


def proposed(_sent: Sent, landed: Landed) -> dict[str, Any]:
    """Return what a proposal came to, of the CBOR that it returned."""
    number, applied, code, _ = dag_cbor.decode(landed.returned)
    found: dict[str, Any] = {"transaction": number, "applied": applied}
    return {**found, "applied_exit_code": code} if applied else found


def _ask(
    method: str,
    named: tuple[str | int | None, ...],
    rest: tuple[Any, ...],
    sender: str | None,
    wait: bool,
    api: str | None,
    json: bool,
    result: Callable[[Sent, Landed], dict[str, Any]] | None = None,
) -> None:
    """Let the node make a message, and send it.

    `named` are parameters of which text is an address; of them and of the rest, None stands for
    the sender.
    """
    given = [address_text(one) if isinstance(one, str) else one for one in named]
    with connected(api) as node:
        own = sender_of(node, sender)
        params = [own if one is None else one for one in (*given, *rest)]
        sent = send(node, _prototype(node, method, params))
        report(node, sent, wait=wait, json=json, result=result)


def _prototype(node: NodeClient, method: str, params: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = node.ask(method, *params)["Message"]
    return found


def _lock(start: int, duration: int, amount: str) -> str:
    return _base64(LockBalanceParams(start, duration, read_amount(amount)).to_cbor())


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
