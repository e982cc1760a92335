"""What is told: letters, and the channels' shares of them: routing, rate limits, and what was held back."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec

from common.config.alerts import ChannelSection
from services.alerts.core.alert import Severity

OUTBOX_LIMIT: Final = 1_000
"""Letters of one channel that wait to be delivered; the oldest that is not critical goes first."""
RESERVE: Final = 3
"""A third of a channel's burst is kept for critical letters."""
MINUTE_NS: Final = 60_000_000_000
HELD: Final = "held_back"
"""Kind of the letter that sums up what a rate limit kept back."""
TEST: Final = "test"


class Turn(StrEnum):
    """What became of an alert."""

    FIRING = "firing"
    STILL = "still firing"
    RESOLVED = "resolved"
    HAPPENED = "happened"
    AGAIN = "happened again"


class News(msgspec.Struct, frozen=True, kw_only=True):
    """Something to tell. count: how often it came since it was last told; since_ns: when it began."""

    kind: str
    subject: str
    severity: Severity
    turn: Turn
    text: str
    cause: str
    since_ns: int
    at_ns: int
    count: int = 1
    advice: str = ""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """News on its way to a channel."""

    number: int
    channel: str
    news: News


class Channel(msgspec.Struct):
    """A channel's tokens and what waits. held: kind to how many were kept back since held_ns; last_held: the latest of them."""

    tokens: float
    refilled_ns: int
    held: dict[str, int] = {}
    held_ns: int = 0
    last_held: str = ""
    held_total: int = 0
    dropped: int = 0
    delivered: int = 0
    failed: int = 0
    problem: str = ""


class Post(msgspec.Struct):
    """The state of all channels, and what is not delivered yet."""

    channels: dict[str, Channel] = {}
    outbox: list[Letter] = []
    number: int = 0


class PostOffice:
    """Decides who gets what, and when."""

    def __init__(self, sections: Sequence[ChannelSection]) -> None:
        self._sections = {section.name: section for section in sections}
        self.post = Post()

    def adopt(self, post: Post) -> None:
        """Take over a state; letters to channels that are no more are let go."""
        self.post = post
        post.channels = {name: channel for name, channel in post.channels.items() if name in self._sections}
        post.outbox = [letter for letter in post.outbox if letter.channel in self._sections]

    def post_to_all(self, news: News, now_ns: int) -> list[Letter]:
        """Return the letters that go out now."""
        letters = []
        for name, section in self._sections.items():
            if _wants(section, news):
                letters += self._post(name, section, news, now_ns)
        return letters

    def post_test(self, channel: str, news: News) -> list[Letter]:
        """Return test letters to one channel, or to all, whatever they want and have had."""
        return [self._letter(name, news) for name in self._sections if channel in ("", name)]

    def tick(self, now_ns: int) -> list[Letter]:
        """Return the summaries of what was held back, where there is room again."""
        letters = []
        for name, section in self._sections.items():
            channel = self._channel(name, section, now_ns)
            if channel.held and _take(channel, section, is_critical=False):
                letters.append(self._letter(name, _summary(channel, now_ns)))
                channel.held, channel.last_held = {}, ""
        return letters

    def done(self, number: int, problem: str) -> None:
        """Note that a letter was delivered, or given up for `problem`."""
        for at, letter in enumerate(self.post.outbox):
            if letter.number == number:
                channel = self.post.channels[letter.channel]
                channel.delivered += not problem
                channel.failed += bool(problem)
                channel.problem = problem
                del self.post.outbox[at]
                return

    def _post(self, name: str, section: ChannelSection, news: News, now_ns: int) -> list[Letter]:
        channel = self._channel(name, section, now_ns)
        if _take(channel, section, is_critical=news.severity is Severity.CRITICAL):
            return [self._letter(name, news)]
        channel.held_ns = channel.held_ns if channel.held else now_ns
        channel.held[news.kind] = channel.held.get(news.kind, 0) + 1
        channel.held_total += 1
        channel.last_held = news.text
        return []

    def _channel(self, name: str, section: ChannelSection, now_ns: int) -> Channel:
        channel = self.post.channels.setdefault(name, Channel(float(section.burst), now_ns))
        passed_ns = max(0, now_ns - channel.refilled_ns)
        channel.tokens = min(float(section.burst), channel.tokens + passed_ns * section.per_minute / MINUTE_NS)
        channel.refilled_ns = now_ns
        return channel

    def _letter(self, name: str, news: News) -> Letter:
        post = self.post
        post.number += 1
        letter = Letter(number=post.number, channel=name, news=news)
        post.outbox.append(letter)
        own = [each for each in post.outbox if each.channel == name]
        if len(own) > OUTBOX_LIMIT:
            least = min(own, key=lambda each: (each.news.severity is Severity.CRITICAL, each.number))
            post.outbox.remove(least)
            post.channels.setdefault(name, Channel(0.0, news.at_ns)).dropped += 1
        return letter


def _wants(section: ChannelSection, news: News) -> bool:
    if news.turn is Turn.RESOLVED and not section.resolved:
        return False
    is_chosen = not section.kinds or news.kind in section.kinds
    return is_chosen and news.severity.rank >= Severity(section.min_severity).rank


def _take(channel: Channel, section: ChannelSection, *, is_critical: bool) -> bool:
    least = 1.0 if is_critical else 1.0 + section.burst // RESERVE
    if channel.tokens < least:
        return False
    channel.tokens -= 1.0
    return True


def _summary(channel: Channel, now_ns: int) -> News:
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(channel.held.items()))
    seconds = (now_ns - channel.held_ns) / 1e9
    count = sum(channel.held.values())
    text = f"{count} messages were held back within {seconds:.0f} s: {kinds}; the latest: {channel.last_held}"
    return News(
        kind=HELD,
        subject="",
        severity=Severity.WARNING,
        turn=Turn.HAPPENED,
        text=text,
        cause="",
        since_ns=channel.held_ns,
        at_ns=now_ns,
        count=count,
        advice="`orrery alerts list` has them all.",
    )
