"""Names of packages that are loaded on demand, and old names that still work."""

import importlib
import importlib.abc
import importlib.util
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


def lazy(package: str, modules: dict) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """(__getattr__, __dir__) of a package whose names are loaded on demand.

    Args:
      package: its name.
      modules: name -> "module", or "module:attribute", that it stands for.
    """

    def __getattr__(name):
        if package == "keras_vae" and name in RENAMED:
            return importlib.import_module(f"{package}.{name}")
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}.")
        module, _, attribute = modules[name].partition(":")
        found = importlib.import_module(module)
        return getattr(found, attribute) if attribute else found

    def __dir__():
        return sorted({*vars(sys.modules[package]), *modules})

    return __getattr__, __dir__


def renamed(package: str, names: dict) -> Callable[[str], Any]:
    """A package's __getattr__ that finds objects by their old names, with a DeprecationWarning."""

    def __getattr__(name):
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}.")
        new = names[name]
        warnings.warn(f"{package}.{name} is {package}.{new} now.", DeprecationWarning, stacklevel=2)
        return getattr(sys.modules[package], new)

    return __getattr__


# Modules by their old names, which are kept for one release.
RENAMED = {
    "archives": "files.archives",
    "app": "command_line",
    "bayesian": "networks.bayesian",
    "blocks": "batches",
    "checksums": "files.checksums",
    "choices": "ops.categorical",
    "compilation": "ops.eager_graphs",
    "completion": "inference.completion",
    "gradients": "ops.gradients",
    "importance": "inference.importance",
    "interpolation": "inference.interpolation",
    "labelled_normal": "distributions.labelled_normal",
    "made": "networks.made",
    "midi": "report.midi",
    "moving_average": "training.moving_average",
    "notes": "messages.notes",
    "recipes": "config.recipes",
    "refusals": "training.refusals",
    "remedies": "messages.remedies",
    "report.glossary": "report.numbers_as_text",
    "report.music": "modality.music",
    "saving": "runs.loading",
    "scales": "ops.positive",
    "schedules": "training.schedules",
    "sentences": "messages.sentences",
    "shapes": "ops.shapes",
    "whole_numbers": "ops.whole_numbers",
}


# Objects of these modules that have another name or place now: "module:attribute".
MOVED = {
    "archives": {
        "check": "files.archives:check_archive",
        "read": "files.archives:read_archive",
    },
    "choices": {
        "choose": "ops.categorical:from_normal",
        "chosen": "ops.categorical:from_uniform",
    },
    "compilation": {"prefers_xla": "training.xla:prefers_xla"},
    "refusals": {"check": "training.refusals:check_objective"},
    "report.music": {"Music": "modality.music:Made"},
    "saving": {"load": "runs.loading:load_model", "save": "storage.keras_file:write"},
}


class _Renamed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports a module under its old name, with a DeprecationWarning that says the new one."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        package, _, name = fullname.partition(".")
        if package == "keras_vae" and name in RENAMED:
            return importlib.util.spec_from_loader(fullname, self)
        return None

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        new = f"keras_vae.{RENAMED[module.__name__.partition('.')[2]]}"
        warnings.warn(f"{module.__name__} is {new} now.", DeprecationWarning, stacklevel=2)
        vars(module).update(
            {k: v for k, v in vars(importlib.import_module(new)).items() if not k.startswith("__")}
        )
        for name, place in MOVED.get(module.__name__.partition(".")[2], {}).items():
            found, _, attribute = place.partition(":")
            setattr(module, name, getattr(importlib.import_module(f"keras_vae.{found}"), attribute))


def keep_old_names() -> None:
    """Lets modules be imported by their old names."""
    if not any(isinstance(finder, _Renamed) for finder in sys.meta_path):
        sys.meta_path.append(_Renamed())
