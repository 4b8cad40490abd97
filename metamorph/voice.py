"""How the command line speaks: a mistake in one to three lines and an exit code, a warning in one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

USAGE_ERROR = 2
INTERRUPTED = 130


class OneVoice(click.Group):
    """A group whose usage errors are told as every other mistake: in one line and a remedy, exit code 2."""

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """Run; as click does, but for how its own errors look."""
        if not standalone_mode:
            return super().main(*args, standalone_mode=False, **extra)  # type: ignore[call-overload]
        try:
            code = super().main(*args, standalone_mode=False, **extra)  # type: ignore[call-overload]
        except click.ClickException as error:
            click.echo(f"metamorph: {error.format_message()}", err=True)
            context = getattr(error, "ctx", None)
            click.echo(f"Try {'metamorph' if context is None else context.command_path} --help.", err=True)
            sys.exit(error.exit_code)
        except click.Abort:
            sys.exit(INTERRUPTED)
        sys.exit(code if isinstance(code, int) else 0)


def guarded(run: Callable[[], int]) -> int:
    """The exit code of *run*; a user's mistake is one to three lines on stderr and 2."""
    from metamorph.errors import MetamorphError, told  # noqa: PLC0415 - --help starts without pandas

    try:
        return run()
    except SystemExit as error:  # of a function of the suite's: without a verdict there is no success
        if isinstance(error.__context__, BrokenPipeError):  # rich ends the program where nobody reads on
            return 1
        click.echo(f"metamorph: a function of the suite raised {told(error)}", err=True)
        return USAGE_ERROR
    except MetamorphError as error:
        from metamorph.report.lines import safe  # noqa: PLC0415 - the same

        for line in str(error).splitlines()[:3]:
            click.echo(f"{'' if line.startswith(' ') else 'metamorph: '}{safe(line)}", err=True)
        return USAGE_ERROR
    except KeyboardInterrupt:
        return INTERRUPTED


def warn(message: Warning | str, *_: Any, **__: Any) -> None:
    """A warning as one line on stderr."""
    from metamorph.report.lines import safe  # noqa: PLC0415 - --help starts without pandas

    click.echo(f"warning: {safe(message)}", err=True)
