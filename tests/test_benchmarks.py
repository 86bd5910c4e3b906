"""Benchmarks print the rows that tables of docs/results are made of."""

import ast
import importlib
import json
import pathlib
import sys

import pytest
from absl import flags

from keras_vae import recipe
from keras_vae.config.recipes import RECIPES

FOLDER = pathlib.Path(__file__).parents[1] / "benchmarks"


def benchmark(monkeypatch, name):
    """The module of a benchmark; its flags are defined, but for those of others."""
    monkeypatch.syspath_prepend(FOLDER)
    for flag in ("rounds", "recipes", "steps"):
        if flag in flags.FLAGS:
            delattr(flags.FLAGS, flag)
    sys.modules.pop(name, None)
    return importlib.import_module(name)


@pytest.fixture
def training(monkeypatch):
    module = benchmark(monkeypatch, "training")
    small = {
        name: (arguments, 512, bodies) for name, (arguments, _, bodies) in module.MODELS.items()
    }
    monkeypatch.setattr(module, "MODELS", small)
    monkeypatch.setattr(module, "first_steps", lambda: iter([("mlp", 1.0)]))
    flags.FLAGS(["benchmark", "--rounds=1"])
    return module


def test_rows(training, capsys):
    training.main()
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows[0] == {"model": "mlp", "seconds_to_first_step": 1.0}
    paths = ("trainers.train", "keras_fit", "bare_loop", "bare_loop_fused_adam")
    assert [(row["model"], row["path"]) for row in rows[1:]] == [
        (model, path) for model in ("mlp", "conv") for path in paths
    ]
    for row, keras in zip(rows[1:], [rows[2]] * 4 + [rows[6]] * 4, strict=True):
        ratio = row["images_per_second"] / keras["images_per_second"]
        assert row["ratio_to_keras_fit"] == pytest.approx(ratio, rel=0.01)
    assert flags.FLAGS.rounds == 1


def test_recipes_are_timed_beside_a_vae_of_the_same_sizes(monkeypatch, capsys):
    recipes = benchmark(monkeypatch, "recipes")
    flags.FLAGS(["benchmark", "--rounds=1", "--steps=2", "--recipes=vae,iwae2"])
    recipes.main()
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["recipe"] for row in rows] == ["iwae2", "iwae, k = 50, batch 20"]
    ratio = rows[1]["images_per_second"] / rows[1]["bare_images_per_second"]
    assert rows[1]["ratio_to_bare_loop"] == pytest.approx(ratio, rel=0.05)


def test_speeds_are_medians_without_the_first_which_compiles(monkeypatch):
    recipes = benchmark(monkeypatch, "recipes")
    flags.FLAGS(["benchmark", "--rounds=3"])
    speeds = {"a": iter([99.0, 1.0, 9.0, 2.0]), "b": iter([99.0, 4.0, 5.0, 0.0])}
    found = recipes.medians({name: lambda s=s: next(s) for name, s in speeds.items()})
    assert found == {"a": 2.0, "b": 4.0}


def test_every_recipe_takes_the_sizes_it_is_timed_at(monkeypatch, tmp_path):
    recipes = benchmark(monkeypatch, "recipes")
    for name in RECIPES:
        for arguments in recipes.flags_of(name, tmp_path):
            given = dict(flag.removeprefix("--").split("=") for flag in arguments)
            del given["dataset"], given["validation_size"], given["batch_size"]
            options = {
                option: tuple(value.split(","))
                if option == "stages"
                else tuple(map(int, value.split(",")))
                if "," in value or option == "hidden"
                else int(value)
                if value.isdigit()
                else value
                for option, value in given.items()
            }
            recipe(options.pop("recipe"), **options)


def test_checks_of_batches_are_timed_beside_the_step(monkeypatch, capsys):
    doors = benchmark(monkeypatch, "doors")
    monkeypatch.setattr(doors, "FORMS", {"uint8": doors.FORMS["uint8"]})
    flags.FLAGS(["benchmark", "--rounds=3"])
    doors.main()
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert row["images"] == "uint8"
    assert row["share"] == pytest.approx(row["check_us"] / row["step_us"], rel=0.01)


def test_noise_is_timed_in_both_places(monkeypatch, capsys):
    noise = benchmark(monkeypatch, "noise")
    small = {"mlp": ({"network": "mlp", "hidden": (8,)}, False, (3,))}
    monkeypatch.setattr(noise, "MODELS", small)
    flags.FLAGS(["benchmark", "--rounds=1"])
    noise.main()
    *drawn, row = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [found["equal"] for found in drawn] == [0.0, 0.0]  # Why noise isn't drawn inside XLA.
    assert row["noise_bytes_a_step"] == 4 * 128 * 3
    ratio = row["steps_per_second"]["step"] / row["steps_per_second"]["pipeline"]
    assert row["step_to_pipeline"] == pytest.approx(ratio, rel=0.01)


@pytest.mark.parametrize(
    ("name", "table", "base"), [("settings", "SETTINGS", "vae"), ("nets", "NETS", "deep")]
)
def test_what_is_compared_are_options(name, table, base):
    body = ast.parse((FOLDER / f"{name}.py").read_text()).body
    (found,) = [line.value for line in body if ast.unparse(line).startswith(f"{table} = ")]
    for options in ast.literal_eval(found).values():
        recipe(base, event_shape=(32, 32, 3), levels=256, **options).check()
