"""`lennox completion`: the script that makes a shell complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    Examples:
      lennox completion bash > ~/.local/share/bash-completion/completions/lennox
      lennox completion fish > ~/.config/fish/completions/lennox.fish
      eval "$(lennox completion zsh)"
    """
    kind = get_completion_class(shell)
    if kind is None:  # cannot happen with click's own three shells
        raise click.UsageError(f"there is no completion for {shell}.")
    script = kind(ctx.find_root().command, {}, "lennox", "_LENNOX_COMPLETE")
    click.echo(script.source_template % script.source_vars())
