"""The JavaScript client in Node, and the page in Chromium."""

import filecmp
import hashlib
import json
import os
import pathlib
import re
import subprocess

import jsonschema
import numpy as np
import pytest

from export import card, latent_facts, random_numpy, tflite, web_page, writer
from export.random_numpy import Stream
from keras_vae.batches import Batch
from keras_vae.modality import Music
from keras_vae.ops.positive import scale_of
from tests import tiny
from tests.export.oracle import drawn, seeds
from tests.export.test_card import SCHEMA
from tests.tools import CHROMIUM

ROOT = pathlib.Path(__file__).parents[2]
WEB = ROOT / "export" / "web"
COUNT = 16
SEED = seeds(-7, COUNT)
MUSIC = Music(tiny.LEVELS, lowest_pitch=60).to_dict()
NAMES = ("cat", "</script><b>dog", "a name that is wider than a phone of 360 pixels")

needs_node = pytest.mark.needs("node", "web")
needs_browser = pytest.mark.needs("node", "web", "chromium")


def node(*command):
    command = ["node", *map(str, command)]
    environment = os.environ | {"CHROMIUM": CHROMIUM or ""}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)


def close(found, wanted, atol=1e-5):
    np.testing.assert_allclose(np.reshape(found, wanted.shape), wanted, atol=atol)


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    """(model, path of its file)."""
    model = tiny.randomize(tiny.vae())
    path = tmp_path_factory.mktemp("export") / "generator.tflite"
    tflite.write_tflite(model, path, batch_sizes=[1, COUNT])
    return model, path


@needs_node
def test_node_draws_the_models_images(generator, tmp_path):
    model, path = generator
    done = node(WEB / "node.js", path, -7, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert f"out.image: {COUNT} x 35" in done.stdout
    assert done.stderr == ""
    found = {name: np.fromfile(tmp_path / f"out.{name}", "f4") for name in ("z", "image", "sample")}
    image, pixels, z = drawn(model, SEED)
    close(found["z"], z)
    close(found["image"], image)
    np.testing.assert_array_equal(found["sample"], pixels.ravel())


@needs_node
@pytest.mark.parametrize("kind", ["label", "image_part"])
def test_node_draws_what_a_condition_asks_for(kind, tmp_path):
    model = tiny.randomize(tiny.vae(condition=kind))
    tflite.write_tflite(model, tmp_path / "generator.tflite", batch_sizes=[COUNT])
    card.embed(tmp_path / "generator.tflite", {"files": {}, "ranges": {"condition": [0, 3]}})
    given, argument, wrong = (
        2,
        2,
        {"99": "a label from 0 to 3, got 99", "-5": "from 0 to 3, got -5"},
    )
    if kind == "image_part":
        given = tiny.images(1)[0]
        argument = tmp_path / "given.raw"
        given.tofile(argument)
        (tmp_path / "long.raw").write_bytes(argument.read_bytes() + b"123")
        wrong = {tmp_path / "long.raw": "numbers of one image, 140 bytes; got"}
        for name, value in (("NaN", np.nan), ("3.5", 3.5)):
            np.where(given, value, given).astype(np.float32).tofile(tmp_path / name)
            wrong[tmp_path / name] = f"must be finite numbers from 0 to 3, got {name}."
    command = [WEB / "node.js", tmp_path / "generator.tflite", 7, tmp_path / "out"]
    done = node(*command, argument)
    assert done.returncode == 0, done.stderr
    condition = np.repeat(np.asarray(given)[np.newaxis], COUNT, axis=0)
    image, pixels, _ = drawn(model, seeds(7, COUNT), condition=condition)
    close(np.fromfile(tmp_path / "out.image", "f4"), image)
    np.testing.assert_array_equal(np.fromfile(tmp_path / "out.sample", "f4"), pixels.ravel())
    assert "needs a CONDITION" in node(*command).stderr
    for argument, words in wrong.items():
        assert words in node(*command, argument).stderr


@needs_node
def test_node_refuses_what_is_no_input(generator, tmp_path):
    script = tmp_path / "wrong.mjs"
    script.write_text(f"""
import {{ readFileSync }} from "node:fs";
import {{ start }} from "{WEB}/node.js";
import {{ Generator }} from "{WEB}/generator.js";
await start();
const generator = await Generator.open(readFileSync("{generator[1]}"));
const seed = new Int32Array([7, 0]), temperature = 1;
const all = [
  ["sample", {{ seed: [7, 0] }}],
  ["sample", {{ seed: new Float32Array([7, 0]) }}],
  ["sample", {{ seed: new Int32Array([7]) }}],
  ["sample", {{ seed, condition: 3 }}],
  ["paint", {{ seed }}],
  ["decode", {{ z: new Float32Array([1, NaN, 0]) }}],
  ["encode", {{ x: new Float32Array(34) }}],
  ["sample_with_temperature", {{ seed, temperature: NaN }}],
];
for (const [verb, inputs] of all) {{
  await generator.run(verb, inputs).then(() => console.log("taken"), (e) => console.log(e.message));
}}
""")
    done = node(script)
    assert done.returncode == 0, done.stderr
    for line, words in zip(
        done.stdout.splitlines(),
        [
            "seed of sample must be an Int32Array of 2 numbers an image, got an Array of 2",
            "got an Float32Array of 2",
            "got an Int32Array of 1",
            "sample takes no condition",
            "this model has no paint",
            "z of decode must be finite numbers, got NaN",
            "x of encode must be an Float32Array of 35 numbers an image, got an Float32Array of 34",
            "temperature of sample_with_temperature must be finite numbers, got NaN",
        ],
        strict=True,
    ):
        assert words in line


@needs_node
def test_node_finds_a_changed_file_by_its_card(generator, tmp_path):
    content = bytearray(generator[1].read_bytes())
    (tmp_path / "generator.tflite").write_bytes(content)
    files = {"generator.tflite": {"sha256": card.hashes(tmp_path / "generator.tflite")}}
    (tmp_path / card.FILE).write_text(json.dumps({"files": files}))
    command = [WEB / "node.js", tmp_path / "generator.tflite", 7, tmp_path / "out"]
    assert node(*command).returncode == 0
    content[len(content) // 2] ^= 1
    (tmp_path / "generator.tflite").write_bytes(content)
    done = node(*command)
    assert done.returncode == 2
    assert "is damaged or was changed" in done.stderr


@needs_node
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{0}/none.tflite", "7", "{0}/out"], "no such file"),
        (["{1}", "5000000000", "{0}/out"], "SEED must be a whole number of 32 bits"),
        (["{1}", "seven", "{0}/out"], "SEED must be"),
        (["{1}", "7", "{0}/none/out"], "no such file or directory"),
        (["{1}", "7", "{0}/out", "3"], "takes no CONDITION"),
        (["{1}"], "usage"),
    ],
)
def test_bad_input_to_node_is_one_error(generator, tmp_path, arguments, words):
    arguments = [argument.format(tmp_path, generator[1]) for argument in arguments]
    done = node(WEB / "node.js", *arguments)
    assert done.returncode == 2
    (error,) = done.stderr.splitlines()
    assert error.startswith("error: ")
    assert words in error
    assert list(tmp_path.iterdir()) == []


@needs_node
@pytest.mark.parametrize("recipe", ["vae", "cvae", "cvae_image", "ae"])
def test_the_readmes_javascript_runs(tmp_path, recipe):
    options = {"formats": ["tflite"], "batch_sizes": [COUNT]}
    writer.write(tiny.vae(recipe=recipe), tmp_path / "export", **options)
    readme = (tmp_path / "export" / "README.md").read_text()
    assert ("Kotlin" in readme) == (recipe != "ae")
    (code,) = re.findall(r"```javascript\n(.*?)```", readme, re.DOTALL)
    # Node has no server to fetch from, and starts the runtime in its own way.
    for browsers, nodes in [
        (r"\./generator\.js", str(WEB / "generator.js")),
        (r"import \{ loadLiteRt \}.*\n", f'import {{ start }} from "{WEB}/node.js";\n'),
        (r"await loadLiteRt.*", "await start();"),
        (
            r"await \(await fetch\((.*)\)\)\.arrayBuffer\(\)",
            r"(await import('node:fs')).readFileSync(\1)",
        ),
    ]:
        code, count = re.subn(browsers, lambda found, new=nodes: found.expand(new), code)
        assert count == 1, browsers
    script = tmp_path / "export" / "example.mjs"
    script.write_text(code + "console.log(image.length)")
    done = subprocess.run(["node", script.name], cwd=script.parent, capture_output=True, text=True)
    assert done.stdout.strip() == "35", done.stderr


@needs_node
def test_the_bundle_is_of_its_sources(tmp_path):
    done = node(WEB / "build.js", tmp_path)
    assert done.returncode == 0, done.stderr
    names = sorted(file.name for file in (WEB / "built").iterdir())
    assert names == ["main.js", "style.css", "worker.js"]
    match, *others = filecmp.cmpfiles(tmp_path, WEB / "built", names, shallow=False)
    assert (match, others) == (names, [[], []])
    assert sum((WEB / "built" / name).stat().st_size for name in names) < 300_000


def export(path, **options):
    """(model, path of its page.html)."""
    model = tiny.randomize(tiny.vae(event_shape=(8, 8, 1), **options), scale=0.3)
    x = np.random.default_rng(0).uniform(size=(20, 8, 8, 1)) < 0.3
    labels = np.arange(20, dtype=np.int32) % 3
    condition = labels if options.get("condition") == "label" else None
    writer.write(
        model,
        path,
        formats=["tflite"],
        batch_sizes=[1, COUNT],
        web=True,
        examples=Batch(x, None, condition),
    )
    return model, path / "page.html"


def changed(found, name):
    before, after = found[name]
    return sum(a != b for a, b in zip(before, after, strict=True))


@needs_browser
@pytest.mark.parametrize(
    ("width", "options"),
    [
        (1400, {"latent_dim": 5}),
        (360, {"latent_dim": 2, "prior": "learned_normal"}),
        (1400, {"condition": "label", "num_classes": 3}),
        (360, {"condition": "label", "num_classes": 3, "class_names": NAMES}),
        (360, {"condition": "image_part", "visible_mask": (1, 0) * 32}),
    ],
)
def test_the_page_in_chromium(tmp_path, width, options):
    """The same pixels as in Python; every control does something; nothing is asked of a network."""
    model, path = export(tmp_path / "export", **options)
    found = json.loads((tmp_path / "export" / "model_card.json").read_text())
    jsonschema.validate(found, SCHEMA)
    content = path.read_bytes()
    hashes = {"page.html": hashlib.sha256(content).hexdigest()}
    assert found["page"] == {"bytes": len(content), "sha256": hashes}
    done = node(ROOT / "tests" / "export" / "browser.mjs", path, width, tmp_path / "shot.png")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["errors"] == []
    assert all(url.startswith(("file:", "blob:", "data:")) for url in found["requests"])
    assert found["content"] == width
    condition = None
    if "num_classes" in options:
        condition = np.arange(COUNT, dtype=np.int32) % 3
    elif "visible_mask" in options:
        condition = np.zeros([COUNT, 8, 8, 1], np.float32)
    image, pixels, z = drawn(model, SEED, condition)
    close(found["sampled"]["z"], z)
    close(found["sampled"]["image"], image)
    hidden = 1 - np.reshape(options.get("visible_mask", (0,) * 64), (8, 8, 1))
    np.testing.assert_array_equal(
        np.reshape(found["sampled"]["sample"], z.shape[:1] + (8, 8, 1)), pixels * hidden
    )
    for frame in found["frame"]:
        np.testing.assert_array_equal(np.reshape(frame, (8, 8, 1)) > 0, hidden)  # Veiled.
    shown = np.reshape(found["pixels"], (COUNT, 8, 8, 4))
    close(shown[..., :1], 255 * image, atol=0.51)
    assert "must be an Int32Array of 2 numbers an image, got an Array of 2" in found["wrong"]
    assert found["seed"] == "-7"
    assert found["hashed"] == ["-9", "1.5", "1.50", True]
    assert found["drawnLink"].endswith("&drawn=true")
    assert ("label" in found["hint"]) == ("num_classes" in options)
    assert ("not the given part" in found["hint"]) == ("visible_mask" in options)
    assert found["footer"] == "static"  # The footer covers nothing.
    assert found["link"] == "#seed=-6"
    for name in ("next", "back", "temperature", "drawn"):
        assert changed(found, name) == COUNT, name
    assert ("label" in found) == ("num_classes" in options)
    assert ("given" in found) == ("visible_mask" in options)
    assert ("dragged" in found) == (model.latent_dim == 2)
    assert ("tapped" in found) == (width < 500)
    names = ("label", "given", "chosen", "moved", "dragged", "tapped", "file", "dropped", "between")
    for name in names:
        assert name not in found or changed(found, name), name
    assert changed(found, "pictured") > 2  # Drawing, what is made of it, and the way between.
    if "plane" in found:  # The first image is of the lowest z_1 and the highest z_2.
        p = model.prior.distribution()
        corner = p.mean() + p.stddev() * np.float32([-1, 1]) * 3 * 14 / 15
        shown = np.reshape(found["plane"], (15 * 8, 15 * 8, 1))[:8, :8]
        close(shown, 255 * model.decode(corner[np.newaxis]).mean().numpy()[0], atol=0.51)
    if "label" in found:
        shown = list(options.get("class_names", ("0", "1", "2")))
        assert found["options"] == ["each", *shown, *shown, *shown, *shown]
        assert found["titles"][:4] == [
            f"Sample {i + 1} of seed -7{named}: start from it"
            for i, named in enumerate(
                ", " + shown[i % 3] if "class_names" in options else "" for i in range(4)
            )
        ]
        a, b = np.float32(image[:2, np.newaxis] >= 0.5)
        centre = np.zeros([1, model.latent_dim], np.float32)
        for name, labels in {"each": (0, 0, 1), "one": (2, 2, 2), "own": (1, 2, 2)}.items():
            made = [model.decode(centre, labels[:1]).mean()]
            made += [
                model.reconstruct(x, [label]) for x, label in zip((a, b), labels[1:], strict=True)
            ]
            close(found[name], 255 * np.concatenate(made), atol=0.51)
        made = [model.reconstruct(x, [label]) for x, label in [(b, 0), (a, 2), (b, 0)]]
        close(found["pads"], 255 * np.concatenate(made), atol=0.51)
    if "given" in found:  # By the sliders' image too, which comes last.
        before, after = found["given"]
        assert before[-1] != after[-1]
    light, dark = (sum(map(int, re.findall(r"\d+", ground)[:3])) for ground in found["grounds"])
    assert dark < 100 < 700 < light
    assert found["saved"] == "samples--7.png"
    assert (tmp_path / "shot.png").stat().st_size > 10_000


@needs_browser
def test_a_page_of_clusters(tmp_path):
    """A label among the latents is picked; sliders are for the others, about the label's normal."""
    model, path = export(tmp_path / "export", recipe="gmvae", prior_components=3)
    done = node(ROOT / "tests" / "export" / "browser.mjs", path, 360, tmp_path / "shot.png")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["errors"] == []
    loc, scale = model.prior.loc.numpy()[2], scale_of(model.prior.raw_scale).numpy()[2]
    image = model.decode(np.concatenate([[0, 0, 1], loc])[np.newaxis].astype("f4")).mean()
    close(found["centre"], 255 * image.numpy(), atol=0.51)
    order = web_page.facts(model, path, None)["order"]
    assert sorted(order) == [3, 4, 5]
    ranges = np.stack([loc - 3 * scale, loc + 3 * scale], axis=1)
    close(np.float64(found["sliders"]), ranges[np.array(order) - 3], atol=0.01)
    for name in ("next", "chosen", "picked", "moved"):
        assert changed(found, name), name


@needs_browser
def test_a_page_of_music(tmp_path):
    model = tiny.randomize(
        tiny.vae(recipe="music", event_shape=(6, 3, 1), modality=MUSIC), scale=0.5
    )
    path = tmp_path / "export"
    writer.write(model, path, formats=["tflite"], web=True)
    done = node(ROOT / "tests" / "export" / "browser.mjs", path / "page.html", 800, path / "a.png")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["errors"] == []
    p = model.decode(random_numpy.normal(SEED, Stream.LATENT, model.latent_dim))
    wanted = p.from_noise(random_numpy.normal(SEED, Stream.STEP, *p.noise_shape)).numpy()
    for name in ("image", "sample"):
        close(found["sampled"][name], wanted)
    levels = np.round(wanted[..., 0] * (tiny.LEVELS - 1))[:, np.newaxis]
    lines = np.arange(tiny.LEVELS)[::-1, np.newaxis, np.newaxis]
    is_note = ((levels == lines) & (lines > 0)).any(axis=-1)  # [B, levels, steps]
    shown = np.reshape(found["pixels"], (COUNT, 4 * tiny.LEVELS, 4 * 6, 4))[..., :3].any(axis=-1)
    np.testing.assert_array_equal(shown, is_note.repeat(4, axis=1).repeat(4, axis=2))
    for name in ("next", "back", "chosen"):
        assert changed(found, name), name
    assert not {"drawn", "pictured"} & set(found)


def test_without_the_runtime_a_page_is_refused_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setattr(web_page, "RUNTIME", tmp_path / "none")
    with pytest.raises(ValueError, match="make web"):
        writer.write(tiny.vae(), tmp_path / "export", formats=["tflite"], web=True)
    assert list(tmp_path.iterdir()) == []


def test_the_page_is_told_of_only_where_it_is(tmp_path):
    assert web_page.told(tmp_path) == (
        "page.html is not written, for it needs a file that samples, and none is."
    )
    (tmp_path / "page.html").write_text("")
    assert web_page.told(tmp_path) == f"{tmp_path}/page.html: open it in a browser"


@pytest.mark.needs("web")
def test_a_page_has_no_way_to_be_given_music(tmp_path):
    options = {"event_shape": (8, 4, 1), "modality": MUSIC}
    model = tiny.vae(recipe="music", condition="image_part", **options)
    with pytest.raises(ValueError, match=r"web: .* nothing to write music down with.*without web"):
        writer.write(model, tmp_path / "export", formats=["tflite"], web=True)
    assert list(tmp_path.iterdir()) == []


def test_a_page_needs_a_file_that_samples(tmp_path):
    with pytest.raises(ValueError, match=r"web needs a file that samples, .* got int8"):
        writer.write(tiny.vae(), tmp_path / "export", precisions=["int8"], web=True)
    with pytest.raises(ValueError, match=r"web needs .* got none"):
        writer.write(tiny.vae(), tmp_path / "export", formats=["savedmodel"], web=True)
    assert list(tmp_path.iterdir()) == []


def test_facts_of_the_model(tmp_path):
    """Latents come by their rate, which is that of standard normals."""
    model = tiny.randomize(tiny.vae(latent_dim=4), scale=1.0)
    file = tmp_path / "generator.tflite"
    file.write_bytes(b"0" * 2_345_000)
    x = np.random.default_rng(0).uniform(size=(50, 7, 5, 1)) < 0.5
    facts = web_page.facts(model, file, Batch(x, None))
    q = model.encode(x)
    mean, scale = q.mean().numpy(), q.stddev().numpy()
    nats = np.mean(0.5 * (mean**2 + scale**2 - 1.0) - np.log(scale), axis=0)
    np.testing.assert_allclose(facts["nats"], nats, rtol=1e-4)
    assert facts["order"] == np.argsort(-nats).tolist()
    assert facts["loc"] == [0.0] * 4
    assert facts["scale"] == [1.0] * 4
    assert facts["size"] == "generator.tflite, 2.3 MB"
    assert facts["title"] == "A generator of images"
    described = tiny.described(tiny.config(), name="npz:some/faces.npz")
    assert web_page.facts(model, file, described=described)["title"] == "A generator of faces"
    assert (facts["classes"], facts["visible"], facts["levels"]) == (None, None, None)
    assert facts["names"] is None
    named = tiny.vae(recipe="cvae", class_names=("cat", "dog", "yak", "</script>"))
    assert web_page.facts(named, file)["names"] == ["cat", "dog", "yak", "</script>"]
    # Of one shape, twice as high as wide, the modality tells music from an image.
    in_turn = {"network": "gru", "decoder": "autoregressive", "likelihood": "categorical"}
    in_turn["event_shape"] = (8, 3, 1)
    assert web_page.facts(tiny.vae(**in_turn), file)["levels"] is None
    music = tiny.vae(**in_turn, modality=MUSIC)
    assert web_page.facts(music, file)["levels"] == tiny.LEVELS
    assert web_page.facts(music, file)["title"] == "A generator of pieces"


def test_latents_of_an_autoencoder_are_as_its_codes(tmp_path):
    model = tiny.randomize(tiny.vae(recipe="ae"))
    batch = Batch(np.random.default_rng(0).uniform(size=(50, 7, 5, 1)) < 0.5, None)
    codes = model.code(batch.x).numpy()
    mean, deviation = latent_facts.moments(model, batch)
    np.testing.assert_allclose(mean, codes.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(deviation, codes.std(axis=0), rtol=1e-6)
    assert latent_facts.rates(model, batch) is None
