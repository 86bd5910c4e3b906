"""Keras' bar counts steps, where a model trains by blocks of them."""

import re
import types

import numpy as np

from keras_vae import data
from keras_vae._compat import tf, tfk
from keras_vae.training.steps_bar import StepsBar, with_steps_bar
from tests import tiny


def shown(out, steps):
    """Where the bar of so many steps stood."""
    return sorted({int(step) for step in re.findall(rf"(\d+)/{steps} \[", out)})


def test_a_fit_on_a_split_counts_steps(capsys):
    x = np.random.default_rng(0).integers(0, 2, (121, 7, 5, 1)).astype(bool)
    tiny.vae().fit(data.InMemory(x, levels=2), batch_size=1, verbose=1)
    found = shown(capsys.readouterr().out, 121)
    assert set(found) <= {40, 80, 121}  # Three blocks; one may follow too fast to be shown.
    assert {40, 121} <= set(found)


def test_an_epoch_that_was_broken_off_goes_on_where_it_was(capsys):
    iterations = tf.Variable(26)
    model = types.SimpleNamespace(
        optimizer=types.SimpleNamespace(iterations=iterations), metrics=[]
    )
    bar = StepsBar(10, first_step=6, epochs=5)
    callbacks = tfk.callbacks.CallbackList([bar], model=model, verbose=1, epochs=1, steps=2)
    callbacks.on_train_begin()
    callbacks.on_epoch_begin(0)
    iterations.assign(28)
    callbacks.on_train_batch_end(0, {"loss": 1.0})
    out = capsys.readouterr().out
    assert "Epoch 1/5" in out
    assert shown(out, 10) == [8]
    iterations.assign(30)
    callbacks.on_epoch_end(0, {"loss": 1.0})
    assert shown(capsys.readouterr().out, 10) == [10]


def test_a_bar_of_ones_own_stays():
    own = tfk.callbacks.ProgbarLogger("steps")
    assert with_steps_bar([own], 7) == [own]
    other = tfk.callbacks.History()
    for given in (other, [other], (other,)):
        first, bar = with_steps_bar(given, 7)
        assert first is other
        assert isinstance(bar, StepsBar)
    assert len(with_steps_bar(None, 7)) == 1
    callbacks = tfk.callbacks.CallbackList([other])
    assert with_steps_bar(callbacks, 7) is callbacks
