"""`model_to_dot` and `plot_model`."""

import sys

import pytest

import keraunos
from keraunos import layers
from keraunos.utils import model_to_dot, plot_model


@pytest.fixture
def model():
    x = keraunos.Input((4,), name="x")
    inner = keraunos.Sequential([keraunos.Input((4,)), layers.Dense(3, name="inside")], name="stack")
    y = layers.Concatenate(name="join")([inner(x), x])
    return keraunos.Model(x, layers.Dense(2, activation="relu", name="head")(y))


def test_every_layer_and_edge_is_drawn(model):
    pytest.importorskip("pydot")
    dot = model_to_dot(model, show_shapes=True, show_layer_activations=True, show_dtype=True, show_trainable=True)
    labels = " ".join(node.get_label() for node in dot.get_nodes() if node.get_label())
    for text in ("head (Dense)", "(None, 2)", "Activation: relu", "float32", "Trainable", "stack (Sequential)"):
        assert text in labels
    assert len(dot.get_edges()) == 4
    assert "inside" not in labels


def test_nested_models_can_be_expanded(model):
    pytest.importorskip("pydot")
    dot = model_to_dot(model, expand_nested=True)
    assert [cluster.get_label() for cluster in dot.get_subgraphs()] == ["stack"]
    assert "inside (Dense)" in dot.to_string()


def test_the_dot_text_can_be_written_without_graphviz(model, tmp_path):
    pytest.importorskip("pydot")
    plot_model(model, to_file=str(tmp_path / "m.dot"), show_layer_names=True)
    assert "head (Dense)" in (tmp_path / "m.dot").read_text()


def test_an_unbuilt_model_has_no_picture():
    with pytest.raises(ValueError, match="not yet been built"):
        plot_model(keraunos.Sequential([layers.Dense(2)]))


def test_unknown_arguments_are_refused(model):
    with pytest.raises(ValueError, match="Unrecognized keyword arguments"):
        model_to_dot(model, nope=1)
    with pytest.raises(ValueError, match="no longer supported"):
        plot_model(model, layer_range=["a", "b"])


def test_without_pydot_the_error_says_what_to_install(model, monkeypatch):
    monkeypatch.setitem(sys.modules, "pydot", None)
    with pytest.raises(ImportError, match="pip install pydot"):
        plot_model(model)
