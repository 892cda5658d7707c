"""The order of the stages (`walk`), and the walks that commands take."""

from tinyflow.pipeline.walk import Walk, start

__all__ = ["Walk", "start"]
