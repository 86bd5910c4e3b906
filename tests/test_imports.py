"""Imports go one way: every module is in the table below, and imports only what its row allows."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[1]
OURS = ("keras_vae", "trainers", "export")

# Group: (its modules, the groups it may import). A name ending in ".*" is a package; the modules of
# a package may import each other, those of any other group may not.
TABLE = {
    "compat": (["keras_vae._compat"], []),
    "basics": (
        [
            "keras_vae.seeds",
            "keras_vae.blocks",
            "keras_vae.terms",
            "keras_vae.shapes",
            "keras_vae.scales",
            "keras_vae.choices",
            "keras_vae.gradients",
            "keras_vae.bayesian",
            "keras_vae.distributions",
            "keras_vae.compilation",
            "keras_vae.sentences",
            "keras_vae.given",
            "keras_vae.whole_numbers",
        ],
        ["compat"],
    ),
    "helpers": (
        ["keras_vae.labelled_normal", "keras_vae.made", "keras_vae.remedies"],
        ["compat", "basics"],
    ),
    "axes": (
        [
            "keras_vae.networks.*",
            "keras_vae.posteriors.*",
            "keras_vae.priors.*",
            "keras_vae.likelihoods.*",
            "keras_vae.objectives",
            "keras_vae.conditions",
            "keras_vae.schedules",
        ],
        ["compat", "basics", "helpers"],
    ),
    "parts": (
        [
            "keras_vae.rate",
            "keras_vae.encoder",
            "keras_vae.decoder",
            "keras_vae.importance",
            "keras_vae.moving_average",
        ],
        ["compat", "basics"],
    ),
    "examples": (["keras_vae.examples"], ["compat", "basics", "helpers", "axes", "notes"]),
    "refusals": (["keras_vae.refusals"], ["basics", "axes"]),
    "training": (
        ["keras_vae.training"],
        ["compat", "basics", "axes", "parts", "examples", "refusals"],
    ),
    "verbs": (
        ["keras_vae.completion", "keras_vae.interpolation"],
        ["compat", "basics", "parts"],
    ),
    "models": (["keras_vae.vae"], ["compat", "basics", "parts", "examples", "training", "verbs"]),
    "structures": (
        ["keras_vae.hierarchical.*", "keras_vae.sequence.*", "keras_vae.autoregressive.*"],
        ["compat", "basics", "axes", "parts", "models"],
    ),
    "image_options": (["keras_vae.image_options"], []),
    "config": (["keras_vae.config.*"], ["image_options"]),
    "recipes": (["keras_vae.recipes"], ["config"]),
    "build": (
        ["keras_vae.build"],
        ["compat", "basics", "axes", "parts", "models", "structures", "config"],
    ),
    "trusted": (["keras_vae.trusted.*"], ["compat", "files"]),
    "saving": (
        ["keras_vae.saving"],
        [
            "compat",
            "basics",
            "models",
            "config",
            "build",
            "notes",
            "trusted",
            "files",
            "checked",
        ],
    ),
    "data": (["keras_vae.data.*"], ["compat", "basics", "helpers", "files", "image_options"]),
    "inputs": (
        ["keras_vae.inputs"],
        ["compat", "basics", "axes", "examples", "config", "build", "saving", "data"],
    ),
    "evaluation": (
        ["keras_vae.evaluation.*"],
        ["compat", "basics", "axes", "parts", "models", "structures"],
    ),
    "compression": (
        ["keras_vae.compression.*"],
        ["compat", "basics", "axes", "parts"],
    ),
    "plots": (["keras_vae.plots"], []),
    "midi": (["keras_vae.midi"], []),
    "notes": (["keras_vae.notes"], ["basics"]),
    "app": (["keras_vae.app"], ["basics", "notes"]),
    "files": (["keras_vae.files", "keras_vae.archives"], []),
    "checked": (["keras_vae.checksums"], ["files", "notes"]),
    "api": (["keras_vae"], ["parts", "models", "config", "recipes", "build", "saving"]),
    "trainers": (
        ["trainers.*"],
        [
            "compat",
            "basics",
            "axes",
            "models",
            "structures",
            "config",
            "recipes",
            "build",
            "saving",
            "data",
            "inputs",
            "evaluation",
            "compression",
            "plots",
            "midi",
            "app",
            "notes",
            "files",
            "checked",
            "trusted",
            "api",
        ],
    ),
    "export": (
        ["export.*"],
        [
            "compat",
            "basics",
            "axes",
            "parts",
            "models",
            "structures",
            "config",
            "saving",
            "data",
            "inputs",
            "app",
            "notes",
            "files",
            "checked",
            "trusted",
            "api",
        ],
    ),
}

# (module, module of its function-level import): a verb of the public API that stands above it.
LAZY_EXCEPTIONS = {("keras_vae.vae", "keras_vae.saving")}

# Package or module: the only modules of keras_vae that may import it when they are imported.
AT_TOP_LEVEL = {
    "tensorflow": {"keras_vae._compat"},
    "tf_keras": {"keras_vae._compat"},
    "tensorflow_probability": {"keras_vae._compat"},
    "absl.app": {"keras_vae.app"},
    "absl.flags": {"keras_vae.app"},
    "tensorflow_datasets": set(),
    "sklearn": set(),
    "matplotlib": {"keras_vae.plots"},
    "PIL": set(),
    "mido": set(),
    "constriction": set(),
}
# These not even inside functions: their aliases are _compat's.
NEVER_ELSEWHERE = {"tensorflow", "tf_keras", "tensorflow_probability"}


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {
    module_name(path): path for folder in OURS for path in sorted((ROOT / folder).rglob("*.py"))
}


def imports(path):
    """(name, whether at top level) of each import in a file: `from a import b` as a.b, unless b is
    what our module a holds."""
    found = []

    def visit(node, top):
        for child in ast.iter_child_nodes(node):
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            if isinstance(child, ast.Import):
                found.extend((alias.name, top) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{path}: relative import"
                for alias in child.names:
                    submodule = f"{child.module}.{alias.name}"
                    ours = child.module.split(".")[0] in OURS
                    found.append(
                        (child.module if ours and submodule not in FILES else submodule, top)
                    )
            visit(child, top and not inside)

    visit(ast.parse(path.read_text()), True)
    return found


def belongs(module, member):
    package = member.removesuffix(".*")
    return module == package or (member != package and module.startswith(package + "."))


def group_of(module):
    for group, (members, _) in TABLE.items():
        if any(belongs(module, member) for member in members):
            return group
    return None


@pytest.mark.parametrize("module", list(FILES))
def test_every_module_has_a_row_and_imports_what_it_allows(module):
    group = group_of(module)
    assert group, f"{module} is new: give it a row in the table of {__file__}"
    members, allowed = TABLE[group]
    for imported, top in imports(FILES[module]):
        if imported.split(".")[0] not in OURS:
            continue
        assert imported in FILES, f"{module} imports {imported}, which isn't there"
        other = group_of(imported)
        own_package = any(belongs(module, m) and belongs(imported, m) for m in members)
        excepted = not top and (module, imported) in LAZY_EXCEPTIONS
        assert own_package or other in allowed or excepted, (
            f"{module} ({group}) imports {imported} ({other}); it may import {allowed}"
        )


@pytest.mark.parametrize("module", [m for m in FILES if m.startswith("keras_vae")])
def test_heavy_and_optional_packages_are_imported_where_they_may_be(module):
    for imported, top in imports(FILES[module]):
        for package, importers in AT_TOP_LEVEL.items():
            if f"{imported}.".startswith(f"{package}.") and (top or package in NEVER_ELSEWHERE):
                assert module in importers, f"{module} imports {package}"


def test_the_table_names_no_module_that_is_gone():
    for members, allowed in TABLE.values():
        for member in members:
            assert member.removesuffix(".*") in FILES, member
        assert set(allowed) <= set(TABLE)


def test_the_order_has_no_circles():
    done = set()
    while len(done) < len(TABLE):
        ready = {g for g, (_, allowed) in TABLE.items() if set(allowed) <= done} - done
        assert ready, f"circle among {set(TABLE) - done}"
        done |= ready


def test_the_reader_sees_all_kinds_of_imports(tmp_path):
    file = tmp_path / "example.py"
    file.write_text(
        "import a.b\nfrom absl import flags\nfrom keras_vae import rate, VAE\n"
        "try:\n    import c\nexcept E:\n    pass\n"
        "class K:\n    def f(self):\n        from keras_vae.saving import save\n"
    )
    assert imports(file) == [
        ("a.b", True),
        ("absl.flags", True),
        ("keras_vae.rate", True),
        ("keras_vae", True),
        ("c", True),
        ("keras_vae.saving", False),
    ]
