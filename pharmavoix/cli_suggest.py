"""The command `pharmavoix suggest`."""

from collections import Counter
from typing import Annotated

import typer

from seeds.errors import PharmavoixError

__all__ = ["suggest"]


def suggest(
    inputs: Annotated[list[str], typer.Argument(metavar="CLASSIFIED...", help="Tables that classify wrote, or folders of Parquet parts.")],
    count: Annotated[int, typer.Option("-n", "--count", metavar="N", min=1, help="How many posts.")],
    out: Annotated[str, typer.Option("-o", "--out", metavar="FILE", help="A .csv, .xlsx or .jsonl; .json for Label Studio.")],
    to: Annotated[str, typer.Option(metavar="table|label-studio", help="Where you annotate: a spreadsheet or Label Studio.")] = "table",
    random_share: Annotated[float, typer.Option(min=0, max=1, help="Drawn from all texts by chance, to estimate how frequent a label is.")] = 0.2,
    seed: Annotated[int, typer.Option(help="Another seed draws other posts.")] = 2018,
    excel_fr: Annotated[bool, typer.Option("--excel-fr", help="Write ; and decimal commas.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole error.")] = False,
) -> None:
    """Choose the posts whose labels would teach most, ready to annotate."""
    from pharmavoix import suggestions
    from pharmavoix.progress import teller
    from training.suggest import SuggestConfig

    if to not in suggestions.KINDS_OF_FILE:
        raise PharmavoixError(f"--to {to!r}: choose {' or '.join(suggestions.KINDS_OF_FILE)}.")
    config = SuggestConfig(count=count, random_share=random_share, seed=seed)
    with teller() as tell:
        outcome = suggestions.suggest(inputs, out, config, to=to, excel_fr=excel_fr, tell=tell)
    chosen = outcome.choice.suggested
    kinds = Counter(each.drawn for each in chosen)
    _say(
        f"{len(chosen)} posts of {outcome.rows} rows: {kinds['doubt']} of doubt, {kinds['variety']} of variety, {kinds['random']} drawn at random "
        f"from {outcome.choice.distinct} distinct texts in French."
    )
    if len(chosen) < count:
        _say(f"{count} were asked: these are all, since whatever is left repeats one of them, word for word or nearly.")
    foreign = sum(not each.candidate.is_french for each in chosen)
    if foreign:
        _say(f"{foreign} of them are not in French: there was nothing else.")
    if outcome.labelled:
        _say(f"{outcome.labelled} texts were left out: they have an annotator already.")
    if outcome.files[1:]:
        _say(f"The tasks: {outcome.files[0]}   the labelling page to paste into the project: {outcome.files[1]}")
    else:
        _say(f"Correct the labels in {outcome.files[0]}, and write your name under 'annotator' in each row that you looked at.")
    if outcome.unreadable:
        _say(f"{outcome.unreadable} rows could not be read. First: {outcome.first_unreadable}.")
        raise typer.Exit(1)


def _say(message: str) -> None:
    typer.echo(message, err=True)
