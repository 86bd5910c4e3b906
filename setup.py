"""Packaging. The versions that must fit together are pinned here, and only here."""

from pathlib import Path

from setuptools import find_packages, setup

# tf-keras 2.x requires TensorFlow 2.x itself, so pip takes the matching pair.
TF_VERSIONS = ">=2.18,<2.22"
TABLES = ["pandas>=2.2", "pyarrow"]

setup(
    name="keras-vae",
    version="0.1.0",
    description="Variational autoencoders for TensorFlow: train, measure, look, ship.",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.10,<3.14",
    packages=find_packages(include=["keras_vae*", "trainers*", "export*"]),
    package_data={
        "keras_vae": ["py.typed"],
        "keras_vae.report": ["page.html.template", "page.js"],
        "export": [
            "clients/*/*",
            "*.json",
            "web/*.js*",
            "web/page/*",
            "web/built/*",
            "web/runtime/*",
        ],
    },
    install_requires=[
        f"tensorflow{TF_VERSIONS}",
        f"tf-keras{TF_VERSIONS}",
        "tensorflow-probability==0.25.*",
        "tensorflow-datasets>=4.9.10",  # 4.9.9 fails with protobuf 7.
        "importlib_resources",  # tensorflow-datasets needs it to download, and doesn't say so.
        "tensorboard",
        "absl-py",
        "ai-edge-litert>=2.0",
        "ai-edge-quantizer>=0.10",  # Stores weights in 8 bits and computes in 32.
        # The entropy coder of trainers.compress. Platforms without its wheel need Rust.
        "constriction>=0.5; sys_platform != 'linux' or platform_machine == 'x86_64'",
        "flatbuffers",  # TensorFlow's own, for the cards in TFLite files.
        "matplotlib",
        "mido>=1.3",  # Writes runs on music as MIDI: small, pure Python, needs nothing else.
        "numpy",
        "pillow>=10.1",  # This version says whether an image has transparency.
        "scikit-learn",
    ],
    extras_require={
        "gpu": [f"tensorflow[and-cuda]{TF_VERSIONS}"],
        "test": [
            "pytest>=9",
            "pytest-xdist",
            "hypothesis",
            "ruff",
            "mypy>=2",
            "nbclient",
            "nbformat",
            "ipykernel",
            "jsonschema",
            "setuptools>=70.1",  # Builds the wheel that is tested.
            *TABLES,
        ],
        "colab": ["ipykernel"],
        "tables": TABLES,  # Reads CSV and Parquet files.
        # Sphinx makes API pages of docstrings; myst-nb reads Markdown and notebooks.
        "docs": ["sphinx>=8.1", "myst-nb>=1.2", "furo", "sphinx-copybutton"],
    },
    entry_points={
        "console_scripts": [
            "keras-vae-train=trainers.train:run",
            "keras-vae-evaluate=trainers.evaluate:run",
            "keras-vae-report=trainers.report:run",
            "keras-vae-compare=trainers.compare:run",
            "keras-vae-compress=trainers.compress:run",
            "keras-vae-sample=trainers.sample:run",
            "keras-vae-impute=trainers.impute:run",
            "keras-vae-score=trainers.score:run",
            "keras-vae-anomaly=trainers.anomaly:run",
            "keras-vae-latents=trainers.latents:run",
            "keras-vae-schema=trainers.schema:run",
            "keras-vae-export=export.export:run",
        ]
    },
)
