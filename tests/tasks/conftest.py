"""A run that tasks are tried on."""

import pytest

from keras_vae import runs
from tests.in_process import TINY, parse
from trainers import train


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A small run on 179 test images, not measured."""
    path = tmp_path_factory.mktemp("run")
    parse(f"--workdir={path}", *TINY)
    train.main()
    return runs.load(path)
