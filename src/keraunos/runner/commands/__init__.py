"""Commands of `python -m keraunos` that work on files. Each is a module with `USAGE` and `main(arguments)`."""

COMMANDS = ("check", "convert", "summary")
