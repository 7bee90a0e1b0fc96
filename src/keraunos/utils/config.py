"""A container for named settings."""

import copy
import difflib
import json


class Config:
    """Named values, read and written as attributes or items, that can be frozen.

    Args:
        **kwargs: the first values.

    Example:

    >>> from keraunos.utils import Config
    >>> config = Config(learning_rate=0.1)
    >>> config.seed = 123
    >>> config["seed"], config.as_dict()
    (123, {'learning_rate': 0.1, 'seed': 123})
    """

    def __init__(self, **kwargs):
        object.__setattr__(self, "_config", kwargs)
        object.__setattr__(self, "_frozen", False)

    @property
    def frozen(self):
        """Whether changes are refused."""
        return self._frozen

    def freeze(self):
        """Refuses changes from now on."""
        object.__setattr__(self, "_frozen", True)

    def unfreeze(self):
        """Allows changes again."""
        object.__setattr__(self, "_frozen", False)

    def _raise_if_frozen(self):
        if self._frozen:
            raise ValueError("Cannot mutate attribute(s) because the config is frozen.")

    def as_dict(self):
        """Returns the values as a new dict."""
        return copy.copy(self._config)

    def to_json(self):
        """Returns the values as JSON text."""
        return json.dumps(self._config)

    def keys(self):
        return self._config.keys()

    def values(self):
        return self._config.values()

    def items(self):
        return self._config.items()

    def get(self, keyname, value=None):
        return self._config.get(keyname, value)

    def pop(self, *args):
        self._raise_if_frozen()
        return self._config.pop(*args)

    def update(self, *args, **kwargs):
        self._raise_if_frozen()
        return self._config.update(*args, **kwargs)

    def __setattr__(self, name, value):
        self[name] = value

    def __getattr__(self, name):
        # Only called for names that are no attributes of the class.
        if name.startswith("__"):
            raise AttributeError(name)
        values = object.__getattribute__(self, "_config")
        if name in values:
            return values[name]
        near = difflib.get_close_matches(name, values, n=1, cutoff=0.7)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise AttributeError(f"Unknown attribute: '{name}'.{hint}")

    def __setitem__(self, key, item):
        self._raise_if_frozen()
        self._config[key] = item

    def __getitem__(self, key):
        return self._config[key]

    def __delitem__(self, key):
        self._raise_if_frozen()
        del self._config[key]

    def __contains__(self, item):
        return item in self._config

    def __iter__(self):
        return iter(sorted(self._config))

    def __len__(self):
        return len(self._config)

    def __repr__(self):
        return f"<Config {self._config}>"

    def __getstate__(self):
        return self.__dict__

    def __setstate__(self, state):
        self.__dict__.update(state)
