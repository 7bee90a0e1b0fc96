"""Maximum-margin metrics."""

from keraunos.losses.hinge_losses import categorical_hinge, hinge, squared_hinge
from keraunos.metrics.reduction_metrics import FunctionMetric


class Hinge(FunctionMetric):
    """Mean distance to the margin.

    ```python
    m = keraunos.metrics.Hinge()
    m.update_state([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])
    float(m.result())  # 1.3
    ```
    """

    def __init__(self, name="hinge", dtype=None):
        super().__init__(fn=hinge, name=name, dtype=dtype)


class SquaredHinge(FunctionMetric):
    """Mean squared distance to the margin."""

    def __init__(self, name="squared_hinge", dtype=None):
        super().__init__(fn=squared_hinge, name=name, dtype=dtype)


class CategoricalHinge(FunctionMetric):
    """Mean margin between the true class and the best other one."""

    def __init__(self, name="categorical_hinge", dtype=None):
        super().__init__(fn=categorical_hinge, name=name, dtype=dtype)
