"""The errors a user may meet: one sentence with what was found, where, what is accepted, the next move."""

__all__ = ["ExportError", "ModelError", "PharmavoixError", "RegistryError", "SampleError", "TaxonomyError", "brief"]


class PharmavoixError(Exception):
    """Wrong usage or unreadable input: the command line prints the message and exits with 2."""


class TaxonomyError(PharmavoixError):
    """A taxonomy file that cannot be used."""


class RegistryError(PharmavoixError):
    """A lab or medicine registry that cannot be used."""


class SampleError(PharmavoixError):
    """A sample file that cannot be used."""


class ExportError(PharmavoixError):
    """An export that cannot be read."""


class ModelError(PharmavoixError):
    """A model folder that cannot be used."""


def brief(cause: object) -> str:
    """Return what an error says on one line of at most 160 characters, all printable, since a file may have chosen its words."""
    text = " ".join(str(cause).split())[:160]
    return "".join(c if c.isprintable() else "?" for c in text) or type(cause).__name__
