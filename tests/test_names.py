"""Names that are loaded when asked for, and old names of what has moved."""

import importlib

import pytest

import keras_vae
from keras_vae import _names


def test_the_rooms_are_there_after_import_keras_vae():
    for name in keras_vae.__all__:
        assert getattr(keras_vae, name) is not None
    assert set(keras_vae.__all__) <= set(dir(keras_vae))
    with pytest.raises(AttributeError, match="no attribute 'rooms'"):
        keras_vae.rooms  # noqa: B018


def test_a_class_of_another_name_is_found_by_its_old_one():
    with pytest.warns(DeprecationWarning, match=r"keras_vae\.data\.Split"):
        assert keras_vae.data.Images is keras_vae.data.Split


@pytest.mark.parametrize("old", _names.RENAMED)
def test_every_old_module_is_another_now(old):
    new = importlib.import_module(f"keras_vae.{_names.RENAMED[old]}")
    with pytest.warns(DeprecationWarning, match=new.__name__):
        found = importlib.import_module(f"keras_vae.{old}")
    public = {name for name in vars(new) if not name.startswith("__")}
    assert public <= set(vars(found))


def test_functions_of_old_modules_are_found_by_their_old_names():
    from keras_vae.compilation import prefers_xla
    from keras_vae.runs import load_model
    from keras_vae.saving import load, save

    assert load is load_model is keras_vae.load
    assert save.__module__ == "keras_vae.storage.keras_file"
    assert prefers_xla.__module__ == "keras_vae.training.xla"
    for old, names in _names.MOVED.items():
        module = getattr(keras_vae, old)  # The module is there without an import of its own.
        assert all(callable(getattr(module, name)) for name in names)
