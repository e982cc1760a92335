"""How the simulated venue fills, one file a model; what lies in this folder beside `shown` is what `execution.fill_model` may name.

`touch`, the default, is not here: it needs no more than quotes, and lives in `venues/simulated.py`.
"""
