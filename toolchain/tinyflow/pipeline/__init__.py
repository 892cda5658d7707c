"""The order of the stages (`walk`), and the walks that commands take."""

from tinyflow.pipeline.beginning import start
from tinyflow.pipeline.walk import Walk

__all__ = ["Walk", "start"]
