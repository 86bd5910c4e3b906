"""Writes an export: all of it, checked, or nothing."""

import importlib.metadata
import json
import pathlib
import platform
import tempfile
from collections.abc import Callable, Sequence

import numpy as np

from export import card, file_quality, parity, readme, saved_model, tflite, web_page
from export.generator import Generator
from export.precision import PRECISIONS
from keras_vae.batches import Batch
from keras_vae.files import check_folder
from keras_vae.vae import VAE

_PACKAGES = ("keras-vae", "tensorflow", "tf-keras", "tensorflow-probability", "ai-edge-litert")

FORMATS = ("savedmodel", "tflite")


def write(
    vae: VAE,
    path: str | pathlib.Path,
    *,
    formats: Sequence[str] = FORMATS,
    precisions: Sequence[str] = ("float32",),
    batch_sizes: Sequence[int] | None = None,
    web: bool = False,
    examples: Batch | None = None,
    fitted_to: Batch | None = None,
    described: dict | None = None,
    evaluation: dict | None = None,
    pruned: dict | None = None,
    max_error: float | None = None,
    max_nll_change: float | None = None,
    told: Callable[[str], None] = lambda file: None,
) -> dict:
    """Writes the folder `path`, in place of an earlier export there.

        write(keras_vae.load("runs/demo"), "runs/demo/export")

    It holds `saved_model/`, a TFLite file of each precision, `parity.json`, `model_card.json`
    (which is in TFLite files too) and a `README.md` that says how to call them. Each file is
    compared with the model before the folder gets its name.

    Args:
      vae: the model; its moving average of the weights is taken, where there is one. A model whose
        networks compute in bfloat16 is exported, and compared, in float32.
      path: the folder; its parents are made.
      formats: "savedmodel", "tflite" or both.
      precisions: of the TFLite files, keys of `precision.PRECISIONS`.
      batch_sizes: of the signatures; the SavedModel has those of any size too. By default 1 and
        16, and 1 alone of models with layers of maps.
      web: write page.html too, of the first of float32, float16, weight_int8 and dynamic_int8.
      examples: real examples, with their conditions if there are any, by which files are measured
        too.
      fitted_to: others, whose range int8 and int16x8 are fitted to.
      described: the content of the run's config.json, with the weights' `loading.origin` as
        "exported", which is put beside the files: it says by which data trainers.evaluate measures
        an export.
      evaluation: the content of the run's evaluation.json, for the model card.
      pruned: what `pruning.prune` found, if the model was made smaller.
      max_error, max_nll_change: limits in place of those that `precision.PRECISIONS` has.
      told: a function that is given the name of each file before it is made: large models take
        minutes.

    Returns:
      The content of `parity.json`. Under "refused" it says why TFLite files were not written that
      can't be made, compute something else than the model, or lose too much.

    Raises:
      parity.ParityError: all of them are refused, or the SavedModel computes something else.
      ValueError: none of them can be made, or an argument can't be.
      OSError: the folder can't be written, or something that isn't an export is there.
    """
    path, vae = pathlib.Path(path).resolve(), vae.in_float32()
    check_target(path)
    if batch_sizes is None:
        of_maps = vae.has_layers_of_maps
        batch_sizes = tflite.BATCH_SIZES_OF_MAPS if of_maps else tflite.BATCH_SIZES
    check_options(formats, precisions, batch_sizes, web)
    check_served(vae, precisions)
    if vae.prior is not None and not vae.decoder.in_turn:
        vae.decoder.likelihood.check_draw()
    if web:
        vae.modality.check_page(vae)
    batch_sizes = sorted(set(batch_sizes))
    calibrated = [p for p in precisions if PRECISIONS[p].needs_calibration]
    if calibrated and (fitted_to is None or len(fitted_to.x) < max(batch_sizes)):
        raise ValueError(
            f"precision={calibrated[0]} is fitted to the range of real data, and needs at least as "
            "many examples as the largest batch: export a run whose data is there."
        )
    gates = {name: PRECISIONS[name].with_limits(max_error, max_nll_change) for name in precisions}
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as scratch:
        folder = pathlib.Path(scratch) / "new"
        folder.mkdir()
        with vae.evaluation_weights():
            artefacts, refused, generator = {}, {}, Generator(vae)
            if "savedmodel" in formats:
                told("saved_model")
                exact = parity.EXACT.with_limits(max_error)
                artefacts["saved_model"] = _saved_model(
                    vae, generator, folder / "saved_model", exact, batch_sizes
                )
            if "tflite" in formats:
                for name, gate in gates.items():
                    file = folder / gate.file
                    told(file.name)
                    try:
                        artefacts[gate.file] = _lite(
                            vae, generator, file, name, gate, batch_sizes, examples, fitted_to
                        )
                    except (parity.ParityError, tflite.ConversionError) as error:
                        file.unlink(missing_ok=True)
                        refused[gate.file] = error
                if len(refused) == len(gates):
                    made = any(isinstance(e, parity.ParityError) for e in refused.values())
                    kind = parity.ParityError if made else tflite.ConversionError
                    raise kind(" ".join(map(str, refused.values())))
        report = {
            "versions": {"python": platform.python_version()}
            | {name: importlib.metadata.version(name) for name in _PACKAGES},
            "batch_sizes": batch_sizes,
            "values_come_in_turn": vae.decoder.in_turn,
            "condition": None if vae.condition is None else vae.condition.wanted,
            "pruned": pruned,
            "artefacts": artefacts,
            "refused": {file: str(error) for file, error in refused.items()},
        }
        content = card.card(vae, report, described, evaluation)
        for name, artefact in artefacts.items():
            if name != "saved_model":
                _embed(folder / name, content)
                artefact["bytes"] = (folder / name).stat().st_size
        for name, artefact in artefacts.items():
            artefact["sha256"] = card.hashes(folder / name)
        (folder / "parity.json").write_text(json.dumps(report, indent=2) + "\n")
        words = readme.text(report, vae.modality.readme(), content.get("class_names"))
        (folder / "README.md").write_text(words)
        written = [name for name in precisions if PRECISIONS[name].file in artefacts]
        if web and (on_page := web_page.generator_of(written)):
            model = folder / PRECISIONS[on_page].file
            facts = web_page.facts(vae, model, examples, described, evaluation)
            file = folder / web_page.FILE
            file.write_text(web_page.text(model, facts), encoding="utf-8")
            content["page"] = {"bytes": file.stat().st_size, "sha256": card.hashes(file)}
        (folder / card.FILE).write_text(json.dumps(content, indent=2) + "\n")
        if described is not None:
            (folder / "config.json").write_text(json.dumps(described, indent=2) + "\n")
        _move(folder, path, aside=pathlib.Path(scratch) / "old")
    return report


def check_options(
    formats: Sequence[str],
    precisions: Sequence[str],
    batch_sizes: Sequence[int] | None,
    web: bool = False,
) -> None:
    """Raises ValueError unless these can be; see `write`."""
    for name, given, known in (
        ("formats", formats, FORMATS),
        ("precision", precisions, PRECISIONS),
    ):
        wrong = [item for item in given if item not in known]
        if wrong or not given:
            raise ValueError(
                f"{name} must be of {', '.join(known)}, got {', '.join(wrong) or 'none'}."
            )
    if batch_sizes is not None and (not batch_sizes or min(batch_sizes) < 1):
        raise ValueError(f"batch_sizes must be whole numbers from 1 on, got {batch_sizes}.")
    precisions = precisions if "tflite" in formats else ()
    if web and web_page.generator_of(precisions) is None:
        raise ValueError(
            f"web needs a file that samples, of precision {', '.join(web_page.GENERATORS)}; got "
            f"{', '.join(precisions) or 'none'}. Add one of them."
        )
    if web and (missing := web_page.missing()):
        raise ValueError(missing)


def check_served(vae: VAE, precisions: Sequence[str]) -> None:
    """Raises ValueError for models that can't be exported in this way."""
    if vae.decoder.likelihood.is_drawn and [*precisions] != ["float32"]:
        raise ValueError(
            f"precision={','.join(precisions)}: files of {vae.modality.nouns} are compared with "
            "the model as float32 alone. Leave it out."
        )


def check_target(path: str | pathlib.Path) -> None:
    """Raises OSError if an export can't be written to `path`, or would replace something else."""
    path = pathlib.Path(path).resolve()
    if path.is_dir():
        replaceable = (path / "parity.json").is_file() or not any(path.iterdir())
    else:
        replaceable = not path.exists()
    if not replaceable:
        raise FileExistsError(
            f"{path} exists and is no earlier export, so it isn't replaced. Choose another folder."
        )
    check_folder("path", path.parent)


def _saved_model(vae, generator, folder, gate, batch_sizes):
    saved_model.write_saved_model(generator, folder, batch_sizes)
    return {
        "bytes": sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()),
        "signatures": parity.check_parity(
            vae, folder.name, saved_model.load_signatures(folder), gate
        ),
    }


def _lite(vae, generator, file, precision, gate, batch_sizes, examples, fitted_to):
    calibration = file_quality.calibration(vae, fitted_to) if gate.needs_calibration else None
    tflite.write_tflite(generator, file, batch_sizes, precision, calibration)
    if gate.needs_calibration and tflite.crashes(file):
        raise parity.ParityError(
            f"{file.name} crashes the runtime, which isn't made for all of its operators. The file "
            f"was not written. {tflite.advice(precision)}"
        )
    signatures = tflite.load_signatures(file)
    report = {
        "bytes": file.stat().st_size,
        "precision": precision,
        "operators": tflite.operators(file),
    }
    try:
        report["signatures"] = parity.check_parity(vae, file.name, signatures, gate)
        if examples is not None:
            report["data"] = file_quality.of_decoder(vae, file, signatures, examples)
            file_quality.check_loss(file.name, report["data"], gate)
    except parity.ParityError:
        raise
    except RuntimeError as error:  # For example, a divisor is 0 in 8 bits.
        reason = " ".join(str(error).split())
        raise parity.ParityError(
            f"{file.name} doesn't run on all inputs: {reason} The file was not written. "
            f"{tflite.advice(precision)}"
        ) from error
    return report


def _embed(file, content):
    """Puts the card into a file, which must compute what it did."""
    before = parity.one_call(tflite.load_signatures(file))
    card.embed(file, content)
    after = parity.one_call(tflite.load_signatures(file))
    if not all(np.array_equal(before[name], after[name]) for name in before):
        raise parity.ParityError(f"{file.name}: with its card it computes something else.")


def _move(folder, path, aside):
    """Moves `folder` to `path`, and what was there to `aside`."""
    if not path.exists():
        folder.rename(path)
        return
    path.rename(aside)
    try:
        folder.rename(path)
    except BaseException:
        aside.rename(path)
        raise
