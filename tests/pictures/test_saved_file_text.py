from stacker.pictures.saved_file_text import describe_saved_files
from stacker.scoring.standings import Model, Standing

FOUND = {
    "n": 1256,
    "largest_difference": 0.41,
    "mean_difference": 0.0123,
    "equal": 0.9922,
    "accuracy": 0.985,
    "accuracy_low": 0.977,
    "accuracy_high": 0.991,
    "accuracy_int8": 0.983,
}


def test_the_saved_file_stands_beside_what_came_through_int8():
    standings = [
        Standing(Model("member", "pet", None, None, saved_file=FOUND), {}, {}),
        Standing(Model("baseline", "mean", None, None), {}, {}),
    ]

    text = describe_saved_files(standings)

    assert text.startswith("## The saved files\n\nScored is what came through int8")
    assert text.splitlines()[-1] == (
        "| pet | 1,256 | 0.9850 | 0.9770 to 0.9910 | 0.9830 | 99.22% | 0.0123 (largest 0.4100) |"
    )
    assert "mean |" not in text.splitlines()[-1]


def test_there_is_no_section_where_nothing_was_quantised():
    assert describe_saved_files([Standing(Model("member", "pet", None, None), {}, {})]) == ""
