"""The table of `docs/alerts.md`, from the alerts there are: `python -m orrery.alerts.page` puts it into the page."""

import sys
from pathlib import Path

from services.alerts.core.watch import ALERTS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "alerts.md"
BEGIN, END = "<!-- alerts: begin -->\n", "<!-- alerts: end -->\n"


def rows() -> list[dict[str, str]]:
    """Return each alert's kind, severity, form, meaning and advice."""
    return [
        {
            "kind": alert.kind,
            "severity": alert.severity.value,
            "told": "begins, goes on, ends" if alert.lasts else "happens",
            "meaning": alert.meaning,
            "advice": alert.advice,
        }
        for alert in ALERTS
    ]


def table() -> str:
    """Return the table as Markdown."""
    head = "| kind | severity | told when it | what | what to do |\n|---|---|---|---|---|\n"
    return head + "".join(
        f"| `{row['kind']}` | {row['severity']} | {row['told']} | {row['meaning']} | {row['advice']} |\n"
        for row in rows()
    )


def with_table(page: str) -> str:
    """Return a page with the table of today between its marks; ValueError where there are none."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"expected the marks {BEGIN.strip()} and {END.strip()}")
    return before + BEGIN + table() + END + after


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{PAGE.name} written\n")
