import functools
import hashlib
import http.server
import io
import socket
import tarfile
import tempfile
import threading
import zipfile
from pathlib import Path

import pytest
from archive_files import CONTENT, list_files, write_zip

from stacker.artifacts.errors import PipelineError
from stacker.photos.archives import download_archive, extract_archive


def write_tar(path: Path, content: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as file:
        for name, data in content.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            file.addfile(entry, io.BytesIO(data))
    return path


def write_tar_entry(path: Path, name: str, kind: bytes) -> Path:
    with tarfile.open(path, "w") as file:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, "/etc/hostname"
        file.addfile(entry)
    return path


@pytest.fixture
def downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of downloads, of this test alone."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return tmp_path / "temporary" / "stacking-pipeline-downloads"


@pytest.fixture
def served(tmp_path: Path):
    """A folder, and the address at which a local server offers it."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    folder = tmp_path / "served"
    folder.mkdir()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_extract_archive_lifts_a_single_top_folder(tmp_path, write):
    folder = tmp_path / "out"
    folder.mkdir()

    extract_archive(write(tmp_path / "archive", CONTENT), folder)

    assert list_files(folder) == {"cat/1.txt": b"first", "dog/2.txt": b"second"}


def test_extract_archive_lifts_a_top_folder_that_holds_a_folder_of_its_own_name(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()

    extract_archive(write_zip(tmp_path / "archive", {"photos/photos/1.txt": b"a", "photos/dog/2.txt": b"b"}), folder)

    assert list_files(folder) == {"photos/1.txt": b"a", "dog/2.txt": b"b"}


@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_extract_archive_keeps_several_top_folders(tmp_path, write):
    folder = tmp_path / "out"
    folder.mkdir()

    extract_archive(write(tmp_path / "archive", {"cat/1.txt": b"a", "dog/2.txt": b"b"}), folder)

    assert list_files(folder) == {"cat/1.txt": b"a", "dog/2.txt": b"b"}


def test_extract_archive_unpacks_a_tar_made_of_the_current_folder(tmp_path):
    source, folder = tmp_path / "source", tmp_path / "out"
    (source / "cat").mkdir(parents=True)
    (source / "cat" / "1.txt").write_bytes(b"a")
    folder.mkdir()
    with tarfile.open(tmp_path / "archive.tar", "w") as file:
        file.add(source, ".")  # as `tar -cf archive.tar .` does: the first entry is called "."

    extract_archive(tmp_path / "archive.tar", folder)

    assert b"a" in list_files(folder).values()


@pytest.mark.parametrize("write", [write_zip, write_tar])
@pytest.mark.parametrize(
    "name", ["../escaped.txt", "photos/../../escaped.txt", "/escaped.txt", "..\\escaped.txt", "C:\\escaped.txt"]
)
def test_extract_archive_refuses_an_entry_that_climbs_out(tmp_path, write, name):
    folder = tmp_path / "in" / "out"
    folder.mkdir(parents=True)

    with pytest.raises(PipelineError, match=r"escaped.txt.*outside its folder: refused"):
        extract_archive(write(tmp_path / "archive", {"good.txt": b"x", name: b"y"}), folder)

    assert list_files(folder) == {}  # not even the good entry: all are looked at first
    assert not list(tmp_path.rglob("escaped.txt"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_extract_archive_refuses_links_and_devices_in_a_tar(tmp_path, kind):
    folder = tmp_path / "out"
    folder.mkdir()

    with pytest.raises(PipelineError, match=r"'special'.*refused"):
        extract_archive(write_tar_entry(tmp_path / "archive.tar", "special", kind), folder)

    assert list(folder.iterdir()) == []


def test_extract_archive_refuses_a_symbolic_link_in_a_zip(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as file:
        link = zipfile.ZipInfo("link")
        link.create_system, link.external_attr = 3, 0o120777 << 16  # Unix, S_IFLNK
        file.writestr(link, "/etc/hostname")

    with pytest.raises(PipelineError, match=r"'link'.*refused"):
        extract_archive(tmp_path / "archive.zip", folder)


def test_extract_archive_refuses_what_is_no_archive(tmp_path):
    (tmp_path / "page.html").write_text("<html>not found</html>")

    with pytest.raises(PipelineError, match=r"page.html is neither a zip nor a tar file"):
        extract_archive(tmp_path / "page.html", tmp_path)


def _damage_bytes(path: Path) -> None:
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 40] = bytes(255 - byte for byte in content[middle : middle + 40])
    path.write_bytes(content)


def _cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


NOISE = b"".join(hashlib.sha256(bytes([number])).digest() for number in range(200))  # nothing to compress
TEXT = NOISE.hex().encode()


@pytest.mark.parametrize("content", [NOISE, TEXT], ids=["noise", "text"])
@pytest.mark.parametrize(
    ("write", "damage"), [(write_zip, _damage_bytes), (write_tar, _damage_bytes), (write_tar, _cut_off)]
)
def test_extract_archive_says_so_when_the_archive_is_damaged(tmp_path, write, damage, content):
    folder = tmp_path / "out"
    folder.mkdir()
    archive = write(tmp_path / "archive", {"photos/file.bin": content})
    damage(archive)

    with pytest.raises(PipelineError, match=r"archive is damaged: .*fetch again"):
        extract_archive(archive, folder)


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_download_archive_prints_the_hash_to_pin_when_there_is_none(served, downloads, capsys, scheme):
    folder, address = served
    source = write_zip(folder / "photos.zip", CONTENT)

    path = download_archive(f"{address}/photos.zip" if scheme == "http" else f"file://{source}", None)

    assert path.read_bytes() == source.read_bytes()
    assert f"set sha256: {hash_of(source)}" in capsys.readouterr().out


def test_download_archive_shows_how_far_it_is(served, downloads, read_progress):
    folder, address = served
    (folder / "photos.zip").write_bytes(bytes(4096))

    download_archive(f"{address}/photos.zip", None)

    shown = [line for line in read_progress() if line.startswith("downloading: ")]
    assert shown[0] == "downloading: 1.02k of 4.10k bytes"  # pooch takes a KiB at a time
    assert shown[-1] == "downloading: 4.10k of 4.10k bytes"


def test_download_archive_looks_again_when_no_hash_is_pinned(served, downloads):
    folder, address = served
    write_zip(folder / "photos.zip", CONTENT)
    download_archive(f"{address}/photos.zip", None)
    newer = write_zip(folder / "photos.zip", {"new.txt": b"new"})

    assert hash_of(download_archive(f"{address}/photos.zip", None)) == hash_of(newer)


def test_download_archive_keeps_a_download_whose_hash_is_pinned(served, downloads):
    folder, address = served
    pinned = hash_of(write_zip(folder / "photos.zip", CONTENT))
    download_archive(f"{address}/photos.zip", pinned)
    (folder / "photos.zip").unlink()

    assert hash_of(download_archive(f"{address}/photos.zip", pinned)) == pinned


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_download_archive_refuses_another_hash(served, downloads, scheme):
    folder, address = served
    source = write_zip(folder / "photos.zip", CONTENT)

    with pytest.raises(PipelineError, match=f"(?s)does not have the pinned hash.*{hash_of(source)}"):
        download_archive(f"{address}/photos.zip" if scheme == "http" else f"file://{source}", "0" * 64)

    assert not list(downloads.glob("*"))


def test_download_archive_says_what_to_do_when_there_is_no_such_page(served, downloads):
    _, address = served

    with pytest.raises(PipelineError, match=r"could not download .*404.*fetch\.\*\.url.*data\.images"):
        download_archive(f"{address}/nothing.zip", None)

    assert not list(downloads.glob("*"))


def test_download_archive_says_what_to_do_when_there_is_no_network(downloads):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]  # free again after the block: nobody listens

    with pytest.raises(PipelineError, match=r"could not download .*Check the network"):
        download_archive(f"http://127.0.0.1:{port}/photos.zip", None)

    assert not list(downloads.glob("*"))


def test_download_archive_says_so_when_there_is_no_such_file(tmp_path):
    with pytest.raises(PipelineError, match=r"fetch\.\*\.url: there is no file .*nothing\.zip"):
        download_archive(f"file://{tmp_path}/nothing.zip", None)
