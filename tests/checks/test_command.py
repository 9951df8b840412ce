import pytest

from stacker.artifacts.errors import PipelineError, run_stage


def _fail(error: BaseException) -> None:
    raise error


def test_run_stage_ends_with_the_message_alone_when_the_user_can_mend_it():
    with pytest.raises(SystemExit) as caught:
        run_stage(lambda: _fail(PipelineError("data.images: no such folder")))

    assert caught.value.code == "\nerror: data.images: no such folder\n"  # a string: printed, and exit status 1
    assert caught.value.__cause__ is None


def test_run_stage_keeps_the_traceback_of_a_defect():
    with pytest.raises(ZeroDivisionError):
        run_stage(lambda: _fail(ZeroDivisionError()))


def test_run_stage_returns_when_all_went_well():
    calls = []

    run_stage(lambda: calls.append(1))

    assert calls == [1]
