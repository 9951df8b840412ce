"""The page's server, asked for what it must not give."""

import json
import re
import socket
import threading
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPConnection
from pathlib import Path

import pytest
from page_models import write_plain_photo

from stacker.artifacts.errors import PipelineError
from stacker.using.page.listening import listen

pytestmark = pytest.mark.extra
pytest.importorskip("gradio")


def ask(served, path: str, headers: dict[str, str] | None = None, body: bytes | None = None) -> tuple[int, bytes]:
    """The status and the content of an answer to exactly this path, with nothing tidied on the way."""
    connection = HTTPConnection(urllib.parse.urlsplit(served.address).netloc, timeout=20)
    try:
        connection.request("POST" if body is not None else "GET", path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def upload(served, path: Path) -> str:
    """Upload a file as the browser does; where the server laid it."""
    body = b'--x\r\nContent-Disposition: form-data; name="files"; filename="' + path.name.encode() + b'"\r\n\r\n'
    body += path.read_bytes() + b"\r\n--x--\r\n"
    status, content = ask(served, "/gradio_api/upload", {"Content-Type": "multipart/form-data; boundary=x"}, body)
    assert status == 200, content
    return json.loads(content)[0]


def call(served, event: str, value: object, threshold: object = 0.5) -> str:
    """Let the event run on these, as a script in place of the page would; all that the server says of it."""
    config = json.loads(ask(served, "/config")[1])
    number = next(
        entry["id"]
        for entry in config["dependencies"]
        if entry["targets"][0][1] == event and len(entry["outputs"]) == len(("cards", "scores", "line", "threshold"))
    )
    request = {"data": [value, threshold], "fn_index": number, "session_hash": "test"}
    headers = {"Content-Type": "application/json"}
    assert ask(served, "/gradio_api/queue/join", headers, json.dumps(request).encode())[0] == 200
    said = b""
    with urllib.request.urlopen(f"{served.address}/gradio_api/queue/data?session_hash=test", timeout=60) as stream:  # noqa: S310 - of this machine
        for line in stream:
            said += line
            if b"process_completed" in line:
                break
    return said.decode()


def describe_file(path: object) -> dict:
    return {"path": str(path), "meta": {"_type": "gradio.FileData"}}


@pytest.fixture
def neighbour():
    """Another server of this machine, which counts who calls."""
    calls = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        stopped = threading.Event()

        def count():
            while not stopped.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                calls.append(connection.recv(100))
                connection.close()

        thread = threading.Thread(target=count)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/a.png", calls
        stopped.set()
        thread.join()


def test_no_file_but_uploads_and_examples_is_given(served):
    secret = served.folder / "models" / "ensemble.h5"
    uploads = next(served.temporary.iterdir())
    for path in (
        "/etc/passwd",
        secret,
        f"{uploads}/../../../../etc/passwd",
        f"{uploads}/..%2f..%2f..%2f..%2fetc/passwd",
        "../../etc/passwd",
        "..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
        "%2fetc%2fpasswd",
        "file:///etc/passwd",
        uploads,
    ):
        for route in ("/gradio_api/file=", "/file=", "/gradio_api/file/", "/static/", "/assets/", "/gradio_api/proxy="):
            status, content = ask(served, f"{route}{path}")
            assert status in (403, 404), (route, path)
            assert b"root:" not in content


def test_an_upload_is_given_back(served, tmp_path):
    laid = upload(served, write_plain_photo(tmp_path / "mine.png", 99))

    assert Path(laid).is_relative_to(next(served.temporary.iterdir()))
    assert ask(served, f"/gradio_api/file={laid}") == (200, (tmp_path / "mine.png").read_bytes())


def test_a_file_of_the_server_cannot_be_passed_off_as_an_upload(served):
    write_plain_photo(served.folder / "private.png", 230)

    for path in (served.folder / "private.png", "/etc/passwd", "../private.png"):
        said = call(served, "change", [describe_file(path)])
        assert '"success":false' in said
        assert "verdict" not in said
        streamed = {**describe_file(path), "is_stream": True}
        assert '"success":false' in call(served, "change", [streamed])


def test_nothing_is_copied_to_where_files_are_served_from(served, tmp_path):
    uploads = next(served.temporary.iterdir())
    (served.folder / "private.txt").write_text("private")

    said = call(served, "change", [], describe_file(served.folder / "private.txt"))

    assert '"success":false' in said
    assert list(uploads.rglob("private.txt")) == []


def test_an_upload_is_answered(served, tmp_path):
    said = call(served, "change", [describe_file(upload(served, write_plain_photo(tmp_path / "a.png", 230)))])

    assert '"success":true' in said
    assert "light" in said


def test_no_address_is_fetched_for_anyone(served, neighbour):
    address, calls = neighbour

    assert ask(served, f"/gradio_api/file={address}")[0] == 403
    assert ask(served, f"/gradio_api/proxy={address}")[0] == 404
    for event, value in (("change", [describe_file(address)]), ("input", describe_file(address))):
        assert '"success":false' in call(served, event, value)
    url = {"path": "/none", "url": address, "meta": {"_type": "gradio.FileData"}}
    assert '"success":false' in call(served, "change", [url])
    assert calls == []


def test_a_picture_inside_a_request_is_not_decoded(served):
    """Gradio would decode a `data:` address before anyone has looked at its size."""
    said = call(
        served, "input", {"path": None, "url": "data:image/png;base64,AAAA", "meta": {"_type": "gradio.FileData"}}
    )

    assert "verdict" not in said


def test_a_large_file_is_refused_while_it_is_sent(served):
    body = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n' + b"0" * (20 * 1024**2 + 1)
    headers = {"Content-Type": "multipart/form-data; boundary=x"}

    status, content = ask(served, "/gradio_api/upload", headers, body + b"\r\n--x--\r\n")

    assert status == 413
    assert b"maximum allowed size" in content


def test_what_gradio_offers_beside_the_page_is_switched_off(served):
    for path in (
        "/gradio_api/runs",
        "/monitoring",
        "/docs",
        "/openapi.json",
        "/gradio_api/call/take",
        "/gradio_api/mcp",
    ):
        assert ask(served, path)[0] == 404, path


def test_pages_from_elsewhere_are_refused(served):
    assert ask(served, "/", {"Host": "evil.example"})[0] == 403
    assert ask(served, "/config", {"Origin": "https://evil.example"})[0] == 403


def test_the_page_names_no_address_to_load_from(served):
    content = ask(served, "/")[1].decode()

    loaded = re.findall(r'<(?:script|link|img)\b[^>]*(?:src|href)="([^"]+)"', content)
    assert loaded
    assert [address for address in loaded if "//" in address] == []
    assert 'analytics_enabled":true' not in content


def test_a_taken_port_is_told_before_anything_is_loaded():
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with (
            pytest.raises(PipelineError, match=f"cannot listen on 127.0.0.1, port {port} .*--port"),
            listen("127.0.0.1", port),
        ):
            pass
