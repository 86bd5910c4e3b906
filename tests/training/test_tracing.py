"""How often a training step becomes a graph, which takes most of the time of a short training."""

import pytest

from tests import tiny


@pytest.mark.parametrize("lengths", [(3, 3), (3, 4, 2)], ids=str)
def test_a_step_is_traced_once(lengths):
    """In blocks of any length; an epoch has two, and a resumed one three.

    Adam makes its variables before: made inside, they would have the graph traced again.
    """
    model, traced = tiny.vae(), []
    step = model.train_step

    def train_step(batch):
        traced.append(batch)
        return step(batch)

    model.train_step = train_step
    tiny.train(model, *(tiny.block(model, length, 4, seed=length) for length in lengths))
    assert len(traced) == 1
    assert model.optimizer.iterations == sum(lengths)
