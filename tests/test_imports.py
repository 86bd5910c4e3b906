"""Imports go one way: every module is in the table below, and imports only what its row allows."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[1]
OURS = ("keras_vae", "trainers", "export")

# Room: (its modules, the rooms it may import). A name ending in ".*" is a package; modules of a
# package may import each other, those of any other room may not.
TABLE = {
    "_quiet": (["keras_vae._quiet"], []),
    "_compat": (["keras_vae._compat"], ["_quiet"]),
    "_names": (["keras_vae._names"], []),
    "ops": (["keras_vae.ops.*"], ["_compat"]),
    "seeds": (["keras_vae.seeds"], ["_compat", "ops"]),
    "batches": (["keras_vae.batches"], ["_compat"]),
    "terms": (["keras_vae.terms"], ["_compat", "ops", "rate"]),
    "rate": (["keras_vae.rate"], ["_compat", "ops", "distributions"]),
    "objectives": (["keras_vae.objectives"], ["_compat", "terms"]),
    "messages": (["keras_vae.messages.*"], ["ops"]),
    "files": (["keras_vae.files.*"], ["messages"]),
    "trusted": (["keras_vae.trusted.*"], ["_compat", "files"]),
    "distributions": (["keras_vae.distributions.*"], ["_compat", "ops"]),
    "columns": (["keras_vae.columns.*"], ["messages"]),
    # Of the folder report/, what draws arrays and knows no model.
    "plots": (["keras_vae.report.plots", "keras_vae.report.midi"], ["files"]),
    "marginals": (["keras_vae.report.marginals", "keras_vae.report.pairs"], ["plots"]),
    "modality": (["keras_vae.modality.*"], ["_compat", "columns", "plots", "marginals"]),
    "networks": (["keras_vae.networks.*"], ["_compat", "ops", "columns"]),
    "likelihoods": (
        ["keras_vae.likelihoods.*"],
        ["_compat", "ops", "messages", "distributions", "columns"],
    ),
    "posteriors": (
        ["keras_vae.posteriors.*"],
        ["_compat", "ops", "messages", "distributions", "networks"],
    ),
    "priors": (["keras_vae.priors.*"], ["_compat", "ops", "messages", "distributions", "networks"]),
    "conditions": (["keras_vae.conditions"], ["_compat", "ops", "messages", "distributions"]),
    "encoder": (["keras_vae.encoder"], ["_compat", "ops", "posteriors"]),
    "decoder": (
        ["keras_vae.decoder.*"],
        ["_compat", "ops", "distributions", "networks", "likelihoods"],
    ),
    "autoregressive": (
        ["keras_vae.autoregressive.*"],
        ["_compat", "ops", "distributions", "networks", "likelihoods", "decoder"],
    ),
    "inputs": (
        ["keras_vae.inputs.*"],
        ["_compat", "ops", "messages", "batches", "likelihoods"],
    ),
    "inference": (
        ["keras_vae.inference.*"],
        ["_compat", "ops", "seeds", "messages", "batches", "distributions"],
    ),
    "training": (
        ["keras_vae.training.*"],
        [
            "_compat",
            "ops",
            "seeds",
            "batches",
            "terms",
            "rate",
            "objectives",
            "networks",
            "posteriors",
            "priors",
            "inputs",
            "messages",
            "likelihoods",
            "data",
        ],
    ),
    "storage": (
        ["keras_vae.storage.*"],
        ["_compat", "ops", "messages", "files", "modality", "trusted", "training"],
    ),
    "vae": (
        ["keras_vae.vae"],
        [
            "_compat",
            "ops",
            "seeds",
            "batches",
            "terms",
            "rate",
            "distributions",
            "priors",
            "conditions",
            "encoder",
            "decoder",
            "modality",
            "inputs",
            "inference",
            "training",
            "storage",
        ],
    ),
    "structures": (
        ["keras_vae.hierarchical.*", "keras_vae.sequence.*"],
        [
            "_compat",
            "ops",
            "seeds",
            "terms",
            "rate",
            "messages",
            "distributions",
            "inputs",
            "posteriors",
            "priors",
            "encoder",
            "vae",
        ],
    ),
    "config": (["keras_vae.config.*"], ["ops", "messages"]),
    "measures": (["keras_vae.measures.*"], []),
    "data": (
        ["keras_vae.data.*"],
        [
            "_compat",
            "_names",
            "ops",
            "seeds",
            "batches",
            "messages",
            "files",
            "config",
            "columns",
            "modality",
        ],
    ),
    "building": (
        ["keras_vae.building.*"],
        [
            "_compat",
            "ops",
            "messages",
            "columns",
            "config",
            "networks",
            "likelihoods",
            "posteriors",
            "priors",
            "conditions",
            "objectives",
            "encoder",
            "decoder",
            "modality",
            "autoregressive",
            "inputs",
            "training",
            "vae",
            "structures",
            "data",
        ],
    ),
    "build": (
        ["keras_vae.build"],
        [
            "_compat",
            "ops",
            "config",
            "networks",
            "priors",
            "modality",
            "training",
            "vae",
            "building",
            "data",
        ],
    ),
    "evaluation": (
        ["keras_vae.evaluation.*"],
        [
            "_compat",
            "columns",
            "distributions",
            "ops",
            "seeds",
            "batches",
            "messages",
            "distributions",
            "networks",
            "likelihoods",
            "posteriors",
            "priors",
            "decoder",
            "inference",
            "storage",
            "vae",
            "structures",
        ],
    ),
    "compression": (
        ["keras_vae.compression.*"],
        [
            "_compat",
            "config",
            "seeds",
            "encoder",
            "likelihoods",
            "posteriors",
            "priors",
            "inference",
            "vae",
            "structures",
        ],
    ),
    "runs": (
        ["keras_vae.runs.*"],
        [
            "_compat",
            "ops",
            "_names",
            "seeds",
            "batches",
            "messages",
            "files",
            "likelihoods",
            "priors",
            "conditions",
            "modality",
            "inputs",
            "training",
            "storage",
            "vae",
            "config",
            "building",
            "build",
            "data",
            "evaluation",
        ],
    ),
    "report": (
        ["keras_vae.report.*"],
        [
            "_compat",
            "_names",
            "measures",
            "ops",
            "batches",
            "messages",
            "files",
            "conditions",
            "structures",
            "vae",
            "config",
            "data",
            "evaluation",
            "plots",
            "runs",
        ],
    ),
    "tasks": (
        ["keras_vae.tasks.*"],
        [
            "_compat",
            "_names",
            "measures",
            "ops",
            "seeds",
            "batches",
            "messages",
            "files",
            "trusted",
            "columns",
            "modality",
            "likelihoods",
            "training",
            "config",
            "building",
            "build",
            "data",
            "inference",
            "evaluation",
            "compression",
            "plots",
            "runs",
            "report",
        ],
    ),
    "command_line": (["keras_vae.command_line"], ["_quiet", "_compat", "messages", "files"]),
    "keras_vae": (
        ["keras_vae"],
        [
            "_names",
            "networks",
            "likelihoods",
            "posteriors",
            "priors",
            "conditions",
            "objectives",
            "encoder",
            "decoder",
            "inference",
            "modality",
            "vae",
            "config",
            "build",
            "data",
            "measures",
            "evaluation",
            "compression",
            "plots",
            "runs",
            "report",
            "tasks",
        ],
    ),
    "trainers": (
        ["trainers.*"],
        [
            "_compat",
            "messages",
            "config",
            "evaluation",
            "compression",
            "runs",
            "report",
            "tasks",
            "measures",
            "command_line",
            "keras_vae",
        ],
    ),
    "export": (
        ["export.*"],
        [
            "_quiet",
            "_compat",
            "ops",
            "batches",
            "rate",
            "messages",
            "files",
            "trusted",
            "distributions",
            "likelihoods",
            "conditions",
            "encoder",
            "autoregressive",
            "inference",
            "vae",
            "structures",
            "networks",
            "config",
            "data",
            "runs",
            "command_line",
            "keras_vae",
        ],
    ),
}

# (package, module that it loads when it is asked for): training measures and reports, so it stands
# above runs, where users look for it.
ALIASES = {("keras_vae.runs", "keras_vae.tasks.training_run")}

# Package or module: the only modules of keras_vae that may import it when they are imported.
AT_TOP_LEVEL = {
    "tensorflow": {"keras_vae._compat"},
    "tf_keras": {"keras_vae._compat"},
    "tensorflow_probability": {"keras_vae._compat"},
    "absl.app": {"keras_vae.command_line"},
    "absl.flags": {"keras_vae.command_line"},
    "tensorflow_datasets": set(),
    "sklearn": set(),
    "matplotlib": {"keras_vae.report.plots"},
    "PIL": set(),
    "pandas": set(),
    "pyarrow": set(),
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
            if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
                continue  # Names for types: nothing is imported when it runs.
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

    tree = ast.parse(path.read_text())
    visit(tree, True)
    # What a package loads when it is asked for is named in a dictionary: "module:attribute".
    if path.name == "__init__.py":
        texts = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)}
        named = (str(text).partition(":")[0] for text in texts)
        found.extend((module, False) for module in named if module in FILES)
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
    for imported, _ in imports(FILES[module]):
        if imported.split(".")[0] not in OURS:
            continue
        assert imported in FILES, f"{module} imports {imported}, which isn't there"
        other = group_of(imported)
        own_package = any(belongs(module, m) and belongs(imported, m) for m in members)
        assert own_package or other in allowed or (module, imported) in ALIASES, (
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


def test_the_root_of_the_library_stays_small():
    root = [module for module in FILES if module.count(".") == 1 and module.startswith("keras_vae")]
    files = [module for module in root if (ROOT / f"{module.replace('.', '/')}.py").exists()]
    assert len(files) + 1 <= 15, files  # And __init__.py.


# Each axis and each structure has modules of the same kinds.
ALIKE = ("autoregressive", "hierarchical", "likelihoods", "posteriors", "priors", "sequence")


def test_no_two_modules_share_a_name():
    """But the axes, the structures with their parts, commands, and a package with its binary."""
    places = {}
    for module, path in FILES.items():
        room, _, name = module.rpartition(".")
        of_axis = room.split(".")[-1] in ALIKE
        if room == "trainers":  # Their names are verbs that users type.
            continue
        if path.name != "__init__.py" and not of_axis and name not in room.split("."):
            places.setdefault(name, []).append(module)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


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
        "if TYPE_CHECKING:\n    import d\n"
        "class K:\n    def f(self):\n        from keras_vae.runs.loading import save\n"
    )
    assert imports(file) == [
        ("a.b", True),
        ("absl.flags", True),
        ("keras_vae.rate", True),
        ("keras_vae", True),
        ("c", True),
        ("keras_vae.runs.loading", False),
    ]
