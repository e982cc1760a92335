"""Whatever stands in a file, the environment or a --set: a configuration loads, or a ConfigError says why not."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.config.load import ConfigError, load_config
from common.config.locate import locate_toml

DEMO = (Path(__file__).resolve().parents[3] / "config" / "system.toml").read_text()
SCRAPS = st.sampled_from(
    ['"', "'", "[", "]", "{", "}", "=", ".", ",", "\n", "#", "-1", "nan", '"""', "true", "é", "\0"]
) | st.text(max_size=3)
KEYS = st.sampled_from(
    [
        "RISK__MAX_POSITION_SIZE",
        "STRATEGIES__0__NAME",
        "STRATEGIES__0__PARAMS__FAST",
        "MARKET_DATA__SYMBOLS",
        "ENGINE",
        "",
        "__",
    ]
)


def refusal(path: Path | None, overrides: list[str], environ: dict[str, str]) -> ConfigError | None:
    """Return why a configuration is refused, None if it loads."""
    try:
        load_config(path, overrides, environ)
    except ConfigError as error:
        return error
    return None


@given(damages=st.lists(st.tuples(st.integers(0, len(DEMO)), st.integers(0, 30), SCRAPS), max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
def test_damaged_files(damages: list[tuple[int, int, str]], tmp_path: Path) -> None:
    text = DEMO
    for start, length, scrap in damages:
        text = text[:start] + scrap + text[start + length :]
    path = tmp_path / "config.toml"
    path.write_text(text)
    error = refusal(path, [], {})
    if error is not None:
        assert error.problems
        assert all(problem.startswith(f"{path}:") for problem in error.problems)


@given(
    st.dictionaries(KEYS.map("ORRERY__{}".format), st.text(max_size=12) | SCRAPS, max_size=3),
    st.lists(st.text(max_size=12), max_size=2),
)
@settings(max_examples=150)
def test_any_override(environ: dict[str, str], overrides: list[str]) -> None:
    error = refusal(None, overrides, environ)
    assert error is None or error.problems


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "# end"])
def test_the_last_line_may_end_anyhow(end: str) -> None:
    assert locate_toml("[a]\nb = 1" + end) == {("a",): 1, ("a", "b"): 2}
