"""The examples of docs/python.md and README.md, and the notebook, run as they stand."""

import doctest
import os
import re
import tempfile
import unittest

import rollcall
from support import library

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
BLOCK = re.compile(r"^```pycon\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOTEBOOK = os.path.join(ROOT, "examples", "retention.ipynb")


def examples_of(path):
    """The examples in a document, one after the other, as doctest reads them."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        blocks = BLOCK.findall(file.read())
    return doctest.DocTestParser().get_doctest("\n".join(blocks), {}, path, path, 0)


class Documents(unittest.TestCase):
    def check(self, path, at_least):
        test = examples_of(path)
        self.assertGreaterEqual(len(test.examples), at_least)
        before = os.getcwd()
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            try:
                failures = []
                runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
                runner.run(test, out=failures.append)
            finally:
                os.chdir(before)
        self.assertFalse(failures, "".join(failures))

    def test_the_guide(self):
        for name in ("pyarrow", "polars", "pandas"):
            library(self, name)
        self.check("docs/python.md", 25)

    def test_the_readme(self):
        self.check("README.md", 4)

    def test_the_docstring_of_the_package(self):
        results = doctest.testmod(rollcall)
        self.assertGreater(results.attempted, 3)
        self.assertEqual(results.failed, 0)


class Notebook(unittest.TestCase):
    def test_it_runs_and_shows_what_is_kept_with_it(self):
        nbformat = library(self, "nbformat")
        nbclient = library(self, "nbclient")
        library(self, "ipykernel")
        kept = nbformat.read(NOTEBOOK, as_version=4)
        run = nbformat.read(NOTEBOOK, as_version=4)
        nbclient.NotebookClient(run, timeout=120, kernel_name="python3").execute()
        nbformat.validate(run)
        shown = 0
        for old, new in zip(kept.cells, run.cells):
            if old.cell_type != "code":
                continue
            with self.subTest(cell=old.source):
                self.assertEqual([_data_of(one) for one in new.outputs], [_data_of(one) for one in old.outputs])
            shown += sum("text/html" in output.get("data", {}) for output in old.outputs)
        self.assertGreaterEqual(shown, 3)


def _data_of(output):
    return dict(output.get("data", {})) or output.get("text")


if __name__ == "__main__":
    unittest.main()
