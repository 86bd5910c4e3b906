"""Names of classes, from the data to all that a run shows; how many images there are of each."""

import json

import numpy as np
import pytest

import keras_vae
from keras_vae import data, runs
from keras_vae.data import digits
from keras_vae.data.split import InMemory
from keras_vae.report import class_names, class_section
from keras_vae.runs import run_directory
from keras_vae.tasks import comparison, latent_files
from tests import browser, tiny, tools
from tests.in_process import TINY, samples_unmeasured

# The first is none of matplotlib's markup, the second none of HTML's.
NAMES = ("_zero $1$", "<b>one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def split(labels, names=None):
    labels = None if labels is None else np.array(labels)
    return InMemory(np.zeros([4, 2, 2, 1]), labels, class_names=names)


def dataset(train, validation, test, names=None):
    splits = (None if part is None else split(part, names) for part in (train, validation, test))
    return data.Dataset("made", *splits, fingerprint="0", notes=[])


# Words -----------------------------------------------------------------------------------------


def test_in_short_lists_ten_classes():
    assert class_names.in_short(["cat"]) == "1 class: 0 cat"
    assert class_names.in_short(["cat", "dog"]) == "2 classes: 0 cat, 1 dog"
    many = class_names.in_short([f"c{i}" for i in range(12)])
    assert many.startswith("12 classes: 0 c0, 1 c1, ")
    assert many.endswith(", 9 c9 and 2 more")


@pytest.mark.parametrize(
    ("word", "names", "wanted"),
    [
        ("dog", ("cat", "dog"), 1),
        ("1", ("cat", "dog"), 1),
        ("2", ("cat", "dog"), None),
        ("cow", ("cat", "dog"), None),
        ("1", None, 1),
        ("01", None, None),
        ("1900", ("1900", "1901"), 0),
        ("1", ("1900", "1901"), None),  # A number would be read as a name.
        ("-1", ("-1", "1"), 0),
        ("1", ("-1", "1"), 1),
        ("0", ("-1", "1"), None),
    ],
)
def test_a_word_is_a_name_or_else_a_number(word, names, wanted):
    assert class_names.number_of(word, names, [0, 1]) == wanted


def test_beside_a_picture_names_are_cut_and_what_has_no_glyphs_is_a_number():
    names = ("a name of many words", "two\nlines", "猫", "été")
    shown = [class_section.beside(i, names) for i in range(4)]
    assert shown == ["a name of many …", "two lines", "2", "été"]
    assert class_section.beside(3, None) == "3"


def test_clusters_are_called_by_their_commonest_class():
    clusters = np.array([0, 0, 0, 2, 2, 2, 2, 2])
    labels = np.array([1, 1, 0, 0, 0, 0, 0, 1])
    assert class_section.of_clusters(clusters, labels, [2, 0], ("cat", "dog")) == [
        "cat 80%",
        "dog 67%",
    ]
    assert class_section.of_clusters(clusters, labels, [0], None) == ["1 67%"]


# The table of a report -------------------------------------------------------------------------


def test_the_table_counts_each_class_in_each_split():
    made = dataset([0, 0, 2, 0], [1, 1, 0, 0], [0, 2, 2, 2], ("cat", "<i>dog", "yak", "none"))
    html = class_section.section(made)
    cells = [
        ["0", "cat", "3", "2", "1"],
        ["1", "&lt;i&gt;dog", "0", "2", "0"],
        ["2", "yak", "1", "0", "3"],
        ["3", "none", "0", "0", "0"],
    ]
    rows = [html_row for html_row in html.split("<tr>") if "scope='row'" in html_row]
    for row, (first, *others) in zip(rows, cells, strict=True):
        assert row.startswith(f"<th scope='row'>{first}</th>" + "".join(map(_cell, others)))
    assert "train, 0 to 3; validation, 0 to 2; test, 0 to 3" in html
    assert "<details>" not in html


def _cell(text):
    return f"<td>{text}</td>"


def test_labels_without_names_are_numbers_in_the_table():
    html = class_section.section(dataset([7, 7, 9, 9], None, [9, 9, 9, 9]))
    assert "<th scope='row'>7</th><td>2</td><td>0</td>" in html
    assert "<th scope='row'>9</th><td>2</td><td>4</td>" in html
    assert "name" not in html


def test_many_classes_are_folded_and_no_labels_are_no_table():
    made = data.Dataset("made", *[split(None)] * 3, fingerprint="0", notes=[])
    assert class_section.section(made) == ""
    wide = InMemory(np.zeros([31, 1, 1, 1]), np.arange(31))
    assert "<summary>31 classes</summary>" in class_section.section(
        data.Dataset("made", wide, None, wide, "0", [])
    )


# A run -----------------------------------------------------------------------------------------


@pytest.fixture
def named(monkeypatch):
    """Digits whose classes have names."""
    found = digits.read()["train"]
    images = InMemory(found.array, found.labels, found.levels, class_names=NAMES)
    monkeypatch.setattr(digits, "read", lambda: {"train": images})


@samples_unmeasured()
def test_a_conditional_run_shows_names_all_the_way(named, run_train, tmp_path):
    flags = (*TINY, "--evaluate", "--num_samples=2")
    for recipe in ("cvae", "gmvae"):
        done = run_train(*flags, f"--recipe={recipe}", f"--workdir={tmp_path / recipe}")
        assert done.code == 0, done.err
        assert "10 classes: 0 _zero $1$, 1 <b>one, 2 two" in done.out
        stored = json.loads((tmp_path / recipe / "config.json").read_text())
        assert stored["data"]["class_names"] == list(NAMES)
        wanted = list(NAMES) if recipe == "cvae" else None
        assert stored["config"]["model"]["class_names"] == wanted
        report = (tmp_path / recipe / "report.html").read_text()
        assert "<h3>Classes</h3>" in report
        assert "<td>&lt;b&gt;one</td>" in report
        assert "<b>one" not in report
        if tools.has("chromium"):
            browser.assert_sound(tmp_path / recipe / "report.html", 400)
    conditional = (tmp_path / "cvae" / "report.html").read_text()
    assert "in rows of the labels _zero $1$, &lt;b&gt;one, two, three" in conditional
    assert "commonest label of all of its examples" in report
    model = keras_vae.load(tmp_path / "cvae")
    np.testing.assert_array_equal(
        model.sample(2, seed=0, condition="two"), model.sample(2, seed=0, condition=2)
    )
    runs = comparison.read_measured([tmp_path / "cvae", tmp_path / "gmvae"])
    page = comparison.write_page(runs, tmp_path / "compared").read_text()
    assert "the same seed for all runs, in rows of the labels _zero $1$, &lt;b&gt;one" in page
    assert "the same seed for all runs." in page


def test_latents_take_names_and_write_them(named, run_train, tmp_path):
    assert run_train(*TINY, f"--workdir={tmp_path / 'run'}").code == 0
    run = runs.load(tmp_path / "run")
    assert latent_files.parse_attribute(run, "test", ["two", "<b>one"]) == (2, 1, None)
    assert latent_files.parse_attribute(run, "test", ["2", "1"]) == (2, 1, None)
    for wrong in (["two", "2"], ["two", "cow"], ["two"], ["two", "three", "four"]):
        words = f"labels of _zero .1., <b>one, .*, nine, such as .*; got {','.join(wrong)}"
        with pytest.raises(ValueError, match=words):
            latent_files.parse_attribute(run, "test", wrong)
    latent_files.write_files(run, "test", latent_files.Attribute(2, 1), tmp_path, (1,))
    labels = run.data.test.labels
    with np.load(tmp_path / "latents.npz", allow_pickle=False) as stored:
        np.testing.assert_array_equal(stored["labels"], labels)
        assert tuple(stored["class_names"]) == NAMES
    lines = (tmp_path / "columns.tsv").read_text(encoding="utf-8").splitlines()
    assert lines == [NAMES[label] for label in labels]
    stored = json.loads((tmp_path / "latents.json").read_text())
    assert (stored["attribute"], stored["attribute_names"]) == ([2, 1], ["two", "<b>one"])


def test_a_run_from_before_names_goes_on_with_them(tmp_path):
    """But not where they are others."""
    options = {"condition": "label", "num_classes": 2, "dataset": "digits"}
    old, new, other = (
        tiny.described(tiny.config(**options, class_names=names))
        for names in (None, ("cat", "dog"), ("cat", "yak"))
    )
    del old["config"]["model"]["class_names"]
    (tmp_path / "config.json").write_text(json.dumps(old))
    run_directory.check_same(tmp_path, new)
    (tmp_path / "config.json").write_text(json.dumps(new))
    run_directory.check_same(tmp_path, new)
    with pytest.raises(ValueError, match="class_names"):
        run_directory.check_same(tmp_path, other)


def test_what_the_test_split_cannot_carry_is_a_sentence(run_train, tmp_path):
    """Of 150, 4 and 1 images nearly all are of one class: guessing it is right in 0.87 to 1."""
    x = np.random.default_rng(0).integers(0, 2, (155, 8, 8), dtype=np.uint8)
    labels = np.repeat([0, 1, 2], [150, 4, 1])
    np.savez(tmp_path / "rare.npz", x=x, x_labels=labels)
    flags = (*TINY, "--evaluate", "--num_samples=2", "--batch_size=32", "--recipe=gmvae")
    done = run_train(*flags, f"--dataset=npz:{tmp_path}/rare.npz", f"--workdir={tmp_path}/run")
    assert done.code == 0, done.err
    found = json.loads((tmp_path / "run" / "evaluation.json").read_text())
    assert not [key for key in found if key.startswith("probe_")]
    assert not [key for key in found if key.startswith("cluster_") and key[-3:] != "out"]
    assert "Alarm: Probes of the codes aren't measured: " in done.out
    assert "Alarm: Scores of clusters aren't measured: " in done.out
    report = (tmp_path / "run" / "report.html").read_text()
    assert "Probes of the codes aren&#x27;t measured" in report
