"""Models on disk: what is saved comes back the same; what can't is refused in one clear error."""

import inspect
import json
import pathlib
import zipfile

import numpy as np
import pytest

import keras_vae
from keras_vae import VAE, Decoder, Encoder, likelihoods, networks, posteriors, priors
from keras_vae._compat import tf, tfd, tfk, tfkl
from keras_vae.files import checksums
from keras_vae.training.fused_adam import FusedAdam
from keras_vae.training.learning_rate import LearningRate
from tests import tiny


class Scale(tfkl.Layer):
    """A body by hand: x times a weight of its own."""

    def __init__(self, start, **kwargs):
        super().__init__(**kwargs)
        self.start = start

    def build(self, input_shape):
        initial = tfk.initializers.Constant(self.start)
        self.factor = self.add_weight("factor", shape=(), initializer=initial)

    def call(self, x):
        return self.factor * x

    def get_config(self):
        return super().get_config() | {"start": self.start}


@tfk.saving.register_keras_serializable("tests")
class RegisteredScale(Scale):
    pass


def unregistered_scale():
    class UnregisteredScale(Scale):
        pass

    return UnregisteredScale(2.0)


def by_hand(encoder=None, decoder=None):
    """A VAE of such bodies."""
    return VAE(
        Encoder(encoder or networks.linear(), posteriors.DiagonalNormal(2)),
        Decoder(decoder or networks.linear(), likelihoods.Bernoulli(tiny.EVENT_SHAPE)),
        priors.StandardNormal(2),
        seed=3,
    )


def numbers(model):
    """All densities at the same x and noise, and samples."""
    x, condition = tiny.images_for(model, 4), tiny.conditions_for(model, 4)
    terms = model.terms(x, tiny.noise(model, 2, 4), condition)
    shown = tiny.shown(model, x[:3])
    samples = None if model.prior is None else model.sample(3, seed=1, condition=shown)
    return [t.numpy() for t in (*terms[:-1], samples) if t is not None]


def assert_same_numbers(a, b):
    for x, y in zip(numbers(a), numbers(b), strict=True):
        np.testing.assert_array_equal(x, y)


def names_in(folder):
    return sorted(p.name for p in folder.iterdir())


# What comes back -------------------------------------------------------------------------------


def test_a_loaded_model_gives_the_same_numbers(tmp_path):
    """And the file is all that saving leaves. (Conformance tests save every kind of model.)"""
    model = tiny.randomize(tiny.vae(seed=5))
    model.save(tmp_path / "model.keras")
    loaded = keras_vae.load(tmp_path / "model.keras")
    assert_same_numbers(loaded, model)
    assert loaded.seed == model.seed == 5
    assert names_in(tmp_path) == ["model.keras"]


# These models together have a part of every class.
VARIED = [
    {"network": "conv", "condition": "image_part", "prior": "real_nvp", "likelihood": "normal"},
    {"network": "resnet", "attention_heads": 2, "posterior": "low_rank", "likelihood": "laplace"},
    {"network": "gated_mlp", "posterior": "iaf", "weights": "bayes", "likelihood": "student_t"},
    {"network": "transformer", "posterior": "full_covariance", "prior": "mixture"},
    {"recipe": "gmvae", "likelihood": "logistic_mixture"},
    {"recipe": "monte_carlo", "prior": "maf", "likelihood": "poisson"},
    {"recipe": "vamp", "likelihood": "normal_learned_scale"},
    {"recipe": "cvae", "prior": "conditional_normal", "likelihood": "normal_per_pixel_scale"},
    {"recipe": "hvae", "prior": "learned_normal", "likelihood": "continuous_bernoulli"},
    {"recipe": "ladder", "likelihood": "discretized_logistic"},
    {"recipe": "monte_carlo", "structure": "ladder", "likelihood": "logistic_mixture"}
    | {"event_shape": (7, 5, 3)},
    {"recipe": "sequence"},
    {"recipe": "music"},
    {"recipe": "deep"},
    {"recipe": "table"},
]


@pytest.fixture(scope="module")
def parts():
    """{class: one of that class}."""
    models = [tiny.vae(**options) for options in VARIED]
    autoencoder = tiny.vae(posterior="deterministic")
    others = [
        priors.GaussianMixture(2, 3),
        priors.Standardized(priors.RealNVP(2)),
        priors.Flattened(priors.StandardNormal(4), (2, 1, 2)),
        *(tiny.likelihood(name, (2, 2, 1)) for name in tiny.LIKELIHOODS_OF_ARRAYS),
    ]
    found = [
        part for model in (*models, autoencoder, *others) for part in (model, *model.submodules)
    ]
    return {type(part): part for part in (*found, FusedAdam(1e-2), LearningRate(1e-3, 0.5, True))}


def as_json(part):
    return json.loads(json.dumps(part.get_config(), default=float))


OURS = {k: v for k, v in tfk.saving.get_custom_objects().items() if k.startswith("keras_vae>")}


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_argument_is_in_the_config(parts, name):
    """One that is missing would be the default's again in a loaded model."""
    part = parts[OURS[name]]
    parameters = inspect.signature(type(part).__init__).parameters.values()
    arguments = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    config = as_json(part)
    assert arguments - {"self", "dynamic"} <= config.keys()  # Keras leaves out "dynamic".
    again = as_json(type(part).from_config(config))
    plain = [name for name, value in config.items() if "class_name" not in str(value)]
    assert {name: again[name] for name in plain} == {name: config[name] for name in plain}


def test_a_loaded_model_without_encoder_keeps_to_its_own_prior(tmp_path):
    model = tiny.vae(recipe="monte_carlo", prior="learned_normal")
    model.save(tmp_path / "model.keras")
    loaded = keras_vae.load(tmp_path / "model.keras")
    loaded.prior.loc.assign([1.0, 2.0, 3.0])
    x = tiny.images(2)
    np.testing.assert_array_equal(loaded.encode(x).mean(), [[1.0, 2.0, 3.0]] * 2)
    np.testing.assert_array_equal(model.encode(x).mean(), np.zeros((2, 3)))


def test_saving_replaces_the_file_that_was_there(tmp_path):
    (tmp_path / "model.keras").write_bytes(b"old")
    model = tiny.randomize(tiny.vae())
    model.save(str(tmp_path / "model.keras"))
    assert_same_numbers(keras_vae.load(str(tmp_path / "model.keras")), model)


def test_the_moving_averages_are_what_is_saved(tmp_path):
    """And the model goes on with its own weights."""
    model = tiny.randomize(tiny.vae(ema_decay=0.9))
    model.optimizer.iterations.assign(1)  # The averages count after a step.
    rng = np.random.default_rng(1)
    for average in model.ema.averages:
        average.assign(rng.normal(size=average.shape))
    own = numbers(model)
    model.save(tmp_path / "model.keras")
    for before, after in zip(own, numbers(model), strict=True):
        np.testing.assert_array_equal(before, after)
    loaded = keras_vae.load(tmp_path / "model.keras")
    with model.ema.applied():
        assert_same_numbers(loaded, model)
    assert not np.array_equal(numbers(loaded)[1], own[1])


def test_a_registered_part_by_hand_survives(tmp_path):
    """With its arguments and its trained weight."""
    model = by_hand(encoder=RegisteredScale(2.0))
    model.encoder.network.factor.assign(5.0)
    model.save(tmp_path / "model.keras")
    loaded = keras_vae.load(tmp_path / "model.keras")
    network = loaded.encoder.network
    assert isinstance(network, RegisteredScale)
    assert (network.start, float(network.factor), loaded.seed) == (2.0, 5.0, 3)
    assert_same_numbers(loaded, model)


# What can't be saved ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [lambda: tfkl.Lambda(lambda x: 2.0 * x), unregistered_scale],
    ids=["lambda", "unregistered"],
)
@pytest.mark.parametrize("part", ["encoder", "decoder"])
def test_a_part_that_can_not_be_rebuilt_is_named_and_nothing_is_written(tmp_path, part, body):
    model = by_hand(**{part: body()})
    with pytest.raises(ValueError, match=rf"can't save: {part} can't be rebuilt.*Lambda"):
        model.save(tmp_path / "model.keras")
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("name", ["model.h5", "model", "model.keras.zip"])
def test_another_ending_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match=r"must end in \.keras, got .*" + name):
        by_hand().save(tmp_path / name)
    assert names_in(tmp_path) == []


# What can't be loaded --------------------------------------------------------------------------


def test_a_missing_path_is_not_found(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no model at .*a\\nb\.keras") as caught:
        keras_vae.load(tmp_path / "a\nb.keras")
    assert "\n" not in str(caught.value)
    with pytest.raises(FileNotFoundError, match=r"no model at .*nowhere\.keras"):
        keras_vae.load(tmp_path / "nowhere.keras")


def write_junk(path):
    path.write_bytes(b"junk" * 100)


def write_empty(path):
    path.write_bytes(b"")


def write_zip(path):
    """No model's."""
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("notes.txt", "hello")


def write_keras_model(path):
    """A Keras model, but no VAE."""
    tfk.Sequential([tfkl.Dense(1, input_shape=(2,))]).save(path, save_format="keras")


def write_truncated(path):
    by_hand().save(path)
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("junk.keras", write_junk),
        ("empty.keras", write_empty),
        ("zip.keras", write_zip),
        ("dense.keras", write_keras_model),
        ("truncated.keras", write_truncated),
        ("model.h5", write_junk),
        ("model.txt", write_zip),
        ("model", write_junk),
    ],
)
def test_a_file_that_is_not_ours_is_refused_by_name(tmp_path, name, write):
    write(tmp_path / name)
    with pytest.raises(ValueError, match=name):
        keras_vae.load(tmp_path / name)


def test_a_model_of_ours_under_another_name_is_refused(tmp_path):
    by_hand().save(tmp_path / "model.keras")
    (tmp_path / "model.keras").rename(tmp_path / "model.bin")
    with pytest.raises(ValueError, match=r"model\.bin"):
        keras_vae.load(tmp_path / "model.bin")


# Run directories -------------------------------------------------------------------------------


def write_run(path, config, **checkpoints):
    """A run directory of `config`, and a checkpoint of each model by its name."""
    described = tiny.described(config)
    (path / "config.json").write_text(json.dumps(described))
    for name, model in checkpoints.items():
        averages = {} if model.ema is None else {"ema": model.ema.averages}
        saved = tf.train.Checkpoint(model=model, **averages)
        checksums.write_beside(pathlib.Path(saved.save(path / "checkpoints" / name / "state")))


def test_a_directory_without_config_is_not_a_run(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"is not a run: it has no config\.json"):
        keras_vae.load(tmp_path)


@pytest.mark.parametrize("content", ["{}", "[]", "not JSON", '{"config": {}}'])
def test_a_config_that_is_not_ours_is_refused(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(ValueError, match=r"config\.json isn.t a run.s config"):
        keras_vae.load(tmp_path)


def test_a_run_without_a_checkpoint_is_not_found(tmp_path):
    write_run(tmp_path, tiny.config())
    with pytest.raises(FileNotFoundError, match="has no checkpoint"):
        keras_vae.load(tmp_path)


def test_an_export_is_not_a_run(tmp_path):
    write_run(tmp_path, tiny.config())
    (tmp_path / "parity.json").write_text("{}")
    with pytest.raises(ValueError, match=r"is an export\. Give the run directory that it is of"):
        keras_vae.load(tmp_path)


def test_an_unknown_checkpoint_lists_the_known_ones(tmp_path):
    write_run(tmp_path, tiny.config())
    with pytest.raises(ValueError, match="one of auto, best, last, got 'first'"):
        keras_vae.load(tmp_path, checkpoint="first")


def test_the_best_weights_of_a_run_are_loaded_unless_named(tmp_path):
    best, last = (tiny.randomize(tiny.vae(), seed=i) for i in range(2))
    write_run(tmp_path, tiny.config(), last=last)
    assert_same_numbers(keras_vae.load(tmp_path), last)
    write_run(tmp_path, tiny.config(), best=best)
    assert_same_numbers(keras_vae.load(tmp_path), best)
    assert_same_numbers(keras_vae.load(tmp_path, checkpoint="last"), last)


def test_a_run_with_averages_is_loaded_with_them(tmp_path):
    model = tiny.vae(ema_decay=0.9)
    for average in model.ema.averages:
        average.assign(average + 0.1)
    write_run(tmp_path, tiny.config(ema_decay=0.9), last=model)
    loaded = keras_vae.load(tmp_path)
    with model.ema.applied():
        assert_same_numbers(loaded, model)


@tfk.saving.register_keras_serializable("tests")
class Forgetful(likelihoods.Likelihood):
    """Its scale isn't in its config: a loaded one would have the default."""

    def __init__(self, event_shape, scale=1.0, **kwargs):
        super().__init__(event_shape, **kwargs)
        self.scale = scale

    def per_value(self, params):
        return tfd.Normal(params[..., 0], self.scale)


def test_an_argument_that_the_config_leaves_out_is_refused(tmp_path):
    model = VAE(
        Encoder(networks.linear(), posteriors.DiagonalNormal(2)),
        Decoder(networks.linear(), Forgetful((2, 2, 1), scale=0.1)),
        priors.StandardNormal(2),
    )
    with pytest.raises(ValueError, match="the config of Forgetful has no scale, which its"):
        model.save(tmp_path / "model.keras")
    assert names_in(tmp_path) == []
