"""Whose account a post comes from: a lab's (owned) or anybody else's (earned)."""

from nlp.fold import fold_words
from nlp.names import glued
from seeds.labs import LabRegistry

__all__ = ["LabAccounts"]

# Networks under other names.
_NETWORKS = {"x": "twitter"}
# Where pages go by the company's name.
_PAGE_NETWORKS = frozenset({"facebook", "instagram", "linkedin", "youtube"})


class LabAccounts:
    """The accounts of the registry, by network."""

    def __init__(self, registry: LabRegistry) -> None:
        self._handles: dict[str, str] = {}
        self._by_network: dict[tuple[str, str], str] = {}
        self._pages: dict[str, str] = {}
        for lab in registry:
            for handle in lab.handles:
                self._handles.setdefault(handle.lstrip("@").casefold(), lab.id)
            ambiguous = {_key(homonym.name) for homonym in lab.homonyms}  # a page called Roche may be a family's
            for name in (lab.name, f"{lab.name} France", *lab.foundations, *lab.subsidiaries):
                if _key(name) not in ambiguous:
                    self._pages.setdefault(_key(name), lab.id)
            for account in lab.accounts:
                self._by_network[account.network, _key(account.account)] = lab.id

    @property
    def handles(self) -> frozenset[str]:
        """Every handle of a lab, lower case."""
        return frozenset(self._handles) | {name for network, name in self._by_network if network == "twitter"}

    def owner(self, *, platform: str | None, handle: str | None, author: str | None) -> str | None:
        """Return the lab that published, or None."""
        network = _NETWORKS.get(platform or "", platform or "")
        # The registry's handles are those of Twitter: elsewhere "roche" may be anybody.
        if handle and network in ("twitter", "") and handle.casefold() in self._handles:
            return self._handles[handle.casefold()]
        # On Twitter anybody may take a company's name: there the handle alone decides.
        for name in (handle,) if network == "twitter" else (handle, author):
            if name and (network, _key(name)) in self._by_network:
                return self._by_network[network, _key(name)]
        return self._pages.get(_key(author)) if author and network in _PAGE_NETWORKS else None


def _key(name: str) -> str:
    return glued(fold_words(name.lstrip("@")))
