"""Small models and data for the tests."""

import numpy as np
import scipy.stats

import keras_vae
from keras_vae import likelihoods, objectives, posteriors, priors
from keras_vae._compat import tf, tfk
from keras_vae.batches import Block
from keras_vae.building.bodies import NETWORKS
from keras_vae.building.parts import LIKELIHOODS
from keras_vae.config.recipes import RECIPES
from keras_vae.likelihoods import Support
from keras_vae.networks import linear

EVENT_SHAPE = (7, 5, 1)  # Odd sizes: halving and doubling must still fit.
LEVELS = 5
NUM_CLASSES = 4
# Rows of a table with two columns that are learned, whose x may be 0 and 1.
TABLE = {
    "name": "table",
    "columns": [
        {
            "name": "paid",
            "kind": "rounded",
            "decimals": 1,
            "step": 0.1,
            "unit": 0.1,
            "spikes": [0.0],
            "frequencies": [0.6, 0.4],
        },
        {
            "name": "town",
            "kind": "category",
            "categories": ["Bern", "Oslo", "Rome"],
            "frequencies": [0.5, 0.3, 0.2],
            "unseen": 0.01,
        },
        {"name": "key", "kind": "id"},
    ],
}
TABLES = {"event_shape": (2,), "modality": TABLE, "network": "columns", "likelihood": "columns"}
# What is made of images, and of other arrays.
LIKELIHOODS_OF_ARRAYS = [name for name in LIKELIHOODS if name != "columns"]
NETWORKS_OF_ARRAYS = [name for name in NETWORKS if name != "columns"]
NETWORK_SIZES = {
    "linear": {},
    "mlp": {"hidden": (8,)},
    "gated_mlp": {"hidden": (8,)},
    "conv": {"filters": (4, 6)},
    "gated_conv": {"filters": (4, 6)},
    "resnet": {"filters": (4, 6), "blocks": 1},
    "gru": {"hidden": (8,)},
    "bars": {"hidden": (8,), "bar_steps": 3},
    "transformer": {"hidden": (8,), "attention_heads": 2},
    "columns": {"hidden": (8,)},
}
POSTERIOR_SIZES = {"iaf": {"flow_layers": 2, "flow_hidden": 4}}
PRIOR_SIZES = {
    "mixture": {"prior_components": 3},
    "vamp": {"prior_components": 3},
    "real_nvp": {"flow_layers": 2, "flow_hidden": 4},
    "maf": {"flow_layers": 2, "flow_hidden": 4},
    "conditional_normal": {"prior_hidden": 4, "condition": "label"},
}
STRUCTURE_SIZES = {
    "single": {"latent_dim": 3},
    "bottom_up": {"latent_dims": (3, 2), "hidden": (8, 6)},
    "ladder": {"latent_dims": (3, 2, 2), "hidden": (8, 6, 4)},
    "sequence": {"latent_dim": 2},
}
# Steps that a test can count by hand, where the recipe has no others.
PLAIN_STEPS = {"learning_rate": 1e-3, "learning_rate_schedule": "constant", "ema_decay": 0.0}
# A ladder of convolutions, on images of EVENT_SHAPE.
MAPS = {"stages": ("4x2", "1x1"), "width": 4, "latent_channels": 2}


def network_of(options) -> str:
    """The network of `config(**options)`."""
    return options.get("network", RECIPES[options.get("recipe", "vae")].get("network", "mlp"))


def config(**options) -> keras_vae.Config:
    """A recipe ("vae" unless named) with few weights."""
    name = options.pop("recipe", "vae")
    if name == "table" or "columns" in (options.get("likelihood"), options.get("network")):
        options = TABLES | {"levels": None} | options
        options |= {k: TABLES[k] for k in ("event_shape", "modality", "network", "likelihood")}
    network = network_of(options | {"recipe": name})
    structure = options.get("structure", RECIPES[name].get("structure", "single"))
    small = {"batch_size": 8, "event_shape": EVENT_SHAPE, "levels": LEVELS}
    small |= {"num_classes": NUM_CLASSES, "num_examples": 32}
    small |= {option: v for option, v in PLAIN_STEPS.items() if option not in RECIPES[name]}
    if (structure, network) == ("ladder", "resnet"):
        small |= MAPS
    else:
        small |= NETWORK_SIZES[network]
        small |= {} if "latent_shape" in options else STRUCTURE_SIZES[structure]
    small |= POSTERIOR_SIZES.get(options.get("posterior", RECIPES[name].get("posterior")), {})
    small |= PRIOR_SIZES.get(options.get("prior", RECIPES[name].get("prior")), {})
    if options.get("posterior") == "deterministic":
        small |= {"prior": "none", "objective": "reconstruction"}
    if options.get("posterior") == "prior":
        small |= {"objective": "importance_weighted"}
    return keras_vae.recipe(name, **(small | options))


def likelihood(name, shape, levels=9) -> likelihoods.Likelihood:
    """The likelihood of that name, of values [*shape]."""
    member = LIKELIHOODS[name]
    sizes = {"likelihood_scale": 0.5, "likelihood_components": 3}
    options = {option: sizes[option] for option in member.options if option in sizes}
    return member(config(likelihood=name, levels=levels, **options).model, shape)


def described(config, **data) -> dict:
    """What a run's config.json holds."""
    data = {"name": "made", "fingerprint": "0", "num_examples": {"train": 32}, "notes": []} | data
    return {"config": config.to_dict(), "data": data, "versions": {"tensorflow": "2.77"}}


def vae(jit_compile=False, run_eagerly=False, **options) -> keras_vae.VAE:
    """The model of `config(**options)`."""
    return keras_vae.build(
        config(**options), steps_per_epoch=4, jit_compile=jit_compile, run_eagerly=run_eagerly
    )


def images(n, support=Support.BINARY, event_shape=EVENT_SHAPE, levels=LEVELS, seed=0):
    """Random examples [n, H, W, C], float32, of the values that a likelihood has mass on."""
    rng = np.random.default_rng(seed)
    shape = (n, *event_shape)
    x = {
        Support.BINARY: lambda: rng.integers(0, 2, shape),
        Support.LEVELS: lambda: rng.integers(0, levels, shape) / (levels - 1),
        Support.UNIT: lambda: rng.uniform(size=shape),
        Support.REAL: lambda: rng.normal(0.5, 0.3, shape),
        Support.COUNTS: lambda: rng.poisson(3.0, shape),
        Support.COLUMNS: lambda: rng.integers(0, 2, shape),
    }[support]()
    return x.astype(np.float32)


def images_for(model, n, seed=0):
    """`images` that suit the model's likelihood and shape."""
    return images(n, model.decoder.likelihood.support, model.event_shape, seed=seed)


def conditions_for(model, n, seed=0):
    """Conditions [n, ...] for the model, or None where it needs none beside x."""
    if model.condition is None or model.condition.in_examples:
        return None
    return np.random.default_rng(seed).integers(0, NUM_CLASSES, n, dtype=np.int32)


def shown(model, x):
    """Conditions for each of the examples that show what the model does, or None."""
    return None if model.condition is None else model.condition.to_show(len(x), x)


def noise(model, num_samples, n, seed=0):
    """What `terms` needs: [S, n, D] standard normal noise."""
    return model.draw_noise([0, seed], num_samples, n)


def block(model, num_steps, batch_size, num_samples=1, seed=0) -> Block:
    """K steps of random examples and noise."""
    size = num_steps * batch_size
    x, condition = images_for(model, size, seed), conditions_for(model, size, seed)
    noises = [noise(model, num_samples, batch_size, 100 * seed + i) for i in range(num_steps)]

    def steps(rows):
        return None if rows is None else tf.stack(np.split(rows, num_steps))

    return Block(steps(x), tf.stack(noises), steps(condition))


def halves(block, strategy) -> Block:
    """The block with each batch split over two replicas."""

    def rows(tensor, axis):
        parts = tf.split(tensor, 2, axis)
        return strategy.experimental_distribute_values_from_function(
            lambda context: parts[context.replica_id_in_sync_group]
        )

    condition = None if block.condition is None else rows(block.condition, 1)
    return Block(rows(block.x, 1), rows(block.noise, 2), condition)


def train(model, *blocks) -> dict:
    """Trains on each block; the last logs, as floats."""
    step, feed = model.make_train_function(), iter(blocks)
    for _ in blocks:
        logs = step(feed)
    return {name: float(value) for name, value in logs.items()}


def randomize(model, scale=0.3, seed=0):
    """Draws all weights anew: initial biases of zero would hide mistakes."""
    rng = np.random.default_rng(seed)
    for v in model.trainable_variables:
        value = v + scale * rng.normal(size=v.shape)
        v.assign(value if v.constraint is None else v.constraint(value))
    return model


def linear_normal(weights, bias, scale, event_shape, encoder=None) -> keras_vae.VAE:
    """p(x|z) = N(W z + b, scale^2 I), p(z) = N(0, I); log p(x) has a closed form.

    Args:
      weights: W, [D_x, D].
      bias: b, [D_x].
      scale: standard deviation of x given z.
      event_shape: shape of x.
      encoder: (matrix [D_x, D], bias [D], scale [D]) of q(z|x) = N(x M + m, diag(scale^2)).
    """
    latent_dim = weights.shape[1]
    model = keras_vae.VAE(
        keras_vae.Encoder(linear(), posteriors.DiagonalNormal(latent_dim)),
        keras_vae.Decoder(linear(), likelihoods.Normal(event_shape, float(scale))),
        priors.StandardNormal(latent_dim),
    )
    model.decoder.projection.linear.set_weights([weights.T, bias])
    if encoder is not None:
        matrix, loc, q_scale = encoder
        # The head's scale is softplus(raw + log(e - 1)) + 1e-5.
        raw = np.log(np.expm1(q_scale - 1e-5)) - np.log(np.expm1(1.0))
        kernel = np.concatenate([matrix, np.zeros_like(matrix)], axis=1)
        model.encoder.projection.set_weights([kernel, np.concatenate([loc, raw])])
    model.compile(objective=objectives.SGVB())
    return model


def exact_linear(offset=0.0, widening=1.0, n=20):
    """A linear model of 12 values and 2 latents; n of its x; the exact log p(x) [n].

    W has orthogonal columns, so that the posterior is diagonal. q(z|x) is the exact posterior,
    moved by `offset` of its deviations and widened.
    """
    rng = np.random.default_rng(0)
    weights = np.linalg.qr(rng.normal(size=(12, 2)))[0] * [1.5, 0.7]
    bias, scale = rng.normal(size=12), 0.5
    variance = 1.0 / ((weights**2).sum(0) / scale**2 + 1.0)
    matrix = weights * variance / scale**2
    loc = -bias @ matrix + offset * np.sqrt(variance)
    encoder = (matrix, loc, widening * np.sqrt(variance))
    model = linear_normal(weights, bias, scale, (4, 3, 1), encoder)
    p = scipy.stats.multivariate_normal(bias, weights @ weights.T + scale**2 * np.eye(12))
    x = p.rvs(n, random_state=1).astype(np.float32)
    return model, x.reshape(-1, 4, 3, 1), p.logpdf(x)


def loss_of(objective, terms, beta):
    """The objective's loss [B], its gradient weighed as in training."""
    weight = objective.gradient_weight(terms, beta)
    if weight is not None:
        terms.gradient_weight.set(weight)
    return objective(terms, beta)


def gradients(model, function):
    """(value, gradients of the trainable variables, None as zeros) of a scalar function."""
    variables = model.trainable_variables
    with tf.GradientTape() as tape:
        value = function()
    grads = tape.gradient(value, variables, unconnected_gradients="zero")
    return value.numpy(), [g.numpy() for g in grads]


def sgd(learning_rate=0.1):
    """Weights after its steps show every gradient, unscaled."""
    return tfk.optimizers.SGD(learning_rate)
