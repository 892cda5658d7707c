"""Layers computed row by row: over their own input, or several at once."""
