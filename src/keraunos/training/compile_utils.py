"""Losses and metrics as `compile` takes them."""

from keraunos.training.compile_loss import CompileLoss
from keraunos.training.compile_metrics import CompileMetrics, MetricsList

__all__ = ["CompileLoss", "CompileMetrics", "MetricsList"]
