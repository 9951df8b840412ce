"""What a machine may lack."""

import pytest
from helpers import small_settings, write_params

from stacker.cluster.fitness import describe_machine, find_lack, make_demands
from stacker.inference.choosing import has_amx
from stacker.settings.whole import load_settings


@pytest.fixture
def demands(workspace) -> dict:
    return {**make_demands(load_settings()), "bytes": 1}


def test_this_machine_is_fit_for_what_it_asks_itself(demands):
    assert find_lack(demands) is None
    assert {"Python", "numpy", "tensorflow"} <= describe_machine().keys()


def test_another_version_is_named(demands):
    demands["machine"] = {**demands["machine"], "numpy": "0.1", "Python": "2.7"}
    here = describe_machine()
    expected = f"Python 2.7, there {here['Python']}; numpy 0.1, there {here['numpy']}"
    assert find_lack(demands) == f"its packages are not the driver's: {expected}"


def test_a_package_that_is_not_there_is_named(demands):
    demands["machine"] = {**demands["machine"], "jax": "0.8"}
    assert find_lack(demands) == "its packages are not the driver's: jax 0.8, there none"


def test_precision_auto_asks_for_a_cpu_like_the_drivers(workspace):
    assert make_demands(load_settings())["amx"] is None
    settings = small_settings()
    settings["inference"] = {"precision": "auto"}
    write_params(settings)
    demands = {**make_demands(load_settings()), "bytes": 1}
    assert demands["amx"] is has_amx()
    assert find_lack(demands) is None
    assert "inference.precision: auto means another precision" in find_lack({**demands, "amx": not has_amx()})


def test_a_file_with_weights_that_is_not_there_is_named(demands, workspace):
    weights = workspace / "weights.h5"
    demands["weights"] = [str(weights)]
    assert f"it lacks the file with weights {weights}" in find_lack(demands)
    weights.touch()
    assert find_lack(demands) is None


def test_a_disk_without_room_is_named(demands):
    assert find_lack({**demands, "bytes": 10**18}).endswith("the inputs need 1000000000.0 GB")
