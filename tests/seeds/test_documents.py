"""Every code block of the user's documents runs, and prints what the document prints."""

from __future__ import annotations

import ast
import io
import json
import re
import subprocess
import sys
from contextlib import redirect_stdout

import documents
import pytest
import yaml
from printed import essence, without_counters

from keraunos import runner
from keraunos.utils.summary_utils import set_summary_style

# The documents give the shape of the input to the first layer, as one did.
pytestmark = pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`")

# Older than a summary's Keras 3 form; the documents show two of them.
SUMMARY_STYLES = {
    "api_notebook.txt": "tf2",
    "models_markdown.txt": "keras2",
    "models_plain.txt": "keras2",
}
# Names counted up in the sessions that the documents show: (layers or models made before, their class).
EARLIER_OBJECTS = {"models_markdown.txt": [(13, "Dense"), (9, "Sequential")]}


@pytest.fixture
def as_keras():
    """`keras` and `tensorflow` mean keraunos; names count from the beginning."""
    import keraunos

    runner.install()
    keraunos.backend.clear_session()
    yield keraunos
    set_summary_style("keras3")
    runner.uninstall()


class Session:
    """One namespace in which the blocks of a document run, as at a prompt."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.namespace: dict = {"__name__": "__main__"}

    def run(self, source: str) -> str:
        """Runs a block and returns what it prints; a last expression is shown as a prompt shows it."""
        tree = ast.parse(source)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        printed = io.StringIO()
        with redirect_stdout(printed):
            exec(compile(tree, self.name, "exec"), self.namespace)
            if last is not None:
                value = eval(compile(ast.Expression(last.value), self.name, "eval"), self.namespace)
                if value is not None:
                    print(repr(value))
        return printed.getvalue()


def run_document(name: str, keras) -> tuple[Session, list[tuple[documents.Block, str]]]:
    for count, class_name in EARLIER_OBJECTS.get(name, []):
        for _ in range(count):
            if class_name == "Sequential":
                keras.Sequential()
            else:
                getattr(keras.layers, class_name)(1)
    set_summary_style(SUMMARY_STYLES.get(name, "keras3"))
    session = Session(name)
    return session, [(block, session.run(block.source)) for block in documents.blocks(name) if block.kind == "python"]


@pytest.mark.parametrize("name", documents.NAMES)
def test_every_block_runs_and_prints_what_the_document_prints(name, as_keras):
    _, results = run_document(name, as_keras)
    assert results
    for block, printed in results:
        # A string that a document prints is checked field by field below: it is of an older dialect.
        if block.output and not block.output.startswith("'"):
            assert _matches(printed, block.output), f"{block.source}\n-> {printed}\nexpected {block.output}"


def _matches(printed: str, output: str) -> bool:
    found, expected = essence(printed), essence(output)
    if output.startswith("____"):
        # models_plain.txt leaves out the first line, `Model: "..."`, of its last summary.
        found = found.partition('" ')[2]
    # models_plain.txt has lost a line break inside "Param #" in front of a rule.
    return found.replace("Param #", "Param") == expected.replace("Param #", "Param")


def test_a_document_that_shows_the_names_of_its_session_prints_the_very_same_summary(as_keras):
    _, results = run_document("models_markdown.txt", as_keras)
    (printed, output) = next((printed, block.output) for block, printed in results if block.output.startswith("Model:"))
    assert [line.rstrip() for line in printed.splitlines()] == output.splitlines()


@pytest.mark.parametrize("name", documents.NAMES)
def test_every_document_runs_as_a_script_of_python_m_keraunos(name, tmp_path):
    script = tmp_path / "document.py"
    script.write_text("\n\n".join(block.source for block in documents.blocks(name) if block.kind == "python"))
    command = [sys.executable, "-m", "keraunos", str(script)]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert finished.returncode == 0, finished.stderr


def shown_json(name: str) -> str:
    """The JSON text that a document shows, on one line or over many."""
    if name == "models_markdown.txt":
        return next(block.source for block in documents.blocks(name) if block.kind == "json")
    shown = next(block.output for block in documents.blocks(name) if block.output.startswith("'{"))
    return shown.replace("\n", " ").strip("'")


JSON_DOCUMENTS = ["models_markdown.txt", "models_plain.txt"]


@pytest.mark.parametrize("name", JSON_DOCUMENTS)
def test_to_json_in_the_keras2_dialect_writes_the_shown_fields(name, as_keras):
    session, _ = run_document(name, as_keras)
    # The name `model` means another model by the end of the document; this is the one that was shown.
    model = as_keras.models.model_from_json(session.namespace["json_string"])
    written = json.loads(without_counters(model.to_json(dialect="keras2")))
    assert written == json.loads(without_counters(shown_json(name)))


@pytest.mark.parametrize("name", JSON_DOCUMENTS)
def test_the_shown_json_loads(name, as_keras):
    model = as_keras.models.model_from_json(shown_json(name))
    assert [layer.name for layer in model.layers] == ["dense_13", "dense_14", "dense_15"]
    assert model.count_params() == 2920
    assert json.loads(model.to_json(dialect="keras2")) == json.loads(shown_json(name))


def test_json_whose_version_slipped_into_config_loads_too(as_keras):
    raw = documents.read("models_markdown.txt", repaired=False)
    text = raw[raw.index("{\n") : raw.index("\n}\n") + 2]
    assert as_keras.models.model_from_json(text).count_params() == 2920


# What Keras 3 says in other words: where it stands in its JSON.
KERAS3_WORDS = {
    "batch_input_shape": "batch_shape of the InputLayer",
    "scale": "the class GlorotUniform",
    "mode": "the class GlorotUniform",
    "distribution": "the class GlorotUniform",
}


def test_to_json_of_keras_3_has_the_fields_of_the_shown_json(as_keras):
    session, _ = run_document("models_plain.txt", as_keras)
    written = _fields(json.loads(session.namespace["json_string"]))
    assert _fields(json.loads(shown_json("models_plain.txt"))) - written <= set(KERAS3_WORDS)


def _fields(value) -> set[str]:
    if isinstance(value, dict):
        return set(value) | set().union(*map(_fields, value.values()), set())
    return set().union(*map(_fields, value)) if isinstance(value, list) else set()


def shown_yaml() -> str:
    return next(block.source for block in documents.blocks("models_markdown.txt") if block.kind == "yaml") + "\n"


def test_the_shown_yaml_loads(as_keras):
    model = as_keras.models.model_from_yaml(shown_yaml())
    assert [layer.name for layer in model.layers] == ["dense_13", "dense_14", "dense_15"]
    assert model.count_params() == 2920


class _Loader(yaml.SafeLoader):
    """Reads `!!python/tuple` as a list and no other tag."""


_Loader.add_constructor("tag:yaml.org,2002:python/tuple", lambda loader, node: loader.construct_sequence(node, deep=True))


def test_to_yaml_writes_the_shown_fields(as_keras):
    session, _ = run_document("models_markdown.txt", as_keras)
    written, shown = without_counters(session.namespace["yaml_string"]), without_counters(shown_yaml())
    assert yaml.load(written, _Loader) == yaml.load(shown, _Loader)
    assert "!!python/tuple" in written


def test_to_yaml_writes_the_text_shown_in_the_plain_document_up_to_white_space(as_keras):
    session, _ = run_document("models_plain.txt", as_keras)
    # Its indentation is lost and words are broken by spaces, so that only the signs in their order can be compared.
    shown = next(
        block.output for block in documents.blocks("models_plain.txt") if block.output.startswith("'backend")
    )
    shown = "".join(shown.strip("'").replace("\\n", "").split())
    written = "".join(session.namespace["yaml_string"].split())
    # With the blanks gone `dense_13` runs into the next key; the numbers are cut out by what stands before them.
    names = r"(name:(?:dense|sequential))(?:_\d+)?"
    assert re.sub(names, r"\1", written) == re.sub(names, r"\1", shown)


def test_a_notebook_comment_that_shows_a_value_is_right(as_keras):
    session, _ = run_document("sequential_notebook.txt", as_keras)
    assert session.namespace["result"].tolist() == [[1.0, 1.75], [2.5, 4.25]]


def test_the_documents_model_compiles_and_trains(as_keras):
    import numpy as np

    session, _ = run_document("sequential_notebook.txt", as_keras)
    model = session.namespace["model"]
    x = np.random.default_rng(0).normal(size=(32, 3)).astype("float32")
    history = model.fit(x, (x.sum(axis=1) > 0).astype("int32"), epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2
