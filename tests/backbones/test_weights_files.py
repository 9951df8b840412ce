"""Files with weights: on this machine, and on a hub that a server on this machine stands in for."""

import hashlib
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from helpers import make_backbone_settings
from tiny_transformers import find_weights

from stacker.artifacts.errors import PipelineError
from stacker.backbones.weights_files import describe_weights, find_weights_file, hash_file

WHERE = "members.pet.backbone.weights"
COMMIT = "0123456789" * 4


def test_there_is_no_file_of_downloaded_and_of_random_weights():
    for weights, name in ((None, "random"), ("imagenet", "imagenet")):
        settings = make_backbone_settings(weights=weights)
        assert find_weights_file(settings, WHERE) is None
        assert describe_weights(settings, WHERE) == (name, None, None)


def test_a_replaced_file_is_refused(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"first")
    first = hashlib.sha256(b"first").hexdigest()
    settings = make_backbone_settings("ViTSmall16", weights=str(path), weights_sha256=first)
    assert find_weights_file(settings, WHERE) == path
    assert describe_weights(settings, WHERE) == ("model.safetensors", first, None)

    path.write_bytes(b"another")

    with pytest.raises(PipelineError) as caught:
        find_weights_file(settings, WHERE)
    assert str(caught.value) == (
        f"{WHERE}: {path} is another file than `weights_sha256` says, expected {first}, received "
        f"{hashlib.sha256(b'another').hexdigest()}: bring back the file, or set the hash to this one"
    )


def test_a_file_of_the_same_length_that_changed_is_read_again(tmp_path):
    path = tmp_path / "weights"
    path.write_bytes(b"ab")
    first = hash_file(path)
    path.write_bytes(b"cd")

    assert hash_file(path) != first


class Hub(BaseHTTPRequestHandler):
    """What the Hub answers: a file with its commit, or why there is none."""

    def __init__(self, content: bytes, *arguments):
        self.content = content
        super().__init__(*arguments)

    def do_HEAD(self) -> None:  # noqa: N802 - as the library calls it
        self.answer()

    def do_GET(self) -> None:  # noqa: N802
        if self.answer():
            self.wfile.write(self.content)

    def answer(self) -> bool:
        gated = "gated" in self.path
        found = self.path == f"/facebook/dinov2-small/resolve/{COMMIT}/model.safetensors"
        self.send_response(200 if found else 403 if gated else 404)
        if found:
            self.send_header("ETag", f'"{hashlib.sha256(self.content).hexdigest()}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Content-Length", str(len(self.content)))
        else:
            self.send_header("X-Error-Code", "GatedRepo" if gated else "RepoNotFound")
            self.send_header("Content-Length", "0")
        self.end_headers()
        return found

    def log_message(self, *arguments) -> None:
        pass


@pytest.fixture
def hub(tmp_path, monkeypatch) -> Iterator[ThreadingHTTPServer]:
    constants = pytest.importorskip("huggingface_hub.constants")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Hub, find_weights("DINOv2Small14").read_bytes()))
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(constants, "ENDPOINT", address)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", f"{address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    )
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    yield server
    server.shutdown()
    server.server_close()


def ask_for(repository: str, **changes):
    settings = make_backbone_settings("DINOv2Small14", weights=f"hf:{repository}@{COMMIT}", **changes)
    return describe_weights(settings, WHERE)


@pytest.mark.extra
def test_weights_come_from_the_hub_once_and_are_named_with_hash_and_licence(hub):
    expected = (f"hf:facebook/dinov2-small@{COMMIT}", hash_file(find_weights("DINOv2Small14")), "Apache-2.0")
    assert ask_for("facebook/dinov2-small") == expected

    hub.shutdown()
    hub.server_close()

    assert ask_for("facebook/dinov2-small") == expected
    with pytest.raises(PipelineError, match="is another file than `weights_sha256` says"):
        ask_for("facebook/dinov2-small", weights_sha256="0" * 64)


@pytest.mark.extra
def test_a_gated_repository_says_how_to_get_in(hub):
    with pytest.raises(
        PipelineError, match=rf"^{WHERE}: hf:some/gated: it is gated: accept its licence .*`hf auth login`"
    ):
        ask_for("some/gated")


@pytest.mark.extra
def test_a_repository_that_is_not_there_is_named(hub):
    with pytest.raises(PipelineError, match=rf"^{WHERE}: hf:no/where: the Hub has no such repository, commit, or file"):
        ask_for("no/where")


@pytest.mark.extra
def test_without_a_network_the_way_out_is_a_file(hub):
    hub.shutdown()
    hub.server_close()

    with pytest.raises(
        PipelineError,
        match=rf"^{WHERE}: hf:facebook/dinov2-small: it could not be downloaded .*download model\.safetensors of "
        r"facebook/dinov2-small where there is a network, and set `weights` to its path and `weights_sha256`",
    ):
        ask_for("facebook/dinov2-small")
