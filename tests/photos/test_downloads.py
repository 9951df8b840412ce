"""Downloads from servers that are whole, slow, dying or lying: each a real one at 127.0.0.1."""

import hashlib
import http.server
import io
import shutil
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

from stacker.artifacts.errors import PipelineError
from stacker.photos import downloads, http_download
from stacker.photos.archives import extract_archive
from stacker.photos.downloads import download_archive, locate_download

PART = http_download.CHUNK  # what is received is written in such parts, and a smaller one is lost where it breaks
CONTENT = b"".join(hashlib.sha256(number.to_bytes(2)).digest() for number in range(6 * PART // 32))
HASH = hashlib.sha256(CONTENT).hexdigest()
HALF = 3 * PART


class Request(NamedTuple):
    """What a server was asked for: the first byte, 0 without a range, and the version it must have."""

    start: int
    version: str | None


class Server(http.server.ThreadingHTTPServer):
    """Answers the n-th request by the n-th of its scripts, and all further ones by the last."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/photos.zip"
        self.scripts: list[Callable] = [serve]
        self.requests: list[Request] = []

    def handle_error(self, request, client_address):
        pass  # a client that went away is part of the play


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def do_GET(self):
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        requests = self.server.requests
        requests.append(Request(start, self.headers.get("If-Range")))
        self.server.scripts[min(len(requests), len(self.server.scripts)) - 1](self, start)


def answer(handler, status: int, body: bytes, told: int | None = None, **headers: str) -> None:
    """Send `body`, after a header that says it had `told` bytes."""
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body) if told is None else told))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def serve(handler, start: int, content: bytes = CONTENT, most: int | None = None, **headers: str) -> None:
    """A good server, that knows of ranges; with `most`, it dies after so many bytes."""
    if start >= len(content):
        answer(handler, 416, b"", Content_Range=f"bytes */{len(content)}")
        return
    rest = content[start:]
    if start:
        headers["Content_Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
    answer(handler, 206 if start else 200, rest[:most], len(rest), **headers)


def die_halfway(handler, start: int) -> None:
    serve(handler, start, most=HALF)


def die_early(handler, start: int) -> None:
    serve(handler, start, most=PART)


def die_halfway_with_a_version(handler, start: int) -> None:
    serve(handler, start, most=HALF, ETag='"one"')


def ignore_range(handler, start: int) -> None:
    answer(handler, 200, CONTENT)


def send_another_part(handler, start: int) -> None:
    answer(handler, 206, CONTENT[:100], Content_Range=f"bytes 0-99/{len(CONTENT)}")


def refuse(status: int):
    return lambda handler, start: answer(handler, status, b"<html>sorry</html>")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache folder, of this test alone."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/stacking-pipeline/downloads"


@pytest.fixture
def server(cache, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http_download, "PAUSES", (0.01, 0.02))
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def list_kept(cache: Path) -> list[str]:
    return sorted(path.suffix for path in cache.iterdir() if path.suffix != ".lock")


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_without_a_hash_the_one_to_pin_is_printed(server, cache, tmp_path, capsys, scheme):
    (tmp_path / "photos.zip").write_bytes(CONTENT)

    path = download_archive(server.url if scheme == "http" else f"file://{tmp_path}/photos.zip", None)

    assert path.read_bytes() == CONTENT
    assert f"set sha256: {HASH}" in capsys.readouterr().out
    assert path.parent == (cache if scheme == "http" else tmp_path)


def test_how_far_it_is_is_shown(server, read_progress):
    download_archive(server.url, None)

    shown = [line for line in read_progress() if line.startswith("downloading: ")]
    assert shown[0] == "downloading: 65.5k of 393k bytes"
    assert shown[-1] == "downloading: 393k of 393k bytes"


def test_without_a_hash_it_is_looked_at_again(server):
    download_archive(server.url, None)
    server.scripts = [lambda handler, start: serve(handler, start, b"newer")]

    assert download_archive(server.url, None).read_bytes() == b"newer"


def test_a_download_whose_hash_is_pinned_is_kept(server):
    first = download_archive(server.url, HASH)
    server.scripts = [refuse(500)]

    assert download_archive(server.url, HASH) == first
    assert len(server.requests) == 1


def test_a_kept_download_that_was_changed_is_fetched_again(server):
    download_archive(server.url, HASH).write_bytes(b"changed")

    assert download_archive(server.url, HASH).read_bytes() == CONTENT


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_another_hash_is_refused(server, cache, tmp_path, scheme):
    (tmp_path / "photos.zip").write_bytes(CONTENT)
    url = server.url if scheme == "http" else f"file://{tmp_path}/photos.zip"

    with pytest.raises(PipelineError, match=rf"does not have the pinned hash: expected 0{{64}}, received {HASH}"):
        download_archive(url, "0" * 64)

    assert scheme == "file" or list_kept(cache) == []


@pytest.mark.parametrize("pinned", [HASH, None])
def test_a_server_that_dies_is_asked_for_the_rest(server, cache, capsys, pinned):
    server.scripts = [die_halfway_with_a_version, die_halfway_with_a_version]

    assert download_archive(server.url, pinned).read_bytes() == CONTENT

    assert server.requests == [Request(0, None), Request(HALF, '"one"')]
    assert f"{server.url}: the server broke off; trying again in 0.01 s\n" in capsys.readouterr().out
    assert list_kept(cache) == [".zip"]


def test_without_hash_and_version_the_rest_is_not_trusted(server):
    server.scripts = [die_halfway, serve]

    assert download_archive(server.url, None).read_bytes() == CONTENT
    assert server.requests == [Request(0, None), Request(0, None)]


def test_a_weak_version_is_none(server):
    server.scripts = [lambda handler, start: serve(handler, start, most=HALF, ETag='W/"one"'), serve]

    assert download_archive(server.url, None).read_bytes() == CONTENT
    assert server.requests[1] == Request(0, None)


def test_three_tries_are_made_and_the_next_run_goes_on(server, cache, capsys, monkeypatch):
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    server.scripts = [die_early] * 3 + [serve]

    with pytest.raises(PipelineError, match=r"the server broke off\. What was received is kept, and the next run"):
        download_archive(server.url, HASH)
    assert [pause for pause in slept if pause in (0.01, 0.02)] == [0.01, 0.02]
    assert list_kept(cache) == [".partial"]

    assert download_archive(server.url, HASH).read_bytes() == CONTENT
    assert [request.start for request in server.requests] == [0, PART, 2 * PART, 3 * PART]
    assert list_kept(cache) == [".zip"]


def test_without_a_hash_nothing_is_kept_for_the_next_run(server, cache):
    server.scripts = [die_halfway_with_a_version, refuse(503)]

    with pytest.raises(PipelineError, match=r"could not download .*: 503 Service Unavailable\. Check the network"):
        download_archive(server.url, None)

    assert len(server.requests) == 3
    assert list_kept(cache) == []


@pytest.mark.parametrize("rest", [ignore_range, send_another_part])
def test_a_server_that_knows_no_ranges_or_lies_about_them_sends_all_again(server, rest):
    server.scripts = [die_halfway, rest, serve]

    assert download_archive(server.url, HASH).read_bytes() == CONTENT
    assert [request.start for request in server.requests] == ([0, HALF] if rest is ignore_range else [0, HALF, 0])


@pytest.mark.parametrize("left", [b"x" * HALF, b"x" * len(CONTENT), b"x" * (len(CONTENT) + 1), CONTENT[:1], CONTENT])
def test_what_an_earlier_run_left_is_used_if_it_fits_and_else_thrown_away(server, cache, left):
    cache.mkdir(parents=True)
    path = locate_download(server.url)
    path.with_name(f"{path.name}.partial").write_bytes(left)

    assert download_archive(server.url, HASH).read_bytes() == CONTENT

    assert len(server.requests) == (1 if CONTENT.startswith(left) else 2)
    assert list_kept(cache) == [".zip"]


def test_a_server_that_is_overloaded_is_asked_again_and_one_that_says_no_is_not(server):
    server.scripts = [refuse(503), refuse(429), serve]
    assert download_archive(server.url, None).read_bytes() == CONTENT

    server.requests.clear()
    server.scripts = [refuse(404)]
    with pytest.raises(PipelineError, match=r"could not download .*: 404 Not Found\. .*fetch\.\*\.url.*data\.images"):
        download_archive(server.url, "0" * 64)
    assert len(server.requests) == 1


def test_a_server_that_falls_silent_is_given_up(server, monkeypatch):
    monkeypatch.setattr(http_download, "TIMEOUTS", (1.0, 0.2))
    gone_home = threading.Event()

    def fall_silent(handler, start):
        serve(handler, start, most=PART)
        gone_home.wait(20)

    server.scripts = [fall_silent]
    begun = time.monotonic()
    with pytest.raises(PipelineError, match=r"could not download .*timed out.*next run goes on"):
        download_archive(server.url, HASH)
    gone_home.set()

    assert time.monotonic() - begun < 5
    assert [request.start for request in server.requests] == [0, PART, 2 * PART]


def test_without_a_network_it_says_what_to_do(cache, monkeypatch):
    monkeypatch.setattr(http_download, "PAUSES", (0.01, 0.02))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]  # free again after the block: nobody listens

    with pytest.raises(PipelineError, match=r"could not download .*Connection refused.*Check the network"):
        download_archive(f"http://127.0.0.1:{port}/photos.zip", None)

    assert list_kept(cache) == []


def test_a_file_that_the_disk_has_no_room_for_is_not_begun(server, cache, monkeypatch):
    usage = shutil.disk_usage(cache.parents[2])
    monkeypatch.setattr(
        shutil, "disk_usage", lambda path: usage._replace(free=len(CONTENT) - 1 if path == cache else 0)
    )

    with pytest.raises(PipelineError, match=r"another 393 kB are to come, and the disk of .*downloads has 393 kB free"):
        download_archive(server.url, HASH)

    assert list_kept(cache) == []


def send_on(target: str):
    return lambda handler, start: answer(handler, 302, b"", Location=target)


def test_a_server_may_send_on_to_another_but_not_in_a_circle(server, cache):
    server.scripts = [send_on("/elsewhere.zip"), serve]
    assert download_archive(server.url, HASH).read_bytes() == CONTENT

    server.scripts = [send_on("/photos.zip")]
    with pytest.raises(PipelineError, match=r"could not download .*: Exceeded 30 redirects"):
        download_archive(server.url, "0" * 64)


@pytest.mark.parametrize("target", ["file://{secret}", "ftp://127.0.0.1/photos.zip", "data:text/plain,photos"])
def test_a_server_may_not_send_on_to_a_file_of_this_machine(server, cache, tmp_path, target):
    secret = tmp_path / "secret.zip"
    secret.write_bytes(CONTENT)
    server.scripts = [send_on(target.format(secret=secret))]

    with pytest.raises(PipelineError, match=r"could not download .*: the server sends on to an address that is not"):
        download_archive(server.url, None)

    assert list_kept(cache) == []


def test_from_https_nobody_is_sent_on_to_http(server, cache, monkeypatch):
    """Where whoever is in between could put another archive in the place of one whose hash is not pinned."""
    send = requests.adapters.HTTPAdapter.send

    def send_on_from_https(adapter, request, **options):
        if not request.url.startswith("https:"):
            return send(adapter, request, **options)
        response = requests.Response()
        response.status_code, response.url, response.request = 302, request.url, request
        response.headers["Location"], response.raw = server.url, io.BytesIO()
        return response

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send_on_from_https)

    for url in ("https://127.0.0.1/photos.zip", "HTTPS://127.0.0.1/photos.zip"):
        with pytest.raises(PipelineError, match=r"could not download .*: the server sends on to .* not https"):
            download_archive(url, None)

    assert server.requests == []


def test_a_body_without_end_does_not_fill_the_disk(server, cache, monkeypatch):
    usage = shutil.disk_usage(cache.parents[2])
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=10 * PART))
    sent = []

    def never_end(handler, start):
        handler.send_response(200)
        handler.end_headers()
        for _ in range(1000):
            handler.wfile.write(b"x" * PART)
            sent.append(PART)

    server.scripts = [never_end]

    with pytest.raises(
        PipelineError, match=r"could not download .*: it does not end, and has filled 95% of the 655 kB"
    ):
        download_archive(server.url, HASH)

    assert list_kept(cache) == []
    assert len(server.requests) == 1


@pytest.mark.parametrize("told", ["-5", "nonsense", "0", str(len(CONTENT) - 10), str(10**18)])
def test_what_a_server_says_of_the_length_is_not_believed(server, cache, told):
    def lie(handler, start):
        handler.send_response(200)
        handler.send_header("Content-Length", told)
        handler.end_headers()
        handler.wfile.write(CONTENT)

    server.scripts = [lie]

    if told in ("-5", "nonsense"):  # which is no length: all is read
        assert download_archive(server.url, HASH).read_bytes() == CONTENT
        return
    with pytest.raises(PipelineError, match=r"does not have the pinned hash|another 1,000,000.0 TB are to come"):
        download_archive(server.url, HASH)
    assert list_kept(cache) == []


def test_a_page_in_the_place_of_an_archive_is_told(server, tmp_path):
    """As from behind a login, or at an airport."""
    server.scripts = [lambda handler, start: answer(handler, 200, b"<html>sign in</html>", Content_Type="text/html")]
    path = download_archive(server.url, None)

    with pytest.raises(PipelineError, match=r"photos\.zip is neither a zip nor a tar file"):
        extract_archive(path, tmp_path)
    with pytest.raises(PipelineError, match="does not have the pinned hash"):
        download_archive(server.url, HASH)


@pytest.mark.parametrize("ending", [refuse(404), refuse(500), die_early, None])
def test_no_message_holds_a_key_or_a_password(server, cache, capsys, ending):
    if ending is None:
        server.shutdown()
        server.server_close()
    else:
        server.scripts = [ending]
    url = server.url.replace("://", "://user:pass@word@") + "?token=secret&x=1#secret"

    with pytest.raises(PipelineError) as caught:
        download_archive(url, HASH)
    if ending is not None:
        server.scripts = [serve]
        download_archive(url, None)

    told = str(caught.value) + "".join(capsys.readouterr())
    assert server.url in told
    assert not any(secret in told for secret in ("secret", "token", "pass", "word", "user"))
    assert not any(secret in path.name for path in cache.iterdir() for secret in ("secret", "pass"))


def test_of_two_runs_at_once_one_waits_for_the_other(server, capsys):
    begun, may_go_on = threading.Event(), threading.Event()

    def serve_slowly(handler, start):
        begun.set()
        may_go_on.wait(20)
        serve(handler, start)

    server.scripts = [serve_slowly]
    received: list[Path] = []
    runs = [threading.Thread(target=lambda: received.append(download_archive(server.url, HASH))) for _ in range(2)]
    runs[0].start()
    begun.wait(20)
    runs[1].start()
    while "another run is downloading" not in capsys.readouterr().out:
        time.sleep(0.01)
    may_go_on.set()
    for run in runs:
        run.join()

    assert [path.read_bytes() == CONTENT for path in received] == [True, True]
    assert len(server.requests) == 1


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(PipelineError, match=r"fetch\.\*\.url: there is no file .*nothing\.zip"):
        download_archive(f"file://{tmp_path}/nothing.zip", None)


def test_downloads_lie_in_the_users_cache_folder_under_a_name_that_tells_addresses_apart(cache):
    first, second = (locate_download(f"https://example.org/{'x' * 300}.zip?v={version}") for version in (1, 2))

    assert first.parent == second.parent == cache
    assert first != second
    assert first.name.endswith("xx.zip")
    assert len(first.name) < 100
    assert downloads.CACHE == "stacking-pipeline"
