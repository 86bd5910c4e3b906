"""docs/reference/flags.md is what its command prints, and names every flag, default and choice."""

import re

import pytest
from absl import flags

from keras_vae.config import find, options
from keras_vae.config.rules import text
from tests import binaries, flags_page
from trainers import train

PAGE = flags_page.PAGE.read_text(encoding="utf-8")


def rows_of(binary):
    """{flag: (default, text)} of a binary's tables in the page."""
    part = PAGE[PAGE.index(f"## {binary}\n") :].partition("\n## ")[0]
    rows = re.findall(r"^\| `--(\w+)` \| (.*?) ?\| (.*?) ?\|$", part, re.MULTILINE)
    return {name: (default, text) for name, default, text in rows}


def test_the_page_is_what_its_command_prints():
    assert flags_page.page() == PAGE


def test_every_flag_of_train_is_in_the_page():
    defined = {flag.name for flag in flags.FLAGS.flags_by_module_dict()[train.__name__]}
    defined |= {flag.name for flag in flags.FLAGS.flags_by_module_dict()["trainers.flags"]}
    assert defined == set(rows_of("trainers.train"))


@pytest.mark.parametrize("binary", sorted(set(flags_page.BINARIES) - {"trainers.train"}))
def test_every_flag_in_help_is_in_the_page(binary):
    """In its binary's part, and no other flag is."""
    shown = binaries.run(binary, "--help").out
    names = set(re.findall(r"^  (?:-h, )?--(?:\[no\])?(\w+)", shown, re.MULTILINE)) - {"help"}
    assert len(names) > 1
    assert names == set(rows_of(binary))


def test_defaults_and_choices_in_the_page_are_the_options():
    rows = rows_of("trainers.train")
    for _, option in options():
        if not option.metadata["flag"]:
            continue
        default, about = rows[option.name]
        assert default.lower() == ("" if option.default is None else text(option.default).lower())
        for name in option.metadata["choices"] or ():
            assert f"<br>`{name}`: " in about


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("posterior_rank", "posterior=low_rank"),
        ("latent_dims", "structure=bottom_up or ladder"),
        ("latent_shape", "network=conv or gated_conv or resnet"),
        ("flow_layers", "posterior=iaf or prior=real_nvp or maf"),
        ("free_bits", "objective=free_bits"),
    ],
)
def test_what_an_option_needs_is_in_the_page_and_in_help(flag, words):
    assert f"*An option of {words}.*" in rows_of("trainers.train")[flag][1]
    assert f"; only with {words};" in flags.FLAGS[flag].help or find(flag)[1].default is None


def test_bounds_are_in_the_page_and_in_help():
    assert "*above 0, at most 1e+06*" in rows_of("trainers.train")["learning_rate"][1]
    assert "; 1 to 1,048,576 (default: 20)" in flags.FLAGS["latent_dim"].help


def test_help_has_a_line_on_each_choice():
    assert "\nbernoulli: black and white\n" in flags.FLAGS["likelihood"].help
    assert "\nfilter: x_1 .. x_t" in flags.FLAGS["inference"].help
