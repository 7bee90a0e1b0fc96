"""Policies by layer path."""

from __future__ import annotations

import re
from collections.abc import MutableMapping

from keraunos import config
from keraunos.dtype_policies.dtype_policy import DTypePolicy
from keraunos.dtype_policies.quantized_dtype_policy import QuantizedDTypePolicy


class DTypePolicyMap(DTypePolicy, MutableMapping):
    """A dict from layer paths, or regular expressions for them, to policies.

    Args:
        default_policy: the policy of paths that match nothing; `None` for the global policy.
        policy_map: optional dict to start from.

    Example:

    >>> policies = DTypePolicyMap()
    >>> policies["encoder/.*"] = DTypePolicy("bfloat16")
    >>> policies["encoder/dense"].name, policies["decoder"].name
    ('bfloat16', 'float32')
    """

    def __init__(self, default_policy=None, policy_map=None):
        if isinstance(default_policy, DTypePolicyMap):
            raise ValueError("`default_policy` cannot be a `DTypePolicyMap`.")
        if policy_map is not None and not isinstance(policy_map, dict):
            raise TypeError(
                "If specified, `policy_map` must be a dict. "
                f"Received: policy_map={policy_map} of type {type(policy_map)}"
            )
        self._default_policy_arg = default_policy
        self._default_policy = self._get(default_policy)
        self._policy_map = policy_map or {}

    @staticmethod
    def _get(identifier):
        from keraunos.dtype_policies.lookup import get

        return get(identifier)

    @property
    def name(self):
        return f"map_{self.default_policy.name}"

    @property
    def default_policy(self):
        """The policy of paths that match nothing."""
        return config.dtype_policy() if self._default_policy_arg is None else self._default_policy

    @property
    def variable_dtype(self):
        return self.default_policy.variable_dtype

    @property
    def compute_dtype(self):
        return self.default_policy.compute_dtype

    @property
    def quantization_mode(self):
        return self.default_policy.quantization_mode

    def __getitem__(self, key):
        if key in self._policy_map:
            return self._policy_map[key]
        matching = [pattern for pattern in self._policy_map if re.fullmatch(pattern, key)]
        if len(matching) > 1:
            raise ValueError(
                f"Path '{key}' matches multiple dtype policy specification keys: {matching}. Please make sure each "
                "path only matches at most one dtype policy specification key in the DTypePolicyMap."
            )
        return self._policy_map[matching[0]] if matching else self.default_policy

    def __setitem__(self, key, policy):
        if key in self._policy_map:
            raise ValueError(
                f"{key} already exist in the DTypePolicyMap with value {self._policy_map[key]}. "
                "Please make sure to not use duplicated keys."
            )
        try:
            policy = self._get(policy)
        except Exception:
            raise ValueError(
                "Cannot interpret the assigned value by `keras.dtype_policies.get`. "
                f"Received: {policy} of type {type(policy)}"
            ) from None
        self._policy_map[key] = policy

    def __delitem__(self, key):
        del self._policy_map[key]

    def __contains__(self, key):
        return key in self._policy_map

    def __len__(self):
        return len(self._policy_map)

    def __iter__(self):
        return iter(self._policy_map)

    def __eq__(self, other):
        return self is other

    def get_config(self):
        from keraunos import serialization

        if self._default_policy_arg is None:
            # A map without its own default follows the global policy of whoever loads it.
            for policy in self._policy_map.values():
                policy._name = None
                if isinstance(policy, QuantizedDTypePolicy):
                    policy._source_name = None
        return {
            "default_policy": self._default_policy_arg,
            "policy_map": serialization.serialize_keras_object(self._policy_map),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        from keraunos import serialization

        config = dict(config)
        config["policy_map"] = serialization.deserialize_keras_object(
            config["policy_map"], custom_objects=custom_objects
        )
        return cls(**config)

    def __repr__(self):
        mapping = [(path, policy.name) for path, policy in self._policy_map.items()]
        return f"<DTypePolicyMap at {hex(id(self))} default_policy={self._default_policy.name}, mapping={mapping}>"
