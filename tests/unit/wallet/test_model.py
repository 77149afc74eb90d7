"""A store in files does what one in memory does, whatever is asked of it in whatever order."""

import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from papyrus.crypto.signatures import SignatureType
from papyrus.wallet.encryption import ScryptCost
from papyrus.wallet.errors import WalletError
from papyrus.wallet.folder import create_wallet
from papyrus.wallet.hd import account_path, derive_key
from papyrus.wallet.key_store import KeyStore, MemoryKeystore
from papyrus.wallet.keystore import FileKeystore

KEYS = [derive_key(kind, bytes(64), account_path(kind, 0)) for kind in SignatureType]
ACTIONS = ("add", "remove", "restore", "read", "set_default", "forget_default", "reopen")
STEPS = st.lists(st.tuples(st.sampled_from(ACTIONS), st.sampled_from(KEYS)), max_size=12)
PASSWORD = "correct horse"  # noqa: S105 - of tests alone


def opened(folder: Path) -> FileKeystore:
    store = FileKeystore(folder)
    store.unlock(PASSWORD)
    return store


def outcome(store: KeyStore, action: str, key: object) -> object:
    """Return what an action gives, or how it fails."""
    address = key.address
    try:
        match action:
            case "add":
                return store.add(key)
            case "set_default":
                return store.set_default(address if store.has(address) else None)
            case "forget_default":
                return store.set_default(None)
            case _:
                return getattr(store, action)(address)
    except WalletError as error:
        return type(error), str(error)


TWICE = [(action, KEYS[0]) for action in ("add", "remove", "add", "remove", "restore", "restore")]


@settings(max_examples=40)
@example(TWICE)
@given(STEPS)
def test_store_in_files_does_what_one_in_memory_does(steps: list[tuple[str, object]]) -> None:
    memory = MemoryKeystore()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "wallet"
        create_wallet(folder, PASSWORD, ScryptCost(2, 1, 1))
        files = opened(folder)
        for action, key in steps:
            if action == "reopen":
                files = opened(folder)
                continue
            assert outcome(files, action, key) == outcome(memory, action, key)
            assert files.addresses() == memory.addresses()
            assert files.removed() == memory.removed()
            assert files.default() == memory.default()
        assert files.problems() == []
