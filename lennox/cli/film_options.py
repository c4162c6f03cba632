"""The options by which a command says how films are read and what is kept of each, however films come in."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lennox.cli.extras import installed

if TYPE_CHECKING:
    from lennox.runs.run import Outputs, ReadOptions

DICOM_KINDS = ("capture", "seg", "sr", "gsps", "pdf")


@dataclass(frozen=True, slots=True)
class DiagnoseOptions:
    """How each film is read, and what is kept of it, as the user said."""

    model: str | None
    threshold: float | None
    operating_point: str | None
    threads: int | None
    form: str | None
    language: str
    overlay: bool
    dicom: tuple[str, ...]
    fhir: bool
    fhir_study: bool
    region: tuple[str, ...]
    explain: bool

    def reading(self, frame: int | None = None) -> ReadOptions:
        """For a run."""
        from lennox.runs.run import ReadOptions

        return ReadOptions(self.threshold, self.operating_point, frame, self.region, self.explain)

    def outputs(self, *, resume: bool) -> Outputs:
        """For a folder of results."""
        from lennox.runs.run import Format, Outputs

        kinds = {"overlay": self.overlay, "dicom": self.dicom, "fhir": self.fhir, "fhir_study": self.fhir_study}
        return Outputs(Format(self.form or "json"), resume=resume, language=self.language, **kinds)  # type: ignore[arg-type]

    def check(self, out: Path | None) -> None:
        """Say what is missing before anything is read: a folder for what is kept, a library for DICOM objects."""
        if self.threshold is not None and self.operating_point is not None:
            raise click.UsageError("--threshold and --operating-point both set the threshold; give one of them.")
        for option, given in (("--overlay", self.overlay), ("--dicom", self.dicom), ("--fhir", self.fhir)):
            if given and out is None:
                raise click.UsageError(f"{option} needs --out DIR, the folder to keep results in.")
        if self.fhir_study and not self.fhir:
            raise click.UsageError("--fhir-study needs --fhir, the Bundles that it goes into.")
        if set(self.dicom) - {"capture"}:
            installed("interop", "highdicom")


def _probability(ctx: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    if value is not None and not 0.0 < value <= 1.0:  # refuses NaN too
        raise click.BadParameter(f"{value} is not a probability above 0 and up to 1, such as 0.3.")
    return value


def _dicom_kinds(ctx: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    """`seg,sr` as kinds."""
    if value is None:
        return ()
    kinds = tuple(dict.fromkeys(word.strip().lower() for word in value.split(",")))
    if unknown := [kind for kind in kinds if kind not in DICOM_KINDS]:
        raise click.BadParameter(
            f"'{unknown[0]}' is no DICOM object; they are {', '.join(DICOM_KINDS)}. "
            "Before a path, write --dicom=capture."
        )
    return kinds


def _teeth(ctx: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    """`16-18` as teeth."""
    from lennox.tooth_names import parse_region

    return () if value is None else parse_region(value)


def with_film_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which gets them as one `film_options`."""

    @click.option("--model", metavar="NAME|DIR", help="An installed model, see `lennox models`, or a folder with one.")
    @click.option("--threshold", type=float, callback=_probability, metavar="T", help="Lowest probability to report.")
    @click.option("--operating-point", metavar="NAME", help="A threshold of the model's card, such as balanced.")
    @click.option("--threads", type=click.IntRange(1, 256), metavar="N", help="Processor threads; all unless given.")
    @click.option(
        "--format",
        "form",
        type=click.Choice(["json", "csv", "html"]),
        help="JSON Lines, a table, or a page. Text for one film on a terminal, else JSON, unless given.",
    )
    @click.option("--language", type=click.Choice(["en", "es"]), default="en", help="Of the page: English or Spanish.")
    @click.option("--overlay", is_flag=True, help="With --out: also a PNG of each film with outlines.")
    @click.option(
        "--dicom", is_flag=False, flag_value="capture", callback=_dicom_kinds, metavar="[KIND,...]",
        help="With --out: also DICOM objects of each film: capture (if no kind is given), seg, sr, gsps, pdf.",
    )  # fmt: skip
    @click.option("--fhir", is_flag=True, help="With --out: also a FHIR R4 Bundle of each film.")
    @click.option("--fhir-study", is_flag=True, help="With --fhir: name the study of a DICOM film, by its UID.")
    @click.option(
        "--region", callback=_teeth, metavar="TEETH",
        help="The teeth that the films show, as you know it: FDI such as 16-18, or UR6-UR8. Goes into every output.",
    )  # fmt: skip
    @click.option(
        "--explain", is_flag=True, help="Say how far each mark depends on how the film lies; 8 times the work."
    )
    @functools.wraps(command)
    def with_options(*arguments: Any, **options: Any) -> Any:
        taken = {name: options.pop(name) for name in DiagnoseOptions.__slots__}
        return command(*arguments, film_options=DiagnoseOptions(**taken), **options)

    return with_options
