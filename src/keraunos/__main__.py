"""`python -m keraunos`: runs a Keras or tf.keras script, piece of code or module on keraunos."""

import sys

from keraunos.runner.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
