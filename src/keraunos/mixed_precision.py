"""`keras.mixed_precision`: other names for what `dtype_policies`, `optimizers` and `config` have."""

from keraunos.config import dtype_policy, set_dtype_policy
from keraunos.dtype_policies import DTypePolicy
from keraunos.dtype_policies import DTypePolicy as Policy
from keraunos.optimizers import LossScaleOptimizer

global_policy = dtype_policy
set_global_policy = set_dtype_policy

__all__ = [
    "DTypePolicy",
    "LossScaleOptimizer",
    "Policy",
    "dtype_policy",
    "global_policy",
    "set_dtype_policy",
    "set_global_policy",
]
