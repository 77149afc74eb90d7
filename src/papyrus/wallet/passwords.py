"""The password of a wallet where nobody is there to type it: from the environment, or a file.

`PAPYRUS_WALLET_PASSWORD_FILE` names a file whose first line is the password; it must be its
owner's alone. `PAPYRUS_WALLET_PASSWORD` is the password itself, which is easier to leave lying
about: other processes of the same user can see it. It is taken out of the environment when it is
read, so that no process that is started afterwards has it. No command takes a password as an
argument, for those are shown to everyone on the machine.
"""

import os
from collections.abc import MutableMapping
from pathlib import Path

from papyrus.storage.private_files import read_private
from papyrus.wallet.encryption import LONGEST_PASSWORD
from papyrus.wallet.errors import WalletError
from papyrus.wallet.keystore import FileKeystore

PASSWORD = "PAPYRUS_WALLET_PASSWORD"  # noqa: S105 - the name of a variable
PASSWORD_FILE = "PAPYRUS_WALLET_PASSWORD_FILE"  # noqa: S105 - the name of a variable

_MAX_FILE_SIZE = 8 * LONGEST_PASSWORD


def opened_keystore(folder: Path, seconds: float | None = None) -> FileKeystore:
    """Return the wallet in a folder, unlocked for so long where the environment has the password.

    Without one an encrypted wallet stays locked, and shows its addresses alone. LocalFault where
    the password is wrong, or others can look into the folder.
    """
    keys = FileKeystore(folder)
    password = password_from_environment()
    if keys.encrypted and password is not None:
        keys.unlock(password, seconds)
    return keys


def password_from_environment(
    environment: MutableMapping[str, str] | None = None,
) -> str | None:
    """Return the password that the environment has or names a file of, or None.

    LocalFault where the file is not there, others can read it, or both variables are set.
    """
    found = os.environ if environment is None else environment
    password, file = found.pop(PASSWORD, None), found.get(PASSWORD_FILE)
    if password is not None and file is not None:
        raise WalletError(f"both {PASSWORD} and {PASSWORD_FILE} are set: unset one of them")
    if file is None:
        return password
    data = read_private(Path(file), _MAX_FILE_SIZE)
    if data is None:
        raise WalletError(f"{PASSWORD_FILE} names {file}, and there is no such file")
    try:
        lines = data.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        lines = []
    if not lines:
        raise WalletError(f"{PASSWORD_FILE} names {file}, whose first line is no password")
    return lines[0]
