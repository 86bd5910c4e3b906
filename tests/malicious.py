"""What tests of malicious files share: an honest file, and ways to change it."""

import json
import zipfile

import pytest

import keras_vae
from keras_vae import VAE, Decoder, Encoder, likelihoods, networks, posteriors, priors
from keras_vae.files import archives
from tests import tiny

WEIGHTS = "model.weights.h5"


def model_of(body):
    return VAE(
        Encoder(body, posteriors.DiagonalNormal(2)),
        Decoder(networks.linear(), likelihoods.Bernoulli(tiny.EVENT_SHAPE)),
        priors.StandardNormal(2),
    )


def honest_members(folder):
    """{name: content} of a file that loads, which is written into a folder."""
    path = folder / "model.keras"
    model_of(networks.linear()).save(path)
    found = archives.read_archive(path)
    del found["checksums.json"]  # Whoever changes a file can change these too.
    return found


def with_body(members, body):
    """The members of a file whose encoder has another body."""
    config = json.loads(members["config.json"])
    config["config"]["encoder"]["config"]["network"] = body
    return members | {"config.json": json.dumps(config).encode()}


def write(path, members):
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def refusal(path, **arguments):
    """The one line that loading raises."""
    with pytest.raises(ValueError, match=path.name) as caught:
        keras_vae.load(path, **arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def only_error(done):
    """The one line by which a command refuses its input."""
    assert done.code == 2, done.err
    assert "Traceback" not in done.err
    lines = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert lines == done.err.splitlines()[-1:]
    return lines[0]


def layer(class_name, module="keras.layers", registered=None, /, **config):
    return {
        "module": module,
        "class_name": class_name,
        "config": config,
        "registered_name": registered,
        "name": config.get("name", "evil"),
        "inbound_nodes": [],
    }


def function(module, name):
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}
