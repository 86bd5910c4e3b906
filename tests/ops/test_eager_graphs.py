"""What is compiled: no loop of Python's stands behind a step of training."""

import pytest

from keras_vae._compat import tf
from tests import tiny


def operations(**options) -> int:
    """How many there are in the graph of a training step, in its loops' bodies too."""
    model = tiny.vae(**options)
    batch = tiny.block(model, 1, 4, num_samples=model.objective.num_samples).step(0)
    model.optimizer.build(model.trainable_variables)
    graph = tf.function(model.train_step).get_concrete_function(batch).graph.as_graph_def()
    return len(graph.node) + sum(len(f.node_def) for f in graph.library.function)


@pytest.mark.parametrize(
    ("few", "many"),
    [
        ({"recipe": "iwae", "latent_samples": 2}, {"latent_samples": 9}),
        ({"recipe": "dreg", "latent_samples": 2}, {"latent_samples": 9}),
        ({"recipe": "iwae2", "latent_samples": 2}, {"latent_samples": 9}),
        ({"recipe": "monte_carlo", "latent_samples": 2}, {"latent_samples": 9}),
        ({"recipe": "bayes", "latent_samples": 2}, {"latent_samples": 9}),
        ({"prior": "vamp", "prior_components": 2}, {"prior_components": 9}),
        ({"prior": "mixture", "prior_components": 2}, {"prior_components": 9}),
        ({"recipe": "gmvae", "prior_components": 2}, {"prior_components": 9}),
        (
            {"likelihood": "logistic_mixture", "likelihood_components": 2},
            {"likelihood_components": 9},
        ),
        ({"network": "gru", "event_shape": (4, 5, 1)}, {"event_shape": (9, 5, 1)}),
        ({"recipe": "sequence", "event_shape": (4, 5, 1)}, {"event_shape": (9, 5, 1)}),
        ({"recipe": "music", "event_shape": (6, 3, 1)}, {"event_shape": (12, 3, 1)}),
    ],
    ids=lambda options: "-".join(map(str, options.values())),
)
def test_a_steps_graph_does_not_grow_with_samples_components_or_time(few, many):
    """But for what tells a loop's length, one more operation or less."""
    assert abs(operations(**few | many) - operations(**few)) < 20
