"""The program: gathers the commands, and turns every fault into a sentence and an exit status."""

from __future__ import annotations

import sys
from typing import Final

import typer
from typer.exceptions import TyperException

from engine.cli import terminal, usage
from engine.cli.place import close_databases
from engine.errors import RuleBookError, TouchstoneError, UserProblemsError
from engine.vocabulary import Locale

_INTERRUPTED: Final = 130
"""Exit status after Ctrl+C."""

app: Final = typer.Typer(
    name="touchstone",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Customer tiers, stages, churn risk and campaigns by rule files, every decision explained.\n\n"
    "Start with: touchstone demo",
)


def _say_version(asked: bool) -> None:
    if asked:
        from engine import __version__

        terminal.say(f"touchstone {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an unexpected fault."),
    version: bool = typer.Option(False, "--version", help="Show the version.", callback=_say_version, is_eager=True),
) -> None:
    """Options of the whole program; `main` reads --debug itself, before anything can fail."""


def main() -> None:
    """Run one command; exit 0 done, 1 a check failed or a fault, 2 wrong input or usage."""
    from engine.cli import commands

    if not app.registered_commands:
        commands.register(app)
    debug = "--debug" in sys.argv
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    locale = terminal.locale_of(arguments)
    try:
        raise SystemExit(_run(arguments, locale))
    except TyperException as error:
        usage.explain(error, locale)
        raise SystemExit(error.exit_code) from (error if debug else None)
    except RuleBookError as error:
        terminal.print_problems(error.problems, locale)
        terminal.complain(error.tell(locale))
        raise SystemExit(error.exit_status) from (error if debug else None)
    except TouchstoneError as error:
        if debug:
            raise
        for told in error.problems if isinstance(error, UserProblemsError) else (error,):
            terminal.complain(told.tell(locale))
        raise SystemExit(error.exit_status) from None
    except (typer.Abort, BrokenPipeError):
        raise SystemExit(1) from None
    except Exception as error:
        if debug:
            raise
        raise SystemExit(_fault(error, locale)) from None
    finally:
        close_databases(locale)


def _run(arguments: list[str], locale: Locale) -> int:
    """Run the command that the arguments name; gives its exit status."""
    status = typer.main.get_command(app).main(args=arguments, prog_name="touchstone", standalone_mode=False)
    if status == _INTERRUPTED:
        terminal.complain("已中断。" if locale is Locale.ZH else "Stopped.")
    return status or 0


def _fault(error: Exception, locale: Locale) -> int:
    """Tell of what nobody foresaw, or of a file or folder the system refuses; gives the exit status."""
    if isinstance(error, OSError) and error.filename is not None:
        terminal.complain(terminal.REFUSED.within(locale).format(name=error.filename, why=error.strerror))
        return 2
    terminal.complain(terminal.UNEXPECTED.within(locale).format(kind=type(error).__name__))
    return 1
