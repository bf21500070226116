"""The command line: `pharmavoix --help`."""

import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from pharmavoix import __version__
from pharmavoix.cli_learning import evaluate, train
from pharmavoix.cli_models import ModelsDir, models_app
from pharmavoix.cli_suggest import suggest
from seeds.errors import PharmavoixError

__all__ = ["app", "main"]

app = typer.Typer(
    help="Classify French posts about pharmaceutical companies: labs, themes, polarity, adverse events.",
    epilog="Example: pharmavoix classify export.csv -o labels.csv",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
labs_app = typer.Typer(
    help="The registry of labs: who they are, and which of them a text names.",
    epilog='Example: pharmavoix labs find "Merci @SanofiFR"',
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(models_app, name="models")
app.add_typer(labs_app, name="labs")


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        typer.echo(f"pharmavoix {__version__}")
        raise typer.Exit


def _say(message: str) -> None:
    typer.echo(message, err=True)


def _day_option(text: str) -> Any:
    return typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help=text)


@app.command(epilog="Example: pharmavoix classify export.csv veille.xlsx -o labels.csv")
def classify(
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT...", help="Exports: CSV, XLSX, JSON Lines, Parquet; - reads standard input.")],
    out: Annotated[str, typer.Option("-o", "--out", metavar="OUT", help="A .csv, .xlsx, .jsonl, .parquet, or a folder; - is standard output.")],
    model: Annotated[str, typer.Option(metavar="MODEL", help="A model folder, the id of an adopted model, default or shipped.")] = "default",
    models_dir: ModelsDir = None,
    format: Annotated[str | None, typer.Option(metavar="NAME", help="generic or talkwalker (default: recognised).")] = None,
    map: Annotated[list[str] | None, typer.Option(metavar="FIELD=COLUMN", help="A column by hand, such as text=Message; again for more.")] = None,
    voice: Annotated[str, typer.Option(metavar="auto|owned|earned", help="Whose posts they are (auto: by the account).")] = "auto",
    since: Annotated[datetime | None, _day_option("Leave out the posts before this day, such as 2024-01-31.")] = None,
    until: Annotated[datetime | None, _day_option("Leave out the posts after this day.")] = None,
    only_language: Annotated[str | None, typer.Option(metavar="CODE", help="Keep the posts of one language, such as fr.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes side by side.")] = 1,
    max_rejected: Annotated[str, typer.Option(metavar="N", help="Rejected rows accepted, a count or a share, before exit status 1.")] = "1%",
    keep_source: Annotated[bool, typer.Option("--keep-source", help="Append the source's own columns, as src_*.")] = False,
    delimiter: Annotated[str | None, typer.Option(help="Of the input (default: recognised).")] = None,
    excel_fr: Annotated[bool, typer.Option("--excel-fr", help="Write ; and decimal commas.")] = False,
    keep_authors: Annotated[bool, typer.Option("--keep-authors", help="Keep names (default: pseudonyms).")] = False,
    key: Annotated[Path | None, typer.Option(metavar="FILE", help="The key of the pseudonyms (default: yours, made on first use).")] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole error.")] = False,
) -> None:
    """Label every row of one or many exports, in one table."""
    from pharmavoix.batch import BatchConfig, classify_exports
    from pharmavoix.exports.columns import parse_map
    from pharmavoix.manifest import manifest, write_manifest
    from pharmavoix.model_folder import resolve_model
    from pharmavoix.privacy import read_key
    from pharmavoix.writers import companions

    if voice not in ("auto", "owned", "earned"):
        raise PharmavoixError(f"--voice {voice!r}: choose auto, owned or earned.")
    if delimiter is not None and len(delimiter.replace("\\t", "\t")) != 1:
        raise PharmavoixError(f"--delimiter {delimiter!r}: expected one character, or \\t for tab.")
    _refuse_overwriting(inputs, out)
    config = BatchConfig(
        model=resolve_model(model, models_dir),
        format=format,
        chosen=parse_map(map or []),
        delimiter=delimiter.replace("\\t", "\t") if delimiter else None,
        voice=voice,
        since=_day(since),
        until=_day(until),
        only_language=only_language.casefold() if only_language else None,
        workers=workers,
        keep_source=keep_source,
        keep_authors=keep_authors,
        excel_fr=excel_fr,
        max_rejected=max_rejected,
    )
    outcome = classify_exports(inputs, out, config, key=None if keep_authors else read_key(key), stdin=sys.stdin.buffer)
    places = companions(out)
    if places:
        write_manifest(manifest(outcome, config, out=out), places[1])
    counts = outcome.counts
    _say(
        f"{counts.rows_in} rows in = {counts.rows_out} out + {counts.rejected} rejected + {counts.filtered} filtered; "
        f"{counts.distinct_texts} distinct texts, {counts.needs_review} to review, "
        f"{counts.adverse_event_candidates} adverse-event candidates (a screening aid); {outcome.seconds:.1f} s."
    )
    if counts.repaired_texts:
        _say(f"{counts.repaired_texts} rows held unreadable characters (half an emoji, a control character, a bad byte), now U+FFFD.")
    if counts.unread_dates:
        _say(f"{counts.unread_dates} dates could not be read and are left empty.")
    if outcome.first_rejected:
        first = outcome.first_rejected
        line = f", line {first.line}" if first.line else f", row {first.source_row}"
        where = f" All are in {places[0]}." if places else ""
        _say(f"First rejected: {first.source_file}{line}: {first.reason}.{where}")
    if outcome.too_many_rejected:
        raise typer.Exit(1)


def _refuse_overwriting(inputs: list[str], out: str) -> None:
    from pharmavoix.writers import companions

    written = [path for path in (Path(out), *(companions(out) or ())) if out != "-" and path.exists()]
    for given in (Path(i) for i in inputs if i != "-" and Path(i).exists()):
        if any(path.samefile(given) or (path.is_dir() and path.samefile(given.parent)) for path in written):
            raise PharmavoixError(f"{out}: writing it would replace the input {str(given)!r}. Choose another name for the table.")


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


@app.command(epilog="Example: pharmavoix demo -o demo-output")
def demo(
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Where the labelled table goes.")] = Path("demo-output"),
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole error.")] = False,
) -> None:
    """Classify the shipped demo exports and show what was found, lab by lab."""
    from pharmavoix.demo import run_demo

    run_demo(out)


app.command(epilog="Example: pharmavoix train corrected.xlsx -o models/november")(train)
app.command(epilog="Example: pharmavoix evaluate models/november test.xlsx -o report --against shipped")(evaluate)
app.command(epilog="Example: pharmavoix suggest labels.csv -n 100 -o to-annotate.xlsx")(suggest)


@labs_app.command("list", epilog="Example: pharmavoix labs list")
def labs_list() -> None:
    """List every lab with its country and other names."""
    from seeds.labs import read_labs

    for lab in read_labs():
        others = ", ".join((*lab.former_names, *lab.aliases)[:6])
        typer.echo(f"{lab.id}\t{lab.name}\t{lab.country}\t{others}")


@labs_app.command("find", epilog='Example: pharmavoix labs find "Bayer Leverkusen gagne, Bayer recrute"')
def labs_find(text: Annotated[str, typer.Argument(help="A text.")]) -> None:
    """Show which labs and medicines a text names, and which candidates were rejected."""
    from nlp.observe import Observer

    observed = Observer().observe(text)
    for mention in observed.labs:
        verdict = "accepted" if mention.accepted else "rejected"
        typer.echo(f"{mention.start}-{mention.end}\t{mention.surface}\t{mention.lab}\t{verdict}: {mention.reason}")
    for medicine in observed.medicines:
        typer.echo(f"{medicine.start}-{medicine.end}\t{medicine.surface}\t{medicine.medicine}={medicine.lab or '?'}\tmedicine")
    if not observed.labs and not observed.medicines:
        typer.echo("no lab or medicine found")


@app.command(epilog="Example: pharmavoix taxonomy")
def taxonomy(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Another taxonomy file, to check it.")] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole error.")] = False,
) -> None:
    """Show the themes and sub-themes with their definitions."""
    from seeds.taxonomy import DEFAULT_TAXONOMY, read_taxonomy

    for theme in read_taxonomy(file or DEFAULT_TAXONOMY).themes:
        typer.echo(f"{theme.id}\t{theme.label_fr}\t{theme.definition}")
        for sub in theme.sub_themes:
            typer.echo(f"  {sub.id}\t{sub.label_fr}\t{sub.definition}")


def main() -> None:
    """Run the command line: exit status 2, and one sentence, on what the user can mend."""
    try:
        app()
    except PharmavoixError as error:
        if "--debug" in sys.argv:
            raise
        _say(f"pharmavoix: {error}")
        sys.exit(2)
    except KeyboardInterrupt:
        _say("pharmavoix: stopped; no file was changed.")
        sys.exit(130)
    except OSError as error:
        if "--debug" in sys.argv:
            raise
        _say(f"pharmavoix: {error.filename or 'the output'}: {error.strerror or error}. Check the place and the space left.")
        sys.exit(2)
