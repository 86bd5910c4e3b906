"""The table of measures: its schema, its page, and that nothing is spelled beside it."""

import ast
import pathlib
import re

import jsonschema
import pytest

from keras_vae import measures
from keras_vae.measures import Shown
from keras_vae.measures.documents import documents

ROOT = pathlib.Path(__file__).parents[2]
# What an evaluation of the smallest kind of model holds.
SMALLEST = {
    "distortion_nats": 58.8,
    "num_examples": 20,
    "num_test_examples": 20,
    "dataset": "digits",
    "split": "test",
    "data_notes": [],
    "binarization": "none",
    "checkpoint": "best",
    "step": 77,
    "ema": False,
    "seed": 0,
    "alarms": ["Something is wrong. Mend it."],
}


def validate(content):
    jsonschema.validate(content, measures.schema(), jsonschema.Draft202012Validator)


@pytest.mark.parametrize("file", measures.FILES)
def test_the_schemas_are_schemas_and_keys_are_stated_once(file):
    schema = measures.schema(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert set(schema["properties"]) == measures.keys(file)
    of_sections = [m.key for section in measures.FILES[file].values() for m in section]
    assert len(of_sections) == len(set(of_sections))


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"nll_nats": 100.0, "nll_stderr": 0.5, "rate_nats_by_layer": [15.0, 5.0]},
        {"nll_nats": None, "nll_stderr": None, "num_samples": None},
        {"distortion_stderr": None},  # There is one example alone.
        {"predictive_contrast": [0.1, 0.2], "predictive_contrast_p_value": 0.002},
        {"unseen_labels": ["cow", 3], "unseen_num_examples": 12},
        {"of_a_later_version": {"any": ["thing"]}},
    ],
)
def test_evaluations_are_taken(more):
    validate(SMALLEST | more)


@pytest.mark.parametrize(
    "change",
    [
        {"distortion_nats": None},
        {"distortion_nats": "58.8"},
        {"nll_stderr": -0.5},
        {"rate_nats_by_layer": 20.0},
        {"predictive_contrast": [0.1]},
        {"predictive_contrast_p_value": 2.0},
        {"precision": 1.5},
        {"num_examples": 20.5},
        {"alarms": "Something is wrong."},
    ],
)
def test_what_is_no_evaluation_is_refused(change):
    with pytest.raises(jsonschema.ValidationError):
        validate(SMALLEST | change)


@pytest.mark.parametrize("key", SMALLEST)
def test_what_every_evaluation_has_must_be_there(key):
    with pytest.raises(jsonschema.ValidationError, match=f"{key!r} is a required property"):
        validate({name: value for name, value in SMALLEST.items() if name != key})


def test_a_measure_says_its_unit_and_which_way_is_better():
    nll, kernel = (measures.of_file()[key] for key in ("nll_nats", "kernel_distance"))
    assert nll.title == "Negative log-likelihood (nats)"
    assert nll.explanation.endswith("upper bound of the true value. Lower is better.")
    assert kernel.title == "Kernel distance"
    described = measures.schema()["properties"]["elbo_nats"]
    assert (described["unit"], described["better"]) == ("nats", "higher")


def test_keys_of_errors_and_p_values():
    assert measures.error_key("nll_nats") == "nll_stderr"
    assert measures.error_key("precision") == "precision_stderr"
    assert measures.p_value_key("predictive_contrast") == "predictive_contrast_p_value"
    assert {"nll_stderr", "bits_per_dim_stderr", "predictive_contrast_p_value"} <= measures.keys()


def test_columns_of_the_terminal_are_columns_of_the_page_which_are_cards():
    columns = {shown: [m.key for m in measures.columns(shown)] for shown in Shown}
    terminal, page, cards = (columns[s] for s in (Shown.TERMINAL, Shown.PAGE, Shown.CARD))
    assert set(terminal) < set(page) < set(cards) < set(columns[Shown.DETAILS])
    assert terminal[:3] == ["nll_nats", "bits_per_dim", "elbo_nats"]
    # Columns are sorted.
    assert {measures.of_file()[key].value["type"] for key in page} == {"number", "integer"}


@pytest.mark.parametrize("path", documents())
def test_the_documents_are_those_of_the_table(path):
    """`python -m keras_vae.measures.documents` writes them anew."""
    assert (ROOT / path).read_text(encoding="utf-8") == documents()[path]


def test_no_key_is_spelled_that_is_not_in_the_table():
    known = set().union(*map(measures.keys, measures.FILES))
    known |= {"share_stderr"}  # A function.
    known |= {"log_prob_nats", "stderr_nats"}  # Columns of scores.csv.
    spelled = set()
    for folder in ("keras_vae", "trainers", "export"):
        for file in (ROOT / folder).rglob("*.py"):
            nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            texts = (str(node.value) for node in nodes if isinstance(node, ast.Constant))
            spelled |= {t for t in texts if re.fullmatch(r"[a-z]\w*_(nats|stderr|p_value)", t)}
    assert len(spelled) > 20
    assert spelled <= known
