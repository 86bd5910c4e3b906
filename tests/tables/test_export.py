"""Models of tables as files, and the rows that files draw without TensorFlow."""

import dataclasses
import json

import numpy as np
import pytest

import keras_vae
from export import sample_rows, writer
from export.sample import sample
from keras_vae import modality
from tests import tiny
from tests.tables.test_likelihoods import COLUMNS

pandas = pytest.importorskip("pandas")


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """(model of a column of each kind, folder of its export)."""
    columns = [
        dataclasses.replace(c, name=name, dtype="object" if c.is_choice else "float64")
        for name, c in COLUMNS.items()
    ]
    table = modality.Table(
        (*columns, dataclasses.replace(columns[0], name="land", kind="constant", value="Norway"))
    )
    config = keras_vae.recipe(
        "table",
        event_shape=(len(columns),),
        modality=table.to_dict(),
        sees_mask=True,
        hidden=(8,),
        latent_dim=3,
        num_examples=32,
        batch_size=8,
    )
    model = tiny.randomize(keras_vae.build(config, steps_per_epoch=4), scale=0.2)
    folder = tmp_path_factory.mktemp("export") / "export"
    writer.write(model, folder, formats=("tflite",), batch_sizes=(8,))
    return model, folder


def test_files_draw_what_the_model_draws(exported):
    """Each value is compared when the file is written; here the report says so."""
    _, folder = exported
    report = json.loads((folder / "parity.json").read_text())
    assert not report["refused"]
    found = report["artefacts"]["generator.tflite"]["signatures"]
    assert {"decode_8", "sample_8", "encode_8", "reconstruct_8"} <= found.keys()
    assert found["sample_8"]["outputs"]["sample"]["differing"] <= 0.01
    assert "export.sample_rows" in (folder / "README.md").read_text()


def test_rows_are_written_in_the_types_and_the_rounding_of_the_data(exported, tmp_path, capsys):
    model, folder = exported
    file = folder / "generator.tflite"
    sample_rows.main([f"--model={file}", "--n=30", "--seed=3", f"--out={tmp_path / 'rows.csv'}"])
    assert "30 rows" in capsys.readouterr().out
    rows = pandas.read_csv(tmp_path / "rows.csv", dtype=str)
    wanted = model.modality.rows(sample(file, 3, 30, output="sample"))
    assert list(rows) == list(wanted)
    for name, column in zip(COLUMNS, COLUMNS.values(), strict=True):
        if column.kind in ("number", "rounded", "count"):
            np.testing.assert_allclose(rows[name].astype(float), wanted[name], rtol=1e-6)
        else:
            assert [*rows[name]] == [*wanted[name].astype(str)]
    decimals = {name: rows[name].str.partition(".")[2].str.len().max() for name in rows}
    assert (decimals["amounts"], decimals["fine"], decimals["poisson"]) == (1, 3, 0)
    assert set(rows["land"]) == {"Norway"}


def test_what_files_of_tables_can_not_be_is_refused(exported, tmp_path, capsys):
    model, folder = exported
    with pytest.raises(ValueError, match="precision=float16: files of rows"):
        writer.write(model, tmp_path / "a", precisions=("float16",))
    with pytest.raises(ValueError, match="the page shows images and music"):
        model.modality.check_page(model)
    out = tmp_path / "none" / "rows.csv"
    with pytest.raises(SystemExit):
        sample_rows.main([f"--model={folder / 'generator.tflite'}", f"--out={out}"])
    assert "there is no folder" in capsys.readouterr().err
