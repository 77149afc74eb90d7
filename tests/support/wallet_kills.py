"""Kill a process at each step that it takes on the disk while it changes a wallet.

Run as a program: it forks a child for each step, which ends at once when it is about to open,
rename, remove or make a file for the k-th time, and looks at what is left. It prints how often it
killed, as JSON, or says what was lost. Only for systems that can fork.
"""

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from papyrus.crypto.signatures import SignatureType
from papyrus.wallet.encryption import ScryptCost
from papyrus.wallet.errors import WrongPassword
from papyrus.wallet.folder import (
    create_unencrypted_wallet,
    create_wallet,
    has_wallet,
    wallet_key,
)
from papyrus.wallet.keys import new_key
from papyrus.wallet.keystore import FileKeystore

CHEAP = ScryptCost(2, 1, 1)
OLD, NEW = "the old password", "the new password"
STEPS = {"open", "os.rename", "os.remove", "os.mkdir"}
KILLED, DONE = 9, 0


def kill_at(step: int, act: Callable[[], object], folder: Path) -> bool:
    """Do something in a child that is killed at a step, and return whether it was."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == KILLED
    left = step

    def hook(event: str, given: tuple[object, ...]) -> None:
        nonlocal left
        if event in STEPS and str(folder) in str(given[0]):
            left -= 1
            if left < 0:
                os._exit(KILLED)

    sys.addaudithook(hook)
    try:
        act()
        os._exit(DONE)
    finally:
        os._exit(1)


def unlocked(folder: Path, *passwords: str) -> FileKeystore:
    """Return the store, opened with the one of the passwords that is right."""
    store = FileKeystore(folder)
    for password in passwords:
        try:
            store.unlock(password)
        except WrongPassword:
            continue
        return store
    raise SystemExit("no password opens the wallet any more")


def expect(what: bool, sentence: str) -> None:
    if not what:
        raise SystemExit(sentence)


class Case:
    """A change to a wallet, and what must hold wherever it was cut off."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys = [new_key(kind) for kind in SignatureType]
        self.added = new_key(SignatureType.SECP256K1)

    def prepare(self) -> None:
        create_wallet(self.folder, OLD, CHEAP)
        self.fill()

    def fill(self) -> None:
        store = unlocked(self.folder, OLD)
        for key in self.keys:
            store.add(key)
        store.set_default(self.keys[0].address)

    def act(self) -> None:
        raise SystemExit("nothing to do")

    def held(self) -> FileKeystore:
        store = unlocked(self.folder, OLD, NEW)
        for key in self.keys:
            expect(store.read(key.address) == key, f"{key.address} was lost")
        expect(store.problems() == [], str(store.problems()))
        expect(store.default() == self.keys[0].address, "the default address was lost")
        return store

    def check(self) -> None:
        self.held()


class Adding(Case):
    def act(self) -> None:
        unlocked(self.folder, OLD).add(self.added)

    def check(self) -> None:
        store = self.held()
        if not store.has(self.added.address):
            store.add(self.added)
        expect(store.read(self.added.address) == self.added, "the key that was added is another")


class Choosing(Case):
    def act(self) -> None:
        FileKeystore(self.folder).set_default(self.keys[1].address)

    def check(self) -> None:
        store = FileKeystore(self.folder)
        expect(store.default() in {key.address for key in self.keys[:2]}, "no default address")
        store.set_default(self.keys[0].address)
        self.held()


class Removing(Case):
    def prepare(self) -> None:
        super().prepare()
        unlocked(self.folder, OLD).add(self.added)

    def act(self) -> None:
        FileKeystore(self.folder).remove(self.added.address)

    def check(self) -> None:
        store = self.held()
        if not store.has(self.added.address):
            store.restore(self.added.address)
        expect(store.read(self.added.address) == self.added, "the key that was removed is lost")


class ChangingPassword(Case):
    def act(self) -> None:
        FileKeystore(self.folder).change_password(OLD, NEW, CHEAP)

    def check(self) -> None:
        self.held()
        opening = []
        for password in (OLD, NEW):
            try:
                wallet_key(self.folder, password)
                opening.append(password)
            except WrongPassword:
                continue
        expect(len(opening) == 1, "two passwords open the wallet")


class SettingPassword(Case):
    def prepare(self) -> None:
        create_unencrypted_wallet(self.folder)
        self.fill()
        store = FileKeystore(self.folder)
        store.add(self.added)
        store.remove(self.added.address)

    def act(self) -> None:
        FileKeystore(self.folder).change_password("", NEW, CHEAP)

    def check(self) -> None:
        store = self.held()
        store.restore(self.added.address)
        expect(store.read(self.added.address) == self.added, "the key in the trash is lost")
        if store.encrypted:
            expect(not list(self.folder.rglob("*unencrypted*")), "a key still lies open")


class Making(Case):
    def prepare(self) -> None:
        self.folder.parent.mkdir(parents=True, exist_ok=True)

    def act(self) -> None:
        create_wallet(self.folder, OLD, CHEAP)

    def check(self) -> None:
        if not has_wallet(self.folder):
            create_wallet(self.folder, OLD, CHEAP)
        self.fill()
        self.held()


CASES: list[type[Case]] = [Adding, Choosing, Removing, ChangingPassword, SettingPassword, Making]


def main(place: Path) -> None:
    # What a killed process has written stays, flushed to the disk or not.
    os.fsync = lambda _: None
    counts = {}
    for kind in CASES:
        kills = 0
        folder = place / kind.__name__ / "wallet"
        before = place / kind.__name__ / "before"
        case = kind(folder)
        case.prepare()
        if folder.exists():
            folder.rename(before)
        while True:
            if before.exists():
                shutil.copytree(before, folder)
            killed = kill_at(kills, case.act, folder)
            case.check()
            shutil.rmtree(folder)
            if not killed:
                break
            kills += 1
        counts[kind.__name__] = kills
    sys.stdout.write(json.dumps(counts))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
