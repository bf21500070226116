"""Whose account a post comes from: a lab's (owned) or anybody else's (earned)."""

from nlp.fold import fold_words
from nlp.names import glued
from seeds.labs import LabRegistry

__all__ = ["LabAccounts"]

# Networks under other names.
_NETWORKS = {"x": "twitter"}


class LabAccounts:
    """The accounts of the registry, by network."""

    def __init__(self, registry: LabRegistry) -> None:
        self._handles: dict[str, str] = {}
        self._by_network: dict[tuple[str, str], str] = {}
        for lab in registry:
            for handle in lab.handles:
                self._handles.setdefault(handle.lstrip("@").casefold(), lab.id)
            for account in lab.accounts:
                self._by_network[account.network, _key(account.account)] = lab.id

    @property
    def handles(self) -> frozenset[str]:
        """Every handle of a lab, lower case."""
        return frozenset(self._handles) | {name for network, name in self._by_network if network == "twitter"}

    def owner(self, *, platform: str | None, handle: str | None, author: str | None) -> str | None:
        """Return the lab that published, or None."""
        network = _NETWORKS.get(platform or "", platform or "")
        if handle and handle.casefold() in self._handles:
            return self._handles[handle.casefold()]
        for name in (handle, author):
            if name and (network, _key(name)) in self._by_network:
                return self._by_network[network, _key(name)]
        return None


def _key(name: str) -> str:
    return glued(fold_words(name.lstrip("@")))
