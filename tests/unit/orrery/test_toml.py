"""The effective configuration as TOML loads to itself."""

import tomllib
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from common.config.models import Config
from orrery.toml import toml_text

SCALARS = st.one_of(st.booleans(), st.integers(-(2**63), 2**63 - 1), st.text(st.characters(exclude_categories=["Cs"])))
LISTS = st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=3)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
TABLES = st.dictionaries(KEYS, SCALARS | LISTS, max_size=4)


@given(st.dictionaries(KEYS, SCALARS | LISTS | TABLES | st.lists(TABLES, min_size=1, max_size=2), max_size=4))
def test_any_tables_load_to_themselves(values: dict[str, object]) -> None:
    assert tomllib.loads(toml_text(values)) == values


def test_the_default_configuration_loads_to_itself() -> None:
    config = Config()
    loaded = tomllib.loads(toml_text(config.model_dump(exclude_none=True)), parse_float=Decimal)
    assert Config.model_validate(loaded) == config
