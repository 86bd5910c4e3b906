"""build: every name in the config is a part, every part has a name, and every product trains."""

import itertools

import numpy as np
import pytest

import keras_vae
from keras_vae import config as configs
from keras_vae import likelihoods, networks, objectives, posteriors
from keras_vae._compat import tf, tfk
from keras_vae.building.bodies import NETWORKS
from keras_vae.building.parts import BETA_SCHEDULES, LIKELIHOODS, OPTIMIZERS
from tests import tiny

# But optimizers and schedules, on which nothing depends.
AXES = {
    axis: configs.AXES[axis]
    for axis in (
        "network",
        "posterior",
        "prior",
        "likelihood",
        "condition",
        "weights",
        "structure",
        "decoder",
        "objective",
    )
}
MEMBERS = [(axis, name) for axis, names in AXES.items() for name in names]
# Options with choices that need no registry: each is tested where it is used.
OTHER_CHOICES = {
    "activation",
    "binarization",
    "channel_dependence",
    "channels",
    "frames",
    "gradient",
    "inference",
    "kl",
    "augment",
    "learning_rate_schedule",
    "merge",
    "missing",
    "normalization",
    "prior_covariance",
    "relaxation",
    "resize",
}


@pytest.mark.parametrize("option", list(configs.AXES))
def test_choices_of_the_config_are_the_members(option):
    assert configs.AXES[option]
    assert configs.find(option)[1].metadata["choices"] is configs.AXES[option]


def test_all_axes_are_looked_at():
    assert set(AXES) | {"optimizer", "beta_schedule"} == set(configs.AXES)


def test_every_option_with_choices_is_looked_at():
    with_choices = {f.name for _, f in configs.options() if f.metadata["choices"]}
    assert with_choices == set(configs.AXES) | OTHER_CHOICES


@pytest.mark.parametrize("activation", configs.find("activation")[1].metadata["choices"])
def test_every_activation_is_keras(activation):
    assert callable(tfk.activations.get(activation))


def finite_step(model):
    """Trains one step in the way the model is compiled; everything must stay finite."""
    model.optimizer.build(model.trainable_variables)
    before = [v.numpy() for v in model.trainable_variables]
    logs = model.make_train_function()(iter([tiny.block(model, 1, 4)]))
    assert all(np.isfinite(value) for value in logs.values())
    after = [v.numpy() for v in model.trainable_variables]
    assert all(np.isfinite(a).all() for a in after)
    assert any((a != b).any() for a, b in zip(after, before, strict=True))


def finite_verbs(model):
    """What is drawn, and what is measured, must be finite too."""
    batch = tiny.block(model, 1, 4).step(0)
    x, condition = batch.x, batch.condition
    assert np.isfinite(model.reconstruct(x, condition)).all()
    if model.prior is not None:
        assert np.isfinite(model.sample(4, seed=0, condition=tiny.shown(model, x))).all()
    if model.has_bound:
        assert np.isfinite(model.log_likelihood(x, num_samples=3, condition=condition)).all()


def problem(options):
    """Why Config.check refuses them, the other axes as they are by default; None if it doesn't."""
    try:
        tiny.config(**options)
    except ValueError as error:
        return str(error)
    return None


def completed(options, changes=2):
    """Options with these among them that can be, by the fewest changes to the default; or None."""
    wrong = problem(options)
    if wrong is None or not changes:
        return options if wrong is None else None
    for axis, name in MEMBERS:
        more = options | {axis: name}
        # A change that leaves the same problem is no step forward.
        if (
            axis not in options
            and problem(more) != wrong
            and (found := completed(more, changes - 1))
        ):
            return found
    return None


def held(options):
    """Members and pairs of members."""
    return {frozenset(c) for n in (1, 2) for c in itertools.combinations(options.items(), n)}


def cover():
    """Yields members of all axes, until each, then each pair that can be, was among them: greedily,
    so that few are needed."""
    covered = set()
    for wanted in (c for n in (1, 2) for c in itertools.combinations(MEMBERS, n)):
        options = dict(wanted)
        if len(options) < len(wanted) or frozenset(wanted) in covered:
            continue
        if (options := completed(options)) is None:
            continue
        for axis in [axis for axis in AXES if axis not in options]:
            choices = [options | {axis: name} for name in AXES[axis]]
            choices.sort(key=lambda options: len(held(options) & covered))
            options = next(options for options in choices if problem(options) is None)
        covered |= held(options)
        yield options


def named(options):
    return "-".join(options.values())


@pytest.mark.parametrize("options", itertools.islice(cover(), 25), ids=named)
def test_members_of_all_axes_compose(options):
    finite_step(tiny.vae(run_eagerly=True, **options))


@pytest.mark.product
def test_every_pair_of_members_composes(subtests):
    covered = set()
    for options in cover():
        covered |= held(options)
        with subtests.test(named(options)):
            model = tiny.vae(**options)
            finite_step(model)
            finite_verbs(model)
    # No options that can be hold another pair, wherever they come from.
    rng = np.random.default_rng(0)
    for _ in range(5000):
        axes = rng.choice(list(AXES), rng.integers(2, len(AXES) + 1), replace=False)
        options = {str(axis): str(rng.choice(list(AXES[axis]))) for axis in axes}
        assert problem(options) or held(options) <= covered


# Options arrive where they belong ---------------------------------------------------------------


def test_model_options_arrive():
    model = tiny.vae(hidden=(8, 5), latent_dim=2, activation="tanh", posterior="full_covariance")
    assert isinstance(model.encoder.posterior, posteriors.FullCovarianceNormal)
    assert model.latent_dim == 2
    assert model.event_shape == tiny.EVENT_SHAPE
    units = lambda body: [d.units for d in body.layers if hasattr(d, "units")]  # noqa: E731
    assert units(model.encoder.network) == [8, 5]
    assert units(model.decoder.network) == [5, 8]
    assert model.encoder.network.layers[-1].activation is tfk.activations.tanh


def test_convolutional_options_arrive():
    model = tiny.vae(network="resnet", filters=(3, 4, 5), blocks=2, activation="elu")
    for body in (model.encoder.network, model.decoder.network):
        blocks = [b for b in body.layers if isinstance(b, networks.ResidualBlock)]
        assert len(blocks) == 6
        assert {b.activation for b in blocks} == {"elu"}
    filters = lambda body: [b.filters for b in body.layers if hasattr(b, "body")]  # noqa: E731
    assert filters(model.encoder.network) == [3, 3, 4, 4, 5, 5]
    assert filters(model.decoder.network) == [5, 5, 5, 5, 4, 4]  # Before each doubling.


def test_networks_have_the_sizes_they_are_told():
    units = lambda body: [d.units for d in body.layers if hasattr(d, "units")]  # noqa: E731
    gated = tiny.vae(network="gated_mlp", hidden=(8, 5))
    assert units(gated.encoder.network) == [16, 10]
    assert units(gated.decoder.network) == [10, 16]
    gru = tiny.vae(network="gru", hidden=(8, 5))
    assert [r.layer.cell.units for r in gru.encoder.network.layers[1:]] == [8, 5]
    assert [r.cell.units for r in gru.decoder.network.layers[1:]] == [5, 8]
    filters = lambda body: [c.filters for c in body.layers if hasattr(c, "filters")]  # noqa: E731
    gated = tiny.vae(network="gated_conv", filters=(3, 4))
    assert filters(gated.encoder.network) == [6, 8]
    assert filters(gated.decoder.network) == [8, 6]


@pytest.mark.parametrize("network", ["conv", "gated_conv", "resnet", "transformer"])
def test_attention_has_the_heads_it_is_told(network):
    def heads(**options):
        model = tiny.vae(network=network, **options)
        bodies = [model.encoder.network, model.decoder.network]
        layers = [m for body in bodies for m in body.submodules]
        return [m.heads for m in layers if isinstance(m, networks.SelfAttention)]

    assert heads(attention_heads=3) == [3, 3]
    assert heads(attention_heads=None) == ([4, 4] if network == "transformer" else [])


def test_likelihood_options_arrive():
    assert tiny.vae(likelihood="normal", likelihood_scale=0.3).decoder.likelihood.scale == 0.3
    for name in ("discretized_logistic", "logistic_mixture", "categorical"):
        assert tiny.vae(likelihood=name, levels=17).decoder.likelihood.levels == 17
    mixture = tiny.vae(likelihood="logistic_mixture", likelihood_components=3)
    assert mixture.decoder.likelihood.num_components == 3
    classes = {type(tiny.vae(likelihood=name).decoder.likelihood) for name in LIKELIHOODS}
    assert len(classes) == len(LIKELIHOODS)
    assert all(issubclass(c, likelihoods.Likelihood) for c in classes)


def test_options_of_posteriors_arrive():
    low_rank = tiny.vae(posterior="low_rank", posterior_rank=1).encoder.posterior
    assert isinstance(low_rank, posteriors.LowRankNormal)
    assert low_rank.rank == 1
    flow = tiny.vae(posterior="iaf", flow_layers=3, flow_hidden=5).encoder.posterior
    assert isinstance(flow, posteriors.InverseAutoregressive)
    assert (flow.num_layers, flow.hidden) == (3, 5)


def test_objective_options_arrive():
    assert tiny.vae(kl="sampled", latent_samples=3).objective == objectives.SGVB("sampled", 3)
    free = tiny.vae(objective="free_bits", free_bits=0.5, latent_samples=2).objective
    assert free == objectives.FreeBits(0.5, 2)
    autoencoder = tiny.vae(objective="reconstruction", latent_samples=2).objective
    assert autoencoder == objectives.Reconstruction(2)
    weighted = tiny.vae(objective="importance_weighted", gradient="dreg", latent_samples=4)
    assert weighted.objective == objectives.ImportanceWeighted(4, "dreg")


def test_condition_options_arrive():
    assert tiny.vae().condition is None
    assert tiny.vae(condition="label", num_classes=6).condition.num_classes == 6
    named = tiny.vae(condition="image_part", visible="top_half").condition
    np.testing.assert_array_equal(named.visible, np.arange(7)[:, np.newaxis] < [3] * 5)
    mask = np.arange(35) % 3 == 0
    drawn = tiny.vae(condition="image_part", visible_mask=tuple(mask.astype(int).tolist()))
    np.testing.assert_array_equal(drawn.condition.visible, mask.reshape(7, 5))
    colours = tiny.vae(condition="image_part", event_shape=(4, 4, 3)).condition
    assert colours.shape == (4, 4, 3)


def test_beta_is_warmed_up_over_epochs():
    """4 steps an epoch: a warm-up of 2.5 epochs is 10 steps."""
    for name in set(BETA_SCHEDULES) - {"constant"}:
        model = tiny.vae(beta=4.0, beta_schedule=name, beta_warmup_epochs=2.5)
        schedule = model.beta_schedule
        assert float(schedule(tf.constant(0, tf.int64))) == 0.0
        np.testing.assert_allclose(schedule(tf.constant(5, tf.int64)), 2.0, rtol=1e-6)
        np.testing.assert_allclose(schedule(tf.constant(10, tf.int64)), 4.0, rtol=1e-6)
    np.testing.assert_allclose(tiny.vae(beta=4.0).beta_schedule(0), 4.0)


def test_training_options_arrive():
    for name, optimizer in OPTIMIZERS.items():
        model = tiny.vae(optimizer=name, learning_rate=0.25, clip_norm=2.0)
        assert type(model.optimizer) is optimizer.kind
        assert float(model.optimizer.learning_rate) == 0.25
        assert model.optimizer.global_clipnorm == 2.0
        if "beta_2" in optimizer.options:
            assert tiny.vae(optimizer=name, beta_2=0.5).optimizer.beta_2 == 0.5
    assert tiny.vae(ema_decay=0.9).ema.decay == 0.9
    assert tiny.vae().ema is None


def test_the_cosine_falls_to_zero_at_the_last_step():
    """4 steps an epoch, 5 epochs."""
    model = tiny.vae(learning_rate=0.5, learning_rate_schedule="cosine", epochs=5)
    rates = [float(model.optimizer._learning_rate(step)) for step in (0, 10, 20, 30)]
    np.testing.assert_allclose(rates, [0.5, 0.25, 0.0, 0.0], atol=1e-7)


def test_the_seed_decides_initial_weights_and_noise():
    weights = lambda seed: tiny.vae(seed=seed).get_weights()  # noqa: E731
    for a, b in zip(weights(1), weights(1), strict=True):
        np.testing.assert_array_equal(a, b)
    assert any((a != b).any() for a, b in zip(weights(1), weights(2), strict=True))
    assert tiny.vae(seed=5).seed == 5


def test_compilation_is_chosen_by_what_helps():
    """On a CPU: XLA, but not for convolutions and columns of tables."""
    if tf.config.list_physical_devices("GPU"):
        pytest.skip("On a GPU everything is compiled.")
    slower = {"conv", "gated_conv", "resnet", "columns"}
    wanted = {network: network not in slower for network in NETWORKS}
    for network, compiled in wanted.items():
        model = tiny.vae(network=network, jit_compile="auto")
        assert model.jit_compile is compiled


# What is missing is named -----------------------------------------------------------------------


def test_missing_data_facts_are_named():
    with pytest.raises(ValueError, match="event_shape is missing"):
        keras_vae.build(keras_vae.recipe("vae"))
    for name in ("discretized_logistic", "categorical"):
        with pytest.raises(ValueError, match=f"likelihood={name} is for quantised data"):
            keras_vae.build(keras_vae.recipe("vae", event_shape=(4, 4, 1), likelihood=name))
    with pytest.raises(ValueError, match="condition=label needs `num_classes`"):
        keras_vae.build(keras_vae.recipe("cvae", event_shape=(4, 4, 1)))


def test_an_unknown_part_of_the_image_lists_the_known_ones():
    words = r"visible must be one of left_half, .* 'middle' is neither"
    with pytest.raises(ValueError, match=words):
        tiny.vae(condition="image_part", visible="middle")


@pytest.mark.parametrize(
    "options",
    [
        {"learning_rate_schedule": "cosine"},
        {"beta_schedule": "linear", "beta_warmup_epochs": 1.0},
    ],
)
def test_schedules_need_the_number_of_steps(options):
    """Which `fit` knows, and no other verb."""
    model = keras_vae.build(tiny.config(**options), jit_compile=False)
    with pytest.raises(ValueError, match="needs to know the number of steps"):
        model.train_on_batch(tiny.images(8))
    model.fit(tiny.images(8), batch_size=8, verbose=0, epochs=2)
    model.train_on_batch(tiny.images(8))
