import hashlib
import io
import os
import shutil
import stat
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from archive_files import CONTENT, list_files, write_zip

from stacker.artifacts.errors import PipelineError
from stacker.photos import archive_entries
from stacker.photos.archives import extract_archive


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


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (tarfile.SYMTYPE, "is a symbolic link"),
        (tarfile.LNKTYPE, "is a link to '/etc/hostname', no file before it"),
        (tarfile.CHRTYPE, "is a device"),
        (tarfile.FIFOTYPE, "is a device"),
    ],
)
def test_extract_archive_refuses_links_and_devices_in_a_tar(tmp_path, kind, why):
    folder = tmp_path / "out"
    folder.mkdir()

    with pytest.raises(PipelineError, match=rf"'special', which {why}.*: refused"):
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


@pytest.mark.parametrize("kind", [stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK])
def test_extract_archive_refuses_devices_in_a_zip(tmp_path, kind):
    entry = zipfile.ZipInfo("cat/device")
    entry.external_attr = (kind | 0o644) << 16
    with zipfile.ZipFile(tmp_path / "archive", "w") as file:
        file.writestr(entry, b"")

    with pytest.raises(PipelineError, match="'cat/device', which is a link or a device: refused"):
        extract_archive(tmp_path / "archive", tmp_path)


def test_a_zip_may_have_more_entries_than_the_first_format_could_count(tmp_path):
    """Zip64; most of them are clutter, which is not unpacked, so that the test takes no minute."""
    many = dict.fromkeys((f"__MACOSX/{number}" for number in range(65_536)), b"")
    folder = tmp_path / "out"
    folder.mkdir()

    extract_archive(write_zip(tmp_path / "archive", {**many, **CONTENT}), folder)

    assert list_files(folder) == {"cat/1.txt": b"first", "dog/2.txt": b"second"}


def test_the_last_of_many_entries_is_looked_at_before_the_first_is_unpacked(tmp_path):
    many = dict.fromkeys((f"__MACOSX/{number}" for number in range(65_536)), b"")
    folder = tmp_path / "out"
    folder.mkdir()

    with pytest.raises(PipelineError, match=r"'\.\./outside', which would land outside its folder"):
        extract_archive(write_zip(tmp_path / "archive", {**CONTENT, **many, "../outside": b"x"}), folder)

    assert list_files(folder) == {}


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


CLUTTER = {
    "__MACOSX/photos/cat/._1.txt": b"fork",
    ".DS_Store": b"view",
    "photos/.DS_Store": b"view",
    "photos/cat/._1.txt": b"fork",
    "photos/dog/Thumbs.db": b"small",
    "photos/dog/desktop.ini": b"look",
}


@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_what_file_managers_add_is_left_out_and_does_not_keep_the_top_folder(tmp_path, write):
    folder = tmp_path / "out"
    folder.mkdir()

    extract_archive(write(tmp_path / "archive", {**CLUTTER, **CONTENT}), folder)

    assert list_files(folder) == {"cat/1.txt": b"first", "dog/2.txt": b"second"}


def test_a_zip_with_backslashes_has_folders(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as file:
        for name, data in {"photos\\cat\\1.txt": b"first", "photos\\dog\\2.txt": b"second"}.items():
            entry = zipfile.ZipInfo("x")
            entry.filename = name  # the constructor would mend it on Windows
            file.writestr(entry, data)

    extract_archive(tmp_path / "archive.zip", folder)

    assert list_files(folder) == {"cat/1.txt": b"first", "dog/2.txt": b"second"}


def change_entries(path: Path, offsets: tuple[int, int], value: int) -> Path:
    """Overwrite 16 bits of every header of a zip: at one offset in the entries, at another in the directory."""
    content = bytearray(path.read_bytes())
    for signature, offset in zip((b"PK\x03\x04", b"PK\x01\x02"), offsets, strict=True):
        start = -1
        while (start := content.find(signature, start + 1)) >= 0:
            content[start + offset : start + offset + 2] = value.to_bytes(2, "little")
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("offsets", "value", "message"),
    [
        ((6, 8), 1, r"is encrypted \('photos/cat/1\.txt'\): unpack it yourself"),
        ((8, 10), 9, r"'photos/cat/1\.txt' packed by .* does not know \(Deflate64, which Windows .*\): unpack it with"),
        ((8, 10), 77, r"does not know \(number 77\)"),
        ((4, 6), 99, r"archive cannot be unpacked: zip file version 9\.9"),
    ],
)
def test_a_zip_that_python_cannot_unpack_is_told_in_words(tmp_path, offsets, value, message):
    folder = tmp_path / "out"
    folder.mkdir()
    archive = change_entries(write_zip(tmp_path / "archive", CONTENT), offsets, value)

    with pytest.raises(PipelineError, match=message):
        extract_archive(archive, folder)

    assert list_files(folder) == {}


@pytest.mark.parametrize("write", [write_zip, write_tar])
@pytest.mark.parametrize(
    ("names", "both"),
    [
        (("cat", "cat/1.txt"), "cat"),
        (("a/b/1.txt", "a/b"), "a/b"),
        (("a/b/c/1.txt", "a"), "a"),
        (("dog/", "dog"), "dog"),
    ],
)
def test_a_name_that_is_file_and_folder_is_told(tmp_path, write, names, both):
    folder = tmp_path / "out"
    folder.mkdir()
    if write is write_tar and names[0].endswith("/"):
        names = ("dog/1.txt", "dog")

    with pytest.raises(PipelineError, match=rf"'{both}', which is a file and a folder in it: refused"):
        extract_archive(write(tmp_path / "archive", dict.fromkeys(names, b"x")), folder)

    assert list_files(folder) == {}


@pytest.mark.parametrize("name", [os.fsdecode(b"cat/caf\xe9.jpg"), "."])
def test_a_name_that_cannot_be_one_is_refused(tmp_path, name):
    folder = tmp_path / "out"
    folder.mkdir()

    with pytest.raises(PipelineError, match=r"has no name, or one that is no UTF-8: refused"):
        extract_archive(write_tar(tmp_path / "archive", {name: b"x"}), folder)


def test_a_name_that_is_too_long_for_the_disk_is_told(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()

    with pytest.raises(PipelineError, match=r"cannot be unpacked to .*out, which needs 1 bytes: .*File name too long"):
        extract_archive(write_zip(tmp_path / "archive", {"x" * 300: b"y"}), folder)


def test_a_hard_link_inside_a_tar_is_a_second_name(tmp_path):
    """GNU tar writes one for each further name of a file."""
    source, folder = tmp_path / "photos", tmp_path / "out"
    for name in ("cat", "dog"):
        (source / name).mkdir(parents=True)
    (source / "cat/1.txt").write_bytes(b"first")
    (source / "dog/2.txt").hardlink_to(source / "cat/1.txt")
    folder.mkdir()
    with tarfile.open(tmp_path / "archive.tar", "w") as file:
        file.add(source, "photos")
        assert [member.islnk() for member in file.getmembers() if not member.isdir()] == [False, True]

    extract_archive(tmp_path / "archive.tar", folder)

    assert list_files(folder) == {"cat/1.txt": b"first", "dog/2.txt": b"first"}


@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_what_becomes_suspiciously_large_is_refused(tmp_path, monkeypatch, write):
    folder = tmp_path / "out"
    folder.mkdir()
    archive = write(tmp_path / "archive", {"1.bin": bytes(400_000), "2.bin": bytes(600_000)})
    packed = archive.stat().st_size
    assert 100 * packed < 1_000_000

    monkeypatch.setattr(archive_entries, "LEAST_SUSPECT", 999_999)
    with pytest.raises(
        PipelineError, match=r"and becomes 1 MB or more, more than 100 times as much.*set `fetch: \{\}`"
    ):
        extract_archive(archive, folder)
    assert list_files(folder) == {}

    monkeypatch.setattr(archive_entries, "LEAST_SUSPECT", 1_000_000)
    extract_archive(archive, folder)
    assert {name: len(data) for name, data in list_files(folder).items()} == {"1.bin": 400_000, "2.bin": 600_000}


@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_what_the_disk_has_no_room_for_is_refused_before_anything_is_written(tmp_path, monkeypatch, write):
    folder = tmp_path / "out"
    folder.mkdir()
    usage = shutil.disk_usage(folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=6399 if path == folder else 0))

    with pytest.raises(
        PipelineError, match=r"needs 6\.4 kB or more when it is unpacked, and the disk has 6\.4 kB free"
    ):
        extract_archive(write(tmp_path / "archive", {"file.bin": NOISE}), folder)

    assert list_files(folder) == {}


def test_a_tar_whose_second_header_is_damaged_does_not_pass_for_a_short_one(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    with tarfile.open(tmp_path / "archive.tar", "w") as file:
        for name in ("1.txt", "2.txt"):
            entry = tarfile.TarInfo(name)
            entry.size = 3
            file.addfile(entry, io.BytesIO(b"abc"))
    content = bytearray((tmp_path / "archive.tar").read_bytes())
    content[1024] ^= 1  # in the second one's name: its checksum is wrong
    (tmp_path / "archive.tar").write_bytes(content)

    with pytest.raises(PipelineError, match=r"is damaged: what follows 1,024 bytes is no entry"):
        extract_archive(tmp_path / "archive.tar", folder)


DAMAGES, SEED = 200, 0  # five thousand with each of three seeds were tried by hand


def test_no_damage_ends_in_another_error(tmp_path):
    """Random ones, seeded: either it is unpacked, or there is an error of ours."""
    generator = np.random.default_rng(SEED)
    content = {f"photos/{name}/{number}.txt": NOISE[:500] for name in ("cat", "dog") for number in range(3)}
    kinds = [write_zip(tmp_path / "zip", content), write_tar(tmp_path / "tgz", content)]
    for suffix in ("", ":bz2", ":xz"):
        with tarfile.open(tmp_path / f"tar{suffix}", f"w{suffix}") as file:
            for name, data in content.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                file.addfile(entry, io.BytesIO(data))
        kinds.append(tmp_path / f"tar{suffix}")
    originals = [path.read_bytes() for path in kinds]
    refused = 0
    for number in range(DAMAGES):
        damaged = bytearray(originals[number % len(originals)])
        for _ in range(generator.integers(1, 10)):
            damaged[generator.integers(len(damaged))] = generator.integers(256)
        if generator.random() < 0.2:
            damaged = damaged[: generator.integers(len(damaged))]
        (tmp_path / "damaged").write_bytes(damaged)
        folder = tmp_path / f"out_{number}"
        folder.mkdir()
        try:
            extract_archive(tmp_path / "damaged", folder)
        except PipelineError:
            refused += 1
        shutil.rmtree(folder)
    assert DAMAGES // 2 < refused < DAMAGES
