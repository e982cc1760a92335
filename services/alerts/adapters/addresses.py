"""Where channels lead: apprise URLs from the environment or from files; what is secret in them never reaches a log."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from common.config.alerts import ChannelSection
from common.redaction import protect

LONGEST = 8_192
"""Bytes of an address."""


class AddressError(Exception):
    """A channel has no usable address; the text says what was expected where, and never the address."""


def address_of(channel: ChannelSection, environ: Mapping[str, str] = os.environ) -> str:
    """Return a channel's address and keep it, and its secret parts, out of all logs of this process.

    Raises:
        AddressError: the variable is not set, the file cannot be read, or there is nothing in it.
    """
    if channel.url_env:
        place, text = f"environment variable {channel.url_env}", environ.get(channel.url_env, "")
    else:
        place = channel.url_file
        try:
            text = Path(channel.url_file).read_text(encoding="utf-8")[:LONGEST]
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            raise AddressError(f"channel {channel.name}: {place}: cannot be read: {reason}") from error
    url = text.strip()
    if "://" not in url:
        found = "nothing" if not url else "something without ://"
        raise AddressError(f"channel {channel.name}: {place}: expected an apprise URL, found {found}")
    protect(url, *_parts(url))
    return url


def _parts(url: str) -> list[str]:
    """Return what may be secret in an address: user, password, and every part of path and query, as written and as meant."""
    scheme_less = url.partition("://")[2]
    try:
        split = urlsplit(url)
        words = [split.username or "", split.password or ""]
    except ValueError:
        words = []
    behind_host = scheme_less.partition("/")[2]
    for mark in "/?&=@,;":
        behind_host = behind_host.replace(mark, " ")
    words += behind_host.split()
    return [form for word in words for form in {word, unquote(word)}]
