"""What the installation says. A stand-in prints what pip 26.3 does; the real one was watched by hand."""

import sys

import pytest

from tools import install_packages
from tools.install_packages import run_pip, tell

WHEEL = "cp311-cp311-manylinux_2_27_x86_64.whl"
OUTPUT = f"""\
Collecting requests==2.34.0 (from -r requirements.lock (line 7))
  Downloading requests-2.34.0-py3-none-any.whl (65 kB)
Progress 65000 of 65000
  Downloading grpcio-1.85.1-{WHEEL} (7.4 MB)
Progress 3000000 of 7400000
  Downloading https://example.org/files/tensorflow-2.21.0-{WHEEL} (572.4 MB)
Progress 143100000 of 572400000
Progress 286200000 of 572400000
Progress 572400000 of 572400000
Installing collected packages: requests, grpcio, tensorflow
Successfully installed grpcio-1.85.1 requests-2.34.0 tensorflow-2.21.0
"""


@pytest.fixture
def clock(monkeypatch):
    """Each look at the clock finds it 20 seconds later."""
    seconds = iter(range(0, 1000, 20))
    monkeypatch.setattr(install_packages.time, "monotonic", lambda: float(next(seconds)))


def test_a_log_file_gets_a_line_a_large_file_and_one_now_and_then(clock):
    assert "".join(tell(OUTPUT.splitlines(), is_terminal=False)).split("\n") == [
        "  downloading tensorflow-2.21.0 (572 MB)",
        "  286 of 572 MB, 40 s left",
        "  all is there after 200 s; installing",
        "  installed after 220 s",
        "",
    ]


def test_a_terminal_is_written_over_until_the_file_is_there(clock):
    written = "".join(tell(OUTPUT.splitlines(), is_terminal=True))

    assert written.splitlines()[0] == "  downloading tensorflow-2.21.0 (572 MB)"
    states = written.split("\n")[1].split("\r")
    assert [state.strip() for state in states] == [
        "",
        "143 of 572 MB, 60 s left",
        "286 of 572 MB, 40 s left",
        "",
        "all is there after 200 s; installing",
    ]
    assert len(states[3]) >= len(states[2])  # wiped out


@pytest.mark.parametrize("status", [0, 3])
def test_errors_of_pip_are_seen_and_its_exit_status_is_kept(tmp_path, capfd, status):
    pip = tmp_path / "pip.py"
    pip.write_text(
        f"import sys\nprint('Successfully installed nothing')\nprint(sys.argv[1:], file=sys.stderr)\nsys.exit({status})"
    )

    assert run_pip([sys.executable, str(pip)], ["a.lock", "b.lock"]) == status

    out, errors = capfd.readouterr()
    assert out == "  installed after 0 s\n"
    arguments = ["install", "--require-hashes", "--progress-bar", "raw", "--requirement", "a.lock"]
    assert errors == f"{[*arguments, '--requirement', 'b.lock']}\n"


def test_packages_are_counted_once_however_many_pins_they_have(tmp_path, monkeypatch, capsys):
    first, second = tmp_path / "first.lock", tmp_path / "second.lock"
    first.write_text("numpy==2.4 ; python_version < '3.12' \\\n    --hash=sha256:0==\nnumpy==2.5\netils[epath]==1.0\n")
    second.write_text("keras==3.15\n")
    monkeypatch.setattr(sys, "argv", ["install_packages.py", str(first), str(second)])
    monkeypatch.setattr(install_packages, "run_pip", lambda pip, locks: len(locks))

    with pytest.raises(SystemExit) as caught:
        install_packages.main()

    assert caught.value.code == 2
    assert capsys.readouterr().out == f"3 packages of {first}, {second}: {install_packages.SIZE}\n"
