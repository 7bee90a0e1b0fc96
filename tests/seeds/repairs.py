"""The typing accidents of the documents, one line each: where, what stands there, what was meant, and why.

Nothing else about the documents is changed. `new` may hold several lines, or none to drop the line.
"""

from __future__ import annotations

from typing import NamedTuple


class Repair(NamedTuple):
    line: int
    old: str
    new: str
    why: str


def closing_fence(line: int, old: str) -> Repair:
    return Repair(line, old, "```\n" + old, "the fence above was never closed")


def joined(line: int, old: str, new: str) -> Repair:
    return Repair(line, old, new, "a space broke a word in two")


BROKEN_OUT = "the line break before the output was lost"

REPAIRS: dict[str, list[Repair]] = {
    "models_markdown.txt": [
        Repair(16, "'''python", "```python", "the fence was typed with quotes"),
        closing_fence(20, "## Add Layers"),
        closing_fence(41, "Here,"),
        closing_fence(59, "- **`model.inputs`** – Returns all the input tensors of the model as a list."),
        closing_fence(67, "- **`model.outputs`** – Returns all the output tensors of the model as a list."),
        closing_fence(75, "- **`model.get_weights()`** – Returns all the weights as NumPy arrays."),
        closing_fence(
            89,
            "- **`from_config()`** – Accepts the model configuration object as an argument and creates the model "
            "accordingly.",
        ),
        closing_fence(94, "- **`to_json()`** – Returns the model as a JSON object."),
        Repair(99, "", "```\n```json", "the fence above was never closed, and the printed JSON has none"),
        Repair(193, "    ],", "    ]", "the brace of config closes two lines too late, see models_plain.txt"),
        Repair(194, '    "keras_version": "2.2.5",', '  },\n  "keras_version": "2.2.5",', "the same brace"),
        Repair(195, '    "backend": "tensorflow"', '  "backend": "tensorflow"', "the same brace"),
        Repair(196, "  }", "", "the same brace"),
        Repair(198, "", "```", "the printed JSON has no fence"),
        Repair(
            206,
            "# Convert model to YAML",
            "# Convert model to YAML\nyaml_string = model.to_yaml()\n```",
            "the statement that the comment announces is missing; the next block reads yaml_string",
        ),
        Repair(209, "", "```yaml", "the printed YAML has no fence"),
        Repair(287, "  keras_version: 2.2.5", "keras_version: 2.2.5\n```", "indented one level too deep, and no fence"),
        Repair(290, "'''python", "```python", "the fence was typed with quotes"),
        closing_fence(293, "### Summarize the Model"),
        Repair(303, "", "```\n```python", "two blocks ran together"),
        closing_fence(320, "### Train and Predict the Model"),
        closing_fence(359, "### Explanation"),
    ],
    "models_plain.txt": [
        Repair(
            14,
            "from keras.models import Sequential",
            "from keras.models import Sequential\nfrom keras.layers import Dense",
            "the import of Dense is missing",
        ),
        Repair(
            17,
            "input_layer = Dense(32, input_shape=(8,)) model.add(input_layer)",
            "input_layer = Dense(32, input_shape=(8,))\nmodel.add(input_layer)",
            "a line break was lost",
        ),
        Repair(
            35,
            "   <keras.layers.core.Dense object at 0x000002C8C888B7B8>",
            "   <keras.layers.core.Dense object at 0x000002C8C888B7B8>,",
            "a comma was lost",
        ),
        joined(
            36,
            "   <keras.layers.core.Dense object at 0x 000002C8C888B898>",
            "   <keras.layers.core.Dense object at 0x000002C8C888B898>",
        ),
        Repair(
            48,
            "<tf.Tensor 'dense_15/BiasAdd:0' shape=(?, 8) dtype=float32>]",
            "[<tf.Tensor 'dense_15/BiasAdd:0' shape=(?, 8) dtype=float32>]",
            "the opening bracket was lost",
        ),
        Repair(
            68,
            """>>> json_string '{"class_name": "Sequential", "config":""",
            """>>> json_string\n'{"class_name": "Sequential", "config":""",
            BROKEN_OUT,
        ),
        joined(74, '{"class_name": "Vari anceScaling", "config":', '{"class_name": "VarianceScaling", "config":'),
        joined(76, '"bias_initializer": {"class_name": "Zeros", "conf', '"bias_initializer": {"class_name": "Zeros",'),
        joined(
            77,
            'ig": {}}, "kernel_regularizer": null, "bias_regularizer": null,',
            '"config": {}}, "kernel_regularizer": null, "bias_regularizer": null,',
        ),
        joined(
            79,
            '{" class_name": "Dense", "config": {"name": "dense_14", "trainable": true,',
            '{"class_name": "Dense", "config": {"name": "dense_14", "trainable": true,',
        ),
        joined(
            81,
            '"kern el_initializer": {"class_name": "VarianceScaling", "config":',
            '"kernel_initializer": {"class_name": "VarianceScaling", "config":',
        ),
        joined(83, '"bias_initia lizer": {"class_name": "Zeros",', '"bias_initializer": {"class_name": "Zeros",'),
        joined(
            89,
            '{"scale": 1.0, "mode": "fan_avg", "distribution": " uniform", "seed": null}},',
            '{"scale": 1.0, "mode": "fan_avg", "distribution": "uniform", "seed": null}},',
        ),
        joined(
            91,
            '"kernel_regularizer": null, "bias_regularizer": null, "activity_r egularizer":',
            '"kernel_regularizer": null, "bias_regularizer": null, "activity_regularizer":',
        ),
        Repair(
            105,
            r">>> yaml_string 'backend: tensorflow\nclass_name:",
            r">>> yaml_string" + "\n" + r"'backend: tensorflow\nclass_name:",
            BROKEN_OUT,
        ),
        Repair(141, '>>> model.summary() Model: "sequential_10"', '>>> model.summary()\nModel: "sequential_10"', BROKEN_OUT),
        Repair(
            206,
            "layer = Dense(2)(data) model =",
            "layer = Dense(2)(data)",
            "the line breaks fell in the wrong places",
        ),
        Repair(
            207,
            "Model(inputs=data,outputs=layer) model.summary()",
            "model = Model(inputs=data,outputs=layer)\nmodel.summary()",
            "the line breaks fell in the wrong places",
        ),
    ],
    "api_notebook.txt": [],
    "overview_markdown.txt": [
        Repair(
            34,
            "Sequential model exposes the Model class to create customized models. You can use the sub-classing concept "
            "to create your own complex model.",
            "",
            "a sentence stands inside the block",
        ),
        Repair(
            57,
            "model = Sequential()",
            "num_classes = 10\n\nmodel = Sequential()",
            "num_classes is used and never set",
        ),
    ],
    "sequential_notebook.txt": [],
}
