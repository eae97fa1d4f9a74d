"""What tests of all layers share. pytest has this folder on its path: see ``pythonpath`` in pyproject.toml."""
