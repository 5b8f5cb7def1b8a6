"""Relatos: a CC0 corpus of modern, simple Spanish narrative and the grammar that writes it."""
