"""The folder of venues is the list of venues."""

from pathlib import Path

import pytest

from services.market_data.core import venues


def test_every_file_is_a_venue_and_offers_the_same_functions() -> None:
    folder = Path(venues.__file__).parent
    assert venues.names() == sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    wanted = [name for name in vars(venues.Venue) if not name.startswith("_")]
    for name in venues.names():
        venue = venues.load(name)
        assert [function for function in wanted if not callable(getattr(venue, function))] == []


def test_an_unknown_venue_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ValueError, match=r"venue 'binanse': expected one of .*'binance'"):
        venues.load("binanse")
