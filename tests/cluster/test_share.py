"""How many stages run at once, and what each takes."""

import psutil
import pytest

from stacker.artifacts.errors import PipelineError, WrongUseError
from stacker.cluster import share
from stacker.cluster.share import Limits, Share, check_shares, choose_jobs, choose_limits, choose_share, keep_peak
from stacker.settings.resources import Resources

GIB = 1024**3


@pytest.fixture
def machine(workspace, monkeypatch):
    """Eight cores and 7 GiB of free memory."""
    monkeypatch.setattr(share, "count_cores", lambda: 8)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("Memory", (), {"available": 7 * GIB}))


def test_a_number_of_jobs_is_taken(machine):
    assert choose_jobs("12", None, 3) == 12


@pytest.mark.parametrize(
    ("cpus", "width", "jobs"),
    [(None, 100, 4), (None, 3, 3), (3, 100, 2), (16, 100, 1)],
    ids=["memory", "stages", "cores", "more than there are"],
)
def test_auto_goes_by_memory_cores_and_stages(machine, cpus, width, jobs):
    assert choose_jobs("auto", cpus, width) == jobs  # 1.5 GiB each, before anything has run


def test_auto_goes_by_what_the_largest_stage_took(machine):
    keep_peak("train@a", 3 * GIB)
    keep_peak("train@b", 1 * GIB)
    keep_peak("embed@b", 0)  # from the run-cache: it says nothing
    assert choose_jobs("auto", None, 100) == 2


@pytest.mark.parametrize("jobs", ["0", "-1", "many", "1.5", ""])
def test_other_words_are_refused(machine, jobs):
    with pytest.raises(WrongUseError, match="--jobs: expected a number from 1 on, or auto; received"):
        choose_jobs(jobs, None, 3)


def test_a_member_of_its_own_kind_goes_before_the_command_line():
    own = {"a": Resources(gpus=2.0), "b": Resources(cpus=4, gpus=0.0)}
    assert choose_share("train@a", own, 3, 1.0) == Share(3, 2.0)
    assert choose_share("embed@b", own, 3, 1.0) == Share(4, 0.0)
    assert choose_share("fuse", own, None, 0.5) == Share(None, 0.5)


def test_what_no_machine_has_is_refused_by_name():
    machines = [(8.0, 0.0), (2.0, 1.0)]
    check_shares({"a": Share(8, 0), "b": Share(2, 1), "c": Share(None, 0)}, machines)
    with pytest.raises(PipelineError, match=r"^b asks for 4 cores and 1 GPUs, and no machine has that \(2 cores and 1"):
        check_shares({"a": Share(8, 0), "b": Share(4, 1)}, machines)


@pytest.mark.parametrize(
    ("jobs", "cores", "width", "limits"),
    [
        ("auto", [8, 8], 4, Limits(4, 4, "SPREAD")),
        ("auto", [8, 2], 2, Limits(5, 2, "SPREAD")),  # no more than the smaller one has
        ("auto", [1, 1], 6, Limits(2, 1, "SPREAD")),
        ("auto", [0, 4], 4, Limits(4, 1, "SPREAD")),  # a head without cores
        ("3", [8, 8], 4, Limits(3, 4, "SPREAD")),
    ],
)
def test_few_stages_have_more_cores_each(jobs, cores, width, limits):
    assert choose_limits(jobs, cores, width) == limits
