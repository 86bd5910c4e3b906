"""Every public function says the types of what it takes and gives; mypy checks that they fit."""

import ast
import pathlib

ROOT = pathlib.Path(__file__).parents[1]
MODULES = [
    path.relative_to(ROOT).as_posix()
    for room in ("keras_vae", "trainers", "export")
    for path in sorted((ROOT / room).rglob("*.py"))
]


def untyped(body, in_class=False):
    """Names of public functions and methods with an argument or a result that has no type."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from (f"{node.name}.{name}" for name in untyped(node.body, True))
        if not isinstance(node, ast.FunctionDef):
            continue
        if node.name.startswith("_") and node.name not in ("__init__", "__call__"):
            continue
        of_class = in_class and "staticmethod" not in map(ast.unparse, node.decorator_list)
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs][of_class:]
        types = [argument.annotation for argument in arguments]
        if node.name != "__init__":
            types.append(node.returns)
        if None in types:
            yield node.name


def test_public_functions_are_typed():
    found = {
        module: list(untyped(ast.parse((ROOT / module).read_text()).body)) for module in MODULES
    }
    assert {module: names for module, names in found.items() if names} == {}


def test_what_has_no_type_is_found():
    code = "def f(x, y: int) -> int: ...\nclass A:\n    def g(self): ...\n    def _h(self, x): ..."
    assert list(untyped(ast.parse(code).body)) == ["f", "A.g"]
