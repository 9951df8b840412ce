"""The figures of docs/reliability.md."""

from pathlib import Path

from tools import write_reliability
from tools.generated_part import END

ROOT = Path(__file__).parents[2]
TRIES = [
    {"fault": "SIGKILL", "where": "train@b", "is_well": True, "seed": 3},
    {"fault": "disk full", "where": "prepare", "is_well": True, "seed": 3},
    {"fault": "SIGKILL", "where": "check", "is_well": False, "seed": 3},
    {"fault": "SIGKILL", "where": "train@a", "is_well": True, "seed": 3},
]


def test_a_fault_has_a_line_with_its_stages_and_how_often_all_went_well():
    lines = write_reliability.format_table(TRIES).splitlines()

    assert lines[2:] == ["| SIGKILL | train 2, check 1 | 3 | 2 |", "| disk full | prepare 1 | 1 | 1 |"]


def test_the_machine_is_named_by_its_processor_and_versions():
    machine = {"CPU": "a CPU", "cores": "2", "system": "Linux", "versions": "dvc 3", "memory": "1 GiB"}

    said = write_reliability.describe_run(TRIES, machine)
    assert said.endswith(", `FAULTS_SEED=3`, a CPU, 2 cores, Linux; dvc 3.")


def test_the_page_has_figures_of_a_run_in_which_all_was_as_promised():
    page = (ROOT / write_reliability.PAGE).read_text(encoding="utf-8")
    table = page.partition(write_reliability.BEGIN)[2].partition(END)[0]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines() if "|" in line][2:]

    assert sum(int(row[2]) for row in rows if row[0].startswith("SIG")) >= 60
    assert [row for row in rows if row[2] != row[3]] == []
