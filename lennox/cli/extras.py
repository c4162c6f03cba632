"""Which commands need more than lennox itself: said first, in one sentence, before anything is read."""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from lennox.lazy import not_installed

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def needs(extra: str, *modules: str) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """A command that needs `modules`, which `lennox[extra]` brings; without one of them it raises InputError."""

    def decorate(command: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        @functools.wraps(command)
        def checked(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
            installed(extra, *modules)
            return command(*args, **kwargs)

        return checked

    return decorate


def installed(extra: str, *modules: str) -> None:
    """Raise InputError, saying what to install, if one of the modules that `lennox[extra]` brings is not there."""
    for module in modules:
        there = sys.modules[module] if module in sys.modules else importlib.util.find_spec(module)
        if there is None:
            raise not_installed(module, extra)
