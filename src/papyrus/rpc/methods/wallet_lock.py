"""Unlocking a node's wallet for a time, and locking it again; Lotus' wallets have no password.

The password crosses once, to a node that the caller may administer, and is kept nowhere.
"""

import asyncio
from typing import Protocol

from papyrus.rpc.declarations import ADMIN, Context, method
from papyrus.rpc.errors import ErrorCode, RpcError
from papyrus.wallet.folder import wallet_key
from papyrus.wallet.keystore import FileKeystore
from papyrus.wallet.wallet import Wallet


class LockNode(Protocol):
    """What the group needs of the node."""

    @property
    def wallet(self) -> Wallet:
        """Its keys."""
        ...


@method("Papyrus.WalletUnlock", ADMIN, versions=(1,))
async def wallet_unlock(
    context: Context[LockNode], password: str, seconds: float | None = None
) -> None:
    """Let secrets be had for so many seconds, or until the node stops."""
    keys = _locked_keys(context)
    # Making the key of a password takes half a second, and the loop serves others meanwhile.
    key = await asyncio.to_thread(wallet_key, keys.folder, password)
    keys.unlock_with(key, seconds)


@method("Papyrus.WalletLock", ADMIN, versions=(1,))
async def wallet_lock(context: Context[LockNode]) -> None:
    """Let no secret be had until the wallet is unlocked again."""
    _locked_keys(context).lock()


def _locked_keys(context: Context[LockNode]) -> FileKeystore:
    keys = context.node.wallet.keys.files
    if keys is None or not keys.encrypted:
        raise RpcError(ErrorCode.GENERIC, "the wallet of this node has no password")
    return keys


class WalletLockMethods:
    """The group, as a server registers and a client has it."""

    wallet_unlock = wallet_unlock
    wallet_lock = wallet_lock
