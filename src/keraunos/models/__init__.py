"""Models: `Model`, its functional and sequential forms, and their copies and configs."""

from keraunos.models.cloning import clone_model
from keraunos.models.from_text import model_from_config, model_from_json, model_from_yaml
from keraunos.models.functional import Functional
from keraunos.models.model import Model
from keraunos.models.sequential import Sequential
from keraunos.saving.saving_api import load_model, save_model

__all__ = [
    "Functional",
    "Model",
    "Sequential",
    "clone_model",
    "load_model",
    "model_from_config",
    "model_from_json",
    "model_from_yaml",
    "save_model",
]
