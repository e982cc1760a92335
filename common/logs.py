"""Structured logs: for people or as JSON lines, a level per component, rotated files, correlation ids, no secrets.

log = get_logger("journal")
with correlated(runner="ema_crossover:BTCUSDT", order="ema_crossover:BTCUSDT-7"):
    log.info("resent", number=12)
"""

import logging
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.lean_structlog import structlog
from common.redaction import redact_event

if TYPE_CHECKING:
    from common.config.models import EngineSection  # the processes of runners do without the schema

ROOT = "orrery"
"""The standard library's logger above all components."""


_PREPARE: list[structlog.typing.Processor] = [
    structlog.stdlib.filter_by_level,
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def get_logger(component: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a component such as `bus` or `journal`; its level is `engine.log_levels`' or the common one."""
    logger: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        logging.getLogger(f"{ROOT}.{component}"),
        processors=[*_PREPARE, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        component=component,
    )
    return logger


def correlated(**ids: str) -> AbstractContextManager[None]:
    """Add ids (runner, order, request …) to every line logged inside, in this thread or task."""
    return structlog.contextvars.bound_contextvars(**ids)


def setup_logging(engine: "EngineSection", service: str) -> None:
    """Send all logs of this process where the config says; a second call replaces the first.

    Raises:
        ConfigError: `engine.log_file` cannot be opened.
    """
    handler = _handler(engine, service)
    colors = isinstance(handler, logging.StreamHandler) and not engine.log_file and sys.stderr.isatty()
    handler.setFormatter(_formatter(engine, service, colors=colors))
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    # Libraries speak up only when something is wrong, whatever level our own components have.
    root.setLevel(max(logging.WARNING, _level(engine.log_level)))
    logging.captureWarnings(capture=True)
    _set_levels(engine.log_level, engine.log_levels)


def _set_levels(common: str, components: Mapping[str, str]) -> None:
    ours = logging.getLogger(ROOT)
    ours.setLevel(_level(common))
    for name, logger in logging.root.manager.loggerDict.items():
        if name.startswith(f"{ROOT}.") and isinstance(logger, logging.Logger):
            logger.setLevel(logging.NOTSET)
    for component, level in components.items():
        ours.getChild(component).setLevel(_level(level))


def _level(name: str) -> int:
    return logging.getLevelNamesMapping()[name.upper()]


def _handler(engine: "EngineSection", service: str) -> logging.Handler:
    if not engine.log_file:
        return logging.StreamHandler(sys.stderr)
    path = Path(engine.log_file.replace("{service}", service))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return RotatingFileHandler(
            path, maxBytes=engine.log_file_max_bytes, backupCount=engine.log_file_count, encoding="utf-8"
        )
    except OSError as error:
        from common.config.tree import ConfigError

        text = f"engine.log_file: expected a file that {service} can write, found {path}: {error.strerror}"
        raise ConfigError([text]) from error


def _formatter(engine: "EngineSection", service: str, *, colors: bool) -> structlog.stdlib.ProcessorFormatter:
    def name_service(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event.setdefault("component", "library")
        event["service"] = service
        return event

    console = structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback)
    as_json = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True)],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            name_service,
            structlog.processors.format_exc_info,
            redact_event,
            as_json if engine.log_format == "json" else console,
        ],
    )
