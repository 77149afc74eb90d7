"""Fetching a bundle from the release page of builtin-actors.

A release holds one file for each network, `builtin-actors-<network>.car`. What arrives is kept in
`downloads/` of the bundle folder until it is whole, so that a broken download goes on where it
stopped (RFC 9110 sections 13 and 14: a range, on condition that the file is still the same one).
Nothing of it is trusted: the whole file is checked like any other bundle, against the manifest
that was asked for, and thrown away if it is not that.
"""

import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

import httpx

from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.storage.bundle_files import MAX_BUNDLE_SIZE, VerifiedBundle, read_bundles
from papyrus.storage.bundle_manifests import PINNED_BUNDLES, PinnedBundle, pinned
from papyrus.storage.bundles import BundleInfo, BundleStore
from papyrus.storage.files import locked_file

RELEASES_URL = "https://github.com/filecoin-project/builtin-actors/releases/download"
"""Where the project keeps its releases; the tag and the file name follow."""
DEFAULT_TIME_LIMIT = 1800.0
"""Seconds for one file: 8 MB at 5 kB/s."""

_SILENCE_LIMIT = 30.0
"""Seconds without a byte after which the server is taken to be gone."""
_USER_AGENT = "papyrus-filecoin"
_RELEASE = re.compile(r"v?(\d{1,3})((?:\.\d{1,4}){2}(?:-[A-Za-z0-9.]{1,16})?)?")

Progress = Callable[[int, int | None], None]
"""Hears how many bytes have come and, where it is known, how many there are."""

_PARTIAL_CONTENT = 206
_RANGE_NOT_SATISFIABLE = 416
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Source:
    """Where to download from, and how long to try."""

    base_url: str = RELEASES_URL
    time_limit: float = DEFAULT_TIME_LIMIT


def find_release(text: str, network: str) -> PinnedBundle:
    """Return the official bundle meant by `18`, `v18` or a whole tag such as `v16.0.0`.

    Raises LocalFault where there is none for the network.
    """
    match = _RELEASE.fullmatch(text.strip())
    if match is None:
        raise LocalFault(f"{text!r} is no actors version: write 18, v18 or v18.0.0")
    number, rest = match.groups()
    if rest is None:
        return pinned(int(number), network)
    release = f"v{number}{rest}"
    for row in PINNED_BUNDLES:
        if row.release == release and row.network == network:
            return row
    known = sorted({row.release for row in PINNED_BUNDLES if row.version == int(number)})
    offer = f": of v{number} Papyrus knows {', '.join(known)}" if known else ""
    raise LocalFault(f"no official bundle {release} for {network}{offer}")


def fetch(
    store: BundleStore,
    row: PinnedBundle,
    source: Source | None = None,
    progress: Progress | None = None,
) -> BundleInfo:
    """Make sure that the bundle is kept, downloading what is missing of it.

    Raises LocalFault where the download fails, keeping what came for the next try, and DecodeError
    where the file is not the bundle.
    """
    source = source or Source()
    wanted = BundleInfo(row.version, row.network, row.release, row.manifest, row.superseded)
    url = f"{source.base_url.rstrip('/')}/{quote(row.release)}/builtin-actors-{row.network}.car"
    part = store.folder / "downloads" / f"{row.release}-{row.network}.car"
    etag_path = part.with_suffix(".etag")
    with locked_file(part) as file:
        if wanted not in store.list():
            try:
                _download(url, file, etag_path, source, progress or _ignore)
                bundles = read_bundles(part)
                _check_is(row, bundles, url)
            except DecodeError:
                _forget(part, etag_path)
                raise
            store.keep(bundles)
        _forget(part, etag_path)
    return wanted


def _check_is(row: PinnedBundle, bundles: list[VerifiedBundle], url: str) -> None:
    """Raise DecodeError unless what came is the bundle that was asked for, and no other."""
    if [bundle.manifest for bundle in bundles] != [row.manifest]:
        raise DecodeError(f"{url} is not the bundle {row.release} of {row.network}, but another")


def _download(url: str, file: BinaryIO, etag_path: Path, source: Source, hear: Progress) -> None:
    """Make the file hold what the URL does, going on from what it holds already."""
    have = file.seek(0, os.SEEK_END)
    headers = {"User-Agent": _USER_AGENT, "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
        if etag_path.is_file():
            headers["If-Range"] = etag_path.read_text(encoding="ascii", errors="replace").strip()
    try:
        with httpx.stream(
            "GET", url, headers=headers, timeout=_SILENCE_LIMIT, follow_redirects=True
        ) as response:
            if have and response.status_code == _RANGE_NOT_SATISFIABLE:
                return  # all of it is here, or it is another file: the check of the content tells
            _accept(response, url, have)
            if response.status_code != _PARTIAL_CONTENT:
                file.truncate(0)
                _write_etag(response, etag_path)
            _receive(response, file, source.time_limit, hear)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        kept = file.seek(0, os.SEEK_END)
        went_on = f"; {kept} bytes are kept, run the command again to go on from there"
        raise LocalFault(
            f"cannot download {url}: {error or type(error).__name__}{went_on if kept else ''}"
        ) from error


def _receive(response: httpx.Response, file: BinaryIO, time_limit: float, hear: Progress) -> None:
    """Add what the server sends to the file, within the limits of size and time."""
    deadline = time.monotonic() + time_limit
    have = file.seek(0, os.SEEK_END)
    length = response.headers.get("Content-Length", "")
    total = have + int(length) if length.isascii() and length.isdigit() else None
    hear(have, total)
    for chunk in response.iter_raw():
        have += len(chunk)
        if have > MAX_BUNDLE_SIZE:
            raise DecodeError(f"more than {MAX_BUNDLE_SIZE} bytes came, too many for a bundle")
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout(f"not done after {time_limit:g} seconds")
        file.write(chunk)
        hear(have, total)
    file.flush()


def _accept(response: httpx.Response, url: str, have: int) -> None:
    """Go on only with an answer that carries the file, or the rest of it."""
    if response.status_code == _NOT_FOUND:
        raise LocalFault(f"there is no file {url} (404): check the version and the network")
    if not response.is_success:
        raise LocalFault(f"cannot download {url}: the server answered {response.status_code}")
    if response.status_code == _PARTIAL_CONTENT and not response.headers.get(
        "Content-Range", ""
    ).startswith(f"bytes {have}-"):
        raise DecodeError(f"{url} answered with another range than was asked for")


def _write_etag(response: httpx.Response, etag_path: Path) -> None:
    """Remember which file this is, if the server names it so that parts of it can be told."""
    etag = response.headers.get("ETag", "")
    if etag.startswith('"') and etag.isascii():  # a weak one, W/"...", does not hold for ranges
        etag_path.write_text(etag, encoding="ascii")
    else:
        etag_path.unlink(missing_ok=True)


def _forget(part: Path, etag_path: Path) -> None:
    """Remove what was downloaded, and the folder if nothing else is there."""
    part.unlink(missing_ok=True)
    etag_path.unlink(missing_ok=True)
    with suppress(OSError):
        part.parent.rmdir()


def _ignore(_have: int, _total: int | None) -> None:
    """Hear of progress and do nothing."""
