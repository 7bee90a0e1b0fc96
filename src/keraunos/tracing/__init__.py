"""Tracing Python functions into graphs, and differentiating what ran or was traced."""

from keraunos.tracing.function import CallTable
from keraunos.tracing.function import Function
from keraunos.tracing.graph import TracedGraph
from keraunos.tracing.graph import trace_graph
from keraunos.tracing.own_code import is_own
from keraunos.tracing.own_code import is_own_class
from keraunos.tracing.scopes import TraceError
from keraunos.tracing.scopes import eager_scope
from keraunos.tracing.scopes import is_recording
from keraunos.tracing.scopes import recording_tapes
from keraunos.tracing.scopes import is_tracing
from keraunos.tracing.scopes import user_line
from keraunos.tracing.tape import GradientTape

__all__ = [
    "CallTable",
    "Function",
    "GradientTape",
    "TraceError",
    "TracedGraph",
    "eager_scope",
    "is_own",
    "is_own_class",
    "is_recording",
    "is_tracing",
    "recording_tapes",
    "trace_graph",
    "user_line",
]
