"""What native code writes to file descriptor 2 while a stage runs, and what of it is seen."""

import os
import pty
import shlex
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from stacker.checks import native_lines
from stacker.checks.native_log import has_card

ROOT = Path(__file__).parents[2]
LOG = "0000 00:00:1795840467.362558    6407"
ABSL = "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
ONEDNN = f"I{LOG} port.cc:153] oneDNN custom operations are on. You may see slightly different numerical results.\n"
CPU = (
    f"I{LOG} cpu_feature_guard.cc:227] This TensorFlow binary is optimized to use available CPU instructions in "
    "performance-critical operations.\nTo enable the following instructions: AVX2 FMA, in other operations, rebuild "
    "TensorFlow with the appropriate compiler flags.\n"
)
MEMORY = f"I{LOG} generator_dataset_op.cc:213] Memory patch applied: M_TRIM_THRESHOLD=128 kb was set.\n"
NO_DRIVER = f"I{LOG} cudart_stub.cc:31] Could not find cuda drivers on your machine, GPU will not be used.\n"
NO_DEVICE = f"E{LOG} cuda_platform.cc:52] failed call to cuInit: INTERNAL: CUDA error: UNKNOWN ERROR (303)\n"
ALWAYS, WITHOUT_CARD = ABSL + ONEDNN + CPU + MEMORY, NO_DRIVER + NO_DEVICE
REAL = (
    f"W{LOG} gpu_device.cc:2430] Cannot dlopen some GPU libraries. Please make sure the missing libraries are there.\n"
    f"E{LOG} cuda_platform.cc:52] failed call to cuInit: INTERNAL: CUDA error: CUDA_ERROR_SYSTEM_DRIVER_MISMATCH\n"
    f"F{LOG} tensor.cc:1] Check failed: oneDNN custom operations are on.\n"
    "a library: To enable the following instructions: read on\n"
    f"not alone: {ONEDNN}"
)


def pass_through(*parts: str, has_card: bool = False, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the filter gives for these writes, one after the other."""
    source, into = os.pipe()
    out, target = os.pipe()
    monkeypatch.setattr(sys, "argv", ["native_lines.py", *(["--has-card"] if has_card else [])])
    monkeypatch.setattr(sys, "stdin", os.fdopen(source))
    monkeypatch.setattr(sys, "stdout", os.fdopen(target, "w"))
    filtering = threading.Thread(target=native_lines.main)
    filtering.start()
    for part in parts:
        os.write(into, part.encode())
        time.sleep(0.005)
    os.close(into)
    filtering.join()
    sys.stdin.close()
    sys.stdout.close()
    with os.fdopen(out) as seen:
        return seen.read()


def run(code: str, after: str = "") -> subprocess.CompletedProcess[str]:
    """Run `code` in a process of its own, inside of the filter, and what comes after it outside."""
    command = wrap(code, after)
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT, check=False)


def wrap(code: str, after: str = "") -> list[str]:
    """A command that runs `code`; `say(text)` is what native code does."""
    start = (
        "import os, signal, subprocess, sys, time\nfrom stacker.checks import native_log\n"
        "native_log.has_card = lambda: False\ndef say(text): os.write(2, text.encode())\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell's background job ignores it
        "with native_log.filtered_native_log():\n"
    )
    inside = textwrap.indent(textwrap.dedent(code), "    ")
    return [sys.executable, "-c", f"{start}{inside}\n{after}"]


def test_only_lines_that_are_known_as_a_whole_are_dropped(monkeypatch):
    assert pass_through(ALWAYS + REAL + WITHOUT_CARD, monkeypatch=monkeypatch) == REAL


def test_where_there_is_a_card_the_lines_that_say_why_it_is_not_used_are_shown(monkeypatch):
    received = pass_through(ALWAYS + WITHOUT_CARD, has_card=True, monkeypatch=monkeypatch)

    assert received == WITHOUT_CARD


def test_a_line_that_comes_in_parts_is_judged_as_a_whole(monkeypatch):
    parts = [ONEDNN[:1], ONEDNN[1:40], ONEDNN[40:] + "first", " line\nsecond" + ONEDNN]

    assert pass_through(*parts, monkeypatch=monkeypatch) == "first line\nsecond" + ONEDNN


def test_what_has_no_end_of_line_is_not_lost(monkeypatch):
    assert pass_through(ONEDNN + "the end", monkeypatch=monkeypatch) == "the end"


@pytest.mark.parametrize("bar", ["\r41%|####      |", "a prompt: ", "x" * 5000])
def test_a_bar_or_a_prompt_is_seen_before_its_line_ends(bar):
    source, into = os.pipe()
    out, target = os.pipe()
    with subprocess.Popen([sys.executable, native_lines.__file__], stdin=source, stdout=target):
        os.close(source)
        os.close(target)
        os.write(into, bar.encode())
        assert os.read(out, 65536) == bar.encode()  # else it hangs: nothing more is written
        os.write(into, (ONEDNN + ONEDNN).encode())  # the first one ends the line that was begun
        os.close(into)
        assert os.read(out, 65536) == ONEDNN.encode()
        assert os.read(out, 1) == b""
        os.close(out)


@pytest.mark.parametrize(
    ("end", "returncode"),
    [
        ("pass", 0),
        ("sys.exit(3)", 3),
        ("os._exit(4)", 4),
        ("os.abort()", -signal.SIGABRT),
        ("os.kill(os.getpid(), signal.SIGSEGV)", -signal.SIGSEGV),
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
    ],
)
def test_real_lines_are_seen_however_the_process_ends(end, returncode):
    result = run(f"say({ALWAYS + WITHOUT_CARD + REAL!r} + 'terminate called')\n{end}")

    assert (result.returncode, result.stderr) == (returncode, REAL + "terminate called")


def test_native_lines_stand_before_the_traceback_that_follows_them():
    result = run(f"say({ONEDNN + REAL!r})\nraise ValueError('a defect')")

    assert result.returncode == 1
    assert result.stderr.startswith(f"{REAL}Traceback")
    assert result.stderr.endswith("ValueError: a defect\n")


def test_what_python_writes_is_not_filtered():
    result = run(f"print({ONEDNN!r}, end='', file=sys.stderr)\nsys.stderr.write('a bar ')")

    assert result.stderr == f"{ONEDNN}a bar "


def test_after_the_block_standard_error_is_what_it_was():
    inside = "before, kept = os.fstat(2).st_ino, sys.stderr\nsay('inside\\n')"
    after = (
        "assert os.fstat(2).st_ino != before\nassert sys.stderr is sys.__stderr__\n"
        "say('native\\n')\nprint('python', file=sys.stderr)\nprint('a handler', file=kept)"
    )

    result = run(inside, after)

    assert (result.returncode, result.stderr) == (0, "inside\nnative\npython\na handler\n")


def test_more_than_a_pipe_holds_comes_through_whole():
    result = run("say('x' * 300_000 + '\\n')\nsay('y')")

    assert result.stderr == "x" * 300_000 + "\ny"


def test_child_processes_are_filtered_too_and_one_that_lives_on_does_not_hold_the_stage():
    code = f"""
        native_log.LONGEST_WAIT = 0.2
        child = "sleep 0.1; printf '%s' {shlex.quote(ONEDNN + "first ")} >&2; sleep 1; printf second >&2"
        subprocess.Popen(["sh", "-c", child])
        time.sleep(0.3)
        started = time.monotonic()
    """.replace(ONEDNN, ONEDNN.replace("\n", "\\n"))

    result = run(code, "print(time.monotonic() - started < 0.7, flush=True)\nos._exit(0)")  # with the child still there

    assert (result.stdout, result.stderr) == ("True\n", "first second")


def test_an_interrupt_from_the_terminal_does_not_end_the_filter():
    code = f"""
        try:
            print("ready", flush=True)
            time.sleep(60)
        finally:
            say({ONEDNN + REAL!r})
    """
    with subprocess.Popen(
        wrap(code), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, process_group=0
    ) as process:
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=30)

    assert errors.startswith(REAL)
    assert errors.endswith("KeyboardInterrupt\n")


def test_pythons_standard_error_still_knows_a_terminal():
    controller, terminal = pty.openpty()

    result = subprocess.run(
        wrap("print(sys.stderr.isatty(), os.isatty(2)); say('seen')"), stdout=subprocess.PIPE, stderr=terminal, cwd=ROOT
    )

    assert result.stdout == b"True False\n"
    assert os.read(controller, 100) == b"seen"
    os.close(controller)
    os.close(terminal)


def test_where_standard_error_is_closed_or_another_nothing_is_filtered():
    command = ["sh", "-c", 'exec "$@" 2>&-', "sh", *wrap("print(sys.stderr)")]

    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)

    assert (result.returncode, result.stdout) == (0, "None\n")


def test_tensorflow_says_nothing_when_it_is_imported_and_finds_its_devices():
    result = run("import keras\nkeras.distribution.list_devices()\nkeras.ops.zeros(3) + 1")

    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("vendor", "kind", "expected"),
    [("0x10de", "0x030200", True), ("0x10de", "0x040300", False), ("0x1234", "0x030000", False)],
)
def test_has_card(tmp_path, vendor, kind, expected):
    for name, facts in {"a": ("0x8086", "0x060000"), "b": (vendor, kind)}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "vendor").write_text(f"{facts[0]}\n")
        (tmp_path / name / "class").write_text(f"{facts[1]}\n")

    assert has_card(tmp_path) is expected


def test_a_system_that_does_not_list_its_devices_has_no_card(tmp_path):
    assert not has_card(tmp_path / "missing")
