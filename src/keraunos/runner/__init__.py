"""Runs scripts written for `keras` or `tf.keras` on keraunos, unchanged.

`install()` makes `import keras`, `import tensorflow` and `import tf_keras` of this process mean keraunos;
`python -m keraunos SCRIPT` does that and then runs the script as Python itself would.
"""

from keraunos.runner.finder import install, uninstall

__all__ = ["install", "uninstall"]
