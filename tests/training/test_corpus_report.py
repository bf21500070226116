import pytest

from training.corpus_report import main


def test_the_counts_hold_the_promises_of_the_corpus(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only-counts"]) == 0
    said = capsys.readouterr().out
    assert int(said.split(" samples")[0]) >= 1500
    for word in ("irony", "negation", "multi_lab", "implicit_ae", "ae_hard_negative", "homonym", "keyword_trap", "causes: "):
        assert word in said
    assert float(said.split("primary_theme: ")[1].split("kappa ")[1].split()[0]) > 0.85
