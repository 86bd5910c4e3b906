"""How often a training step becomes a graph, which takes most of the time of a short training."""

from tests import tiny


def test_a_block_of_steps_is_traced_once():
    """Adam makes its variables before: made inside, they would have the graph traced again."""
    model, traced = tiny.vae(), []
    step = model.train_step

    def train_step(batch):
        traced.append(batch)
        return step(batch)

    model.train_step = train_step
    tiny.train(model, tiny.block(model, 3, 4), tiny.block(model, 3, 4, seed=1))
    assert len(traced) == 1
    assert model.optimizer.iterations == 6
