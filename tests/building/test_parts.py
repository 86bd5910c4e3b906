"""The tables of members: each entry says what is needed of it, and one of one's own is enough."""

import dataclasses

import numpy as np
import pytest

from keras_vae import config as configs
from keras_vae import likelihoods, networks, posteriors, priors
from keras_vae._compat import tf, tfd, tfk
from keras_vae.building.bodies import NETWORKS, Bodies
from keras_vae.building.parts import CONDITIONS, LIKELIHOODS, POSTERIORS, PRIORS
from keras_vae.config import AXES, Member
from keras_vae.likelihoods.base import positive_scale
from tests import tiny

FACTS = {option.name for _, option in configs.options() if not option.metadata["flag"]}
MEMBERS = [(axis, name) for axis, members in AXES.items() for name in members]


class Reads:
    """A section of a config that notes which options are read."""

    def __init__(self, section):
        self.section, self.names = section, set()

    def __getattr__(self, name):
        self.names.add(name)
        return getattr(self.section, name)


def section_of(axis, name):
    """(a tiny config's section that has the axis's options, what the axis gives to its members)."""
    options = {axis: name}
    if axis in ("posterior", "prior") and name == "categorical":
        options = {"posterior": name, "prior": name}
    if axis == "prior" and (AXES[axis][name].kind is None or AXES[axis][name].kind.fits_codes):
        options["posterior"] = "deterministic"
    if axis == "posterior" and name == "prior":
        options["latent_samples"] = 2
    if name == "columns":
        options = {"recipe": "table"}
    if name == "autoregressive":
        options["likelihood"] = "categorical"
    if axis == "beta_schedule" and name != "constant":
        options["beta_warmup_epochs"] = 1.0
    config = tiny.config(**options)
    given = {
        "posterior": (3,),
        "prior": (3,),
        "likelihood": (config.model.event_shape,),
        "decoder": (networks.linear(), likelihoods.Categorical(tiny.EVENT_SHAPE, 4)),
        "optimizer": (0.1,),
        "beta_schedule": (1.0, 10),
    }
    return getattr(config, configs.find(axis)[0]), given.get(axis, ())


@pytest.mark.parametrize(("axis", "name"), MEMBERS)
def test_a_member_says_which_options_it_reads(axis, name):
    """Or an option of its own would be refused, or one without an effect taken."""
    if axis == "structure":  # A structure is made of the members of other axes.
        return
    member, (section, given) = AXES[axis][name], section_of(axis, name)
    reads = Reads(section)
    if axis == "network":
        member.kind.encoder(reads), member.kind.decoder(reads)
    elif axis == "weights":
        member.kind.dense(reads)
        member.kind.options(reads, likelihoods.Bernoulli(tiny.EVENT_SHAPE))
    else:
        member(reads, *given)
    wanted = set(member.options)
    if (axis, name) == ("posterior", "categorical"):  # Its label is the prior's.
        wanted |= set(PRIORS["categorical"].options)
    # The rules check the members of other axes.
    assert reads.names - FACTS - set(AXES) == wanted - FACTS


def test_every_choice_has_a_line_of_its_own():
    for _, option in configs.options():
        lines = list(configs.abouts(option.metadata["choices"] or {}).values())
        assert len(set(lines)) == len(lines), option.name
        assert all(line and "\n" not in line and len(line) < 90 for line in lines), option.name


def test_members_name_options_of_their_own_section():
    for axis, members in AXES.items():
        section, _ = configs.find(axis)
        for member in members.values():
            assert {configs.find(name)[0] for name in member.options} <= {section}


def test_what_all_members_of_an_axis_have_needs_none_of_them():
    assert configs.needed_for("latent_samples") == {}
    assert configs.needed_for("epochs") == {}
    assert configs.needed_for("hidden") == {
        "network": ["mlp", "gated_mlp", "gru", "transformer", "bars", "columns"],
        "decoder": ["autoregressive"],
        "structure": ["sequence"],
    }


# Members of one's own ---------------------------------------------------------------------------


@tfk.saving.register_keras_serializable("tests")
class Logistic(likelihoods.Likelihood):
    """Real numbers, by a logistic distribution."""

    params_per_value = 2

    def per_value(self, params):
        loc, raw_scale = tf.unstack(params, axis=-1)
        return tfd.Logistic(loc, positive_scale(raw_scale))


@tfk.saving.register_keras_serializable("tests")
class Rounded(posteriors.Deterministic):
    """Codes of whole numbers."""


def test_a_likelihood_of_ones_own_takes_one_entry(monkeypatch):
    monkeypatch.setitem(LIKELIHOODS, "logistic", Member(Logistic, "real numbers"))
    assert "logistic" in configs.find("likelihood")[1].metadata["choices"]
    model = tiny.randomize(tiny.vae(likelihood="logistic", run_eagerly=True))
    x, z = tiny.images_for(model, 4), np.ones((4, 3), np.float32)
    p = model.decoder(z)
    params = model.decoder.projection(model.decoder.network(z))
    loc, raw = np.moveaxis(np.reshape(params, (4, *tiny.EVENT_SHAPE, 2)), -1, 0)
    u = (x - loc) / positive_scale(raw).numpy()
    wanted = -u - 2 * np.log1p(np.exp(-u)) - np.log(positive_scale(raw))
    np.testing.assert_allclose(p.log_prob(x), wanted.sum((1, 2, 3)), rtol=1e-4)
    assert np.isfinite(tiny.train(model, tiny.block(model, 1, 4))["loss"])


def test_a_prior_of_ones_own_has_the_options_that_it_names(monkeypatch):
    member = Member(priors.MixtureOfNormals, "of my own", ("prior_components",))
    monkeypatch.setitem(PRIORS, "mine", member)
    assert tiny.vae(prior="mine", prior_components=4).prior.num_components == 4
    with pytest.raises(ValueError, match="prior_covariance=full is an option of prior=mixture"):
        tiny.config(prior="mine", prior_covariance="full")
    with pytest.raises(ValueError, match="prior=mine with posterior=prior: no gradient leads"):
        tiny.config(prior="mine", posterior="prior", latent_samples=2)


def test_rules_read_the_class_of_a_posterior_of_ones_own(monkeypatch):
    monkeypatch.setitem(POSTERIORS, "rounded", Member(Rounded, "whole numbers"))
    options = {"posterior": "rounded", "prior": "gaussian_mixture"}
    with pytest.raises(ValueError, match=r"objective=sgvb needs .*, which posterior=rounded lacks"):
        tiny.config(**options)
    with pytest.raises(
        ValueError, match="posterior=rounded with prior=mixture: this posterior has no"
    ):
        tiny.config(posterior="rounded", prior="mixture", objective="reconstruction")
    model = tiny.vae(**options, objective="reconstruction")
    assert isinstance(model.encoder.posterior, Rounded)
    assert model.prior is None


def test_rules_read_what_a_network_of_ones_own_takes(monkeypatch):
    bodies = Bodies(
        lambda m: networks.mlp(m.hidden),
        lambda m: networks.mlp(m.hidden[::-1]),
        takes="images",
    )
    monkeypatch.setitem(NETWORKS, "mine", Member(bodies, "dense layers", ("hidden",)))
    monkeypatch.setitem(tiny.NETWORK_SIZES, "mine", {"hidden": (5,)})
    assert tiny.vae(network="mine").encoder.network.layers[-1].units == 5
    with pytest.raises(ValueError, match=r"network=mine is for images .*event_shape=8,4\."):
        tiny.config(network="mine", event_shape=(8, 4))
    with pytest.raises(ValueError, match="weights=bayes with network=mine"):
        tiny.config(network="mine", weights="bayes")


def test_facts_of_parts_are_what_the_rules_had_by_name():
    def having(axis, fact, wanted):
        kinds = {name: member.kind for name, member in AXES[axis].items() if member.kind}
        return {name for name, kind in kinds.items() if getattr(kind, fact) == wanted}

    for fact in ("has_density", "has_bound", "trains_prior"):
        assert having("posterior", fact, False) == {"deterministic"}
    assert having("posterior", "is_diagonal", True) == {"diagonal"}
    assert having("posterior", "continuous", False) == {"categorical"}
    assert having("posterior", "least_latents", 2) == {"iaf"}
    assert having("prior", "least_latents", 2) == {"real_nvp", "maf"}
    assert having("prior", "fits_codes", True) == {"gaussian_mixture", "real_nvp", "maf"}
    assert having("prior", "trains_with_model", False) == {"gaussian_mixture"}
    assert having("prior", "needs_context", True) == {"conditional_normal"}
    assert having("prior", "made_of_posteriors", True) == {"vamp"}
    assert having("prior", "continuous", False) == {"categorical"}
    assert having("network", "takes", "images") == {"conv", "gated_conv", "resnet"}
    assert having("network", "takes", "steps") == {"gru", "transformer", "bars"}
    assert having("weights", "drawn", True) == {"bayes"}
    assert having("condition", "from_labels", True) == {"label"}
    assert having("decoder", "in_turn", True) == {"autoregressive"}


# The given part of an image ---------------------------------------------------------------------


def test_a_mask_in_a_file_needs_no_data(tmp_path):
    """Without data, the config's `visible` is read when the model is built."""
    from PIL import Image

    mask = np.arange(35).reshape(7, 5) % 3 == 0
    Image.fromarray(np.uint8(255 * mask)).save(tmp_path / "mask.png")
    config = tiny.config(condition="image_part", visible=str(tmp_path / "mask.png")).model
    np.testing.assert_array_equal(CONDITIONS["image_part"](config).visible, mask)
    config = dataclasses.replace(config, event_shape=(5, 7, 1))
    with pytest.raises(ValueError, match=r"has 7x5 pixels, but the data has 5x7\. Resize the mask"):
        CONDITIONS["image_part"](config)
