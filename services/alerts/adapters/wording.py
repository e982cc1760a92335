"""News as people read them: a title, and a body with figures, cause and advice."""

from datetime import UTC, datetime

from services.alerts.core.letters import News, Turn

SECOND_NS = 1_000_000_000
LONGEST = 2_000
"""Characters of a text: chat services refuse more."""


def title_of(news: News) -> str:
    """Return one line: how grave, what, about whom."""
    what = f"{news.kind} {news.subject}".rstrip()
    turn = "" if news.turn is Turn.HAPPENED else f" ({news.turn.value})"
    return f"Orrery {news.severity.value}: {what}{turn}"


def body_of(news: News) -> str:
    """Return the text with when it began, how often it came, its cause, and what to do."""
    lines = [news.text[:LONGEST]]
    if news.turn is Turn.RESOLVED:
        lines = [f"It is over after {(news.at_ns - news.since_ns) / SECOND_NS:.0f} s. It was: {lines[0]}"]
    lines.append(f"since {clock(news.since_ns)} UTC")
    if news.count > 1:
        lines[-1] += f", {news.count} times since it was last told"
    if news.cause:
        lines.append(f"cause: {news.cause}")
    if news.advice and news.turn is not Turn.RESOLVED:
        lines.append(news.advice)
    return "\n".join(lines)


def clock(time_ns: int) -> str:
    """Return date and time of day in UTC, to the second."""
    return datetime.fromtimestamp(time_ns // SECOND_NS, UTC).strftime("%Y-%m-%d %H:%M:%S")
