import pathlib

import pytest

from keras_vae.data import load


@pytest.fixture(scope="session")
def shared_data():
    """The folder of real data sets beside the checkout."""
    path = pathlib.Path(__file__).parents[3] / "shared" / "data"
    if not path.is_dir():
        pytest.skip("no ../shared/data beside the checkout")
    return path


@pytest.fixture(scope="session")
def mnist_dir(shared_data):
    return str(shared_data / "tfds")


@pytest.fixture(scope="session")
def mnist(mnist_dir):
    return load("mnist", data_dir=mnist_dir)
