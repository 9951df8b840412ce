from stacker.planning.code_changes import describe_code_changes, find_code_changes, merge_code_changes

OLD = "module stacker.a 11\nmodule stacker.b 22\nmodule stages.c 33\npackage keras 3.15\npackage numpy 2.3 2.4\n"
NEW = "module stacker.a 11\nmodule stacker.d 44\nmodule stages.c 34\npackage numpy 2.4\npackage scipy 1.17\n"


def describe(*pairs: tuple[str, str]) -> list[str]:
    return list(describe_code_changes(merge_code_changes(find_code_changes(old, new) for old, new in pairs)))


def test_modules_and_packages_that_differ_are_named():
    assert describe((OLD, NEW)) == [
        "code changed: stages.c",
        "no longer imported: stacker.b",
        "newly imported: stacker.d",
        "package keras: 3.15 -> none",
        "package numpy: 2.3 2.4 -> 2.4",
        "package scipy: none -> 1.17",
    ]


def test_what_is_the_same_is_not_named():
    assert describe((OLD, OLD)) == []


def test_changes_of_several_stages_are_named_once():
    other = ("module stacker.a 11\n", "module stacker.a 12\n")

    assert describe((OLD, NEW), other, other)[0] == "code changed: stacker.a, stages.c"


def test_a_stage_that_had_no_file_imports_all_newly():
    assert describe(("", "module stages.c 33\n")) == ["newly imported: stages.c"]


def test_of_many_modules_the_first_are_named():
    old, new = ("".join(f"module stacker.m{number} {digit}\n" for number in range(9)) for digit in (1, 2))

    (line,) = describe((old, new))

    assert line == "code changed: stacker.m0, stacker.m1, stacker.m2, stacker.m3, stacker.m4, stacker.m5 and 3 more"
