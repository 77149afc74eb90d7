import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.storage import bundle_download
from papyrus.storage.bundle_download import Source, fetch, find_release
from papyrus.storage.bundles import BundleStore


class Releases(ThreadingHTTPServer):
    """A release page on the loopback, with the misbehaviour that a test asks for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = b""
        self.etag: str | None = '"one"'
        self.break_after: int | None = None
        self.ranges = True
        self.shift_range = 0
        self.status: int | None = None
        self.seen: list[tuple[str, str | None]] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of readers who went away."""

    @property
    def source(self) -> Source:
        return Source(f"http://127.0.0.1:{self.server_address[1]}/download", 20)


class Handler(BaseHTTPRequestHandler):
    server: Releases

    def do_GET(self) -> None:
        page = self.server
        page.seen.append((self.path, self.headers.get("Range")))
        if page.status is not None:
            self.send_response(page.status)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = 0
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        unchanged = self.headers.get("If-Range") in (None, page.etag)
        if wanted and page.ranges and unchanged:
            start = int(wanted[1])
            if start >= len(page.content):
                self.send_response(416)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            first = start + page.shift_range
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{len(page.content) - 1}/*")
        else:
            self.send_response(200)
        if page.etag:
            self.send_header("ETag", page.etag)
        body = page.content[start:]
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: page.break_after])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Keep quiet."""


@pytest.fixture
def page(made_up) -> Iterator[Releases]:
    with Releases() as server:
        server.content = made_up.car
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def store(tmp_path: Path) -> BundleStore:
    return BundleStore(tmp_path / "bundles")


def test_release_is_found_by_number_or_tag(made_up) -> None:
    for text in ("90", "v90", "v90.0.0", "90.0.0"):
        assert find_release(text, "tiny") == made_up.row


@pytest.mark.usefixtures("made_up")
@pytest.mark.parametrize(
    ("text", "network", "reason"),
    [
        ("latest", "tiny", "is no actors version: write 18, v18 or v18.0.0"),
        ("90.1.0", "tiny", "no official bundle v90.1.0 for tiny: of v90 Papyrus knows v90.0.0"),
        ("89", "tiny", "no official bundle of actors v89 for tiny"),
        ("90", "mainnet", "no official bundle of actors v90 for mainnet"),
    ],
)
def test_unknown_release_is_told(text: str, network: str, reason: str) -> None:
    with pytest.raises(LocalFault, match=re.escape(reason)):
        find_release(text, network)


def test_fetched_bundle_is_kept_and_not_fetched_again(
    made_up, page: Releases, store: BundleStore
) -> None:
    heard: list[tuple[int, int | None]] = []
    info = fetch(store, made_up.row, page.source, lambda *news: heard.append(news))
    assert store.load(90, "tiny").info == info
    assert page.seen == [("/download/v90.0.0/builtin-actors-tiny.car", None)]
    assert heard[0] == (0, len(made_up.car))
    assert heard[-1] == (len(made_up.car), len(made_up.car))
    assert fetch(store, made_up.row, page.source) == info
    assert len(page.seen) == 1
    assert not (store.folder / "downloads").exists()


@pytest.mark.parametrize("etag", ['"one"', 'W/"weak"', None])
def test_broken_download_goes_on_where_it_stopped(
    made_up, page: Releases, store: BundleStore, etag: str | None
) -> None:
    page.etag, page.break_after = etag, 4000
    with pytest.raises(LocalFault, match=r"4000 bytes are kept, run the command again"):
        fetch(store, made_up.row, page.source)
    page.break_after = None
    fetch(store, made_up.row, page.source)
    assert [asked for _, asked in page.seen] == [None, "bytes=4000-"]
    assert store.has(90, "tiny")


def test_changed_file_is_fetched_from_the_start(
    made_up, other_bundle, page: Releases, store: BundleStore
) -> None:
    page.content, page.break_after = other_bundle.car, 4000
    with pytest.raises(LocalFault):
        fetch(store, made_up.row, page.source)
    page.content, page.break_after, page.etag = made_up.car, None, '"two"'
    fetch(store, made_up.row, page.source)
    assert store.has(90, "tiny")


def test_server_without_ranges_sends_it_all_again(
    made_up, page: Releases, store: BundleStore
) -> None:
    page.break_after = 4000
    with pytest.raises(LocalFault):
        fetch(store, made_up.row, page.source)
    page.break_after, page.ranges = None, False
    fetch(store, made_up.row, page.source)
    assert store.has(90, "tiny")


def test_whole_part_is_used_without_a_byte_more(
    made_up, page: Releases, store: BundleStore
) -> None:
    part = store.folder / "downloads" / "v90.0.0-tiny.car"
    part.parent.mkdir(parents=True)
    part.write_bytes(made_up.car)
    fetch(store, made_up.row, page.source)
    assert store.has(90, "tiny")


@pytest.mark.parametrize("content", [b"", b"<html>not here</html>", b"\0" * 5000])
def test_wrong_content_is_refused_and_forgotten(
    made_up, page: Releases, store: BundleStore, content: bytes
) -> None:
    page.content = content
    with pytest.raises(DecodeError):
        fetch(store, made_up.row, page.source)
    assert not [path for path in store.folder.rglob("*") if path.is_file()]


def test_bundle_of_another_release_is_refused(
    made_up, other_bundle, page: Releases, store: BundleStore
) -> None:
    page.content = other_bundle.car
    with pytest.raises(DecodeError, match=r"is not the bundle v90.0.0 of tiny, but another"):
        fetch(store, made_up.row, page.source)
    assert store.list() == ()


def test_wrong_range_is_refused_and_forgotten(made_up, page: Releases, store: BundleStore) -> None:
    page.break_after = 4000
    with pytest.raises(LocalFault):
        fetch(store, made_up.row, page.source)
    page.break_after, page.shift_range = None, 1
    with pytest.raises(DecodeError, match="another range"):
        fetch(store, made_up.row, page.source)
    page.shift_range = 0
    fetch(store, made_up.row, page.source)
    assert store.has(90, "tiny")


@pytest.mark.parametrize(
    ("status", "reason"), [(404, r"there is no file .*\(404\)"), (503, "answered 503")]
)
def test_refusals_of_the_server_are_told(
    made_up, page: Releases, store: BundleStore, status: int, reason: str
) -> None:
    page.status = status
    with pytest.raises(LocalFault, match=reason):
        fetch(store, made_up.row, page.source)


def test_oversized_download_is_stopped(
    made_up, page: Releases, store: BundleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle_download, "MAX_BUNDLE_SIZE", 5000)
    with pytest.raises(DecodeError, match="too many for a bundle"):
        fetch(store, made_up.row, page.source)


def test_slow_download_is_given_up(made_up, page: Releases, store: BundleStore) -> None:
    with pytest.raises(LocalFault, match="not done after 0 seconds"):
        fetch(store, made_up.row, Source(page.source.base_url, 0))


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "no url", "http://[", "ftp://x"])
def test_unreachable_server_is_told(made_up, store: BundleStore, url: str) -> None:
    with pytest.raises(LocalFault, match="cannot download"):
        fetch(store, made_up.row, Source(url, 5))


def test_two_fetchers_download_once(made_up, page: Releases, store: BundleStore) -> None:
    threads = [
        threading.Thread(target=fetch, args=(store, made_up.row, page.source)) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(page.seen) == 1
    assert store.has(90, "tiny")
