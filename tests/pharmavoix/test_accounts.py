"""Whose account a post comes from."""

import pytest

from pharmavoix.accounts import LabAccounts
from seeds.labs import Account, Lab, LabRegistry

LAB = Lab(
    id="labo-x", name="Labo X", country="FR", former_names=(), aliases=(), misspellings=(), handles=("LaboX_FR",), hashtags=(), subsidiaries=(),
    foundations=(), homonyms=(), shared_names=(),
    accounts=(Account("twitter", "LaboX", "corporate", None), Account("youtube", "Labo X Santé TV", "brand", None)),
)  # fmt: skip
ACCOUNTS = LabAccounts(LabRegistry((LAB,)))


@pytest.mark.parametrize(
    ("platform", "handle", "author"),
    [
        ("twitter", "LaboX_FR", None),
        ("twitter", "labox_fr", "Zoé"),
        ("x", "LaboX", None),
        ("youtube", None, "Labo X Santé TV"),
        ("youtube", "laboxsantetv", None),
    ],
)
def test_a_labs_account_is_known_by_handle_or_by_name_on_its_network(platform: str, handle: str | None, author: str | None) -> None:
    assert ACCOUNTS.owner(platform=platform, handle=handle, author=author) == "labo-x"


@pytest.mark.parametrize(
    ("platform", "handle", "author"),
    [
        ("twitter", "zoe_du_13", "Zoé"),
        ("twitter", None, "Labo X Santé TV"),
        ("twitter", "LaboX_FRance", None),
        ("twitter", "stop_labox", None),
        (None, None, "LaboX"),
        (None, None, None),
    ],
)
def test_anybody_elses_account_has_no_owner(platform: str | None, handle: str | None, author: str | None) -> None:
    assert ACCOUNTS.owner(platform=platform, handle=handle, author=author) is None


def test_the_handles_that_stay_readable_are_the_labs_own() -> None:
    assert ACCOUNTS.handles == {"labox_fr", "labox"}
