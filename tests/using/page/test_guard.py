"""The guard, without a server: an application that answers everything stands for Gradio."""

import asyncio
from pathlib import Path

import pytest

from stacker.using.page.guard import HEADERS, Guard

HERE = {"host": "127.0.0.1:7860"}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "uploads"
    folder.mkdir()
    (folder / "a.png").write_text("mine")
    (tmp_path / "secret.txt").write_text("not yours")
    (folder / "link").symlink_to(tmp_path / "secret.txt")
    return folder


async def answer_all(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-own", b"1")]})
    await send({"type": "http.response.body", "body": b"from Gradio"})


def ask(guard: Guard, path: str, headers: dict[str, str] = HERE, kind: str = "http"):
    sent = []

    async def send(message):
        sent.append(message)

    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    asyncio.run(guard({"type": kind, "path": path, "headers": encoded}, None, send))
    return sent


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/config",
        "/theme.css",
        "/assets/index.js",
        "/static/js/iframeResizer.contentWindow.min.js",
        "/gradio_api/queue/join",
        "/gradio_api/queue/data",
        "/gradio_api/upload",
        "/gradio_api/heartbeat/abc",
    ],
)
def test_what_the_page_needs_passes(folder, path):
    assert Guard(answer_all, folder, "127.0.0.1").check(path, HERE) is None


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/proxy=http://127.0.0.1/",
        "/gradio_api/runs",
        "/gradio_api/run/predict",
        "/gradio_api/call/predict",
        "/gradio_api/component_server",
        "/gradio_api/deep_link",
        "/gradio_api/file/etc/passwd",
        "/gradio_api/vibe-edit",
        "/gradio_api/mcp",
        "/monitoring",
        "/monitoring/summary",
        "/docs",
        "/openapi.json",
        "/login",
        "/configuration",
        "/gradio_api/upload/more",
    ],
)
def test_all_else_of_gradio_is_not_found(folder, path):
    assert Guard(answer_all, folder, "127.0.0.1").check(path, HERE) == 404


def test_files_come_from_the_folder_alone(folder):
    guard = Guard(answer_all, folder, "127.0.0.1")

    def check(path: str | Path) -> int | None:
        return guard.check(f"/gradio_api/file={path}", HERE)

    assert check(folder / "a.png") is None
    assert check(folder / "sub" / ".." / "a.png") is None
    for path in (
        "/etc/passwd",
        folder / ".." / "secret.txt",
        folder / "link",
        f"{folder}-other/a.png",
        "../../../../etc/passwd",
        "http://127.0.0.1/",
        "https://example.com/a.png",
        "file:///etc/passwd",
        "",
    ):
        assert check(path) == 403, path


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "localhost", "[::1]:7860"])
def test_this_machine_may_be_called_by_its_names(folder, host):
    assert Guard(answer_all, folder, "127.0.0.1").check("/", {"host": host}) is None


@pytest.mark.parametrize("host", ["evil.example:7860", "127.0.0.1.evil.example", "", "localhost@evil.example"])
def test_a_name_that_leads_here_from_elsewhere_is_refused(folder, host):
    """DNS rebinding: a page of evil.example whose name now points to this machine."""
    assert Guard(answer_all, folder, "127.0.0.1").check("/", {"host": host}) == 403


def test_on_other_addresses_every_name_is_taken(folder):
    assert Guard(answer_all, folder, "0.0.0.0").check("/", {"host": "lab.example:7860"}) is None  # noqa: S104


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104
def test_pages_from_elsewhere_may_not_ask(folder, host):
    guard = Guard(answer_all, folder, host)

    for origin in ("https://evil.example", "http://127.0.0.1:8000", "null"):
        assert guard.check("/gradio_api/queue/join", {**HERE, "origin": origin}) == 403
    assert guard.check("/gradio_api/queue/join", {**HERE, "origin": "http://127.0.0.1:7860"}) is None


def test_every_answer_bears_our_headers_after_its_own(folder):
    start, body = ask(Guard(answer_all, folder, "127.0.0.1"), "/")

    assert start["headers"][0] == (b"x-own", b"1")
    assert dict(start["headers"][1:]) == {name.lower().encode(): value.encode() for name, value in HEADERS.items()}
    assert body["body"] == b"from Gradio"


def test_a_refused_request_does_not_reach_gradio(folder):
    start, body = ask(Guard(answer_all, folder, "127.0.0.1"), "/gradio_api/runs")

    assert start["status"] == 404
    assert b"Gradio" not in body["body"]


def test_starting_and_stopping_pass_and_web_sockets_do_not(folder):
    guard = Guard(answer_all, folder, "127.0.0.1")

    assert len(ask(guard, "/", kind="lifespan")) == 2
    assert ask(guard, "/", kind="websocket") == []


def test_the_browser_is_told_to_fetch_nothing_from_elsewhere():
    assert "default-src 'self'" in HEADERS["Content-Security-Policy"]
    assert "http" not in HEADERS["Content-Security-Policy"]
