"""Prints the test files of what changed since a commit; what isn't committed counts too.

    python -m tests.changed [BASE]    # where the branch left origin/main, or the last commit

The test files of a changed file are
- itself, if it is one;
- those that import that module by name: `from keras_vae import rate` imports keras_vae.rate, not
  keras_vae; what an imported module or helper imports in turn doesn't count;
- those that call something with the module's name: binaries.run("trainers.evaluate");
- those that have the file's name in them, if it isn't Python; for data of tests, in their folder;
- those of its place: of keras_vae/data/npz.py, tests/data/test_npz*.py and tests/data/npz/ (a first
  folder that has no place in tests/, as keras_vae, is left out);
- those beside and below it, if it is a conftest.py; all, if it is one of FOR_ALL.
If there are none, those of the place of its package are, and then those of the files that use it.

Of more than MOST the smallest run, of each folder in turn, and a line says so.
"""

import ast
import collections
import itertools
import pathlib
import subprocess
import sys

MOST = 12
FOR_ALL = ("setup.py", "pyproject.toml", "Makefile")


class Repository:
    """The files of a folder under git, by their paths (POSIX, from its root)."""

    def __init__(self, root: pathlib.Path):
        self.root = root
        self.files = self.git("ls-files", "--cached", "--others", "--exclude-standard")
        self.files = sorted({file for file in self.files if (root / file).is_file()})
        self.tests = [file for file in self.files if is_test(file)]

    def git(self, *arguments) -> list[str]:
        """The lines that a git command prints; CalledProcessError if it fails."""
        command = ["git", "-c", "core.quotePath=false", *arguments]
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()

    def base(self) -> str:
        """Where the branch left origin/main; the last commit if there is no such branch."""
        try:
            return self.git("merge-base", "HEAD", "origin/main")[0]
        except subprocess.CalledProcessError:
            return "HEAD"

    def changed(self, base: str) -> list[str]:
        """What differs from that commit, deleted files and new ones included."""
        differing = self.git("diff", "--name-only", "--no-renames", "--relative", base, "--")
        return sorted({*differing, *self.git("ls-files", "--others", "--exclude-standard")})

    def text(self, file: str) -> str:
        return (self.root / file).read_text(encoding="utf-8")


class Chooser:
    """Chooses test files for changed ones."""

    def __init__(self, repository: Repository, changed: list[str]):
        self.repository = repository
        # A deleted module is one too: what still imports it fails.
        self.modules = {module(file) for file in [*repository.files, *changed] if is_python(file)}
        self.users = collections.defaultdict(set)  # Module -> files that import it.
        for file in filter(is_python, repository.files):
            for name in self.imports(file):
                self.users[name].add(file)

    def imports(self, file: str) -> set[str]:
        """Our modules that a file imports, anywhere in it, or calls something with."""
        found = set()
        for node in ast.walk(ast.parse(self.repository.text(file))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    submodule = f"{node.module}.{alias.name}"
                    found.add(submodule if submodule in self.modules else node.module)
            elif isinstance(node, ast.Call):
                values = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
                found |= {value for value in values if isinstance(value, str)}
        return found & self.modules

    def used_by(self, file: str) -> set[str]:
        """The files that import a module, or have the name of another file in them."""
        if is_python(file):
            return self.users[module(file)] - {file}
        path = pathlib.PurePosixPath(file)
        name = path.name if path.suffix else file  # `run` alone is a word of everywhere.
        near = "/".join(path.parent.parts[:2]) + "/" if path.parts[0] == "tests" else ""
        return {
            other
            for other in filter(is_python, self.repository.files)
            if other.startswith(near)
            if name in self.repository.text(other)
        }

    def tests_of(self, file: str) -> set[str]:
        """All test files of a changed one."""
        found = self.direct(file)
        if found or is_test(file):  # A deleted test file has no tests.
            return found
        for parent in list(place(file).parents)[:-1]:
            if found := self.at(parent):
                return found
        return set().union(*(self.direct(user) for user in self.used_by(file)))

    def direct(self, file: str) -> set[str]:
        """The test files that a file concerns by itself."""
        tests, path = self.repository.tests, pathlib.PurePosixPath(file)
        if is_test(file):
            return {file} & set(tests)
        if file in FOR_ALL:
            return set(tests)
        if path.name == "conftest.py":
            return {test for test in tests if path.parent in pathlib.PurePosixPath(test).parents}
        named = self.at(place(file)) if is_python(file) else set()
        return named | set(filter(is_test, self.used_by(file)))

    def at(self, path: pathlib.PurePosixPath) -> set[str]:
        """The test files whose place is that of a module or package."""
        parts = path.parts
        if len(parts) > 1 and not self.below_tests(*parts[:1]):  # As of keras_vae, and of tests.
            parts = parts[1:]
        return self.below_tests(*parts)

    def below_tests(self, *parts: str) -> set[str]:
        *folders, name = parts
        here = "/".join(("tests", *folders))
        starts = (f"{here}/test_{name}.", f"{here}/test_{name}_", f"{here}/{name}/")
        return {test for test in self.repository.tests if test.startswith(starts)}

    def smallest(self, tests: set[str]) -> list[str]:
        """MOST of the test files, the smallest ones of each folder in turn."""
        folders = collections.defaultdict(list)
        for _, test in sorted((len(self.repository.text(test)), test) for test in tests):
            folders[pathlib.PurePosixPath(test).parent].append(test)
        turns = itertools.chain(*itertools.zip_longest(*folders.values()))
        return list(filter(None, turns))[:MOST]


def is_python(file: str) -> bool:
    return file.endswith(".py")


def is_test(file: str) -> bool:
    return file.startswith("tests/") and pathlib.PurePosixPath(file).match("test_*.py")


def place(file: str) -> pathlib.PurePosixPath:
    """Without the ending; of a package's __init__.py, the package."""
    path = pathlib.PurePosixPath(file).with_suffix("")
    return path.parent if path.name == "__init__" else path


def module(file: str) -> str:
    return ".".join(place(file).parts)


def choose(root: pathlib.Path, base: str | None = None) -> tuple[list[str], list[str]]:
    """(test files of what changed in the repository since `base`, what to tell of the choice)."""
    repository = Repository(root)
    base = base or repository.base()
    changed = repository.changed(base)
    chooser = Chooser(repository, changed)
    chosen, told = set(), [] if changed else [f"Nothing changed since {base}."]
    for file in changed:
        tests = chooser.tests_of(file)
        if not tests and not is_test(file):
            told.append(f"{file} has no tests.")
        elif len(tests) > MOST:
            told.append(f"{file}: {MOST} of its {len(tests)} test files; `make test` runs all.")
            tests = chooser.smallest(tests)
        chosen |= set(tests)
    return sorted(chosen), told


def stop(error: str):
    print(f"error: {error}", file=sys.stderr)
    sys.exit(2)


def main():
    try:
        chosen, told = choose(pathlib.Path(__file__).parents[1], *filter(None, sys.argv[1:2]))
    except FileNotFoundError:
        stop("git isn't installed, which says what changed.")
    except subprocess.CalledProcessError as error:
        stop(f"git says: {error.stderr.splitlines()[0]}")
    for line in told:
        print(line, file=sys.stderr)
    for test in chosen:
        print(test)


if __name__ == "__main__":
    main()
