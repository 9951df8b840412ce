"""What is said where Ray is not installed."""

import re
import sys

import pytest

from stacker.artifacts.errors import PipelineError, WrongUseError
from stacker.cluster.driver import repro
from stacker.cluster.ray_start import require_ray
from stacker.cluster.wishes import Wishes


def test_without_the_extra_the_command_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(PipelineError, match=re.escape("-r requirements.lock -r locks/cluster.lock`")):
        require_ray()


def test_rays_client_is_refused():
    with pytest.raises(WrongUseError, match="expected auto, host:port or http://host:8265, received ray://head"):
        repro(Wishes([], "auto", None, None, address="ray://head:10001"))
